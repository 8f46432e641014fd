"""The reference: a page a module, made of its docstrings by Sphinx's autodoc, in the reading order.

What is decided here is which page comes where, and some small things: an indented drawing is set as it
stands, a function of the ledger links to its equations, a module begins with a list of its names, and a
reference to a name finds it where the code would.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from sphinx.ext import autosummary

from companion.pages import write
from derivations.ledger import SECTIONS, ledger

PUBLIC = {
    "derivations.classroom": "Check a gradient of your own",
    "w2v": "Train word vectors",
    "w2v.stepper": "Train one step at a time",
}
"""The packages from which names are meant to be imported, and what for."""

JUDGING = ("notation", "ledger", "referee", "report", "command")

LEFT_OUT = ("derivations.classroom.exercises.course",)
"""Tasks for students and their solutions; and what is run, ``__main__``."""

FOLDER = "api"


# --- which pages there are --------------------------------------------------------------------------------


def write_reference(app: Any) -> None:
    """Write the index and a page for each module; a page whose module is gone goes too."""
    folder = Path(app.srcdir) / FOLDER
    environment = Environment(
        loader=PackageLoader("companion"),
        undefined=StrictUndefined,
        trim_blocks=True,
        autoescape=False,  # the output is reStructuredText  # noqa: S701
    )
    pages = {"index": environment.get_template("api-index.rst").render(index())}
    module = environment.get_template("api-module.rst")
    pages |= {name: module.render(name=name, **module_page(name)) for name in modules()}
    for stale in set(folder.glob("*.rst")) - {folder / f"{name}.rst" for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        write(folder / f"{name}.rst", text)


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
    paper = ["derivations", *(f"derivations.{name}" for name in (*SECTIONS, "errata"))]
    judging = [f"derivations.{name}" for name in JUDGING]
    classroom = "derivations.classroom"
    others = [name for name in within("derivations") if name not in {*paper, *judging, classroom}]
    groups = [
        ("The paper", "Its sections, in its order; then the techniques that §8 names.", paper),
        ("The ledger and its judges", "What is claimed, and who judges it.", judging + others),
        ("The classroom", "A gradient of your own, held against the same referee.", [classroom]),
        ("Training", "The verified gradients at work, and the page of §7.", ["w2v", *within("w2v")]),
    ]
    return {
        "public": [
            (package, importlib.import_module(package).__all__, words, public_names(package))
            for package, words in PUBLIC.items()
        ],
        "groups": groups,
    }


def module_page(name: str) -> dict[str, Any]:
    """What the page of a module is given: for a package what to import from it, and its modules."""
    first, rest = ([], []) if name in ("derivations", "w2v") else parts_of(name)
    return {"names": public_names(name), "parts": [("Modules", first), ("Further inside", rest)]}


def public_names(package: str) -> list[str]:
    """Where the names of ``__all__`` are defined; constants, which do not say where, are left out."""
    module = importlib.import_module(package)
    listed = getattr(module, "__all__", ()) if hasattr(module, "__path__") else ()
    found = [getattr(module, name) for name in listed]
    return [f"{one.__module__}.{one.__qualname__}" for one in found if hasattr(one, "__qualname__")]


def within(package: str) -> list[str]:
    """The modules of a package: those that its docstring names, in that order, then the others."""
    first, rest = parts_of(package)
    return first + rest


def parts_of(package: str) -> tuple[list[str], list[str]]:
    """The modules of a package that its docstring names, in that order, and the others."""
    inside = {name.rpartition(".")[2]: name for name in modules() if name.rpartition(".")[0] == package}
    named = dict.fromkeys(named_in(inspect.getdoc(importlib.import_module(package)) or ""))
    first = [inside[name] for name in named if name in inside]
    return first, [name for name in inside.values() if name not in first]


def named_in(docstring: str) -> Iterator[str]:
    """The words that a docstring sets in double backticks, or at the left of an indented table."""
    for line in docstring.splitlines():
        left = re.split(r"\s{2,}", line.strip())[0] if line.startswith(" ") else ""
        yield from re.findall(r"\w+", left)
        yield from re.findall(r"``(\w+)``", line)


# --- what is done to a docstring --------------------------------------------------------------------------


def finish_docstring(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """What Sphinx calls with every docstring, line by line."""
    lines[:] = with_drawings(lines)
    if what == "function":
        lines += equations_of(thing)
    if what == "module":
        lines += names_in(thing)


def with_drawings(lines: Sequence[str]) -> list[str]:
    """The lines, each drawing marked as one: what is indented below a paragraph would be a quotation."""
    above, out = "", []
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
    return ["", *([f"Equation: {', '.join(right)}."] if right else []), "", *wrong]


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
    """Defaults such as ``<factory>`` as dots: Sphinx reads a signature as Python, or not at all."""
    return signature and re.sub(r"= <[^<>]+>", "= ...", signature), returned


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


def add_reference(app: Any) -> None:
    """Register all this; a sentence does not end with the page of the paper."""
    autosummary.WELL_KNOWN_ABBREVIATIONS = (*autosummary.WELL_KNOWN_ABBREVIATIONS, "p.", "pp.", "eq.")
    app.connect("builder-inited", write_reference)
    app.connect("autodoc-process-docstring", finish_docstring)
    app.connect("autodoc-skip-member", keep_misprints)
    app.connect("autodoc-process-signature", as_python)
    app.connect("missing-reference", lead_to_definition)
