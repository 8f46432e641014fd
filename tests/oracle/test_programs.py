"""The transcription is on trial: JAX's program run by NumPy is what JAX itself computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.ledger import Model
from derivations.oracle.cases import draw, letters_of
from derivations.oracle.forward_pass import lines_of, quantities
from derivations.oracle.program.primitives import RULES, Operand, UnknownPrimitiveError
from derivations.oracle.program.programs import (
    NUDGE,
    Transcript,
    derivative_program,
    nudged,
    value_program,
)
from derivations.oracle.program.transcripts import inner_jaxpr
from derivations.oracle.tolerance import permitted
from tests.support import DERIVATIVES, LEDGER, model_named

VALUES = sorted(
    {(entry.model, entry.lhs) for entry in LEDGER if isinstance(entry.lhs, str)},
    key=lambda row: (row[0].name, row[1]),
)


def name_of_derivative(row: Any) -> str:
    return row.name if isinstance(row, Model) else str(row)


def by_jax(model: Model, of: str, wrt: str, inputs: dict[str, Any], sizes: dict[str, int]) -> Any:
    """``jax.jit`` of ``jax.jacrev`` at one concrete shape: no program of ours takes part."""
    function, names = nudged(model, of, wrt)
    position = names.index(NUDGE) if NUDGE in names else names.index(wrt)
    arguments = list(inputs.values())
    if NUDGE in names:
        arguments.append(np.zeros(model.notation[wrt].sizes(sizes)))
    with jax.enable_x64(True):
        return np.asarray(jax.jit(jax.jacrev(function, argnums=position))(*arguments))


def unequal_sizes(model: Model) -> dict[str, int]:
    return {letter: size for size, letter in enumerate(letters_of(model), start=2)}


def sizes_of_one(model: Model) -> dict[str, int]:
    return dict.fromkeys(letters_of(model), 1)


@pytest.mark.parametrize("sizes_of", [unequal_sizes, sizes_of_one], ids=["unequal sizes", "all sizes one"])
@pytest.mark.parametrize(("model", "of", "wrt"), DERIVATIVES, ids=name_of_derivative)
def test_a_program_computes_what_jax_computes(
    model: Model, of: str, wrt: str, sizes_of: Callable[[Model], dict[str, int]]
) -> None:
    sizes = sizes_of(model)
    inputs = dict(draw(model, sizes, "ordinary", seed=8).inputs)
    expected = by_jax(model, of, wrt, inputs, sizes)
    reverse, bound = derivative_program(model, of, wrt, "reverse").run_with_bound(inputs, sizes)
    forward = derivative_program(model, of, wrt, "forward").run(inputs, sizes)
    for found in (reverse, forward, derivative_program(model, of, wrt, "reverse").run(inputs, sizes)):
        assert np.shape(found) == expected.shape
        assert np.all(np.abs(found - expected) <= permitted(bound))


@pytest.mark.parametrize(("model", "name"), VALUES, ids=name_of_derivative)
def test_a_value_program_computes_what_jax_computes(model: Model, name: str) -> None:
    sizes = unequal_sizes(model)
    inputs = dict(draw(model, sizes, "saturated", seed=9).inputs)
    with jax.enable_x64(True):
        expected = np.asarray(jax.jit(nudged(model, name, "")[0])(*inputs.values()))
    found, bound = value_program(model, name).run_with_bound(inputs, sizes)
    assert np.all(np.abs(found - expected) <= permitted(bound))


def test_a_program_can_be_read() -> None:
    source = derivative_program(model_named("mlp"), "E", "W", "reverse").source
    assert "v0 = x @ W  # N" in source
    assert len(source.splitlines()) < 30


# --- planted faults ---------------------------------------------------------------------------------


def transcript_of(function: Any, *arrays: Any) -> Transcript:
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(function)(*arrays)
    return Transcript(traced, [f"x{n}" for n in range(len(arrays))], bounds=False)


def test_an_unknown_primitive_is_refused_by_name() -> None:
    with pytest.raises(UnknownPrimitiveError, match="'lgamma', which has no rule"):
        transcript_of(jax.lax.lgamma, np.ones(3))


def test_every_rule_is_used_by_a_program_or_tested_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = {
        "square", "add_any", "copy", "copy_p", "stop_gradient", "ne", "lt", "le", "gt", "ge",
        "integer_pow", "one_minus_square", "squeeze", "select_n", "div", "max", "reduce_max", "tanh",
        "convert_element_type",
        *(name for names in ALONE.values() for name in names),
    }  # fmt: skip
    used = set()
    for name, rule in RULES.items():
        monkeypatch.setitem(RULES, name, lambda *a, n=name, r=rule: (used.add(n), r(*a))[1])
    from derivations.oracle.program.programs import trace

    for model, of, wrt in DERIVATIVES:
        traced = trace(model, of, wrt, "forward"), trace(model, of, wrt, "reverse")
        for jaxpr in traced:
            Transcript(jaxpr, [f"a{n}" for n in range(len(jaxpr.jaxpr.invars))], bounds=True)
    assert set(RULES) - used <= alone, "a rule that nothing uses or tests is a rule too many"


ROWS = np.array([2, 0, -1, 2])
"""Rows of an array of three: one of them twice, one counted from the end."""

FOR_LOSSES: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "sqrt": (lambda a: jax.numpy.sqrt(a * a), ("sqrt",)),
    "rsqrt": (lambda a: jax.lax.rsqrt(a * a), ("rsqrt",)),
    "sin": (jax.numpy.sin, ("sin",)),
    "cos": (lambda a: jax.numpy.cos(3 * a), ("cos",)),
    "tan": (jax.numpy.tan, ("tan",)),
    "atan": (jax.numpy.arctan, ("atan",)),
    "sinh": (jax.numpy.sinh, ("sinh",)),
    "cosh": (jax.numpy.cosh, ("cosh",)),
    "expm1": (lambda a: jax.numpy.expm1(a / 8), ("expm1",)),
    "exp2": (jax.numpy.exp2, ("exp2",)),
    "power": (lambda a: (a * a) ** (0.3 + a), ("pow",)),
    "sign": (lambda a: jax.numpy.sign(a) * a, ("sign",)),
    "minimum": (lambda a: jax.numpy.minimum(a, 0.3 * a), ("min",)),
    "clamp": (lambda a: jax.lax.clamp(-0.5, a, 0.5), ("clamp",)),
    "smallest": (lambda a: (2 * a).min(axis=1), ("reduce_min",)),
    "rounding": (
        lambda a: (
            jax.numpy.floor(a) + jax.numpy.ceil(2 * a) + jax.numpy.round(3 * a) + jax.lax.round(4 * a)
        ),
        ("floor", "ceil", "round"),
    ),
    "remainder": (lambda a: jax.lax.rem(3 * a, 1 + a * a), ("rem",)),
    "places of extremes": (
        lambda a: a[:, jax.numpy.argmax(a[0])] + a[:, jax.numpy.argmin(a[1])],
        ("argmax", "argmin", "dynamic_slice"),
    ),
    "finite": (lambda a: jax.numpy.where(jax.numpy.isfinite(a / a), a, 0.0), ("is_finite",)),
    "truth": (
        lambda a: a * (((a > 0) & (a < 1)) | ~(a < -1) ^ (a > 2)) + (a > 0).all() + (a > 2).any(axis=0),
        ("and", "or", "xor", "not", "reduce_and", "reduce_or"),
    ),
    "running sum": (lambda a: jax.numpy.cumsum(2 * a, axis=1), ("cumsum",)),
    "running sum from the end": (lambda a: jax.lax.cumsum(a, axis=0, reverse=True), ("cumsum",)),
    "product": (lambda a: (1 + a).prod(axis=1), ("reduce_prod",)),
    "rows": (lambda a: (2 * a)[ROWS], ("gather",)),
    "entries": (lambda a: (2 * a)[jax.numpy.arange(3), ROWS[:3]], ("gather",)),
    "along": (
        lambda a: jax.numpy.take_along_axis(2 * a, ROWS[None, :] * np.ones((3, 1), int), 1),
        ("gather",),
    ),
    "a row that is not there": (
        lambda a: jax.numpy.take(a, 7, axis=0, fill_value=3.0, mode="fill"),
        ("gather",),
    ),
    "rows added to": (lambda a: jax.numpy.asarray(a).at[ROWS].add(2 * a[ROWS]), ("scatter-add",)),
    "rows set": (lambda a: jax.numpy.asarray(a).at[ROWS[:3]].set(3 * a), ("scatter",)),
    "gradient of a lookup": (jax.grad(lambda a: (a[ROWS] ** 3).sum()), ("scatter-add", "mul")),
    "slice": (lambda a: (2 * a)[1:, ::2], ("slice",)),
    "window": (
        lambda a: jax.lax.dynamic_update_slice(a, 2 * jax.lax.dynamic_slice(a, (1, 9), (2, 2)), (0, 1)),
        ("dynamic_slice", "dynamic_update_slice"),
    ),
    "concatenate": (lambda a: jax.numpy.concatenate([a, 2 * a[:1]], axis=0), ("concatenate",)),
    "pad": (lambda a: jax.lax.pad(2 * a, 0.5, [(1, 0, 2), (-1, 3, 0)]), ("pad",)),
    "reverse": (lambda a: (2 * a)[::-1, ::-1], ("rev",)),
    "sort": (lambda a: jax.numpy.sort(2 * a, axis=1), ()),
    "gradient of sort": (jax.grad(lambda a: (jax.numpy.sort(a, axis=0) * a).sum()), ()),
    "split": (lambda a: jax.numpy.split(2 * a, [1, 3], axis=1)[1], ()),
    "contract with a batch": (lambda a: jax.numpy.einsum("bi,bij->bj", a, a[:, :, None] * a[:, None]), ()),
    "norm": (lambda a: jax.numpy.linalg.norm(a, axis=1), ()),
    "variance": (lambda a: jax.numpy.var(a, axis=0) + jax.numpy.std(a), ()),
    "triangles": (lambda a: jax.numpy.triu(a) + jax.numpy.tril(2 * a, 1), ()),
    "checkpoint": (jax.grad(jax.checkpoint(lambda a: jax.numpy.sin(a * a).sum())), ()),
    "a choice by whole numbers": (lambda a: jax.nn.one_hot(ROWS, 3) @ a, ()),
    "whole quotient": (lambda a: a * (jax.numpy.arange(4) // 2), ()),
}
ALONE = {name: primitives for name, (_, primitives) in FOR_LOSSES.items()} | {"special": ("erf", "erfc")}

UNARY = {
    "exp": jax.numpy.exp, "log": lambda a: jax.numpy.log(a * a), "tanh": jax.numpy.tanh,
    "logistic": jax.nn.sigmoid, "neg": lambda a: -a, "square": jax.numpy.square, "cube": lambda a: a**3,
    "inverse": lambda a: a**-1, "sum": lambda a: a.sum(), "max": lambda a: a.max(axis=0),
    "reshape": lambda a: a.reshape(-1), "transpose": lambda a: a.T, "squeeze": lambda a: a[None].squeeze(0),
    "softmax": jax.nn.softmax, "log_softmax": jax.nn.log_softmax, "add": lambda a: a + 2.0,
    "broadcast": lambda a: jax.numpy.broadcast_to(a, (2, *a.shape)),
    "select": lambda a: jax.numpy.where(a > 0, a, 2 * a), "le": lambda a: (a <= 0.1) * a,
    "lt": lambda a: (a < 0.1) * a, "ge": lambda a: (a >= 0.1) * a, "ne": lambda a: (a != 0.1) * a,
    "stop": lambda a: jax.lax.stop_gradient(a) * a, "div": lambda a: a / (a * a + 1.0),
    "abs": abs, "log1p": lambda a: jax.numpy.log1p(a * a), "softplus": jax.nn.softplus,
    "maximum": lambda a: jax.numpy.maximum(a, 0.3),
    "contract 3-D": lambda a: jax.numpy.einsum("ij,kij->k", a, a[None] * 2.0),
    "matrix product": lambda a: a.T @ a, "other product": lambda a: a @ a.T,
    "outer": lambda a: jax.numpy.einsum("ij,kl->ijkl", a, a),
    **{name: function for name, (function, _) in FOR_LOSSES.items()},
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@given(seed=st.integers(0, 1000))
@settings(max_examples=5)
def test_a_rule_computes_value_and_a_bound_that_holds(name: str, seed: int) -> None:
    """Against extended precision: the true error is within the bound, in float64 roundings."""
    array = np.random.default_rng(seed).standard_normal((3, 4))
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(UNARY[name])(array)
        expected = np.asarray(UNARY[name](array))
    bounded = Transcript(traced, ["x"], bounds=True).compile()
    value, bound = bounded({}, array)
    exact = Transcript(traced, ["x"], bounds=False).compile()({}, array.astype(np.longdouble))
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    assert np.all(np.abs(np.asarray(exact, dtype=np.longdouble) - value) <= permitted(bound))


def test_one_minus_square_has_a_bound_that_holds() -> None:
    """A primitive of JAX 0.11.2; the rule is tested alone, so that it is tested with every version."""
    array = np.random.default_rng(0).uniform(-1, 1, 1000)
    value, bound = RULES["one_minus_square"]("v", {}, Operand("a", "b", 1, "float64"))
    found = eval(value, {"a": array})
    allowed = eval(bound, {"a": array, "b": 0.0, "v": found})
    exact = eval(value, {"a": array.astype(np.longdouble)})
    assert np.all(np.abs(exact - found) <= permitted(allowed))
    moved = eval(value, {"a": array * (1 + 2.0**-40)})
    reach = eval(bound, {"a": array, "b": np.abs(array) * 2.0**13, "v": found})
    assert np.all(np.abs(moved - found) <= permitted(reach))
    assert np.all(np.abs(moved - found)[np.abs(array) > 0.5] > permitted(allowed)[np.abs(array) > 0.5])


@pytest.mark.parametrize("function", [jax.scipy.special.erf, jax.scipy.special.erfc])
def test_an_error_function_is_as_exact_as_its_bound_says(function: Any) -> None:
    """SciPy has none in extended precision; JAX's own is another."""
    array = np.linspace(-4, 4, 101)
    with jax.enable_x64(True):
        traced, expected = jax.make_jaxpr(function)(array), np.asarray(function(array))
    value, bound = Transcript(traced, ["x"], bounds=True).compile()({}, array)
    assert np.all(np.abs(value - expected) <= permitted(bound))


@pytest.mark.parametrize("name", FOR_LOSSES)
def test_a_primitive_that_is_said_to_be_tested_alone_is_in_its_program(name: str) -> None:
    function, primitives = FOR_LOSSES[name]
    assert set(primitives) <= transcript_primitives(function)


def transcript_primitives(function: Any) -> set[str]:
    with jax.enable_x64(True):
        return primitives_in(jax.make_jaxpr(function)(np.ones((3, 4))).jaxpr)


def primitives_in(jaxpr: Any) -> set[str]:
    inner = [primitives_in(i.jaxpr) for e in jaxpr.eqns if (i := inner_jaxpr(e)) is not None]
    return {e.primitive.name for e in jaxpr.eqns}.union(*inner)


# --- reading a forward pass line by line --------------------------------------------------------------


def straight(a: Any, b: Any) -> Any:
    """Two lines."""
    c = a * b
    d = c + 1
    return d


def crooked(a: Any) -> Any:
    if a > 0:
        a = -a
    return a


def test_every_line_of_a_forward_pass_is_a_quantity() -> None:
    assert quantities(straight, 2.0, 3.0) == {"a": 2.0, "b": 3.0, "c": 6.0, "d": 7.0}


def test_a_nudge_at_a_line_reaches_all_that_follows_and_nothing_before() -> None:
    lines = lines_of(straight)
    found = lines(lambda name, value: value + 10 if name == "c" else value, 2.0, 3.0)
    assert found == {"a": 2.0, "b": 3.0, "c": 16.0, "d": 17.0}


def out_of_order(a: Any) -> Any:
    b = a + 1
    return b, a


def negated(a: Any) -> Any:
    b = a + 1
    return -b


def with_a_statement(a: Any) -> Any:
    b = a + 1
    np.multiply(b, 0, out=b)
    return b


@pytest.mark.parametrize("function", [out_of_order, negated, with_a_statement])
def test_a_forward_pass_returns_its_lines_and_does_nothing_else(function: Any) -> None:
    with pytest.raises(TypeError, match="is not one assignment"):
        lines_of(function)


def test_a_forward_pass_that_is_not_a_straight_line_is_refused() -> None:
    with pytest.raises(TypeError, match=r"crooked, line 2: .* is not one assignment"):
        lines_of(crooked)
