"""Helpers for the tests of the section modules: drawn arrays, and functions with a changed source line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from derivations.ledger import Entry
from derivations.oracle.cases import draw, letters_of
from tests.support import model_named

SEEDS = st.integers(0, 2**32)


def arrays_of(name: str, sizes: dict[str, int], seed: int) -> dict[str, Any]:
    """Draw the arguments of a model's forward pass, by name."""
    return dict(draw(model_named(name), sizes, "ordinary", seed).inputs)


@st.composite
def arrays(draw_: Any, name: str, largest: int = 6) -> dict[str, Any]:
    """Draw the arguments of a model's forward pass, by name, for any sizes and seed."""
    letters = letters_of(model_named(name))
    sizes = {letter: draw_(st.integers(1, largest), label=letter) for letter in letters}
    return arrays_of(name, sizes, draw_(SEEDS, label="seed"))


def with_fault(entry: Entry, right: str, wrong: str) -> Entry:
    """Replace the first occurrence of ``right`` in the body of an entry's function."""
    return replace(entry, rhs=changed(entry.rhs, right, wrong))


def changed(function: Callable[..., Any], right: str, wrong: str) -> Callable[..., Any]:
    """Compile a function from its changed source, in the namespace of its module."""
    source = inspect.getsource(function)
    head, quotes, body = source[source.index("def ") :].rpartition('"""')
    assert right in body, f"{right!r} is not in {function.__name__}"
    scope: dict[str, Any] = {}
    exec(head + quotes + body.replace(right, wrong, 1), function.__globals__, scope)
    result: Callable[..., Any] = scope[function.__name__]
    return result
