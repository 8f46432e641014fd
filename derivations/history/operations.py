"""§8, p. 11: the number of operations per training word (Mikolov et al. 2013a, arXiv 1301.3781, §2 and §3).

    NNLM       x ----> o --tanh--> a ----> V scores            Q = N D + N D H + H V
    RNNLM      w ----> s --σ-----> s ----> V scores            Q = H H + H V
    CBOW       x ------------> h --------> log2 V decisions    Q = N D + D log2 V
    Skip-gram  x ------------> h --------> log2 V decisions    Q = C (D + D log2 V)

The source defines Q as the number of parameters that are accessed per training word. The first two models
have a non-linear hidden layer, the last two have none, which makes them cheaper. Q is verified by
counting: the forward passes of ``nnlm``, ``rnnlm``, ``hierarchical_softmax``, ``skipgram`` and
``negative_sampling`` run on traced numbers (``counting``).

Two numbers are counted, for the forward pass with one-hot words: accessed weights, each time a weight is
looked up, multiplied or added; and multiplications. Looking up a word accesses its vector and multiplies
nothing. The gradients need two more multiplications for each one of the forward pass, one for the weight
and one for its input, but none for a one-hot word.

    here  2013a   2003                      here  2013a
    C     N, C    n - 1   context words     V     V       words of the vocabulary
    N     D       m       features          D     log2 V  decisions per word, or 1 + negatives
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
    words      w_k     V       real    the vocabulary: one number per word
    context    c_c     C       real    the context words
    features   v_i     N       real    the features of a word
    hidden     h_l     K       real    the hidden units
    questions  q_d     D       real    the decisions or samples that replace the softmax
""")

Q = "Mikolov et al. 2013a"


def example() -> dict[str, int]:
    """Return the sizes of a large model.

    8 context words, 600 features, 500 hidden units, 10⁶ words, D = 20.

    >>> C, N, K, V, D = example().values()
    >>> Q_nnlm(C, N, K, V), Q_rnnlm(K, V), Q_cbow(C, N, D), Q_skipgram(C, N, D)
    (502404800, 500250000, 16800, 100800)
    """
    return {"C": 8, "N": 600, "K": 500, "V": 1_000_000, "D": 20}


# --- counts: the forward passes run on traced numbers ---------------------------------------------


def values(*shape: int) -> Any:
    """Return numbers of this shape that are neither 0 nor 1; the counts do not depend on the values."""
    return 0.3 + np.cos(np.arange(1.0, 1 + np.prod(shape))).reshape(shape) / 7


def words_of(places: int, V: int) -> Any:
    """Return one-hot words, shape (places, V); they repeat if there are more places than words."""
    return np.eye(V)[np.arange(places) % V]


@cache
def counted_nnlm(C: int, N: int, K: int, V: int, biases: bool, direct: bool) -> Work:
    """Count the operations of ``nnlm`` for the loss of one word."""
    given = {"w": words_of(C, V), "t": np.eye(V)[0]}
    weights = {"F": values(V, N), "H": values(K, C, N), "U": values(V, K)}
    (weights if biases else given).update({"d": values(K) * biases, "b": values(V) * biases})
    if direct:
        return count(nnlm.forward, given, weights | {"W": values(V, C, N)})
    return count(nnlm.forward_without_direct, given, weights)


@cache
def counted_rnnlm(K: int, V: int) -> Work:
    """Count the operations of ``rnnlm`` for the loss of one word, T = 1.

    The previous state is no weight.
    """
    given = {"w": words_of(1, V), "d": np.eye(V)[:1], "s_0": values(K)}
    weights = {"U": values(K, V), "W": values(K, K), "W_prime": values(V, K)}
    return count(rnnlm.forward, given, weights)


@cache
def counted_cbow(C: int, N: int, D: int) -> Work:
    """Count the operations of ``hierarchical_softmax`` for the loss of one word with C context words."""
    given = {"X": words_of(C, C), "S": np.eye(D), "t": np.arange(D) % 2}
    weights = {"W": values(C, N), "W_prime": values(N, D)}
    return count(hierarchical_softmax.forward_cbow, given, weights)


@cache
def counted_questions(N: int, D: int, V: int) -> Work:
    """Count the operations of ``hierarchical_softmax`` for one pair of input and context word."""
    given = {"x": np.eye(V)[0], "S": np.eye(D), "t": np.arange(D) % 2}
    return count(hierarchical_softmax.forward, given, {"W": values(V, N), "W_prime": values(N, D)})


@cache
def counted_negatives(N: int, D: int, V: int) -> Work:
    """Count the operations of ``negative_sampling`` for one pair of words: D - 1 negative samples."""
    given = {"x": np.eye(V)[0], "S": words_of(D, V)}
    return count(negative_sampling.forward, given, {"W": values(V, N), "W_prime": values(N, V)})


@cache
def counted_skipgram(C: int, N: int, V: int) -> Work:
    """Count the operations of ``skipgram``, the full softmax of §6, for one word with C context words."""
    given = {"x": np.eye(V)[0], "t": words_of(C, V)}
    return count(skipgram.forward, given, {"W": values(V, N), "W_prime": values(N, V)})


def counted_in_hidden_layers(C: int, N: int, K: int, V: int) -> list[int]:
    """Count the functions evaluated in the hidden layers of NNLM, RNNLM, CBOW and skip-gram."""
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
    """Return the two numbers that Q can mean: accessed weights and multiplications."""
    return [counted.accessed, counted.multiplied]


# --- NNLM -------------------------------------------------------------------------------------------


@equation(11, 1, r"Q = N D + N D H + H V", source=f"{Q}, eq. 2",
          lhs=lambda C, N, K, V: counted_nnlm(C, N, K, V, biases=False, direct=False).accessed,
          note="Accessed weights, for the model without biases and direct connections.")
def Q_nnlm(C: int, N: int, K: int, V: int) -> int:
    """Q = C N + C N K + K V: look up C words; all features to all hidden units; these to all scores."""
    return C * N + C * N * K + K * V


@equation(11, 1.1, r"N D + N D H + H V + (H + V) + N D V", ours=True,
          lhs=lambda C, N, K, V: counted_nnlm(C, N, K, V, biases=True, direct=True).accessed,
          note="Q omits the biases, H + V, and the direct connections, N D V, of Bengio's eq. 1.")
def accessed_nnlm(C: int, N: int, K: int, V: int) -> int:
    """Accessed weights of the NNLM with biases and direct connections."""
    return Q_nnlm(C, N, K, V) + (K + V) + C * N * V


@equation(11, 1.2, r"N D H + H V \text{ products}", ours=True,
          lhs=lambda C, N, K, V: counted_nnlm(C, N, K, V, biases=False, direct=False).multiplied,
          note="N D of Q are lookups without multiplication. Direct connections add N D V products.")
def multiplied_nnlm(C: int, N: int, K: int, V: int) -> int:
    """C N K + K V: multiplications of the NNLM for one word, without direct connections."""
    return C * N * K + K * V


# --- RNNLM ------------------------------------------------------------------------------------------


@equation(11, 2, r"Q = H H + H V", source=f"{Q}, eq. 3",
          lhs=lambda K, V: counted_rnnlm(K, V).multiplied, note="Multiplications.")
def Q_rnnlm(K: int, V: int) -> int:
    """Q = K K + K V: the previous state to all hidden units, and these to all scores."""
    return K * K + K * V


@equation(11, 2.1, r"H + H H + H V", ours=True, lhs=lambda K, V: counted_rnnlm(K, V).accessed,
          note="As a number of accessed weights, Q omits the H of the word that is looked up.")
def accessed_rnnlm(K: int, V: int) -> int:
    """K + K K + K V: accessed weights of one step, including the vector of the word."""
    return K + Q_rnnlm(K, V)


# --- CBOW and the skip-gram ---------------------------------------------------------------------------


@equation(11, 3, r"Q = N D + D \log_2 V", source=f"{Q}, eq. 4",
          lhs=lambda C, N, D: counted_cbow(C, N, D).accessed,
          note="log2 V is the path length in a balanced tree; the count is done for any length D.")
def Q_cbow(C: int, N: int, D: int) -> int:
    """Q = C N + N D: look up C words, and compute the scores of D decisions."""
    return C * N + N * D


@equation(11, 3.1, r"[C > 1] \; N D + D \log_2 V \text{ products}", ours=True,
          lhs=lambda C, N, D: counted_cbow(C, N, D).multiplied,
          note="The code multiplies each vector by 1/C; adding first would need D instead of N D.")
def multiplied_cbow(C: int, N: int, D: int) -> int:
    """Multiplications for one word; a context of one word needs no factor 1/C."""
    return (C > 1) * C * N + N * D


@equation(11, 4, r"Q = C \cdot (D + D \log_2 V)", source=f"{Q}, eq. 5",
          lhs=lambda C, N, D, V: C * counted_questions(N, D, V).accessed,
          note="For each of C context words; the input word is looked up C times.")
def Q_skipgram(C: int, N: int, D: int) -> int:
    """Q = C (N + N D).

    For each context word, look up the input word and compute the scores of D decisions.
    """
    return C * (N + N * D)


@equation(11, 4.1, r"C D \log_2 V \text{ products}", ours=True,
          lhs=lambda C, N, D, V: C * counted_questions(N, D, V).multiplied)
def multiplied_skipgram(C: int, N: int, D: int) -> int:
    """C N D: multiplications for one word; the lookups multiply nothing."""
    return C * N * D


@equation(11, 5, r"C \cdot (D + D (1 + k)) \text{ accessed}, \; C D (1 + k) \text{ products}", ours=True,
          lhs=lambda C, N, D, V: [C * work for work in two(counted_negatives(N, D, V))],
          note="Negative sampling with k = D - 1 negatives: as hierarchical softmax with 1 + k decisions.")
def negatives(C: int, N: int, D: int) -> list[int]:
    """Accessed weights and multiplications of negative sampling, for a word with C context words."""
    return [C * (N + N * D), C * N * D]


@equation(11, 6, r"D + D V \text{ accessed}, \; D V \text{ products}", ours=True,
          lhs=lambda C, N, V: two(counted_skipgram(C, N, V)),
          note="Not C times: in §6 all context words have the same scores. V instead of log2 V.")
def softmax_skipgram(N: int, V: int) -> list[int]:
    """Accessed weights and multiplications of the full softmax, for a word with all its context words."""
    return [N + N * V, N * V]


# --- non-linear hidden layers ---------------------------------------------------------------------


@equation(11, 7, r"H, \; H, \; 0, \; 0 \text{ functions evaluated in the hidden layer}", ours=True,
          lhs=counted_in_hidden_layers,
          note="NNLM, RNNLM, CBOW, skip-gram. 2013a, §3.1 removes the non-linear hidden layer.")
def hidden_functions(K: int) -> list[int]:
    """The number of tanh or σ that each model evaluates between the words and the scores."""
    return [K, K, 0, 0]
