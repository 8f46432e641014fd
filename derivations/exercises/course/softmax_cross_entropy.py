"""Softmax and cross-entropy together

    u  --softmax-->  y  --cross-entropy-->  E  <--  t

The softmax gives y_j = e^{u_j} / Σ_k e^{u_k}, and the cross-entropy E = -Σ_j t_j log y_j says how
far that is from the target t, whose entries sum to one. The paper says what comes back to the
scores and leaves the reason out. You have the Jacobian of the softmax from before; find what is
left of it after the logarithm.

Write ∂E/∂u, the softmax too. Scores of ±10000 are tried, and e^10000 is more than a float64 can
hold.
"""

import numpy as np

PAPER = "§4, p. 6: softmax_cross_entropy.gradient"
SHAPES = "u: M logits, t: M target"
WRT = "u"


def loss(u, t):
    """E, for the judges."""
    import jax
    import jax.numpy as jnp

    log_y = jax.nn.log_softmax(u)
    E = -jnp.sum(t * log_y)
    return E


def gradient(u, t):
    """∂E/∂u, shape (M,)."""
    exp_u = np.exp(u - np.max(u))
    y = exp_u / np.sum(exp_u)
    return y - t


HINTS = """
A softmax does not change if the same number is taken off all scores. Which number makes sure that
no exponent is positive, and at least one is zero?

The slope of the cross-entropy is ∂E/∂y_k = -t_k / y_k. Multiply it with ∂y_k/∂u_j from the last
exercise and sum over k, on paper: the y_k in the denominator cancels.

What is left is a sum over the targets, and they sum to one. The answer is so short that neither a
logarithm nor a division by y is in it; its entries sum to zero.
"""
