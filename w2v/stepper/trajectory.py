"""Training as a row of states that can be asked for in any order, within a bounded memory.

A state is the two tables before a step. States are kept at every so many steps, and what lies between is
computed again, always to the same bits; when there are too many, every second one is let go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy import ndarray as Array

from w2v.stepper.losses import Loss, Quantities, compute
from w2v.stepper.plane import axes_like, first_axes
from w2v.stepper.settings import StepSettings, WrongSettingError
from w2v.stepper.text import Step, Text

MEMORY = 16 << 20
"""Bytes of tables that a trajectory keeps, about."""

WORK = 2_000_000_000
"""Numbers that are touched on the way to a step, at most: some seconds."""

OVERHEAD = 20_000
"""Numbers that NumPy touches in the time that one small step takes beside its numbers."""


PIECES = 200
"""In how many pieces the way to the furthest step is gone: each takes some hundredths of a second."""

TOO_LARGE = 1e100
"""Entries of a table that are no vectors any more; their squares can still be added."""


@dataclass(frozen=True, eq=False)
class State:
    """The tables before step ``iteration``, and the axes of the epoch's picture, (N, 2)."""

    iteration: int
    W: Float64[Array, "V N"]
    W_prime: Float64[Array, "N J"]
    axes: Float64[Array, "N 2"]


class Trajectory:
    """Training on a text, step by step; the same settings give the same bits in whatever order it is asked.

    ``losses`` holds the loss of every step that was computed so far.
    """

    def __init__(self, text: Text, loss: Loss, settings: StepSettings, memory: int = MEMORY) -> None:
        self.text, self.loss, self.settings = text, loss, settings
        W, W_prime = first_tables(len(text.words), settings.vector_size, loss.outputs, settings.seed)
        self.kept = {0: State(0, W, W_prime, first_axes(W))}
        self.last = self.kept[0]
        self.most = max(2, memory // (W.nbytes + W_prime.nbytes))
        self.stride = 1
        self.losses: list[float] = []

    @property
    def furthest(self) -> int:
        """The last step that can be asked for, so that nobody waits for minutes."""
        V, N = self.last.W.shape
        J, rows = self.loss.outputs, self.loss.rows
        return int(WORK // (3 * N * (V + J) + 3 * J * rows + OVERHEAD))

    def state(self, iteration: int) -> State:
        """The state before a step; :class:`WrongSettingError` if it is too far, or the numbers overflow."""
        state = self.toward(iteration)
        while state.iteration < iteration:
            state = self.toward(iteration, state)
        return state

    def toward(self, iteration: int, state: State | None = None) -> State:
        """``state``, or the nearest that is kept, and some steps on the way to ``iteration``.

        So whoever goes far can let others in between.
        """
        self.check(iteration)
        if state is None:
            state = self.nearest(iteration)
        for _ in range(min(1 + self.furthest // PIECES, iteration - state.iteration)):
            state = self.after(state, self.quantities(state))
        self.last = state
        return state

    def check(self, iteration: int) -> None:
        """Raise :class:`WrongSettingError` for a step that is too far."""
        if iteration > self.furthest:
            steps = len(self.text)
            last = max(0, (self.furthest + 1) // steps - 1)
            raise WrongSettingError(
                "epoch",
                f"step {iteration:,}, in epoch {iteration // steps:,}, is too far to be computed while you"
                f" wait: ask for step 0 to {self.furthest:,}, epoch 0 to {last:,}",
            )

    def nearest(self, iteration: int) -> State:
        """The last state that is kept before a step, or the one that was just there."""
        start = max(kept for kept in self.kept if kept <= iteration)
        return self.last if start < self.last.iteration <= iteration else self.kept[start]

    def step(self, iteration: int) -> Step:
        """The target and contexts of a step."""
        return self.text.step(iteration % len(self.text))

    def quantities(self, state: State) -> Quantities:
        """Every quantity of the step that follows a state; its loss is noted."""
        alpha, iteration = self.settings.alpha, state.iteration
        try:
            found = compute(self.loss, self.step(iteration), iteration, state.W, state.W_prime, alpha)
            check_finite(found)
        except (FloatingPointError, ValueError) as problem:
            raise WrongSettingError(
                "alpha",
                f"alpha={alpha:g}: at step {iteration:,} the numbers become too large: give a smaller one",
            ) from problem
        if iteration == len(self.losses):
            self.losses.append(float(found["E"]))
        return found

    def after(self, state: State, found: Quantities) -> State:
        """The state after a step; it is kept where its number is a multiple of the stride."""
        iteration, W, axes = state.iteration + 1, found["W_new"], state.axes
        if iteration % len(self.text) == 0:
            axes = axes_like(W, axes)
        state = State(iteration, W, found["W_prime_new"], axes)
        if iteration % self.stride == 0:
            self.kept[iteration] = state
            self._thin()
        return state

    def keep(self, state: State, found: Quantities) -> None:
        """Remember the state after a step that was computed anyway: mostly it is asked for next."""
        following = state.iteration + 1
        if self.last.iteration < following <= self.furthest:
            self.last = self.after(state, found)

    def _thin(self) -> None:
        if len(self.kept) > self.most:
            self.stride *= 2
            self.kept = {number: state for number, state in self.kept.items() if number % self.stride == 0}


def check_finite(found: Quantities) -> None:
    """Raise FloatingPointError if a loss or a new table is not finite, or as good as that."""
    for name in ("E", "W_new", "W_prime_new"):
        if not np.max(np.abs(found[name])) <= TOO_LARGE:  # which NaN is not
            raise FloatingPointError(name)


def first_tables(V: int, N: int, J: int, seed: int) -> tuple[Float64[Array, "V N"], Float64[Array, "N J"]]:
    """W (V, N) and W' (N, J), uniform between -1 and 1, as in the paper's screenshot.

    word2vec.c begins with an output table of zeros; there the first word's error could not go back.
    """
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, (V, N)), rng.uniform(-1.0, 1.0, (N, J))
