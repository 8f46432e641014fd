"""Mathematics as MathML, which a browser sets itself: no script, no font, no network; it is read out."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.util import logging

from derivations.latex import to_mathml

logger = logging.getLogger(__name__)


def add_mathml(app: Any) -> None:
    """Register the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))


def inline(writer: Any, node: nodes.math) -> None:
    """A formula in a line."""
    writer.body.append(f'<span class="math">{converted(node)}</span>')
    raise nodes.SkipNode


def block(writer: Any, node: nodes.math_block) -> None:
    """A displayed formula, which may break between its statements."""
    writer.body.append(f'<div class="math" tabindex="-1">{converted(node)}</div>')
    raise nodes.SkipNode


def converted(node: nodes.Element) -> str:
    """The LaTeX of a node as MathML; what cannot be converted is a warning, and so fails a strict build."""
    try:
        return to_mathml(node.astext().strip())
    except ValueError as problem:
        logger.warning("%s", problem, location=node)
        return f"<code>{escape(node.astext())}</code>"
