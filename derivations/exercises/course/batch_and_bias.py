"""A mini-batch, and a bias that is broadcast

    X, W, b  -->  Y  -->  E  <--  T

B examples at once, one per row: Y = X W + b. The bias b has the shape (N,), and NumPy broadcasts it
to every row. The loss is summed over the examples, not averaged: E = ½ Σ_r Σ_i (y_ri - t_ri)².

Write ∂E/∂W and ∂E/∂b, as a pair. An array that is broadcast in the forward pass has a gradient that
is summed in the backward pass.
"""

import numpy as np

PAPER = "§5, p. 7: numpy_shapes.dot, numpy_shapes.outer; the mini-batch is ours"
SHAPES = "X: B K, W: K N, b: N, T: B N"
WRT = "W b"


def loss(X, W, b, T):
    """The loss E, in JAX."""
    import jax.numpy as jnp

    Y = X @ W + b
    E = jnp.sum((Y - T) ** 2) / 2
    return E


def gradient(X, W, b, T):
    """∂E/∂W and ∂E/∂b, shapes (K, N) and (N,)."""
    e = X @ W + b - T
    return X.T @ e, np.sum(e, axis=0)


HINTS = """
For a single example the gradient is an outer product for W, and the error itself for b. Every
example uses every weight once: what do you do with the B contributions?

A sum of B outer products is one matrix product. There is only one way to multiply X (B, K) and e
(B, N) so that the result has the shape (K, N).

b_i was added to every row of column i. Sum over the axis that b does not have, and over no other: b
has N entries, and so has its gradient.
"""
