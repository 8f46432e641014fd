"""Write the API reference: one page for each public module, made from docstrings by Sphinx's autodoc."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.ext import autosummary

from companion.docstrings import add_docstrings
from companion.pages import template, write
from derivations.ledger import SECTIONS, section_path

PUBLIC = {
    "derivations.checker": "Check a gradient of your own",
    "w2v": "Train word vectors",
    "w2v.stepper": "Train one step at a time",
}
"""The packages from which names are meant to be imported, and what they are for."""

INTERNAL = (
    "derivations.cli",
    "derivations.oracle.program",
    "derivations.checker.explain",
    "derivations.exercises.course",
    "w2v.cli",
    "w2v.visualizer",
)
"""Packages without a page, like every module whose name starts with an underscore."""

LINE = 60
"""The longest line of code that fits on a page."""


def add_reference(app: Any) -> None:
    """Register the functions that write the reference and process its docstrings."""
    autosummary.WELL_KNOWN_ABBREVIATIONS += ("p.", "pp.", "eq.")  # type: ignore[assignment]
    app.connect("builder-inited", write_reference)
    add_docstrings(app, modules())


def write_reference(app: Any) -> None:
    """Write the index and a page for each module; delete the pages of modules that no longer exist."""
    folder = Path(app.srcdir) / "api"
    pages = reference()
    for stale in set(folder.glob("*.rst")) - {folder / f"{name}.rst" for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        write(folder / f"{name}.rst", text)


def reference() -> dict[str, str]:
    """Return all pages by name, as reStructuredText."""
    page = template("api-module.rst")
    pages = {
        name: page.render(name=name, names=public_names(name), inside=modules_of(name))
        for name in modules()
    }
    return {"index": template("api-index.rst").render(index()), **pages}


@cache
def modules() -> tuple[str, ...]:
    """Return the names of all modules that have a page."""
    found = ["derivations", "w2v"]
    for package in tuple(found):
        path = importlib.import_module(package).__path__
        found += [module.name for module in pkgutil.walk_packages(path, f"{package}.")]
    return tuple(name for name in found if is_public(name))


def is_public(name: str) -> bool:
    """Return whether a module is documented."""
    inside = any(f"{name}.".startswith(f"{package}.") for package in INTERNAL)
    return not inside and not any(part.startswith("_") for part in name.split("."))


def index() -> dict[str, Any]:
    """Return what the template of the index needs: the import lines, and groups of modules."""
    sections = [section_path(name) for name in (*SECTIONS, "errata")]
    inside = [
        name for name in modules_of("derivations") if not any(s.startswith(f"{name}.") for s in sections)
    ]
    return {
        "public": [(words, import_of(name), public_names(name)) for name, words in PUBLIC.items()],
        "groups": [
            ("Equations", "The sections of the paper in its order, then the techniques of §8.", sections),
            (
                "Checks",
                "How equations are described and checked, and how your gradient is checked.",
                inside,
            ),
            ("Training", "Word vectors trained with the verified gradients.", ["w2v", *modules_of("w2v")]),
        ],
    }


def modules_of(package: str) -> list[str]:
    """Return the modules directly in a package: first those that its docstring names, in that order."""
    inside = {name.rpartition(".")[2]: name for name in modules() if name.rpartition(".")[0] == package}
    named = named_in(inspect.getdoc(importlib.import_module(package)) or "")
    first = [inside.pop(name) for name in dict.fromkeys(named) if name in inside]
    return first + list(inside.values())


def named_in(docstring: str) -> Iterator[str]:
    """Yield the words in double backticks, and those at the left of an indented table."""
    for line in docstring.splitlines():
        left = re.split(r"\s{2,}", line.strip())[0] if line.startswith(" ") else ""
        yield from re.findall(r"\w+", left)
        yield from re.findall(r"``(\w+)``", line)


def import_of(package: str) -> str:
    """Return the line that imports all public names of a package, wrapped if it is long."""
    names = ", ".join(functions_first(importlib.import_module(package).__all__))
    if len(names) < LINE:
        return f"from {package} import {names}"
    return f"from {package} import (\n{textwrap.indent(textwrap.fill(names, LINE), '    ')}\n)"


def public_names(package: str) -> list[str]:
    """Return where each name of ``__all__`` is defined; constants are left out, since they do not know."""
    module = importlib.import_module(package)
    listed = getattr(module, "__all__", ()) if hasattr(module, "__path__") else ()
    found = [getattr(module, name) for name in functions_first(listed)]
    return [f"{one.__module__}.{one.__qualname__}" for one in found if hasattr(one, "__qualname__")]


def functions_first(names: Sequence[str]) -> list[str]:
    """Return the names in their order, but classes (capitalized names) after functions."""
    return sorted(names, key=lambda name: name[0].isupper())
