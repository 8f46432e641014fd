"""Losses that JAX cannot trace: those that it evaluates as they stand, and those that only NumPy computes.

The first branch on their values, say; the others write into arrays. Nothing is known of their roundings,
so the tolerances are the wider ones of the table.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from derivations.checker.agreement import differing, kinked, not_finite, one_sided
from derivations.checker.cases import Judgement
from derivations.checker.differences import complex_steps, differences
from derivations.checker.judging import COMPLEX, DIFFERENCES, FORWARD, REVERSE
from derivations.oracle.cases import Instance
from derivations.oracle.tolerance import ESTIMATED, NARROW, UNIT, permitted, permitted_in_float32

Function = Callable[..., Any]
Arrays = Mapping[str, Any]


def number(value: Any) -> Any:
    """What a loss returned, as a number that may be complex."""
    return np.asarray(value).item()


class Evaluated:
    """A loss that JAX can differentiate but not trace: it branches on its values, say.

    One that computes in ``float32`` is judged as that, and not by differences, which take small steps.
    """

    few_shapes = 4

    def __init__(
        self, function: Function, names: Sequence[str], wrt: Sequence[str], *, float32: bool = False
    ) -> None:
        import jax

        self.names, self.wrt = tuple(names), tuple(wrt)
        positions = tuple(self.names.index(name) for name in wrt)
        self.unit = NARROW if float32 else UNIT
        self.judges: tuple[str, ...] = (REVERSE, FORWARD) if float32 else (REVERSE, FORWARD, DIFFERENCES)
        self._loss = self._of_inputs(function)
        self._reverse = self._of_inputs(jax.grad(function, argnums=positions))
        self._forward = self._of_inputs(jax.jacfwd(function, argnums=positions))

    def _of_inputs(self, function: Function) -> Callable[[Arrays], Any]:
        """A function of JAX as one of the inputs by name, compiled if JAX can."""
        import jax

        compiled: list[Function] = [jax.jit(function)]
        asks_for_values = (jax.errors.JAXTypeError, jax.errors.JAXIndexError)

        def call(inputs: Arrays) -> Any:
            with jax.enable_x64(True):
                given = [jax.numpy.asarray(inputs[name]) for name in self.names]
                try:
                    return compiled[0](*given)
                except asks_for_values:
                    compiled[0] = function
                    return function(*given)

        return call

    def value(self, instance: Instance) -> float:
        """The loss, as JAX evaluates it."""
        return float(self._loss(instance.inputs))

    def gradient(self, inputs: Arrays) -> dict[str, Any]:
        """Reverse mode, as JAX evaluates it."""
        return {n: np.array(one, float) for n, one in zip(self.wrt, self._reverse(inputs), strict=True)}

    def permitted(self, inputs: Arrays, gradient: Arrays, unit: float) -> dict[str, Any]:
        """``ESTIMATED`` roundings of the largest entry, and what moving all inputs by some changes."""
        rng, some = np.random.default_rng(0), 2.0**6
        found = {n: np.full(np.shape(one), ESTIMATED * np.abs(one).max()) for n, one in gradient.items()}
        for _ in range(2):
            moved = {name: _moved(rng, value, some * unit) for name, value in inputs.items()}
            for name, other in self.gradient(moved).items():
                found[name] = found[name] + 4 * np.abs(other - gradient[name]) / (some * unit)
        tolerance = permitted if unit == UNIT else permitted_in_float32
        return {name: tolerance(roundings) for name, roundings in found.items()}

    def judge(self, instance: Instance) -> Judgement:
        """Reverse mode, held against forward mode and against differences."""
        inputs, value = instance.inputs, self.value(instance)
        reverse = self.gradient(inputs)
        trouble = not_finite(value, reverse)
        if trouble:
            return Judgement(value, reverse, trouble=trouble)
        allowed = self.permitted(inputs, reverse, self.unit)
        forward = {n: np.array(one, float) for n, one in zip(self.wrt, self._forward(inputs), strict=True)}
        kink, disagreement = "", differing(REVERSE, reverse, FORWARD, forward, allowed)
        for name in reverse if DIFFERENCES in self.judges else ():
            found = differences(self._loss, inputs, name)
            margin = found.permitted + allowed[name]
            kink = kink or kinked(name, one_sided(found), margin)
            other = {name: found.value}
            disagreement = disagreement or differing(REVERSE, reverse, DIFFERENCES, other, {name: margin})
        return Judgement(value, reverse, allowed, "" if kink else disagreement, kink)

    def permitted_in_float32(self, instance: Instance) -> dict[str, Any]:
        """The tolerance for a gradient in float32: as many roundings as float64 has."""
        return self.permitted(instance.inputs, self.gradient(instance.inputs), NARROW)


class Numeric:
    """A loss that only NumPy can compute: by the complex step if it takes that, else by differences."""

    few_shapes = 0

    def __init__(self, function: Function, names: Sequence[str], wrt: Sequence[str]) -> None:
        self.function, self.names, self.wrt = function, tuple(names), tuple(wrt)
        self.by_complex_step = True
        self.judges: tuple[str, ...] = (COMPLEX, DIFFERENCES)

    def _loss(self, inputs: Arrays) -> Any:
        return number(self.function(*[_fresh(inputs[name]) for name in self.names]))

    def value(self, instance: Instance) -> float:
        """The loss, as it stands."""
        return float(self._loss(instance.inputs))

    def judge(self, instance: Instance) -> Judgement:
        """The complex step, held against differences, or these alone, with the tolerance they need."""
        value = self.value(instance)
        by_differences = {name: differences(self._loss, instance.inputs, name) for name in self.wrt}
        middle = {name: found.value for name, found in by_differences.items()}
        trouble = not_finite(value, middle)
        if trouble:
            return Judgement(value, middle, trouble=trouble)
        margins = {name: found.permitted for name, found in by_differences.items()}
        kinks = (kinked(n, one_sided(found), margins[n]) for n, found in by_differences.items())
        kink = next(filter(None, kinks), "")
        if self.by_complex_step:
            exact = self.complex_gradient(instance)
            if exact and not differing(COMPLEX, exact, DIFFERENCES, middle, margins):
                return Judgement(value, exact, {name: _near(one) for name, one in exact.items()}, kink=kink)
            if not kink:
                self.by_complex_step, self.judges = False, (DIFFERENCES,)
        return Judgement(value, middle, margins, kink=kink)

    def complex_gradient(self, instance: Instance) -> dict[str, Any] | None:
        """The gradient by the complex step; None if the loss does not take complex numbers."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                steps = (complex_steps(self._loss, instance.inputs, n, both=False) for n in self.wrt)
                found = dict(zip(self.wrt, (sides.right for sides in steps), strict=True))
        except Exception:  # a loss may refuse complex numbers in any way
            return None
        return found if all(np.isfinite(one).all() for one in found.values()) else None

    def permitted_in_float32(self, instance: Instance) -> dict[str, Any]:
        """The tolerance for a gradient in float32: as much wider as the format is coarser."""
        found = self.judge(instance)
        return {
            name: permitted_in_float32(_near(one) / UNIT) + found.permitted[name]
            for name, one in found.automatic.items()
        }


def _near(value: Any) -> Any:
    """The tolerance around a complex step of unknown roundings."""
    return permitted(np.full(np.shape(value), ESTIMATED**2 * np.max(np.abs(value), initial=0.0)))


def _moved(rng: Any, value: Any, by: float) -> Any:
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return value
    return array * (1 + by * rng.choice([-1.0, 1.0], array.shape))


def _fresh(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
