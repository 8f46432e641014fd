"""One specimen of the zoo: a wrong gradient, kept with all that is known of it.

A specimen is a real function with a real mistake, one line away from the right one. The diff is not
typed: it is the difference of the two sources, and a test holds it to one line.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True)
class Exhibit:
    """A loss written for JAX, the right gradient by hand in NumPy, and the shapes to try them on.

    ``shapes`` is a description as ``check_gradient`` takes it; ``wrt`` the arguments to differentiate
    with respect to, with spaces between.
    """

    name: str
    loss: Function
    right: Function
    shapes: str
    wrt: str


@dataclass(frozen=True)
class Specimen:
    """A mistake: the wrong function, what it must be called, and its story.

    ``named`` are alternatives, each a pair of a kind of explanation (or finding) and a text that its
    sentence or detail must contain; one of them must be among the diagnoses. ``symptom``: what one
    notices in training; ``missed``: why the usual checks pass it; ``seen``: where, in the wild.
    """

    name: str
    exhibit: Exhibit
    wrong: Function
    named: tuple[tuple[str, str], ...]
    symptom: str
    missed: str
    seen: str

    @property
    def says(self) -> str:
        """The mistake in a sentence."""
        return inspect.getdoc(self.wrong) or ""

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of the right gradient that are gone and the wrong ones in their place, with -, +."""
        right, wrong = body_of(self.exhibit.right), body_of(self.wrong)
        lines = difflib.ndiff(right, wrong)
        return tuple(line for line in lines if line[:2] in ("- ", "+ "))


COLLECTED: list[Specimen] = []
"""All specimens whose modules were imported, in that order."""


def specimen(
    exhibit: Exhibit, *named: str, symptom: str, missed: str, seen: str
) -> Callable[[Function], Function]:
    """Put a wrong gradient into the zoo, under its function's name with dashes.

    Each of ``named`` is a kind, ``"wrong-sign"``, or a kind and what its sentence or detail must
    contain, ``"constant-factor: 1/C"``.
    """

    def collect(wrong: Function) -> Function:
        pairs = tuple((kind, text.strip()) for kind, _, text in (one.partition(":") for one in named))
        name = wrong.__name__.replace("_", "-")
        COLLECTED.append(Specimen(name, exhibit, wrong, pairs, symptom, missed, seen))
        return wrong

    return collect


def body_of(function: Function) -> list[str]:
    """The source of a function without its heading, decorators and docstring, a line each."""
    source = textwrap.dedent(inspect.getsource(function))
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    first = definition.body[1] if ast.get_docstring(definition) else definition.body[0]
    lines = source.splitlines()[first.lineno - 1 : definition.end_lineno]
    return textwrap.dedent("\n".join(lines)).splitlines()
