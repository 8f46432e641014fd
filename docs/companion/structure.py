"""Which module imports which, read from the source, and which imports the package structure allows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

Graph = Mapping[str, set[str]]
"""What each module, or each package, imports."""

BASE = {"derivations.notation", "derivations.ledger", "derivations.latex"}
ALLOWED: Mapping[str, set[str]] = {
    "derivations.notation": set(),
    "derivations.ledger": {"derivations.notation"},
    "derivations.latex": {"derivations.ledger"},
    "derivations.paper": BASE,
    "derivations.techniques": {*BASE, "derivations.paper"},
    "derivations.history": {*BASE, "derivations.paper", "derivations.techniques"},
    "derivations.oracle": {*BASE},
    "derivations.checker": {*BASE, "derivations.oracle"},
    "derivations.zoo": {*BASE, "derivations.paper", "derivations.oracle", "derivations.checker"},
    "derivations.exercises": {*BASE, "derivations.oracle", "derivations.checker"},
    "derivations.cli": {
        *BASE,
        "derivations.oracle",
        "derivations.checker",
        "derivations.zoo",
        "derivations.exercises",
    },
    "w2v.data": set(),
    "w2v.vectors": {"w2v.data"},
    "w2v.train": {"derivations.techniques", "w2v.data"},
    "w2v.model": {"w2v.data", "w2v.train", "w2v.vectors"},
    "w2v.stepper": {
        *BASE,
        "derivations.paper",
        "derivations.techniques",
        "derivations.oracle",
        "w2v.train",
    },
    "w2v.visualizer": {"derivations.latex", "w2v.data", "w2v.stepper"},
    "w2v.cli": {
        "w2v.data",
        "w2v.vectors",
        "w2v.train",
        "w2v.model",
        "w2v.visualizer",
    },
}
"""What each package may import.

The top-level ``__init__`` and ``__main__`` may import everything. Every package may import the private
modules directly in ``derivations`` and ``w2v``, such as ``derivations._files``; these import nothing else.
"""


def modules_in(root: Path) -> dict[str, str]:
    """Return the source of every module of the two packages, by module name."""
    files = [file for package in ("derivations", "w2v") for file in sorted((root / package).rglob("*.py"))]
    names = (".".join(file.relative_to(root).with_suffix("").parts) for file in files)
    return {
        name.removesuffix(".__init__"): file.read_text(encoding="utf-8")
        for name, file in zip(names, files, strict=True)
    }


def import_graph(sources: Mapping[str, str]) -> Graph:
    """Return the imports between modules, those inside functions included."""
    return {name: set(imports_of(source, sources)) for name, source in sources.items()}


def imports_of(source: str, known: Mapping[str, str]) -> Iterator[str]:
    """Yield the known modules that a source imports; ``ValueError`` for a relative import.

    ``from derivations.paper import mlp`` imports the module ``derivations.paper.mlp`` and not its package.
    """
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"line {node.lineno}: write the full name of the module, without dots")
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else str(node.module) for name in full]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)]
        yield from (name for name in names if name in known)


def package_of(module: str) -> str:
    """Return the package that a module belongs to: ``derivations.oracle`` or ``w2v.model``."""
    return ".".join(module.split(".")[:2])


def package_graph(graph: Graph) -> Graph:
    """Return the imports between packages, without the top level and the private modules."""
    found: dict[str, set[str]] = {}
    for module, imported in graph.items():
        if is_inside(module) and not is_utility(module):
            other = {package_of(name) for name in imported if not is_utility(name)} - {package_of(module)}
            found.setdefault(package_of(module), set()).update(other)
    return found


def is_inside(module: str) -> bool:
    """Return whether a module belongs to one of the packages below ``derivations`` and ``w2v``."""
    return "." in module and not module.endswith("__main__")


def is_utility(module: str) -> bool:
    """Return whether a module is one of those that every package may import."""
    return module.startswith(("derivations._", "w2v._")) and is_inside(module)


def forbidden_imports(graph: Graph, allowed: Graph = ALLOWED) -> list[str]:
    """Return one line for each import between packages that ``allowed`` does not list."""
    return [
        f"{module} imports {name}: {package_of(module)} may not import {package_of(name)}"
        for module, imported in graph.items()
        for name in sorted(imported)
        if is_inside(module) and not is_utility(name)
        if package_of(name) not in {package_of(module), *allowed.get(package_of(module), set())}
    ]


def layers(graph: Graph) -> list[list[str]]:
    """Return the packages in layers: each imports only packages of later layers."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    found = []
    while sorter.is_active():
        ready = sorter.get_ready()
        found.append(sorted(ready))
        sorter.done(*ready)
    return found[::-1]
