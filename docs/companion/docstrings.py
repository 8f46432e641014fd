"""What is done to a docstring on its way to the reference; in the source it is written for the source.

An indented drawing is set as it stands, a function of the ledger links to its equations, a module begins
with a list of its names, and a reference to a name finds it where the code would.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, TypeVar

from derivations.ledger import ledger


def add_docstrings(app: Any) -> None:
    """Register all this."""
    app.connect("autodoc-process-docstring", finish_docstring)
    app.connect("autodoc-process-signature", as_python)
    app.connect("autodoc-skip-member", keep_misprints)
    app.connect("missing-reference", lead_to_definition)


def finish_docstring(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """What Sphinx calls with every docstring, line by line."""
    lines[:] = with_drawings(lines)
    if what == "function":
        lines += equations_of(thing)
    if what == "module":
        lines += names_in(thing)


def with_drawings(lines: Sequence[str]) -> list[str]:
    """The lines, each drawing marked as one: what is indented below a paragraph would be a quotation."""
    above = ""
    out: list[str] = []
    for line in lines:
        begins = line.startswith(" ") and (not out or not out[-1])
        if begins and not line.lstrip().startswith(">>>") and not GOES_ON.search(above):
            out += [".. code-block:: text", ""]
            above = "::"
        if line and not line.startswith(" "):
            above = line
        out.append(line)
    return out


GOES_ON = re.compile(r"^([-*:]|\.\.|\w\.) |::$")
"""Below a line like this one, an item of a list, say, what is indented belongs to it already."""


def equations_of(function: Callable[..., Any]) -> list[str]:
    """Links from a function to the equations that it computes, and what is wrong with those misprinted."""
    right = [f":equation:`{entry.label}`" for entry in ledger() if entry.rhs is function]
    wrong = [
        f"- Misprinted in :equation:`{entry.label}`: {entry.misprint.why}."
        for entry in ledger()
        if entry.misprint and entry.misprint.computes is function
    ]
    word = "Equations" if len(right) > 1 else "Equation"
    return ["", *([f"{word}: {', '.join(right)}."] if right else []), "", *wrong]


def names_in(module: ModuleType) -> list[str]:
    """Links to what is defined in a module, in the order of the source: a short table of contents."""
    here = [
        f":py:obj:`{name} <{module.__name__}.{name}>`"
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", None) == module.__name__
        if not name.startswith("_") and (thing.__doc__ or hasattr(thing, "misprints"))
        if inspect.isfunction(thing) or inspect.isclass(thing)
    ]
    return ["", f"In here: {', '.join(here)}."] if len(here) > 1 else []


def keep_misprints(app: Any, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Show the functions of ``errata`` as well, which are described by their labels alone."""
    return False if hasattr(thing, "misprints") else None


def as_python(
    app: Any, what: str, name: str, thing: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Defaults such as ``<factory>`` as dots: Sphinx reads a signature as Python, or not at all.

    And ``Callable[..., Any]`` as it is written, where Sphinx has ``[...]`` for the dots.
    """
    before, after = "Callable[[...], ", "Callable[..., "
    shown = signature and re.sub(r"= <[^<>]+>", "= ...", signature).replace(before, after)
    return shown, returned and returned.replace(before, after)


def lead_to_definition(app: Any, env: Any, node: Any, text: Any) -> Any:
    """Find a name that is imported where it is referred to; one of another library has no page here.

    So a name that does not exist is a warning, and no list of exceptions is needed.
    """
    if node.get("refdomain") != "py":
        return None
    thing = thing_named(node["reftarget"], node.get("py:module"))
    home = getattr(thing, "__module__", None)
    if thing is None or home is None:
        return None
    if not home.startswith(("derivations", "w2v")) or isinstance(thing, TypeVar):
        return text
    target = f"{home}.{getattr(thing, '__qualname__', '')}"
    domain = env.domains.python_domain
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, text)


def thing_named(name: str, module: str | None) -> Any:
    """What a name means in a module, or by its whole path; None if there is no such thing."""
    for path in (f"{module}:{name}", name):
        with suppress(ImportError, AttributeError, ValueError):
            return pkgutil.resolve_name(path)
    return None
