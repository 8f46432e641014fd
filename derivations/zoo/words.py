"""Specimens: contexts, repeated words, and a buffer that is not emptied."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.specimen import specimen
from derivations.zoo.texts import CBOW, LOOKUP, PAIRS, SENTENCE, SKIPGRAM, SKIPGRAM_LOOP


@specimen(
    SKIPGRAM, "counted-once",
    symptom="Words with several neighbours are pulled towards all and pushed from none.",
    missed="A check with one context word, which is what most have.",
    seen="wevi, word2vec in the browser, js/vector_math.js: https://github.com/ronxin/wevi",
)  # fmt: skip
def prediction_counted_once(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """y is counted once for C context words, each t as often as it is there."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = y - t.sum(axis=0)
    dE_dW_prime = np.outer(h, EI)
    dE_dh = W_prime @ EI
    dE_dW = np.outer(x, dE_dh)
    return dE_dW, dE_dW_prime


@specimen(
    SKIPGRAM_LOOP, "only-one-counted",
    symptom="A window of two words learns from one.",
    missed="A check with one context word.",
    seen="A common slip: = in the place of +=.",
)  # fmt: skip
def only_the_last_context(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """Each context word overwrites the one before; only the last is counted."""
    h = x @ W
    y = softmax(h @ W_prime)
    EI = np.zeros_like(y)
    for t_c in t:
        EI = y - t_c
    dE_dW_prime = np.outer(h, EI)
    dE_dW = np.outer(x, W_prime @ EI)
    return dE_dW, dE_dW_prime


@specimen(
    SKIPGRAM, "only-one-counted",
    symptom="The words after a word have no influence on it.",
    missed="A check with one context word.",
    seen="The paper, p. 9, derives its matrices for one context word; p. 10 says to run them for each.",
)  # fmt: skip
def only_the_first_context(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The formula for one context word is used for C of them: only the first is counted."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = e[0]
    dE_dW_prime = np.outer(h, EI)
    dE_dh = W_prime @ EI
    dE_dW = np.outer(x, dE_dh)
    return dE_dW, dE_dW_prime


@specimen(
    LOOKUP, "overwritten",
    symptom="Frequent words learn too little, the more so the larger the batch.",
    missed="A batch without a repeated word; and += looks as if it added.",
    seen="HIPS autograd #39, take: https://github.com/HIPS/autograd/issues/39; and students "
    "of makemore: https://github.com/karpathy/nn-zero-to-hero/issues/57",
)  # fmt: skip
def repeated_words_overwritten(words: Array, T: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """dE_dW[words] += ... adds once to a row, however often its word is there."""
    H = W[words]
    e = softmax(H @ W_prime) - T
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dW = np.zeros_like(W)
    dE_dW[words] += dE_dH
    return dE_dW, dE_dW_prime


@specimen(
    CBOW, "overwritten",
    symptom="A word that is twice in the window learns once.",
    missed="A window whose words all differ.",
    seen="A common slip; see HIPS autograd #39, https://github.com/HIPS/autograd/issues/39.",
)  # fmt: skip
def repeated_context_overwritten(context: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """A word that is in the context twice gets its share once."""
    C = len(context)
    h = W[context].mean(axis=0)
    e = softmax(h @ W_prime) - t
    dE_dW_prime = np.outer(h, e)
    EH = W_prime @ e
    dE_dW = np.zeros_like(W)
    dE_dW[context] = EH / C
    return dE_dW, dE_dW_prime


@specimen(
    PAIRS, "overwritten",
    symptom="Words that are drawn often are pushed away too little.",
    missed="A test with few draws from many words, in which none comes twice.",
    seen="A common slip; PyTorch had it in its indexing: https://github.com/pytorch/pytorch/issues/1528",
)  # fmt: skip
def repeated_draws_overwritten(
    centre: Array, other: Array, t: Array, W: Array, W_prime: Array
) -> tuple[Array, Array]:
    """A word that is drawn twice learns from its last draw only."""
    H = W[centre]
    V_prime = W_prime[other]
    y = sigmoid((H * V_prime).sum(axis=1))
    e = (y - t)[:, None]
    dE_dW, dE_dW_prime = np.zeros_like(W), np.zeros_like(W_prime)
    np.add.at(dE_dW, centre, e * V_prime)
    dE_dW_prime[other] = e * H
    return dE_dW, dE_dW_prime


@specimen(
    LOOKUP, "zeros",
    symptom="The embedding never changes; the layer above learns around it.",
    missed="The loss falls all the same, and nothing is raised.",
    seen="A common slip: an array indexed by an array is a copy.",
)  # fmt: skip
def added_to_a_copy(words: Array, T: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """dE_dW[words] is a copy; what is added to a copy is lost."""
    H = W[words]
    e = softmax(H @ W_prime) - T
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dW = np.zeros_like(W)
    dE_dW[words][:] += dE_dH
    return dE_dW, dE_dW_prime


@specimen(
    SENTENCE, "stale",
    symptom="The last word of a sentence is pulled towards itself.",
    missed="Any test of one word at a time, and any sentence in which all have two neighbours.",
    seen="The paper's notebook, update_EI: https://github.com/tiratano/tech_review",
)  # fmt: skip
def stale_context_row(S: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The last word has one neighbour fewer, and the word before's row is still in the buffer."""
    errors = np.zeros((2, S.shape[1]))
    dE_dW, dE_dW_prime = np.zeros_like(W), np.zeros_like(W_prime)
    for k, x in enumerate(S):
        neighbours = [n for n in (k - 1, k + 1) if 0 <= n < len(S)]
        h = x @ W
        y = softmax(h @ W_prime)
        for c, n in enumerate(neighbours):
            errors[c] = y - S[n]
        EI = errors.sum(axis=0)
        dE_dW_prime += np.outer(h, EI)
        dE_dW += np.outer(x, W_prime @ EI)
    return dE_dW, dE_dW_prime


@specimen(
    SKIPGRAM, "updated-too-early",
    symptom="Slightly different from everyone else's run; worse at a large learning rate.",
    missed="The error is of the order of the learning rate, and a loose tolerance forgives it.",
    seen="Data Science from Scratch #31: https://github.com/joelgrus/data-science-from-scratch/issues/31; "
    "basic_neural_network #7: https://github.com/kim-marcel/basic_neural_network/issues/7",
)  # fmt: skip
def updated_too_early(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """W' takes its step before the error is sent back through it."""
    h = x @ W
    y = softmax(h @ W_prime)
    e = y - t
    EI = e.sum(axis=0)
    dE_dW_prime = np.outer(h, EI)
    W_prime = W_prime - 0.025 * dE_dW_prime
    dE_dh = W_prime @ EI
    dE_dW = np.outer(x, dE_dh)
    return dE_dW, dE_dW_prime
