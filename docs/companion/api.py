"""The reference: a page a module, made of its docstrings by Sphinx's autodoc; which page comes where.

What is meant to be imported comes first on the index, then the modules in reading order: the sections in
the paper's, and within a package first those that its docstring names, in that order.
"""

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
from derivations.ledger import SECTIONS

PUBLIC = {
    "derivations.checker": "Check a gradient of your own",
    "w2v": "Train word vectors",
    "w2v.stepper": "Train one step at a time",
}
"""The packages from which names are meant to be imported, and what for."""

JUDGING = ("notation", "ledger", "referee", "report", "command")

LEFT_OUT = ("derivations.exercises.course",)
"""Tasks for students and their solutions; and what is run, ``__main__``."""

LINE = 60
"""Characters of code that fit beside the margins of a page."""

Group = tuple[str, str, Sequence[str]]
"""A title, what is said below it, and the modules in it."""


def add_reference(app: Any) -> None:
    """Register the writer and the hooks; a sentence does not end with the page of the paper."""
    autosummary.WELL_KNOWN_ABBREVIATIONS += ("p.", "pp.", "eq.")  # type: ignore[assignment]
    app.connect("builder-inited", write_reference)
    add_docstrings(app)


def write_reference(app: Any) -> None:
    """Write the index and a page for each module; a page whose module is gone goes too."""
    folder = Path(app.srcdir) / "api"
    pages = reference()
    for stale in set(folder.glob("*.rst")) - {folder / f"{name}.rst" for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        write(folder / f"{name}.rst", text)


def reference() -> dict[str, str]:
    """All pages by name, as reStructuredText."""
    page = template("api-module.rst")
    pages = {
        name: page.render(name=name, names=public_names(name), groups=groups_of(name)) for name in modules()
    }
    return {"index": template("api-index.rst").render(index()), **pages}


@cache
def modules() -> tuple[str, ...]:
    """The names of all modules that have a page."""
    found = ["derivations", "w2v"]
    for package in tuple(found):
        path = importlib.import_module(package).__path__
        found += [module.name for module in pkgutil.walk_packages(path, f"{package}.")]
    return tuple(name for name in found if not name.endswith("__main__") and not name.startswith(LEFT_OUT))


def index() -> dict[str, Any]:
    """What the index is given: the names to import, and groups of modules."""
    training = ["w2v", *(name for _, _, names in groups_of("w2v") for name in names)]
    return {
        "public": [(words, import_of(name), public_names(name)) for name, words in PUBLIC.items()],
        "groups": [
            *groups_of("derivations"),
            ("Training", "The verified gradients at work, and the page of §7.", training),
        ],
    }


# --- modules in reading order -----------------------------------------------------------------------------


def groups_of(package: str) -> list[Group]:
    """The modules of a package; for a module that is none, empty groups."""
    inside = {name.rpartition(".")[2]: name for name in modules() if name.rpartition(".")[0] == package}
    if package == "derivations":
        paper = [inside.pop(name) for name in (*SECTIONS, "errata")]
        judging = [inside.pop(name) for name in JUDGING]
        beside = list(inside.values())
        return [
            ("The paper", "Its sections, in its order; then the techniques that §8 names.", paper),
            ("The ledger and its judges", "What is claimed, and who judges it.", judging),
            ("Beside them", "A gradient of your own, held against the same referee.", beside),
        ]
    named = dict.fromkeys(named_in(inspect.getdoc(importlib.import_module(package)) or ""))
    first = [inside.pop(name) for name in named if name in inside]
    return [("Modules", "", first), ("Further inside", "", list(inside.values()))]


def named_in(docstring: str) -> Iterator[str]:
    """The words that a docstring sets in double backticks, or at the left of an indented table."""
    for line in docstring.splitlines():
        left = re.split(r"\s{2,}", line.strip())[0] if line.startswith(" ") else ""
        yield from re.findall(r"\w+", left)
        yield from re.findall(r"``(\w+)``", line)


# --- names to import --------------------------------------------------------------------------------------


def import_of(package: str) -> str:
    """The line that imports all that is public in a package, folded where it is long."""
    names = ", ".join(functions_first(importlib.import_module(package).__all__))
    if len(names) < LINE:
        return f"from {package} import {names}"
    return f"from {package} import (\n{textwrap.indent(textwrap.fill(names, LINE), '    ')}\n)"


def public_names(package: str) -> list[str]:
    """Where the names of ``__all__`` are defined; constants, which do not say where, are left out."""
    module = importlib.import_module(package)
    listed = getattr(module, "__all__", ()) if hasattr(module, "__path__") else ()
    found = [getattr(module, name) for name in functions_first(listed)]
    return [f"{one.__module__}.{one.__qualname__}" for one in found if hasattr(one, "__qualname__")]


def functions_first(names: Sequence[str]) -> list[str]:
    """Names as they are, those that begin with a capital later."""
    return sorted(names, key=lambda name: name[0].isupper())
