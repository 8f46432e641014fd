"""More of the table of primitives: sums, largest entries, products of matrices and of many factors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from derivations.oracle.program.primitives import (
    HELPERS,
    Operand,
    Params,
    axes_of,
    integers,
    joined,
    rule,
    size_with_error,
)
from derivations.oracle.tolerance import UNIT


@rule("reduce_sum")
def _reduce_sum(out: str, params: Params, a: Operand) -> tuple[str, str]:
    axes = axes_of(params)
    roundings = f"abs({a.value})" + "".join(f" * {a.value}.shape[{axis}]" for axis in params["axes"])
    return f"{a.value}.sum({axes})", f"({joined(a.bound, roundings)}).sum({axes})"


@rule("reduce_max")
def _reduce_max(out: str, params: Params, a: Operand) -> tuple[str, str]:
    axes = axes_of(params)
    return f"{a.value}.max({axes})", a.bound and f"({a.bound}).max({axes})"


@rule("dot_general")
def _dot_general(out: str, params: Params, a: Operand, b: Operand) -> tuple[str, str]:
    (axes_a, axes_b), batch = params["dimension_numbers"]
    axes = integers(axes_a), integers(axes_b)
    product = batched(batch) if batch[0] else plain_product
    size_a, size_b = f"abs({a.value})", f"abs({b.value})"
    roundings = "".join(f" * {a.value}.shape[{axis}]" for axis in axes[0]) if axes[0] else ""
    right = joined(b.bound, f"{size_b}{roundings}")
    bound = joined(
        product(size_a, f"({right})", axes, a.ndim, b.ndim),
        a.bound and product(f"({a.bound})", size_with_error(b), axes, a.ndim, b.ndim),
    )
    return product(a.value, b.value, axes, a.ndim, b.ndim), bound


def batched(batch: Any) -> Callable[..., str]:
    """The contraction that goes along with the axes ``batch`` of both, which come first."""

    def product(a: str, b: str, axes: Any, ndim_a: int, ndim_b: int) -> str:
        letters_a, letters_b = list("abcdefghijkl"[:ndim_a]), list("mnopqrstuvwx"[:ndim_b])
        for one, other in zip([*axes[0], *batch[0]], [*axes[1], *batch[1]], strict=True):
            letters_b[other] = letters_a[one]
        first = [letters_a[axis] for axis in batch[0]]
        summed = {letters_a[axis] for axis in axes[0]}
        rest = [letter for letter in letters_a + letters_b if letter not in summed | set(first)]
        return f"np.einsum('{''.join(letters_a)},{''.join(letters_b)}->{''.join(first + rest)}', {a}, {b})"

    return product


def plain_product(a: str, b: str, axes: Any, ndim_a: int, ndim_b: int) -> str:
    """The contraction as the plainest NumPy that computes it."""
    if axes == ((), ()):
        return f"np.multiply.outer({a}, {b})"
    plain = {
        (1, 1, ((0,), (0,))): f"{a} @ {b}",
        (1, 2, ((0,), (0,))): f"{a} @ {b}",
        (1, 2, ((0,), (1,))): f"{b} @ {a}",
        (2, 1, ((1,), (0,))): f"{a} @ {b}",
        (2, 1, ((0,), (0,))): f"{b} @ {a}",
        (2, 2, ((1,), (0,))): f"{a} @ {b}",
        (2, 2, ((1,), (1,))): f"{a} @ {b}.T",
        (2, 2, ((0,), (0,))): f"{a}.T @ {b}",
    }
    return plain.get((ndim_a, ndim_b, axes), f"np.tensordot({a}, {b}, {axes})")


def running_sum(a: Any, axis: int, backwards: bool) -> Any:
    """The sums of the entries up to each one, or from each one on."""
    if backwards:
        return np.flip(np.cumsum(np.flip(a, axis), axis), axis)
    return np.cumsum(a, axis)


HELPERS["running_sum"] = running_sum


@rule("cumsum")
def _cumsum(out: str, params: Params, a: Operand) -> tuple[str, str]:
    axis, backwards = params["axis"], params["reverse"]
    terms = joined(a.bound, f"abs({a.value}) * {a.value}.shape[{axis}]")
    return f"running_sum({a.value}, {axis}, {backwards})", f"running_sum({terms}, {axis}, {backwards})"


@rule("reduce_prod")
def _reduce_prod(out: str, params: Params, a: Operand) -> tuple[str, str]:
    """The product of all |a| + ~a is at most that much larger; no division by a factor of zero."""
    axes = axes_of(params)
    roundings = f"{a.value}.size * abs({out})"
    if not a.bound:
        return f"{a.value}.prod({axes})", roundings
    larger = f"({size_with_error(a)}.prod({axes}) - abs({out})) / {UNIT}"
    return f"{a.value}.prod({axes})", f"abs({larger}) + 2 * {roundings}"
