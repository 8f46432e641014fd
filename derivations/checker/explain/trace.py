"""Building the graph of a loss from JAX's trace of it.

JAX traces the loss once, and every step of the trace knows the expression of the source that it came from.
The steps of one expression become one node. A helper that maps one array to one of the same shape, such as
an activation, is kept whole; other helpers are looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.explain.graph import Graph, Node, Operation, Site
from derivations.checker.sources import expression_at, frames_of


def graph_of(function: Callable[..., Any], names: Sequence[str], shapes: Sequence[Any]) -> Graph:
    """Return the graph of a loss at these shapes (``jax.ShapeDtypeStruct``, symbolic or not)."""
    import jax

    with jax.enable_x64(True):
        traced = jax.make_jaxpr(function)(*shapes)
    return _Reader(function, names, traced).graph()


class _Reader:
    """Turns a trace into nodes, one for each expression of the source."""

    def __init__(self, function: Callable[..., Any], names: Sequence[str], traced: Any) -> None:
        self.function, self.traced = function, traced
        self.nodes: list[Node] = []
        self.numbers: dict[Any, int] = {}
        self.constants: dict[int, Any] = {}
        self.parts: list[Part] = []
        for name, variable in zip(names, traced.jaxpr.invars, strict=True):
            self._add(variable, name, "", ("argument", name), (), None)
        for variable, value in zip(traced.jaxpr.constvars, traced.consts, strict=True):
            self._add(variable, "a constant", "", ("constant", len(self.nodes)), (), None)
            self.constants[len(self.nodes) - 1] = np.asarray(value)
        self.arguments = {name: number for number, name in enumerate(names)}

    def graph(self) -> Graph:
        steps = [(step, frames_of(step, self.function)) for step in self.traced.jaxpr.eqns]
        self._read(steps, 0, set(self.traced.jaxpr.outvars))
        for part in whole_activations(self.parts, set(self.traced.jaxpr.outvars)):
            self._node(*part)
        return Graph(tuple(self.nodes), self.arguments, self.constants)

    def _read(self, steps: list[Any], depth: int, wanted: set[Any]) -> None:
        """Make parts of these steps: a run with one frame at this depth becomes one part, or several."""
        for run in _runs(steps, depth):
            later = wanted | _used(steps[steps.index(run[-1]) + 1 :])
            produced = [variable for step, _ in run for variable in step.outvars]
            results = [variable for variable in produced if variable in later]
            deeper = any(len(frames) > depth + 1 for _, frames in run)
            if len(results) == 1 and (not deeper or self._is_activation(run, results[0])):
                self.parts.append(Part(run, results[0], depth))
            elif deeper:
                self._read(run, depth + 1, later)
            else:
                for step, frames in run:
                    for variable in step.outvars[:1]:
                        self.parts.append(Part([(step, frames)], variable, depth))

    def _is_activation(self, run: list[Any], result: Any) -> bool:
        arrays = [variable for variable in _given(run) if variable.aval.shape]
        return len(arrays) == 1 and arrays[0].aval.shape == result.aval.shape

    def _node(self, run: list[Any], result: Any, depth: int) -> None:
        import jax

        given = _given(run)
        inputs = tuple(self.numbers[variable] for variable in given)
        steps = self.traced.jaxpr.replace(
            eqns=[step for step, _ in run], invars=given, outvars=[result], constvars=[]
        )
        struct: Any = jax.ShapeDtypeStruct
        operation = Operation(
            lambda *operands: jax.core.eval_jaxpr(steps, (), *operands)[0],
            [struct(variable.aval.shape, variable.aval.dtype) for variable in given],
            [f"operand_{position}" for position in range(len(given))],
        )
        frames = run[-1][1]
        name, text = described(frames, depth)
        text = text or unsourced(run[-1][0], [self.nodes[number].quantity for number in inputs])
        self._add(result, name or text, text, _site(frames, run, depth), inputs, operation)

    def _add(
        self, variable: Any, name: str, text: str, site: Site, inputs: Any, operation: Operation | None
    ) -> None:
        shape = tuple(str(size) for size in variable.aval.shape)
        real = variable.aval.dtype.kind == "f"
        self.numbers[variable] = len(self.nodes)
        self.nodes.append(Node(len(self.nodes), name, text, site, shape, real, inputs, operation))


class Part(NamedTuple):
    """Steps that become one node, with their frames; their result; the depth of the frame that names it."""

    run: list[Any]
    result: Any
    depth: int


ACTIVE = {
    "div",
    "select_n",
    "tanh",
    "logistic",
    "log",
    "log1p",
    "exp",
    "pow",
    "integer_pow",
    "max",
    "min",
    "jit",
}
"""The last primitive of an activation that is written out: 1 / (1 + exp(-u)), where(u > 0, u, 0.1 * u)."""


def whole_activations(parts: Sequence[Part], wanted: set[Any]) -> list[Part]:
    """Return the parts in order, with the unnamed steps of an activation joined."""
    made = {part.result: part for part in parts}
    users: dict[Any, set[Any]] = {}
    for part in parts:
        for variable in _given(part.run):
            users.setdefault(variable, set()).add(part.result)
    joined: dict[Any, list[Any]] = {}
    gone: set[Any] = set()
    for part in reversed(parts):
        cone = _cone(part, made, users, wanted) if part.result not in gone else {part.result}
        if len(cone) > 1:
            gone |= cone - {part.result}
            joined[part.result] = [step for one in parts if one.result in cone for step in one.run]
    return [Part(joined.get(p.result, p.run), p.result, p.depth) for p in parts if p.result not in gone]


def _cone(part: Part, made: Any, users: Any, wanted: set[Any]) -> set[Any]:
    """Return the unnamed steps that only this part uses, if all come from one array of its shape."""
    shape = part.result.aval.shape
    cone, border = {part.result}, list(_given(part.run))
    arrays = set()
    while border:
        variable = border.pop()
        inner = made.get(variable)
        alone = users.get(variable, set()) <= cone and variable not in wanted
        if (
            inner
            and alone
            and variable.aval.shape == shape
            and not described(inner.run[-1][1], inner.depth)[0]
        ):
            cone.add(variable)
            border = [v for v in (*border, *_given(inner.run)) if v not in cone]
        else:
            arrays.add(variable)
            border = [v for v in border if v != variable]
    real = {v for v in arrays if v.aval.dtype.kind == "f" and v.aval.shape}
    ends = part.run[-1][0].primitive.name in ACTIVE
    fits = ends and shape and len(real) == 1 == len(arrays) and next(iter(real)).aval.shape == shape
    return cone if fits else {part.result}


SIGNS = {"dot_general": " @ ", "add": " + ", "sub": " - ", "mul": " * ", "div": " / "}


def unsourced(step: Any, inputs: Sequence[str]) -> str:
    """Return an expression for a step without source: ``x @ W``, ``tanh(u)``."""
    name = step.params.get("name") or step.primitive.name
    if name in SIGNS and len(inputs) == 2:
        return SIGNS[name].join(inputs)
    return f"{'sum' if name == 'reduce_sum' else name}({', '.join(inputs)})"


def described(frames: Sequence[Any], depth: int) -> tuple[str, str]:
    """Return the name that the source gives, and the expression; empty without source."""
    return expression_at(frames[min(depth, len(frames) - 1)]) if frames else ("", "")


def _site(frames: Sequence[Any], run: list[Any], depth: int) -> Site:
    """Return the place in the source, with the primitive, since one expression may become several nodes."""
    return (tuple(frames[: depth + 1]), run[-1][0].primitive.name)


def _runs(steps: list[Any], depth: int) -> Iterator[list[Any]]:
    """Yield runs of neighbouring steps whose frame at this depth is the same."""
    run: list[Any] = []
    for step, frames in steps:
        frame = frames[depth] if depth < len(frames) else None
        if run and frame != (run[-1][1][depth] if depth < len(run[-1][1]) else None):
            yield run
            run = []
        run.append((step, frames))
    if run:
        yield run


def _given(run: list[Any]) -> list[Any]:
    """Return the variables that a run reads and does not itself compute, in order."""
    own = {variable for step, _ in run for variable in step.outvars}
    read = [v for step, _ in run for v in step.invars if not hasattr(v, "val") and v not in own]
    return list(dict.fromkeys(read))


def _used(steps: list[Any]) -> set[Any]:
    return {v for step, _ in steps for v in step.invars if not hasattr(v, "val")}
