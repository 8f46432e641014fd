"""Collect what the generated pages show: the equations by section, with the evidence of this build."""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby, zip_longest
from types import ModuleType
from typing import Any

from companion.evidence import Evidence
from companion.relations import builds_on, relying_on
from derivations.cli.page import source_of, where
from derivations.cli.show import with_own_notation
from derivations.cli.terminal import SECTION_TITLES, error_of
from derivations.latex import inputs_of, number, place_of, prose
from derivations.ledger import SECTIONS, TECHNIQUES, Entry, ledger, section_module
from derivations.notation import KINDS, tuple_text
from derivations.oracle.tolerance import ROUNDINGS

Page = tuple[str, str, dict[str, Any]]
"""The name of a page, its template, and the template's variables."""


def labels() -> list[str]:
    """Return the labels of all equations."""
    return [entry.label for entry in ledger()]


def pages(evidence: Evidence) -> Iterator[Page]:
    """Yield all pages."""
    every = equations(evidence)
    for section, title in SECTION_TITLES.items():
        if section != TECHNIQUES:
            here = [one for one in every if one.entry.section == section]
            yield (
                f"paper/section-{section}",
                "section.md",
                section_page(f"§{section} {title}", section, here),
            )
    chapters = {}
    for name in SECTIONS:
        here = [one for one in every if one.module == name and one.entry.section == TECHNIQUES]
        if here:
            page = name.replace("_", "-")
            chapters[page] = title = title_of(section_module(name))
            yield f"paper/{page}", "section.md", section_page(title, TECHNIQUES, here)
    title = f"§{TECHNIQUES} {SECTION_TITLES[TECHNIQUES]}"
    yield f"paper/section-{TECHNIQUES}", "techniques.md", {"title": title, "chapters": chapters}
    yield "errata", "errata.md", errata_page(every, evidence.run)
    yield "index", "index.md", {"run": evidence.run, "equations": {one.entry.label: one for one in every}}
    yield "notation", "notation.md", {"modules": modules_with_a_table()}


# --- equations --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Equation:
    """An entry of the ledger, and what this build found about it."""

    entry: Entry
    record: Mapping[str, Any]
    programs: list[tuple[str, str]]
    numbers: str
    shapes: str

    permitted = f"{ROUNDINGS:g}"
    """The permitted error, in multiples of the error bound."""

    @property
    def module(self) -> str:
        """The name of its section module."""
        return self.entry.label.partition(".")[0]

    @property
    def code(self) -> str:
        """The source of the manual function."""
        return code_of(self.entry.rhs)

    @property
    def printed_code(self) -> str:
        """The source of the function that computes the printed form of an erratum."""
        assert self.entry.misprint
        return code_of(self.entry.misprint.computes)

    @property
    def builds_on(self) -> list[str]:
        """The labels of the equations that it uses."""
        return builds_on(self.entry)

    @property
    def source(self) -> str:
        """The address of the function in the source pages."""
        function = self.entry.rhs
        return f"../_modules/{function.__module__.replace('.', '/')}.html#{function.__name__}"


def equations(evidence: Evidence) -> list[Equation]:
    """Return all equations with their evidence, in the paper's order."""
    records = {record["label"]: record for record in evidence.run["entries"]}
    return [
        Equation(
            entry,
            records[entry.label],
            evidence.programs[entry.label],
            evidence.numbers[entry.label],
            evidence.shapes[entry.label],
        )
        for entry in ledger()
    ]


# --- sections ---------------------------------------------------------------------------------------------


def section_page(title: str, section: str, here: list[Equation]) -> dict[str, Any]:
    """Return the variables of a section's template: its main module, and its equations by heading."""
    names = sorted({one.module for one in here}, key=SECTIONS.index)
    modules = {name: Module(section_module(name)) for name in names}
    own = [name for name in names if modules[name].module.SECTION == section]
    return {
        "title": title,
        "main": own[0] if own else None,
        "parts": [(name, heading, list(part)) for (name, heading), part in groupby(here, heading_of)],
        "modules": {name: modules[name] for name in own},
    }


def title_of(module: ModuleType) -> str:
    """Return the title of a module: the first line of its docstring, up to a colon or a bracket."""
    first = without_pages(inspect.getdoc(module) or "").partition("\n\n")[0]
    return re.split(r":| \(|\.$", " ".join(first.split()))[0]


def without_pages(docstring: str) -> str:
    """Return a docstring without the place in the paper that it begins with, ``§3, pp. 3-5: ``."""
    words = re.sub(r"^§[^:]*: ", "", docstring)
    return words[0].upper() + words[1:]


def heading_of(equation: Equation) -> tuple[str, str]:
    """Return the module and the heading of an equation: a page of the paper, or a part of the module."""
    entry = equation.entry
    return equation.module, part_of(entry.rhs) if entry.section == TECHNIQUES else f"Page {entry.page}"


def part_of(function: Callable[..., Any]) -> str:
    """Return the last heading, ``# --- the partials ---``, above a function in its module."""
    lines = inspect.getsource(importlib.import_module(function.__module__)).splitlines()
    above = lines[: inspect.unwrap(function).__code__.co_firstlineno]
    headings = [match[1] for line in above if (match := re.match(r"# --- (.+?) -+$", line))]
    return headings[-1][0].upper() + headings[-1][1:] if headings else ""


@dataclass(frozen=True)
class Module:
    """A section module, as its page shows it."""

    module: ModuleType

    @property
    def words(self) -> str:
        """Its docstring as Markdown."""
        return markdown(inspect.getdoc(self.module) or "")

    @property
    def notation(self) -> list[tuple[str, ...]]:
        """The rows of its notation table: paper, Python, shape, meaning, values."""
        return [
            (row.symbol, row.name, tuple_text(row.shape), row.meaning, KINDS[row.drawn])
            for row in self.module.NOTATION.values()
        ]

    @property
    def has_own_table(self) -> bool:
        """Whether it has a notation table that is not another module's."""
        return self.module in with_own_notation().values()

    @property
    def passes(self) -> list[tuple[str, str]]:
        """The source of each forward pass in NumPy, and of the same in JAX."""
        return [
            (code_of(value), code_of(vars(self.module)[f"reference{name.removeprefix('forward')}"]))
            for name, value in vars(self.module).items()
            if name.startswith("forward") and value.__module__ == self.module.__name__
        ]


def code_of(function: Callable[..., Any]) -> str:
    """Return the source of a function without its decorators."""
    source = source_of("", function)
    return (source.head + source.docstring + source.body).rstrip()


def markdown(docstring: str) -> str:
    """Return a docstring as Markdown: indented blocks become code, double backticks become single."""
    blocks = re.split(r"\n{2,}", without_pages(docstring))
    return "\n\n".join(
        f"```text\n{textwrap.dedent(block)}\n```" if block.startswith("    ") else in_words(block)
        for block in blocks
    )


def in_words(paragraph: str) -> str:
    """Return a paragraph of a docstring as Markdown, with subscripts; code stays as it is."""
    parts = re.split(r"``(.+?)``", paragraph)
    words = [str(prose(re.sub(r"_\{([^}]+)\}", r"_\1", part))) for part in parts[::2]]
    code = [f"`{part}`" for part in parts[1::2]]
    return "".join(a + b for a, b in zip_longest(words, code, fillvalue=""))


# --- errata and notation ----------------------------------------------------------------------------------


def errata_page(every: list[Equation], run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of the errata template: errata of the paper, and of two programs."""
    errata = [one for one in every if one.entry.misprint]
    return {
        "run": run,
        "printed": [one for one in errata if not one.entry.source],
        "programs": [one for one in errata if one.entry.source],
        "relying": {one.entry.label: relying_on(one.entry) for one in errata},
        "repeated": {one.entry.label: repeated(one, errata) for one in errata},
    }


def repeated(equation: Equation, errata: list[Equation]) -> list[str]:
    """Return the labels of the other errata with the same mistake."""
    wrong = equation.entry.misprint
    return [
        one.entry.label
        for one in errata
        if one is not equation and wrong and one.entry.misprint
        if one.entry.misprint.computes is wrong.computes
    ]


def modules_with_a_table() -> list[tuple[str, Module]]:
    """Return the modules that have a notation table of their own, with their titles."""
    modules = with_own_notation().values()
    return [(f"§{module.SECTION} {title_of(module)}", Module(module)) for module in modules]


def symbol(letters: str) -> str:
    """Return a symbol of the paper as HTML: ``w'_ij`` with its prime and its indices as a subscript."""
    stem, _, indices = escape(letters, quote=False).replace("'", "′").partition("_")
    return f"{stem}<sub>{indices}</sub>" if indices else stem


FILTERS: dict[str, Callable[..., Any]] = {
    "prose": prose,
    "symbol": symbol,
    "where": where,
    "error": error_of,
    "inputs": inputs_of,
    "there": place_of,
    "number": number,
}
