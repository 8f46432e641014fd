"""A column that meets a vector

    A, b  -->  c  -->  E  <--  t

A matrix times a vector, c_i = Σ_j a_ij b_j, and E = ½ Σ_i (c_i - t_i)². In NumPy c has the shape
(M,). The targets come as a column, (M, 1), as tables and data files often give them. On paper there
is no difference.

Write ∂E/∂A and ∂E/∂b, as a pair, and look at the shape of everything that you subtract.
"""

import numpy as np

PAPER = "§5, p. 7: numpy_shapes.dot, numpy_shapes.column_minus_vector"
SHAPES = "A: M N, b: N, t: M 1"
WRT = "A b"


def loss(A, b, t):
    """E, for the judges."""
    import jax.numpy as jnp

    c = A @ b
    E = jnp.sum((c - t[:, 0]) ** 2) / 2
    return E


def gradient(A, b, t):
    """∂E/∂A and ∂E/∂b, shapes (M, N) and (N,)."""
    e = A @ b - t[:, 0]
    return np.outer(e, b), A.T @ e


HINTS = """
Print (A @ b - t).shape for M = 3. A column less a vector is no error to NumPy: it makes a square of
all the differences there are. Only M of them are meant.

So make a vector of the column before anything else; then e_i = c_i - t_i has the shape (M,).

Every a_ij meets one e_i and one b_j, and nothing is summed. Every b_j meets a whole column of A,
and there a sum over i is left: which product of A and e has the shape (N,)?
"""
