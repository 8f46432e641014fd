"""The weights from the hidden layer to the output

    h  --W'-->  u'  --σ-->  y  -->  E  <--  t

The hidden layer h is given, N numbers. The outputs are y_j = σ(u'_j) with u'_j = Σ_i h_i w'_ij, and
E = ½ Σ_j (t_j - y_j)². To learn the weights, gradient descent needs the derivative by each of them.

Write ∂E/∂W', a matrix of the shape of W'.
"""

import numpy as np

PAPER = "§3, p. 5: mlp.flow.dE_dW_prime"
SHAPES = "h: N, t: M, W_prime: N M"
WRT = "W_prime"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(h, t, W_prime):
    """The loss E, in JAX."""
    import jax
    import jax.numpy as jnp

    u_prime = h @ W_prime
    y = jax.nn.sigmoid(u_prime)
    E = jnp.sum((t - y) ** 2) / 2
    return E


def gradient(h, t, W_prime):
    """∂E/∂W', shape (N, M)."""
    y = sigmoid(h @ W_prime)
    EI_prime = (y - t) * y * (1 - y)
    return np.outer(h, EI_prime)


HINTS = """
E depends on the weight w'_ij through u'_j alone. So ∂E/∂w'_ij is the error signal of output j, which
you know from before, times one more factor.

That factor is ∂u'_j/∂w'_ij: what the weight is multiplied by in the forward pass.

There is a product for each pair of a hidden value and an error signal, and no sum: N and M numbers
give a matrix of N rows and M columns. NumPy has a function for this (§5 of the paper names it).
"""
