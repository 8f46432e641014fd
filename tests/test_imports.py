"""The import graph: no cycles, and each package imports only what the package structure allows.

Imports inside functions and under ``TYPE_CHECKING`` count, and so does ``import_module`` with a fixed name.
The ledger loads the section modules by computed names, as a registry does, and that is no import.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from companion.structure import ALLOWED, forbidden_imports, import_graph, layers, modules_in, package_graph

ROOT = Path(__file__).parents[1]
SOURCES = modules_in(ROOT)
GRAPH = import_graph(SOURCES)

KNOWN_CYCLES = {
    ("derivations.checker.findings", "derivations.checker.notebook"),
    ("derivations.checker.findings", "derivations.checker.terminal"),
    ("derivations.checker.returned", "derivations.checker.calls"),
    ("derivations.oracle.program.loops", "derivations.oracle.program.transcripts"),
    ("w2v.vectors.formats", "w2v.vectors.vectors"),
}
"""Imports that close a cycle today. Remove an entry with the import."""

KNOWN_VIOLATIONS: set[str] = set()
"""Imports against the package structure today. Remove an entry with the import."""


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of one cycle, the first repeated at the end; an empty list if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])[::-1]
    return []


def without(graph: dict[str, set[str]], edges: set[tuple[str, str]]) -> dict[str, set[str]]:
    """Return the graph without some of its imports."""
    return {
        module: {name for name in names if (module, name) not in edges} for module, names in graph.items()
    }


def test_no_module_imports_itself_through_others() -> None:
    assert cycle_in(without(GRAPH, KNOWN_CYCLES)) == []


@pytest.mark.parametrize("edge", sorted(KNOWN_CYCLES))
def test_a_known_cycle_still_exists(edge: tuple[str, str]) -> None:
    assert cycle_in(without(GRAPH, KNOWN_CYCLES - {edge})), f"remove {edge} from KNOWN_CYCLES"


def test_packages_import_only_what_they_may() -> None:
    assert set(forbidden_imports(GRAPH)) == KNOWN_VIOLATIONS


def test_every_package_has_a_rule_and_the_rules_have_no_cycle() -> None:
    assert package_graph(GRAPH).keys() <= ALLOWED.keys()
    assert cycle_in(dict(ALLOWED)) == []


def test_a_package_imports_only_packages_of_lower_layers() -> None:
    assert layers({"top": {"middle", "base"}, "middle": {"base"}, "base": set()}) == [
        ["top"],
        ["middle"],
        ["base"],
    ]


@pytest.mark.parametrize(
    "line",
    [
        "from derivations.oracle import judges",
        "from derivations.oracle.judges import agree",
        "import derivations.oracle.judges as j",
        "def f():\n    from derivations.oracle.judges import agree",
        "if TYPE_CHECKING:\n    import derivations.oracle.judges",
        'import_module("derivations.oracle.judges")',
    ],
)
def test_a_section_that_imports_the_oracle_is_found(line: str) -> None:
    graph = import_graph({"derivations.paper.mlp": line, "derivations.oracle.judges": ""})
    (problem,) = forbidden_imports(graph)
    assert problem == (
        "derivations.paper.mlp imports derivations.oracle.judges:"
        " derivations.paper may not import derivations.oracle"
    )


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("derivations.checker.checker", "w2v.model"),
        ("derivations.checker.checker", "derivations"),
        ("derivations.oracle.cases", "derivations.checker"),
        ("derivations.oracle.cases", "derivations.paper.mlp"),
        ("derivations.ledger", "derivations.paper.errata"),
        ("derivations.checker.checker", "derivations.cli.main"),
        ("w2v.train.steps", "w2v.stepper"),
        ("w2v.stepper.text", "w2v.visualizer.app"),
        ("w2v.model", "w2v.visualizer"),
    ],
)
def test_an_import_in_the_wrong_direction_is_found(module: str, imported: str) -> None:
    assert len(forbidden_imports(import_graph({module: f"import {imported}", imported: ""}))) == 1
    assert not forbidden_imports(import_graph({module: "import numpy", imported: ""}))


def test_a_cycle_of_two_and_of_three_modules_is_found() -> None:
    assert cycle_in(import_graph({"a": "import b", "b": "def f():\n    import a"})) in (
        ["a", "b", "a"],
        ["b", "a", "b"],
    )
    assert len(cycle_in(import_graph({"a": "import b", "b": "import c", "c": "from a import x"}))) == 4


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1: write the full name of the module"):
        import_graph({"a": "from . import b"})
