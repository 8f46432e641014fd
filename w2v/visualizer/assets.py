"""The files of the page, in ``page/``.

Starlette's StaticFiles asks the operating system for the types of files, and some Windows machines answer
that a module is plain text, which no browser runs.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import PurePath

PAGE = files("w2v.visualizer") / "page"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
"""The types of files that are served, by suffix."""


def names() -> list[str]:
    """Return the names of the page's files."""
    return sorted(file.name for file in PAGE.iterdir() if PurePath(file.name).suffix in TYPES)


def read(name: str) -> str:
    """Return a file of the page; KeyError for another name."""
    if name not in names():
        raise KeyError(name)
    return (PAGE / name).read_text(encoding="utf-8")


def texts() -> dict[str, str]:
    """Return all files of the page by name."""
    return {name: read(name) for name in names()}
