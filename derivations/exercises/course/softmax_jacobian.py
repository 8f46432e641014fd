"""The gradient through a softmax

    u  --softmax-->  y  --v-->  E

A softmax turns M scores into probabilities, y_j = e^{u_j} / Σ_k e^{u_k}. The gradient with respect
to them is given, v_j = ∂E/∂y_j; that is, E = Σ_j v_j y_j.

Write ∂E/∂u. Every score changes all the probabilities: if one score rises, the other probabilities
fall.
"""

import numpy as np

PAPER = "§4, p. 6: softmax_cross_entropy.dy_du"
SHAPES = "u: M, v: M"
WRT = "u"


def softmax(u):
    """e^{u_j} / Σ_k e^{u_k}; subtracting the largest score changes no value and avoids overflow."""
    exp_u = np.exp(u - np.max(u))
    return exp_u / np.sum(exp_u)


def loss(u, v):
    """The loss E, in JAX."""
    import jax

    y = jax.nn.softmax(u)
    E = v @ y
    return E


def gradient(u, v):
    """∂E/∂u, shape (M,)."""
    y = softmax(u)
    dy_du = np.diag(y) - np.outer(y, y)
    return v @ dy_du


HINTS = """
First the derivatives ∂y_k/∂u_j, an M by M matrix. There are two cases: for k = j the score is in the
numerator and in the denominator, for k ≠ j only in the denominator.

On the diagonal it looks like the derivative of a sigmoid. Off the diagonal it is negative, and
symmetric in k and j. Check: each column sums to zero, because the probabilities always sum to one.

∂E/∂u_j is the sum over k of v_k ∂y_k/∂u_j: the vector v times that matrix. If all v are equal, the
answer must be zero.
"""
