"""The equations of the paper, one module per section, in reading order, and its errata."""
