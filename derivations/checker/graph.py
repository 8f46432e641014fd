"""A loss as a graph of its operations, with the local derivative of each.

JAX traces the loss once; every step of the trace knows the expression of the source that it came from.
Steps of one expression are one node, named as the source names it: ``h`` for ``h = sigmoid(x @ W)``,
``y - t`` for an expression without a name. A helper that maps one array to one of the same shape (an
activation) stays whole; any other is looked into.

For an instance, :class:`Computation` holds every node's value, the local Jacobian of every edge, and
the error signal ∂E/∂node. A gradient is a sweep back over the graph, and a wrong gradient, nearly
always, a sweep with one thing changed: that is what ``diagnosis`` tries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from derivations.oracle.program.primitives import UnknownPrimitiveError
from derivations.oracle.program.programs import Transcript

Sizes = Mapping[str, int]
Site = tuple[Any, ...]


@dataclass(frozen=True)
class Node:
    """A named quantity of the loss: an argument, or what one expression computes from others.

    ``site`` is the place in the source; the passes of a loop share it. ``shape`` holds letters, or
    numbers where the loss was traced at given sizes. ``inputs`` are numbers of earlier nodes.
    """

    number: int
    name: str
    text: str
    site: Site
    shape: tuple[str, ...]
    real: bool
    inputs: tuple[int, ...] = ()
    operation: Operation | None = None

    @property
    def quantity(self) -> str:
        """The node as a factor in a product: its name, in brackets if it is an expression."""
        simple = self.name.isidentifier() or self.name.endswith(")")
        return self.name if simple else f"({self.name})"


class Operation:
    """What a node does with its inputs, as NumPy: its value, and its local Jacobian for one input."""

    def __init__(self, function: Callable[..., Any], shapes: Sequence[Any], names: Sequence[str]) -> None:
        self.function, self.shapes, self.names = function, list(shapes), list(names)
        self.programs: dict[int | None, Callable[..., Any]] = {}

    def value(self, sizes: Sizes, operands: Sequence[Any]) -> Any:
        """The node's value at these operands."""
        return self._run(None, sizes, operands)

    def jacobian(self, position: int, sizes: Sizes, operands: Sequence[Any]) -> Any:
        """∂node/∂input as a matrix: a row for each entry of the node, a column for each of the input."""
        found = np.asarray(self._run(position, sizes, operands))
        return found.reshape(-1, max(1, np.size(operands[position])))

    def _run(self, position: int | None, sizes: Sizes, operands: Sequence[Any]) -> Any:
        if position not in self.programs:
            self.programs[position] = self._program(position)
        return self.programs[position](sizes, *operands)

    def _program(self, position: int | None) -> Callable[..., Any]:
        import jax

        function = self.function if position is None else jax.jacfwd(self.function, argnums=position)
        try:
            with jax.enable_x64(True):
                traced = jax.make_jaxpr(function)(*self.shapes)
            return _with_sizes(Transcript(traced, self.names, bounds=False).compile())
        except UnknownPrimitiveError:
            return _by_jax(function)


def _with_sizes(program: Callable[..., Any]) -> Callable[..., Any]:
    """A program that also knows the sizes that none of its own operands has."""

    def run(sizes: Sizes, *operands: Any) -> Any:
        program.__globals__.update(sizes)
        return program(sizes, *operands)

    return run


def _by_jax(function: Callable[..., Any]) -> Callable[..., Any]:
    """JAX's own evaluation, compiled again for each shape: for what the referee has no rule for."""
    import jax

    compiled = jax.jit(function)

    def run(sizes: Sizes, *operands: Any) -> Any:
        with jax.enable_x64(True):
            return np.asarray(compiled(*operands))

    return run


@dataclass(frozen=True)
class Graph:
    """The nodes of a loss in order, its arguments first; the last is the loss."""

    nodes: tuple[Node, ...]
    arguments: Mapping[str, int]
    constants: Mapping[int, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Node:
        """The argument of that name."""
        return self.nodes[self.arguments[name]]

    @cached_property
    def users(self) -> Mapping[int, tuple[tuple[int, int], ...]]:
        """For each node the edges that leave it: the number of the user and the position there."""
        found: dict[int, list[tuple[int, int]]] = {node.number: [] for node in self.nodes}
        for node in self.nodes:
            for position, number in enumerate(node.inputs):
                found[number].append((node.number, position))
        return {number: tuple(edges) for number, edges in found.items()}

    @cached_property
    def above(self) -> Mapping[int, frozenset[int]]:
        """For each node all that it is computed from, itself included."""
        found: dict[int, frozenset[int]] = {}
        for node in self.nodes:
            found[node.number] = frozenset({node.number}).union(*(found[n] for n in node.inputs))
        return found

    def counterpart(self, number: int, node: int, at: int) -> int:
        """The node that is to ``at`` what ``number`` is to ``node``: of the same pass of a loop."""
        passes, own = self.sites[self.nodes[node].site], self.sites[self.nodes[number].site]
        return own[passes.index(at)] if at in passes and len(own) == len(passes) else number

    def first_of_each(self) -> tuple[Node, ...]:
        """The nodes but the loss, one for each place of the source."""
        return tuple(node for node in self.nodes[:-1] if self.sites[node.site][0] == node.number)

    @cached_property
    def sites(self) -> Mapping[Site, tuple[int, ...]]:
        """The nodes at each place of the source, in order."""
        found: dict[Site, list[int]] = {}
        for node in self.nodes:
            found.setdefault(node.site, []).append(node.number)
        return {site: tuple(numbers) for site, numbers in found.items()}


class Computation:
    """A graph at one instance: values, local Jacobians and error signals, each computed when asked for."""

    def __init__(self, graph: Graph, sizes: Sizes, inputs: Mapping[str, Any]) -> None:
        self.graph, self.sizes = graph, sizes
        self.values: dict[int, Any] = dict(graph.constants)
        for name, number in graph.arguments.items():
            self.values[number] = np.asarray(inputs[name])
        with np.errstate(all="ignore"):
            for node in graph.nodes:
                if node.number not in self.values:
                    self.values[node.number] = np.asarray(self.at(node, {}))
        self._jacobians: dict[tuple[int, int], Any] = {}
        self._totals: dict[int, dict[int, Any]] = {}

    def at(self, node: Node, instead: Mapping[int, Any]) -> Any:
        """A node's value, with other values in the place of some of its inputs."""
        assert node.operation is not None
        operands = [instead.get(number, self.values[number]) for number in node.inputs]
        return node.operation.value(self.sizes, operands)

    def jacobian(self, number: int, position: int) -> Any:
        """The local Jacobian of an edge, as a matrix."""
        edge = (number, position)
        if edge not in self._jacobians:
            self._jacobians[edge] = self.jacobian_at(self.graph.nodes[number], position, {})
        return self._jacobians[edge]

    def jacobian_at(self, node: Node, position: int, instead: Mapping[int, Any]) -> Any:
        """The local Jacobian of an edge, with other values in the place of some inputs."""
        assert node.operation is not None
        operands = [instead.get(number, self.values[number]) for number in node.inputs]
        with np.errstate(all="ignore"):
            return node.operation.jacobian(position, self.sizes, operands)

    @cached_property
    def signals(self) -> Mapping[int, Any]:
        """The error signals ∂E/∂node, of each node's own shape."""
        return self.sweep()

    def sweep(self, changes: Mapping[Any, Callable[..., Any]] | None = None) -> dict[int, Any]:
        """All error signals, back from the loss; ``changes`` replace single steps on the way.

        A change under a node's number is called with its signal and gives the one to go on with; under
        an edge (number, position), with the signal of the node, and gives what flows to the input.
        """
        changes = changes or {}
        last = len(self.graph.nodes) - 1
        signals: dict[int, Any] = {last: np.ones(np.shape(self.values[last]))}
        for node in reversed(self.graph.nodes):
            if node.number not in signals:
                continue
            if node.number in changes:
                signals[node.number] = changes[node.number](signals[node.number])
            for position, number in enumerate(node.inputs):
                if self.graph.nodes[number].real:
                    flow = self.flow(node.number, position, signals[node.number], changes)
                    signals[number] = signals[number] + flow if number in signals else flow
        for node in self.graph.nodes:
            signals.setdefault(node.number, np.zeros(np.shape(self.values[node.number])))
        return signals

    def totals(self, target: int) -> Mapping[int, Any]:
        """∂node/∂target along all paths, as a matrix, for every node that the target leads to."""
        if target not in self._totals:
            found = {target: np.eye(np.size(self.values[target]))}
            for node in self.graph.nodes[target + 1 :]:
                for position, number in enumerate(node.inputs):
                    if number in found and self.graph.nodes[number].real:
                        through = self.jacobian(node.number, position) @ found[number]
                        found[node.number] = found.get(node.number, 0.0) + through
            self._totals[target] = found
        return self._totals[target]

    def push(self, start: int, signal: Any) -> dict[int, Any]:
        """What a signal at one node alone gives for all that it is computed from."""
        signals: dict[int, Any] = {start: signal}
        for node in reversed(self.graph.nodes[: start + 1]):
            if node.number in signals:
                for position, number in enumerate(node.inputs):
                    if self.graph.nodes[number].real:
                        flow = self.flow(node.number, position, signals[node.number], {})
                        signals[number] = signals[number] + flow if number in signals else flow
        return signals

    def flow(self, number: int, position: int, signal: Any, changes: Mapping[Any, Any]) -> Any:
        """What flows back over one edge, given the signal of the node it leaves."""
        shape = np.shape(self.values[self.graph.nodes[number].inputs[position]])
        if (number, position) in changes:
            return np.reshape(changes[number, position](signal), shape)
        return (np.ravel(signal) @ self.jacobian(number, position)).reshape(shape)
