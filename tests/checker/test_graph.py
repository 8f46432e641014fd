"""The graph of a loss: named as its source names things, and its sweep is JAX's gradient."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.checker.explain.graph import Computation, Graph
from derivations.checker.explain.observations import graph_at
from derivations.checker.judging import Traced
from derivations.checker.losses import Loss
from derivations.checker.shapes import describe, draw, random_instance
from derivations.zoo import EXHIBITS


def sigmoid(u: Any) -> Any:
    return 1 / (1 + jnp.exp(-u))


def squared(y: Any, t: Any) -> Any:
    e = y - t
    return jnp.sum(e**2) / 2


def small_loss(x: Any, t: Any, W: Any, b: Any) -> Any:
    h = sigmoid(x @ W + b)
    y = jax.nn.softmax(h)
    return squared(y, t) + jnp.mean(W**2)


def looped_loss(x: Any, W: Any) -> Any:
    h = x
    for _ in range(3):
        h = jnp.tanh(h @ W)
    return jnp.sum(h)


def traced(function: Any, description: str, wrt: str) -> tuple[Loss, Graph]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    loss = Loss(function, describe(description, names), wrt.split())
    assert isinstance(loss.method, Traced)
    tracing = loss.method.tracing
    structs = (
        tracing.structs(tracing.dims())
        if tracing.symbolic
        else tracing.structs_at(random_instance(loss.description, 1).inputs)
    )
    graph = graph_at(tracing, structs)
    assert graph is not None
    return loss, graph


def test_nodes_are_named_as_the_source_names_them() -> None:
    _, graph = traced(small_loss, "K, N, K N, N", "W b")
    names = [node.name for node in graph.nodes]
    assert names[:4] == ["x", "t", "W", "b"]
    assert {"x @ W", "h", "y", "e", "e**2", "W**2", "mean(W**2)"} <= set(names)
    h = next(node for node in graph.nodes if node.name == "h")
    assert h.text == "sigmoid(x @ W + b)"
    assert h.shape == ("N",)


def test_a_helper_that_keeps_the_shape_stays_whole_and_another_is_looked_into() -> None:
    _, graph = traced(small_loss, "K, N, K N, N", "W b")
    texts = [node.text for node in graph.nodes]
    assert "sigmoid(x @ W + b)" in texts
    assert not any("exp" in text for text in texts)
    assert "squared(y, t)" not in texts
    assert "y - t" in texts


def test_the_passes_of_a_loop_share_their_place_in_the_source() -> None:
    _, graph = traced(looped_loss, "N, N N", "W")
    counts = sorted(len(numbers) for numbers in graph.sites.values())
    assert counts[-2:] == [3, 3]


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
@given(seed=st.integers(0, 2**20))
def test_a_sweep_with_nothing_changed_is_the_right_gradient(exhibit: Any, seed: int) -> None:
    loss, graph = known(exhibit)
    instance = random_instance(loss.description, seed)
    if loss.few_shapes:  # traced again for each shape: one will do
        instance = draw(loss.description, random_instance(loss.description, 1).sizes, "ordinary", seed)
    judgement = loss.judge(instance)
    if not judgement.sound:
        return
    computation = Computation(graph, instance.sizes, instance.inputs)
    for name in loss.wrt:
        found = computation.signals[graph.arguments[name]]
        scale = np.max(np.abs(judgement.automatic[name])) + 1e-12
        np.testing.assert_allclose(found, judgement.automatic[name], rtol=0, atol=1e-11 * scale)


KNOWN: dict[str, tuple[Loss, Graph]] = {}


def known(exhibit: Any) -> tuple[Loss, Graph]:
    if exhibit.name not in KNOWN:
        KNOWN[exhibit.name] = traced(exhibit.loss, exhibit.shapes, exhibit.wrt)
    return KNOWN[exhibit.name]


def test_totals_and_pushes_are_the_same_derivative() -> None:
    loss, graph = traced(small_loss, "K, N, K N, N", "W b")
    instance = random_instance(loss.description, 5)
    computation = Computation(graph, instance.sizes, instance.inputs)
    target = graph.arguments["W"]
    for node in graph.nodes:
        if target in graph.above[node.number]:
            signal = np.arange(1.0, 1.0 + np.size(computation.values[node.number]))
            signal = signal.reshape(np.shape(computation.values[node.number]))
            pushed = np.ravel(computation.push(node.number, signal)[target])
            np.testing.assert_allclose(pushed, np.ravel(signal) @ computation.totals(target)[node.number])


def test_a_change_of_one_step_changes_what_comes_after_it_and_nothing_else() -> None:
    loss, graph = traced(small_loss, "K, N, K N, N", "W b")
    instance = random_instance(loss.description, 8)
    computation = Computation(graph, instance.sizes, instance.inputs)
    h = next(node for node in graph.nodes if node.name == "h")
    swept = computation.sweep({h.number: lambda signal: 2 * signal})
    np.testing.assert_allclose(swept[graph.arguments["b"]], 2 * computation.signals[graph.arguments["b"]])
    e = next(node for node in graph.nodes if node.name == "e")
    np.testing.assert_array_equal(swept[e.number], computation.signals[e.number])
