"""The error signal at the output

    u'  --σ-->  y  -->  E  <--  t

M output units, each with a sigmoid of its own: y_j = σ(u'_j) and E = ½ Σ_j (t_j - y_j)². What the
units receive, u', is given. The paper calls ∂E/∂u'_j the error EI'_j, and all of backpropagation
starts with it.

Write EI', one number for each output unit. (The paper's p. 4 prints one of its factors wrong, its
p. 5 has it right. The check does not mind which page you read, only what you write.)
"""

import numpy as np

PAPER = "§3, p. 5: mlp.flow.EI_prime"
SHAPES = "u_prime: M, t: M"
WRT = "u_prime"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(u_prime, t):
    """E, for the judges."""
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
No unit sees another's u'_j, so nothing is summed: each entry of the answer is made of the same
entry of y and of t.

It is a product of two slopes, that of half a square and that of a sigmoid. The first knows the
target, the second does not.

Try one unit: at u' = 0 the prediction is 1/2 and the slope of the sigmoid 1/4. With the target 0
the answer is 1/8, with the target 1 it is -1/8.
"""
