"""A run as one page for the browser: the ledger in the paper's order, its equations as MathML.

The page is a single file without script that asks nothing of a network. It is made from the record of
a run; only the code of each function is looked up, by its label.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from derivations._files import write_atomically
from derivations.cli.terminal import MARKS, SECTION_TITLES, Record, error_of
from derivations.latex import inputs_of, number, place_of, prose, to_mathml
from derivations.ledger import TECHNIQUES, find, ledger


def write_page(run: Record, file: Path) -> None:
    """Write the page of a run as UTF-8; raises ``OSError`` with the name of the file."""
    write_atomically(file, page(run))


def page(run: Record) -> str:
    """The page of a run, from its record; ``KeyError`` for a label that is not in the ledger."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("derivations", "cli"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        equation=equation,
        error=error_of,
        sources=sources_of,
        status=status_of,
        where=where,
        inputs=inputs_of,
        there=place_of,
        number=number,
        prose=prose,
        breakable=breakable,
    )
    return environment.get_template("page.html").render(**contents(run))


def contents(run: Record) -> dict[str, Any]:
    """What the template is given: the record, its entries by section and by status, the totals."""
    entries = run["entries"]
    return {
        "run": run,
        "sections": [
            (number, title, [entry for entry in entries if entry["section"] == number])
            for number, title in SECTION_TITLES.items()
        ],
        "errata": [entry for entry in entries if entry["status"] == "erratum"],
        "failing": [entry for entry in entries if not entry["holds"]],
        "in_ledger": len(ledger()),
        "instances": sum(entry["shapes_tried"] for entry in entries),
        "worst": max((entry["worst_error"] or 0.0 for entry in entries), default=0.0),
        "marks": MARKS,
    }


def status_of(entry: Record) -> str:
    """The status that an entry deserves: its own, or ``failing``."""
    return entry["status"] if entry["holds"] else "failing"


def where(entry: Record) -> str:
    """Where an equation is printed: a page of the paper, in another paper, or nowhere."""
    if entry["ours"]:
        return "ours" if entry["section"] == TECHNIQUES else f"ours, after p. {entry['page']}"
    return str(entry["source"] or f"p. {entry['page']}")


def breakable(label: str) -> Any:
    """A label as markup that may be broken where a part of it begins."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"[._]", r"\g<0><wbr>", str(escape(label))))


def equation(latex: str) -> Any:
    """Convert an equation to markup; LaTeX that cannot be converted is shown as it is."""
    from markupsafe import Markup, escape

    try:
        return Markup(to_mathml(latex))
    except ValueError:
        return Markup("<code>") + escape(latex) + Markup("</code>")


# --- code -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A function as it stands in its module, without its labels; the docstring apart."""

    who: str
    file: str
    head: str
    docstring: str
    body: str


def sources_of(label: str) -> list[Source]:
    """The function of the hand and, for an erratum, of the print; ``KeyError`` for no such label."""
    entry = find(label)
    sources = [source_of("by hand", entry.rhs)]
    if entry.misprint:
        sources.append(source_of("as printed", entry.misprint.computes))
    return sources


def source_of(who: str, function: Callable[..., Any]) -> Source:
    """The source of a function, parted so that the page can mute its docstring."""
    lines = inspect.getsource(function).splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith("def "))
    definition = ast.parse("".join(lines)).body[0]
    assert isinstance(definition, ast.FunctionDef)
    start = definition.body[0].lineno - 1
    documented = ast.get_docstring(definition) is not None
    end = definition.body[0].end_lineno if documented else start
    parts = ("".join(part) for part in (lines[first:start], lines[start:end], lines[end:]))
    return Source(who, f"{function.__module__.replace('.', '/')}.py", *parts)
