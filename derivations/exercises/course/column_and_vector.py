"""A column minus a vector

    A, b  -->  c  -->  E  <--  t

A matrix times a vector, c_i = Σ_j a_ij b_j, and E = ½ Σ_i (c_i - t_i)². In NumPy c has the shape
(M,). The targets are a column of shape (M, 1), as they often are when read from a table. On paper
there is no difference.

Write ∂E/∂A and ∂E/∂b, as a pair, and check the shapes in every subtraction.
"""

import numpy as np

PAPER = "§5, p. 7: numpy_shapes.dot, numpy_shapes.column_minus_vector"
SHAPES = "A: M N, b: N, t: M 1"
WRT = "A b"


def loss(A, b, t):
    """The loss E, in JAX."""
    import jax.numpy as jnp

    c = A @ b
    E = jnp.sum((c - t[:, 0]) ** 2) / 2
    return E


def gradient(A, b, t):
    """∂E/∂A and ∂E/∂b, shapes (M, N) and (N,)."""
    e = A @ b - t[:, 0]
    return np.outer(e, b), A.T @ e


HINTS = """
Print (A @ b - t).shape for M = 3. NumPy broadcasts a vector minus a column to an (M, M) array of
all differences, without an error. You want only M of them.

Make a vector of the column first; then e_i = c_i - t_i has the shape (M,).

∂E/∂a_ij is a product of one e_i and one b_j, without a sum. b_j multiplies a whole column of A, so
∂E/∂b_j is a sum over i: which product of A and e has the shape (N,)?
"""
