"""The skip-gram with C context words

    x  --W-->  h  --W'-->  u_c  --softmax-->  y_c  --cross-entropy-->  E  <--  t_c      c = 1 ... C

One word predicts all the words around it. Its vector is h_i = Σ_k x_k w_ki, the scores are u_{c,j}
= Σ_i h_i w'_ij, the same for every place c, and the losses of the places are added up: E = -Σ_c Σ_j
t_{c,j} log y_{c,j}. Row c of t is the word at place c, one-hot or at least summing to one.

Write both gradients, ∂E/∂W first, and return the pair.
"""

import numpy as np

PAPER = "§6, p. 8: skipgram.flow.EI, skipgram.gradients"
SHAPES = "x: V one-hot, t: C V target, W: V N, W_prime: N V"
WRT = "W W_prime"


def softmax(u):
    """e^{u_j} / Σ_k e^{u_k}; the largest score is taken off first, which changes nothing else."""
    exp_u = np.exp(u - np.max(u))
    return exp_u / np.sum(exp_u)


def loss(x, t, W, W_prime):
    """E, for the judges."""
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
Each place makes its own error e_c = y_c - t_c, a row of V numbers. All of them come back to the
same h and the same W'. What happens to contributions that meet?

The paper calls the sum of the errors EI. From there on it is the exercise before, with EI for e.

All places have the same y. In EI it counts as often as there are places: how often does it in
yours? Try it with two places that hold different words.
"""
