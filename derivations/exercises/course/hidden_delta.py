"""The error signal at the hidden layer

    u  --σ-->  h  --W'-->  u'  --σ-->  y  -->  E  <--  t

One layer further back. The N hidden units have inputs u and values h_i = σ(u_i). Each is connected
to all M outputs, u'_j = Σ_i h_i w'_ij. The rest is the previous exercise: y_j = σ(u'_j) and E = ½
Σ_j (t_j - y_j)². The paper calls ∂E/∂u_i the error EI_i.

Write EI, one entry for each hidden unit.
"""

import numpy as np

PAPER = "§3, p. 5: mlp.flow.EI"
SHAPES = "u: N, t: M, W_prime: N M"
WRT = "u"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(u, t, W_prime):
    """The loss E, in JAX."""
    import jax
    import jax.numpy as jnp

    h = jax.nn.sigmoid(u)
    u_prime = h @ W_prime
    y = jax.nn.sigmoid(u_prime)
    E = jnp.sum((t - y) ** 2) / 2
    return E


def gradient(u, t, W_prime):
    """EI = ∂E/∂u, shape (N,)."""
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    EI_prime = (y - t) * y * (1 - y)
    dE_dh = W_prime @ EI_prime
    return dE_dh * h * (1 - h)


HINTS = """
Start with the EI' of the previous exercise, shape (M,). A hidden unit contributes to all M outputs:
how much does u'_j change with h_i?

By w'_ij. The chain rule sums over the outputs, which leaves one number for each hidden unit: the
shapes tell you on which side of W' the vector EI' stands.

That was ∂E/∂h. Between u and h there is one more sigmoid: write its derivative with its own value,
which is h and not y.
"""
