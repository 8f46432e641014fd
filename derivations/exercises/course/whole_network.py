"""The whole network of §3

    x  --W-->  u  --σ-->  h  --W'-->  u'  --σ-->  y  -->  E  <--  t

All the parts together: u_i = Σ_k x_k w_ki, h_i = σ(u_i), u'_j = Σ_i h_i w'_ij, y_j = σ(u'_j) and E = ½
Σ_j (t_j - y_j)². One forward pass, one backward pass, both weight matrices.

Write both gradients, at the same values of W and W', and return them as a pair, ∂E/∂W first.
"""

import numpy as np

PAPER = "§3, pp. 4-5: mlp.gradients"
SHAPES = "x: K, t: M, W: K N, W_prime: N M"
WRT = "W W_prime"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(x, t, W, W_prime):
    """The loss E, in JAX."""
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
Four steps: the forward pass to y, the error signal EI' at the output, the error signal EI at the
hidden layer, and from the two error signals the two matrices.

Each sigmoid has its own derivative: at the output it is written with y, at the hidden layer with h.

EI needs W' as it was in the forward pass. Both matrices have the same form: an outer product of the
input of the weights and the error signal at their output.
"""
