"""The classroom: check a gradient that was derived by hand, and learn *what* is wrong with it."""
