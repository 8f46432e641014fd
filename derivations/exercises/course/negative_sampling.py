"""Negative sampling

    x  --W-->  h  -----.
                       u  --σ-->  y  --log-->  E
    S  --W'-->  v'  ---'

A softmax over V words is replaced by D binary classifications. Row d of S is a one-hot word: the first
is the positive, which was observed in the context of x; the others are negatives, drawn at random,
and a word can be drawn twice. With h_i = Σ_k x_k w_ki, the output
vectors v'_di = Σ_j s_dj w'_ij and the scores u_d = Σ_i v'_di h_i, the loss is E = -log σ(u_1) -
Σ_{d>1} log σ(-u_d).

Write both gradients, ∂E/∂W first, and return the pair.
"""

import numpy as np

PAPER = "§8, p. 11: negative_sampling.gradients (Rong 2014, eqs. 55 to 61)"
SHAPES = "x: V one-hot, S: D V one-hot, W: V N, W_prime: N V"
WRT = "W W_prime"


def sigmoid(u):
    """σ(u) = 1 / (1 + e^-u), of any shape."""
    return 1 / (1 + np.exp(-u))


def loss(x, S, W, W_prime):
    """The loss E, in JAX: -log σ(u) = log(1 + e^u) - u for the positive, log(1 + e^u) for a negative."""
    import jax
    import jax.numpy as jnp

    h = x @ W
    v_prime = S @ W_prime.T
    u = v_prime @ h
    t = 1.0 * (jnp.arange(S.shape[0]) == 0)
    E = jnp.sum(jax.nn.softplus(u) - t * u)
    return E


def gradient(x, S, W, W_prime):
    """∂E/∂W and ∂E/∂W', shapes (V, N) and (N, V)."""
    h = x @ W
    v_prime = S @ W_prime.T
    e = sigmoid(v_prime @ h)
    e[0] -= 1
    return np.outer(x, e @ v_prime), np.outer(h, e @ S)


HINTS = """
Find ∂E/∂u_d for the positive and for a negative. Both are the prediction minus the label, 1 or 0, as
with softmax and cross-entropy, but with a sigmoid for each sample.

The error at the hidden layer is the sum of the D output vectors, each multiplied by its error. In ∂E/∂W'
the column of a sampled word is its error times h.

S maps samples to words: a product of e and S sums the errors of all samples of a word, for each of
the V words, and gives zero for words that were not sampled.
"""
