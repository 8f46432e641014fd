"""Every link of a folder of HTML pages, followed: the page must be there, and on it the place.

Nothing is asked of a network. What leaves the folder is returned as it stands, for the caller to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

FETCHED = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "object": "data",
}
"""The elements whose address a browser asks for by itself."""


@dataclass
class Found:
    """What following all links found: broken ones, those that leave, what is fetched from outside."""

    broken: list[str] = field(default_factory=list)
    leaving: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)
    followed: int = 0


def follow_all(root: Path) -> Found:
    """Follow every link of every page below ``root``."""
    found = Found()
    for page in sorted(root.rglob("*.html")):
        for element, address in addresses(page):
            follow(root, page, element, address, found)
    return found


def follow(root: Path, page: Path, element: str, address: str, found: Found) -> None:
    """Follow one link of a page."""
    parts = urlsplit(address)
    if parts.scheme in ("data", "mailto"):
        return
    if parts.scheme or parts.netloc:
        (found.fetched if element in FETCHED else found.leaving).add(address)
        return
    found.followed += 1
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    where = f"{page.relative_to(root)}: {address}"
    if target.is_dir() or not target.is_file() or not target.is_relative_to(root.resolve()):
        found.broken.append(f"{where} (no such page)")
    elif "=" in parts.fragment:
        return  # the state of a page, and no place on it
    elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in places(target):
        found.broken.append(f"{where} (no such place)")


@cache
def parsed(page: Path) -> BeautifulSoup:
    """A page as a tree."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def addresses(page: Path) -> list[tuple[str, str]]:
    """The links of a page: the name of the element, the address."""
    wanted = {"a": "href", **FETCHED}
    return [
        (element.name, str(element[wanted[element.name]]))
        for element in parsed(page).find_all(list(wanted))
        if element.get(wanted[element.name])
    ]


@cache
def places(page: Path) -> frozenset[str]:
    """The places of a page that a link can lead to; "top" is one on every page."""
    elements = parsed(page).find_all(lambda element: element.get("id") or element.get("name"))
    found = {str(element.get(key)) for element in elements for key in ("id", "name")}
    return frozenset(found | {"", "top"})
