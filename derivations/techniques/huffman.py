"""§8, p. 11: the Huffman tree of a vocabulary, the way word2vec builds it.

    counts  --merge the two rarest, V - 1 times-->  parents  --from the root down-->  paths, codes

The words are the leaves of a binary tree; hierarchical softmax asks one question at each inner node that
lies between the root and a word. Huffman's tree makes the average number of questions as small as it can
be: the two rarest words, or trees, become one, and again, until one is left.

w counts V words; the tree has V - 1 inner nodes, numbered 0 to V - 2 as they are made, so the root is
the last. Where counts are equal the choice is that of word2vec.c: an inner node before a word, the older
inner node, the later word. Of the two that become one, the rarer has code 0. Code 0 means the answer
yes, t = 1 - code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int, Real
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import notation
from derivations.paper.mlp import sigmoid
from derivations.techniques.sampling import check_counts

SECTION = "8"

NOTATION = notation("""
    name      paper   shape   drawn      meaning
    counts    n_w     V       positive   how often each word occurs, in any unit
    h         h_i     N       real       a hidden layer
    W_prime   w'_in   N V     real       a vector for each inner node, one a column; the last is spare
""")


def example() -> Array:
    """The counts of four words: (4,)."""
    return np.array([10.0, 5.0, 2.0, 1.0])


# --- the tree -------------------------------------------------------------------------------------


def huffman_tree(counts: Real[Array, "V"]) -> tuple[list[Int[Array, "_"]], list[Int[Array, "_"]]]:
    """For each word the inner nodes from the root down, and the code at each: two lists of V arrays.

    A vocabulary of one word has no inner node, and its two arrays are empty. Raises ``TypeError`` or
    ``ValueError``, in one line, for counts that are none, no numbers, not above 0, or not finite.

    >>> paths, codes = huffman_tree(example())
    >>> paths
    [array([2]), array([2, 1]), array([2, 1, 0]), array([2, 1, 0])]
    >>> codes
    [array([1]), array([0, 1]), array([0, 0, 1]), array([0, 0, 0])]
    """
    check_counts(counts)
    V = len(counts)
    parent, code = merge(np.asarray(counts))
    paths: list[list[int]] = [[] for _ in parent]
    codes: list[list[int]] = [[] for _ in parent]
    for node in reversed(range(2 * V - 2)):  # a parent is made after its children
        paths[node] = [*paths[parent[node]], parent[node] - V]
        codes[node] = [*codes[parent[node]], code[node]]
    return [np.array(path, dtype=int) for path in paths[:V]], [np.array(c, dtype=int) for c in codes[:V]]


def merge(counts: Real[Array, "V"]) -> tuple[list[int], list[int]]:
    """The parent and the code of each node; words are 0 to V - 1, the root is 2 V - 2 and has neither.

    Words wait in a row, the rarest at its end. Inner nodes are made in the order of their counts, so they
    too wait in a row, the rarest at its start: there is never anything to sort again.
    """
    V = len(counts)
    words = np.argsort(-counts, kind="stable").tolist()
    weight, first = counts.tolist(), V  # the first inner node that waits
    parent, code = [0] * (2 * V - 1), [0] * (2 * V - 1)
    for node in range(V, 2 * V - 1):
        weight.append(0)
        for bit in (0, 1):
            if words and (first == node or weight[words[-1]] < weight[first]):
                child = words.pop()
            else:
                child, first = first, first + 1
            parent[child], code[child] = node, bit
            weight[node] += weight[child]
    return parent, code


def code_lengths(counts: Real[Array, "V"]) -> Int[Array, "V"]:
    """How many questions it takes to find each word: L_w."""
    return np.array([len(code) for code in huffman_tree(counts)[1]])


# --- what is true of it ---------------------------------------------------------------------------


@definition(11, 1, r"\text{V words have } V - 1 \text{ inner nodes, the last of them the root}",
            lhs=lambda V: [V - 1, V - 2], source="Rong 2014, §2.1")
def inner_nodes(counts: Float[Array, "V"]) -> list[int]:
    """How many inner nodes lie on any path, and which one all paths begin with (-1 where there is none)."""
    paths, _ = huffman_tree(counts)
    roots = {path[0] for path in paths if len(path)} or {-1}
    return [len(set(np.concatenate(paths))), *roots]


@equation(11, 2, r"n_v > n_w \Rightarrow L_v \le L_w", lhs=lambda counts: np.sort(code_lengths(counts)),
          source="Mikolov et al. 2013b, §2.1", note="The sentence: short codes to the frequent words.")
def frequent_words_have_short_codes(counts: Float[Array, "V"]) -> Int[Array, "V"]:
    """From the most frequent word to the rarest, the codes do not get shorter."""
    return code_lengths(counts)[np.argsort(-counts)]


@equation(11, 2.1, r"\sum_{w=1}^{V} 2^{-L_w} = 1", lhs=lambda: 1.0, ours=True,
          note="Kraft's sum: every sequence of answers leads to a word.")
def kraft_sum(counts: Float[Array, "V"]) -> Any:
    """If every answer were a coin's, all words together would still have the probability 1."""
    return np.sum(0.5 ** code_lengths(counts))


@equation(11, 3, r"\sum_{w=1}^{V} p(w) = 1, \quad p(w) = \prod_{l=1}^{L_w} \sigma(\pm u_{n(w, l)})",
          lhs=lambda: 1.0, source="Rong 2014, eq. 42",
          note="n(w, l) is the l-th inner node on the path to w; the sign is + for a yes. So the loss needs"
          " no sum over the vocabulary: no word can gain without others losing.")
def leaves_sum_to_one(
    counts: Float[Array, "V"], h: Float[Array, "N"], W_prime: Float[Array, "N V"]
) -> Any:
    """Whatever the vectors: each inner node shares its own probability out among two."""
    return np.sum(probabilities(counts, h @ W_prime))


def probabilities(counts: Real[Array, "V"], u: Float[Array, "V"]) -> Float[Array, "V"]:
    """How likely each word is, by the scores of the inner nodes.

    >>> probabilities(example(), np.array([3.0, 0.0, -1.0, 0.0])).round(4)
    array([0.7311, 0.1345, 0.0064, 0.1281])
    """
    tree = zip(*huffman_tree(counts), strict=True)
    return np.array([np.prod(sigmoid((1 - 2 * code) * u[path])) for path, code in tree])
