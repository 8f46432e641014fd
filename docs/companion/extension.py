"""The Sphinx extension: generate pages from the ledger, the zoo and the benchmarks."""

from __future__ import annotations

from typing import Any

from companion.api import add_reference
from companion.cache import cache_executions
from companion.checks import resolve_links, write_benchmarks, write_checks, write_structure
from companion.equations import add_equations
from companion.pages import write_pages
from companion.section_7 import write_section_7
from companion.zoo import write_zoo


def setup(app: Any) -> dict[str, Any]:
    """Register everything; Sphinx calls this."""
    add_equations(app)
    add_reference(app)
    app.connect("config-inited", cache_executions)
    for write in (write_structure, write_checks, write_benchmarks, write_pages, write_zoo, write_section_7):
        app.connect("builder-inited", write)
    app.connect("source-read", resolve_links)
    app.connect("env-check-consistency", remove_builtins)
    app.connect("html-page-context", collapse_navigation, priority=100)  # before the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def remove_builtins(app: Any, env: Any) -> None:
    """Remove ``builtins``, the module of a constant's type, from the index of sources: it has none."""
    vars(env).get("_viewcode_modules", {}).pop("builtins", None)


def collapse_navigation(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Show only the current branch in the sidebar: with all of them the build takes a quarter longer."""
    if "toctree" in context:
        toctree = context["toctree"]
        context["toctree"] = lambda **options: toctree(**{**options, "collapse": True})
