"""One sigmoid unit

    x  --w-->  u  --σ-->  y  -->  E  <--  t

The unit computes a weighted sum of its K inputs, u = Σ_i x_i w_i, and its output is y = σ(u). The
error is half the squared difference from the target, E = (t - y)² / 2. By how much does E change
when a weight changes?

Write ∂E/∂w, one entry for each weight. Go from E back to w: each arrow is a factor of the chain rule.
"""

import numpy as np

PAPER = "§2, p. 2: backpropagation.dE_dw"
SHAPES = "x: K, w: K, t: ()"
WRT = "w"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(x, w, t):
    """The loss E, in JAX."""
    import jax

    u = x @ w
    y = jax.nn.sigmoid(u)
    E = (t - y) ** 2 / 2
    return E


def gradient(x, w, t):
    """∂E/∂w, shape (K,)."""
    y = sigmoid(x @ w)
    delta = (y - t) * y * (1 - y)
    return delta * x


HINTS = """
Compute y first: the derivative needs it. Then take the arrows from right to left: if the value on
the left of an arrow changes a little, by how much does the value on its right change?

There are three factors. The first, ∂E/∂y, is the derivative of half a square: mind the sign.

The derivative of a sigmoid can be written with its value alone: it is 1/4 where y is 1/2, and it tends
to 0 where y tends to 0 or 1. The last factor, ∂u/∂w_i, is what the weight w_i is multiplied by in u.
"""
