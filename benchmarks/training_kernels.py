"""The products in training_speed.py: the full softmax beside sgemm, the sparse step beside jax.grad."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial
from statistics import median
from typing import Any

import numpy as np
from numpy import ndarray as Array
from threadpoolctl import threadpool_limits

from w2v.data.vocabulary import Vocabulary
from w2v.train.blocks import Block, Questioner, questions
from w2v.train.jax_backend import JaxBackend
from w2v.train.numpy_backend import NumpyBackend
from w2v.train.settings import Settings

SGEMM = 2_000
"""Rows and columns of the square matrices that say what the machine can do."""


def text_of(settings: Settings, V: int, words: int, *, zipf: bool) -> list[Block]:
    """Blocks of a random text of so many words, of V different ones."""
    rng = np.random.default_rng(1)
    frequencies = 1e7 / np.arange(1, V + 1) if zipf else np.full(V, 1e4)
    known = Vocabulary([str(row) for row in range(V)], np.ceil(frequencies).astype(np.int64), 0)
    ids = rng.choice(V, words, p=known.frequencies) if zipf else rng.permutation(V)[:words]
    questioner = Questioner(settings, known)
    return list(questioner.blocks(questioner.pairs(ids, np.zeros(len(ids), np.int32), rng), rng))


def tables(V: int, N: int) -> tuple[Array, Array]:
    """Tables as in the midst of a training."""
    rng = np.random.default_rng(2)
    W, V_prime = rng.normal(0, 0.1, (2, V, N)).astype(np.float32)
    return W, V_prime


def seconds(task: Callable[[], Any]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def train_numpy(backend: NumpyBackend, blocks: list[Block]) -> None:
    """A step for each block."""
    backend.run(iter(blocks), 0.025)


# --- full softmax -----------------------------------------------------------------------------------


def softmax(V: int, N: int, sizes: list[int], rounds: int, threads: int) -> dict[str, Any]:
    """GFLOP/s of a step of the full softmax for each size of a block, and of sgemm, in turns.

    A step counts as its three products, U, ∂E/∂H and ∂E/∂V', of 2·B·V·N operations each.
    """
    rng = np.random.default_rng(3)
    a, b = rng.random((2, SGEMM, SGEMM), np.float32)
    out = np.empty_like(a)
    tasks: dict[str, tuple[float, Callable[[], Any]]] = {
        "sgemm": (2.0 * SGEMM**3, lambda: np.matmul(a, b, out=out))
    }
    for size in sizes:
        settings = Settings(vector_size=N, loss="softmax", block_words=size, dtype="float32").resolved(V)
        blocks = text_of(settings, V, 4 * size, zipf=False)
        work = 3.0 * 2 * V * N * sum(len(block.inputs) for block in blocks)
        numpy, jax = NumpyBackend(settings, *tables(V, N)), JaxBackend(settings, *tables(V, N))
        groups = jax.prepared(iter(blocks))
        tasks[f"products {size}"] = work, partial(products, len(blocks), size, *tables(V, N))
        tasks[f"numpy {size}"] = work, partial(train_numpy, numpy, blocks)
        tasks[f"jax {size}"] = work, partial(jax.run, groups, 0.025)
    with threadpool_limits(threads, "blas"):
        for _, task in tasks.values():
            task()
        rates: dict[str, list[float]] = {name: [] for name in tasks}
        for _ in range(rounds):
            for name, (operations, task) in tasks.items():
                rates[name].append(operations / seconds(task) / 1e9)
    return {name: median(found) for name, found in rates.items()}


def products(times: int, B: int, W: Array, V_prime: Array) -> None:
    """The three products of a step alone, so many times; arrays for the larger results are there."""
    H, U, found = W[:B], scores(B, len(W)), np.empty_like(V_prime)
    for _ in range(times):
        np.matmul(H, V_prime.T, out=U)
        np.matmul(U, V_prime)
        np.matmul(U.T, H, out=found)


@cache
def scores(B: int, V: int) -> Array:
    """An array for the scores of a block."""
    return np.zeros((B, V), np.float32)


# --- sparse and dense -------------------------------------------------------------------------------


def sparse(V: int, N: int, blocks: int, rounds: int) -> dict[str, float]:
    """Microseconds for a block: the hand-written step, NumPy's and JAX's, and ``jax.grad``'s, in turns."""
    settings = Settings(vector_size=N, negative=5).resolved(V)
    some = text_of(settings, V, blocks * settings.block_words, zipf=True)[:blocks]  # type: ignore[operator]
    numpy, jax = NumpyBackend(settings, *tables(V, N)), JaxBackend(settings, *tables(V, N))
    groups, dense = jax.prepared(iter(some)), Dense(settings, V)
    tasks: dict[str, Callable[[], Any]] = {
        "numpy": partial(train_numpy, numpy, some),
        "jax": partial(jax.run, groups, 0.025),
        "grad": partial(dense.run, 0.025),
    }
    with threadpool_limits(1, "blas"):
        dense.prepare(some, numpy)
        check(settings, some[0], V)
        for task in tasks.values():
            task()
        found: dict[str, list[float]] = {name: [] for name in tasks}
        for _ in range(rounds):
            for name, task in tasks.items():
                found[name].append(1e6 * seconds(task) / len(some))
    return {name: median(times) for name, times in found.items()}


class Dense:
    """The same loss, differentiated by ``jax.grad`` for both tables, and plain gradient descent.

    What it is asked is made beforehand and is not in its time; the step is compiled once, and may write its
    new tables where the old ones were.
    """

    def __init__(self, settings: Settings, V: int) -> None:
        import jax
        import jax.numpy as jnp

        def loss(params: Any, inputs: Any, outputs: Any, m: Any, q: Any) -> Any:
            W, V_prime = params
            U = W[inputs] @ V_prime[outputs].T
            return jnp.sum(q * (jax.nn.softplus(U) - U) + (m - q) * jax.nn.softplus(U))

        def step(params: Any, asked: Any, alpha: Any) -> Any:
            gradients = jax.grad(loss)(params, *asked)
            return jax.tree.map(lambda table, gradient: table - alpha * gradient, params, gradients)

        self.step = jax.jit(step, donate_argnums=0)
        self.params = tuple(map(jnp.array, tables(V, settings.vector_size)))
        self.wait: Callable[[Any], Any] = jax.block_until_ready
        size = settings.block_words or 1
        self.shape = size, size + 2 * settings.window + settings.shared_negatives
        self.asked: list[Any] = []

    def prepare(self, blocks: list[Block], backend: NumpyBackend) -> None:
        """The blocks' rows, m and q, padded with questions that nobody asks."""
        import jax.numpy as jnp

        B, J = self.shape
        for block in blocks:
            m, q = questions(block, backend.count, exact=False)
            b, j = B - len(m), J - m.shape[1]
            rows = np.pad(block.inputs, (0, b)), np.pad(block.outputs, (0, j))
            self.asked.append(
                tuple(map(jnp.array, (*rows, *(np.pad(x, ((0, b), (0, j))) for x in (m, q)))))
            )

    def run(self, alpha: float) -> None:
        """A step for each block."""
        for asked in self.asked:
            self.params = self.step(self.params, asked, alpha)
        self.wait(self.params)


def check(settings: Settings, block: Block, V: int) -> None:
    """Without the bound, both make the same step of a block: else the comparison means nothing."""
    ours, theirs = NumpyBackend(settings, *tables(V, settings.vector_size)), Dense(settings, V)
    ours.limit = float("inf")
    theirs.prepare([block], ours)
    ours.step(block, 0.025, measure=False)
    theirs.run(0.025)
    for table, other in zip(ours.tables(), theirs.params, strict=True):
        np.testing.assert_allclose(table, other, rtol=1e-4, atol=1e-5)
