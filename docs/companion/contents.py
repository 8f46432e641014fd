"""What the pages are made of: the ledger's entries by section, with all that is to be said of each."""

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
"""The name of a page, its template, and what that is given."""


def labels() -> list[str]:
    """The labels of all equations."""
    return [entry.label for entry in ledger()]


def pages(evidence: Evidence) -> Iterator[Page]:
    """All pages that are written."""
    told = tellings(evidence)
    for section, title in SECTION_TITLES.items():
        if section != TECHNIQUES:
            here = [telling for telling in told if telling.entry.section == section]
            yield (
                f"paper/section-{section}",
                "section.md",
                section_page(f"§{section} {title}", section, here),
            )
    chapters = {}
    for name in SECTIONS:
        here = [t for t in told if t.module == name and t.entry.section == TECHNIQUES]
        if here:
            chapters[name.replace("_", "-")] = title = title_of(section_module(name))
            yield f"paper/{name.replace('_', '-')}", "section.md", section_page(title, TECHNIQUES, here)
    title = f"§{TECHNIQUES} {SECTION_TITLES[TECHNIQUES]}"
    yield f"paper/section-{TECHNIQUES}", "techniques.md", {"title": title, "chapters": chapters}
    yield "errata", "errata.md", errata_page(told, evidence.run)
    yield "index", "index.md", {"run": evidence.run, "told": {t.entry.label: t for t in told}}
    yield "notation", "notation.md", {"modules": modules_with_a_table()}


# --- one entry --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Telling:
    """An entry and what this build found about it."""

    entry: Entry
    record: Mapping[str, Any]
    programs: list[tuple[str, str]]
    numbers: str
    shapes: str

    @property
    def module(self) -> str:
        """The module that it is in."""
        return self.entry.label.partition(".")[0]

    @property
    def permitted(self) -> str:
        """The error that is permitted, in roundings."""
        return f"{ROUNDINGS:g}"

    @property
    def code(self) -> str:
        """The function by hand, without its labels."""
        return code_of(self.entry.rhs)

    @property
    def printed_code(self) -> str:
        """The function that computes what is printed, for an erratum."""
        assert self.entry.misprint
        return code_of(self.entry.misprint.computes)

    @property
    def builds_on(self) -> list[str]:
        """The labels of the equations that it is made from."""
        return builds_on(self.entry)

    @property
    def source(self) -> str:
        """Where the function stands in the pages of the source."""
        function = self.entry.rhs
        return f"../_modules/{function.__module__.replace('.', '/')}.html#{function.__name__}"


def tellings(evidence: Evidence) -> list[Telling]:
    """All entries in the paper's order."""
    records = {record["label"]: record for record in evidence.run["entries"]}
    return [
        Telling(
            entry,
            records[entry.label],
            evidence.programs[entry.label],
            evidence.numbers[entry.label],
            evidence.shapes[entry.label],
        )
        for entry in ledger()
    ]


# --- one page ---------------------------------------------------------------------------------------------


def section_page(title: str, section: str, told: list[Telling]) -> dict[str, Any]:
    """What the template of a section is given: its main module, and its entries by heading."""
    names = sorted({telling.module for telling in told}, key=SECTIONS.index)
    modules = {name: Module(section_module(name)) for name in names}
    own = [name for name in names if modules[name].module.SECTION == section]
    return {
        "title": title,
        "main": own[0] if own else None,
        "parts": [(name, heading, list(part)) for (name, heading), part in groupby(told, heading_of)],
        "modules": {name: modules[name] for name in own},
    }


def title_of(module: ModuleType) -> str:
    """What a module is about, from the first line of its docstring: up to a colon or a bracket."""
    first = about(inspect.getdoc(module) or "").partition("\n\n")[0]
    return re.split(r":| \(|\.$", " ".join(first.split()))[0]


def about(docstring: str) -> str:
    """A module's docstring without the places of the paper that it begins with: ``§3, pp. 3-5: ``."""
    words = re.sub(r"^§[^:]*: ", "", docstring)
    return words[0].upper() + words[1:]


def heading_of(telling: Telling) -> tuple[str, str]:
    """The module and the heading under which an entry stands: a page, or a part of the module."""
    entry = telling.entry
    return telling.module, part_of(entry.rhs) if entry.section == TECHNIQUES else f"Page {entry.page}"


def part_of(function: Callable[..., Any]) -> str:
    """The last heading, ``# --- the partials ---``, above a function in its module."""
    lines = inspect.getsource(importlib.import_module(function.__module__)).splitlines()
    above = lines[: inspect.unwrap(function).__code__.co_firstlineno]
    headings = [match[1] for line in above if (match := re.match(r"# --- (.+?) -+$", line))]
    return headings[-1][0].upper() + headings[-1][1:] if headings else ""


@dataclass(frozen=True)
class Module:
    """A section module as a page tells it."""

    module: ModuleType

    @property
    def words(self) -> str:
        """Its docstring as Markdown, without the line that says which section it is."""
        return markdown(inspect.getdoc(self.module) or "")

    @property
    def notation(self) -> list[tuple[str, ...]]:
        """The rows of its table: paper, Python, shape, meaning, values."""
        return [
            (row.symbol, row.name, tuple_text(row.shape), row.meaning, KINDS[row.drawn])
            for row in self.module.NOTATION.values()
        ]

    @property
    def has_own_table(self) -> bool:
        """Whether its table is not that of another module."""
        return self.module in with_own_notation().values()

    @property
    def passes(self) -> list[tuple[str, str]]:
        """The forward passes by hand and what JAX is told, side by side."""
        return [
            (code_of(value), code_of(vars(self.module)[f"reference{name.removeprefix('forward')}"]))
            for name, value in vars(self.module).items()
            if name.startswith("forward") and value.__module__ == self.module.__name__
        ]


def code_of(function: Callable[..., Any]) -> str:
    """The source of a function, without its labels."""
    source = source_of("", function)
    return (source.head + source.docstring + source.body).rstrip()


def markdown(docstring: str) -> str:
    """A docstring as Markdown: what is indented is set as it stands, double backticks become single."""
    blocks = re.split(r"\n{2,}", about(docstring))
    return "\n\n".join(
        f"```text\n{textwrap.dedent(block)}\n```" if block.startswith("    ") else in_words(block)
        for block in blocks
    )


def in_words(paragraph: str) -> str:
    """A paragraph of a docstring as Markdown, with its indices below the line; code stays as it is."""
    parts = re.split(r"``(.+?)``", paragraph)
    words = [str(prose(re.sub(r"_\{([^}]+)\}", r"_\1", part))) for part in parts[::2]]
    code = [f"`{part}`" for part in parts[1::2]]
    return "".join(a + b for a, b in zip_longest(words, code, fillvalue=""))


# --- the errata -----------------------------------------------------------------------------------


def errata_page(told: list[Telling], run: Mapping[str, Any]) -> dict[str, Any]:
    """What the template of the errata is given: those of the paper, and those of programs."""
    errata = [telling for telling in told if telling.entry.misprint]
    return {
        "run": run,
        "printed": [telling for telling in errata if not telling.entry.source],
        "programs": [telling for telling in errata if telling.entry.source],
        "relying": {telling.entry.label: relying_on(telling.entry) for telling in errata},
        "repeated": {telling.entry.label: repeated(telling, errata) for telling in errata},
    }


def repeated(telling: Telling, errata: list[Telling]) -> list[str]:
    """The labels of the other errata that print the same mistake."""
    assert telling.entry.misprint
    computes = telling.entry.misprint.computes
    same = [t for t in errata if t.entry.misprint and t.entry.misprint.computes is computes]
    return [t.entry.label for t in same if t is not telling]


# --- the notation ---------------------------------------------------------------------------------


def modules_with_a_table() -> list[tuple[str, Module]]:
    """The modules that have a notation of their own, with their titles."""
    modules = with_own_notation().values()
    return [(f"§{module.SECTION} {title_of(module)}", Module(module)) for module in modules]


def symbol(letters: str) -> str:
    """A symbol of the paper as HTML: ``w'_ij`` with its prime, and its indices below the line."""
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
