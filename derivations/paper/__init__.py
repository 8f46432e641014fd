"""The paper, equation by equation: one module a section, in reading order, and its errata."""
