"""Negative sampling

    x  --W-->  h  -----.
                       u  --σ-->  y  --log-->  E
    S  --W'-->  v'  ---'

In the place of a softmax over V words, D questions with the answers yes and no. Row d of S is a
word, one-hot: the first is the one that was seen beside x, the answer is yes; the others were drawn
at random, the answer is no, and a word may be drawn twice. With h_i = Σ_k x_k w_ki, the output
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
    """E, for the judges: a yes costs log(1 + e^u) - u, which is -log σ(u), and a no log(1 + e^u)."""
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
Find ∂E/∂u_d for a yes and for a no. Both come out as what was predicted less the answer, a one or a
zero, which looks just like softmax and cross-entropy, with a sigmoid for each question.

The error at the hidden layer is gathered from the D output vectors that were asked for, each
weighed by its error. The error of a question goes to its word's column of W', times h.

S takes the errors from questions to words: a product of e and S gives each of the V words the
errors of all questions about it, added, and zero to words that were not asked for.
"""
