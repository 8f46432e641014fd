"""Primitives that have no rule: JAX itself computes them, and their rounding errors are estimated.

JAX adds primitives from release to release. One that the tables do not know is evaluated by JAX in float64
as it stands, so that a run goes on; its name is noted, and the report says which equations it concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from derivations.oracle.program.primitives import HELPERS, UnknownPrimitiveError, shape_of
from derivations.oracle.tolerance import ESTIMATED, UNIT

Arrays = tuple[Any, ...]
Sizes = Mapping[str, int]
SAMPLES = 4
"""How often the inputs of a primitive are moved to see how much its results follow them."""
ENLARGED = 2.0**10
"""The moves, in roundings: large enough that roundings of the primitive itself do not hide their effect."""


def by_jax(names: list[str]) -> Callable[[Any, bool], Callable[..., Arrays]]:
    """Return what evaluates an equation of a jaxpr by JAX, and notes its primitive in ``names``.

    Called with an equation and whether bounds are wanted, it returns a function of sizes, operands
    and, with bounds, the bounds on their errors. Raises ``UnknownPrimitiveError`` where JAX cannot
    evaluate the primitive alone, and in the function for complex operands.
    """

    def evaluator(equation: Any, bounds: bool) -> Callable[..., Arrays]:
        import jax

        name, params = equation.primitive.name, equation.params
        if any(isinstance(value, jax.core.Tracer) for value in params.values()):
            raise UnknownPrimitiveError(f"{name!r} has no rule")
        names.append(name)
        dtypes = [operand.aval.dtype for operand in equation.invars]

        def evaluate(sizes: Sizes, operands: Sequence[Any]) -> Arrays:
            if any(np.iscomplexobj(operand) for operand in operands):
                raise UnknownPrimitiveError(f"{name!r} of complex numbers has no rule")
            with jax.enable_x64(True):
                pairs = zip(operands, dtypes, strict=True)
                given = [jax.numpy.asarray(operand, dtype) for operand, dtype in pairs]
                at_sizes = {key: concrete(value, sizes) for key, value in params.items()}
                found = equation.primitive.bind(*given, **at_sizes)
            return tuple(map(np.asarray, found if equation.primitive.multiple_results else [found]))

        return with_estimates(evaluate) if bounds else evaluate

    return evaluator


def concrete(parameter: Any, sizes: Sizes) -> Any:
    """Replace symbolic sizes in a parameter of a primitive by their values."""
    from jax import export

    if isinstance(parameter, tuple | list):
        return type(parameter)(concrete(one, sizes) for one in parameter)
    if export.is_symbolic_dim(parameter):
        return eval(shape_of([parameter]), {**HELPERS, **sizes})[0]
    return parameter


def with_estimates(evaluate: Callable[..., Arrays]) -> Callable[..., Arrays]:
    """Add to the results of a function an estimate of the error of each.

    It is ``ESTIMATED`` roundings of the largest entry for the function itself, and twice what moving the
    operands at random within their bounds changes, summed over the samples.
    """

    def estimated(sizes: Sizes, operands: Sequence[Any], bounds: Sequence[Any]) -> Arrays:
        rng = np.random.default_rng(0)
        results = evaluate(sizes, operands)
        found = [_own_error(one) for one in results]
        for _ in range(SAMPLES):
            pairs = zip(operands, bounds, strict=True)
            moved = evaluate(sizes, [_moved(rng, operand, bound) for operand, bound in pairs])
            for number, (other, result) in enumerate(zip(moved, results, strict=True)):
                if other.dtype.kind == "f":
                    found[number] = found[number] + 2 * np.abs(other - result) / (UNIT * ENLARGED)
        return (*results, *found)

    return estimated


def _own_error(result: Any) -> Any:
    """Allow ``ESTIMATED`` roundings of the largest entry; integers and truth values are exact."""
    largest = np.max(np.abs(result), initial=0.0) if result.dtype.kind == "f" else 0.0
    return np.full(result.shape, ESTIMATED * largest)


def _moved(rng: np.random.Generator, operand: Any, bound: Any) -> Any:
    if np.asarray(operand).dtype.kind != "f":
        return operand
    signs = rng.choice([-1.0, 1.0], np.shape(operand))
    return operand + signs * (bound + np.abs(operand)) * (UNIT * ENLARGED)
