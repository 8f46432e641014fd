"""Words with their vectors, and what can be asked of them: the counterpart of gensim's ``KeyedVectors``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray as Array

from w2v.vectors.spelling import nearest

Item = str | Array | tuple[str | Array, float]
"""A word or a vector (N,), with a weight or without."""


class UnknownWordError(KeyError):
    """A word that has no vector. Its text names those with the nearest spellings."""

    def __init__(self, word: str, words: Sequence[str] = ()) -> None:
        super().__init__(word)
        self.word, self.words = word, words

    def __str__(self) -> str:
        near = " or ".join(repr(word) for word in nearest(self.word, self.words))
        return f"{self.word!r} is not in the vocabulary" + (f": did you mean {near}?" if near else "")


@dataclass(frozen=True, eq=False)
class WordVectors:
    """V words, each with a vector of N numbers, float32 (V, N); ``counts`` int64 (V,) where known.

    Words are different from each other; by custom the most frequent come first.
    Raises ValueError if words, vectors and counts do not belong together, or there are none.

    >>> import numpy as np
    >>> wv = WordVectors(["north", "south", "east"], np.array([[0, 1], [0, -1], [1, 0]]))
    >>> wv["east"], "west" in wv, len(wv)
    (array([1., 0.], dtype=float32), False, 3)
    >>> wv["eats"]
    Traceback (most recent call last):
        ...
    w2v.vectors.vectors.UnknownWordError: 'eats' is not in the vocabulary: did you mean 'east'?
    """

    words: list[str]
    vectors: Float32[Array, "V N"]
    counts: Int64[Array, "V"] | None = None
    index: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        index = {word: i for i, word in enumerate(self.words)}
        vectors = np.asarray(self.vectors, np.float32)
        if vectors.ndim != 2 or len(vectors) != len(self.words) or not vectors.size:
            raise ValueError(
                f"{len(self.words):,} words need vectors ({len(self.words)}, N), not {vectors.shape}"
            )
        if len(index) != len(self.words):
            twice = next(word for i, word in enumerate(self.words) if index[word] != i)
            raise ValueError(f"the word {twice!r} is there twice: give each word once")
        if self.counts is not None and np.shape(self.counts) != (len(index),):
            raise ValueError(f"{len(index):,} words need as many counts, not {np.shape(self.counts)}")
        object.__setattr__(self, "vectors", vectors)
        object.__setattr__(self, "index", index)

    def __repr__(self) -> str:
        return f"WordVectors({len(self):,} words, {self.vector_size} numbers each)"

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> Float32[Array, "N"]:
        """The vector of a word; UnknownWordError, a KeyError, if it has none."""
        vector: Float32[Array, "N"] = self.vectors[self.place(word)]
        return vector

    def place(self, word: str) -> int:
        """The row of a word; UnknownWordError, a KeyError, if it has none."""
        if word not in self.index:
            raise UnknownWordError(word, self.words)
        return self.index[word]

    @property
    def vector_size(self) -> int:
        """N, the numbers in a vector."""
        return int(self.vectors.shape[1])

    @cached_property
    def norms(self) -> Float64[Array, "V"]:
        """The lengths of the vectors, float64, computed once."""
        squares = np.einsum("ij,ij->i", self.vectors, self.vectors, dtype=np.float64)
        norms: Float64[Array, "V"] = np.sqrt(squares)
        return norms

    def unit(self, start: int = 0, stop: int | None = None) -> Float32[Array, "v N"]:
        """The vectors from ``start`` to ``stop`` at length one; a zero vector stays zero."""
        norms = self.norms[start:stop]
        scale = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
        unit: Float32[Array, "v N"] = (self.vectors[start:stop] * scale[:, None]).astype(np.float32)
        return unit

    def similarity(self, a: str, b: str) -> float:
        """The cosine of the angle between the vectors of two words; 0 if one of them is zero."""
        scale = self.norms[self.place(a)] * self.norms[self.place(b)]
        return float(self[a].astype(np.float64) @ self[b].astype(np.float64) / scale) if scale else 0.0

    def most_similar(
        self,
        positive: Item | Iterable[Item],
        negative: Item | Iterable[Item] = (),
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> list[tuple[str, float]]:
        """The ``topn`` words nearest in angle to the mean of the items, each with its cosine.

        As in gensim: words enter the mean at length one, vectors (N,) as they are, negative items with a
        minus; an item can be a pair of one and its weight. The words given are not among the answers. Only
        the first ``restrict_vocab`` words are searched. With no vector to speak of, all cosines are 0.

        Raises UnknownWordError, a KeyError, for a word without vector, and ValueError for no item, or a
        vector of another size.
        """
        items = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        if not items:
            raise ValueError("similar to what? give at least one word")
        if topn < 1:
            return []
        query = self._mean(items)
        norms = self.norms[:restrict_vocab]
        cosines = self.vectors[:restrict_vocab] @ query
        cosines = np.divide(cosines, norms, out=np.zeros_like(norms), where=norms > 0)
        given = {self.index[item] for item, _ in items if isinstance(item, str)}
        best = [i for i in largest(cosines, topn + len(given)) if i not in given]
        return [(self.words[i], float(cosines[i])) for i in best[:topn]]

    def analogy(self, a: str, b: str, c: str, topn: int = 10) -> list[tuple[str, float]]:
        """What is to ``c`` as ``b`` is to ``a``: ``most_similar([b, c], [a])`` (Mikolov et al. 2013).

        Raises UnknownWordError, a KeyError, for a word without vector.
        """
        return self.most_similar([b, c], [a], topn)

    def nearest_spellings(self, word: str, topn: int = 3) -> list[str]:
        """Up to ``topn`` words that are spelt like ``word``, by edit distance; none if none is near."""
        return nearest(word, self.words, topn)

    def save(self, path: str | os.PathLike[str], *, spaces: str | None = None) -> None:
        """Write to a file, its format by its suffix: see ``formats.write``."""
        from w2v.vectors.formats import write

        write(path, self, spaces=spaces)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, errors: str = "strict") -> WordVectors:
        """Read from a file, its format by its content: see ``formats.read``."""
        from w2v.vectors.formats import read

        return read(path, errors=errors)

    def _mean(self, items: list[tuple[str | Array, float]]) -> Float32[Array, "N"]:
        """The weighted mean of the items, at length one; zero if it is zero."""
        total = np.zeros(self.vector_size)
        for item, weight in items:
            if isinstance(item, str):
                total += weight * self.unit(place := self.place(item), place + 1)[0]
            elif np.shape(item) == (self.vector_size,):
                total += weight * np.asarray(item, np.float64)
            else:
                raise ValueError(f"a vector here has shape ({self.vector_size},), not {np.shape(item)}")
        norm = np.linalg.norm(total)
        return (total / norm if norm else total).astype(np.float32)


def _weighted(items: Any, sign: float) -> list[tuple[str | Array, float]]:
    """Items with their weights; one word, or one vector, is a list of itself."""
    if isinstance(items, str) or (isinstance(items, np.ndarray) and items.ndim == 1):
        items = [items]
    return [item if isinstance(item, tuple) else (item, sign) for item in items]


def largest(values: Float64[Array, "n"], number: int) -> list[int]:
    """The places of the largest values, the largest first; of equal ones the first first."""
    if number < len(values):
        places = np.sort(np.argpartition(-values, number - 1)[:number])
    else:
        places = np.arange(len(values))
    return [int(i) for i in places[np.argsort(-values[places], kind="stable")]]
