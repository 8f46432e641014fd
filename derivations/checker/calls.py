"""Calling a student's gradient: on fresh copies, twice, and with an eye on all that it does besides.

Whatever it does is a finding in a sentence, and never a traceback from in here. The sentences name the
argument, the shapes, the values and the repair.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derivations.checker.agreement import place
from derivations.checker.cases import Judgement
from derivations.checker.findings import Finding
from derivations.checker.returned import as_arrays, shape_text
from derivations.checker.student import shortened, where_it_happened
from derivations.oracle.cases import Instance

Function = Callable[..., Any]


@dataclass
class Called:
    """What came of calling a gradient on one instance.

    ``values`` are the float64 arrays that it returned, by argument, of any shape; ``narrow`` names those
    that were float32. ``findings`` and ``notes`` say what else it did.
    """

    values: dict[str, Any] = field(default_factory=dict)
    narrow: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def find(self, kind: str, argument: str, message: str, *, fatal: bool = True) -> None:
        """Add a finding."""
        self.findings.append(Finding(kind, argument, message, fatal))


class Hand:
    """A student's gradient, called with the arguments of a loss."""

    def __init__(self, gradient: Function, names: Sequence[str], wrt: Sequence[str]) -> None:
        self.gradient, self.names, self.wrt = gradient, tuple(names), tuple(wrt)
        self.name = getattr(gradient, "__name__", type(gradient).__name__)
        self.order, self.misfit = order_of(gradient, self.names)

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What it returns at these inputs, by argument; empty where it returns nothing that fits."""
        return self.values(inputs).values

    def values(self, inputs: Mapping[str, Any]) -> Called:
        """One call and what it returned; nothing else is looked at."""
        called = Called()
        self._call(called, inputs)
        return called

    def _call(self, called: Called, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Call it once; the arguments it was given and the arrays that it returned, as they are."""
        if self.misfit:
            called.find("raises", "", self.misfit)
            return {}, {}
        given = {name: fresh(inputs[name]) for name in self.order}
        out = io.StringIO()
        try:
            with np.errstate(), warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                with contextlib.redirect_stdout(out):
                    result = self.gradient(*given.values())
        except (Exception, SystemExit) as problem:
            called.find("raises", "", self._stumbled(problem))
            return given, {}
        if out.getvalue().strip():
            called.notes.append(f"it prints {shortened(out.getvalue().strip().splitlines()[0])!r}")
        called.notes += [f"it warns: {w.category.__name__}: {w.message} (line {w.lineno})" for w in caught]
        raw, called.values = as_arrays(called, result, inputs, self.wrt)
        return given, raw

    def _stumbled(self, problem: BaseException) -> str:
        said = where_it_happened(problem, self.gradient)
        if isinstance(problem, SystemExit):
            return f"it ends the whole program: {said}; return the gradient instead"
        return f"it raises {said}"

    def call(self, instance: Instance, judgement: Judgement) -> Called:
        """Two calls on fresh copies, and everything that there is to say about them."""
        called = Called()
        given, raw = self._call(called, instance.inputs)
        look_for_changes(called, given, instance.inputs)
        if not raw:
            return called
        look_for_views(called, given, raw)
        look_for_values(called, instance, judgement)
        again = Called()
        _, second = self._call(again, instance.inputs)
        look_for_differences(called, again, judgement)
        look_for_buffers(called, raw, second)
        return called


def fresh(value: Any) -> Any:
    """A writable copy of an array; a number as it is."""
    return np.array(value) if isinstance(value, np.ndarray) else value


def order_of(gradient: Function, names: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The arguments of the loss in the order in which the gradient takes them; or why it cannot.

    By name where all that it must be given are arguments of the loss, else one for one.
    """
    try:
        parameters = list(inspect.signature(gradient).parameters.values())
    except (TypeError, ValueError):  # a function written in C: it will say itself what it misses
        return tuple(names), ""
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p.name for p in positional if p.default is p.empty]
    if positional and set(needed) <= set(names) and needed == [p.name for p in positional][: len(needed)]:
        extra = [p.name for p in positional[len(needed) :] if p.name in names]
        usable = [p.name for p in positional[: len(needed) + len(extra)]]
        if set(usable) <= set(names):
            return tuple(usable), ""
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) or len(needed) <= len(names) <= len(positional):
        return tuple(names), ""
    taken = ", ".join(p.name for p in positional) or "none"
    return (), (
        f"it takes the arguments {taken}, the loss takes {', '.join(names)}: give it the same, "
        "or some of them by the same names"
    )


# --- what it did to what it was given ------------------------------------------------------------------


def look_for_changes(called: Called, given: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
    """Arguments that the gradient has changed."""
    for name, after in given.items():
        before = inputs[name]
        if not isinstance(after, np.ndarray) or np.array_equal(
            before, after, equal_nan=after.dtype.kind == "f"
        ):
            continue
        if before.shape != after.shape:
            text = f"its shape from {before.shape} to {after.shape}"
        else:
            changed = np.argwhere(before != after)
            where = tuple(changed[0])
            text = f"{place(name, where)} from {before[where]:.6g} to {after[where]:.6g}" + (
                f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            )
        called.find(
            "mutates-argument",
            name,
            f"it changes its argument {name}: {text}; work on a copy, {name} = {name}.copy(), or without"
            " -=, *= and [...] = on it",
        )


def look_for_views(called: Called, given: Mapping[str, Any], raw: Mapping[str, Any]) -> None:
    """Returned arrays that share their memory with an argument or with each other."""
    arrays = {name: array for name, array in raw.items() if isinstance(array, np.ndarray)}
    seen: dict[str, Any] = {}
    for name, array in arrays.items():
        for source, argument in given.items():
            if isinstance(argument, np.ndarray) and np.shares_memory(array, argument):
                what = (
                    f"the argument {source} itself"
                    if array is argument
                    else f"a view of the argument {source}"
                )
                called.find(
                    "returns-view",
                    name,
                    f"the gradient for {name} is {what}, so who changes one changes both; return a copy,"
                    " .copy()",
                )
        for other, earlier in seen.items():
            if np.shares_memory(array, earlier):
                called.find(
                    "returns-view",
                    name,
                    f"the gradients for {other} and {name} are the same memory, so who changes one changes"
                    f" both; return a copy for {name}, .copy()",
                    fatal=False,
                )
        seen[name] = array


def look_for_buffers(called: Called, raw: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    """Arrays that the next call overwrites."""
    known = {finding.argument for finding in called.findings if finding.kind == "returns-view"}
    for name, array in raw.items():
        other = second.get(name)
        if name in known or not (isinstance(array, np.ndarray) and isinstance(other, np.ndarray)):
            continue
        if np.shares_memory(array, other):
            called.find(
                "returns-view",
                name,
                f"the gradient for {name} is a buffer that the next call returns again, so the gradient of"
                " the call before is overwritten; make a new array in each call",
            )


# --- what it returned ----------------------------------------------------------------------------------


def look_for_values(called: Called, instance: Instance, judgement: Judgement) -> None:
    """Shapes that do not fit, and values that are not finite where the automatic ones are."""
    for name, value in called.values.items():
        automatic = judgement.automatic[name]
        if value.shape != automatic.shape:
            called.find("wrong-shape", name, wrong_shape(name, value.shape, automatic.shape, instance))
        elif not np.isfinite(value).all():
            where = tuple(np.argwhere(~np.isfinite(value))[0])
            called.find(
                "not-finite",
                name,
                f"the gradient for {place(name, where)} is {value[where]}, the automatic one "
                f"{float(automatic[where]):.6g} ({instance}); {REPAIRS[bool(np.isnan(value[where]))]}",
            )


REPAIRS = {
    True: "look for 0 / 0, inf - inf or a log of something negative",
    False: "look for a division by 0 or an exp of something large",
}


def wrong_shape(name: str, found: tuple[int, ...], expected: tuple[int, ...], instance: Instance) -> str:
    """What is wrong with a shape, and the repair."""
    repair = "a gradient has the shape of what it is the gradient for"
    if found == expected[::-1]:
        repair = "it is transposed, use .T"
    elif [size for size in found if size != 1] == [size for size in expected if size != 1]:
        repair = f"the numbers are as many, use .reshape({name}.shape)"
    elif len(found) == len(expected) + 1 and found[1:] == expected:
        repair = "one axis is left, perhaps that of a batch: sum over it, .sum(axis=0)"
    elif not found:
        repair = "it is summed to a single number"
    sizes = " ".join(f"{letter}={size}" for letter, size in instance.sizes.items())
    return (
        f"the gradient for {name} has shape {shape_text(found)}, {name} has {shape_text(expected)}"
        f"{f' at {sizes}' if sizes else ''}: {repair}"
    )


def look_for_differences(called: Called, again: Called, judgement: Judgement) -> None:
    """Values that a second call with the same inputs does not give again."""
    for name, value in called.values.items():
        other = again.values.get(name)
        if other is None:
            called.find(
                "differs-between-calls",
                name,
                "called a second time with the same inputs it returns nothing for "
                f"{name}: {again.findings[0].message if again.findings else 'it has forgotten'}",
            )
            return
        if value.shape != other.shape:
            found = f"the shapes {shape_text(value.shape)} and {shape_text(other.shape)}"
        else:
            apart = np.abs(value - other) > 1e-9 * np.maximum(np.abs(value), np.abs(other))
            apart |= np.isnan(value) != np.isnan(other)
            if value.shape == judgement.automatic[name].shape:
                width = 2**29 if name in called.narrow else 1
                apart &= ~(np.abs(value - other) <= 2 * width * judgement.permitted[name])
            if not apart.any():
                continue
            where = tuple(np.argwhere(apart)[0])
            found = f"{value[where]:.9g} and then {other[where]:.9g} for {place(name, where)}"
        called.find(
            "differs-between-calls",
            name,
            f"called twice with the same inputs it returns {found}: it keeps something from call to call,"
            " or draws random numbers",
        )
