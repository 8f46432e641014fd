"""Training with JAX: the same steps, compiled; on a GPU where JAX finds one.

``step`` is a pure function from the tables and a block to new tables and a loss. Blocks come in groups,
padded to one shape and stacked, so that XLA compiles once and runs a group in one call. A padded row is
past the end of its table: what is read there is never used, what is written there is dropped.

A block's products are too small to share among threads: XLA gets one, and what makes the blocks another.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from w2v.train.ahead import ahead
from w2v.train.blocks import Block, Places, members, questions
from w2v.train.settings import Settings
from w2v.train.steps import loss, new_rows

try:
    import jax
    import jax.numpy as jnp
except ImportError as problem:  # pragma: no cover - JAX comes with the package
    raise ModuleNotFoundError("backend='jax' needs JAX: type pip install jax") from problem

GROUP = 64
"""Blocks in a call, whose first one's loss is computed; of the exact softmax, one, and each one's is."""

ROUND = 8
"""Rows are padded to a multiple of this, for which products of matrices are faster."""

ROUND_NODES, ROUND_PLACES = 128, 128
"""Sizes that differ from block to block are padded to a multiple of this, so that few are compiled."""


class Group(NamedTuple):
    """``blocks`` blocks, padded and stacked: the fields of ``Block``, with one more axis before."""

    blocks: Any
    stack: Block


class JaxBackend:
    """The two tables on JAX's device, and a compiled step on them for each group of blocks."""

    def __init__(self, settings: Settings, W: Float[Array, "V N"], V_prime: Float[Array, "M N"]) -> None:
        if settings.loss != "softmax":
            os.environ.setdefault("PJRT_NPROC", "1")  # heeded if JAX was not used yet: one thread for XLA
        self.dtype, self.mean = W.dtype, bool(settings.cbow_mean)
        self.exact = settings.loss == "softmax"
        self.limit = settings.max_update or 0.0
        with self.precision():
            self.params = jnp.array(W), jnp.array(V_prime)
        self.rows = len(W), len(V_prime)
        self.widest = widest(settings)
        self.group = 1 if self.exact else GROUP
        self.most_places: dict[str, int] = {}

    def precision(self) -> Any:
        """JAX's float64 where the tables are float64; otherwise as it is."""
        return jax.enable_x64(True) if self.dtype == np.float64 else contextlib.nullcontext()

    def made_ready(self, pieces: Iterator[Any]) -> Generator[Any, None, None]:
        """The pieces with their blocks in groups; in another thread where that has a core to run on."""
        made = (replace(piece, blocks=self.prepared(piece.blocks)) for piece in pieces)
        return made if jax.default_backend() == "cpu" and cores() == 1 else ahead(made)

    def prepared(self, blocks: Iterator[Block]) -> list[tuple[Group, float]]:
        """The blocks in groups, each with the number of pairs in its first; runs beside the device."""
        some = iter(lambda: list(itertools.islice(blocks, self.group)), [])
        return [(self.stacked(of_group), float(of_group[0].times.sum())) for of_group in some]

    def run(self, groups: list[tuple[Group, float]], alpha: float) -> tuple[float, float]:
        """One step for each block; returns the loss of each group's first, added, and the pairs in them."""
        losses = []
        how = {"exact": self.exact, "mean": self.mean, "limit": self.limit}
        with self.precision():
            for group, _ in groups:
                self.params, lost = steps(self.params, group, self.dtype.type(alpha), **how)
                losses.append(lost)
            return sum(map(float, losses)), sum(pairs for _, pairs in groups)

    def stacked(self, blocks: list[Block]) -> Group:
        """Some blocks as one group, padded."""
        B, R, J = self.widest
        if J is None:
            J = rounded_up(max(len(block.outputs) for block in blocks), ROUND_NODES)
        stack = Block(
            self.padded(blocks, "inputs", np.arange(self.rows[0], self.rows[0] + R)),
            self.padded(blocks, "outputs", np.arange(self.rows[1], self.rows[1] + J)),
            None if blocks[0].members is None else self.places(blocks, "members", B),
            self.places(blocks, "yes", B),
            self.places(blocks, "no", B),
            self.padded(blocks, "times", np.zeros(B, self.dtype)),
            self.padded(blocks, "noise", np.zeros(J, self.dtype)),
        )
        return Group(np.int32(len(blocks)), stack)

    def padded(self, blocks: list[Block], name: str, padding: Array) -> Array:
        """A field of all blocks, (group, len(padding))."""
        kind = np.int32 if padding.dtype.kind == "i" else self.dtype
        stack = np.broadcast_to(padding.astype(kind), (self.group, len(padding))).copy()
        for row, block in zip(stack, blocks, strict=False):
            values = getattr(block, name)
            row[: len(values)] = values
        return stack

    def places(self, blocks: list[Block], name: str, outside: int) -> Places:
        """Places of all blocks, padded with one outside of the matrix."""
        p = rounded_up(max(len(getattr(block, name).row) for block in blocks), ROUND_PLACES)
        p = self.most_places[name] = max(p, self.most_places.get(name, 0))
        row, column = np.full((self.group, p), outside, np.int32), np.zeros((self.group, p), np.int32)
        for a, b, block in zip(row, column, blocks, strict=False):
            places = getattr(block, name)
            a[: len(places.row)], b[: len(places.row)] = places
        return Places(row, column)

    def tables(self) -> tuple[Float[Array, "V N"], Float[Array, "M N"]]:
        """W (V, N) and the output table (M, N), as NumPy arrays."""
        W, V_prime = self.params
        return np.array(W), np.array(V_prime)


def widest(settings: Settings) -> tuple[int, int, int | None]:
    """B, R and J that all blocks fit into. What is padded must not depend on what came before: sums of more
    zeros may round otherwise. None for J with a tree, where it is a group's own.
    """
    targets, window = settings.block_words or 1, 2 * settings.window
    around = targets + window
    asked = (around if settings.sg else targets) + (settings.shared_negatives if settings.negative else 0)
    B, R = rounded_up(targets, ROUND), rounded_up(targets if settings.sg else around, ROUND)
    return B, R, None if settings.hs else rounded_up(asked, ROUND)


def rounded_up(size: int, step: int) -> int:
    """The next multiple of ``step``."""
    return -(-size // step) * step


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def step(
    params: Any, block: Block, alpha: Any, *, exact: bool, mean: bool, limit: float
) -> tuple[Any, Any]:
    """New tables, and the loss before: a pure function of tables, a padded block and learning rate."""
    W, V_prime = params
    counted = functools.partial(count, dtype=W.dtype)
    A, (m, q) = members(block, counted, mean=mean), questions(block, counted, exact=exact)
    X = W.at[block.inputs].get(mode="clip", unique_indices=True)
    if exact:
        q = jnp.zeros((len(q), len(V_prime)), q.dtype).at[:, block.outputs].set(q, mode="drop")
        X, V_prime, y = new_rows(X, V_prime, A, m, q, alpha, limit, exact=exact, xp=jnp)
    else:
        rows = V_prime.at[block.outputs].get(mode="clip", unique_indices=True)
        X, rows, y = new_rows(X, rows, A, m, q, alpha, limit, exact=exact, xp=jnp)
        V_prime = V_prime.at[block.outputs].set(rows, mode="drop", unique_indices=True)
    W = W.at[block.inputs].set(X, mode="drop", unique_indices=True)
    return (W, V_prime), loss(y, m, q, exact=exact, xp=jnp)


def count(places: Places, shape: tuple[int, int], *, dtype: Any) -> Any:
    """How often each place of a matrix occurs; those outside of it do not count."""
    return jnp.zeros(shape, dtype).at[places.row, places.column].add(1, mode="drop")


@functools.partial(jax.jit, static_argnames=("exact", "mean", "limit"), donate_argnums=0)
def steps(params: Any, group: Group, alpha: Any, **how: Any) -> tuple[Any, Any]:
    """The tables after all blocks of a group, and the loss of its first; the tables given are used up."""

    def one(number: Any, params: Any) -> Any:
        block = jax.tree.map(lambda stack: stack[number], group.stack)
        return step(params, block, alpha, **how)[0]

    first = jax.tree.map(lambda stack: stack[0], group.stack)
    params, lost = step(params, first, alpha, **how)
    return jax.lax.fori_loop(1, group.blocks, one, params), lost
