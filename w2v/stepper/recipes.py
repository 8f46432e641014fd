"""How a number is written out: which entries of which quantities were multiplied and added.

A recipe is a short text, ``Σk{x[k]·W[k,i]}``, read once into nodes, plain data that a page can follow as
well: a literal, a reference ``{"q": "W", "at": ["k", "i"]}``, a repetition ``{"sum": "k", "of": [...]}``.
Bound to an entry it becomes terms: literals, and references into quantities with their indices. ``c*`` is
the word of context c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray as Array

Node = str | dict[str, Any]

TOKEN = re.compile(r"([ΣΠ])(\w)\{|(\w+)\[([\w,*]*)\]|(\})")
KINDS = {"Σ": "sum", "Π": "prod"}
JOINS = {"sum": " + ", "prod": " · "}

MINUS = "\N{MINUS SIGN}"
LARGE = 1e5
"""From here on a number is shown by a power of ten."""


def parse(recipe: str) -> list[Node]:
    """The nodes of a recipe; ``ValueError`` for brackets that do not close.

    >>> parse("Σk{x[k]·W[k,i]}")
    [{'sum': 'k', 'of': [{'q': 'x', 'at': ['k']}, '·', {'q': 'W', 'at': ['k', 'i']}]}]
    """
    stack: list[list[Node]] = [[]]
    end = 0
    for match in TOKEN.finditer(recipe):
        if literal := recipe[end : match.start()]:
            stack[-1].append(literal)
        end = match.end()
        kind, letter, name, at, _ = match.groups()
        if kind:
            of: list[Node] = []
            stack[-1].append({KINDS[kind]: letter, "of": of})
            stack.append(of)
        elif name:
            stack[-1].append({"q": name, "at": at.split(",") if at else []})
        else:
            stack.pop()
    if len(stack) != 1:
        raise ValueError(f"{recipe!r}: a bracket does not close")
    return stack[0] + [recipe[end:]] * (end < len(recipe))


def references(nodes: Iterable[Node]) -> list[str]:
    """The quantities that a recipe names, in its order."""
    found: list[str] = []
    for node in nodes:
        if not isinstance(node, str):
            found += [node["q"]] if "q" in node else references(node["of"])
    return found


class Reference(NamedTuple):
    """A number of a sum: which quantity, and where in it."""

    quantity: str
    at: tuple[int, ...]


class Rest(NamedTuple):
    """What the entries that are not shown add up to, as one term."""

    hidden: int


Term = str | Reference | Rest
"""A piece of a written sum."""


def repeated(node: Mapping[str, Any]) -> tuple[str, str] | None:
    """The kind and the letter of a repetition, or None for a reference."""
    return next(((kind, node[kind]) for kind in JOINS if kind in node), None)


def bind(
    nodes: Iterable[Node],
    at: Mapping[str, int],
    shown: Callable[[str], tuple[Sequence[int], int]],
    context: Sequence[int],
) -> list[Term]:
    """A recipe for one entry: ``at`` has its letters, ``shown(letter)`` says which indices, how many not.

    ``context`` holds the words of the contexts, which ``c*`` stands for.
    """
    terms: list[Term] = []
    for node in nodes:
        if isinstance(node, str):
            terms.append(node)
            continue
        if "q" in node:
            terms.append(Reference(node["q"], tuple(place(letter, at, context) for letter in node["at"])))
            continue
        kind, letter = repeated(node) or ("", "")
        indices, hidden = shown(letter)
        for number, index in enumerate(indices):
            terms += [JOINS[kind]] * (number > 0)
            terms += bind(node["of"], {**at, letter: index}, shown, context)
        if hidden:
            terms += [JOINS[kind], Rest(hidden)]
    return terms


def place(letter: str, at: Mapping[str, Any], context: Any) -> Any:
    """The index that a letter stands for."""
    return context[at[letter[0]]] if letter.endswith("*") else at[letter]


def written(
    terms: Iterable[Term], number: Callable[[Reference], float], rest: float, digits: int | None
) -> str:
    """A sum with its numbers, rounded to ``digits``, or in full.

    A negative number is bracketed, but at the beginning and after an opening bracket.

    >>> terms = bind(parse("y[j] − t[c,j]"), {"c": 0, "j": 1}, lambda letter: ((), 0), [])
    >>> written(terms, {("y", (1,)): 0.214, ("t", (0, 1)): 1.0}.__getitem__, 0.0, 2)
    '0.21 − 1'
    """
    text = ""
    for term in terms:
        if isinstance(term, str):
            text += term
            continue
        value = formatted(rest if isinstance(term, Rest) else number(term), digits)
        text += f"({value})" if value.startswith(MINUS) and text and not text.endswith("(") else value
    return text


def formatted(value: float, digits: int | None) -> str:
    """A number as it is shown: whole ones without decimals, others rounded or, for None, in full.

    Where so many decimals would say 0.00, as many significant digits are shown, and of what is as large
    as 100,000 a power of ten.

    >>> formatted(1.0, 2), formatted(-0.2149, 2), formatted(0.00123, 2), formatted(-1.5e-7, None)
    ('1', '−0.21', '0.0012', '−1.5e-07')
    >>> formatted(1234.5678, 2), formatted(-1.23456789e20, 2), formatted(123456.789, None)
    ('1234.57', '−1.23e+20', '123456.789')
    """
    value = float(value) + 0.0  # and no -0
    if value.is_integer() and abs(value) < 1e15:
        text = f"{value:.0f}"
    elif digits is None:
        text = repr(value).removesuffix(".0")
    else:
        kind = "g" if abs(value) < 10.0**-digits else "e" if abs(value) >= LARGE else "f"
        text = f"{value:.{digits}{kind}}"
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


# --- the part of a sum that is not shown --------------------------------------------------------------

FUNCTIONS: dict[str, Any] = {"exp": np.exp, "log": np.log}


def first_repetition(nodes: Sequence[Node]) -> Mapping[str, Any] | None:
    """The repetition of a recipe; the recipes of a step have one at most."""
    return next((node for node in nodes if not isinstance(node, str) and repeated(node)), None)


def rest_of(
    node: Mapping[str, Any],
    letters: str,
    hidden: Array,
    indices: Mapping[str, Array],
    values: Mapping[str, Any],
    context: Array,
) -> Array:
    """What the ``hidden`` indices of a repetition add up to, as an array over ``letters``."""
    _, over = repeated(node) or ("", "")
    axes = [*letters, over]
    ranges = [*(indices[letter] for letter in letters), hidden]
    grid = dict(zip(axes, np.ix_(*ranges), strict=True))
    scope: dict[str, Any] = dict(FUNCTIONS)
    source = ""
    for number, part in enumerate(node["of"]):
        if isinstance(part, str):
            source += part.replace("·", "*").replace(MINUS, "-")
        else:
            found = np.asarray(values[part["q"]])
            scope[f"v{number}"] = found[tuple(place(letter, grid, context) for letter in part["at"])]
            source += f"v{number}"
    total: Array = np.sum(np.broadcast_to(eval(source, scope), [len(r) for r in ranges]), axis=-1)
    return total
