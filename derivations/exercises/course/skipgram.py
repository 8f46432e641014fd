"""The skip-gram with C context words

    x  --W-->  h  --W'-->  u_c  --softmax-->  y_c  --cross-entropy-->  E  <--  t_c      c = 1 ... C

One word predicts all its context words. Its vector is h_i = Σ_k x_k w_ki, the scores are u_{c,j} =
Σ_i h_i w'_ij, the same for every position c, and the loss is summed over the positions: E = -Σ_c
Σ_j t_{c,j} log y_{c,j}. Row c of t is the target at position c; its entries sum to one.

Write both gradients, ∂E/∂W first, and return the pair.
"""

import numpy as np

PAPER = "§6, p. 8: skipgram.flow.EI, skipgram.gradients"
SHAPES = "x: V one-hot, t: C V target, W: V N, W_prime: N V"
WRT = "W W_prime"


def softmax(u):
    """e^{u_j} / Σ_k e^{u_k}; subtracting the largest score changes no value and avoids overflow."""
    exp_u = np.exp(u - np.max(u))
    return exp_u / np.sum(exp_u)


def loss(x, t, W, W_prime):
    """The loss E, in JAX."""
    import jax
    import jax.numpy as jnp

    h = x @ W
    u = h @ W_prime
    log_y = jax.nn.log_softmax(u)
    E = -jnp.sum(t * log_y)
    return E


def gradient(x, t, W, W_prime):
    """∂E/∂W and ∂E/∂W', shapes (V, N) and (N, V)."""
    h = x @ W
    y = softmax(h @ W_prime)
    EI = np.sum(y - t, axis=0)
    return np.outer(x, W_prime @ EI), np.outer(h, EI)


HINTS = """
Each position c has its own error e_c = y_c - t_c, a row of V numbers, and all positions share h and
W'. How are the contributions of the positions combined?

The paper calls the sum of the errors EI. The rest is the previous exercise, with EI in place of e.

All positions have the same y, and EI contains it once for each position. How often does yours? Try
two positions with different words.
"""
