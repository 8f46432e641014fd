"""The error signal at the output

    u'  --σ-->  y  -->  E  <--  t

M output units, each with its own sigmoid: y_j = σ(u'_j) and E = ½ Σ_j (t_j - y_j)². Their inputs u'
are given. The paper calls ∂E/∂u'_j the error EI'_j; backpropagation starts with it.

Write EI', one entry for each output unit. (One of its factors is misprinted on p. 4 of the paper and
correct on p. 5.)
"""

import numpy as np

PAPER = "§3, p. 5: mlp.flow.EI_prime"
SHAPES = "u_prime: M, t: M"
WRT = "u_prime"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(u_prime, t):
    """The loss E, in JAX."""
    import jax
    import jax.numpy as jnp

    y = jax.nn.sigmoid(u_prime)
    E = jnp.sum((t - y) ** 2) / 2
    return E


def gradient(u_prime, t):
    """EI' = ∂E/∂u', shape (M,)."""
    y = sigmoid(u_prime)
    return (y - t) * y * (1 - y)


HINTS = """
y_j depends on u'_j alone, so there is no sum: each entry of the answer is computed from the same entry
of y and of t.

It is a product of two derivatives, that of half a square and that of a sigmoid. Only the first
depends on the target.

Try one unit: at u' = 0 the prediction is 1/2 and the derivative of the sigmoid is 1/4. With the target 0
the answer is 1/8, with the target 1 it is -1/8.
"""
