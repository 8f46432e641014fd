"""A loss before the judges: the automatic gradient, and what rounding may do to a gradient by hand.

There are three ways to judge a loss, and this is the usual one, for a loss that JAX can trace. Each finds
the automatic gradient on an instance, how far rounding may take another from it, and whether a judge
who does not share its method finds the same. The other two are in ``evaluating``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from derivations.checker.agreement import central, differing, kinked, not_finite, sensible
from derivations.checker.cases import Judgement
from derivations.checker.differences import Sides, complex_steps, differences
from derivations.checker.tracing import Tracing
from derivations.oracle.cases import Instance
from derivations.oracle.tolerance import STEP, permitted, permitted_in_float32

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


class Traced:
    """A loss that JAX traced: its programs run in NumPy, with bounds on their roundings."""

    def __init__(self, tracing: Tracing) -> None:
        self.tracing = tracing
        self.names = tracing.description.names
        self.by_complex_step = True
        estimated = any(programs.estimated for programs in tracing.by_shape.values())
        self.few_shapes = 0 if tracing.symbolic else 3 if estimated else 12
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
        if disagreement and programs.choices and instance.scale == "plain":
            kink = kink or f"where values tie the loss has a kink: {disagreement}"
        return Judgement(value, reverse, allowed, "" if kink else disagreement, kink)

    def without_derivatives(self, instance: Instance, name: str, allowed: Any) -> tuple[Sides, Any, str]:
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
                    return sides, allowed + STEP, f"the {COMPLEX}"
        found = differences(self.evaluated, instance.inputs, name)
        return central(found), found.permitted + allowed, DIFFERENCES

    def evaluated(self, inputs: Arrays) -> Any:
        """The loss as JAX computes it, compiled for each shape: differences ask for it often."""
        import jax

        with jax.enable_x64(True):
            return self.compiled(*[inputs[name] for name in self.names])

    @cached_property
    def compiled(self) -> Function:
        """The loss, compiled by JAX."""
        import jax

        function: Function = jax.jit(self.tracing.function)
        return function

    def permitted_in_float32(self, instance: Instance) -> dict[str, Any]:
        """The tolerance for a gradient in float32, whose inputs were narrowed."""
        programs = self.tracing.at(instance.inputs)
        values, bounds = self._run(programs.narrow, instance.inputs, instance.sizes)
        rows = zip(self.tracing.wrt, values, bounds, strict=True)
        return {name: permitted_in_float32(sensible(bound, value)) for name, value, bound in rows}
