"""The companion's own Sphinx extension: pages written from the ledger, mathematics without a network."""

from __future__ import annotations

from typing import Any

from companion.api import add_reference
from companion.entries import add_entries
from companion.keeping import keep_executions
from companion.mathematics import add_mathml
from companion.pages import write_pages
from companion.trust import follow_links, write_benchmarks, write_trust
from companion.visualizer import write_section_7
from companion.zoo import write_zoo


def setup(app: Any) -> dict[str, Any]:
    """What Sphinx calls."""
    add_mathml(app)
    add_entries(app)
    add_reference(app)
    app.connect("config-inited", keep_executions)
    app.connect("builder-inited", write_pages)
    app.connect("builder-inited", write_zoo)
    app.connect("builder-inited", write_section_7)
    app.connect("builder-inited", write_trust)
    app.connect("builder-inited", write_benchmarks)
    app.connect("source-read", follow_links)
    app.connect("env-check-consistency", no_source_of_builtins)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def no_source_of_builtins(app: Any, env: Any) -> None:
    """Leave ``builtins``, the module of a constant's type, out of the index of sources: it has none."""
    vars(env).get("_viewcode_modules", {}).pop("builtins", None)
