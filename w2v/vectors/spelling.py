"""The words spelt most like one that is not there: edit distances to a whole vocabulary at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int32, UInt8, UInt32
from numpy import ndarray as Array

LETTERS = 24
"""Of longer words, the first letters are compared."""
SEARCHED = 500_000
"""Words looked at, at most: the first, which in a vocabulary are the most frequent."""


def nearest(word: str, words: Sequence[str], topn: int = 3) -> list[str]:
    """The ``topn`` words nearest to ``word`` in spelling, of those that are near at all, in whatever case.

    Near is an edit distance of at most a third of the letters, rounded. Of equally near words the first
    come first. 200,000 words take about a tenth of a second.
    """
    sought = word.lower()[:LETTERS]
    most = max(1, (len(sought) + 1) // 3)
    lower = [each.lower()[:LETTERS] for each in words[:SEARCHED]]
    lengths = np.fromiter(map(len, lower), np.int32, len(lower))
    near = np.flatnonzero((abs(lengths - len(sought)) <= most) & (lengths > 0))
    if not sought or not len(near):
        return []
    letters = np.array([lower[i] for i in near], f"U{LETTERS}").view(np.uint32).reshape(len(near), LETTERS)
    away = distances(np.array([ord(letter) for letter in sought], np.uint32), letters, lengths[near])
    best = np.argsort(away, kind="stable")[:topn]
    return [words[near[i]] for i in best if away[i] <= most]


def distances(
    word: UInt32[Array, "L"], letters: UInt32[Array, "V M"], lengths: Int32[Array, "V"]
) -> UInt8[Array, "V"]:
    """The edit distance of ``word`` to every row of ``letters``, of which the first ``lengths`` count.

    An edit inserts, deletes or changes a letter, or swaps two neighbours (optimal string alignment; Damerau
    1964). Row by row as in Wagner and Fischer (1974), each step for all words at once.
    """
    columns = np.ascontiguousarray(letters[:, : lengths.max(initial=0)].T)
    ahead = [np.full(len(letters), j, np.uint8) for j in range(len(columns) + 1)]
    before = ahead
    for i, letter in enumerate(word):
        row = [np.full(len(letters), i + 1, np.uint8)]
        for j, column in enumerate(columns):
            differs = (column != letter).view(np.uint8)
            best = np.minimum(ahead[j + 1] + np.uint8(1), row[j] + np.uint8(1))
            np.minimum(best, ahead[j] + differs, out=best)
            if i and j:
                swapped = (column == word[i - 1]) & (columns[j - 1] == letter)
                np.minimum(best, before[j - 1] + np.uint8(1), out=best, where=swapped)
            row.append(best)
        before, ahead = ahead, row
    found: UInt8[Array, "V"] = np.stack(ahead)[lengths, np.arange(len(lengths))]
    return found
