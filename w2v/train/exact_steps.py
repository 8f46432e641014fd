"""A step with the exact softmax, by NumPy: the formulas of ``steps``, in pieces that stay in the cache.

The scores are a matrix, target words by vocabulary, and everything done to them beside the three products
is a pass through memory. So what is done to a score is done to a few rows at a time, in place, between the
products; and the output table is moved some rows at a time. With 20,000 words and 512 target words in a
step, four fifths of its time are the products (``docs/training.md``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int64
from numpy import ndarray as Array

from derivations.techniques.batches import dE_dH, dE_dU, dE_dV_prime, dE_dW
from w2v.train.blocks import Block
from w2v.train.steps import bounded

CACHED = 1 << 17
"""Numbers that a piece holds: half a megabyte in float32."""

NONE = np.zeros((1, 1), np.float32)
"""q of words that are not asked about."""

WORTH_THREADS = 1 << 21
"""Scores from which on their rows are shared among threads."""


class ExactSteps:
    """Steps on the tables W (V, N) and V' (V, N), which are changed in place."""

    def __init__(self, W: Float[Array, "V N"], V_prime: Float[Array, "V N"], limit: float) -> None:
        self.W, self.V_prime, self.limit = W, V_prime, limit
        self.scores = np.empty((0, len(V_prime)), W.dtype)

    @cached_property
    def threads(self) -> ThreadPoolExecutor:
        """NumPy lets go of Python while it works through a piece, so threads do work at once."""
        return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="w2v-rows")

    def step(self, block: Block, A: Any, alpha: float) -> float:
        """Move the rows of one block, and all of V'; returns the loss before. ``A`` is the block's."""
        X = self.W[block.inputs]
        H = X if A is None else A @ X
        if len(H) > len(self.scores):
            self.scores = np.empty((len(H), len(self.V_prime)), H.dtype)
        e = np.matmul(H, self.V_prime.T, out=self.scores[: len(H)])
        asked = Asked.of(block)
        lost = sum(self.each(e.size, lambda rows: asked.errors(e, rows), *e.shape))
        of_H = dE_dH(e, self.V_prime.T)
        of_X = of_H if A is None else dE_dW(A, of_H)
        of_V_prime = dE_dV_prime(H, e)
        self.W[block.inputs] = X - bounded(alpha * of_X, self.limit, np)

        def move(rows: slice) -> None:
            self.V_prime[rows] -= bounded(alpha * of_V_prime[rows], self.limit, np)

        list(self.each(of_V_prime.size, move, *of_V_prime.shape))
        return float(lost)

    def each(self, size: int, work: Any, rows: int, columns: int) -> Iterator[Any]:
        """``work`` on some rows of a matrix after the other, or several at once where that is worth it."""
        step = max(1, CACHED // columns)
        parts = (slice(start, min(start + step, rows)) for start in range(0, rows, step))
        return self.threads.map(work, parts) if size >= WORTH_THREADS else map(work, parts)


class Asked(NamedTuple):
    """Where q is not 0: ``row`` and ``word`` (p,), sorted by row, ``q`` (p,) there; m is ``times`` (B,)."""

    row: Int64[Array, "p"]
    word: Int64[Array, "p"]
    q: Float[Array, "p"]
    times: Float[Array, "B"]

    @classmethod
    def of(cls, block: Block) -> Asked:
        """The places of a block's questions, each once."""
        J = len(block.outputs)
        place, q = np.unique(block.yes.row * J + block.yes.column, return_counts=True)
        return cls(place // J, block.outputs[place % J], q.astype(block.times.dtype), block.times)

    def errors(self, scores: Float[Array, "B V"], rows: slice) -> float:
        """Turn some rows of scores into errors, in place; returns their loss.

        Most words are not asked about: for them q is 0.
        """
        some = slice(*np.searchsorted(self.row, [rows.start, rows.stop]))
        row, word, q = self.row[some], self.word[some], self.q[some]
        u, m = scores[rows], self.times[rows, None]
        u -= u.max(axis=1, keepdims=True)
        of_asked = scores[row, word]
        z = np.exp(u, out=u)
        s = z.sum(axis=1, keepdims=True)
        y = np.divide(z, s, out=z)
        u[...] = dE_dU(m, y, NONE)
        s = s[row - rows.start, 0]
        scores[row, word] = dE_dU(self.times[row], np.exp(of_asked) / s, q)
        return float((q * (np.log(s) - of_asked)).sum())
