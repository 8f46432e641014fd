"""A scan is transcribed as a loop: forwards, backwards, with bounds, for any number of steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from derivations.oracle.program import loops
from derivations.oracle.program.programs import Transcript
from derivations.oracle.tolerance import permitted


def two_carried(a: Any) -> Any:
    """Two values carried and swapped, two collected, one of them the carry as it came in."""

    def step(carry: Any, row: Any) -> Any:
        first, second = carry
        return (second * row, jnp.tanh(first)), (first, second + row)

    (first, second), (before, added) = jax.lax.scan(step, (a.sum(axis=0), a.max(axis=0)), a)
    return first @ second + (before * added).sum()


def nothing_collected(a: Any) -> Any:
    return jax.lax.scan(lambda c, row: (jax.nn.sigmoid(c + row), None), a.sum(axis=0), a)[0]


def nothing_carried(a: Any) -> Any:
    return jax.lax.scan(lambda c, row: (c, row * row), (), a)[1]


def backwards(a: Any) -> Any:
    return jax.lax.scan(lambda c, row: (a.T @ (a @ c) + row, c), a.sum(axis=0), a, reverse=True)[1]


def nested(a: Any) -> Any:
    def outer(c: Any, row: Any) -> Any:
        inner = jax.lax.scan(lambda d, x: (d * x + c, d), row.sum(), row)
        return c + inner[0], inner[1]

    return jax.lax.scan(outer, 0.0, a)[1]


SCANS: dict[str, Callable[[Any], Any]] = {
    "two carried": two_carried,
    "its gradient": jax.grad(two_carried),
    "its forward derivative": jax.jacfwd(two_carried),
    "nothing collected": nothing_collected,
    "nothing carried": nothing_carried,
    "backwards": backwards,
    "backwards, reverse derivative": jax.jacrev(backwards),
    "backwards, forward derivative": jax.jacfwd(backwards),
    "nested": nested,
}


def traced(name: str, *arrays: Any) -> Any:
    with jax.enable_x64(True):
        return jax.make_jaxpr(SCANS[name])(*arrays)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("name", SCANS)
def test_a_loop_computes_what_jax_computes_and_its_bound_holds(name: str, steps: int) -> None:
    """One trace for all steps; the true error, by long double, is within the bound."""
    array = np.random.default_rng(steps).standard_normal((steps, 3)) / 2
    sizes = {"T": steps}
    with jax.enable_x64(True):
        struct: Any = jax.ShapeDtypeStruct
        jaxpr = traced(name, struct((*export.symbolic_shape("T"), 3), np.float64))
        expected = np.asarray(SCANS[name](array))
    value, bound = Transcript(jaxpr, ["x"], bounds=True).compile()(sizes, array)
    plain = Transcript(jaxpr, ["x"], bounds=False).compile()
    exact = plain(sizes, array.astype(np.longdouble))
    np.testing.assert_array_equal(plain(sizes, array), value)
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)
    assert np.all(np.abs(np.asarray(exact, dtype=np.longdouble) - value) <= permitted(bound))


class Tree:
    """A stand-in for the tree in which JAX 0.11 gives the operands of a scan."""

    def unpack(self) -> tuple[tuple[None, ...], ...]:
        return (None, None), (None,), (None, None, None)


@pytest.mark.parametrize("params", [{"num_consts": 2, "num_carry": 1}, {"ft_in": Tree()}])
def test_the_operands_of_a_scan_are_counted_in_every_version_of_jax(params: dict[str, Any]) -> None:
    assert loops.constants_and_carried(params) == (2, 1)


def test_bounds_grow_from_step_to_step() -> None:
    """An error of the first step enters the last: a bound of the body alone would not hold."""
    array = np.full((40, 2), 1.01)
    jaxpr = traced("backwards", array)
    bounds = Transcript(jaxpr, ["x"], bounds=True).compile()({}, array)[1]
    assert np.all(np.diff(bounds[::-1], axis=0) > 0)


FAULTS = {
    "the order forgotten": ("reversed(", "iter("),
    "the rows left in the order of the steps": ("[::-1]", ""),
    "the carry not carried": ("    v1 = ", "    _ = "),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_loop_transcribed_wrong_is_told_apart(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = FAULTS[fault]
    array = np.random.default_rng(3).standard_normal((4, 3))
    jaxpr = traced("backwards", array)
    plain = Transcript(jaxpr, ["x"], bounds=False).compile()({}, array)
    lines = loops.loop
    monkeypatch.setattr(loops, "loop", lambda *a: (line.replace(right, wrong) for line in lines(*a)))
    faulty = Transcript(jaxpr, ["x"], bounds=False).compile()({}, array)
    assert np.abs(faulty - plain).max() > 1e-3


def test_a_loop_whose_body_has_no_rule_is_refused_by_name() -> None:
    with jax.enable_x64(True):
        body = lambda c, r: (jax.lax.lgamma(c + r), c)  # noqa: E731
        jaxpr = jax.make_jaxpr(lambda a: jax.lax.scan(body, a.sum(axis=0), a))(np.ones((3, 2)))
    with pytest.raises(NotImplementedError, match="'lgamma', which has no rule"):
        Transcript(jaxpr, ["x"], bounds=False)


def test_a_loop_can_be_read() -> None:
    jaxpr = traced("nothing carried", np.ones((3, 2)))
    assert "    for n3 in range(3):\n        v0 = x[n3]" in Transcript(jaxpr, ["x"], bounds=False).source
