"""The whole network of §3

    x  --W-->  u  --σ-->  h  --W'-->  u'  --σ-->  y  -->  E  <--  t

The pieces together: u_i = Σ_k x_k w_ki, h_i = σ(u_i), u'_j = Σ_i h_i w'_ij, y_j = σ(u'_j) and E = ½
Σ_j (t_j - y_j)². One pass forward, one pass back, both matrices of weights.

Write both gradients and return them as a pair, ∂E/∂W first, as if both matrices were changed after
that and neither before.
"""

import numpy as np

PAPER = "§3, pp. 4-5: mlp.gradients"
SHAPES = "x: K, t: M, W: K N, W_prime: N M"
WRT = "W W_prime"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(x, t, W, W_prime):
    """E, for the judges."""
    import jax
    import jax.numpy as jnp

    u = x @ W
    h = jax.nn.sigmoid(u)
    u_prime = h @ W_prime
    y = jax.nn.sigmoid(u_prime)
    E = jnp.sum((t - y) ** 2) / 2
    return E


def gradient(x, t, W, W_prime):
    """∂E/∂W and ∂E/∂W', shapes (K, N) and (N, M)."""
    h = sigmoid(x @ W)
    y = sigmoid(h @ W_prime)
    EI_prime = (y - t) * y * (1 - y)
    EI = (W_prime @ EI_prime) * h * (1 - h)
    return np.outer(x, EI), np.outer(h, EI_prime)


HINTS = """
Four steps: forward to y, the error signal EI' at the output, the error signal EI at the hidden
layer, and from the two signals the two matrices.

Each sigmoid has its own slope: that of the output is written with y, that of the hidden layer with
h.

EI needs W' as it was on the way forward. Both matrices are made in the same way, from what went
into the weights and from the error that came back to them.
"""
