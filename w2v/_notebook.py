"""How a notebook shows a stepper.

The stepper does not know the visualizer that draws it, so the package registers that here.
"""

from __future__ import annotations

from collections.abc import Callable

renderers: dict[str, Callable[[object], str]] = {}
"""Functions that show an object as HTML, by the name of its class."""


def html_of(shown: object) -> str | None:
    """Return an object as HTML, or None if nothing is registered for its class."""
    renderer = renderers.get(type(shown).__name__)
    return renderer(shown) if renderer else None
