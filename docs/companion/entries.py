"""The directive ``{entry}``, an equation of the ledger, and the role ``{equation}`` that links to one."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from derivations.cli.terminal import MARKS
from derivations.ledger import ledger

logger = logging.getLogger(__name__)


class EntryDirective(SphinxDirective):
    """An equation under its label; where it is printed and its status stand beside it."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "status": directives.unchanged_required,
        "where": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """A heading that can be linked to, and below it what the page says."""
        label, status = self.arguments[0], self.options["status"]
        own = nodes.reference("", "", nodes.literal("", label), refid=label)
        heading = nodes.rubric("", "", own, ids=[label], classes=["label"])
        heading["heading-level"] = 3
        heading += nodes.inline("", self.options["where"], classes=["where"])
        heading += nodes.inline("", f"{MARKS[status]} {status}", classes=["status", status])
        self.env.domains.standard_domain.note_object("equation", label, label, location=heading)
        entry = nodes.container("", heading, classes=["entry", status])
        self.state.nested_parse(self.content, self.content_offset, entry)
        return [entry]


def source_role(*given: Any) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """A link to a function in the pages of the source, which are made after this one is read."""
    link = nodes.reference("", "source", refuri=given[2], internal=True)
    return [nodes.inline("", "", link, classes=["source"])], []


def every_label_has_its_place(app: Any, env: Any) -> None:
    """Warn, which fails a strict build, of an equation of the ledger that stands on no page."""
    told = {name for kind, name in env.domains.standard_domain.objects if kind == "equation"}
    for entry in ledger():
        if entry.label not in told:
            logger.warning("%s stands on no page", entry.label)


def add_entries(app: Any) -> None:
    """Register the directive, the role ``{equation}`` that links to it, and ``{source}``."""
    app.add_role("source", source_role)
    app.connect("env-check-consistency", every_label_has_its_place)
    app.add_object_type("equation", "equation", objname="equation")
    app.add_directive("entry", EntryDirective)
