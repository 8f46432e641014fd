"""The files of the page, as they lie in ``page/``."""

from __future__ import annotations

from importlib.resources import files

PAGE = files("w2v.visualizer") / "page"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What a file may be, by its suffix."""


def names() -> list[str]:
    """The names of the page's files; any other is not served."""
    return sorted(file.name for file in PAGE.iterdir() if file.is_file() and kind(file.name) in TYPES)


def kind(name: str) -> str:
    """The suffix of a name."""
    dot = name.rfind(".")
    return name[dot:] if dot > 0 else ""


def read(name: str) -> bytes:
    """A file of the page; KeyError for a name that is none."""
    if name not in names():
        raise KeyError(name)
    return (PAGE / name).read_bytes()


def texts() -> dict[str, str]:
    """All files of the page by name."""
    return {name: read(name).decode() for name in names()}
