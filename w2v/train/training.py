"""The training loop: pieces of text become blocks, blocks become steps, and nothing is lost.

A run is a function of its settings, the vocabulary and the encoded text. Every piece of the text has its
own random numbers, seeded by the run's seed, the epoch and the piece's place; so a run that goes on from
the end of any piece, with the tables as they were, ends where an unbroken one does, bit for bit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from w2v.data.vocabulary import EncodedCorpus, Vocabulary
from w2v.train.blocks import Questioner
from w2v.train.numpy_backend import NumpyBackend, one_thread
from w2v.train.settings import Settings

PIECE = 1 << 14
"""Entries of the encoded text in a piece: some hundredths of a second of work."""


@dataclass(frozen=True)
class Position:
    """Where a run is: the epoch, from 0, the entry of the text that comes next, and the words behind it."""

    epoch: int = 0
    entry: int = 0
    words: int = 0


@dataclass(frozen=True)
class Progress:
    """What is told after each piece: words seen of all that will be, learning rate, loss a pair in nats.

    ``loss`` is the mean over the ``pairs`` in the blocks of this piece that were measured, None where
    none was.
    """

    position: Position
    words: int
    total_words: int
    alpha: float
    loss: float | None
    pairs: float


@dataclass(frozen=True)
class Piece:
    """A piece of the text: its blocks, as the backend takes them, learning rate, what comes after."""

    blocks: Any
    alpha: float
    after: Position


class Backend(Protocol):
    """What a backend is: tables, and a step on them for each block."""

    def made_ready(self, pieces: Iterator[Piece]) -> Generator[Piece, None, None]:
        """The pieces with their blocks as ``run`` takes them."""

    def run(self, blocks: Any, alpha: float) -> tuple[float, float]:
        """One step for each block; returns the loss of some blocks, added, and the pairs in them."""

    def tables(self) -> tuple[Array, Array]:
        """W and the output table, as NumPy arrays."""


def initial_tables(
    settings: Settings, vocabulary: Vocabulary
) -> tuple[Float[Array, "V N"], Float[Array, "M N"]]:
    """W, uniform between -1/2N and 1/2N, and an output table of zeros, as word2vec.c and gensim begin.

    The output table has a row for each word (softmax, negative sampling), for each inner node of the
    Huffman tree (hierarchical softmax), or first the ones and then the others.
    """
    rng = np.random.default_rng([0, settings.seed])
    V, N = len(vocabulary), settings.vector_size
    dtype = np.dtype(settings.dtype)
    W = (rng.random((V, N)) - 0.5) / N
    return W.astype(dtype), np.zeros((Questioner(settings, vocabulary).rows_of_outputs, N), dtype)


def backend_of(settings: Settings, W: Array, V_prime: Array) -> Backend:
    """The backend that the settings name; JAX is imported only where it is asked for."""
    if settings.backend == "jax":
        from w2v.train.jax_backend import JaxBackend

        return JaxBackend(settings, W, V_prime)
    return NumpyBackend(settings, W, V_prime)


def pieces(
    settings: Settings, vocabulary: Vocabulary, corpus: EncodedCorpus, start: Position
) -> Generator[Piece, None, None]:
    """The pieces from a position to the end of the last epoch."""
    questioner = Questioner(settings, vocabulary)
    position = start
    while position.epoch < settings.epochs:
        if position.entry >= corpus.entries:
            position = Position(position.epoch + 1, 0, 0)
            continue
        rng = np.random.default_rng([1, settings.seed, position.epoch, position.entry])
        ids, sentence, words, stop = corpus.read(position.entry, PIECE)
        after = replace(position, entry=stop, words=position.words + words)
        blocks = questioner.blocks(questioner.pairs(ids, sentence, rng), rng)
        yield Piece(blocks, learning_rate(settings, position, corpus.raw_words), after)
        position = after


def learning_rate(settings: Settings, position: Position, raw_words: int) -> float:
    """From ``alpha`` to ``min_alpha`` in a straight line over the words of all epochs, as gensim's."""
    done = (position.epoch + position.words / raw_words) / settings.epochs
    alpha = settings.alpha or 0.0
    return alpha - (alpha - settings.min_alpha) * done


def train(
    settings: Settings,
    vocabulary: Vocabulary,
    corpus: EncodedCorpus,
    W: Float[Array, "V N"],
    V_prime: Float[Array, "M N"],
    *,
    start: Position | None = None,
    after_piece: Callable[[Progress, Backend], None] | None = None,
) -> tuple[Float[Array, "V N"], Float[Array, "M N"]]:
    """Train the tables from a position on and return them; ``settings`` are resolved ones.

    ``W`` and ``V_prime`` may be changed in place. ``after_piece`` is called at the end of every piece,
    where a checkpoint can be taken. Raises ``FloatingPointError`` if the loss is no longer finite.
    """
    backend = backend_of(settings, W, V_prime)
    total = corpus.raw_words * settings.epochs
    with contextlib.nullcontext() if settings.loss == "softmax" else one_thread():
        todo = pieces(settings, vocabulary, corpus, start or Position())
        with contextlib.closing(backend.made_ready(todo)) as ready:
            for piece in ready:
                loss, pairs = backend.run(piece.blocks, piece.alpha)
                check_finite(loss, settings, piece)
                if after_piece is not None:
                    words = piece.after.epoch * corpus.raw_words + piece.after.words
                    mean = loss / pairs if pairs else None
                    after_piece(Progress(piece.after, words, total, piece.alpha, mean, pairs), backend)
    return backend.tables()


def check_finite(loss: float, settings: Settings, piece: Piece) -> None:
    """Raise FloatingPointError for a run that has diverged."""
    if not np.isfinite(loss):
        high = f"alpha={settings.alpha:g}, max_update={settings.max_update:g}"
        epoch = f"the loss is {loss} in epoch {piece.after.epoch + 1}"
        raise FloatingPointError(f"{epoch}: the learning rate is too high ({high}): give a smaller one")
