"""The pages that are written and not typed: one a section of the paper, the errata, the notation.

They are Markdown, made from the ledger by the templates beside this file, anew at every build. A page that
would come out as it is already there is left alone, so that Sphinx need not read it again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from sphinx.util import logging

from companion import contents
from companion.evidence import evidence_of_this_build

EXAMPLES = 150
"""Instances of each equation that a build tries; ``derivations verify`` tries 1,000."""

logger = logging.getLogger(__name__)


def write_pages(app: Any) -> None:
    """Judge the ledger, and write every page that is made from it."""
    folder = Path(app.srcdir)
    logger.info("judging %d equations on %d instances each ...", len(contents.labels()), EXAMPLES)
    evidence = evidence_of_this_build(EXAMPLES, Path(app.doctreedir) / "evidence.pickle")
    for name, file, given in contents.pages(evidence):
        write(folder / f"{name}.md", template(file, **contents.FILTERS).render(given))


def template(file: str, **filters: Callable[..., Any]) -> Template:
    """A template of the folder beside this file, with the filters that it uses."""
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
    """Write a file unless it says that already."""
    file.parent.mkdir(exist_ok=True)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
