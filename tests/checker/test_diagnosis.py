"""The diagnosis names what is wrong, one mistake or two, and never guesses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations import check_gradient
from derivations.checker.explain.constants import name_constant
from derivations.checker.explain.guesses import Guess
from derivations.checker.explain.scenes import Scene
from derivations.checker.explain.search import match

SHAPES = "K, M, K N, N, N M"
WRT = "W b V"


def loss(x: Any, t: Any, W: Any, b: Any, V: Any) -> Any:
    u = x @ W + b
    h = jnp.tanh(u)
    y = jax.nn.sigmoid(h @ V)
    return jnp.sum((y - t) ** 2) / 2


def gradient(
    x: Any,
    t: Any,
    W: Any,
    b: Any,
    V: Any,
    hidden: Callable[..., Any] = lambda dh, u, h: dh * (1 - h**2),
    output: Callable[..., Any] = lambda e, y: e * y * (1 - y),
) -> tuple[Any, Any, Any]:
    u = x @ W + b
    h = np.tanh(u)
    y = 1 / (1 + np.exp(-(h @ V)))
    dv = output(y - t, y)
    du = hidden(V @ dv, u, h)
    return np.outer(x, du), du, np.outer(h, dv)


def said(wrong: Any, examples: int = 40) -> tuple[list[tuple[str, str, str]], tuple[str, ...]]:
    """Kind, argument and sentence of each explanation of a gradient, and what is left unexplained."""
    report = check_gradient(loss, wrong, SHAPES, wrt=WRT, examples=examples)
    assert not report.right
    return [(one.kind, one.argument, one.says) for one in report.diagnosis], report.unexplained


# --- one mistake ------------------------------------------------------------------------------------


def test_one_mistake_is_told_once_for_all_arguments_that_it_spoils() -> None:
    (found,), rest = said(lambda *a: gradient(*a, hidden=lambda dh, u, h: dh))
    assert found[:2] == ("missing-factor", "W b")
    assert "(1 - h**2)" in found[2]
    assert not rest


def test_a_slope_of_another_activation_is_named_with_both() -> None:
    (found,), _ = said(lambda *a: gradient(*a, hidden=lambda dh, u, h: dh * h * (1 - h)))
    assert found[0] == "wrong-factor"
    assert "h * (1 - h) in the place of (1 - h**2)" in found[2]


def test_a_slope_at_the_wrong_place_is_named() -> None:
    (found,), _ = said(lambda *a: gradient(*a, hidden=lambda dh, u, h: dh * (1 - u**2)))
    assert "(1 - u**2) in the place of (1 - h**2)" in found[2]


def test_right_arguments_are_not_spoken_of() -> None:
    (found,), rest = said(lambda *a: (gradient(*a)[0], -gradient(*a)[1], gradient(*a)[2]))
    assert found[:2] == ("wrong-sign", "b")
    assert not rest


# --- two mistakes -----------------------------------------------------------------------------------


def test_two_mistakes_in_two_arguments_are_two_explanations() -> None:
    found, rest = said(lambda *a: (2 * gradient(*a)[0], gradient(*a)[1], gradient(*a)[2][::-1]))
    assert [(kind, argument) for kind, argument, _ in found] == [
        ("constant-factor", "W"),
        ("permuted-rows", "V"),
    ]
    assert not rest


@pytest.mark.parametrize(
    ("wrong", "kinds", "words"),
    [
        (
            lambda *a: gradient(*a, hidden=lambda dh, u, h: dh, output=lambda e, y: e),
            {"missing-factor"},
            ("(1 - h**2)", "y * (1 - y)"),
        ),
        (
            lambda *a: tuple(-g for g in gradient(*a, output=lambda e, y: e)),
            {"missing-factor", "wrong-sign"},
            ("y * (1 - y)", "wrong sign"),
        ),
        (
            lambda *a: (gradient(*a)[0][:, ::-1] * 3, *gradient(*a)[1:]),
            {"permuted-columns", "constant-factor"},
            ("reverse", "3"),
        ),
        (
            lambda *a: (
                gradient(*a, hidden=lambda dh, u, h: dh)[0] + 0.5 * a[2],
                *gradient(*a)[1:],
            ),
            {"missing-factor", "regulariser"},
            ("(1 - h**2)", "1/2 * W"),
        ),
    ],
    ids=["two slopes", "slope and sign", "order and factor", "slope and a term"],
)
def test_two_mistakes_in_one_gradient_are_both_named(
    wrong: Any, kinds: set[str], words: tuple[str, ...]
) -> None:
    found, rest = said(wrong)
    kind, _, says = next(row for row in found if row[1].startswith("W"))
    assert set(kind.split(" + ")) == kinds
    assert all(word in says for word in words)
    assert not rest


# --- it never guesses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda g: g + 0.01 * np.sin(1000 * g),
        lambda g: g * np.linspace(0.9, 1.3, g.size).reshape(g.shape),
        lambda g: np.sign(g) * np.abs(g) ** 0.9,
        lambda g: g + 1e-3 * np.cos(np.arange(g.size).reshape(g.shape)),
    ],
    ids=["a ripple", "a drift", "a power", "waves"],
)
def test_what_is_no_known_mistake_is_not_explained(spoil: Callable[[Any], Any]) -> None:
    found, rest = said(lambda *a: (spoil(gradient(*a)[0]), *gradient(*a)[1:]))
    assert not found
    assert rest == ("W",)


def test_a_mistake_that_fits_on_all_instances_but_few_is_not_an_explanation() -> None:
    def wrong(*a: Any) -> Any:
        dW, db, dV = gradient(*a)
        return (2 * dW if a[0][0] < 1.5 else 1.9 * dW), db, dV

    report = check_gradient(loss, wrong, SHAPES, wrt=WRT, examples=100)
    assert not report.diagnosis
    assert report.unexplained == ("W",)


def test_a_right_gradient_has_no_diagnosis() -> None:
    report = check_gradient(loss, gradient_alone, SHAPES, wrt=WRT, examples=60)
    assert report.right
    assert not report.diagnosis


def gradient_alone(x: Any, t: Any, W: Any, b: Any, V: Any) -> Any:
    return gradient(x, t, W, b, V)


def test_an_explanation_says_on_how_many_instances_it_holds() -> None:
    report = check_gradient(loss, lambda *a: tuple(-g for g in gradient(*a)), SHAPES, wrt=WRT, examples=30)
    (found,) = report.diagnosis
    count = int(found.evidence.split()[1])
    assert found.evidence.startswith(f"on {count} of {count} instances, ")
    assert 10 <= count <= 30


# --- its parts --------------------------------------------------------------------------------------


def scene(hand: Any, right: Any, **sizes: int) -> Scene:
    return Scene(sizes, {"rate": 0.3}, {"W": hand}, {"W": right}, {"W": 1e-15})


SIZES = [{"B": 2, "C": 5}, {"B": 3, "C": 4}, {"B": 7, "C": 4}, {"B": 3, "C": 1}]


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (lambda s: 2.0, "2"),
        (lambda s: -0.5, "-1/2"),
        (lambda s: 1 / s["C"], "1/C"),
        (lambda s: s["B"], "B"),
        (lambda s: -s["B"], "-B"),
        (lambda s: 1 / s["B"] ** 2, "1/B**2"),
        (lambda s: s["B"] * s["C"], "B*C"),
        (lambda s: s["C"] / s["B"], "C/B"),
        (lambda s: 2 / s["C"], "2/C"),
        (lambda s: 0.7, "0.7"),
        (lambda s: 0.0, "0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_constants_have_names(factor: Callable[[Any], float], text: str) -> None:
    scenes = [scene(np.ones(2), np.ones(2), **sizes) for sizes in SIZES]
    constant = name_constant([factor(sizes) for sizes in SIZES], scenes)
    assert constant is not None
    assert constant.text == text


def test_factors_that_follow_no_rule_have_no_name() -> None:
    scenes = [scene(np.ones(2), np.ones(2), **sizes) for sizes in SIZES]
    assert name_constant([2.0, 2.0, 2.0, 2.1], scenes) is None
    assert name_constant([0.31, 0.72, 0.113, 0.9], scenes) is None


@given(spoiled=st.integers(0, 11), size=st.floats(1e-6, 1e3))
def test_one_entry_off_on_one_scene_rules_a_guess_out(spoiled: int, size: float) -> None:
    right = np.arange(1.0, 7.0).reshape(2, 3)
    scenes = [scene(-right * k, right * k, B=k) for k in (1, 2)]
    wrong = scenes[spoiled % 2].hand["W"]
    guess = Guess("wrong-sign", "is turned", lambda scene, name: -scene.right[name], 1.0)
    assert match(guess, "W", scenes) is not None
    wrong.flat[spoiled // 2] += size
    assert match(guess, "W", scenes) is None


def test_a_guess_that_predicts_the_right_gradient_explains_nothing() -> None:
    right = np.arange(1.0, 7.0)
    scenes = [scene(right * k, right * k, B=k) for k in (1, 2, 3)]
    assert (
        match(Guess("none", "is as it is", lambda scene, name: scene.right[name], 1.0), "W", scenes) is None
    )
