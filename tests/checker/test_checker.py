"""The checker is on trial: right gradients pass, planted faults are found, each for what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import derivations
from derivations import assert_gradient, check_gradient
from derivations.checker import Report, shrink
from derivations.checker.shapes import describe, draw
from derivations.checker.shrink import smallest_failing
from derivations.oracle.cases import Instance
from derivations.paper import mlp, skipgram

Function = Callable[..., Any]

# --- losses and their right gradients -----------------------------------------------------------------


def relu_net(X: Any, t: Any, W: Any, b: Any, V: Any, c: Any) -> Any:
    return jnp.mean(jnp.sum((jax.nn.relu(X @ W + b) @ V + c - t) ** 2, axis=1))


def relu_net_gradient(X: Any, t: Any, W: Any, b: Any, V: Any, c: Any) -> Any:
    u = X @ W + b
    h = np.maximum(u, 0)
    e = 2 * (h @ V + c - t) / len(X)
    d = (e @ V.T) * (u > 0)
    return X.T @ d, d.sum(axis=0), h.T @ e, e.sum(axis=0)


def softmax(u: Any) -> Any:
    y = np.exp(u - u.max(axis=-1, keepdims=True))
    return y / y.sum(axis=-1, keepdims=True)


def lookup(words: Any, targets: Any, W: Any, W_prime: Any) -> Any:
    scores = jax.nn.log_softmax(W[words] @ W_prime, axis=1)
    return -jnp.mean(jnp.take_along_axis(scores, targets[:, None], axis=1))


def lookup_gradient(words: Any, targets: Any, W: Any, W_prime: Any) -> Any:
    e = softmax(W[words] @ W_prime)
    e[np.arange(len(words)), targets] -= 1
    e /= len(words)
    dW = np.zeros_like(W)
    np.add.at(dW, words, e @ W_prime.T)
    return {"W": dW, "W_prime": W[words].T @ e}


def logistic(X: Any, t: Any, w: Any, b: Any, rate: Any) -> Any:
    z = X @ w + b
    return jnp.sum(jnp.logaddexp(z, 0.0) - t * z) + 0.5 * rate * jnp.sum(w**2)


def sigmoid(u: Any) -> Any:
    return 0.5 * (1 + np.tanh(u / 2))


def logistic_gradient(X: Any, t: Any, w: Any, b: float, rate: float) -> Any:
    e = sigmoid(X @ w + b) - t
    return X.T @ e + rate * w, e.sum()


def for_numpy(x: Any, t: Any, W: Any) -> Any:
    return -np.sum(t * np.log(softmax(np.dot(x, W))))


def for_numpy_gradient(x: Any, t: Any, W: Any) -> Any:
    return np.outer(x, softmax(x @ W) - t)


def in_place(x: Any, W: Any) -> float:
    out = np.zeros(W.shape[1])
    for j in range(W.shape[1]):
        out[j] = np.sum(x * W[:, j]) ** 2
    return float(out.sum())


def in_place_gradient(x: Any, W: Any) -> Any:
    u = x @ W
    return 2 * W @ u, 2 * np.outer(x, u)


MLP = (mlp.reference, "K, M, K N, N M", "W W_prime")
RIGHT: dict[str, tuple[Function, Function, str, str]] = {
    "mlp": (mlp.reference, mlp.gradients, *MLP[1:]),
    "skip-gram": (skipgram.reference, skipgram.gradients, "V one-hot, C V target, V N, N V", "W W_prime"),
    "relu net": (relu_net, relu_net_gradient, "B K, B M, K N, N, N M, M", "W b V c"),
    "lookup": (lookup, lookup_gradient, "B words of V, B words of V, V N, N V", "W W_prime"),
    "logistic": (logistic, logistic_gradient, "B N, B answers, N, (), () fraction", "w b"),
    "for NumPy": (for_numpy, for_numpy_gradient, "K, M target, K M", "W"),
    "in place": (in_place, in_place_gradient, "K, K M", "x W"),
}


@pytest.mark.parametrize("name", RIGHT)
@given(seed=st.integers(0, 2**31))
@settings(max_examples=2)
def test_a_right_gradient_passes_whatever_is_drawn(name: str, seed: int) -> None:
    loss, gradient, shapes, wrt = RIGHT[name]
    report = check_gradient(loss, gradient, shapes, wrt=wrt, examples=40, seed=seed)
    assert report.right, (report.findings, report.arguments)
    assert not [finding for finding in report.findings if finding.kind != "float32"]
    assert report.instances > 25
    assert report.shapes > 15
    assert max(result.error for result in report.arguments) < 3
    assert (report.diagnosis, report.unexplained, report.again) == ((), (), "")


@pytest.mark.parametrize("name", RIGHT)
def test_one_entry_off_by_1e_10_is_caught(name: str) -> None:
    """By 1e-6 where only differences judge."""
    loss, gradient, shapes, wrt = RIGHT[name]
    relative = 1e-6 if name == "in place" else 1e-10

    def off(*inputs: Any) -> Any:
        found = gradient(*inputs)
        arrays = list(found.values()) if isinstance(found, dict) else found
        arrays = [np.array(array) for array in (arrays if isinstance(arrays, (tuple, list)) else [arrays])]
        arrays[-1][(0,) * arrays[-1].ndim] *= 1 + relative
        return arrays[0] if len(arrays) == 1 else arrays

    report = check_gradient(loss, named(off, gradient), shapes, wrt=wrt)
    assert not report.right
    assert [result.name for result in report.arguments if not result.holds] == [wrt.split()[-1]]


def named(function: Function, like: Function) -> Function:
    """A function with the signature of another, so that its arguments go by name."""
    import inspect

    function.__signature__ = inspect.signature(like)  # type: ignore[attr-defined]
    return function


def test_a_gradient_is_judged_on_a_hundred_instances_if_nobody_asks_for_more() -> None:
    loss, gradient, shapes, wrt = RIGHT["mlp"]
    assert check_gradient(loss, gradient, shapes, wrt=wrt).instances == 100


# --- the report -----------------------------------------------------------------------------------------


def twice_dW(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    dW, dW_prime = mlp.gradients(x, t, W, W_prime)
    return 2 * dW, dW_prime


def report_of(gradient: Function, loss: Function = mlp.reference, **options: Any) -> Report:
    shapes = options.pop("shapes", MLP[1])
    return check_gradient(loss, gradient, shapes, **{"wrt": MLP[2], **options})


def test_a_wrong_gradient_is_reported_with_place_values_and_its_smallest_case() -> None:
    report = report_of(twice_dW)
    assert not report.right
    wrong, right = report.arguments
    assert (wrong.name, wrong.shape, wrong.holds) == ("W", "K N", False)
    assert wrong.failed > 90
    assert wrong.worst is not None
    index, hand, automatic = wrong.worst
    assert index == (0, 0)
    assert hand == pytest.approx(2 * automatic)
    assert right.holds
    assert right.worst is None
    assert report.smallest is not None
    assert dict(report.smallest.sizes) == {"K": 1, "M": 1, "N": 1}
    values = np.concatenate([np.ravel(value) for value in report.smallest.inputs.values()])
    assert set(np.abs(values)) <= {0.0, 1.0}
    assert report.smallest.hand["W"] == pytest.approx(2 * report.smallest.automatic["W"])
    assert report.judges == ("JAX's reverse mode", "JAX's forward mode", "complex step")
    assert report.precision == "float64"


def test_the_line_to_paste_shows_the_same_failure() -> None:
    report = report_of(twice_dW)
    scope = {"check_gradient": check_gradient, "reference": mlp.reference, "twice_dW": twice_dW}
    again = eval(report.again, scope)  # it is meant to be pasted
    assert not again.right
    assert [result.holds for result in again.arguments] == [False, True]
    assert again.smallest.hand["W"] == pytest.approx(report.smallest.hand["W"])  # type: ignore[union-attr]


def test_an_instance_is_judged_alone_by_its_name() -> None:
    report = report_of(twice_dW, instance="K=2 M=3 N=1 scale=ordinary seed=17")
    assert (report.instances, report.shapes) == (1, 1)
    assert not report.right


def test_the_seed_decides_the_instances() -> None:
    errors = [[r.error for r in report_of(mlp.gradients, seed=seed).arguments] for seed in (0, 0, 1)]
    assert errors[0] == errors[1] != errors[2]


def test_a_report_is_data_that_json_takes() -> None:
    for gradient in (mlp.gradients, twice_dW, lambda x, t, W, W_prime: None):
        assert json.loads(json.dumps(report_of(gradient).to_dict()))["right"] is (gradient is mlp.gradients)


def test_assert_gradient_fails_with_the_report() -> None:
    assert_gradient(*RIGHT["mlp"][:3], wrt=MLP[2])
    with pytest.raises(AssertionError) as failure:
        assert_gradient(mlp.reference, twice_dW, MLP[1], wrt=MLP[2])
    assert "twice_dW" in str(failure.value)


def test_the_package_offers_the_checker_and_nothing_that_is_not_there() -> None:
    assert derivations.check_gradient is check_gradient
    with pytest.raises(AttributeError, match="no attribute 'check'"):
        derivations.check  # noqa: B018


# --- how the gradient may be called ----------------------------------------------------------------------


def only_what_it_needs(W: Any, x: Any) -> Any:
    return 2 * np.outer(x, x @ W)


def squares(x: Any, W: Any, unused: Any) -> Any:
    return jnp.sum((x @ W) ** 2) + 0 * jnp.sum(unused)


def test_a_gradient_may_take_some_arguments_by_name_in_its_own_order() -> None:
    assert check_gradient(squares, only_what_it_needs, "K, K M, K", wrt="W").right


def test_a_gradient_may_name_its_arguments_otherwise() -> None:
    assert check_gradient(squares, lambda a, b, c: 2 * np.outer(a, a @ b), "K, K M, K", wrt="W").right


def test_a_loss_may_leave_its_defaults_out() -> None:
    def loss(x: Any, w: Any, scale: float = 2.0) -> Any:
        return scale * jnp.sum(x * w)

    assert check_gradient(loss, lambda x, w: 2 * x, "N, N", wrt="w").right


def test_arrays_and_lists_are_taken_for_one_instance() -> None:
    W = np.array([[1.0, 2.0], [3.0, 4.0]])
    for at in ({"W": W, "x": [1.0, -1.0]}, ([1.0, -1.0], W.tolist())):
        assert check_gradient(lambda x, W: jnp.sum((x @ W) ** 2), only_what_it_needs, at, wrt="W").right


def test_an_instance_that_hides_a_fault_is_remarked_upon() -> None:
    def loss(x: Any, w: Any) -> Any:
        return jnp.sum(x * w) ** 2

    report = check_gradient(loss, lambda x, w: 2 * x, {"x": [1.0, 1.0], "w": [3.0, -2.0]}, wrt="w")
    assert report.right
    assert re.match(
        r"it holds on this instance, but fails on \d+ of 12 variations of it: x, which is all ones, hides a"
        r" fault; give other values",
        report.notes[0],
    )


def slope_left_out(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    y = mlp.forward(x, t, W, W_prime)[3]
    return np.outer(x, W_prime @ ((y - t) * y * (1 - y)))


@pytest.mark.parametrize(
    ("gradient", "wrt", "values", "says"),
    [
        (slope_left_out, "W", {"W_prime": np.zeros((3, 5))}, "W_prime, which is all zeros, hides a fault"),
        (slope_left_out, "W", {"x": np.zeros(5)}, "x, which is all zeros, hides a fault"),
        (lambda x, t, W, W_prime: mlp.gradients(x, t, W, W_prime)[0], "W", {"x": np.ones(5)}, ""),
        (lambda x, t, W, W_prime: mlp.gradients(x, t, W, W_prime)[0], "W", {"t": np.zeros(5)}, ""),
        (
            mlp.gradients,
            "W W_prime",
            {"W": np.zeros((5, 3))},
            "",
        ),
    ],
)
def test_an_argument_of_equal_entries_that_hides_a_fault_is_named(
    gradient: Any, wrt: str, values: dict[str, Any], says: str
) -> None:
    given = dict(zip(("x", "t", "W", "W_prime"), mlp.example(), strict=True)) | values
    report = check_gradient(mlp.reference, gradient, given, wrt=wrt)
    assert report.right
    hiding = [note for note in report.notes if "variations" in note]
    assert [says in note for note in hiding] == [True] * bool(says)


def test_ones_that_a_loss_divides_by_leave_other_arguments_their_variations() -> None:
    def weighted(w: Any, X: Any, s: Any) -> Any:
        return jnp.sum(((X @ w) / s) ** 2)

    given = {"w": np.zeros(2), "X": np.eye(3)[:, :2] + 1, "s": np.ones(3)}
    report = check_gradient(weighted, lambda w, X, s: 3 * X.T @ (X @ w), given, wrt="w")
    assert any("w, which is all zeros, hides a fault" in note for note in report.notes)


def test_a_number_of_zero_hides_the_regulariser() -> None:
    def ridge(W: Any, x: Any, lam: Any) -> Any:
        return jnp.sum((W @ x) ** 2) + lam * jnp.sum(W**2)

    def forgotten(W: Any, x: Any, lam: Any) -> Any:
        return 2 * np.outer(W @ x, x)

    given = {"W": [[1.0, -2.0]], "x": [0.5, 3.0], "lam": 0.0}
    report = check_gradient(ridge, forgotten, given, wrt="W")
    assert report.right
    assert "lam, which is 0, hides a fault" in report.notes[0]


def test_a_right_gradient_is_shown_where_rows_are_not_columns() -> None:
    shown = check_gradient(mlp.reference, mlp.gradients, "K, M, K N, N M", wrt="W W_prime").smallest
    assert shown is not None
    assert len({1, *shown.sizes.values()}) == 4
    for name in ("W", "W_prime"):
        assert np.allclose(shown.hand[name], shown.automatic[name])


def test_a_number_for_an_array_is_told_where_it_is_not_a_matter_of_reshape() -> None:
    def loss(X: Any, b: Any) -> Any:
        return jnp.sum((X + b) ** 2) / 2

    report = check_gradient(loss, lambda X, b: np.sum(X + b), "B N, N", wrt="b")
    assert report.findings[0].kind == "wrong-shape"
    assert "reshape" not in report.findings[0].message
    assert report.smallest is not None
    assert report.smallest.sizes == {"B": 1, "N": 2}


def test_arrays_that_are_large_are_named_in_the_line_to_paste() -> None:
    W = np.arange(60.0).reshape(6, 10) + 1
    report = check_gradient(lambda W: jnp.sum(W**2), lambda W: W, {"W": W})
    assert report.again.endswith("{'W': W}, wrt='W')")


def test_saturated_units_hide_everything_and_that_is_remarked_upon() -> None:
    def loss(w: Any) -> Any:
        return jnp.sum(jax.nn.sigmoid(w))

    report = check_gradient(loss, lambda w: 0 * w, {"w": [35.0, 35.5]}, wrt="w")
    assert "zero on this instance, or too small to tell: zeros would pass too" in report.notes[0]


@pytest.mark.parametrize(
    ("wrt", "at", "error", "says"),
    [
        ("W V", MLP[1], ValueError, "wrt names V, but the loss takes x, t, W, W_prime"),
        ("", "K one-hot, M target, K N one-hot, N M one-hot", ValueError, "no argument of .* is real"),
        ("W", 3, TypeError, "at is a int: describe the shapes"),
        ("W", "K, M", ValueError, "the description 'K, M' has 2 entries, the loss takes 4"),
    ],
)
def test_a_wrong_question_is_told_with_its_repair(wrt: str, at: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        check_gradient(mlp.reference, mlp.gradients, at, wrt=wrt)


def test_whole_numbers_have_no_gradient() -> None:
    with pytest.raises(ValueError, match="words holds whole numbers, which have no gradient"):
        check_gradient(*RIGHT["lookup"][:3], wrt="words W")


# --- findings: one planted fault each ---------------------------------------------------------------------

BUFFER = np.zeros((64, 64))
CALLS: list[int] = []


def right(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    return mlp.gradients(x, t, W, W_prime)


def raises(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    return x @ W_prime, t


def raises_on_one_row(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    if len(x) == 1:
        raise IndexError("no second row")
    return right(x, t, W, W_prime)


def leaves(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    raise SystemExit(3)


def returns_nothing(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    right(x, t, W, W_prime)


def returns_nothing_for_one(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    return right(x, t, W, W_prime)[0], None


def returns_lists(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    return tuple(array.tolist() for array in right(x, t, W, W_prime))


def returns_a_text(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    return right(x, t, W, W_prime)[0], "dW_prime"


def returns_one(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    return right(x, t, W, W_prime)[0]


def returns_other_names(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    return dict(zip(("dW", "dW_prime"), right(x, t, W, W_prime), strict=True))


def turned(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    dW, dW_prime = right(x, t, W, W_prime)
    return dW.T, dW_prime


def not_finite(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    dW, dW_prime = right(x, t, W, W_prime)
    dW[-1, -1] = np.nan
    return dW, dW_prime


def in_half(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    return tuple(array.astype(np.float16) for array in right(x, t, W, W_prime))


def in_single(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    x, t, W, W_prime = (array.astype(np.float32) for array in (x, t, W, W_prime))
    h = 1 / (1 + np.exp(-x @ W))
    y = 1 / (1 + np.exp(-h @ W_prime))
    e = (y - t) * y * (1 - y)
    return np.outer(x, W_prime @ e * h * (1 - h)), np.outer(h, e)


def changes_W(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    found = right(x, t, W, W_prime)
    W -= 0.1 * found[0]
    return found


def returns_its_argument(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    dW, dW_prime = right(x, t, W, W_prime)
    view = W_prime[:]
    view[...] = dW_prime
    return dW, view


def returns_a_buffer(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    dW, dW_prime = right(x, t, W, W_prime)
    view = BUFFER[: len(dW), : dW.shape[1]]
    view[...] = dW
    return view, dW_prime


def counts_its_calls(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    CALLS.append(1)
    dW, dW_prime = right(x, t, W, W_prime)
    return dW + (len(CALLS) % 2), dW_prime


def too_few_arguments(a: Any, b: Any) -> Any:
    return a, b


FAULTS: list[tuple[Function, str, str, str]] = [
    (raises, "raises", "", "it raises ValueError: matmul"),
    (raises, "raises", "", ": return x @ W_prime, t"),
    (raises_on_one_row, "raises", "", "it raises IndexError: no second row, in line"),
    (leaves, "raises", "", "it ends the whole program: SystemExit: 3"),
    (too_few_arguments, "raises", "", "it takes the arguments a, b, the loss takes x, t, W, W_prime"),
    (returns_nothing, "returns-none", "", "it returns None: end it with return"),
    (returns_nothing_for_one, "returns-none", "W_prime", "the gradient for W_prime is None"),
    (returns_lists, "returns-other", "W", "the gradient for W is a list: return an array"),
    (returns_a_text, "returns-other", "W_prime", "the gradient for W_prime is a str"),
    (returns_one, "wrong-count", "", "gradients asked for are 2 (W, W_prime)"),
    (returns_other_names, "wrong-count", "", "it returns gradients for dW, dW_prime"),
    (turned, "wrong-shape", "W", "it is transposed, use .T"),
    (not_finite, "not-finite", "W", "is nan, the automatic one"),
    (in_half, "wrong-dtype", "W", "the gradient for W is float16: return float64"),
    (changes_W, "mutates-argument", "W", "it changes its argument W: W[0, 0] from"),
    (returns_its_argument, "returns-view", "W_prime", "is a view of the argument W_prime"),
    (returns_a_buffer, "returns-view", "W", "a buffer that the next call returns again"),
    (counts_its_calls, "differs-between-calls", "W", "called twice with the same inputs it returns"),
]


@pytest.mark.parametrize(("gradient", "kind", "argument", "says"), FAULTS)
def test_a_planted_fault_is_a_finding_of_its_own(
    gradient: Function, kind: str, argument: str, says: str
) -> None:
    report = report_of(gradient, examples=30)
    found = {(finding.kind, finding.argument): finding for finding in report.findings}
    assert (kind, argument) in found, report.findings
    finding = found[kind, argument]
    assert says in finding.message
    assert finding.fatal
    assert "\n" not in finding.message
    assert not report.right
    assert report.smallest is not None
    assert report.again.startswith("check_gradient(reference, ")


def test_a_finding_says_how_often_and_shrinks_to_where_it_is() -> None:
    report = report_of(raises_on_one_row)
    (finding,) = [finding for finding in report.findings if finding.kind == "raises"]
    assert "instances)" in finding.message
    assert report.smallest is not None
    assert report.smallest.sizes["K"] == 1


def test_the_values_are_judged_besides_what_is_found() -> None:
    for gradient in (changes_W, returns_lists, in_half):
        report = report_of(gradient, examples=20)
        assert [result.tried for result in report.arguments] == [20, 20]
    assert all(result.holds for result in report_of(changes_W, examples=20).arguments)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (lambda w: w[:, None], "the numbers are as many, use .reshape(w.shape)"),
        (lambda w: w.sum(), "has shape () (a number), w has (2,) at N=2: it is summed to a single number"),
        (lambda w: np.stack([w, w, w]), "one axis is left, perhaps that of a batch: sum over it"),
        (lambda w: np.append(w, 1.0), "a gradient has the shape of what it is the gradient for"),
    ],
)
def test_a_wrong_shape_comes_with_its_repair(shape: Function, says: str) -> None:
    report = check_gradient(lambda w: jnp.sum(w * w), lambda w: shape(2 * w), "N", instance="N=2 seed=1")
    assert says in report.findings[0].message


def test_a_float32_gradient_is_judged_as_one_and_told_so() -> None:
    report = report_of(in_single)
    assert report.precision == "float32"
    assert {finding.kind for finding in report.findings if not finding.fatal} == {"float32"}
    assert report.right, report.findings


def test_a_float32_gradient_that_is_wrong_is_caught() -> None:
    def off(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        dW, dW_prime = right(x, t, W, W_prime)
        return (dW * 1.001).astype(np.float32), dW_prime

    report = report_of(off)
    assert [result.holds for result in report.arguments] == [False, True]


def test_what_overflows_only_when_saturated_is_told_and_is_no_wrong_gradient() -> None:
    def naive(x: Any, W: Any) -> Any:
        with np.errstate(all="ignore"):
            y = np.exp(30 * x @ W)
            return 30 * np.outer(x, y / y.sum())

    report = check_gradient(lambda x, W: jax.nn.logsumexp(30 * x @ W), naive, "K, K M", wrt="W", seed=1)
    told = [finding for finding in report.findings if finding.kind == "not-finite"]
    assert len(told) == 1
    usual = check_gradient(
        lambda x, W: jax.nn.logsumexp(30 * x @ W), naive, "K, K M", wrt="W", instance="K=2 M=2 seed=1"
    )
    assert usual.right


def test_prints_and_warnings_are_notes() -> None:
    def talks(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        print("here")
        np.log(np.zeros(1))
        return right(x, t, W, W_prime)

    report = report_of(talks, examples=5)
    assert report.right
    assert "it prints 'here' (5 times)" in report.notes
    assert any("RuntimeWarning: divide by zero" in note for note in report.notes)


def test_an_array_of_jax_is_taken_with_a_note() -> None:
    def of_jax(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        with jax.enable_x64(True):
            return tuple(jnp.asarray(array) for array in right(x, t, W, W_prime))

    report = report_of(of_jax, examples=5)
    assert report.right
    assert "the gradient for W is an array of JAX; it was taken as NumPy's (5 times)" in report.notes


def test_whole_numbers_that_are_right_are_told_and_pass() -> None:
    report = check_gradient(lambda w: 3 * jnp.sum(w), lambda w: np.full(w.shape, 3), "N")
    assert report.right
    assert [finding.kind for finding in report.findings] == ["wrong-dtype"]


def test_two_gradients_in_one_memory_are_told() -> None:
    def same(a: Any, b: Any) -> Any:
        found = 2 * (a + b)
        return found, found

    report = check_gradient(lambda a, b: jnp.sum((a + b) ** 2), same, "N, N")
    assert report.right
    assert [(finding.kind, finding.argument) for finding in report.findings] == [("returns-view", "b")]


def test_an_interrupt_goes_through() -> None:
    def interrupted(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        report_of(interrupted)


def test_the_settings_of_numpy_are_left_as_they_were() -> None:
    def sets(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        np.seterr(all="raise")
        return right(x, t, W, W_prime)

    before = np.geterr()
    report_of(sets, examples=3)
    assert np.geterr() == before


# --- the loss -----------------------------------------------------------------------------------------


def test_a_loss_on_which_the_judges_disagree_is_no_verdict_on_the_hand() -> None:
    def stopped(w: Any) -> Any:
        return jnp.sum(jax.lax.stop_gradient(w) * w)

    report = check_gradient(stopped, lambda w: w.copy(), "N")
    assert not report.right
    assert report.arguments == ()
    (finding,) = report.findings
    assert finding.kind == "loss"
    assert "the judges disagree about the loss itself" in finding.message
    assert "Nothing is said about your gradient" in finding.message


def test_a_loss_that_does_not_run_is_told_with_the_line() -> None:
    report = check_gradient(lambda W, V: jnp.sum(W @ V), lambda W, V: (V, W), "V N, V N")
    (finding,) = report.findings
    assert finding.kind == "loss"
    assert "the loss itself does not run on W (2, 3), V (2, 3)" in finding.message


def test_a_loss_that_is_not_finite_anywhere_is_told() -> None:
    report = check_gradient(lambda w: jnp.sum(jnp.log(-(w**2))), lambda w: 2 / w, "N")
    (finding,) = report.findings
    assert "the loss is nan" in finding.message
    assert "describe such, as in 'N positive'" in finding.message


def test_instances_on_a_kink_are_left_out_and_counted() -> None:
    masks: list[Function] = [lambda u: u > 0, lambda u: u >= 0]
    for mask in masks:
        report = check_gradient(
            lambda w: jnp.sum(jax.nn.relu(w)), partial(lambda mask, w: 1.0 * mask(w), mask), "N"
        )
        assert report.right
        assert re.search(
            r"^\d+ of 100 instances were not judged: at w\[\d\] the loss has a kink", *report.notes
        )


def test_a_given_instance_on_a_kink_cannot_be_judged() -> None:
    report = check_gradient(lambda w: jnp.sum(jnp.abs(w)), np.sign, {"w": [0.0, 1.0]})
    assert not report.right
    assert "there is no gradient there to be right or wrong" in report.findings[0].message


# --- the smallest case --------------------------------------------------------------------------------


def test_a_fault_that_needs_two_contexts_shrinks_to_two() -> None:
    def last_context(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        return skipgram.gradients(x, t[-1:], W, W_prime)

    loss, _, shapes, wrt = RIGHT["skip-gram"]
    report = check_gradient(loss, last_context, shapes, wrt=wrt)
    assert report.smallest is not None
    assert report.smallest.sizes["C"] == 2
    assert report.smallest.sizes["V"] == 2
    assert report.smallest.sizes["N"] == 1


def test_a_search_that_finds_nothing_smaller_keeps_what_it_has() -> None:
    description = describe("N, N M", ["x", "W"])
    known = draw(description, {"N": 2, "M": 5}, "ordinary", 3)
    assert smallest_failing(description, [known], lambda instance: instance is known) is known


def test_a_search_takes_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    description = describe("N, N M", ["x", "W"])
    known = draw(description, {"N": 4, "M": 5}, "ordinary", 3)
    tries: list[Instance] = []
    monkeypatch.setattr(shrink, "time", SimpleNamespace(perf_counter=lambda: 0.05 * len(tries)))

    def slow(instance: Instance) -> bool:
        tries.append(instance)
        return instance.sizes["M"] == 5

    smallest_failing(description, [known], slow)
    assert 0.05 * len(tries) <= 2 * shrink.SECONDS + 0.05 * shrink.TRIES
    assert len(tries) > shrink.SECONDS / 0.05
