"""Looking vectors up, some of them twice

    words  --W-->  H  -->  E  <--  T

Programs do not multiply with one-hot words. They look vectors up: H = W[words], row b of H is the
vector of word number words[b]. In a text the same word comes again and again. Here E = ½ Σ_b Σ_i
(h_bi - t_bi)².

Write ∂E/∂W, of the shape of W, without a one-hot array. Words that were not looked up have a
gradient too.
"""

import numpy as np

PAPER = "§8, p. 11: batches.dE_dW (as a lookup it is ours)"
SHAPES = "words: B words of V, T: B N, W: V N"
WRT = "W"


def loss(words, T, W):
    """E, for the judges."""
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
Row b of H has an error of its own, shape (B, N) for all of them. Each belongs to one row of W: its
word's. Start with zeros of the shape of W.

If a word is there twice, its row gets two errors. What do you do with contributions that meet?

Try it: after a = np.zeros(3), what does a[[1, 1]] += 1 leave in a? The indexed += reads first and
writes once. NumPy has a method of np.add for indices that come again; or use a loop over the words.
"""
