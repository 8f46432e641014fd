"""``w2v``: the command line."""
