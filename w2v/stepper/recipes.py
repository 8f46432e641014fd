"""How a number is written out: which entries of which quantities are multiplied and added.

A recipe is a short text, ``Σk{x[k]·W[k,i]}``, of literals, entries and at most one sum or product. Expanded
for a step it is a list of terms in which only the letters of the entry itself, here i, are left, so that
one list serves every entry of a quantity. ``c*`` is the word of context c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy import ndarray as Array

from w2v.stepper.windows import Axis

TOKEN = re.compile(r"([ΣΠ])(\w)\{([^{}]*)\}|(\w+)\[([\w,*]*)\]")
JOINS = {"Σ": " + ", "Π": " · "}

MINUS = "\N{MINUS SIGN}"
LARGE = 1e5
"""From here on a number is shown by a power of ten."""


class Reference(NamedTuple):
    """An entry of a quantity; an index is an integer, counted from 0, or a letter that stands for one."""

    quantity: str
    at: tuple[int | str, ...]


class Rest(NamedTuple):
    """The terms that are not shown, as one."""

    hidden: int


class Repetition(NamedTuple):
    """A sum or a product over the values of a letter."""

    join: str
    letter: str
    body: list[str | Reference]


Term = str | Reference | Rest
Recipe = list[str | Reference | Repetition]


def parse(recipe: str) -> Recipe:
    """Return the parts of a recipe; ``ValueError`` if a bracket does not close.

    >>> parse("1 / x[k,j]")
    ['1 / ', Reference(quantity='x', at=('k', 'j'))]
    """
    parts: Recipe = []
    end = 0
    for match in TOKEN.finditer(recipe):
        kind, letter, body, name, at = match.groups()
        repetition = Repetition(JOINS[kind], letter, parse_terms(body)) if kind else None
        reference = Reference(name, tuple(at.split(",")) if at else ()) if name else None
        parts += [part for part in (recipe[end : match.start()], repetition or reference) if part]
        end = match.end()
    parts += [recipe[end:]] if end < len(recipe) else []
    if any(isinstance(part, str) and set(part) & set("{}") for part in parts):
        raise ValueError(f"{recipe!r}: a bracket does not close")
    return parts


def parse_terms(body: str) -> list[str | Reference]:
    """Return the parts of a recipe without repetitions."""
    return [part for part in parse(body) if not isinstance(part, Repetition)]


def references(recipe: Recipe) -> list[str]:
    """Return the quantities that a recipe names, each once, in order."""
    bodies = [part.body if isinstance(part, Repetition) else [part] for part in recipe]
    return list(dict.fromkeys(p.quantity for body in bodies for p in body if isinstance(p, Reference)))


def expand(recipe: Recipe, axes: Mapping[str, Axis], context: Sequence[int]) -> list[Term]:
    """Write out the repetition of a recipe over the indices that are shown.

    ``axes`` are given by index letter; ``context`` holds the words of the contexts, for ``c*``.
    """
    terms: list[Term] = []
    for part in recipe:
        if not isinstance(part, Repetition):
            terms.append(part)
            continue
        axis = axes[part.letter]
        for number, index in enumerate(axis.shown.tolist()):
            known: dict[int | str, int] = {part.letter: index}
            if part.letter == "c":
                known["c*"] = context[index]
            terms += [part.join] * (number > 0)
            terms += substitute(part.body, known)
        if axis.hidden:
            terms += [part.join, Rest(axis.hidden)]
    return terms


def substitute(terms: Iterable[Term], known: Mapping[int | str, int]) -> list[Term]:
    """Return terms with the indices of some letters in place of the letters."""
    return [
        Reference(term.quantity, tuple([known.get(i, i) for i in term.at]))
        if isinstance(term, Reference)
        else term
        for term in terms
    ]


def written(
    terms: Iterable[Term], number: Callable[[Reference], float], rest: float, digits: int | None
) -> str:
    """Return terms with their numbers, rounded to ``digits``, or all digits for None.

    A negative number is put in brackets, except at the beginning and after an opening bracket.

    >>> terms = substitute(parse("y[j] − t[c,j]"), {"c": 0, "j": 1})
    >>> written(terms, {("y", (1,)): 0.214, ("t", (0, 1)): 1.0}.__getitem__, 0.0, 2)
    '0.21 − 1'
    """
    text = ""
    for term in terms:
        if isinstance(term, str):
            text += term
            continue
        value = format_number(rest if isinstance(term, Rest) else number(term), digits)
        text += f"({value})" if value.startswith(MINUS) and text and not text.endswith("(") else value
    return text


def format_number(value: float, digits: int | None) -> str:
    """Return a number as it is shown: integers without decimals, others rounded, or in full for None.

    Numbers that would round to 0.00 have that many significant digits, and numbers from 100,000 on a power
    of ten. The page formats the numbers in its tables itself (page/numbers.js), in the same way.

    >>> format_number(1.0, 2), format_number(-0.2149, 2), format_number(0.00123, 2)
    ('1', '−0.21', '0.0012')
    >>> format_number(1234.5678, 2), format_number(-1.23456789e20, 2), format_number(-1.5e-7, None)
    ('1234.57', '−1.23e+20', '−1.5e-07')
    """
    value = float(value) + 0.0  # turns -0.0 into 0.0
    if value.is_integer() and abs(value) < 1e15:
        text = f"{value:.0f}"
    elif digits is None:
        text = repr(value).removesuffix(".0")
    else:
        kind = "g" if abs(value) < 10.0**-digits else "e" if abs(value) >= LARGE else "f"
        text = f"{value:.{digits}{kind}}"
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


FUNCTIONS = {"exp": np.exp, "log": np.log}


def rest_of(
    repetition: Repetition,
    hidden: Array,
    indices: Mapping[str, Array],
    values: Mapping[str, Array],
    context: Array,
) -> Array:
    """Return the sum of the ``hidden`` terms, for all entries: an array over the letters in ``indices``."""
    ranges = {**indices, repetition.letter: hidden}
    grid = dict(zip(ranges, np.ix_(*ranges.values()), strict=True))
    if repetition.letter == "c":
        grid["c*"] = context[grid["c"]]
    scope: dict[str, object] = dict(FUNCTIONS)
    source = ""
    for number, part in enumerate(repetition.body):
        if isinstance(part, Reference):
            scope[f"v{number}"] = np.asarray(values[part.quantity])[tuple(grid[str(i)] for i in part.at)]
            source += f"v{number}"
        else:
            source += part.replace("·", "*").replace(MINUS, "-")
    terms = eval(source, scope)
    total: Array = np.sum(np.broadcast_to(terms, [len(r) for r in ranges.values()]), axis=-1)
    return total
