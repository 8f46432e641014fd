"""Every link of a folder of HTML pages, followed: the page must be there, and on it the place.

Nothing is asked of a network. What leaves the folder is returned as it stands, for the caller to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINKS = {
    "a": "href",
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "object": "data",
}
"""The elements that have an address, and where. A browser asks by itself for all but that of an ``a``."""


@dataclass
class Found:
    """What following all links found: broken ones, those that leave, what is fetched from outside."""

    broken: list[str] = field(default_factory=list)
    leaving: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)
    followed: int = 0


class Page(HTMLParser):
    """The links of a page, element and address, and the places on it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: set[tuple[str, str]] = set()
        self.places = {"", "top"}
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where an element leads, and what it is called."""
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.places.add(value)
            if value and name == LINKS.get(tag):
                self.links.add((tag, value))


@cache
def read(file: Path) -> Page:
    """A page, read once."""
    return Page(file)


def follow_all(root: Path) -> Found:
    """Follow every link of every page below ``root``."""
    found = Found()
    for file in sorted(root.resolve().rglob("*.html")):
        for element, address in sorted(read(file).links):
            follow(root.resolve(), file, element, address, found)
    return found


def follow(root: Path, file: Path, element: str, address: str, found: Found) -> None:
    """Follow one link of a page."""
    parts = urlsplit(address)
    if parts.scheme in ("data", "mailto"):
        return
    if parts.scheme or parts.netloc:
        (found.leaving if element == "a" else found.fetched).add(address)
        return
    found.followed += 1
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    where = f"{file.relative_to(root)}: {address}"
    if not is_there(target) or not target.is_relative_to(root):
        found.broken.append(f"{where} (no such page)")
    elif target.suffix == ".html" and not leads(unquote(parts.fragment), target):
        found.broken.append(f"{where} (no such place)")


@cache
def is_there(file: Path) -> bool:
    """Whether there is such a file."""
    return file.is_file()


def leads(fragment: str, file: Path) -> bool:
    """Whether a fragment is a place on a page; what has an equals sign is a state of the page instead."""
    return "=" in fragment or fragment in read(file).places
