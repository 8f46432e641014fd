"""Render the generated pages from templates: sections of the paper, errata, notation, the front page.

A page that would not change is not written again, so that Sphinx does not read it again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from sphinx.util import logging

from companion import contents
from companion.evidence import evidence_of_this_build

EXAMPLES = 50
"""Test cases for each equation in a build; ``derivations verify`` tries 200."""

logger = logging.getLogger(__name__)


def write_pages(app: Any) -> None:
    """Check the ledger, and write every page that is made from it."""
    folder = Path(app.srcdir)
    logger.info("checking %d equations on %d test cases each ...", len(contents.labels()), EXAMPLES)
    evidence = evidence_of_this_build(EXAMPLES, Path(app.doctreedir) / "evidence.pickle")
    for name, file, given in contents.pages(evidence):
        write(folder / f"{name}.md", template(file, **contents.FILTERS).render(given))


def template(file: str, **filters: Callable[..., Any]) -> Template:
    """Return a template of the folder ``templates`` with its filters."""
    environment = Environment(
        loader=PackageLoader("companion"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is Markdown
    )
    environment.filters.update(filters)
    return environment.get_template(file)


def write(file: Path, text: str) -> None:
    """Write a file unless it has this text already."""
    file.parent.mkdir(exist_ok=True)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
