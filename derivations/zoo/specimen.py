"""Exhibits, which are a loss and its gradient, and specimens, which change one line of the gradient."""

from __future__ import annotations

import ast
import difflib
import inspect
import linecache
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True)
class Exhibit:
    """A loss written for JAX, its gradient in NumPy, and the shapes to try them on.

    ``shapes`` is a description as ``check_gradient`` takes it, ``wrt`` the arguments to differentiate
    with respect to, separated by spaces.
    """

    name: str
    loss: Function
    right: Function
    shapes: str
    wrt: str


@dataclass(frozen=True)
class Specimen:
    """A wrong gradient and what is known of its mistake.

    ``mistake`` is a sentence. ``expected`` are alternatives, each a kind of explanation or finding and a
    text that its sentence or detail must contain; the diagnosis must have one of them. ``symptom`` is
    what one notices in training, ``missed`` why usual checks do not notice it, ``seen`` where it occurred.
    """

    name: str
    exhibit: Exhibit
    wrong: Function
    mistake: str
    expected: tuple[tuple[str, str], ...]
    symptom: str
    missed: str
    seen: str

    @property
    def diff(self) -> tuple[str, ...]:
        """The right line after ``-`` and the wrong line after ``+``."""
        lines = difflib.ndiff(body_of(self.exhibit.right), body_of(self.wrong))
        return tuple(line for line in lines if line[:2] in ("- ", "+ "))


COLLECTED: list[Specimen] = []
"""The specimens of all modules imported so far, in order."""


def specimen(
    exhibit: Exhibit,
    name: str,
    *expected: str,
    mistake: str,
    right: str,
    wrong: str,
    symptom: str,
    missed: str,
    seen: str = "A common mistake.",
) -> None:
    """Add to the zoo the gradient of an exhibit with the line ``right`` replaced by ``wrong``.

    ``wrong`` may be empty or have several lines. Each of ``expected`` is a kind, ``"wrong-sign"``, or a
    kind and what its sentence or detail must contain, ``"constant-factor: 1/C"``.
    """
    pairs = tuple((kind, text.strip()) for kind, _, text in (one.partition(":") for one in expected))
    function = with_line(exhibit.right, name.replace("-", "_"), mistake, right, wrong)
    COLLECTED.append(Specimen(name, exhibit, function, mistake, pairs, symptom, missed, seen))


def with_line(function: Function, name: str, doc: str, right: str, wrong: str) -> Function:
    """Compile a copy of a function, under another name, in which one line is replaced.

    Raises ``ValueError`` if the function does not have this line exactly once.
    """
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    matches = [n for n, line in enumerate(lines) if line.strip() == right]
    if len(matches) != 1:
        raise ValueError(f"{function.__name__} has the line {right!r} {len(matches)} times, not once")
    (at,) = matches
    indent = lines[at][: -len(right)]
    lines[at : at + 1] = [indent + line for line in wrong.splitlines()]
    source = "\n".join(lines).replace(f"def {function.__name__}(", f"def {name}(", 1) + "\n"
    file = f"<zoo: {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {}
    exec(compile(source, file, "exec"), function.__globals__, namespace)
    made: Function = namespace[name]
    made.__doc__ = doc
    return made


def body_of(function: Function) -> list[str]:
    """Return the source lines of a function without its heading and docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    first = definition.body[1] if ast.get_docstring(definition) else definition.body[0]
    lines = source.splitlines()[first.lineno - 1 : definition.end_lineno]
    return textwrap.dedent("\n".join(lines)).splitlines()
