"""Find which equation uses which: by the functions that it calls, and by the names of its arguments."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from functools import cache

from derivations.ledger import Entry, find, ledger

Function = Callable[..., object]


@cache
def labels_by_name() -> Mapping[tuple[str, str], list[str]]:
    """Return the labels of each function that has some, by its module and name."""
    found: dict[tuple[str, str], list[str]] = {}
    for entry in ledger():
        found.setdefault(key_of(entry.label), []).append(entry.label)
    return found


def builds_on(entry: Entry) -> list[str]:
    """Return the labels of the equations that an entry's function calls or takes as an argument.

    ``dE_dW(k, i, x, EI)`` uses ``EI``. Of several labels of one function the last is returned.
    """
    names = (names_called(entry.rhs) | set(inspect.signature(entry.rhs).parameters)) - {entry.rhs.__name__}
    found = (labels_by_name().get((entry.rhs.__module__, name), []) for name in names)
    here = {labels[-1] for labels in found if labels}
    return [other.label for other in ledger() if other.label in here]


@cache
def users() -> Mapping[tuple[str, str], set[str]]:
    """Return the labels of the equations that use a function directly, by its module and name."""
    found: dict[tuple[str, str], set[str]] = {}
    for other in ledger():
        for label in builds_on(other):
            found.setdefault(key_of(label), set()).add(other.label)
    return found


def relying_on(entry: Entry) -> list[str]:
    """Return the labels of all equations that use this one's function, directly or indirectly."""
    reached: set[str] = set()
    frontier = [key_of(entry.label)]
    while frontier:
        new = users().get(frontier.pop(), set()) - reached
        reached |= new
        frontier += map(key_of, new)
    return [other.label for other in ledger() if other.label in reached and other.rhs is not entry.rhs]


@cache
def key_of(label: str) -> tuple[str, str]:
    """Return the module and name of the function behind a label; second printings share a function."""
    function = find(label).rhs
    return function.__module__, function.__name__


@cache
def names_called(function: Function) -> frozenset[str]:
    """Return the names of the functions that a function calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return frozenset(call.id for call in calls if isinstance(call, ast.Name))
