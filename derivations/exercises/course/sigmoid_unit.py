"""One sigmoid unit

    x  --w-->  u  --σ-->  y  -->  E  <--  t

A unit weighs its K inputs and adds them up, u = Σ_i x_i w_i. A sigmoid bends the sum, y = σ(u), and
the error is half the square of what is missing to the target, E = (t - y)² / 2. By how much does E
change when a weight does?

Write ∂E/∂w, one number for each weight. Go from E back to w, one factor of the chain rule an arrow.
"""

import numpy as np

PAPER = "§2, p. 2: backpropagation.dE_dw"
SHAPES = "x: K, w: K, t: ()"
WRT = "w"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(x, w, t):
    """E, for the judges."""
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
Run the unit forwards first: you need its y. Then ask each arrow, from the right: if what is on its
left moves a little, by how much does what is on its right move?

There are three factors. The first, ∂E/∂y, is the slope of half a square: mind which of y and t is
subtracted from the other.

The slope of a sigmoid can be written with its value alone: where y is 1/2 it is 1/4, and it
vanishes where y is 0 or 1. The last factor, ∂u/∂w_i, is what the weight w_i is multiplied with in
u.
"""
