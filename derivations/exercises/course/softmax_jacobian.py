"""What comes back through a softmax

    u  --softmax-->  y  --v-->  E

A softmax turns M scores into shares that sum to one, y_j = e^{u_j} / Σ_k e^{u_k}. Whatever follows
it sends back one number for each share; here they are given, v_j = ∂E/∂y_j, and E = Σ_j v_j y_j.

Write ∂E/∂u. Mind that every score moves all the shares: raise one, and the others pay for it.
"""

import numpy as np

PAPER = "§4, p. 6: softmax_cross_entropy.dy_du"
SHAPES = "u: M, v: M"
WRT = "u"


def softmax(u):
    """e^{u_j} / Σ_k e^{u_k}; the largest score is taken off first, which changes nothing else."""
    exp_u = np.exp(u - np.max(u))
    return exp_u / np.sum(exp_u)


def loss(u, v):
    """E, for the judges."""
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
First the derivatives ∂y_k/∂u_j, a square of M by M numbers. Take two cases: k and j the same, where
the share has the score in its numerator and in its sum, and k and j different, where only in its
sum.

On the diagonal it looks like the slope of a sigmoid. Off the diagonal it is negative, and symmetric
in k and j. Check yourself: each column must sum to zero, since the shares always sum to one.

∂E/∂u_j is the sum over k of v_k ∂y_k/∂u_j: the vector v times that square. If all v are equal, the
answer must be zero.
"""
