"""Which equation builds on which, read from the functions: what they call, and what they are given."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from functools import cache

from derivations.ledger import Entry, ledger

Function = Callable[..., object]


@cache
def labels_by_name() -> Mapping[tuple[str, str], list[str]]:
    """The labels of each function that has some, by its module and name."""
    found: dict[tuple[str, str], list[str]] = {}
    for entry in ledger():
        found.setdefault((entry.rhs.__module__, entry.rhs.__name__), []).append(entry.label)
    return found


def builds_on(entry: Entry) -> list[str]:
    """The labels of the equations that an entry's function calls, or whose quantity it is given.

    ``dE_dW(k, i, x, EI)`` builds on ``EI``; of several labels of one function the last is taken, which is
    the nearest on the way through the paper.
    """
    names = (names_called(entry.rhs) | set(inspect.signature(entry.rhs).parameters)) - {entry.rhs.__name__}
    found = (labels_by_name().get((entry.rhs.__module__, name), []) for name in names)
    here = [labels[-1] for labels in found if labels]
    order = [e.label for e in ledger()]
    return sorted(here, key=order.index)


@cache
def users() -> Mapping[str, set[str]]:
    """The labels of the equations that build on a function, by its key."""
    found: dict[str, set[str]] = {}
    for other in ledger():
        for label in builds_on(other):
            found.setdefault(key_of(label), set()).add(other.label)
    return found


def relying_on(entry: Entry) -> list[str]:
    """The labels of all equations that build on this one's function, directly or by way of others."""
    reached: set[str] = set()
    frontier = [key_of(entry.label)]
    while frontier:
        for label in users().get(frontier.pop(), set()) - reached:
            reached.add(label)
            frontier.append(key_of(label))
    return [other.label for other in ledger() if other.label in reached and other.rhs is not entry.rhs]


@cache
def key_of(label: str) -> str:
    """A name for the function behind a label: second printings of an equation share it."""
    function = next(entry.rhs for entry in ledger() if entry.label == label)
    return f"{function.__module__}.{function.__name__}"


@cache
def names_called(function: Function) -> frozenset[str]:
    """The names of the functions that a function calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return frozenset(call.id for call in calls if isinstance(call, ast.Name))
