"""A piece of text as blocks of questions: which words are asked about which, how often, with what answer.

    text  --subsampling-->  kept words  --windows-->  pairs  --48 target words a time-->  blocks

word2vec.c takes one pair of words after the other. Here some consecutive target words make a block: the
different words in it, as rows and columns, and how often each pair occurs, as a small matrix. So a block
is an instance of ``batches``, its gradients are three products of matrices, and what occurs
twice is added up before any weight moves. Negatives are drawn once for a block and shared by its target
words, each weighed so that the expected loss is that of ``negative`` draws for every pair (see
``sampling``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int64
from numpy import ndarray as Array

from derivations.techniques.hierarchical_softmax import huffman_tree
from derivations.techniques.sampling import keep_probability, noise_distribution
from w2v.data.vocabulary import Vocabulary
from w2v.train.settings import Settings


class Places(NamedTuple):
    """Places in a matrix: a row and a column for each, (p,) int64."""

    row: Int64[Array, "p"]
    column: Int64[Array, "p"]


class Block(NamedTuple):
    """Some target words of a text, as the questions they ask of R input and J output rows.

    ``inputs`` (R,) and ``outputs`` (J,) are rows of the two tables, all different in each. ``members`` are
    the places (b, r) where input row r is part of hidden vector b; None where hidden vector b is row b.
    ``yes`` and ``no`` are the places (b, j) of the questions with these answers, a place for each time that
    one is asked. ``times`` (B,) is how many words each hidden vector is to tell from noise, and ``noise``
    (J,) how often each of them is to be told from row j, a mean, not a whole number.
    """

    inputs: Int64[Array, "R"]
    outputs: Int64[Array, "J"]
    members: Places | None
    yes: Places
    no: Places
    times: Float[Array, "B"]
    noise: Float[Array, "J"]


NOWHERE = Places(np.zeros(0, np.int64), np.zeros(0, np.int64))


class Pairs(NamedTuple):
    """Words and their contexts: ``ids`` (n,) words, and for each pair the two places in ``ids``."""

    ids: Int64[Array, "n"]
    target: Int64[Array, "p"]
    context: Int64[Array, "p"]


@dataclass(frozen=True)
class Paths:
    """The Huffman tree's paths, one after the other: word j has ``nodes[start[j]:start[j + 1]]``."""

    start: Int64[Array, "V+1"]
    nodes: Int64[Array, "n"]
    codes: Int64[Array, "n"]

    @classmethod
    def of(cls, counts: Int64[Array, "V"]) -> Paths:
        """The paths for words that occur this often (Mikolov et al. 2013a; word2vec.c)."""
        nodes, codes = huffman_tree(counts)
        start = np.concatenate([[0], np.cumsum([len(path) for path in nodes])])
        return cls(start, np.concatenate(nodes).astype(np.int64), np.concatenate(codes).astype(np.int64))


class Questioner:
    """Makes blocks out of text for one vocabulary; ``settings`` are resolved ones."""

    def __init__(self, settings: Settings, vocabulary: Vocabulary) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        self.V = len(vocabulary)
        self.dtype = np.dtype(settings.dtype)
        self.last = np.zeros(self.rows_of_outputs, np.int64)  # for ``distinct``

    @cached_property
    def keep(self) -> Float64[Array, "V"]:
        """The share of each word's occurrences to keep, word2vec.c's."""
        return np.asarray(keep_probability(self.vocabulary.frequencies, self.settings.sample or 0.0))

    @cached_property
    def noise(self) -> Float64[Array, "V"]:
        """The noise distribution, added up, so that a uniform number finds its word."""
        P_n = noise_distribution(self.vocabulary.counts.astype(float), self.settings.ns_exponent)
        total = np.cumsum(P_n)
        return np.asarray(total / total[-1])

    @cached_property
    def paths(self) -> Paths:
        """The words' paths through the Huffman tree, its nodes after the words in the output table."""
        paths = Paths.of(self.vocabulary.counts)
        return Paths(paths.start, paths.nodes + self.first_node, paths.codes)

    @property
    def first_node(self) -> int:
        """The row of the output table where the inner nodes of the tree begin."""
        return self.V if self.settings.negative else 0

    @property
    def rows_of_outputs(self) -> int:
        """Rows of the output table: a word's for softmax and negative sampling, a node's for the tree."""
        words = self.V if self.settings.negative or not self.settings.hs else 0
        return max(words + (self.V - 1 if self.settings.hs else 0), self.V)

    # --- from text to pairs ---

    def pairs(self, ids: Array, sentence: Array, rng: np.random.Generator) -> Pairs:
        """The pairs of a piece of text: ids (n,) of the vocabulary, and each one's sentence (n,)."""
        ids = ids.astype(np.int64)
        if self.settings.sample:
            kept = rng.random(len(ids)) < self.keep[ids]
            ids, sentence = ids[kept], sentence[kept]
        window = self.settings.window
        shrunk = self.settings.shrink_windows
        reach = rng.integers(1, window + 1, len(ids)) if shrunk else np.full(len(ids), window)
        return Pairs(ids, *within(sentence, reach, window))

    def blocks(self, pairs: Pairs, rng: np.random.Generator) -> Iterator[Block]:
        """The blocks of a piece, in the order of the text; words without context ask nothing."""
        size = self.settings.block_words or 1
        starts = np.arange(0, len(pairs.ids), size)
        borders = np.searchsorted(pairs.target, np.append(starts, len(pairs.ids)))
        draws = self.settings.shared_negatives if self.settings.negative else 0
        negatives = self.negatives((len(starts), draws), rng)
        for start, drawn, first, stop in zip(starts, negatives, borders[:-1], borders[1:], strict=True):
            if first < stop:
                yield self.block(pairs, int(start), int(first), int(stop), drawn)

    def negatives(self, shape: tuple[int, int], rng: np.random.Generator) -> Int64[Array, "blocks K"]:
        """Independent draws from the noise distribution: sorted, to be found faster, then shuffled."""
        found = np.searchsorted(self.noise, np.sort(rng.random(math.prod(shape))), side="right")
        rng.shuffle(found)
        return found.reshape(shape)

    # --- from pairs to questions ---

    def block(self, pairs: Pairs, start: int, first: int, stop: int, negatives: Array) -> Block:
        """The block of the target words from place ``start`` on, which pairs ``first`` to ``stop`` are."""
        window, size = self.settings.window, self.settings.block_words or 1
        targets = pairs.ids[start : start + size]
        before = max(start - window, 0)
        around = pairs.ids[before : start + size + window]
        target, context = pairs.target[first:stop] - start, pairs.context[first:stop] - before
        if self.settings.sg:
            inputs, hidden = self.distinct(targets)
            asked = around, Places(hidden[target], context)
            return self.questions(inputs, None, len(inputs), asked, negatives)
        inputs, row = self.distinct(around)
        with_context = np.unique(target)
        asked = targets, Places(with_context, with_context)
        return self.questions(inputs, Places(target, row[context]), len(targets), asked, negatives)

    def questions(
        self, inputs: Array, members: Places | None, B: int, asked: tuple[Array, Places], negatives: Array
    ) -> Block:
        """The block of B hidden vectors that are ``asked`` about words: (words, (b, place of word))."""
        words, places = asked
        times = np.bincount(places.row, minlength=B).astype(self.dtype)
        if not self.settings.hs:
            outputs, column = self.distinct(np.concatenate([words, negatives]))
            yes, no = Places(places.row, column[places.column]), NOWHERE
        else:
            turns, left, right = self.turns(words, places)
            also = [words, negatives] if self.settings.negative else []
            outputs, column = self.distinct(np.concatenate([*also, turns]))
            at = column[len(column) - len(turns) :]
            yes, no = Places(left.row, at[left.column]), Places(right.row, at[right.column])
            if also:
                yes = Places(
                    *map(np.concatenate, zip(yes, (places.row, column[places.column]), strict=True))
                )
        drawn = column[len(words) : len(words) + len(negatives)]
        noise = np.bincount(drawn, minlength=len(outputs)).astype(self.dtype)
        noise *= (self.settings.negative or 0) / max(len(drawn), 1)
        return Block(inputs, outputs, members, yes, no, times, noise)

    def turns(self, words: Array, places: Places) -> tuple[Array, Places, Places]:
        """The inner nodes that the words asked for pass; where one turns left, code 0; and where right."""
        start = self.paths.start[words]
        lengths = self.paths.start[words + 1] - start
        begin = np.cumsum(lengths) - lengths
        step = np.repeat(start - begin, lengths) + np.arange(lengths.sum())
        nodes, codes = self.paths.nodes[step], self.paths.codes[step]
        passed = lengths[places.column]
        row = np.repeat(places.row, passed)
        first = np.repeat(begin[places.column] - (np.cumsum(passed) - passed), passed)
        column = first + np.arange(len(row))
        left = codes[column] == 0
        return nodes, Places(row[left], column[left]), Places(row[~left], column[~left])

    def distinct(self, rows: Int64[Array, "n"]) -> tuple[Int64[Array, "d"], Int64[Array, "n"]]:
        """The different ones among ``rows``, and where among them each row is.

        What ``np.unique(rows, return_inverse=True)`` does by sorting, in the order of the last occurrences.
        """
        places = np.arange(len(rows))
        self.last[rows] = places
        last = self.last[rows]
        is_last = last == places
        return rows[is_last], (is_last.cumsum() - 1)[last]


def within(sentence: Array, reach: Array, window: int) -> tuple[Int64[Array, "p"], Int64[Array, "p"]]:
    """All pairs of places of one sentence that are at most ``reach[target]`` apart, by target.

    >>> within(np.array([0, 0, 0, 1]), np.array([1, 1, 1, 1]), 1)
    (array([0, 1, 1, 2]), array([1, 0, 2, 1]))
    """
    n = len(sentence)
    window = min(window, max(n - 1, 0))
    offsets = [d for d in range(-window, window + 1) if d]
    inside = np.zeros((n, len(offsets)), bool)
    for column, d in zip(inside.T, offsets, strict=True):
        a, b = max(-d, 0), min(n - d, n)
        column[a:b] = (sentence[a:b] == sentence[a + d : b + d]) & (reach[a:b] >= abs(d))
    target, which = np.nonzero(inside)
    return target, target + np.array(offsets, np.int64)[which]


def members(block: Block, count: Callable[..., Any], *, mean: bool) -> Any:
    """A of ``batches`` for a block, (B, R), or None where hidden vector b is input row b.

    ``count(places, shape)`` makes a matrix that says how often each place occurs; ``mean`` is CBOW's.
    """
    if block.members is None:
        return None
    A = count(block.members, (len(block.times), len(block.inputs)))
    if not mean:
        return A
    contexts = A.sum(axis=1, keepdims=True)
    return A / (contexts + (contexts == 0))


def questions(block: Block, count: Callable[..., Any], *, exact: bool) -> tuple[Any, Any]:
    """m, (B, J), or (B, 1) for the exact softmax, and q (B, J) of ``batches`` for a block."""
    shape = len(block.times), len(block.outputs)
    q = count(block.yes, shape)
    times = block.times[:, None]
    if exact:
        return times, q
    m = q + times * block.noise
    return m + count(block.no, shape) if len(block.no.row) else m, q
