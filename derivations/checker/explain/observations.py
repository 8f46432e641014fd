"""Observations: test cases with the candidate gradient, the right one, and the graph of the loss there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from derivations.checker.cases import Case
from derivations.checker.explain.graph import Computation, Graph
from derivations.checker.explain.trace import graph_of
from derivations.checker.judging import Traced
from derivations.checker.losses import Loss
from derivations.oracle.tolerance import EXPLAINED, EXPLAINED_OF_RESIDUAL, UNIT

MOST = 100
"""The number of test cases on which an explanation must hold."""

LARGEST = 3000
"""The largest number of inputs for which Jacobians are computed."""

BUILDS = 3
"""The number of graphs, for a loss whose graph depends on its sizes, on which an explanation must hold."""

ORDINARY = ("ordinary", "varied", "small", "given")
"""Scales whose values are neither saturated nor full of ties."""


@dataclass(eq=False)
class Observation:
    """One test case for the diagnosis; arrays are by argument of the loss, each of its own shape.

    ``rounding`` is, for each argument, the largest difference that rounding explains. ``build`` is equal
    for observations whose graphs differ only in their sizes. ``cache`` keeps what predictions share.
    """

    sizes: Mapping[str, int]
    inputs: Mapping[str, Any]
    candidate: Mapping[str, Any]
    right: Mapping[str, Any]
    rounding: Mapping[str, float]
    graph: Graph | None = None
    build: Any = None
    cache: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def computation(self) -> Computation:
        """The graph of the loss, evaluated at this test case."""
        assert self.graph is not None
        return Computation(self.graph, self.sizes, self.inputs)

    @cached_property
    def scale(self) -> Mapping[str, float]:
        """The largest absolute entry of each gradient, the right one or the candidate."""
        return {name: max(_largest(self.right[name]), _largest(g)) for name, g in self.candidate.items()}

    @cached_property
    def residual(self) -> Mapping[str, float]:
        """The largest difference between the candidate and the right gradient."""
        return {name: _largest(np.subtract(g, self.right[name])) for name, g in self.candidate.items()}

    def wrong(self, name: str) -> bool:
        """Return whether the candidate differs here by more than rounding."""
        return self.residual[name] > max(self.rounding[name], 8 * UNIT * self.scale[name])

    def explained_by(self, name: str, prediction: Any) -> bool:
        """Return whether the candidate equals this prediction in every entry.

        The prediction has to account for nearly all of the residual, however small that is.
        """
        if np.shape(prediction) != np.shape(self.candidate[name]):
            return False
        within = min(EXPLAINED * self.scale[name], EXPLAINED_OF_RESIDUAL * self.residual[name])
        floor = 4 * self.rounding[name] + 64 * UNIT * max(self.scale[name], _largest(prediction))
        return _largest(np.subtract(self.candidate[name], prediction)) <= max(within, floor)

    def negligible(self, name: str, array: Any) -> bool:
        """Return whether an array holds nothing but the roundings of a gradient that is 0 here."""
        return _largest(array) <= 100 * self.rounding[name]

    def distinguishes(self, name: str, prediction: Any) -> bool:
        """Return whether this prediction differs here from the right gradient."""
        apart = _largest(np.subtract(prediction, self.right[name]))
        return apart > 100 * (self.rounding[name] + UNIT * self.scale[name])


def _largest(array: Any) -> float:
    """Return the largest absolute entry: infinite if one is not finite, 0 for an empty array."""
    sizes = np.abs(np.ravel(array))
    if not sizes.size:
        return 0.0
    return float(sizes.max()) if np.isfinite(sizes).all() else float("inf")


# --- from the checker's comparisons ---------------------------------------------------------------------


def build_observations(loss: Loss, cases: Sequence[Case], names: Sequence[str]) -> list[Observation]:
    """Build the observations for a diagnosis, from gradients that are finite and of the right shape."""
    ordinary = [case for case in cases if case.instance.scale in ORDINARY]
    chosen = (ordinary if len(ordinary) >= 4 else list(cases))[:MOST]
    observations = [one for case in chosen if (one := _observation(case, names)).candidate]
    if any(sum(map(np.size, one.inputs.values())) > LARGEST for one in observations):
        return observations  # a Jacobian would have the square of that many entries
    for one, graph in zip(observations, _graphs(loss, observations), strict=True):
        one.graph = graph
        one.build = graph and tuple((node.site, node.inputs) for node in graph.nodes)
    return observations


def grouped_by_build(observations: Sequence[Observation]) -> list[list[Observation]]:
    """Return the observations in groups of one build, the largest groups first.

    A loss with a loop over its input has one build for each length.
    """
    groups: dict[Any, list[Observation]] = {}
    for one in observations:
        groups.setdefault(one.build, []).append(one)
    return sorted(groups.values(), key=len, reverse=True)[:BUILDS]


def most_telling_first(name: str, observations: Sequence[Observation]) -> list[Observation]:
    """Return the observations so that a wrong prediction fails early: wrong and small ones first."""

    def telling(one: Observation) -> tuple[bool, int, int, int]:
        ones = sum(size == 1 for size in one.sizes.values())
        size = int(np.size(one.right[name]))
        return not one.wrong(name), ones, max(0, 5 - size), size

    return sorted((one for one in observations if name in one.candidate), key=telling)


def _observation(case: Case, names: Sequence[str]) -> Observation:
    candidate = {
        name: case.hand[name]
        for name in names
        if name in case.hand
        and np.shape(case.hand[name]) == np.shape(case.automatic[name])
        and np.isfinite(case.hand[name]).all()
    }
    rounding = {name: float(np.max(case.permitted[name], initial=0.0)) for name in candidate}
    return Observation(case.instance.sizes, case.instance.inputs, candidate, case.automatic, rounding)


_KNOWN: WeakKeyDictionary[Any, dict[Any, Graph | None]] = WeakKeyDictionary()
"""The graphs of a loss, one for all shapes or by shape, shared by all candidates for its gradient."""


def _graphs(loss: Loss, observations: Sequence[Observation]) -> list[Graph | None]:
    """Return the graph of the loss for each observation: one for all shapes, or one for each."""
    if loss.jax_function is None or not isinstance(loss.method, Traced):
        return [None] * len(observations)
    tracing = loss.method.tracing
    known = _KNOWN.setdefault(tracing, {})
    if tracing.symbolic is not None:
        if "all" not in known:
            known["all"] = graph_at(tracing, tracing.structs(tracing.dims()))
        return [known["all"]] * len(observations)
    keys = [tuple(np.shape(value) for value in one.inputs.values()) for one in observations]
    for key, one in zip(keys, observations, strict=True):
        if key not in known:
            known[key] = graph_at(tracing, tracing.structs_at(one.inputs))
    return [known[key] for key in keys]


def graph_at(tracing: Any, structs: Sequence[Any]) -> Graph | None:
    """Return the graph of a loss at these shapes, or None where its trace cannot be read."""
    try:
        return graph_of(tracing.function, tracing.description.names, structs)
    except Exception:  # JAX can differentiate it, and still its steps may have no expressions
        return None
