"""The weights from the input to the hidden layer

    x  --W-->  u  --σ-->  h  --W'-->  u'  --σ-->  y  -->  E  <--  t

Now all layers: K inputs, u_i = Σ_k x_k w_ki, N hidden units h_i = σ(u_i), u'_j = Σ_i h_i w'_ij,
M outputs y_j = σ(u'_j), and E = ½ Σ_j (t_j - y_j)².

Write ∂E/∂W, a matrix of the shape of W. W' is constant.
"""

import numpy as np

PAPER = "§3, p. 5: mlp.flow.dE_dW"
SHAPES = "x: K, t: M, W: K N, W_prime: N M"
WRT = "W"


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
    """∂E/∂W, shape (K, N)."""
    h = sigmoid(x @ W)
    y = sigmoid(h @ W_prime)
    EI_prime = (y - t) * y * (1 - y)
    EI = (W_prime @ EI_prime) * h * (1 - h)
    return np.outer(x, EI)


HINTS = """
You have written most of this two exercises ago: the error signal EI of the hidden units.

The last factor is ∂u_i/∂w_ki. What is w_ki multiplied by in the forward pass?

It is the previous exercise again, one layer lower: the input of the weight times the error signal at
its output. Rows belong to inputs, columns to hidden units.
"""
