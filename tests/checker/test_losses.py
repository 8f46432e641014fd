"""A loss before the judges: however it is written, they find JAX's gradient, and say when they cannot."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy import exp as np_exp

from derivations.checker.differences import complex_steps, differences
from derivations.checker.evaluating import Evaluated, Numeric
from derivations.checker.judging import Traced
from derivations.checker.losses import Loss, LossError, default_wrt, names_of
from derivations.checker.shapes import describe, draw, from_arrays, some_instances
from derivations.checker.twins import twin
from derivations.oracle.cases import Instance
from derivations.paper import mlp, skipgram

Function = Callable[..., Any]


def loss_of(function: Function, shapes: str, wrt: str = "") -> Loss:
    description = describe(shapes, names_of(function)[0])
    return Loss(function, description, wrt.split() or default_wrt(description))


def by_jax(loss: Loss, instance: Instance) -> dict[str, Any]:
    """``jax.grad`` at one instance, compiled: no program of ours takes part."""
    assert loss.jax_function is not None
    positions = tuple(loss.names.index(name) for name in loss.wrt)
    with jax.enable_x64(True):
        found = jax.jit(jax.grad(loss.jax_function, positions))(*instance.inputs.values())
        return {name: np.asarray(value) for name, value in zip(loss.wrt, found, strict=True)}


# --- losses for JAX -----------------------------------------------------------------------------------


def relu_net(X: Any, t: Any, W: Any, b: Any, V: Any, c: Any) -> Any:
    return jnp.mean(jnp.sum((jax.nn.relu(X @ W + b) @ V + c - t) ** 2, axis=1))


def lookup(words: Any, targets: Any, W: Any, W_prime: Any) -> Any:
    scores = jax.nn.log_softmax(W[words] @ W_prime, axis=1)
    return -jnp.mean(jnp.take_along_axis(scores, targets[:, None], axis=1))


def picked(words: Any, W: Any) -> Any:
    return jnp.sum(jax.nn.softmax(W, axis=1)[jnp.arange(words.shape[0]), words] ** 2)


def logistic(X: Any, t: Any, w: Any, b: Any, rate: Any) -> Any:
    z = X @ w + b
    return jnp.sum(jnp.logaddexp(z, 0.0) - t * z) + 0.5 * rate * jnp.sum(w**2)


def attention(X: Any, Q: Any, K: Any) -> Any:
    scores = (X @ Q) @ (X @ K).T / jnp.sqrt(1.0 * Q.shape[1])
    return jnp.sum((jax.nn.softmax(jnp.where(jnp.tri(*scores.shape), scores, -1e9), axis=-1) @ X) ** 2)


def recurrent(X: Any, W: Any, h: Any) -> Any:
    return jnp.sum(jax.lax.scan(lambda h, x: (jnp.tanh(x + W @ h), h), h, X)[1] ** 2)


def normed(X: Any, w: Any) -> Any:
    z = (X - X.mean(axis=0)) / jnp.sqrt(X.var(axis=0) + 0.1)
    return jnp.sum(jnp.sin(z @ w)) + jnp.linalg.norm(w)


def by_rows(X: Any, w: Any) -> Any:
    return sum(jnp.tanh(X[n] @ w) for n in range(len(X))) / len(X)


def extremes(X: Any, w: Any) -> Any:
    return (
        jnp.max(X @ w) - jnp.sum(jnp.minimum(X, 0.5)) + jnp.sum(jnp.abs(w)) + jnp.clip(w, -0.3, 0.4).sum()
    )


@jax.jit
def compiled(X: Any, w: Any) -> Any:
    return jnp.einsum("bn,n->", X, jnp.exp(-w * w))


FOR_ALL_SHAPES: dict[str, tuple[Function, str, str]] = {
    "mlp": (mlp.reference, "K, M, K N, N M", "W W_prime"),
    "skip-gram": (skipgram.reference, "V one-hot, C V target, V N, N V", "W W_prime"),
    "relu net": (relu_net, "B K, B M, K N, N, N M, M", "W b V c"),
    "lookup": (lookup, "B words of V, B words of V, V N, N V", ""),
    "picked": (picked, "B words of V, B V", ""),
    "logistic": (logistic, "B N, B answers, N, (), () fraction", "w b"),
    "attention": (attention, "T D, D H, D H", ""),
    "recurrent": (recurrent, "T N, N N, N", ""),
    "normed": (normed, "B N, N", ""),
    "extremes": (extremes, "B N, N", ""),
    "compiled": (compiled, "B N, N", ""),
}


@pytest.mark.parametrize("name", FOR_ALL_SHAPES)
def test_a_loss_for_jax_is_traced_once_and_its_gradient_is_that_of_jax(name: str) -> None:
    function, shapes, wrt = FOR_ALL_SHAPES[name]
    loss = loss_of(function, shapes, wrt)
    assert isinstance(loss.method, Traced)
    assert loss.method.tracing.symbolic is not None
    assert loss.judges == ("JAX's reverse mode", "JAX's forward mode", "complex step")
    instances = some_instances(loss.description, 60, seed=1)
    judged = [(instance, loss.judge(instance)) for instance in instances]
    for instance, judgement in judged[::12]:
        for wrt_name, expected in by_jax(loss, instance).items():
            found = judgement.automatic[wrt_name]
            assert found.shape == expected.shape
            assert np.all(np.abs(found - expected) <= judgement.permitted[wrt_name])
    assert sum(judgement.sound for _, judgement in judged) > 40


@pytest.mark.parametrize("name", FOR_ALL_SHAPES)
def test_the_tolerance_of_ordinary_values_shows_a_fault_of_1e_10(name: str) -> None:
    """In most entries; the rest are sums of terms a thousand times their size, or saturated."""
    function, shapes, wrt = FOR_ALL_SHAPES[name]
    loss = loss_of(function, shapes, wrt)
    seen: list[bool] = []
    for instance in some_instances(loss.description, 30, seed=2, scales=["ordinary"]):
        judgement = loss.judge(instance)
        for wrt_name, value in judgement.automatic.items():
            seen += list(
                np.ravel(judgement.permitted[wrt_name] < 1e-10 * np.abs(value))[np.ravel(value != 0)]
            )
    assert np.mean(seen) > 0.7


def test_a_loss_with_a_loop_is_traced_for_each_shape() -> None:
    loss = loss_of(by_rows, "B N, N")
    assert isinstance(loss.method, Traced)
    assert loss.method.tracing.symbolic is None
    assert loss.few_shapes > 0
    assert all(loss.judge(instance).sound for instance in some_instances(loss.description, 20, 0, shapes=3))


def solved(X: Any, w: Any) -> Any:
    return w @ jnp.linalg.solve(X.T @ X + jnp.eye(X.shape[1]), w)


def test_a_primitive_without_a_rule_is_computed_by_jax_with_an_estimated_bound() -> None:
    loss = loss_of(solved, "B N, N")
    for seed in range(3):
        instance = draw(loss.description, {"B": 2, "N": 3}, "ordinary", seed)
        judgement, expected = loss.judge(instance), by_jax(loss, instance)
        assert judgement.sound
        for name, value in expected.items():
            assert np.all(np.abs(judgement.automatic[name] - value) <= judgement.permitted[name])
            assert judgement.permitted[name].max() < 1e-10 * np.abs(value).max()
    assert loss.judges[-1] == "differences"


def branching(x: Any, w: Any) -> Any:
    score = jnp.sum(jnp.sin(x * w))
    return 2 * score if score > 0 else score


def test_a_loss_that_branches_on_its_values_is_evaluated_by_jax() -> None:
    loss = loss_of(branching, "N, N")
    assert isinstance(loss.method, Evaluated)
    instance = draw(loss.description, {"N": 3}, "ordinary", 5)
    x, w = instance.inputs.values()
    factor = 2 if np.sum(np.sin(x * w)) > 0 else 1
    judgement = loss.judge(instance)
    assert judgement.sound
    np.testing.assert_allclose(judgement.automatic["w"], factor * x * np.cos(x * w), rtol=1e-12)


# --- losses for NumPy ---------------------------------------------------------------------------------


def softmax_of(u: Any) -> Any:
    y = np_exp(u - np.max(u))
    return y / y.sum()


def for_numpy(x: Any, t: Any, W: Any) -> Any:
    return -np.sum(t * np.log(softmax_of(np.dot(x, W))))


def with_its_own_imports(x: Any, w: Any) -> Any:
    import numpy as other_name  # under any name
    from numpy.linalg import norm

    return other_name.exp(-norm(x - w)) * math.pi


def in_place(x: Any, W: Any) -> float:
    scores = np.zeros(W.shape[1])
    for j in range(W.shape[1]):
        scores[j] = np.tanh(np.sum(x * W[:, j]))
    return float(np.sum(scores**2))


def gathered(x: Any, W: Any) -> Any:
    scores = []
    for column in W.T:
        scores += [np.tanh(np.sum(x * column)), np.min(np.shape(x))]
        scores.sort(key=lambda one: 0)
    return complex(sum(scores)) if np.iscomplexobj(scores) else float(sum(scores))


def test_a_loss_for_numpy_is_judged_by_its_twin_for_jax() -> None:
    for function, shapes in ((for_numpy, "K, M target, K M"), (with_its_own_imports, "N, N")):
        loss = loss_of(function, shapes)
        assert isinstance(loss.method, Traced)
        assert loss.jax_function is not None
        assert loss.jax_function is not function
        judged = [loss.judge(instance) for instance in some_instances(loss.description, 30, 0)]
        assert sum(judgement.sound for judgement in judged) > 25


def test_a_twin_leaves_the_original_as_it_was() -> None:
    other = twin(for_numpy)
    assert other is not None
    x, t, W = np.ones(2), np.array([1.0, 0.0, 0.0]), np.arange(6.0).reshape(2, 3)
    with jax.enable_x64(True):
        assert isinstance(other(x, t, W), jax.Array)
    assert isinstance(for_numpy(x, t, W), np.float64)
    assert twin(np.sum) is None


def test_a_loss_that_writes_into_arrays_is_left_to_differences() -> None:
    loss = loss_of(in_place, "K, K M")
    assert isinstance(loss.method, Numeric)
    instance = draw(loss.description, {"K": 3, "M": 2}, "ordinary", 1)
    x, W = instance.inputs.values()
    judgement = loss.judge(instance)
    assert loss.judges == ("differences",)
    h = np.tanh(x @ W)
    expected = np.outer(x, 2 * h * (1 - h * h))
    assert np.all(np.abs(judgement.automatic["W"] - expected) <= judgement.permitted["W"])
    assert judgement.permitted["W"].max() < 1e-7


def test_a_loss_that_takes_complex_numbers_gets_the_complex_step() -> None:
    loss = loss_of(gathered, "K, K M")
    instance = draw(loss.description, {"K": 3, "M": 2}, "ordinary", 1)
    judgement = loss.judge(instance)
    assert loss.judges == ("complex step", "differences")
    assert judgement.permitted["W"].max() < 1e-11


# --- when the judges cannot say -----------------------------------------------------------------------


def stopped(x: Any, w: Any) -> Any:
    return jnp.sum(jax.lax.stop_gradient(w) * w * x)


@jax.custom_jvp
def clipped(w: Any) -> Any:
    return w * w


clipped.defjvp(lambda primals, tangents: (clipped(*primals), 0.5 * tangents[0]))


def custom(x: Any, w: Any) -> Any:
    return jnp.sum(clipped(w) * x)


@pytest.mark.parametrize("function", [stopped, custom])
def test_a_loss_whose_derivative_is_not_its_own_makes_the_judges_disagree(function: Function) -> None:
    loss = loss_of(function, "N, N", "w")
    judgement = loss.judge(draw(loss.description, {"N": 2}, "ordinary", 0))
    assert "for w[0] JAX's reverse mode finds" in judgement.disagreement
    assert "the complex step" in judgement.disagreement


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: jnp.sum(jax.nn.relu(x * w)),
        lambda x, w: jnp.sum(jnp.abs(x * w)),
        lambda x, w: jnp.max(x * w),
        lambda x, w: jnp.sum(jnp.sort(x * w) * jnp.arange(2)),
        lambda x, w: jnp.sum(jnp.where(x * w > 0, x * w, 0.1 * w)),
    ],
)
def test_a_kink_is_seen_from_both_sides_and_only_there(function: Function) -> None:
    names = ["x", "w"]
    at_kink = Loss(function, from_arrays({"x": [1.0, 1.0], "w": [0.0, 0.0]}, names), ["w"])
    beside = Loss(function, from_arrays({"x": [1.0, 2.0], "w": [0.3, 0.4]}, names), ["w"])
    kinks = [
        loss.judge(Instance({}, "given", 0, loss.description.given)).kink for loss in (at_kink, beside)
    ]
    assert "the loss has a kink: its slope is" in kinks[0]
    assert not kinks[1]


def test_ties_that_make_no_kink_are_none() -> None:
    def smooth(w: Any) -> Any:
        return jax.nn.logsumexp(w) + jnp.sum(jnp.logaddexp(w, 0.0)) + jnp.sum(jax.nn.softmax(w) ** 2)

    loss = Loss(smooth, from_arrays([np.zeros(3)], ["w"]), ["w"])
    assert loss.judge(Instance({}, "given", 0, loss.description.given)).sound


def test_a_loss_that_is_not_finite_is_said_to_be_so() -> None:
    loss = loss_of(lambda w: jnp.sum(jnp.log(w)), "N")
    judgement = loss.judge(Instance({"N": 2}, "small", 0, {"w": np.array([1.0, -1.0])}))
    assert judgement.trouble == "the loss is nan"


@pytest.mark.parametrize(
    ("function", "shapes", "says"),
    [
        (lambda W, V: jnp.sum(W @ V), "V N, V N", r"not run on W \(2, 3\), V \(2, 3\): ValueError: matmul"),
        (lambda w: w * w, "N", r"an array of shape \(N,\); a loss is one number: add up its entries"),
        (lambda w: (jnp.sum(w), 1.0), "N", "the loss returns 2 values; a loss is one number"),
        (lambda w: np.zeros(2) + np.array([float(x) for x in w]).sum(), "N", r"array of shape \(2,\)"),
        (lambda w: jnp.argmax(w) + 1, "N", "the loss returns int"),
    ],
)  # fmt: skip
def test_a_loss_that_is_none_is_told_with_its_repair(function: Function, shapes: str, says: str) -> None:
    with pytest.raises(LossError, match=says):
        loss_of(function, shapes)


def test_the_arguments_of_a_loss_must_have_names() -> None:
    with pytest.raises(LossError, match=r"the loss takes \*inputs; give its arguments names"):
        names_of(lambda *inputs: 0.0)


def test_numbers_of_float32_inside_a_loss_widen_the_tolerance() -> None:
    with jax.enable_x64(False):
        tenth = jnp.asarray(np.array([0.1, 0.2]))
    loss = loss_of(lambda w: jnp.sum(tenth * w * w), "2")
    judgement = loss.judge(draw(loss.description, {}, "ordinary", 0))
    w = loss.description, draw(loss.description, {}, "ordinary", 0).inputs["w"]
    expected = 2 * np.array([0.1, 0.2]) * w[1]
    assert np.any(np.abs(judgement.automatic["w"] - expected) > 1e-10)
    assert np.all(np.abs(judgement.automatic["w"] - expected) <= judgement.permitted["w"])


def test_judging_leaves_the_precision_of_jax_as_it_was() -> None:
    loss = loss_of(mlp.reference, "K, M, K N, N M")
    loss.judge(some_instances(loss.description, 1, 0)[0])
    assert jnp.asarray(1.0).dtype == jnp.float32


# --- judges without automatic differentiation ------------------------------------------------------------


def wave_of(scale: float, inputs: Any) -> Any:
    return scale * np.sum(np.sin(3 * inputs["x"]) * inputs["x"])


def test_differences_come_with_an_error_that_holds() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        x, scale = rng.standard_normal(3), 10.0 ** rng.integers(-3, 4)
        wave = partial(wave_of, scale)
        found = differences(wave, {"x": x}, "x")
        exact = scale * (np.sin(3 * x) + 3 * x * np.cos(3 * x))
        assert np.all(np.abs(found.value - exact) <= found.permitted)
        assert np.all(found.permitted < 1e-7 * scale)


def test_a_complex_step_decides_a_tie_by_its_direction() -> None:
    sides = complex_steps(
        lambda i: np.maximum(i["x"], 0).sum(), {"x": np.array([0.0, 2.0])}, "x", both=True
    )
    assert sides.right.tolist() == [1.0, 1.0]
    assert sides.left.tolist() == [0.0, 1.0]
