"""Training with NumPy: gather a block's rows, make a step of them, put them back."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from w2v.train.blocks import Block, Places, members, questions
from w2v.train.exact_steps import ExactSteps
from w2v.train.settings import Settings
from w2v.train.steps import loss, new_rows

LOSS_EVERY = 16
"""Blocks from one whose loss is computed to the next; the logarithms cost as much as a product."""


class NumpyBackend:
    """The two tables, and a step on them for each block. The tables are changed in place."""

    def __init__(self, settings: Settings, W: Float[Array, "V N"], V_prime: Float[Array, "M N"]) -> None:
        self.W, self.V_prime = W, V_prime
        self.dtype, self.mean = W.dtype, bool(settings.cbow_mean)
        self.exact = settings.loss == "softmax"
        self.limit = settings.max_update or 0.0
        self.exact_steps = ExactSteps(W, V_prime, self.limit)
        self.every = 1 if self.exact else LOSS_EVERY

    def made_ready(self, pieces: Iterator[Any]) -> Generator[Any, None, None]:
        """The pieces as they are: a block is made when its turn comes, and used while in the cache."""
        yield from pieces

    def run(self, blocks: Iterator[Block], alpha: float) -> tuple[float, float]:
        """One step for each block; returns the loss of some blocks, added, and the pairs in them."""
        total = pairs = 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is told by its loss
            for number, block in enumerate(blocks):
                measure = number % self.every == 0
                total += self.step(block, alpha, measure=measure)
                pairs += int(block.times.sum()) * measure
        return total, pairs

    def step(self, block: Block, alpha: float, *, measure: bool = False) -> float:
        """Move the rows of one block; returns the loss before if asked for it, else 0."""
        A = members(block, self.count, mean=self.mean)
        if self.exact:
            return self.exact_steps.step(block, A, alpha)
        m, q = questions(block, self.count, exact=False)
        X, V_prime = self.W[block.inputs], self.V_prime[block.outputs]
        X, V_prime, y = new_rows(X, V_prime, A, m, q, alpha, self.limit, exact=False, xp=np)
        self.W[block.inputs] = X
        self.V_prime[block.outputs] = V_prime
        return float(loss(y, m, q, exact=False, xp=np)) if measure else 0.0

    def count(self, places: Places, shape: tuple[int, int]) -> Float[Array, "a b"]:
        """How often each place of a matrix occurs."""
        found = np.bincount(places.row * shape[1] + places.column, minlength=shape[0] * shape[1])
        return found.reshape(shape).astype(self.dtype)

    def tables(self) -> tuple[Float[Array, "V N"], Float[Array, "M N"]]:
        """W (V, N) and the output table (M, N)."""
        return self.W, self.V_prime


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """BLAS on one thread: a block's products are too small to share, and two threads cost more than one."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        yield
