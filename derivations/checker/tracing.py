"""A student's loss as NumPy programs: its value, and its gradients by reverse and by forward mode.

JAX traces the loss once, with symbolic sizes, so that one program serves all shapes. Where a loss cannot be
traced so (a Python loop over its rows, a size used as a number) it is traced again for each shape. A
primitive that the table has no rule for is then computed by JAX itself, and its bound is estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from derivations.checker.shapes import WORDS, Argument, Description
from derivations.notation import tuple_text
from derivations.oracle.program.fallback import by_jax
from derivations.oracle.program.primitives import logistic
from derivations.oracle.program.transcripts import Transcript

Function = Callable[..., Any]

KINKED = {
    "abs", "max", "min", "sign", "clamp", "reduce_max", "reduce_min", "argmax", "argmin", "sort",
    "eq", "ne", "lt", "le", "gt", "ge", "floor", "ceil", "round", "rem", "cummax", "cummin", "top_k",
    "reduce_window_max", "while", "cond",
}  # fmt: skip
"""Primitives that choose: where their operands tie, the loss may have no derivative."""


class LossError(ValueError):
    """A loss that cannot be judged, and why, in a sentence for its author."""


def check_number(shape: Any, dtype: Any) -> None:
    """Raise :class:`LossError` for what a loss returned if it is not one real number."""
    if tuple(shape):
        raise LossError(
            f"the loss returns an array of shape {tuple_text(shape)}; "
            "a loss is one number: add up its entries, .sum()"
        )
    if np.dtype(dtype).kind != "f":
        raise LossError(f"the loss returns {np.dtype(dtype)}; a loss is one real number, a float")


class Programs(NamedTuple):
    """The programs of one trace.

    ``reverse`` and ``forward`` return a tuple of arrays and one of bounds, ``value`` the loss and
    its bound, ``complex_value`` the loss for complex inputs. ``choices`` are the primitives that may have
    kinks, ``float32`` says whether numbers of that precision are among its constants.
    """

    value: Function
    complex_value: Function
    reverse: Function
    forward: Function
    narrow: Function
    choices: frozenset[str]
    float32: bool
    estimated: tuple[str, ...]


class Tracing:
    """A function that JAX can trace, with the programs made of it, by shape where need be."""

    def __init__(self, function: Function, description: Description, wrt: Sequence[str]) -> None:
        self.function, self.description, self.wrt = function, description, tuple(wrt)
        self.positions = tuple(description.names.index(name) for name in wrt)
        self.by_shape: dict[Any, Programs] = {}
        self.symbolic: Programs | None = None

    def trace_symbolically(self) -> None:
        """Trace for all shapes at once, if JAX can and the table has all rules; else change nothing."""
        try:
            self.symbolic = self._programs(self.structs(self.dims()), strict=True)
        except LossError:
            raise
        except Exception:  # whatever it stumbles over, the shapes one by one may still do
            self.symbolic = None

    def at(self, inputs: Mapping[str, Any]) -> Programs:
        """The programs for these inputs; raises what JAX raises."""
        return self.symbolic or self.concrete(inputs)

    def concrete(self, inputs: Mapping[str, Any]) -> Programs:
        """The programs for the shapes of these inputs alone."""
        shape = tuple(np.shape(inputs[name]) for name in self.description.names)
        if shape not in self.by_shape:
            self.by_shape[shape] = self._programs(self.structs_at(inputs), strict=False)
        return self.by_shape[shape]

    @cached_property
    def rows(self) -> tuple[Argument, ...]:
        """The entries of the description."""
        return self.description.arguments

    def dims(self) -> dict[str, Any]:
        """A symbolic size for each letter."""
        from jax import export

        letters = self.description.letters
        return dict(zip(letters, export.symbolic_shape(", ".join(letters)), strict=True)) if letters else {}

    def structs(self, dims: Mapping[str, Any]) -> list[Any]:
        """The shape and dtype of each argument at these sizes."""
        given = self.description.given
        return [
            self._struct(row, tuple(dims.get(size) or int(size) for size in row.shape), given.get(row.name))
            for row in self.rows
        ]

    def structs_at(self, inputs: Mapping[str, Any]) -> list[Any]:
        """The shape and dtype of each argument as these inputs have them."""
        return [self._struct(row, np.shape(inputs[row.name]), inputs[row.name]) for row in self.rows]

    @staticmethod
    def _struct(row: Argument, shape: Any, value: Any) -> Any:
        import jax

        whole = row.drawn == WORDS or (value is not None and np.asarray(value).dtype.kind == "i")
        struct: Any = jax.ShapeDtypeStruct
        return struct(shape, np.int64 if whole else np.float64)

    def _programs(self, structs: list[Any], *, strict: bool) -> Programs:
        import jax

        def forward(*inputs: Any) -> Any:
            return tuple(jax.jacfwd(self.function, argnums=n)(*inputs) for n in self.positions)

        with jax.enable_x64(True):
            value = jax.make_jaxpr(self.function)(*structs)
            if len(value.out_avals) != 1:
                raise LossError(f"the loss returns {len(value.out_avals)} values; a loss is one number")
            check_number(value.out_avals[0].shape, value.out_avals[0].dtype)
            reverse = jax.make_jaxpr(jax.grad(self.function, argnums=self.positions))(*structs)
            forwards = jax.make_jaxpr(forward)(*structs)
        estimated: list[str] = []
        stand_in = None if strict else by_jax(estimated)

        def written(jaxpr: Any, *, bounds: bool = True, **options: Any) -> Transcript:
            names = [f"x{number}" for number in range(len(structs))]
            return Transcript(jaxpr, names, bounds, any_formula=True, without_rule=stand_in, **options)

        plain = written(value, bounds=False)
        return Programs(
            value=written(value).compile(),
            complex_value=plain.compile(**COMPLEX),
            reverse=written(reverse, several=True).compile(),
            forward=written(forwards, several=True).compile(),
            narrow=later(lambda: written(reverse, several=True, rounded=True).compile()),
            choices=frozenset(plain.primitives & KINKED),
            float32=any(np.asarray(c).dtype == np.float32 for c in value.consts),
            estimated=tuple(dict.fromkeys(estimated)),
        )


def later(make: Callable[[], Function]) -> Function:
    """A function that is made when it is first called."""
    made: list[Function] = []

    def call(*arguments: Any) -> Any:
        if not made:
            made.append(make())
        return made[0](*arguments)

    return call


# --- complex numbers ----------------------------------------------------------------------------------


def absolute(a: Any) -> Any:
    """``|a|`` as an analytic function: -a where a < 0, as NumPy compares complex numbers."""
    return np.where(np.less(a, 0), np.negative(a), a)


def complex_logistic(a: Any) -> Any:
    """σ(a) without overflow, for complex a too."""
    if not np.iscomplexobj(a):
        return logistic(a)
    sign = np.where(np.real(a) < 0, -1.0, 1.0)
    z = np.exp(-sign * a)
    return np.where(sign > 0, 1.0, z) / (1.0 + z)


COMPLEX = {"abs": absolute, "logistic": complex_logistic}
"""NumPy compares complex numbers by their real parts and, where those are equal, by the others. So a step
of +ih or -ih decides a tie as moving a little to the right or to the left would, and that is all
that a one-sided derivative needs; but ``|a|`` and σ need help."""
