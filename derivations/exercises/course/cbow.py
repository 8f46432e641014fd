"""CBOW: the mean of the context words

    x_1, ..., x_C  --mean-->  x  --W-->  h  --W'-->  u  --softmax-->  y  --cross-entropy-->  E  <--  t

CBOW is the skip-gram in the other direction: C context words, the one-hot rows of X, predict the
target word between them. Their vectors are averaged, h_i = 1/C Σ_c Σ_k x_ck w_ki; then u_j = Σ_i
h_i w'_ij, y is the softmax of u, and E = -Σ_j t_j log y_j. A word can occur twice in the context.

Write both gradients, ∂E/∂W first, and return the pair. (The two best-known implementations have a
wrong factor in one of them.)
"""

import numpy as np

PAPER = "§8, p. 11: cbow.gradients (Rong 2014, eq. 23)"
SHAPES = "X: C V one-hot, t: V target, W: V N, W_prime: N V"
WRT = "W W_prime"


def softmax(u):
    """e^{u_j} / Σ_k e^{u_k}; subtracting the largest score changes no value and avoids overflow."""
    exp_u = np.exp(u - np.max(u))
    return exp_u / np.sum(exp_u)


def loss(X, t, W, W_prime):
    """The loss E, in JAX."""
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
After the mean there is one h, one vector of scores and one error: ∂E/∂W' and the error at the
hidden layer are those of the skip-gram with one context word.

Take one row of W. By how much does h change when this row changes? By 1/C of the change, because the
mean is over C words; by 2/C if the word occurs twice.

The mean of the rows of X holds exactly these factors. It takes the place of the one-hot x in the
gradient of the skip-gram.
"""
