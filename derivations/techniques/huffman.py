"""§8, p. 11: the Huffman tree of a vocabulary, the way word2vec builds it.

    counts  --merge the two rarest, V - 1 times-->  parents  --from the root down-->  paths, codes

The words are the leaves of a binary tree. Hierarchical softmax makes one binary decision at each inner
node on the path from the root to a word. Huffman's algorithm minimizes the mean path length, weighted by
the counts: it merges the two nodes with the smallest counts until one node is left.

w indexes V words. The tree has V - 1 inner nodes, numbered 0 to V - 2 in the order of their creation, so
the root is the last. Ties are resolved as in word2vec.c: an inner node before a word, the older inner
node first, the later word first. Of two merged nodes, the one with the smaller count gets code 0. The
target of a decision is t = 1 - code.
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
    counts    n_w     V       positive   number of occurrences of each word, in any unit
    h         h_i     N       real       a hidden layer
    W_prime   w'_in   N V     real       one column per inner node; the last column is not used
""")


def example() -> Array:
    """Return the counts of four words, float64 (4,)."""
    return np.array([10.0, 5.0, 2.0, 1.0])


# --- tree -----------------------------------------------------------------------------------------


def huffman_tree(counts: Real[Array, "V"]) -> tuple[list[Int[Array, "_"]], list[Int[Array, "_"]]]:
    """Return the path and the code of each word: two lists of V integer arrays (L_w,).

    A path lists the inner nodes from the root down; the code has the branch taken at each of them. In a
    vocabulary of one word there are no inner nodes, and both arrays are empty. Raises ``TypeError`` or
    ``ValueError`` unless counts is a non-empty 1-D array of finite numbers greater than 0.

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
    for node in reversed(range(2 * V - 2)):  # a parent has a larger number than its children
        paths[node] = [*paths[parent[node]], parent[node] - V]
        codes[node] = [*codes[parent[node]], code[node]]
    return [np.array(path, dtype=int) for path in paths[:V]], [np.array(c, dtype=int) for c in codes[:V]]


def merge(counts: Real[Array, "V"]) -> tuple[list[int], list[int]]:
    """Return the parent and the code of each node; words are nodes 0 to V - 1, the root is node 2 V - 2.

    The words are sorted once, by decreasing count. Inner nodes are created in order of increasing count, so
    the two nodes with the smallest counts are always at the end of the one list and the start of the other.
    """
    V = len(counts)
    words = np.argsort(-counts, kind="stable").tolist()
    weight, first = counts.tolist(), V  # the oldest inner node without a parent
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
    """Return L_w, the number of decisions on the path to each word, integers (V,)."""
    return np.array([len(code) for code in huffman_tree(counts)[1]])


# --- properties -----------------------------------------------------------------------------------


@definition(11, 1, r"\text{V words have } V - 1 \text{ inner nodes, the last of them the root}",
            lhs=lambda V: [V - 1, V - 2], source="Rong 2014, §2.1")
def inner_nodes(counts: Float[Array, "V"]) -> list[int]:
    """The number of inner nodes on the paths, and the node that all paths start with; -1 if none."""
    paths, _ = huffman_tree(counts)
    roots = {path[0] for path in paths if len(path)} or {-1}
    return [len(set(np.concatenate(paths))), *roots]


@equation(11, 2, r"n_v > n_w \Rightarrow L_v \le L_w", lhs=lambda counts: np.sort(code_lengths(counts)),
          source="Mikolov et al. 2013b, §2.1", note="Stated in the text: frequent words have short codes.")
def frequent_words_have_short_codes(counts: Float[Array, "V"]) -> Int[Array, "V"]:
    """The code lengths in the order of decreasing counts, which is non-decreasing."""
    return code_lengths(counts)[np.argsort(-counts)]


@equation(11, 2.1, r"\sum_{w=1}^{V} 2^{-L_w} = 1", lhs=lambda: 1.0, ours=True,
          note="The Kraft equality: every sequence of decisions leads to a word.")
def kraft_sum(counts: Float[Array, "V"]) -> Any:
    """Σ_w 2^{-L_w} = 1: every sequence of decisions ends at exactly one word."""
    return np.sum(0.5 ** code_lengths(counts))


@equation(11, 3, r"\sum_{w=1}^{V} p(w) = 1, \quad p(w) = \prod_{l=1}^{L_w} \sigma(\pm u_{n(w, l)})",
          lhs=lambda: 1.0, source="Rong 2014, eq. 42",
          note="n(w, l) is the l-th inner node on the path to w; the sign is + for t = 1. The probabilities"
          " are normalized without a sum over the vocabulary.")
def leaves_sum_to_one(
    counts: Float[Array, "V"], h: Float[Array, "N"], W_prime: Float[Array, "N V"]
) -> Any:
    """Σ_w p(w) = 1 for any vectors: the branches of a node have the probabilities σ(u) and σ(-u)."""
    return np.sum(probabilities(counts, h @ W_prime))


def probabilities(counts: Real[Array, "V"], u: Float[Array, "V"]) -> Float[Array, "V"]:
    """Return the probability of each word, given the scores u of the inner nodes; float64 (V,).

    >>> probabilities(example(), np.array([3.0, 0.0, -1.0, 0.0])).round(4)
    array([0.7311, 0.1345, 0.0064, 0.1281])
    """
    tree = zip(*huffman_tree(counts), strict=True)
    return np.array([np.prod(sigmoid((1 - 2 * code) * u[path])) for path, code in tree])
