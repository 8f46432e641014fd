"""More of the table of primitives: roots, powers, waves, and what picks one value out of several.

The sections of the ledger need few functions; a student's loss may use any of these. Slopes are those of
the textbook, roundings those of ``tolerance``. Where a function has a kink its bound is that
of the branch taken: which entries lie on a kink is the judges' question, not the table's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from derivations.oracle.program.primitives import (
    HELPERS,
    RULES,
    Operand,
    Params,
    Rule,
    axes_of,
    joined,
    rule,
    scaled,
)
from derivations.oracle.tolerance import ELEMENTARY, SPECIAL


def smooth(value: str, slope: str, roundings: float = ELEMENTARY) -> Rule:
    """The rule of a function of one argument, a, by texts for its value and the size of its slope."""

    def computed(out: str, _: Params, a: Operand) -> tuple[str, str]:
        error = scaled(a.bound, f"abs({slope.format(a=a.value, out=out)})")
        return value.format(a=a.value), joined(error, f"{roundings} * abs({out})")

    return computed


FUNCTIONS = {
    "sqrt": ("np.sqrt({a})", "0.5 / {out}", 1.0),
    "rsqrt": ("1.0 / np.sqrt({a})", "0.5 * {out} / {a}", 2.0),
    "sin": ("np.sin({a})", "np.cos({a})", ELEMENTARY),
    "cos": ("np.cos({a})", "np.sin({a})", ELEMENTARY),
    "tan": ("np.tan({a})", "1.0 + {out} * {out}", ELEMENTARY),
    "atan": ("np.arctan({a})", "1.0 / (1.0 + {a} * {a})", ELEMENTARY),
    "sinh": ("np.sinh({a})", "np.cosh({a})", ELEMENTARY),
    "cosh": ("np.cosh({a})", "np.sinh({a})", ELEMENTARY),
    "expm1": ("np.expm1({a})", "1.0 + {out}", ELEMENTARY),
    "exp2": ("np.exp2({a})", "{out}", ELEMENTARY),
    "erf": ("special.erf({a})", "1.2 * np.exp(-{a} * {a})", SPECIAL),
    "erfc": ("special.erfc({a})", "1.2 * np.exp(-{a} * {a})", SPECIAL),
}
RULES |= {name: smooth(*texts) for name, texts in FUNCTIONS.items()}


@rule("pow")
def _pow(out: str, _: Params, a: Operand, b: Operand) -> tuple[str, str]:
    base = scaled(a.bound, f"abs({b.value} * {a.value} ** ({b.value} - 1.0))")
    exponent = scaled(b.bound, f"abs({out} * np.log({a.value}))")
    return f"np.power({a.value}, {b.value})", joined(base, exponent, f"{SPECIAL} * abs({out})")


# --- one of several -------------------------------------------------------------------------------


def sign(a: Any) -> Any:
    """-1, 0 or 1; of the real part, and where that is zero of the other, as NumPy compares."""
    return np.subtract(np.greater(a, 0), np.less(a, 0), dtype=float)


def rounded(a: Any, method: int) -> Any:
    """To the nearest whole number, halves away from zero (method 0) or to the even one."""
    return np.rint(a) if method else np.trunc(a + np.copysign(0.5, a))


HELPERS |= {"sign": sign, "rounded": rounded, "special": special}


@rule("sign")
def _sign(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return f"sign({a.value})", ""


@rule("min")
def _min(out: str, _: Params, a: Operand, b: Operand) -> tuple[str, str]:
    return f"np.minimum({a.value}, {b.value})", joined(a.bound, b.bound)


@rule("clamp")
def _clamp(out: str, _: Params, low: Operand, a: Operand, high: Operand) -> tuple[str, str]:
    value = f"np.minimum(np.maximum({a.value}, {low.value}), {high.value})"
    return value, joined(low.bound, a.bound, high.bound)


@rule("reduce_min")
def _reduce_min(out: str, params: Params, a: Operand) -> tuple[str, str]:
    axes = axes_of(params)
    return f"{a.value}.min({axes})", a.bound and f"({a.bound}).max({axes})"


@rule("floor")
def _floor(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return f"np.floor({a.value})", ""


@rule("ceil")
def _ceil(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return f"np.ceil({a.value})", ""


@rule("round")
def _round(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return f"rounded({a.value}, {int(params['rounding_method'])})", ""


@rule("rem")
def _rem(out: str, _: Params, a: Operand, b: Operand) -> tuple[str, str]:
    turns = scaled(b.bound, f"abs(np.trunc({a.value} / {b.value}))")
    return f"np.fmod({a.value}, {b.value})", joined(a.bound, turns)


@rule("argmax")
def _argmax(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return f"np.argmax({a.value}, {axes_of(params)})", ""


@rule("argmin")
def _argmin(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return f"np.argmin({a.value}, {axes_of(params)})", ""


@rule("is_finite")
def _is_finite(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return f"np.isfinite({a.value})", ""


# --- truth values -----------------------------------------------------------------------------------


def _both(symbol: str) -> Rule:
    return lambda out, _, a, b: (f"({a.value}) {symbol} ({b.value})", "")


RULES |= {name: _both(symbol) for name, symbol in {"and": "&", "or": "|", "xor": "^"}.items()}


@rule("not")
def _not(out: str, _: Params, a: Operand) -> tuple[str, str]:
    return f"np.invert({a.value})", ""


@rule("reduce_and")
def _reduce_and(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return f"{a.value}.all({axes_of(params)})", ""


@rule("reduce_or")
def _reduce_or(out: str, params: Params, a: Operand) -> tuple[str, str]:
    return f"{a.value}.any({axes_of(params)})", ""
