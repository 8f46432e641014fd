"""One specimen of the zoo: a wrong gradient, kept with all that is known of it.

A specimen is a real function with a real mistake, one line away from the right one. The diff is not
typed: it is the difference of the two sources, and a test holds it to one line.
"""

from __future__ import annotations

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
    def diff(self) -> tuple[str, ...]:
        """The lines of the right gradient that are gone and the wrong ones in their place, with -, +."""
        right, wrong = body_of(self.exhibit.right), body_of(self.wrong)
        lines = difflib.ndiff(right, wrong)
        return tuple(line for line in lines if line[:2] in ("- ", "+ "))


def body_of(function: Function) -> list[str]:
    """The source of a function without its heading, decorators and docstring, a line each."""
    source = textwrap.dedent(inspect.getsource(function))
    lines = source[source.index("):\n") + 3 :] if "):\n" in source else source[source.index(":\n") + 2 :]
    body = textwrap.dedent(lines).strip()
    if body.startswith('"""'):
        body = body[body.index('"""', 3) + 3 :].strip()
    return body.splitlines()
