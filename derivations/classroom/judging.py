"""Three ways to put a loss before the judges: traced, evaluated by JAX as it stands, or with NumPy alone.

Each finds the automatic gradient on an instance, how far rounding may take a gradient from it, and
whether another judge, who does not share its method, finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from derivations.classroom.cases import Judgement
from derivations.classroom.differences import Difference, Sides, complex_steps, differences
from derivations.classroom.tracing import Tracing
from derivations.referee.instances import Instance
from derivations.referee.tolerance import ESTIMATED, UNIT, permitted, permitted_in_float32

Function = Callable[..., Any]
Arrays = Mapping[str, Any]

REVERSE, FORWARD = "JAX's reverse mode", "JAX's forward mode"
COMPLEX, DIFFERENCES = "complex step", "differences"


class Method(Protocol):
    """A way to judge a loss."""

    judges: tuple[str, ...]
    few_shapes: int

    def value(self, instance: Instance) -> float:
        """The loss."""

    def judge(self, instance: Instance) -> Judgement:
        """The automatic gradient and its tolerance."""

    def permitted_in_float32(self, instance: Instance) -> dict[str, Any]:
        """The tolerance for a gradient in float32."""


def number(value: Any) -> Any:
    """What a loss returned, as a number that may be complex."""
    return np.asarray(value).item()


class Traced:
    """A loss that JAX traced: its programs run in NumPy, with bounds on their roundings."""

    def __init__(self, tracing: Tracing) -> None:
        self.tracing = tracing
        self.names = tracing.description.names
        self.by_complex_step = True
        self.few_shapes = 0 if tracing.symbolic else 12
        self.judges: tuple[str, ...] = (REVERSE, FORWARD, COMPLEX)

    def _run(self, program: Function, inputs: Arrays, sizes: Mapping[str, int]) -> Any:
        return program(sizes, *[inputs[name] for name in self.names])

    def value(self, instance: Instance) -> float:
        """The loss, by the program of its value."""
        programs = self.tracing.at(instance.inputs)
        return float(np.real(self._run(programs.value, instance.inputs, instance.sizes)[0]))

    def bounded(self, instance: Instance) -> tuple[Arrays, Arrays, dict[str, Any]]:
        """The gradients of reverse and of forward mode, and the bound on the roundings of either."""
        programs = self.tracing.at(instance.inputs)
        values, bounds = self._run(programs.reverse, instance.inputs, instance.sizes)
        others, other_bounds = self._run(programs.forward, instance.inputs, instance.sizes)
        wrt = self.tracing.wrt
        reverse = {n: np.array(value, float) for n, value in zip(wrt, values, strict=True)}
        forward = {n: np.array(value, float) for n, value in zip(wrt, others, strict=True)}
        pairs = zip(wrt, bounds, other_bounds, strict=True)
        bound = {name: sensible(np.maximum(one, other), reverse[name]) for name, one, other in pairs}
        return reverse, forward, bound

    def judge(self, instance: Instance) -> Judgement:
        """Reverse mode, held against forward mode and against a judge without either."""
        programs = self.tracing.at(instance.inputs)
        reverse, forward, bound = self.bounded(instance)
        value = self.value(instance)
        tolerance = permitted_in_float32 if programs.float32 else permitted
        allowed = {name: tolerance(roundings) for name, roundings in bound.items()}
        trouble = not_finite(value, reverse)
        if trouble:
            return Judgement(value, reverse, allowed, trouble=trouble)
        kink, disagreement = "", differing(REVERSE, reverse, FORWARD, forward, allowed)
        for name in reverse:
            sides, margin, judge = self.without_derivatives(instance, name, allowed[name])
            kink = kink or kinked(name, sides, margin)
            found = {name: sides.right}
            disagreement = disagreement or differing(REVERSE, reverse, judge, found, {name: margin})
        return Judgement(value, reverse, allowed, "" if kink else disagreement, kink)

    def without_derivatives(
        self, instance: Instance, name: str, allowed: Any
    ) -> tuple[Sides, Any, str]:
        """The derivative from either side by the complex step or, where that fails, by differences."""
        programs = self.tracing.at(instance.inputs)

        def loss(inputs: Arrays) -> Any:
            return self._run(programs.complex_value, inputs, instance.sizes)

        if self.by_complex_step:
            try:
                sides = complex_steps(loss, instance.inputs, name, both=bool(programs.choices))
            except (TypeError, NotImplementedError):  # a function that is not for complex numbers
                self.by_complex_step = False
                self.judges = (REVERSE, FORWARD, DIFFERENCES)
            else:
                if all(np.isfinite(side).all() for side in sides):
                    return sides, allowed, f"the {COMPLEX}"
        found = differences(loss, instance.inputs, name)
        return central(found), found.permitted + allowed, DIFFERENCES

    def permitted_in_float32(self, instance: Instance) -> dict[str, Any]:
        """The tolerance for a gradient in float32, whose inputs were narrowed."""
        programs = self.tracing.at(instance.inputs)
        values, bounds = self._run(programs.narrow, instance.inputs, instance.sizes)
        rows = zip(self.tracing.wrt, values, bounds, strict=True)
        return {name: permitted_in_float32(sensible(bound, value)) for name, value, bound in rows}


class Evaluated:
    """A loss that JAX can differentiate but not trace: it branches on its values, say."""

    few_shapes = 4

    def __init__(
        self, function: Function, names: Sequence[str], wrt: Sequence[str], *, float32: bool = False
    ) -> None:
        self.function, self.names, self.wrt = function, tuple(names), tuple(wrt)
        self.positions = tuple(self.names.index(name) for name in wrt)
        self.unit = permitted_in_float32 if float32 else permitted
        self.judges: tuple[str, ...] = (REVERSE, FORWARD, DIFFERENCES)

    def _loss(self, inputs: Arrays) -> Any:
        import jax

        with jax.enable_x64(True):
            return number(self.function(*[_jax_array(inputs[name]) for name in self.names]))

    def value(self, instance: Instance) -> float:
        """The loss, as JAX evaluates it."""
        return float(self._loss(instance.inputs))

    def gradient(self, inputs: Arrays) -> dict[str, Any]:
        """Reverse mode, evaluated operation by operation."""
        import jax

        with jax.enable_x64(True):
            given = [_jax_array(inputs[name]) for name in self.names]
            found = jax.grad(self.function, argnums=self.positions)(*given)
            return {name: np.array(one, float) for name, one in zip(self.wrt, found, strict=True)}

    def forward(self, inputs: Arrays) -> dict[str, Any]:
        """Forward mode, the same way."""
        import jax

        with jax.enable_x64(True):
            given = [_jax_array(inputs[name]) for name in self.names]
            found = [jax.jacfwd(self.function, argnums=n)(*given) for n in self.positions]
            return {name: np.array(one, float) for name, one in zip(self.wrt, found, strict=True)}

    def bound(self, inputs: Arrays, gradient: Arrays) -> dict[str, Any]:
        """``ESTIMATED`` roundings of the largest entry, and what moving all inputs by one changes."""
        rng, larger = np.random.default_rng(0), 2.0**10
        found = {name: np.full(np.shape(one), ESTIMATED * np.abs(one).max()) for name, one in gradient.items()}
        for _ in range(2):
            moved = {name: _moved(rng, value, UNIT * larger) for name, value in inputs.items()}
            for name, other in self.gradient(moved).items():
                found[name] = found[name] + 4 * np.abs(other - gradient[name]) / (UNIT * larger)
        return found

    def judge(self, instance: Instance) -> Judgement:
        """Reverse mode, held against forward mode and against differences."""
        value, reverse = self.value(instance), self.gradient(instance.inputs)
        trouble = not_finite(value, reverse)
        if trouble:
            return Judgement(value, reverse, trouble=trouble)
        allowed = {name: self.unit(b) for name, b in self.bound(instance.inputs, reverse).items()}
        kink, forward = "", self.forward(instance.inputs)
        disagreement = differing(REVERSE, reverse, FORWARD, forward, allowed)
        for name in reverse:
            found = differences(self._loss, instance.inputs, name)
            margin = found.permitted + allowed[name]
            kink = kink or kinked(name, one_sided(found), margin)
            other = {name: found.value}
            disagreement = disagreement or differing(REVERSE, reverse, DIFFERENCES, other, {name: margin})
        return Judgement(value, reverse, allowed, "" if kink else disagreement, kink)

    def permitted_in_float32(self, instance: Instance) -> dict[str, Any]:
        """The tolerance for a gradient in float32."""
        bound = self.bound(instance.inputs, self.gradient(instance.inputs))
        return {name: permitted_in_float32(roundings) for name, roundings in bound.items()}


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
        import warnings

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


# --- comparing --------------------------------------------------------------------------------------


def sensible(bound: Any, value: Any) -> Any:
    """A bound of full shape; where infinities made it meaningless, ``ESTIMATED`` of the largest entry."""
    full = np.broadcast_to(bound, np.shape(value))
    largest = ESTIMATED * np.max(np.abs(value), initial=0.0)
    return np.where(np.isfinite(full), full, largest)


def not_finite(value: float, gradient: Arrays) -> str:
    """Where the loss or its automatic gradient is not finite, in words; empty if nowhere."""
    if not np.isfinite(value):
        return f"the loss is {value}"
    for name, array in gradient.items():
        where = np.argwhere(~np.isfinite(array))
        if len(where):
            return f"the automatic gradient is {array[tuple(where[0])]} at {place(name, where[0])}"
    return ""


def place(name: str, index: Any) -> str:
    """``W[0, 1]``; a number has no index."""
    return f"{name}[{', '.join(str(int(n)) for n in index)}]" if len(index) else name


def differing(one: str, ours: Arrays, other: str, theirs: Arrays, allowed: Arrays) -> str:
    """Where two judges differ by more than is allowed, in words; empty if nowhere."""
    for name, array in theirs.items():
        apart = np.asarray(~(np.abs(ours[name] - array) <= allowed[name]))
        if apart.any():
            where = tuple(np.argwhere(apart)[0])
            return (
                f"for {place(name, where)} {one} finds {float(ours[name][where]):.9g}, "
                f"{other} {float(array[where]):.9g}"
            )
    return ""


def kinked(name: str, sides: Sides, margin: Any) -> str:
    """Where the derivative differs from side to side, in words; empty if nowhere."""
    apart = np.asarray(np.abs(sides.right - sides.left) > 2 * margin)
    if not apart.any():
        return ""
    where = tuple(np.argwhere(apart)[0])
    left, right = float(sides.left[where]), float(sides.right[where])
    return f"at {place(name, where)} the loss has a kink: its slope is {left:.6g} below and {right:.6g} above"


def central(found: Difference) -> Sides:
    """Both sides of a difference as they are where there is a kink, else the central value twice."""
    sides = one_sided(found)
    apart = np.abs(sides.right - sides.left) > 0
    return Sides(np.where(apart, sides.right, found.value), np.where(apart, sides.left, found.value))


def one_sided(found: Difference) -> Sides:
    """The sides where they differ by more than a small step explains; else the central value twice."""
    right, left = found.sides
    size = np.maximum(np.maximum(np.abs(right), np.abs(left)), 1.0)
    apart = np.abs(right - left) > 1e-3 * size
    return Sides(np.where(apart, right, found.value), np.where(apart, left, found.value))


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


def _jax_array(value: Any) -> Any:
    import jax

    return jax.numpy.asarray(value)
