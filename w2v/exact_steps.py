"""A step with the exact softmax, by NumPy: the formulas of ``steps``, in pieces that stay in the cache.

The scores are a matrix, target words by vocabulary, and everything done to them beside the three products
is a pass through memory. So what is done to a score is done to a few rows at a time, in place, between the
products; and the output table is moved some rows at a time. With 20,000 words and 512 target words in a
step this is four fifths of the time that the products alone would take (``docs/training.md``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.batches import dE_dH, dE_dU, dE_dV_prime, dE_dW
from w2v.blocks import Block
from w2v.steps import bounded

CACHED = 1 << 17
"""Numbers that a piece holds: half a megabyte in float32."""

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

    def step(self, block: Block, A: Any, q: Float[Array, "B J"], alpha: float) -> float:
        """Move the rows of one block, and all of V'; returns the loss before. A and q are its counts."""
        X = self.W[block.inputs]
        H = X if A is None else A @ X
        if len(H) > len(self.scores):
            self.scores = np.empty((len(H), len(self.V_prime)), H.dtype)
        e = np.matmul(H, self.V_prime.T, out=self.scores[: len(H)])
        lost = sum(self.each(e.size, lambda rows: errors(e[rows], q[rows], block, rows), len(e), len(e[0])))
        of_H = dE_dH(e, self.V_prime.T)
        of_X = of_H if A is None else dE_dW(A, of_H)
        of_V_prime = dE_dV_prime(H, e)
        self.W[block.inputs] = X - bounded(alpha * of_X, self.limit, np)

        def move(rows: slice) -> None:
            self.V_prime[rows] -= bounded(alpha * of_V_prime[rows], self.limit, np)

        list(self.each(of_V_prime.size, move, len(of_V_prime), len(X[0])))
        return float(lost)

    def each(self, size: int, work: Any, rows: int, columns: int) -> Iterator[Any]:
        """``work`` on some rows of a matrix after the other, or several at once where that is worth it."""
        step = max(1, CACHED // columns)
        parts = (slice(start, min(start + step, rows)) for start in range(0, rows, step))
        return self.threads.map(work, parts) if size >= WORTH_THREADS else map(work, parts)


def errors(u: Float[Array, "b V"], q: Float[Array, "b J"], block: Block, rows: slice) -> float:
    """Turn some rows of scores into errors, in place; returns their loss.

    e = m y - q with y = z / s, and so (m / s) z - q: the softmax's division costs no pass of its own.
    """
    wide = np.zeros(u.shape, u.dtype)
    wide[:, block.outputs] = q
    u -= u.max(axis=1, keepdims=True)
    of_asked = u[:, block.outputs]
    z = np.exp(u, out=u)
    s = z.sum(axis=1, keepdims=True)
    u[...] = dE_dU(block.times[rows, None] / s, z, wide)
    return float((q * (np.log(s) - of_asked)).sum())
