"""The judges: three ways to the left side of an equation that share no code with the right side.

    reverse   JAX's reverse mode on the section's ``reference``
    forward   JAX's forward mode on the same
    complex   no automatic differentiation: the NumPy forward pass at x + i·2^-100, whose imaginary
              part is the derivative, exact to rounding (the complex step of Squire and Trapp, 1998)

The error bounds of JAX's own programs set the tolerance. The judges must agree with each other as well.
What is not a derivative has two judges: a quantity is computed by the reference and by the NumPy forward
pass; or one: an observation is what NumPy itself answers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from derivations.ledger import Entry, Model
from derivations.notation import size_of
from derivations.oracle.cases import Instance, frozen
from derivations.oracle.forward_pass import lines_of, quantities
from derivations.oracle.program.programs import derivative_program, value_program
from derivations.oracle.tolerance import STEP, observed_bound, permitted

Pair = tuple[str, str]


class Finding(NamedTuple):
    """What one judge finds for a left side, and how far from it rounding may take the hand."""

    value: Any
    permitted: Any


class Bench:
    """One instance before the judges: every quantity and every derivative of it, computed once."""

    def __init__(self, model: Model, instance: Instance) -> None:
        self.model = model
        self.instance = instance
        self.sizes = {**instance.sizes}
        self._known: dict[str, Any] = dict(instance.inputs)
        if model.forward is not None:
            known = quantities(model.forward, *instance.inputs.values())
            self._known = {name: frozen(value) for name, value in known.items()}
        self._judged: dict[Any, Any] = {}

    # --- the hand's side --------------------------------------------------------------------------

    def hand(self, name: str) -> Any:
        """A quantity by name: of the forward pass, or by the function of that name; or ``LookupError``."""
        if name in self._known:
            return self._known[name]
        if name in self.sizes:
            return self.sizes[name]
        function = getattr(self.model.module, name, None)
        if function is None:
            raise LookupError(f"{name} is neither a quantity nor a function of {self.model.name}")
        self._known[name] = frozen(self.call(function, self.model.notation[name].indices))
        return self._known[name]

    def call(self, function: Callable[..., Any], letters: str) -> Any:
        """Call a function with what its arguments name; indices are open grids over ``letters``."""
        parameters = parameters_of(function)
        indices = [name for name in parameters if is_index(name, self.model)]
        if not indices:
            return function(*[self.hand(name) for name in parameters])
        runs_to = runs_of_indices(self.model, frozenset(self.sizes))
        shape = tuple(size_of(runs_to[letter], self.sizes) for letter in letters)
        grid = dict(zip(letters, open_grid(shape), strict=True))
        given = [grid[name] if name in indices else self.hand(name) for name in parameters]
        entries = np.array(np.broadcast_to(function(*given), shape))
        spot = {letter: self.instance.seed % size for letter, size in zip(letters, shape, strict=True)}
        entries[tuple(spot.values())] = self._at_numbers(function, spot)
        return entries

    def _at_numbers(self, function: Callable[..., Any], spot: Mapping[str, int]) -> Any:
        """One entry of an element form, called with numbers for its indices, as a reader would."""
        parameters = parameters_of(function)
        one = function(*[spot[name] if name in spot else self.hand(name) for name in parameters])
        if np.ndim(one):
            raise TypeError(f"called with numbers for its indices it returns shape {np.shape(one)}")
        return one

    def right_side(self, function: Callable[..., Any], pair: Pair | None, quantity: str) -> Any:
        """The hand-written right side; an element form is spread over its whole Jacobian."""
        table = self.model.notation
        if pair is None:
            parameters = parameters_of(function)
            named = "".join(name for name in parameters if is_index(name, self.model))
            return self.call(function, table[quantity].indices if quantity else named)
        of, wrt = table[pair[0]], table[pair[1]]
        if not any(is_index(name, self.model) for name in parameters_of(function)):
            return self.call(function, "")
        letters = "".join(dict.fromkeys(of.indices + wrt.indices))
        entries = self.call(function, letters)
        if len(letters) == len(of.indices) + len(wrt.indices):
            return entries
        jacobian = np.zeros(of.sizes(self.sizes) + wrt.sizes(self.sizes), entries.dtype)
        grid = dict(zip(letters, open_grid(entries.shape), strict=True))
        jacobian[tuple(grid[letter] for letter in of.indices + wrt.indices)] = entries
        return jacobian

    # --- the judges' side -------------------------------------------------------------------------

    def judged(self, lhs: Pair | str | Callable[..., Any]) -> dict[str, Finding]:
        """What each judge finds for a left side, by judge."""
        if lhs not in self._judged:
            if callable(lhs):
                self._judged[lhs] = self._observed(lhs)
            elif isinstance(lhs, str):
                self._judged[lhs] = self._valued(lhs)
            else:
                self._judged[lhs] = self._differentiated(*lhs)
        found: dict[str, Finding] = self._judged[lhs]
        return found

    def disagreement(self, lhs: Pair | str | Callable[..., Any]) -> str:
        """Which judges differ on a left side by more than rounding; empty if they agree."""
        key = ("disagreement", lhs)
        if key not in self._judged:
            (first, finding), *others = self.judged(lhs).items()
            differ = [judge for judge, other in others if not agree(finding, other)]
            self._judged[key] = ", ".join(f"{first} and {judge} disagree" for judge in differ)
        found: str = self._judged[key]
        return found

    def _differentiated(self, of: str, wrt: str) -> dict[str, Finding]:
        inputs = self.instance.inputs
        reverse = derivative_program(self.model, of, wrt, "reverse")
        forward = derivative_program(self.model, of, wrt, "forward")
        value, bound = reverse.run_with_bound(inputs, self.sizes)
        other, other_bound = forward.run_with_bound(inputs, self.sizes)
        # The hand may round as either mode does, and the complex step goes forward.
        allowed = permitted(np.maximum(bound, other_bound))
        return {
            "reverse": Finding(value, allowed),
            "forward": Finding(other, allowed),
            "complex": Finding(self.complex_step(of, wrt), allowed),
        }

    def _valued(self, name: str) -> dict[str, Finding]:
        program = value_program(self.model, name)
        value, bound = program.run_with_bound(self.instance.inputs, self.sizes)
        allowed = permitted(bound)
        return {
            "reference": Finding(value, allowed),
            "forward pass": Finding(self._known[name], allowed),
        }

    def _observed(self, lhs: Callable[..., Any]) -> dict[str, Finding]:
        value = self.call(lhs, "")
        return {"observed": Finding(value, permitted(observed_bound(value)))}

    def complex_step(self, of: str, wrt: str) -> Any:
        """∂of/∂wrt, of shape ``(*of, *wrt)``, by one forward pass for every entry of ``wrt``."""
        key = f"complex step {wrt}"
        if key not in self._judged:
            self._judged[key] = complex_passes(self.model, self.instance, self._known[wrt], wrt)
        columns = [np.asarray(quantities[of]) for quantities in self._judged[key]]
        result = np.empty((*columns[0].shape, len(columns)))
        for number, column in enumerate(columns):
            result[..., number] = column.imag
        return result.reshape(columns[0].shape + np.shape(self._known[wrt])) / STEP


def agree(a: Finding, b: Finding) -> bool:
    """Whether two findings differ by no more than either permits, in every entry; NaN never does."""
    if np.shape(a.value) != np.shape(b.value):
        return False
    return bool(np.all(np.abs(a.value - b.value) <= np.maximum(a.permitted, b.permitted)))


def complex_passes(model: Model, instance: Instance, value: Any, wrt: str) -> list[dict[str, Any]]:
    """All quantities of the forward pass at ``wrt`` + i·STEP, once for each entry of ``wrt``."""
    assert model.forward is not None
    lines = lines_of(model.forward)
    inputs = list(instance.inputs.values())
    position = model.inputs.index(wrt) if wrt in model.inputs else None
    passes = []
    for entry in np.ndindex(np.shape(value)):
        moved = np.array(value, dtype=complex)
        moved[entry] += 1j * STEP
        if position is not None:
            arguments = [*inputs[:position], moved, *inputs[position + 1 :]]
            passes.append(lines(lambda name, value: value, *arguments))
        else:
            passes.append(lines(lambda name, value, to=moved: to if name == wrt else value, *inputs))
    return passes


@cache
def open_grid(shape: tuple[int, ...]) -> tuple[Any, ...]:
    """``np.ogrid`` over a shape: one array of indices an axis, that broadcast to all of them."""
    grid = tuple(np.ogrid[tuple(map(slice, shape))])
    for indices in grid:
        indices.flags.writeable = False
    return grid


@cache
def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's arguments, in order."""
    return tuple(inspect.signature(function).parameters)


def is_index(name: str, model: Model) -> bool:
    """Whether an argument is an index: one small letter that names no quantity."""
    return len(name) == 1 and name.islower() and name not in model.notation and name not in "mn"


@cache
def runs_of_indices(model: Model, letters: frozenset[str]) -> Mapping[str, str]:
    """What each index letter runs to, by the notation of a model with these sizes: k to K."""
    known = letters | set("123456789")
    return {
        index: size
        for quantity in model.notation.values()
        if known.issuperset(quantity.shape)
        for index, size in zip(quantity.indices, quantity.shape, strict=True)
    }


def left_sides(entry: Entry) -> tuple[Any, ...]:
    """The left sides of an entry, one for each array that its right side returns."""
    return entry.lhs if isinstance(entry.lhs, tuple) else (entry.lhs,)
