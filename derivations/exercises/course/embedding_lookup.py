"""Looking up embeddings, some of them twice

    words  --W-->  H  -->  E  <--  T

Implementations do not multiply by one-hot vectors. They index the embedding matrix: H = W[words], so
row b of H is row words[b] of W. The same word can occur several times. Here E = ½ Σ_b Σ_i (h_bi -
t_bi)².

Write ∂E/∂W, with the shape of W, without a one-hot array. The rows of words that were not looked up
are part of it: their gradient is zero.
"""

import numpy as np

PAPER = "§8, p. 11: batches.dE_dW (the lookup is ours)"
SHAPES = "words: B words of V, T: B N, W: V N"
WRT = "W"


def loss(words, T, W):
    """The loss E, in JAX."""
    import jax.numpy as jnp

    H = W[words]
    E = jnp.sum((H - T) ** 2) / 2
    return E


def gradient(words, T, W):
    """∂E/∂W, shape (V, N)."""
    e = W[words] - T
    dE_dW = np.zeros_like(W)
    np.add.at(dE_dW, words, e)
    return dE_dW


HINTS = """
Each row of H has an error, shape (B, N) for all of them. Each belongs to one row of W, that of its
word. Start with zeros of the shape of W.

If a word occurs twice, its row of W gets two errors. What do you do with the two contributions?

Try it: after a = np.zeros(3) and a[[1, 1]] += 1, what is a? An indexed += reads all entries first, and
writes each of them once. np.add has a method for repeated indices; or use a loop over the words.
"""
