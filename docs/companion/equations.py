"""Directives and roles for equations: ``{entry}``, ``{equation}``, ``{source}``, and formulas as MathML."""

from __future__ import annotations

from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from derivations.cli.terminal import MARKS
from derivations.latex import to_mathml
from derivations.ledger import ledger

logger = logging.getLogger(__name__)


def add_equations(app: Any) -> None:
    """Register the directive, the roles and the renderer ``mathml``, which needs no script and no font."""
    app.add_directive("entry", EntryDirective)
    app.add_object_type("equation", "equation", objname="equation")
    app.add_role("source", source_role)
    app.add_html_math_renderer(
        "mathml", inline_renderers=(visit_math, None), block_renderers=(visit_block, None)
    )
    app.connect("env-check-consistency", check_labels)


class EntryDirective(SphinxDirective):
    """An equation under its label, with its page and its status beside the label."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "status": directives.unchanged_required,
        "where": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return a heading that can be linked to, and the content below it."""
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
    """Return a link to a function's source page, which Sphinx writes after this page is read."""
    link = nodes.reference("", "source", refuri=given[2], internal=True)
    return [nodes.inline("", "", link, classes=["source"])], []


def check_labels(app: Any, env: Any) -> None:
    """Warn, which fails a strict build, about each equation of the ledger that is on no page."""
    on_a_page = {name for kind, name in env.domains.standard_domain.objects if kind == "equation"}
    for entry in ledger():
        if entry.label not in on_a_page:
            logger.warning("%s is on no page", entry.label)


def visit_math(writer: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    writer.body.append(f'<span class="math">{converted(node)}</span>')
    raise nodes.SkipNode


def visit_block(writer: Any, node: nodes.math_block) -> None:
    """Write a displayed formula, which may break between its statements."""
    writer.body.append(f'<div class="math" tabindex="-1">{converted(node)}</div>')
    raise nodes.SkipNode


def converted(node: nodes.Element) -> str:
    """Return the LaTeX of a node as MathML; warn, which fails a strict build, if that is impossible."""
    try:
        return to_mathml(node.astext().strip())
    except ValueError as problem:
        logger.warning("%s", problem, location=node)
        return f"<code>{escape(node.astext())}</code>"
