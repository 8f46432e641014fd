"""Write three pages: how equations are checked, how that was measured, and the package structure."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from oracle_tables import measured as when_measured
from oracle_tables import speed_rows
from training_figures import figures, spread

from companion import measured, plots, structure
from companion.api import modules
from companion.pages import template, write
from derivations.cli.page import source_of
from derivations.ledger import find, ledger
from derivations.oracle import cases, tolerance
from derivations.oracle.cases import draw
from derivations.oracle.judges import Bench, left_sides
from derivations.oracle.program.programs import NUDGE, derivative_program, trace
from derivations.oracle.program.transcripts import Transcript

ROOT = Path(__file__).parents[2]
EXAMPLE, SIZES = "mlp.dE_dh", {"K": 5, "N": 3, "M": 5}
"""The equation whose programs are shown, and the paper's sizes."""
LINKS = {"../benchmarks/README.md": "benchmarks.md", "../docs/": ""}
"""Links of pages that are also read in the repository, and what they become here."""
FAULT, SOON = "1e-12", 10
"""The fault that the text mentions, and the number of test cases within which it should be found."""


def write_checks(app: Any) -> None:
    """Write the page on the checks; ``ValueError`` for a number that is missing."""
    text = template("checks.md", **FILTERS).render(checks_page())
    write(Path(app.srcdir) / "checks.md", text)


def write_benchmarks(app: Any) -> None:
    """Write the page on the measurements: README.md of the benchmarks, every heading one level lower."""
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    lower = re.sub(r"^(#+ )", r"#\1", text, flags=re.MULTILINE)
    write(Path(app.srcdir) / "benchmarks.md", f"# How it is measured\n\n{lower}")


def write_structure(app: Any) -> None:
    """Write the page on the package structure, from the imports in the source."""
    write(Path(app.srcdir) / "structure.md", template("structure.md").render(structure_page()))


def resolve_links(app: Any, name: str, source: list[str]) -> None:
    """Make links between files of the repository links between pages of the companion."""
    for there, here in LINKS.items():
        source[0] = source[0].replace(f"]({there}", f"]({here}")


# --- how equations are checked ----------------------------------------------------------------------------


def checks_page() -> dict[str, Any]:
    """Return the variables of the page on the checks."""
    part = measured.read(ROOT / "docs" / "checks.json")
    speed = part["speed"]
    return {
        "part": part,
        "step": round(-np.log2(tolerance.STEP)),
        "ledger": kinds_of_entries(),
        "cases": cases,
        "example": example(),
        "tolerance": tolerances(),
        "mutants": measured.mutants(part["mutants"]),
        "survivors": survivors(),
        "faults": faults(part["faults"]),
        "alarms": alarms(part["alarms"]),
        "sight": sight(speed["sight"]),
        "seen": measured.SEEN,
        "heats": [(heat["task"], list(speed_rows(heat))) for heat in speed["heats"]],
        "wall": [seconds for seconds, _, _ in speed["heats"][-1]["samples"]["derivations verify"]],
        "plots": plots.all_plots(part),
    }


def kinds_of_entries() -> dict[str, int]:
    """Return how many equations claim a derivative, a quantity, or a shape, label or the like."""
    sides = [left_sides(entry)[0] for entry in ledger()]
    return {
        "entries": len(sides),
        "derivatives": sum(isinstance(side, tuple) for side in sides),
        "quantities": sum(isinstance(side, str) for side in sides),
        "observed": sum(callable(side) for side in sides),
        "errata": sum(entry.misprint is not None for entry in ledger()),
    }


def example() -> dict[str, Any]:
    """Return one derivative: JAX's program, the NumPy program, the same with bounds, and its numbers."""
    entry = find(EXAMPLE)
    ((of, wrt),) = left_sides(entry)
    program = derivative_program(entry.model, of, wrt, "reverse")
    bounded = Transcript(trace(entry.model, of, wrt, "reverse"), [*entry.model.inputs, NUDGE], bounds=True)
    bench = Bench(entry.model, draw(entry.model, SIZES, "ordinary", 0))
    manual = bench.right_side(entry.rhs, (of, wrt), "")
    findings = bench.judged((of, wrt))
    return {
        "jaxpr": program.jaxpr,
        "source": program.source.strip(),
        "bounded": bounded.source.strip(),
        "manual": source_of("", entry.rhs).body.strip().removeprefix("return "),
        "case": str(bench.instance),
        "rows": [
            {
                "entry": f"{place + 1}",
                "manual": f"{value:.6g}",
                "permitted": f"{findings['reverse'].permitted[place]:.2g}",
                **{method: f"{abs(found.value[place] - value):.2g}" for method, found in findings.items()},
            }
            for place, value in enumerate(manual)
        ],
    }


def tolerances() -> dict[str, Any]:
    """Return the constants of the comparison with their reasons, from the module's docstring."""
    _, _, table, *_ = (tolerance.__doc__ or "").split("\n\n")
    border, _, _, *lines, _ = table.splitlines()
    starts = [match.start() for match in re.finditer("=+", border)]
    rows: list[list[str]] = []
    for line in lines:
        cells = [line[start:end].strip() for start, end in pairwise([*starts, None])]
        if cells[0]:
            rows.append(cells)
        else:  # a continuation line
            rows[-1][2] += f" {cells[2]}"
    missing = [name for name, *_ in rows if not hasattr(tolerance, name)]
    if missing or not rows:
        raise ValueError(f"the table in tolerance.py names constants that do not exist: {missing}")
    return {"rows": rows, "unit": measured.power(tolerance.UNIT), "roundings": f"{tolerance.ROUNDINGS:g}"}


def survivors() -> list[dict[str, str]]:
    """Return the mutants that compute the same as the original, each with the reason."""
    listed = tomllib.loads((ROOT / "mutation/survivors.toml").read_text(encoding="utf-8"))["survivor"]
    return [
        {"file": row["file"], "before": row["line"], "after": after, "reason": row["reason"]}
        for row in listed
        for after in row["becomes"]
    ]


def faults(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return in how many equations the fault of the text was found at once, soon, and never."""
    seen = part["within"][FAULT]
    some = min(SOON, part["examples"])
    return {"at_once": seen[0], "some": some, "soon": seen[some - 1], "unseen": part["unseen"][FAULT]}


def alarms(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the equation with the largest error, and how many equations had no error."""
    known = {label: worst for label, worst in part["worst"].items() if worst is not None}
    label = max(known, key=known.__getitem__)
    return {"label": label, "worst": known[label], "exact": sum(not worst for worst in known.values())}


def sight(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return for each checker the smallest fault that it found in each equation, and its false alarms."""
    equations = list(part["seen"].values())
    rows = []
    for name in equations[0]:
        found = [measured.finest(seen[name], part["instances"]) for seen in equations]
        alarms = sum(seen[name][-1] for seen in equations)
        rows.append(
            {
                "name": name,
                "finest": ["none" if size is None else measured.power(size) for size in found],
                "alarms": f"{alarms} of {part['instances'] * len(equations)}",
            }
        )
    return rows


# --- package structure ------------------------------------------------------------------------------------


def structure_page() -> dict[str, Any]:
    """Return the variables of the page on the package structure."""
    sources = structure.modules_in(ROOT)
    graph = structure.import_graph(sources)
    packages = structure.package_graph(graph)
    layers = structure.layers({name: structure.ALLOWED[name] & packages.keys() for name in packages})
    rows = []
    for name in (name for layer in layers for name in layer):
        inside = [source for module, source in sources.items() if structure.package_of(module) == name]
        says = (ast.get_docstring(ast.parse(sources[name])) or "").partition("\n")[0]
        rows.append(
            {
                "name": name,
                "says": says.replace("``", "`"),
                "modules": len(inside),
                "lines": sum(len(source.splitlines()) for source in inside),
                "imports": sorted(packages[name]),
            }
        )
    return {"layers": layers, "documented": modules(), "rows": rows}


# --- filters ----------------------------------------------------------------------------------------------


def described(part: Mapping[str, Any]) -> str:
    """Return when, where and by which command a part was measured."""
    return f"{when_measured(part)}; `{part['measured']['command']}`."


def plain(text: str) -> str:
    """Return text with Markdown's special characters escaped."""
    return re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", text)


def code(text: str) -> str:
    """Return inline code."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def equation(label: str) -> str:
    """Return a link to an equation."""
    return f"{{equation}}`{label}`"


def thousands(number: int) -> str:
    """Return an integer with its digits in groups of three."""
    return f"{number:,}"


FILTERS: dict[str, Callable[..., Any]] = {
    "described": described,
    "spread": spread,
    "figures": figures,
    "power": measured.power,
    "share": measured.share,
    "plain": plain,
    "code": code,
    "equation": equation,
    "n": thousands,
}
