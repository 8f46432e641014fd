"""The same mistakes in losses that others would write: loops, activations by hand, gathers, two paths.

None of these losses is in the zoo; a diagnosis that knew its exhibits only would fail here.
"""

from __future__ import annotations

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from derivations import check_gradient


def sigmoid(u: Any) -> Any:
    return 1 / (1 + np.exp(-u))


def softmax(u: Any, axis: int = -1) -> Any:
    e = np.exp(u - u.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def told(loss: Any, gradient: Any, shapes: str, wrt: str) -> dict[str, str]:
    """Kind and sentence of the diagnosis, by argument."""
    report = check_gradient(loss, gradient, shapes, wrt=wrt, examples=60)
    assert not report.right
    assert not any("stumbled" in note for note in report.notes), report.notes
    return {name: f"{one.kind}: {one.says}" for one in report.diagnosis for name in one.argument.split()}


# --- a loop over the examples ---------------------------------------------------------------------------


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


def test_a_size_is_named_in_a_loss_with_a_loop() -> None:
    found = told(looped, lambda X, t, w: looped_gradient(X, t, w, mean=False), "B K, B, K", "w")
    assert found["w"].startswith("constant-factor: your dw is the right one times B")


def test_a_slope_is_named_in_a_loss_with_a_loop() -> None:
    found = told(looped, lambda X, t, w: looped_gradient(X, t, w, slope=lambda h: 1), "B K, B, K", "w")
    assert "lacks the factor h * (1 - h)" in found["w"]


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


def test_a_matrix_that_is_turned_on_the_way_back_through_time_is_named() -> None:
    found = told(
        recurrent, lambda x, W, h, t: recurrent_gradient(x, W, h, t, lambda W: W.T), "N, N N, N, N", "W"
    )
    assert found["W"].startswith("transposed")


# --- words by number, and a softmax written out ---------------------------------------------------------


def skipgram(center: Any, contexts: Any, W: Any, U: Any) -> Any:
    s = U @ W[center]
    e = jnp.exp(s - jnp.max(s))
    p = e / jnp.sum(e)
    return -jnp.sum(jnp.log(p[contexts]))


def skipgram_gradient(center: Any, contexts: Any, W: Any, U: Any, times: int) -> tuple[Any, Any]:
    EI = times * softmax(U @ W[center])
    np.subtract.at(EI, contexts, 1)
    dW = np.zeros_like(W)
    dW[center] = U.T @ EI
    return dW, np.outer(EI, W[center])


def test_a_prediction_that_counts_once_for_all_contexts_is_named() -> None:
    found = told(
        skipgram,
        lambda center, contexts, W, U: skipgram_gradient(center, contexts, W, U, 1),
        "() words of V, C words of V, V N, V N",
        "W U",
    )
    for name in "WU":
        assert found[name].startswith("counted-once")
        assert "once" in found[name]
        assert "C times" in found[name]


def test_the_right_gradient_of_that_loss_passes() -> None:
    def right(center: Any, contexts: Any, W: Any, U: Any) -> Any:
        return skipgram_gradient(center, contexts, W, U, len(contexts))

    assert check_gradient(skipgram, right, "() words of V, C words of V, V N, V N", wrt="W U").right


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


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"axis": 0}, "wrong-axis", "over the wrong axis"),
        ({"mean": False}, "constant-factor", "B times"),
        ({"decay": 0.0}, "regulariser", "leaves out the regulariser"),
        ({"decay": 0.2}, "regulariser", "twice"),
        ({"mean": False, "decay": 0.2}, "constant-factor", "B times"),
    ],
    ids=str,
)
def test_mistakes_of_a_softmax_regression_with_labels_are_named(
    options: dict[str, Any], kind: str, words: str
) -> None:
    found = told(
        labelled,
        lambda X, labels, W, b: labelled_gradient(X, labels, W, b, **options),
        "B K, B words of M, K M, M",
        "W b",
    )
    assert found["W"].startswith(kind)
    assert words in found["W"]


# --- one weight on two paths -----------------------------------------------------------------------------


def tied(X: Any, W: Any) -> Any:
    H = jax.nn.sigmoid(X @ W)
    return ((H @ W.T - X) ** 2).sum()


def tied_gradient(X: Any, W: Any, decoder: bool, slope: bool) -> Any:
    H = sigmoid(X @ W)
    E = 2 * (H @ W.T - X)
    dH = E @ W * (H * (1 - H) if slope else 1)
    return X.T @ dH + (E.T @ H if decoder else 0)


def test_a_forgotten_path_is_named() -> None:
    found = told(tied, lambda X, W: tied_gradient(X, W, decoder=False, slope=True), "B K, K N", "W")
    assert found["W"].startswith("missing-path")
    assert "W.T" in found["W"]


def test_a_forgotten_path_and_a_missing_slope_are_both_named() -> None:
    found = told(tied, lambda X, W: tied_gradient(X, W, decoder=False, slope=False), "B K, K N", "W")
    assert "W.T" in found["W"]
    assert "H * (1 - H)" in found["W"]


def test_a_missing_slope_on_one_of_two_paths_is_named() -> None:
    found = told(tied, lambda X, W: tied_gradient(X, W, decoder=True, slope=False), "B K, K N", "W")
    assert "lacks the factor H * (1 - H)" in found["W"]


# --- activations of one's own -----------------------------------------------------------------------------


def leaky(x: Any, W: Any, t: Any) -> Any:
    z = x @ W
    h = jnp.where(z > 0, z, 0.1 * z)
    return jnp.sum((h - t) ** 2)


def test_the_slope_of_an_activation_with_branches_is_missed() -> None:
    def wrong(x: Any, W: Any, t: Any) -> Any:
        z = x @ W
        return np.outer(x, 2 * (np.where(z > 0, z, 0.1 * z) - t))

    found = told(leaky, wrong, "K, K N, N", "W")
    assert found["W"].startswith("missing-factor: your dW lacks the factor ∂h/∂z")


def test_a_loss_without_a_source_keeps_its_names() -> None:
    scope: dict[str, Any] = {"jnp": jnp}
    exec("def loss(x, W, t):\n    h = jnp.tanh(x @ W)\n    return jnp.sum((h - t) ** 2) / 2", scope)

    def wrong(x: Any, W: Any, t: Any) -> Any:
        return np.outer(x, np.tanh(x @ W) - t)

    found = told(scope["loss"], wrong, "K, K N, N", "W")
    assert found["W"] == (
        "missing-factor: your dW lacks the factor (1 - h**2), on the way from h back to x @ W"
    )


def unit(x: Any, t: Any, w: Any) -> Any:
    u = x @ w
    y = jax.nn.sigmoid(u)
    return (t - y) ** 2 / 2


def test_the_slope_of_a_single_unit_taken_where_it_is_activated_is_named() -> None:
    def wrong(x: Any, t: Any, w: Any) -> Any:
        y = sigmoid(x @ w)
        return (y - t) * sigmoid(y) * (1 - sigmoid(y)) * x

    found = told(unit, wrong, "K, (), K", "w")["w"]
    assert "sigmoid(y) * (1 - sigmoid(y)) in the place of y * (1 - y)" in found


def test_nan_in_every_call_is_no_buffer() -> None:
    def wrong(x: Any, t: Any, w: Any) -> Any:
        y = sigmoid(x @ w)
        return np.where(w > 0, np.nan, 1) * (y - t) * y * (1 - y) * x

    report = check_gradient(unit, wrong, "K, (), K", wrt="w")
    assert "stale" not in [one.kind for one in report.diagnosis]
    assert "not-finite" in [finding.kind for finding in report.findings]


def test_a_report_reads_as_one_at_the_prompt() -> None:
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
    ids=["numbers for a function", "brackets", "whole numbers", "too many"],
)
def test_a_call_that_cannot_be_meant_says_the_repair(arguments: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        check_gradient(*arguments)
