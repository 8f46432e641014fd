"""§8, p. 11: what a training word costs, counted (Mikolov et al. 2013a, arXiv 1301.3781, §2 and §3).

    NNLM       x ----> o --tanh--> a ----> V scores          Q = N D + N D H + H V
    RNNLM      w ----> s --σ-----> s ----> V scores          Q = H H + H V
    CBOW       x ------------> h --------> log2 V questions  Q = N D + D log2 V
    Skip-gram  x ------------> h --------> log2 V questions  Q = C (D + D log2 V)

The source measures a model by Q, “the number of parameters that need to be accessed” for a training word.
The two models at the top have a non-linear hidden layer, the two below have none, and that is what makes
them cheap. Here Q is counted: the forward passes of ``nnlm``, ``rnnlm``, ``hierarchical_softmax``,
``skipgram`` and ``negative_sampling`` run on numbers that remember what was done to them (``counting``).

Two counts are taken, of the forward pass with one-hot words: weights accessed, each time one is looked up,
multiplied or added; and products. To look a word up is to access its vector and to multiply nothing.
The gradients cost twice as many products again: for each one for the weight and one for what it met, but
none for a one-hot word.

    here  2013a   2003                      here  2013a
    C     N, C    n - 1   context words     V     V       words of the vocabulary
    N     D       m       features          D     log2 V  questions on the way to a word, or 1 + negatives
    K     H       h       hidden units
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from derivations.history import nnlm, rnnlm
from derivations.history.counting import Work, count
from derivations.ledger import equation
from derivations.notation import notation
from derivations.paper import skipgram
from derivations.techniques import hierarchical_softmax, negative_sampling

SECTION = "8"

NOTATION = notation("""
    name       paper   shape   drawn   meaning
    words      w_k     V       real    the vocabulary: one number a word
    context    c_c     C       real    the context words
    features   v_i     N       real    what a word is described by
    hidden     h_l     K       real    the hidden units
    questions  q_d     D       real    the questions asked in place of the softmax
""")

Q = "Mikolov et al. 2013a"


def example() -> dict[str, int]:
    """Eight context words, 600 features, 500 hidden units, a million words, 20 questions for each.

    >>> C, N, K, V, D = example().values()
    >>> Q_nnlm(C, N, K, V), Q_rnnlm(K, V), Q_cbow(C, N, D), Q_skipgram(C, N, D)
    (502404800, 500250000, 16800, 100800)
    """
    return {"C": 8, "N": 600, "K": 500, "V": 1_000_000, "D": 20}


# --- counted: the forward passes run on numbers that remember ------------------------------------------


def values(*shape: int) -> Any:
    """Numbers that are neither 0 nor 1, of this shape; which ones does not change a count."""
    return 0.3 + np.cos(np.arange(1.0, 1 + np.prod(shape))).reshape(shape) / 7


def words_of(places: int, V: int) -> Any:
    """One-hot words (places, V), which come again where there are more places than words."""
    return np.eye(V)[np.arange(places) % V]


@cache
def counted_nnlm(C: int, N: int, K: int, V: int, biases: bool, direct: bool) -> Work:
    """The loss of one word, by the forward pass of ``nnlm``."""
    given = {"w": words_of(C, V), "t": np.eye(V)[0]}
    weights = {"F": values(V, N), "H": values(K, C, N), "U": values(V, K)}
    (weights if biases else given).update({"d": values(K) * biases, "b": values(V) * biases})
    if direct:
        return count(nnlm.forward, given, weights | {"W": values(V, C, N)})
    return count(nnlm.forward_without_direct, given, weights)


@cache
def counted_rnnlm(K: int, V: int) -> Work:
    """The loss of one word, T = 1, by the forward pass of ``rnnlm``; the state before is no weight."""
    given = {"w": words_of(1, V), "d": np.eye(V)[:1], "s_0": values(K)}
    weights = {"U": values(K, V), "W": values(K, K), "W_prime": values(V, K)}
    return count(rnnlm.forward, given, weights)


@cache
def counted_cbow(C: int, N: int, D: int) -> Work:
    """The loss of one word with C others around it, by ``hierarchical_softmax``."""
    given = {"X": words_of(C, C), "S": np.eye(D), "t": np.arange(D) % 2}
    weights = {"W": values(C, N), "W_prime": values(N, D)}
    return count(hierarchical_softmax.forward_cbow, given, weights)


@cache
def counted_questions(N: int, D: int, V: int) -> Work:
    """The loss of one context word of one word, by ``hierarchical_softmax``."""
    given = {"x": np.eye(V)[0], "S": np.eye(D), "t": np.arange(D) % 2}
    return count(hierarchical_softmax.forward, given, {"W": values(V, N), "W_prime": values(N, D)})


@cache
def counted_negatives(N: int, D: int, V: int) -> Work:
    """The loss of one context word of one word, by ``negative_sampling``: D questions, D - 1 negatives."""
    given = {"x": np.eye(V)[0], "S": words_of(D, V)}
    return count(negative_sampling.forward, given, {"W": values(V, N), "W_prime": values(N, V)})


@cache
def counted_skipgram(C: int, N: int, V: int) -> Work:
    """The loss of one word with all its C context words, by the full softmax of §6."""
    given = {"x": np.eye(V)[0], "t": words_of(C, V)}
    return count(skipgram.forward, given, {"W": values(V, N), "W_prime": values(N, V)})


def counted_in_hidden_layers(C: int, N: int, K: int, V: int) -> list[int]:
    """The functions evaluated on the way to the hidden layer, by NNLM, RNNLM, CBOW and skip-gram."""
    weights = {"F": values(V, N), "H": values(K, C, N), "U": values(V, K), "d": values(K), "b": values(V)}
    a = count(nnlm.forward_without_direct, {"w": words_of(C, V), "t": np.eye(V)[0]}, weights, 1)
    given = {"w": words_of(1, V), "d": np.eye(V)[:1], "s_0": values(K)}
    s = count(rnnlm.forward, given, {"U": values(K, V), "W": values(K, K), "W_prime": values(V, K)}, 0)
    S = {"S": np.eye(1), "t": np.ones(1)}
    vectors = {"W": values(V, N), "W_prime": values(N, 1)}
    cbow = count(hierarchical_softmax.forward_cbow, {"X": words_of(C, V), **S}, vectors, 1)
    skip = count(hierarchical_softmax.forward, {"x": np.eye(V)[0], **S}, vectors, 0)
    return [layer.evaluated for layer in (a, s, cbow, skip)]


def two(counted: Work) -> list[int]:
    """The two counts that Q may mean."""
    return [counted.accessed, counted.multiplied]


# --- NNLM -------------------------------------------------------------------------------------------


@equation(11, 1, r"Q = N D + N D H + H V", source=f"{Q}, eq. 2",
          lhs=lambda C, N, K, V: counted_nnlm(C, N, K, V, biases=False, direct=False).accessed,
          note="Weights accessed, where a word has neither biases nor direct connections.")
def Q_nnlm(C: int, N: int, K: int, V: int) -> int:
    """Look up C words, and pass all their features to all hidden units, and these to all words."""
    return C * N + C * N * K + K * V


@equation(11, 1.1, r"N D + N D H + H V + (H + V) + N D V", ours=True,
          lhs=lambda C, N, K, V: counted_nnlm(C, N, K, V, biases=True, direct=True).accessed,
          note="Q leaves out the biases, H + V, and the direct connections, N D V, of Bengio's eq. 1.")
def accessed_nnlm(C: int, N: int, K: int, V: int) -> int:
    """All weights that eq. 1 of the NNLM accesses."""
    return Q_nnlm(C, N, K, V) + (K + V) + C * N * V


@equation(11, 1.2, r"N D H + H V \text{ products}", ours=True,
          lhs=lambda C, N, K, V: counted_nnlm(C, N, K, V, biases=False, direct=False).multiplied,
          note="N D of Q are looked up and not multiplied. Direct connections are N D V products more.")
def multiplied_nnlm(C: int, N: int, K: int, V: int) -> int:
    """Products for one word, without direct connections."""
    return C * N * K + K * V


# --- RNNLM ------------------------------------------------------------------------------------------


@equation(11, 2, r"Q = H H + H V", source=f"{Q}, eq. 3",
          lhs=lambda K, V: counted_rnnlm(K, V).multiplied, note="Products, exactly.")
def Q_rnnlm(K: int, V: int) -> int:
    """Pass the state on, and all of it to all words."""
    return K * K + K * V


@equation(11, 2.1, r"H + H H + H V", ours=True, lhs=lambda K, V: counted_rnnlm(K, V).accessed,
          note="As weights accessed, Q leaves out the H of the word that is looked up.")
def accessed_rnnlm(K: int, V: int) -> int:
    """All weights that a step accesses."""
    return K + Q_rnnlm(K, V)


# --- CBOW and the skip-gram ---------------------------------------------------------------------------


@equation(11, 3, r"Q = N D + D \log_2 V", source=f"{Q}, eq. 4",
          lhs=lambda C, N, D: counted_cbow(C, N, D).accessed,
          note="log2 V is how many questions a balanced tree asks; what is counted is a way of any length.")
def Q_cbow(C: int, N: int, D: int) -> int:
    """Look up C words, and ask D questions of their mean."""
    return C * N + N * D


@equation(11, 3.1, r"[C > 1] \; N D + D \log_2 V \text{ products}", ours=True,
          lhs=lambda C, N, D: counted_cbow(C, N, D).multiplied,
          note="The code takes 1/C of each vector; to add them and divide once takes D for N D.")
def multiplied_cbow(C: int, N: int, D: int) -> int:
    """Products for one word; a context of one word is its own mean."""
    return (C > 1) * C * N + N * D


@equation(11, 4, r"Q = C \cdot (D + D \log_2 V)", source=f"{Q}, eq. 5",
          lhs=lambda C, N, D, V: C * counted_questions(N, D, V).accessed,
          note="C context words one by one; the word itself is looked up C times.")
def Q_skipgram(C: int, N: int, D: int) -> int:
    """For each context word look the word up, and ask D questions."""
    return C * (N + N * D)


@equation(11, 4.1, r"C D \log_2 V \text{ products}", ours=True,
          lhs=lambda C, N, D, V: C * counted_questions(N, D, V).multiplied)
def multiplied_skipgram(C: int, N: int, D: int) -> int:
    """Products for one word: C D of Q are looked up."""
    return C * N * D


@equation(11, 5, r"C \cdot (D + D (1 + k)) \text{ accessed}, \; C D (1 + k) \text{ products}", ours=True,
          lhs=lambda C, N, D, V: [C * work for work in two(counted_negatives(N, D, V))],
          note="Negative sampling with k = D - 1 negatives: as hierarchical softmax with 1 + k questions.")
def negatives(C: int, N: int, D: int) -> list[int]:
    """Weights accessed, and products, for a word with C context words."""
    return [C * (N + N * D), C * N * D]


@equation(11, 6, r"D + D V \text{ accessed}, \; D V \text{ products}", ours=True,
          lhs=lambda C, N, V: two(counted_skipgram(C, N, V)),
          note="Not C times: §6's context words share one row of scores. The softmax takes V, not log2 V.")
def softmax_skipgram(N: int, V: int) -> list[int]:
    """Weights accessed, and products, for a word and its whole context, by the full softmax."""
    return [N + N * V, N * V]


# --- no non-linear hidden layer -----------------------------------------------------------------------


@equation(11, 7, r"H, \; H, \; 0, \; 0 \text{ functions evaluated in the hidden layer}", ours=True,
          lhs=counted_in_hidden_layers,
          note="NNLM, RNNLM, CBOW, skip-gram. 2013a, §3.1: the non-linear hidden layer is removed.")
def hidden_functions(K: int) -> list[int]:
    """How many tanh or σ each model evaluates between the words and the scores."""
    return [K, K, 0, 0]
