"""The house: which parts there are, which may know which, and what the source says of that.

``HOUSE`` says what each part may import. What it does import is read from the source, imports inside
functions among it; an import that is not allowed is an arrow that runs back, and the build ends.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from derivations.ledger import SECTIONS

PACKAGES = ("derivations", "w2v")


class Part(NamedTuple):
    """A part of the house: what belongs to it, what it may import, and where the picture has it.

    ``modules`` are names or, with a dot at the end, packages; what another part names is not meant
    by a package. ``speaks`` is the module whose docstring speaks for the part.
    """

    name: str
    speaks: str
    modules: tuple[str, ...]
    knows: tuple[str, ...]
    row: int
    columns: tuple[int, int]


COMMANDS = (
    *("derivations", "derivations.__main__", "derivations.cli.main"),
    *("derivations.cli.exercise", "derivations.cli.zoo"),
)
FRONT = ("w2v.cli.main", "w2v.cli.train", "w2v.cli.tables", "w2v.__main__")

HOUSE = (
    Part(
        "notation, ledger",
        "derivations.ledger",
        ("derivations.notation", "derivations.ledger"),
        (),
        5,
        (0, 3),
    ),
    Part(
        "sections",
        "derivations",
        tuple(f"derivations.{name}" for name in (*SECTIONS, "counting", "errata")),
        ("notation, ledger",),
        4,
        (2, 3),
    ),
    Part("referee", "derivations.oracle", ("derivations.oracle.",), ("notation, ledger",), 4, (0, 2)),
    Part(
        "report", "derivations.report", ("derivations.report.",), ("notation, ledger", "referee"), 3, (1, 2)
    ),
    Part(
        "classroom",
        "derivations.checker",
        ("derivations.checker.",),
        ("notation, ledger", "sections", "referee"),
        3,
        (0, 1),
    ),
    Part(
        "derivations",
        "derivations.cli.main",
        COMMANDS,
        ("notation, ledger", "referee", "report", "classroom"),
        2,
        (0, 2),
    ),
    Part("training", "w2v", ("w2v", "w2v."), ("sections",), 3, (2, 3)),
    Part(
        "stepper",
        "w2v.stepper",
        ("w2v.stepper.",),
        ("notation, ledger", "sections", "referee", "report", "training"),
        2,
        (2, 3),
    ),
    Part("visualizer", "w2v.visualizer", ("w2v.visualizer.",), ("stepper", "training"), 1, (2, 3)),
    Part("w2v", "w2v.cli.main", FRONT, ("training", "visualizer"), 0, (2, 3)),
)
"""The parts, those that know least first."""

EXCEPTIONS = {
    (
        "w2v",
        "w2v.visualizer.export",
    ): "a notebook that shows a stepper draws the page",
}
"""Imports against the law, inside a function only, and why; the page tells of them."""


@dataclass(frozen=True)
class Module:
    """A module: its name and its source."""

    name: str
    source: str

    @property
    def package(self) -> str:
        """Its first name."""
        return self.name.partition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        """Its source, parsed."""
        return ast.parse(self.source)

    @property
    def says(self) -> str:
        """The first line of its docstring."""
        return (ast.get_docstring(self.tree) or "").partition("\n")[0]

    def imports(self, known: Mapping[str, Module], *, at_once: bool = False) -> Iterator[str]:
        """The names of the known modules that it imports: wherever in its source, or as soon as it is."""
        for node in self.tree.body if at_once else ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                if node.level:
                    raise ValueError(
                        f"{self.name}, line {node.lineno}: name the module in full, without dots"
                    )
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                names = [name if name in known else str(node.module) for name in names]
            else:
                continue
            yield from (name for name in names if name in known)


@dataclass(frozen=True)
class House:
    """The modules by part, and the imports that cross from one part into another."""

    parts: Sequence[Part]
    modules: Mapping[str, list[Module]]
    crossings: Mapping[tuple[str, str], list[tuple[str, str]]]

    @property
    def arrows(self) -> list[tuple[str, str]]:
        """Which part imports which, without those that follow from others on the way."""
        known = {
            part.name: {to for start, to in self.crossings if start == part.name} for part in self.parts
        }
        return [
            (start, to)
            for start, to in self.crossings
            if not any(to in reached(known, other) for other in known[start] - {to})
        ]

    def lines(self, part: Part) -> int:
        """The lines of code, words and blanks in a part."""
        return sum(len(module.source.splitlines()) for module in self.modules[part.name])

    def says(self, part: Part) -> str:
        """What a part's docstring says in its first line."""
        everything = (module for modules in self.modules.values() for module in modules)
        return next(module.says for module in everything if module.name == part.speaks)


def reached(known: Mapping[str, set[str]], start: str) -> set[str]:
    """All parts that a part knows, directly or through others."""
    found: set[str] = set()
    waiting = {start}
    while waiting:
        new = known[waiting.pop()] - found
        found |= new
        waiting |= new
    return found


def read_house(
    root: Path, parts: Sequence[Part] = HOUSE, exceptions: Mapping[tuple[str, str], str] = EXCEPTIONS
) -> House:
    """The house as the source has it; ValueError for an arrow that runs back, or a module of no part."""
    modules = {module.name: module for module in modules_of(root)}
    home = {name: part_of(name, parts).name for name in modules}
    law = {part.name: part.knows for part in parts}
    crossings: dict[tuple[str, str], list[tuple[str, str]]] = {}
    back = []
    for module in modules.values():
        at_once = set(module.imports(modules, at_once=True))
        for imported in sorted(set(module.imports(modules))):
            arrow, pair = (home[module.name], home[imported]), (module.name, imported)
            if arrow[0] == arrow[1] or (pair in exceptions and imported not in at_once):
                continue
            crossings.setdefault(arrow, []).append(pair)
            if arrow[1] not in law[arrow[0]]:
                back.append("{} imports {} ({} must not know {})".format(*pair, *arrow))
    back += [
        f"{one} no longer imports {other}: take it off the exceptions"
        for one, other in exceptions
        if one not in modules or other not in modules[one].imports(modules)
    ]
    if back:
        raise ValueError(f"an arrow runs back: {'; '.join(back)}")
    inside = {part.name: [m for m in modules.values() if home[m.name] == part.name] for part in parts}
    return House(parts, inside, crossings)


def modules_of(root: Path) -> Iterator[Module]:
    """All modules of the two packages."""
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            name = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            yield Module(name, file.read_text(encoding="utf-8"))


def part_of(name: str, parts: Sequence[Part]) -> Part:
    """The part that a module belongs to: the one that names it, else the one with its nearest package."""
    for part in parts:
        if name in part.modules:
            return part
    homes = [
        (len(package), part)
        for part in parts
        for package in part.modules
        if package.endswith(".") and f"{name}.".startswith(package)
    ]
    if not homes:
        raise ValueError(f"{name} belongs to no part of the house: name it in docs/companion/imports.py")
    return max(homes)[1]
