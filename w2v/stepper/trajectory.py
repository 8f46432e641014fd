"""The states of a training run, in any order and within a bounded memory.

A state is the two matrices before a step. The states at every ``stride`` steps are kept, and the states
between are computed again, to the same bits; when there are too many, the stride doubles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy import ndarray as Array

from w2v.stepper.instrument import Quantities
from w2v.stepper.losses import Loss, compute
from w2v.stepper.plane import initial_axes, principal_axes, rotated
from w2v.stepper.settings import StepSettings, WrongSettingError
from w2v.stepper.text import Step, Text

MEMORY = 16 << 20
"""The bytes of matrices that a trajectory keeps, about."""

MAX_WORK = 2_000_000_000
"""The entries that are computed on the way to the furthest step: a few seconds."""

STEP_OVERHEAD = 20_000
"""The entries that take as long to compute as the fixed cost of one step."""

PIECES = 200
"""The number of pieces in which the way to the furthest step is computed, some 10 ms each."""

TOO_LARGE = 1e100
"""A bound on the entries of a matrix that still leaves room to sum their squares."""


@dataclass(frozen=True, eq=False)
class State:
    """The matrices before step ``iteration``, and the axes of its epoch's plane."""

    iteration: int
    W: Float64[Array, "V N"]
    W_prime: Float64[Array, "N J"]
    axes: Float64[Array, "N 2"]


class Trajectory:
    """Training on a text, step by step; the same settings give the same bits in any order of requests.

    ``losses`` holds the loss of every step that was computed so far.
    """

    def __init__(self, text: Text, loss: Loss, settings: StepSettings, memory: int = MEMORY) -> None:
        self.text, self.loss, self.settings = text, loss, settings
        W, W_prime = initial_matrices(len(text.words), settings.vector_size, loss.outputs, settings.seed)
        self.kept = {0: State(0, W, W_prime, initial_axes(W))}
        self.last = self.kept[0]
        self.max_kept = max(2, memory // (W.nbytes + W_prime.nbytes))
        self.stride = 1
        self.losses: list[float] = []

    @property
    def furthest(self) -> int:
        """The last step that can be asked for, so that nobody waits for minutes."""
        V, N = self.last.W.shape
        J, rows = self.loss.outputs, self.loss.rows
        return int(MAX_WORK // (3 * N * (V + J) + 3 * J * rows + STEP_OVERHEAD))

    def advance(self, iteration: int, state: State | None = None) -> State:
        """Compute some steps from ``state``, or the nearest that is kept, towards ``iteration``.

        The way is computed in pieces so that a caller can release its lock in between. Raises
        :class:`WrongSettingError` if the step is too far, or the numbers overflow.
        """
        if iteration > self.furthest:
            steps = len(self.text)
            last = max(0, (self.furthest + 1) // steps - 1)
            reason = (
                f"step {iteration:,}, in epoch {iteration // steps:,}, is too far to be computed while you"
                f" wait: ask for step 0 to {self.furthest:,}, epoch 0 to {last:,}"
            )
            raise WrongSettingError("epoch", reason)
        state = state or self._nearest(iteration)
        for _ in range(min(1 + self.furthest // PIECES, iteration - state.iteration)):
            state = self._after(state, self.quantities(state))
        self.last = state
        return state

    def step(self, iteration: int) -> Step:
        """Return the target and contexts of a step."""
        return self.text.step(iteration % len(self.text))

    def quantities(self, state: State) -> Quantities:
        """Compute every quantity of the step that follows a state, and record its loss."""
        alpha, iteration = self.settings.alpha, state.iteration
        try:
            found = compute(self.loss, self.step(iteration), iteration, state.W, state.W_prime, alpha)
            for name in ("E", "W_new", "W_prime_new"):
                if not np.max(np.abs(found[name])) <= TOO_LARGE:  # also true of NaN
                    raise FloatingPointError(name)
        except (FloatingPointError, ValueError) as problem:
            reason = (
                f"alpha={alpha:g}: at step {iteration:,} the numbers become too large: give a smaller one"
            )
            raise WrongSettingError("alpha", reason) from problem
        if iteration == len(self.losses):
            self.losses.append(float(found["E"]))
        return found

    def keep(self, state: State, found: Quantities) -> None:
        """Keep the state after a step that was computed: it is usually asked for next."""
        following = state.iteration + 1
        if self.last.iteration < following <= self.furthest:
            self.last = self._after(state, found)

    def _nearest(self, iteration: int) -> State:
        start = max(kept for kept in self.kept if kept <= iteration)
        return self.last if start < self.last.iteration <= iteration else self.kept[start]

    def _after(self, state: State, found: Quantities) -> State:
        iteration, W, axes = state.iteration + 1, found["W_new"], state.axes
        if iteration % len(self.text) == 0:
            axes = rotated(principal_axes(W)[0], axes)
        state = State(iteration, W, found["W_prime_new"], axes)
        if iteration % self.stride == 0:
            self.kept[iteration] = state
            if len(self.kept) > self.max_kept:
                self.stride *= 2
                self.kept = {n: state for n, state in self.kept.items() if n % self.stride == 0}
        return state


def initial_matrices(
    V: int, N: int, J: int, seed: int
) -> tuple[Float64[Array, "V N"], Float64[Array, "N J"]]:
    """Return W (V, N) and W' (N, J), uniform between -1 and 1, as in the paper's screenshot.

    word2vec.c starts with W' = 0; then the gradient of W in the first step would be zero.
    """
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, (V, N)), rng.uniform(-1.0, 1.0, (N, J))
