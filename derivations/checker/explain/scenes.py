"""A scene: one instance, the hand's gradient on it, the right one, and the graph of the loss there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from derivations.checker.graph import Computation, Graph
from derivations.oracle.tolerance import EXPLAINED, EXPLAINED_OF_RESIDUAL, UNIT


@dataclass(eq=False)
class Scene:
    """An instance before the diagnosis; arrays are by argument of the loss, of its own shape.

    ``noise`` is, for each argument, the largest difference that rounding explains there; ``build`` is the
    same for scenes whose graphs differ in their sizes only.
    """

    sizes: Mapping[str, int]
    inputs: Mapping[str, Any]
    hand: Mapping[str, Any]
    right: Mapping[str, Any]
    noise: Mapping[str, float]
    graph: Graph | None = None
    build: Any = None
    predicted: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def computation(self) -> Computation:
        """The graph of the loss at this instance."""
        assert self.graph is not None
        return Computation(self.graph, self.sizes, self.inputs)

    @cached_property
    def scale(self) -> Mapping[str, float]:
        """The size of the largest entry of each gradient, the right one or the hand's."""
        return {
            name: float(max(_largest(self.right[name]), _largest(hand))) for name, hand in self.hand.items()
        }

    @cached_property
    def residual(self) -> Mapping[str, float]:
        """How far the hand's gradient is from the right one, in its worst entry."""
        return {name: _largest(np.subtract(hand, self.right[name])) for name, hand in self.hand.items()}

    def wrong(self, name: str) -> bool:
        """Whether the hand's gradient differs here by more than rounding."""
        return self.residual[name] > max(self.noise[name], 8 * UNIT * self.scale[name])

    def explains(self, name: str, prediction: Any) -> bool:
        """Whether the hand's gradient is this prediction, in every entry.

        The prediction has to account for nearly all of the residual, however small that is.
        """
        if np.shape(prediction) != np.shape(self.hand[name]):
            return False
        within = min(EXPLAINED * self.scale[name], EXPLAINED_OF_RESIDUAL * self.residual[name])
        floor = 4 * self.noise[name] + 64 * UNIT * max(self.scale[name], _largest(prediction))
        return _largest(np.subtract(self.hand[name], prediction)) <= max(within, floor)

    def negligible(self, name: str, array: Any) -> bool:
        """Whether there is nothing in an array but the roundings of a gradient that is 0 here."""
        return _largest(array) <= 100 * self.noise[name]

    def tells_apart(self, name: str, prediction: Any) -> bool:
        """Whether this prediction differs here from the right gradient, so that a match means something."""
        return _largest(np.subtract(prediction, self.right[name])) > 100 * (
            self.noise[name] + UNIT * self.scale[name]
        )


def _largest(array: Any) -> float:
    """The size of the largest entry; infinite if one is not finite, 0 for an empty array."""
    sizes = np.abs(np.ravel(array))
    if not sizes.size:
        return 0.0
    return float(sizes.max()) if np.isfinite(sizes).all() else float("inf")
