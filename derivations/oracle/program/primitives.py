"""The table of primitives: how each is computed in NumPy, and how its roundings add up.

One rule a primitive of JAX. A rule is given names of operands and returns one expression for the
value and one for the error bound, in units of one rounding (see ``tolerance``). With ``~a`` for the bound
of a and ``|a|`` for its size, the first-order rules are those of any textbook on running error analysis:

    a + b   ~a + ~b + |a + b|                 e^a     |e^a| (~a + 3)
    a b     |a| ~b + ~a |b| + |a b|           log a   ~a / |a| + 3 |log a|
    a · b   |a| · ~b + ~a · |b| + n |a| · |b|     σ(a)    σ(a) (1 - σ(a)) ~a + 4 |σ(a)|
                                              log(1+a)    ~a / |1 + a| + 3 |log(1+a)|

and for products one term of second order, ``~a ~b``, because saturated units multiply zeros. A bound that
is zero is not computed: copies, constants and inputs are exact. A primitive without a rule is refused by
name; nothing is guessed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.notation import tuple_text
from derivations.oracle.tolerance import ELEMENTARY, UNIT


class UnknownPrimitiveError(NotImplementedError):
    """JAX used a primitive that the table below has no rule for."""


@dataclass(frozen=True)
class Operand:
    """A value in a program: expressions of its value and of its bound ("" where exact), its kind."""

    value: str
    bound: str
    ndim: int
    kind: str


Params = Mapping[str, Any]
Rule = Callable[..., tuple[str, str]]
RULES: dict[str, Rule] = {}
SEVERAL: dict[str, Rule] = {}
"""The rules of primitives with several results: their expressions are those of tuples."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule in the table under each of these primitives' names."""

    def enter(function: Rule) -> Rule:
        for name in names:
            RULES[name] = function
        return function

    return enter


def joined(*terms: str) -> str:
    """The sum of the terms that are not empty."""
    return " + ".join(term for term in terms if term)


def scaled(bound: str, factor: str) -> str:
    """A bound times a factor; empty where there is none."""
    return f"({bound}) * {factor}" if bound else ""


def size_with_error(b: Operand) -> str:
    """``|b|``, and its error where it has one: two factors that are 0 by rounding need both errors."""
    return f"(abs({b.value}) + {UNIT} * {b.bound})" if b.bound else f"abs({b.value})"


# --- functions that NumPy needs help with -----------------------------------------------------------


def logistic(a: Any) -> Any:
    """σ(a), for any a."""
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-a))


def broadcast(a: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """JAX's ``broadcast_in_dim``: axis n of a becomes axis axes[n] of the result."""
    a = np.asarray(a)
    full = [1] * len(shape)
    for axis, size in zip(axes, a.shape, strict=True):
        full[axis] = size
    result = np.empty(shape, a.dtype)  # np.broadcast_to takes three times as long
    result[...] = a.reshape(full)
    return result


def iota(shape: tuple[int, ...], axis: int) -> Any:
    """Counting along one axis."""
    return broadcast(np.arange(shape[axis]), shape, (axis,))


def whole_quotient(a: Any, b: Any) -> Any:
    """The quotient of whole numbers without its fraction, towards zero."""
    return np.trunc(np.divide(a, b)).astype(np.result_type(a, b))


HELPERS: dict[str, Any] = {
    "np": np,
    "inf": np.inf,
    "nan": np.nan,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "whole_quotient": whole_quotient,
    "logistic": logistic,
    "broadcast": broadcast,
    "iota": iota,
}

# --- arithmetic -----------------------------------------------------------------------------------


def _sum(sign: str) -> Rule:
    return lambda out, _, a, b: (
        f"{a.value} {sign} {b.value}",
        joined(a.bound, b.bound, f"abs({out})"),
    )


RULES["add"] = RULES["add_any"] = _sum("+")
RULES["sub"] = _sum("-")


@rule("mul")
def _mul(out: str, _: Params, a: Operand, b: Operand) -> tuple[str, str]:
    bounds = scaled(a.bound, size_with_error(b)), scaled(b.bound, f"abs({a.value})")
    return f"{a.value} * {b.value}", joined(*bounds, f"abs({out})")


@rule("div")
def _div(out: str, _: Params, a: Operand, b: Operand) -> tuple[str, str]:
    if not a.kind.startswith("float"):
        return f"whole_quotient({a.value}, {b.value})", ""
    numerator = joined(a.bound, scaled(b.bound, f"abs({out})"))
    return f"{a.value} / {b.value}", joined(numerator and f"({numerator}) / abs({b.value})", f"abs({out})")


@rule("neg")
def _neg(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return f"-{a.value}", a.bound


@rule("integer_pow", "square")
def _integer_pow(out: str, params: Params, a: Operand) -> tuple[str, str]:
    n = params.get("y", 2)
    slope = f"abs({n}.0 * {a.value} ** {n - 1})"
    return f"{a.value} ** {n}", joined(scaled(a.bound, slope), f"{abs(n)}.0 * abs({out})")


@rule("one_minus_square")
def _one_minus_square(out: str, _: Params, a: Operand) -> tuple[str, str]:
    square = f"{a.value} * {a.value}"
    return f"1.0 - {square}", joined(scaled(a.bound, f"abs(2.0 * {a.value})"), f"{square} + abs({out})")


# --- elementary functions -------------------------------------------------------------------------


@rule("exp")
def _exp(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return f"np.exp({a.value})", f"{out} * ({joined(a.bound, str(ELEMENTARY))})"


@rule("log")
def _log(out: str, _: Params, a: Operand) -> tuple[str, str]:
    relative = a.bound and f"({a.bound}) / abs({a.value})"
    return f"np.log({a.value})", joined(relative, f"{ELEMENTARY} * abs({out})")


@rule("log1p")
def _log1p(out: str, _: Params, a: Operand) -> tuple[str, str]:
    slope = a.bound and f"({a.bound}) / abs(1.0 + {a.value})"
    return f"np.log1p({a.value})", joined(slope, f"{ELEMENTARY} * abs({out})")


@rule("abs")
def _abs(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return f"abs({a.value})", a.bound


@rule("tanh")
def _tanh(out: str, _: Params, a: Operand) -> tuple[str, str]:
    slope = scaled(a.bound, f"(1.0 - {out} * {out})")
    return f"np.tanh({a.value})", joined(slope, f"{ELEMENTARY} * abs({out})")


@rule("logistic")
def _logistic(out: str, _: Params, a: Operand) -> tuple[str, str]:
    slope = scaled(a.bound, f"{out} * (1.0 - {out})")
    return f"logistic({a.value})", joined(slope, f"{ELEMENTARY + 1} * {out}")


@rule("max")
def _max(out: str, _: Params, a: Operand, b: Operand) -> tuple[str, str]:
    return f"np.maximum({a.value}, {b.value})", joined(a.bound, b.bound)


# --- moving entries about ---------------------------------------------------------------------------


def moved(template: str, a: Operand) -> tuple[str, str]:
    """The same move for the value and, where there is one, for the bound."""
    return template.format(a.value), a.bound and template.format(f"({a.bound})")


@rule("transpose")
def _transpose(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return moved(f"np.transpose({{}}, {integers(params['permutation'])})", a)


@rule("reshape")
def _reshape(out: str, params: Params, a: Operand) -> tuple[str, str]:
    if params["dimensions"] is not None:
        raise UnknownPrimitiveError("reshape with dimensions has no rule; add one in primitives.py")
    return moved(f"np.reshape({{}}, {shape_of(params['new_sizes'])})", a)


@rule("squeeze")
def _squeeze(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return moved(f"np.squeeze({{}}, {integers(params['dimensions'])})", a)


@rule("broadcast_in_dim")
def _broadcast_in_dim(out: str, params: Params, a: Operand) -> tuple[str, str]:
    shape, axes = shape_of(params["shape"]), integers(params["broadcast_dimensions"])
    return f"broadcast({a.value}, {shape}, {axes})", a.bound and (
        f"broadcast(({a.bound}) + 0.0 * {a.value}, {shape}, {axes})"
    )


@rule("stop_gradient", "copy", "copy_p")
def _copy(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return moved("{}", a)


@rule("convert_element_type")
def _convert(out: str, params: Params, a: Operand) -> tuple[str, str]:
    kind = np.dtype(params["new_dtype"]).name
    if kind == a.kind:
        return moved("{}", a)
    if kind == "float32" and a.kind == "float64":
        raise UnknownPrimitiveError("float32 in the middle has no rule")
    return f"np.asarray({a.value}).astype(np.{kind})", ""


# --- indices and comparisons: exact -----------------------------------------------------------------


@rule("iota")
def _iota(out: str, params: Params) -> tuple[str, str]:
    numbers = f"iota({shape_of(params['shape'])}, {params['dimension']})"
    return numbers + (".astype(float)" if np.dtype(params["dtype"]).kind == "f" else ""), ""


@rule("dim_as_value")
def _dim_as_value(out: str, params: Params) -> tuple[str, str]:
    return shape_of([params["dim"]])[1:-2], ""


def _comparison(symbol: str) -> Rule:
    return lambda out, _, a, b: (f"{a.value} {symbol} {b.value}", "")


for _name, _symbol in {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
    RULES[_name] = _comparison(_symbol)


@rule("select_n")
def _select_n(out: str, _: Params, which: Operand, no: Operand, *others: Operand) -> tuple[str, str]:
    if len(others) != 1:
        raise UnknownPrimitiveError("a choice among more than two has no rule; add one in primitives.py")
    (yes,) = others
    bound = f"np.where({which.value}, {yes.bound or '0.0'}, {no.bound or '0.0'})"
    return f"np.where({which.value}, {yes.value}, {no.value})", bound if yes.bound or no.bound else ""


def axes_of(params: Params) -> str:
    """The axes to reduce, as an argument: one number where there is one."""
    axes = integers(params["axes"])
    return str(axes[0]) if len(axes) == 1 else str(axes)


def kind_of(variable: Any) -> str:
    """The name of a variable's dtype."""
    return str(variable.aval.dtype.name)


def integers(numbers: Any) -> tuple[int, ...]:
    """Axes as plain integers, whatever kind JAX gives."""
    return tuple(int(number) for number in numbers)


def shape_of(sizes: Any) -> str:
    """Sizes, symbolic or not, as the source of a tuple."""
    return tuple_text([str(size).replace("^", "**") for size in sizes])
