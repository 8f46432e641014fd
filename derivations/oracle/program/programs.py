"""JAX's derivative as a NumPy program, traced once for all shapes.

JAX is given a section's ``reference`` with symbolic sizes, so ``jax.make_jaxpr`` of its derivative is
one program that holds for every K, N, M. That program is written out as straight-line NumPy and
compiled; a new random shape costs nothing but running it. The derivation is JAX's own: what is ours is
only the transcription, by the table in ``primitives``, and it is on trial itself in
``tests/oracle/test_programs.py``, against ``jax.jit`` on concrete shapes.

To differentiate with respect to a quantity in the middle, every line of the reference is a place where
a zero can be added (see ``forward_pass``); ∂/∂h is the derivative with respect to the zero at h.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from derivations.ledger import Model
from derivations.notation import Quantity
from derivations.oracle.forward_pass import lines_of
from derivations.oracle.program.fallback import by_jax
from derivations.oracle.program.transcripts import Transcript as Transcript  # others find it here

Sizes = Mapping[str, int]
NUDGE = "nudge"
"""The argument that is added to the quantity to differentiate with respect to; always zero."""


@dataclass(frozen=True)
class Program:
    """A derivative of a model's reference as NumPy source, for every shape.

    ``run(inputs, sizes)`` gives its value; ``run_with_bound`` also the bound on its error, in
    roundings, of the same shape. ``source`` and ``jaxpr`` are for people to read. ``without_rule``
    names the primitives that no rule is known for, which JAX itself computes.
    """

    source: str
    jaxpr: str
    run: Callable[[Mapping[str, Any], Sizes], Any]
    run_with_bound: Callable[[Mapping[str, Any], Sizes], tuple[Any, Any]]
    without_rule: tuple[str, ...]


def value_program(model: Model, name: str) -> Program:
    """The program that computes one quantity of the forward pass."""
    return _program(model, name, "", "value")


def derivative_program(model: Model, of: str, wrt: str, mode: str) -> Program:
    """The program for ∂of/∂wrt, of shape ``(*of, *wrt)``; ``mode`` is ``"reverse"`` or ``"forward"``."""
    return _program(model, of, wrt, mode)


@cache
def _program(model: Model, of: str, wrt: str, mode: str) -> Program:
    traced = trace(model, of, wrt, mode)
    arguments = [*model.inputs, NUDGE] if wrt and wrt not in model.inputs else list(model.inputs)
    names: list[str] = []
    plain, bounded = (
        Transcript(traced, arguments, bounds, without_rule=by_jax(names)) for bounds in (False, True)
    )
    nudge = model.notation[wrt] if arguments[-1] == NUDGE else None
    run, run_with_bound = (_caller(transcript, model, nudge) for transcript in (plain, bounded))
    return Program(plain.source, str(traced), run, run_with_bound, tuple(dict.fromkeys(names)))


def _caller(
    transcript: Transcript, model: Model, nudge: Quantity | None
) -> Callable[[Mapping[str, Any], Sizes], Any]:
    compiled = transcript.compile()
    names = model.inputs

    def call(inputs: Mapping[str, Any], sizes: Sizes) -> Any:
        arguments = [inputs[name] for name in names]
        if nudge is not None:
            arguments.append(np.zeros(nudge.sizes(sizes)))
        return compiled(sizes, *arguments)

    return call


# --- tracing --------------------------------------------------------------------------------------


def trace(model: Model, of: str, wrt: str, mode: str) -> Any:
    """The jaxpr of ∂of/∂wrt (or, in mode ``"value"``, of ``of``) of the model's reference.

    Its arguments are the model's inputs and, where ``wrt`` is a quantity in the middle, the nudge.
    """
    import jax

    function, arguments = nudged(model, of, wrt)
    if mode != "value":
        position = len(arguments) - 1 if arguments[-1] == NUDGE else arguments.index(wrt)
        reverse = jax.grad if model.notation[of].shape == () else jax.jacrev
        function = {"reverse": reverse, "forward": jax.jacfwd}[mode](function, argnums=position)
    with jax.enable_x64(True):
        shapes = symbolic_shapes(model, [wrt if name == NUDGE else name for name in arguments])
        return jax.make_jaxpr(function)(*shapes)


def nudged(model: Model, of: str, wrt: str) -> tuple[Callable[..., Any], list[str]]:
    """The reference as a function that returns ``of`` and lets ``wrt`` be moved; its arguments."""
    assert model.reference is not None
    lines = lines_of(model.reference)
    names = list(model.inputs)
    if not wrt or wrt in names:
        return lambda *inputs: lines(lambda name, value: value, *inputs)[of], names

    def reference_with_nudge(*inputs_and_nudge: Any) -> Any:
        *inputs, nudge = inputs_and_nudge
        return lines(lambda name, value: value + nudge if name == wrt else value, *inputs)[of]

    return reference_with_nudge, [*names, NUDGE]


def symbolic_shapes(model: Model, names: list[str]) -> list[Any]:
    """One float64 array of symbolic shape for each named quantity."""
    import jax
    from jax import export

    rows = [model.notation[name] for name in names]
    letters = sorted({size for row in rows for size in row.shape if not size.isdigit()})
    dims = dict(zip(letters, export.symbolic_shape(", ".join(letters)), strict=True)) if letters else {}
    struct: Any = jax.ShapeDtypeStruct
    return [struct(tuple(dims.get(size) or int(size) for size in row.shape), np.float64) for row in rows]
