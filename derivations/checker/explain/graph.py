"""The computation graph of a loss: named quantities, their local Jacobians, and the error signals.

:class:`Graph` holds the nodes, each named after its expression in the source: ``h`` for
``h = sigmoid(x @ W)``, ``y - t`` for an expression without a name. :class:`Computation` evaluates it at one
test case: the value of every node, the local Jacobian of every edge, and the error signal ∂E/∂node. A
gradient is a sweep back over the graph, and most wrong gradients are a sweep with one step changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from derivations.oracle.program.primitives import UnknownPrimitiveError
from derivations.oracle.program.programs import Transcript

Sizes = Mapping[str, int]
Site = tuple[Any, ...]


@dataclass(frozen=True)
class Node:
    """A quantity of the loss: an argument, or what one expression computes from others.

    ``text`` is the expression and ``site`` its place in the source, which the iterations of a loop share.
    ``shape`` holds letters, or numbers where the loss was traced at given sizes. ``inputs`` are numbers of
    earlier nodes.
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
    """What a node computes from its inputs: its value, and its local Jacobian for one input, in NumPy."""

    def __init__(self, function: Callable[..., Any], shapes: Sequence[Any], names: Sequence[str]) -> None:
        self.function, self.shapes, self.names = function, list(shapes), list(names)
        self.programs: dict[int | None, Callable[..., Any]] = {}

    def value(self, sizes: Sizes, operands: Sequence[Any]) -> Any:
        """Return the node's value at these operands."""
        return self._run(None, sizes, operands)

    def jacobian(self, position: int, sizes: Sizes, operands: Sequence[Any]) -> Any:
        """Return ∂node/∂input as a matrix, with a row for each entry of the node."""
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
    """Return a program that also knows the sizes that none of its own operands has."""

    def run(sizes: Sizes, *operands: Any) -> Any:
        program.__globals__.update(sizes)
        return program(sizes, *operands)

    return run


def _by_jax(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a program evaluated by JAX, which compiles it again for each shape."""
    import jax

    compiled = jax.jit(function)

    def run(sizes: Sizes, *operands: Any) -> Any:
        with jax.enable_x64(True):
            return np.asarray(compiled(*operands))

    return run


@dataclass(frozen=True)
class Graph:
    """The nodes of a loss in order, its arguments first; the last node is the loss."""

    nodes: tuple[Node, ...]
    arguments: Mapping[str, int]
    constants: Mapping[int, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Node:
        """Return the argument of that name."""
        return self.nodes[self.arguments[name]]

    @cached_property
    def users(self) -> Mapping[int, tuple[tuple[int, int], ...]]:
        """For each node the edges that leave it: the number of the user, and the position there."""
        found: dict[int, list[tuple[int, int]]] = {node.number: [] for node in self.nodes}
        for node in self.nodes:
            for position, number in enumerate(node.inputs):
                found[number].append((node.number, position))
        return {number: tuple(edges) for number, edges in found.items()}

    @cached_property
    def above(self) -> Mapping[int, frozenset[int]]:
        """For each node all nodes that it is computed from, itself included."""
        found: dict[int, frozenset[int]] = {}
        for node in self.nodes:
            found[node.number] = frozenset({node.number}).union(*(found[n] for n in node.inputs))
        return found

    @cached_property
    def sites(self) -> Mapping[Site, tuple[int, ...]]:
        """The nodes at each place of the source, in order: several in a loop."""
        found: dict[Site, list[int]] = {}
        for node in self.nodes:
            found.setdefault(node.site, []).append(node.number)
        return {site: tuple(numbers) for site, numbers in found.items()}

    def first_of_each(self) -> tuple[Node, ...]:
        """Return the nodes but the loss, one for each place of the source."""
        return tuple(node for node in self.nodes[:-1] if self.sites[node.site][0] == node.number)

    def counterpart(self, number: int, node: int, at: int) -> int:
        """Return the node that is to ``at`` what ``number`` is to ``node``: in the same loop iteration."""
        iterations, own = self.sites[self.nodes[node].site], self.sites[self.nodes[number].site]
        return own[iterations.index(at)] if at in iterations and len(own) == len(iterations) else number

    def all_paths_meet(self, target: int, number: int) -> bool:
        """Return whether every path from a quantity to the loss passes through this node."""
        reached, last = {target}, len(self.nodes) - 1
        for node in self.nodes[target + 1 :]:
            if node.number != number and any(n in reached for n in node.inputs):
                reached.add(node.number)
        return number == target or last not in reached

    def array_arguments(self, number: int) -> list[Node]:
        """Return the arguments, other than single numbers, that a node is computed from."""
        arguments = (self.nodes[n] for n in self.arguments.values() if n in self.above[number])
        return [argument for argument in arguments if argument.shape]


Edge = tuple[int, int]
Changes = Mapping[int | Edge, Callable[[Any], Any]]
"""What replaces single steps of a sweep: under a node's number, a function from its error signal to the one
to go on with; under an edge, a function from the node's signal to what flows to the input."""


class Computation:
    """A graph at one test case: values, local Jacobians and error signals, each computed when needed."""

    def __init__(self, graph: Graph, sizes: Sizes, inputs: Mapping[str, Any]) -> None:
        self.graph, self.sizes = graph, sizes
        self.values: dict[int, Any] = dict(graph.constants)
        for name, number in graph.arguments.items():
            self.values[number] = np.asarray(inputs[name])
        with np.errstate(all="ignore"):
            for node in graph.nodes:
                if node.number not in self.values:
                    assert node.operation is not None
                    operands = [self.values[number] for number in node.inputs]
                    self.values[node.number] = np.asarray(node.operation.value(sizes, operands))
        self._jacobians: dict[Edge, Any] = {}
        self._totals: dict[int, dict[int, Any]] = {}

    def jacobian(self, number: int, position: int) -> Any:
        """Return the local Jacobian of an edge, as a matrix."""
        edge = (number, position)
        if edge not in self._jacobians:
            self._jacobians[edge] = self.jacobian_at(self.graph.nodes[number], position, {})
        return self._jacobians[edge]

    def jacobian_at(self, node: Node, position: int, instead: Mapping[int, Any]) -> Any:
        """Return the local Jacobian of an edge, with other values for some of the node's inputs."""
        assert node.operation is not None
        operands = [instead.get(number, self.values[number]) for number in node.inputs]
        with np.errstate(all="ignore"):
            return node.operation.jacobian(position, self.sizes, operands)

    @cached_property
    def signals(self) -> Mapping[int, Any]:
        """The error signals ∂E/∂node, each of its node's shape."""
        return self.sweep()

    def sweep(self, changes: Changes | None = None) -> dict[int, Any]:
        """Compute all error signals, back from the loss, with some steps changed."""
        last = len(self.graph.nodes) - 1
        signals = self.push(last, np.ones(np.shape(self.values[last])), changes)
        for node in self.graph.nodes:
            signals.setdefault(node.number, np.zeros(np.shape(self.values[node.number])))
        return signals

    def push(self, start: int, signal: Any, changes: Changes | None = None) -> dict[int, Any]:
        """Propagate a signal at one node alone back to all nodes that it is computed from."""
        signals: dict[int, Any] = {start: signal}
        for node in reversed(self.graph.nodes[: start + 1]):
            if node.number not in signals:
                continue
            if changes and node.number in changes:
                signals[node.number] = changes[node.number](signals[node.number])
            for position, number in enumerate(node.inputs):
                if self.graph.nodes[number].real:
                    flow = self.flow(node.number, position, signals[node.number], changes)
                    signals[number] = signals[number] + flow if number in signals else flow
        return signals

    def flow(self, number: int, position: int, signal: Any, changes: Changes | None = None) -> Any:
        """Return what flows back over one edge, given the signal of the node it leaves."""
        shape = np.shape(self.values[self.graph.nodes[number].inputs[position]])
        if changes and (number, position) in changes:
            return np.reshape(changes[number, position](signal), shape)
        return (np.ravel(signal) @ self.jacobian(number, position)).reshape(shape)

    def totals(self, target: int) -> Mapping[int, Any]:
        """Return ∂node/∂target along all paths, as a matrix, for every node that depends on the target."""
        if target not in self._totals:
            found = {target: np.eye(np.size(self.values[target]))}
            for node in self.graph.nodes[target + 1 :]:
                for position, number in enumerate(node.inputs):
                    if number in found and self.graph.nodes[number].real:
                        through = self.jacobian(node.number, position) @ found[number]
                        found[node.number] = found.get(node.number, 0.0) + through
            self._totals[target] = found
        return self._totals[target]


class Step(NamedTuple):
    """One step of a sweep, where a mistake may be made: at a node, or from a node back to one input."""

    computation: Computation
    number: int
    position: int = 0

    @property
    def node(self) -> Node:
        """The node that the step leaves."""
        return self.computation.graph.nodes[self.number]

    @property
    def given(self) -> Any:
        """The value of the input that the step leads to."""
        return self.computation.values[self.node.inputs[self.position]]

    @property
    def jacobian(self) -> Any:
        """The local Jacobian of the step."""
        return self.computation.jacobian(self.number, self.position)

    def back(self, signal: Any) -> Any:
        """Return what flows to the input, given the signal of the node."""
        return self.computation.flow(self.number, self.position, signal)

    @property
    def diagonal(self) -> Any:
        """The diagonal of the local Jacobian: the derivative of an elementwise operation."""
        return np.diagonal(self.jacobian)

    def value_of(self, number: int, node: int) -> Any:
        """Return the value of the counterpart of ``number``, which is near ``node``."""
        return np.asarray(
            self.computation.values[self.computation.graph.counterpart(number, node, self.number)]
        )
