"""The directive ``{entry}``: one equation of the ledger, which ``{equation}`` then refers to by its label."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from derivations.report.terminal import MARKS


class EntryDirective(SphinxDirective):
    """An equation under its label; where it is printed and its status stand beside it."""

    required_arguments = 1
    has_content = True
    option_spec = {"status": directives.unchanged_required, "where": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """A heading that can be linked to, and below it what the page says."""
        label, status = self.arguments[0], self.options["status"]
        heading = nodes.rubric("", "", nodes.literal("", label), ids=[label], classes=["label"])
        heading["heading-level"] = 3
        heading += nodes.inline("", self.options["where"], classes=["where"])
        heading += nodes.inline("", f"{MARKS[status]} {status}", classes=["status", status])
        self.env.domains.standard_domain.note_object("equation", label, label, location=heading)
        entry = nodes.container("", heading, classes=["entry", status])
        self.state.nested_parse(self.content, self.content_offset, entry)
        return [entry]


def add_entries(app: Any) -> None:
    """Register the directive, and the role ``{equation}`` that links to it."""
    app.add_object_type("equation", "equation", objname="equation")
    app.add_directive("entry", EntryDirective)
