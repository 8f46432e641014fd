"""The skip-gram with one context word

    x  --W-->  h  --W'-->  u  --softmax-->  y  --cross-entropy-->  E  <--  t

One word predicts one of its neighbours. x is the word, one-hot in a vocabulary of V words, and
selects its vector: h_i = Σ_k x_k w_ki, without a sigmoid. The scores are u_j = Σ_i h_i w'_ij, y is
their softmax, and E = -Σ_j t_j log y_j, where the entries of t sum to one.

Write both gradients as matrices, ∂E/∂W first, and return the pair. (Page 9 of the paper announces
them in the wrong order: check the shapes.)
"""

import numpy as np

PAPER = "§6, pp. 9-10: skipgram_matrices.in_sum.dE_dW_prime, skipgram_matrices.in_sum.dE_dW"
SHAPES = "x: V one-hot, t: V target, W: V N, W_prime: N V"
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
    e = softmax(h @ W_prime) - t
    return np.outer(x, W_prime @ e), np.outer(h, e)


HINTS = """
It is the network of §3 with two changes. The error at the output is that of softmax and
cross-entropy, which you know; and the hidden layer has no sigmoid, so there is no derivative of one.

Both matrices are outer products of the input of the weights and the error at their output. The input
of W' is h, that of W is x.

The error at the hidden layer is a sum over all V scores with the weights w'_ij, and has N entries: on
which side of W' does e stand? Since x is one-hot, ∂E/∂W has one row that is not zero.
"""
