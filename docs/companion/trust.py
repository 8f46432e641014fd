"""The pages on why to believe it: the referee with its measured power, and the map of the house."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from companion import house_picture, imports, measured, plots
from companion.pages import template, write
from derivations.cli.page import source_of
from derivations.ledger import find, ledger
from derivations.oracle import cases as instances
from derivations.oracle import tolerance
from derivations.oracle.cases import draw
from derivations.oracle.judges import Bench, left_sides
from derivations.oracle.program.programs import NUDGE, derivative_program, trace
from derivations.oracle.program.transcripts import Transcript

ROOT = Path(__file__).parents[2]
EXAMPLE, PAPERS = "mlp.dE_dh", {"K": 5, "N": 3, "M": 5}
"""The equation whose programs are shown, and the paper's sizes."""
BENCHMARKS = ROOT / "benchmarks" / "README.md"
IN_THE_REPOSITORY = {
    "../benchmarks/README.md": "benchmarks.md",
    "../../docs/": "",
}
"""Links of pages that are read in the repository too, and where they lead here."""

FAULT, SOON = "1e-12", 10
"""The fault that the page speaks of, and within how many instances it should be seen."""


def write_trust(app: Any) -> None:
    """Write both pages; ValueError for a number that is missing, or an arrow that runs back."""
    folder = Path(app.srcdir)
    for name, given in (("referee", referee_page()), ("house", house_page())):
        write(folder / f"{name}.md", template(f"{name}.md", **FILTERS).render(given))


def write_benchmarks(app: Any) -> None:
    """Write the page on how all this is measured: the benchmarks' own, one heading lower."""
    text = BENCHMARKS.read_text(encoding="utf-8")
    lower = re.sub(r"^(#+ )", r"#\1", text, flags=re.MULTILINE)
    write(Path(app.srcdir) / "benchmarks.md", f"# How it is measured\n\n{lower}")


def follow_links(app: Any, name: str, source: list[str]) -> None:
    """In a page that is read in the repository too, lead the links to pages of the companion."""
    for there, here in IN_THE_REPOSITORY.items():
        source[0] = source[0].replace(f"]({there}", f"]({here}")


# --- the referee --------------------------------------------------------------------------------------


def referee_page() -> dict[str, Any]:
    """What the template of the referee's page is given."""
    part = measured.read(ROOT / "docs" / "referee.json")
    return {
        "part": part,
        "step": round(-np.log2(tolerance.STEP)),
        "ledger": kinds_of_entries(),
        "instances": kinds_of_instances(),
        "example": example(),
        "tolerance": tolerances(),
        "mutants": measured.mutants(part["mutants"]),
        "survivors": survivors(),
        "faults": faults(part["faults"]),
        "alarms": alarms(part["alarms"]),
        "sight": sight(part["speed"]["sight"]),
        "seen": measured.SEEN,
        "speed": speed(part["speed"]),
        "plots": {
            "faults": plots.drawn(plots.faults, part["faults"]),
            "sight": plots.drawn(plots.sight, part["speed"]["sight"]),
            "alarms": plots.drawn(plots.alarms, part["alarms"]),
            "speed": plots.drawn(plots.speed, part["speed"]["heats"]),
        },
    }


def kinds_of_entries() -> dict[str, int]:
    """How many equations claim a derivative, a quantity, or something that is observed."""
    sides = [left_sides(entry)[0] for entry in ledger()]
    return {
        "entries": len(sides),
        "derivatives": sum(isinstance(side, tuple) for side in sides),
        "quantities": sum(isinstance(side, str) for side in sides),
        "observed": sum(callable(side) for side in sides),
        "errata": sum(entry.misprint is not None for entry in ledger()),
    }


def kinds_of_instances() -> dict[str, Any]:
    """Which sizes and scales an instance may have."""
    return {
        "small": instances.SMALL_SIZES,
        "large": instances.LARGE_SIZES,
        "huge": instances.HUGE_SIZES,
        "scales": list(instances.SCALES),
    }


def example() -> dict[str, Any]:
    """One derivative: JAX's program, its transcript without bounds and with them, and an instance of it."""
    entry = find(EXAMPLE)
    ((of, wrt),) = left_sides(entry)
    program = derivative_program(entry.model, of, wrt, "reverse")
    traced = trace(entry.model, of, wrt, "reverse")
    bounded = Transcript(traced, [*entry.model.inputs, NUDGE], bounds=True)
    bench = Bench(entry.model, draw(entry.model, PAPERS, "ordinary", 0))
    hand = bench.right_side(entry.rhs, (of, wrt), "")
    findings = bench.judged((of, wrt))
    return {
        "jaxpr": program.jaxpr,
        "source": program.source.strip(),
        "bounded": bounded.source.strip(),
        "hand": source_of("", entry.rhs).body.strip().removeprefix("return "),
        "instance": str(bench.instance),
        "rows": [
            {
                "entry": f"{place + 1}",
                "hand": f"{value:.6g}",
                "permitted": f"{findings['reverse'].permitted[place]:.2g}",
                **{judge: f"{abs(found.value[place] - value):.2g}" for judge, found in findings.items()},
            }
            for place, value in enumerate(hand)
        ],
    }


def tolerances() -> dict[str, Any]:
    """The constants of the comparison with their reasons, as the module's own table has them."""
    table = (tolerance.__doc__ or "").split("\n\n")[2].splitlines()
    widths = [len(rule) for rule in table[0].split()]
    starts = [sum(widths[:column]) + 2 * column for column in range(len(widths))]
    rows: list[list[str]] = []
    for line in table[3:-1]:
        cells = [
            line[at : at + width].strip() for at, width in zip(starts, (*widths[:-1], 999), strict=True)
        ]
        if cells[0]:
            rows.append(cells)
        else:  # goes on from the line above
            rows[-1][2] += f" {cells[2]}"
    missing = [name for name, *_ in rows if not hasattr(tolerance, name)]
    if missing or not rows:
        raise ValueError(f"the table in tolerance.py names what is not there: {missing}")
    unit = f"2⁻{str(round(-np.log2(tolerance.UNIT))).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    return {"rows": rows, "unit": unit, "roundings": f"{tolerance.ROUNDINGS:g}"}


def survivors() -> list[dict[str, str]]:
    """The mutants that compute the same, each with the reason."""
    listed = tomllib.loads((ROOT / "mutation/survivors.toml").read_text(encoding="utf-8"))["survivor"]
    return [
        {"file": row["file"], "before": row["line"], "after": after, "reason": row["reason"]}
        for row in listed
        for after in row["becomes"]
    ]


def faults(part: Mapping[str, Any]) -> dict[str, Any]:
    """In how many equations the fault of the text was seen at once, soon, and never."""
    seen = part["within"][FAULT]
    some = min(SOON, part["examples"])
    return {"at_once": seen[0], "some": some, "soon": seen[some - 1], "unseen": part["unseen"][FAULT]}


def alarms(part: Mapping[str, Any]) -> dict[str, Any]:
    """The equation that came nearest to an alarm, and how many had no error."""
    known = {label: worst for label, worst in part["worst"].items() if worst is not None}
    label = max(known, key=known.__getitem__)
    return {"label": label, "worst": known[label], "exact": sum(not worst for worst in known.values())}


def sight(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For each checker the smallest fault that it saw in each equation, and its false alarms."""
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


def speed(part: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of the heats, and how long the command took."""
    whole = part["heats"][-1]["samples"]
    return {
        "heats": [
            {"task": heat["task"], "rows": measured.contestants(heat, "the referee")}
            for heat in part["heats"]
        ],
        "wall": [seconds for seconds, _, _ in whole["derivations verify"]],
    }


# --- the house ----------------------------------------------------------------------------------------


def house_page() -> dict[str, Any]:
    """What the template of the map is given."""
    house = imports.read_house(ROOT)
    return {
        "picture": house_picture.picture(house),
        "rows": [
            {
                "part": part,
                "says": house.says(part),
                "modules": len(house.modules[part.name]),
                "lines": house.lines(part),
                "knows": sorted(to for start, to in house.crossings if start == part.name),
            }
            for part in house.parts
        ],
        "exceptions": imports.EXCEPTIONS,
    }


# --- words --------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Text in which Markdown sees no marks."""
    return re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", text)


def code(text: str) -> str:
    """Code in a line."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def equation(label: str) -> str:
    """A link to an equation."""
    return f"{{equation}}`{label}`"


def words(module: str) -> str:
    """The name of a section module, which may break between its words."""
    return module.replace("_", " ")


FILTERS: dict[str, Callable[..., Any]] = {
    "described": measured.described,
    "spread": measured.spread,
    "figures": measured.figures,
    "rate": measured.rate,
    "power": measured.power,
    "share": measured.share,
    "plain": plain,
    "code": code,
    "equation": equation,
    "words": words,
}
