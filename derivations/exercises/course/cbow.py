"""CBOW: the mean of the words around

    x_1, ..., x_C  --mean-->  x  --W-->  h  --W'-->  u  --softmax-->  y  --cross-entropy-->  E  <--  t

The skip-gram turned round: C words, the rows of X, one-hot, predict the one in their middle. Their
vectors are averaged, h_i = 1/C Σ_c Σ_k x_ck w_ki; then u_j = Σ_i h_i w'_ij, y is the softmax of u,
and E = -Σ_j t_j log y_j. A word may be there twice.

Write both gradients, ∂E/∂W first, and return the pair. (The two best-known programs get one of them
wrong by a factor.)
"""

import numpy as np

PAPER = "§8, p. 11: cbow.gradients (Rong 2014, eq. 23)"
SHAPES = "X: C V one-hot, t: V target, W: V N, W_prime: N V"
WRT = "W W_prime"


def softmax(u):
    """e^{u_j} / Σ_k e^{u_k}; the largest score is taken off first, which changes nothing else."""
    exp_u = np.exp(u - np.max(u))
    return exp_u / np.sum(exp_u)


def loss(X, t, W, W_prime):
    """E, for the judges."""
    import jax
    import jax.numpy as jnp

    x = jnp.mean(X, axis=0)
    h = x @ W
    u = h @ W_prime
    log_y = jax.nn.log_softmax(u)
    E = -jnp.sum(t * log_y)
    return E


def gradient(X, t, W, W_prime):
    """∂E/∂W and ∂E/∂W', shapes (V, N) and (N, V)."""
    x = np.mean(X, axis=0)
    h = x @ W
    e = softmax(h @ W_prime) - t
    return np.outer(x, W_prime @ e), np.outer(h, e)


HINTS = """
After the mean there is one h, one row of scores and one error: ∂E/∂W' and the error at the hidden
layer are those of the skip-gram with one context word.

Think of one row of W. By how much does h move when this row does? Not by all of it, if C words
share the mean; and by twice its share, if the word is there twice.

The mean of the rows of X has all of this in it. It stands where the one-hot x of the skip-gram
stood.
"""
