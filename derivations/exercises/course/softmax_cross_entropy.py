"""Softmax and cross-entropy together

    u  --softmax-->  y  --cross-entropy-->  E  <--  t

The softmax gives y_j = e^{u_j} / Σ_k e^{u_k}, and the cross-entropy E = -Σ_j t_j log y_j
measures how far that is from the target t, whose entries sum to one. The paper gives ∂E/∂u without a
derivation. You know the Jacobian of the softmax from the previous exercise; find how it simplifies
with the logarithm.

Write ∂E/∂u, including the softmax. The check tries scores of ±10000, and e^10000 overflows in
float64.
"""

import numpy as np

PAPER = "§4, p. 6: softmax_cross_entropy.gradient"
SHAPES = "u: M logits, t: M target"
WRT = "u"


def loss(u, t):
    """The loss E, in JAX."""
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
A softmax does not change if the same number is subtracted from all scores. Which number makes no
exponent positive, and at least one of them zero?

The derivative of the cross-entropy is ∂E/∂y_k = -t_k / y_k. Multiply it by ∂y_k/∂u_j from the
previous exercise and sum over k, on paper: the y_k in the denominator cancels.

A sum over the targets remains, and they sum to one. The result has neither a logarithm nor a division
by y; its entries sum to zero.
"""
