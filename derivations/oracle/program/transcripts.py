"""A program of JAX written out as straight-line NumPy, by the table of primitives.

JAX shows a program as a *jaxpr*: one primitive a line, each with its operands and results. Here every line
becomes a line of Python, and where bounds are kept a second one for the bound on its roundings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from derivations.oracle.program import primitives_functions, primitives_index, primitives_sums
from derivations.oracle.program.loops import words_read, write_loop
from derivations.oracle.program.primitives import (
    HELPERS,
    RULES,
    SEVERAL,
    Operand,
    UnknownPrimitiveError,
    joined,
    kind_of,
)
from derivations.oracle.tolerance import OF_ONE

TABLE = (primitives_functions, primitives_index, primitives_sums)
"""Modules that enter their rules into the table when they are imported."""


FROM_ONE = ("exp", "exp2", "expm1", "logistic", "tanh", "erfc")
"""Functions that are often computed as a difference from 1, or of which that difference is taken."""


class Transcript:
    """A jaxpr written out as a Python function of sizes and arrays.

    It returns the result, or a tuple of ``several``; with ``bounds``, of the bounds too. With ``rounded``
    the floats that it is given are taken to be off by one rounding, as they are for who has
    narrowed them. With ``any_formula`` the bounds have room for who computes the same functions in another
    way. ``without_rule`` stands in for the rules that are missing, if there is one.
    """

    def __init__(
        self,
        closed: Any,
        arguments: list[str],
        bounds: bool,
        *,
        several: bool = False,
        rounded: bool = False,
        any_formula: bool = False,
        without_rule: Callable[[Any, bool], Any] | None = None,
    ) -> None:
        self.bounds, self.arguments, self.without_rule = bounds, arguments, without_rule
        self.any_formula = any_formula
        self.letters = {
            word
            for variable in closed.jaxpr.invars
            for size in variable.aval.shape
            for word in re.findall(r"[A-Za-z]\w*", str(size))
        }
        self.operands: dict[Any, Operand] = {}
        self.lines: list[tuple[str, str]] = []
        self.constants: dict[str, Any] = {}
        self.count = 0
        self.primitives: set[str] = set()
        for name, variable in zip(arguments, closed.jaxpr.invars, strict=True):
            bound = f"abs({name})" if rounded and kind_of(variable).startswith("float") else ""
            self.operands[variable] = Operand(name, bound, len(variable.aval.shape), kind_of(variable))
        for variable, value in zip(closed.jaxpr.constvars, closed.consts, strict=True):
            self.operands[variable] = self.constant(np.asarray(value))
        self.write(closed.jaxpr)
        self._drop_unused(closed.jaxpr.outvars)
        returned = self._returned([self.operand(variable) for variable in closed.jaxpr.outvars], several)
        heading = f"def program({', '.join(['sizes', *arguments])}):"
        lines = [heading, *self._sizes_used(), *self.text(), f"    return {returned}", ""]
        self.source = "\n".join(lines)

    def _returned(self, results: list[Operand], several: bool) -> str:
        values, bounds = ([o.value for o in results], [o.bound or "0.0" for o in results])
        if not several:
            (value,), (bound,) = values, bounds
            return f"{value}, {bound}" if self.bounds else value
        texts = [f"({', '.join(row)},)" for row in (values, bounds)]
        return ", ".join(texts if self.bounds else texts[:1])

    def compile(self, **helpers: Any) -> Callable[..., Any]:
        """The function whose text is ``source``; ``helpers`` replace functions that it calls."""
        scope: dict[str, Any] = {**HELPERS, **helpers, **self.constants}
        exec(compile(self.source, "<derivative program>", "exec"), scope)
        function: Callable[..., Any] = scope["program"]
        return function

    def text(self) -> list[str]:
        """The lines written so far."""
        return [line for _, line in self.lines]

    def _drop_unused(self, results: list[Any]) -> None:
        """Drop the lines that nothing later reads; JAX keeps some inside its calls."""
        operands = [self.operand(variable) for variable in results]
        read = set(re.findall(r"\w+", " ".join(f"{o.value} {o.bound}" for o in operands)))
        kept = []
        for names, text in reversed(self.lines):
            if read & set(names.split()):
                kept.append((names, text))
                read |= words_read(text)
        self.lines = kept[::-1]

    def _sizes_used(self) -> list[str]:
        """One line for each size that the program names (arrays are never single sizes)."""
        words = set(re.findall(r"\w+", " ".join(self.text()))) - set(self.arguments)
        letters = sorted(words & self.letters)
        return [f"    {letter} = sizes[{letter!r}]" for letter in letters]

    def write(self, jaxpr: Any) -> None:
        """Write out what a jaxpr's results depend on; :class:`UnknownPrimitiveError` without a rule."""
        for equation in needed(jaxpr):
            name = equation.primitive.name
            inner = inner_jaxpr(equation)
            if any(kind_of(given).startswith("float") for given in equation.invars):
                self.primitives.add(name)
            if name == "scan":
                write_loop(self, equation)
            elif inner is not None:
                self._write_inlined(equation, inner)
            else:
                self._write_by_rule(equation)

    def _write_by_rule(self, equation: Any) -> None:
        name = equation.primitive.name
        try:
            if name in RULES and len(equation.outvars) == 1:
                self._write_line(equation)
            elif name in SEVERAL:
                self._write_several(equation, SEVERAL[name])
            else:
                raise UnknownPrimitiveError(
                    f"JAX's program uses {name!r}, which has no rule; add one in primitives.py"
                )
        except (UnknownPrimitiveError, KeyError):  # a rule that does not know these parameters is none
            if self.without_rule is None:
                raise
            self._write_without_rule(equation)

    def _write_without_rule(self, equation: Any) -> None:
        name = equation.primitive.name
        assert self.without_rule is not None
        stand_in = f"{name.replace('-', '_')}_{self.count}"
        self.constants[stand_in] = self.without_rule(equation, self.bounds)

        def rule(_: Any, __: Any, *operands: Operand) -> tuple[str, str]:
            values, bounds = ([a.value for a in operands], [a.bound or "0.0" for a in operands])
            given = f"[{', '.join(values)}]" + (f", [{', '.join(bounds)}]" if self.bounds else "")
            return f"{stand_in}(sizes, {given})", ""

        self._write_several(equation, rule, estimated=self.bounds)

    def _write_several(self, equation: Any, rule: Any, *, estimated: bool = False) -> None:
        """An operation with several results: ``a, b = f(x)``, and one more line for their bounds.

        One that estimates its bounds gives them with its results.
        """
        operands = [self.operand(given) for given in equation.invars]
        value, bound = rule(f"v{self.count}", equation.params, *operands)
        has_bound = self.bounds and bool(bound or estimated)
        results = []
        for variable in equation.outvars:
            name, kind = f"v{self.count}", kind_of(variable)
            self.count += 1
            bound_name = f"{name}_" if has_bound else ""
            results.append(Operand(name, bound_name, len(getattr(variable.aval, "shape", ())), kind))
        self.operands |= dict(zip(equation.outvars, results, strict=True))
        names, bounds = ([o.value for o in results], [o.bound for o in results if o.bound])
        left = [*names, *bounds] if estimated else names
        self.lines.append((" ".join(left), f"    {', '.join(left)}, = {value}"))
        if has_bound and not estimated:
            self.lines.append((" ".join(bounds), f"    {', '.join(bounds)}, = {bound}"))

    def _write_inlined(self, equation: Any, inner: Any) -> None:
        for variable, value in zip(inner.jaxpr.constvars, inner.consts, strict=True):
            self.operands[variable] = self.constant(np.asarray(value))
        for variable, given in zip(inner.jaxpr.invars, equation.invars, strict=True):
            self.operands[variable] = self.operand(given)
        self.write(inner.jaxpr)
        for variable, result in zip(equation.outvars, inner.jaxpr.outvars, strict=True):
            if hasattr(result, "val") or result in self.operands:
                self.operands[variable] = self.operand(result)

    def _write_line(self, equation: Any) -> None:
        (variable,) = equation.outvars
        shape = "×".join(map(str, variable.aval.shape)) or "number"
        out = f"v{self.count}"
        operands = [self.operand(given) for given in equation.invars]
        value, bound = RULES[equation.primitive.name](out, equation.params, *operands)
        if not kind_of(variable).startswith("float"):
            bound = ""  # whole numbers and truth values are exact
        elif self.any_formula and equation.primitive.name in FROM_ONE:
            bound = joined(bound, str(OF_ONE))
        if operands and value == operands[0].value:
            self.operands[variable] = operands[0]  # a copy
            return
        self.count += 1
        self.lines.append((out, f"    {out} = {value}" + ("" if self.bounds else f"  # {shape}")))
        if self.bounds and bound:
            self.lines.append((f"{out}_", f"    {out}_ = {bound}"))
            bound = f"{out}_"
        self.operands[variable] = Operand(
            out, bound if self.bounds else "", len(variable.aval.shape), kind_of(variable)
        )

    def operand(self, variable: Any) -> Operand:
        """What stands for a variable of a jaxpr, or for a number in it."""
        if hasattr(variable, "val"):
            return self.constant(np.asarray(variable.val))
        return self.operands[variable]

    def constant(self, value: np.ndarray) -> Operand:
        """What stands for a constant: the number itself, or the name of an array."""
        if value.ndim == 0 and value.dtype.kind in "fi":
            return Operand(f"({value.item()!r})", "", 0, value.dtype.name)
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return Operand(name, "", value.ndim, value.dtype.name)


def needed(jaxpr: Any) -> Iterator[Any]:
    """The equations of a jaxpr that its results depend on, in order."""
    wanted = {variable for variable in jaxpr.outvars if not hasattr(variable, "val")}
    keep = []
    for equation in reversed(jaxpr.eqns):
        if any(variable in wanted for variable in equation.outvars):
            keep.append(equation)
            wanted |= {variable for variable in equation.invars if not hasattr(variable, "val")}
    yield from reversed(keep)


def inner_jaxpr(equation: Any) -> Any:
    """The program inside a call (``jit``, a custom rule that JAX has kept), else None."""
    for name in ("jaxpr", "call_jaxpr"):
        inner = equation.params.get(name)
        if hasattr(inner, "jaxpr"):
            return inner
        if hasattr(inner, "eqns"):  # of a checkpoint: it has no constants
            return SimpleNamespace(jaxpr=inner, consts=())
    return None
