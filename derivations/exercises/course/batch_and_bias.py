"""A batch, and a bias stretched over it

    X, W, b  -->  Y  -->  E  <--  T

B examples at once, one a row: Y = X W + b. The bias b has the shape (N,) and NumPy adds it to every
row. The error is that of all examples, added and not averaged: E = ½ Σ_r Σ_i (y_ri - t_ri)².

Write ∂E/∂W and ∂E/∂b, as a pair. What was stretched on the way forward has to be gathered on the
way back.
"""

import numpy as np

PAPER = "§5, p. 7: numpy_shapes.dot, numpy_shapes.outer; a batch is our use of them"
SHAPES = "X: B K, W: K N, b: N, T: B N"
WRT = "W b"


def loss(X, W, b, T):
    """E, for the judges."""
    import jax.numpy as jnp

    Y = X @ W + b
    E = jnp.sum((Y - T) ** 2) / 2
    return E


def gradient(X, W, b, T):
    """∂E/∂W and ∂E/∂b, shapes (K, N) and (N,)."""
    e = X @ W + b - T
    return X.T @ e, np.sum(e, axis=0)


HINTS = """
For a single example it would be an outer product for W, and the error itself for b. A weight is
used once by every example: what do you do with the B contributions?

A sum of B outer products is one product of two matrices. The shapes leave you one way to multiply X
(B, K) and e (B, N) to something of the shape (K, N).

The bias of a column was added to each row of that column. Sum over the axis that its shape does not
have, and over no other: b has N numbers, and so has its gradient.
"""
