"""Prepare docstrings for the API reference; in the source they are written for readers of the source."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import Any, TypeVar

from derivations.ledger import ledger


def add_docstrings(app: Any, documented: Sequence[str]) -> None:
    """Register the handlers of autodoc's events; ``documented`` are the modules that have a page."""
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-process-signature", process_signature)
    app.connect("autodoc-skip-member", keep_misprints)
    app.connect("missing-reference", partial(resolve_reference, documented))


def process_docstring(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Mark code blocks, and add links: from a function to its equations, from a module to its names."""
    lines[:] = with_code_blocks(lines)
    if what == "function":
        lines += equations_of(thing)
    if what == "module":
        lines += names_in(thing)


LIST_ITEM = re.compile(r"^([-*:]|\.\.|\w\.) |::$")
"""A line after which an indented block belongs to it: a list item, a directive, a literal block."""


def with_code_blocks(lines: Sequence[str]) -> list[str]:
    """Return the lines with every indented block marked as code, which Sphinx would read as a quotation."""
    above = ""
    out: list[str] = []
    for line in lines:
        begins = line.startswith(" ") and (not out or not out[-1])
        if begins and not line.lstrip().startswith(">>>") and not LIST_ITEM.search(above):
            out += [".. code-block:: text", ""]
            above = "::"
        if line and not line.startswith(" "):
            above = line
        out.append(line)
    return out


def equations_of(function: Callable[..., Any]) -> list[str]:
    """Return links to the equations that a function computes, or to those of which it is the misprint."""
    right = [f":equation:`{entry.label}`" for entry in ledger() if entry.rhs is function]
    wrong = [
        f"- Misprint of :equation:`{entry.label}`: {entry.misprint.why}."
        for entry in ledger()
        if entry.misprint and entry.misprint.computes is function
    ]
    word = "Equations" if len(right) > 1 else "Equation"
    return ["", *([f"{word}: {', '.join(right)}."] if right else []), "", *wrong]


def names_in(module: ModuleType) -> list[str]:
    """Return links to the functions and classes of a module, in the order of the source."""
    here = [
        f":py:obj:`{name} <{module.__name__}.{name}>`"
        for name, thing in vars(module).items()
        if getattr(thing, "__module__", None) == module.__name__
        if not name.startswith("_") and (thing.__doc__ or hasattr(thing, "misprints"))
        if inspect.isfunction(thing) or inspect.isclass(thing)
    ]
    return ["", f"Contents: {', '.join(here)}."] if len(here) > 1 else []


def keep_misprints(app: Any, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Document the functions of ``errata`` too, which have a label instead of a docstring."""
    return False if hasattr(thing, "misprints") else None


def process_signature(
    app: Any, what: str, name: str, thing: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Replace what is not Python in a signature: ``<factory>``, and ``[...]`` in ``Callable[..., Any]``."""
    before, after = "Callable[[...], ", "Callable[..., "
    shown = signature and re.sub(r"= <[^<>]+>", "= ...", signature).replace(before, after)
    return shown, returned and returned.replace(before, after)


def resolve_reference(documented: Sequence[str], app: Any, env: Any, node: Any, text: Any) -> Any:
    """Resolve a name as Python would where it is written; a name without a page becomes plain text.

    A name that does not exist stays unresolved, and so is a warning.
    """
    if node.get("refdomain") != "py":
        return None
    thing = find_object(node["reftarget"], node.get("py:module"))
    home = thing.__name__ if inspect.ismodule(thing) else getattr(thing, "__module__", None)
    if thing is None or home is None:
        return None
    if home not in documented or isinstance(thing, TypeVar):
        return text
    target = f"{home}.{getattr(thing, '__qualname__', '')}".rstrip(".")
    domain = env.domains.python_domain
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, text)


def find_object(name: str, module: str | None) -> Any:
    """Return what a name means in a module, or by its full path; None if there is no such object."""
    for path in (f"{module}:{name}", name):
        with suppress(ImportError, AttributeError, ValueError):
            return pkgutil.resolve_name(path)
    return None
