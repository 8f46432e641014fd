"""What the pages are made of: the ledger's entries by section, with all that is to be said of each."""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import ModuleType
from typing import Any

from companion.evidence import Evidence
from derivations.ledger import SECTIONS, TECHNIQUES, Entry, ledger
from derivations.notation import KINDS
from derivations.report.page import prose, source_of, where
from derivations.report.terminal import SECTION_TITLES, error_of

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
            entries = [telling for telling in told if telling.entry.section == section]
            yield f"paper/section-{section}", "section.md", section_page(f"§{section} {title}", entries)
    for name in SECTIONS:
        entries = [t for t in told if t.module == name and t.entry.section == TECHNIQUES]
        if entries:
            title = name.replace("_", " ").capitalize()
            yield f"paper/section-8-{name.replace('_', '-')}", "section.md", section_page(title, entries)


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
    def code(self) -> str:
        """The function by hand, without its labels."""
        source = source_of("by hand", self.entry.rhs)
        return source.head + source.docstring + source.body

    @property
    def printed_code(self) -> str:
        """The function that computes what is printed, for an erratum."""
        assert self.entry.misprint
        source = source_of("as printed", self.entry.misprint.computes)
        return source.head + source.docstring + source.body

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


def section_page(title: str, entries: list[Telling]) -> dict[str, Any]:
    """What the template of a section is given."""
    modules = {
        telling.module: importlib.import_module(f"derivations.{telling.module}") for telling in entries
    }
    return {
        "title": title,
        "parts": [(key, list(part)) for key, part in groupby(entries, heading_of)],
        "modules": {name: Module(module) for name, module in modules.items()},
    }


def heading_of(telling: Telling) -> tuple[str, str]:
    """The module and the heading under which an entry stands: a page of the paper, or a part of the module."""
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
            (row.symbol, row.name, shape(row.shape), row.meaning, KINDS[row.drawn])
            for row in self.module.NOTATION.values()
        ]

    @property
    def passes(self) -> list[tuple[str, str]]:
        """The forward passes by hand and what JAX is told, side by side."""
        return [
            (code_of(value), code_of(vars(self.module)[f"reference{name.removeprefix('forward')}"]))
            for name, value in vars(self.module).items()
            if name.startswith("forward") and value.__module__ == self.module.__name__
        ]


def code_of(function: Callable[..., Any]) -> str:
    """The source of a function."""
    source = source_of("", function)
    return source.head + source.docstring + source.body


def shape(sizes: tuple[str, ...]) -> str:
    """A shape as Python writes it, ``(N,)``."""
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def markdown(docstring: str) -> str:
    """A docstring as Markdown: what is indented is set as it stands, double backticks become single ones."""
    first, _, rest = docstring.partition("\n")
    first = re.sub(r"^[^:]*: ", "", first)
    text = f"{first[0].upper()}{first[1:]}\n{rest}".replace("``", "`")
    blocks = re.split(r"\n{2,}", text)
    return "\n\n".join(
        f"```text\n{textwrap.dedent(block)}\n```" if block.startswith("    ") else block for block in blocks
    )


FILTERS: dict[str, Callable[..., Any]] = {"prose": prose, "where": where, "error": error_of}
