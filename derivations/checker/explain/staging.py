"""From the checker's cases to scenes: which instances tell most, and the graph of the loss at each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from derivations.checker.cases import Case
from derivations.checker.explain.scenes import Scene
from derivations.checker.graph import Graph
from derivations.checker.graph_of import graph_of
from derivations.checker.judging import Traced
from derivations.checker.losses import Loss

SCENES = 100
"""On how many instances an explanation must hold."""

LARGEST = 3000
"""How many numbers may go into a loss whose graph is computed, Jacobians and all."""

BUILDS = 3
"""How many builds of a loss an explanation must hold for."""

CALM = ("ordinary", "varied", "small", "given")
"""Scales whose values are neither saturated nor full of ties."""


def scenes_of(loss: Loss, cases: Sequence[Case], names: Sequence[str]) -> list[Scene]:
    """The scenes to explain: calm instances, with the gradients that are finite and of the right shape."""
    calm = [case for case in cases if case.instance.scale in CALM]
    chosen = (calm if len(calm) >= 4 else list(cases))[:SCENES]
    scenes = [scene for case in chosen if (scene := _scene(loss, case, names)).hand]
    if any(sum(map(np.size, scene.inputs.values())) > LARGEST for scene in scenes):
        return scenes  # a Jacobian would be as large as the square of that
    for scene, graph in zip(scenes, _graphs(loss, scenes), strict=True):
        scene.graph, scene.build = graph, graph and _build(graph)
    return scenes


def by_build(scenes: Sequence[Scene]) -> list[list[Scene]]:
    """The scenes in groups of one build, the largest groups: a loss with a loop has one for each length."""
    groups: dict[Any, list[Scene]] = {}
    for scene in scenes:
        groups.setdefault(scene.build, []).append(scene)
    return sorted(groups.values(), key=len, reverse=True)[:BUILDS]


_KNOWN: WeakKeyDictionary[Any, dict[Any, Graph | None]] = WeakKeyDictionary()
"""The graphs of a loss, by shape or for all: read once, for all the gradients that are held against it."""


def _scene(loss: Loss, case: Case, names: Sequence[str]) -> Scene:
    hand = {
        name: case.hand[name]
        for name in names
        if name in case.hand
        and np.shape(case.hand[name]) == np.shape(case.automatic[name])
        and np.isfinite(case.hand[name]).all()
    }
    noise = {name: float(np.max(case.permitted[name], initial=0.0)) for name in hand}
    return Scene(case.instance.sizes, case.instance.inputs, hand, case.automatic, noise)


def _graphs(loss: Loss, scenes: Sequence[Scene]) -> list[Graph | None]:
    """The graph of the loss for each scene: one for all shapes, or one for each."""
    if loss.jax_function is None or not isinstance(loss.method, Traced):
        return [None] * len(scenes)
    tracing = loss.method.tracing
    if tracing.symbolic is not None:
        if tracing not in _KNOWN:
            _KNOWN[tracing] = {"all": graph_at(tracing, tracing.structs(tracing.dims()))}
        return [_KNOWN[tracing]["all"]] * len(scenes)
    by_shape = _KNOWN.setdefault(tracing, {})
    keys = [tuple(np.shape(value) for value in scene.inputs.values()) for scene in scenes]
    for key, scene in zip(keys, scenes, strict=True):
        if key not in by_shape:
            by_shape[key] = graph_at(tracing, tracing.structs_at(scene.inputs))
    return [by_shape[key] for key in keys]


def graph_at(tracing: Any, structs: Sequence[Any]) -> Graph | None:
    """The graph of a loss at these shapes; None where its trace cannot be read."""
    try:
        return graph_of(tracing.function, tracing.description.names, structs)
    except Exception:  # JAX can judge it, and still the steps of its trace may not be read apart
        return None


def _build(graph: Graph) -> Any:
    return tuple((node.site, node.inputs) for node in graph.nodes)
