"""JAX's derivative, traced once with symbolic sizes and written as a NumPy program."""
