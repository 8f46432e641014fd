"""The diagnosis recognises one mistake or two in losses that people write, and does not guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations import check_gradient
from derivations.checker.explain import mistakes
from derivations.checker.explain.constants import name_constant
from derivations.checker.explain.diagnose import explain, gradient_predictions
from derivations.checker.explain.mistakes import Mistake
from derivations.checker.explain.observations import Observation
from derivations.checker.explain.predictions import Prediction
from derivations.checker.explain.search import match
from derivations.zoo import ZOO


def sigmoid(u: Any) -> Any:
    return 1 / (1 + np.exp(-u))


def softmax(u: Any, axis: int = -1) -> Any:
    e = np.exp(u - u.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# --- losses and their gradients, with a place for a mistake ---------------------------------------------


def mlp(x: Any, t: Any, W: Any, b: Any, V: Any) -> Any:
    u = x @ W + b
    h = jnp.tanh(u)
    y = jax.nn.sigmoid(h @ V)
    return jnp.sum((y - t) ** 2) / 2


def mlp_gradient(
    x: Any, t: Any, W: Any, b: Any, V: Any,
    hidden: Callable[..., Any] = lambda dh, u, h: dh * (1 - h**2),
    output: Callable[..., Any] = lambda e, y: e * y * (1 - y),
) -> tuple[Any, Any, Any]:  # fmt: skip
    u = x @ W + b
    h = np.tanh(u)
    y = sigmoid(h @ V)
    dv = output(y - t, y)
    du = hidden(V @ dv, u, h)
    return np.outer(x, du), du, np.outer(h, dv)


def looped(X: Any, t: Any, w: Any) -> Any:
    total = 0.0
    for n in range(len(X)):
        h = 1 / (1 + jnp.exp(-jnp.dot(X[n], w)))
        total = total + (h - t[n]) ** 2
    return total / len(X)


def looped_gradient(
    X: Any, t: Any, w: Any, slope: Any = lambda h: h * (1 - h), *, mean: bool = True
) -> Any:
    h = sigmoid(X @ w)
    return X.T @ (2 * (h - t) * slope(h)) / (len(X) if mean else 1)


def recurrent(x: Any, W: Any, h: Any, t: Any) -> Any:
    for _ in range(3):
        h = jnp.tanh(x + h @ W)
    return jnp.sum((h - t) ** 2)


def recurrent_gradient(x: Any, W: Any, h: Any, t: Any, back: Any) -> Any:
    states = [h]
    for _ in range(3):
        states.append(np.tanh(x + states[-1] @ W))
    dh, dW = 2 * (states[-1] - t), np.zeros_like(W)
    for before, after in zip(states[-2::-1], states[:0:-1], strict=True):
        da = dh * (1 - after**2)
        dW += np.outer(before, da)
        dh = back(W) @ da
    return dW


def skipgram(center: Any, contexts: Any, W: Any, U: Any) -> Any:
    s = U @ W[center]
    e = jnp.exp(s - jnp.max(s))
    p = e / jnp.sum(e)
    return -jnp.sum(jnp.log(p[contexts]))


def skipgram_gradient(center: Any, contexts: Any, W: Any, U: Any, times: int = 0) -> tuple[Any, Any]:
    EI = (times or len(contexts)) * softmax(U @ W[center])
    np.subtract.at(EI, contexts, 1)
    dW = np.zeros_like(W)
    dW[center] = U.T @ EI
    return dW, np.outer(EI, W[center])


def labelled(X: Any, labels: Any, W: Any, b: Any) -> Any:
    log_p = jax.nn.log_softmax(X @ W + b, axis=-1)
    return -log_p[jnp.arange(len(labels)), labels].mean() + 0.05 * (W * W).sum()


def labelled_gradient(
    X: Any, labels: Any, W: Any, b: Any, axis: int = -1, *, mean: bool = True, decay: float = 0.1
) -> tuple[Any, Any]:
    e = softmax(X @ W + b, axis)
    e[np.arange(len(labels)), labels] -= 1
    e = e / len(labels) if mean else e
    return X.T @ e + decay * W, e.sum(axis=0)


def tied(X: Any, W: Any) -> Any:
    H = jax.nn.sigmoid(X @ W)
    return ((H @ W.T - X) ** 2).sum()


def tied_gradient(X: Any, W: Any, decoder: bool, slope: bool) -> Any:
    H = sigmoid(X @ W)
    E = 2 * (H @ W.T - X)
    dH = E @ W * (H * (1 - H) if slope else 1)
    return X.T @ dH + (E.T @ H if decoder else 0)


def leaky(x: Any, W: Any, t: Any) -> Any:
    z = x @ W
    h = jnp.where(z > 0, z, 0.1 * z)
    return jnp.sum((h - t) ** 2)


def leaky_without_slope(x: Any, W: Any, t: Any) -> Any:
    z = x @ W
    return np.outer(x, 2 * (np.where(z > 0, z, 0.1 * z) - t))


def unit(x: Any, t: Any, w: Any) -> Any:
    u = x @ w
    y = jax.nn.sigmoid(u)
    return (t - y) ** 2 / 2


def unit_activated_twice(x: Any, t: Any, w: Any) -> Any:
    y = sigmoid(x @ w)
    return (y - t) * sigmoid(y) * (1 - sigmoid(y)) * x


def without_source() -> Any:
    scope: dict[str, Any] = {"jnp": jnp}
    exec("def loss(x, W, t):\n    h = jnp.tanh(x @ W)\n    return jnp.sum((h - t) ** 2) / 2", scope)
    return scope["loss"]


# --- one mistake or two in one gradient -----------------------------------------------------------------


class Wrong(NamedTuple):
    """A wrong gradient of a loss, and what the explanation of one argument must be and contain."""

    loss: Any
    gradient: Any
    shapes: str
    wrt: str
    argument: str
    kinds: str
    words: tuple[str, ...]
    slow: bool = True


def of_mlp(argument: str, kinds: str, *words: str, slow: bool = True, **mistake: Any) -> Wrong:
    candidate = lambda *a: mlp_gradient(*a, **mistake)  # noqa: E731
    return Wrong(mlp, candidate, "K, M, K N, N, N M", "W b V", argument, kinds, words, slow)


def changed(kinds: str, *words: str, change: Any, slow: bool = True) -> Wrong:
    """The gradient of W or b changed as a whole."""

    def candidate(*a: Any) -> Any:
        dW, db, dV = mlp_gradient(*a)
        return change(dW, a), db, dV

    return Wrong(mlp, candidate, "K, M, K N, N, N M", "W b V", "W", kinds, words, slow)


def of_labelled(kinds: str, *words: str, **mistake: Any) -> Wrong:
    candidate = lambda *a: labelled_gradient(*a, **mistake)  # noqa: E731
    shapes = "B K, B words of M, K M, M"
    return Wrong(labelled, candidate, shapes, "W b", "W", kinds, words)


def of_tied(kinds: str, *words: str, **mistake: Any) -> Wrong:
    return Wrong(tied, lambda *a: tied_gradient(*a, **mistake), "B K, K N", "W", "W", kinds, words)


WORDS = "() words of V, C words of V, V N, V N"

WRONG = {
    "slope missing": of_mlp("W b", "missing-factor", "(1 - h**2)", hidden=lambda dh, u, h: dh, slow=False),
    "slope of another activation": of_mlp(
        "W b", "wrong-factor", "h * (1 - h) instead of (1 - h**2)",
        hidden=lambda dh, u, h: dh * h * (1 - h),
    ),
    "slope of what entered": of_mlp(
        "W b", "wrong-factor", "(1 - u**2) instead of (1 - h**2)", hidden=lambda dh, u, h: dh * (1 - u**2)
    ),
    "wrong sign": changed("wrong-sign", "has the wrong sign", change=lambda g, a: -g, slow=False),
    "negative entries lost": changed("clipped", "negative", change=lambda g, a: np.maximum(g, 0)),
    "rounded": changed("rounded", "2 decimals", change=lambda g, a: np.round(g, 2)),
    "float16": changed(
        "float16", "float16", change=lambda g, a: g.astype(np.float16).astype(float)
    ),
    "another shape": changed("reshaped", "in another shape", change=lambda g, a: g.ravel()),
    "a term too many": changed("extra-term", "extra term 1", change=lambda g, a: g + 1),
    "two slopes": of_mlp(
        "W b", "missing-factor + missing-factor", "(1 - h**2)", "y * (1 - y)",
        hidden=lambda dh, u, h: dh, output=lambda e, y: e,
    ),
    "slope and sign": of_mlp(
        "W b V", "missing-factor + wrong-sign", "y * (1 - y)", "wrong sign", output=lambda e, y: -e
    ),
    "order and factor": changed(
        "permuted-columns + constant-factor", "reverse", "3", change=lambda g, a: 3 * g[:, ::-1]
    ),
    "slope and order": Wrong(
        mlp,
        lambda *a: (mlp_gradient(*a, hidden=lambda dh, u, h: dh)[0][::-1], *mlp_gradient(*a)[1:]),
        "K, M, K N, N, N M", "W b V", "W", "missing-factor + permuted-rows", ("(1 - h**2)", "reverse"),
    ),
    "slope and a term": Wrong(
        mlp,
        lambda *a: (mlp_gradient(*a, hidden=lambda dh, u, h: dh)[0] + 0.5 * a[2], *mlp_gradient(*a)[1:]),
        "K, M, K N, N, N M", "W b V", "W", "missing-factor + regulariser", ("(1 - h**2)", "1/2 * W"),
    ),
    "a size, in a loop": Wrong(
        looped, lambda *a: looped_gradient(*a, mean=False), "B K, B, K", "w", "w", "constant-factor",
        ("your dw is the right one times B",),
    ),
    "a slope, in a loop": Wrong(
        looped, lambda *a: looped_gradient(*a, slope=lambda h: 1), "B K, B, K", "w", "w", "missing-factor",
        ("lacks the factor h * (1 - h)",),
    ),
    "a matrix transposed, in a recurrence": Wrong(
        recurrent, lambda *a: recurrent_gradient(*a, lambda W: W.T), "N, N N, N, N", "W", "W",
        "transposed", ("transpose of W",),
    ),
    "prediction counted once": Wrong(
        skipgram, lambda *a: skipgram_gradient(*a, 1), WORDS, "W U", "W U", "counted-once",
        ("once", "C times"),
    ),
    "softmax over the wrong axis": of_labelled("wrong-axis", "over the wrong axis", axis=0),
    "sum for a mean": of_labelled("constant-factor", "B times", mean=False),
    "regulariser missing": of_labelled("regulariser", "leaves out the regulariser", decay=0.0),
    "regulariser doubled": of_labelled("regulariser", "twice", decay=0.2),
    "sum for a mean, and regulariser": of_labelled("constant-factor", "B times", mean=False, decay=0.2),
    "a path missing": of_tied("missing-path", "W.T", decoder=False, slope=True),
    "a path and a slope missing": of_tied(
        "missing-path + missing-factor", "W.T", "H * (1 - H)", decoder=False, slope=False
    ),
    "a slope on one of two paths": of_tied(
        "missing-factor", "lacks the factor H * (1 - H)", decoder=True, slope=False
    ),
    "an activation with branches": Wrong(
        leaky, leaky_without_slope, "K, K N, N", "W", "W", "missing-factor",
        ("your dW lacks the factor ∂h/∂z",),
    ),
    "a loss without source": Wrong(
        without_source(), lambda x, W, t: np.outer(x, np.tanh(x @ W) - t), "K, K N, N", "W", "W",
        "missing-factor", ("your dW lacks the factor (1 - h**2), on the way from h back to x @ W",),
    ),
    "activated twice": Wrong(
        unit, unit_activated_twice, "K, (), K", "w", "w", "wrong-factor",
        ("sigmoid(y) * (1 - sigmoid(y)) instead of y * (1 - y)",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [pytest.param(w, id=name, marks=[pytest.mark.slow] * w.slow) for name, w in WRONG.items()],
)
def test_a_mistake_is_explained(wrong: Wrong) -> None:
    report = check_gradient(wrong.loss, wrong.gradient, wrong.shapes, wrt=wrong.wrt, examples=50)
    assert not report.right
    assert not any("diagnosis" in note for note in report.notes), report.notes
    assert not report.unexplained
    first = wrong.argument.split()[0]
    (found,) = [one for one in report.diagnosis if first in one.argument.split()]
    assert sorted(found.kind.split(" + ")) == sorted(wrong.kinds.split(" + ")), found
    assert all(word in found.says for word in wrong.words), found
    if len(wrong.kinds.split()) == 1 and "regulariser" not in found.says and wrong.loss is mlp:
        assert found.argument == wrong.argument  # told once, for all arguments that it makes wrong
        assert len(report.diagnosis) == 1  # right arguments are not mentioned


def test_every_kind_of_the_table_is_expected_of_a_specimen_or_here() -> None:
    expected = {kind for specimen in ZOO for kind, _ in specimen.expected}
    expected |= {kind for wrong in WRONG.values() for kind in wrong.kinds.split(" + ")}
    in_table = {row.kind for row in rows()} - {"{permuted}", "{one}"}
    in_table |= {"stale", "float32", "permuted-rows", "permuted-columns"}
    in_table |= {"one-row", "one-column", "one-cell"}
    assert in_table <= expected, in_table - expected


def rows() -> Iterator[Mistake]:
    """All rows of the table."""
    for value in vars(mistakes).values():
        if isinstance(value, Mistake):
            yield value
        elif isinstance(value, tuple):
            yield from (row for row in value if isinstance(row, Mistake))


@pytest.mark.slow
def test_two_mistakes_in_two_arguments_are_two_explanations() -> None:
    def wrong(*a: Any) -> Any:
        dW, db, dV = mlp_gradient(*a)
        return 2 * dW, db, dV[::-1]

    report = check_gradient(mlp, wrong, "K, M, K N, N, N M", wrt="W b V", examples=40)
    found = [(one.kind, one.argument) for one in report.diagnosis]
    assert found == [("constant-factor", "W"), ("permuted-rows", "V")]
    assert not report.unexplained


# --- what is no known mistake ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda g: g + 0.01 * np.sin(1000 * g),
        lambda g: g * np.linspace(0.9, 1.3, g.size).reshape(g.shape),
        lambda g: np.sign(g) * np.abs(g) ** 0.9,
        lambda g: g + 1e-3 * np.cos(np.arange(g.size).reshape(g.shape)),
    ],
    ids=["a ripple", "a drift", "a power", "waves"],
)
def test_what_is_no_known_mistake_is_not_explained(change: Callable[[Any], Any]) -> None:
    wrong = changed("", change=lambda g, a: change(g))
    report = check_gradient(mlp, wrong.gradient, wrong.shapes, wrt=wrong.wrt, examples=40)
    assert not report.diagnosis
    assert report.unexplained == ("W",)


@pytest.mark.slow
def test_a_mistake_that_fits_on_most_cases_is_not_an_explanation() -> None:
    wrong = changed("", change=lambda g, a: 2 * g if a[0][0] < 1.5 else 1.9 * g)
    report = check_gradient(mlp, wrong.gradient, wrong.shapes, wrt=wrong.wrt, examples=100)
    assert not report.diagnosis
    assert report.unexplained == ("W",)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "gradient", "shapes", "wrt"),
    [
        (mlp, mlp_gradient, "K, M, K N, N, N M", "W b V"),
        (skipgram, skipgram_gradient, WORDS, "W U"),
    ],
    ids=["mlp", "skip-gram"],
)
def test_a_right_gradient_has_no_diagnosis(loss: Any, gradient: Any, shapes: str, wrt: str) -> None:
    report = check_gradient(loss, lambda *a: gradient(*a), shapes, wrt=wrt, examples=60)
    assert report.right
    assert not report.diagnosis


def test_nan_in_every_call_is_no_buffer() -> None:
    def wrong(x: Any, t: Any, w: Any) -> Any:
        y = sigmoid(x @ w)
        return np.where(w > 0, np.nan, 1) * (y - t) * y * (1 - y) * x

    report = check_gradient(unit, wrong, "K, (), K", wrt="w")
    assert "stale" not in [one.kind for one in report.diagnosis]
    assert "not-finite" in [finding.kind for finding in report.findings]


def test_an_explanation_says_on_how_many_cases_it_holds() -> None:
    wrong = lambda x, t, w: -((sigmoid(x @ w) - t) * sigmoid(x @ w) * (1 - sigmoid(x @ w)) * x)  # noqa: E731
    report = check_gradient(unit, wrong, "K, (), K", wrt="w", examples=30)
    (found,) = report.diagnosis
    count = int(found.evidence.split()[1])
    assert found.evidence.startswith(f"on {count} of {count} ")
    assert 10 <= count <= 30


# --- the parts of the diagnosis -------------------------------------------------------------------------


def observed(candidate: Any, right: Any, **sizes: int) -> Observation:
    return Observation(sizes, {"rate": 0.3}, {"W": candidate}, {"W": right}, {"W": 1e-15})


SIZES = [{"B": 2, "C": 5}, {"B": 3, "C": 4}, {"B": 7, "C": 4}, {"B": 3, "C": 1}]


@pytest.mark.parametrize("shape", ["K", "K N"])
def test_every_change_of_the_gradient_as_an_array_is_recognised(shape: str) -> None:
    """Each row of the table is made in random arrays, and has to be found by its own sentence."""
    axes = {"W": tuple(shape.split())}
    rng = np.random.default_rng(0)
    arrays = [rng.normal(0, 3, (k, n)[: len(axes["W"])]) for k, n in product((3, 4, 5), (4, 6, 3))]
    rights = [observed(g, g, **dict(zip(axes["W"], g.shape, strict=True))) for g in arrays]
    tried = [one for one in gradient_predictions("W", axes) if one.says != "is transposed"]
    assert len(tried) > 25
    for prediction in tried:
        made = [(one, prediction.at(one, "W")) for one in rights]
        found, rest = explain(["W"], [observed(g, one.right["W"], **one.sizes) for one, g in made], axes)
        assert not rest
        assert [one.kind for one in found] == [prediction.kind], (prediction.says, found)
        assert found[0].says == f"your dW {prediction.says}"


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
        (lambda s: 2.0 + 0.1 * (s["C"] == 1), None),
        (lambda s: np.sin(s["B"] + s["C"]), None),
    ],
    ids=str,
)
def test_constants_have_names(factor: Callable[[Any], float], text: str | None) -> None:
    observations = [observed(np.ones(2), np.ones(2), **sizes) for sizes in SIZES]
    constant = name_constant([factor(sizes) for sizes in SIZES], observations)
    assert (constant and constant.text) == text


@given(changed=st.integers(0, 11), size=st.floats(1e-6, 1e3))
def test_one_wrong_entry_on_one_observation_rules_a_prediction_out(changed: int, size: float) -> None:
    right = np.arange(1.0, 7.0).reshape(2, 3)
    observations = [observed(-right * k, right * k, B=k) for k in (1, 2)]
    negative = Prediction("wrong-sign", "is negative", lambda one, name: -one.right[name], 1.0)
    assert match(negative, "W", observations) is not None
    observations[changed % 2].candidate["W"].flat[changed // 2] += size
    assert match(negative, "W", observations) is None


def test_a_prediction_of_the_right_gradient_explains_nothing() -> None:
    right = np.arange(1.0, 7.0)
    observations = [observed(right * k, right * k, B=k) for k in (1, 2, 3)]
    same = Prediction("none", "is as it is", lambda one, name: one.right[name], 1.0)
    assert match(same, "W", observations) is None


# --- calls that cannot be meant -------------------------------------------------------------------------


def test_a_report_is_readable_at_the_prompt() -> None:
    report = check_gradient(unit, lambda x, t, w: 0 * w, "K, (), K", wrt="w")
    assert repr(report) == str(report)
    assert repr(report).startswith("✗")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((unit, (1.0, 2.0), "K, (), K"), "the gradient is a tuple: give the function"),
        ((unit, unit, "(K,), (), (K,)"), "has brackets: write sizes with spaces"),
        ((unit, unit, ([1], 1, [2])), "write 1.0 for 1"),
        ((unit, unit, (np.ones(4000), 1.0, np.ones(4000))), "has shape (4000,), and every entry"),
    ],
    ids=["numbers for a function", "brackets", "integers", "too many"],
)
def test_an_error_says_how_to_fix_the_call(arguments: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        check_gradient(*arguments)
