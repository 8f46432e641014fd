"""How far the referee can be trusted, and how fast it is: measured, with date and machine; see README.md.

    python benchmarks/referee_bench.py [--only mutants,faults,alarms,speed] [--to docs]

Each part is written into ``docs/referee.json`` as soon as it is known and leaves the others as they were;
the page ``referee`` of the companion and the tables in README.md are made from that file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))

from referee_alarms import alarms  # noqa: E402
from referee_faults import faults  # noqa: E402
from referee_mutants import mutants  # noqa: E402
from referee_speed import speed  # noqa: E402
from referee_tables import write_tables  # noqa: E402
from training_machine import circumstances  # noqa: E402

from derivations.ledger import ledger  # noqa: E402

PARTS = ("speed", "mutants", "faults", "alarms")
"""Speed first: what tracing takes is seen in a process that has not traced yet."""
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_ENABLE_X64": "1",
    "JAX_ENABLE_COMPILATION_CACHE": "0",
}
"""The environment of all that runs in this process."""
VERSIONS = {"JAX": "jax", "NumPy": "numpy", "PyTorch": "torch"}


def with_settings() -> None:
    """Run this script again under ``SETTINGS``, which NumPy and JAX read as they are imported."""
    if any(os.environ.get(name) != value for name, value in SETTINGS.items()):
        again = subprocess.run([sys.executable, *sys.orig_argv[1:]], env={**os.environ, **SETTINGS})
        sys.exit(again.returncode)


def parts_of(context: click.Context, parameter: click.Parameter, value: str) -> list[str]:
    """The parts named, in their order."""
    named = value.split(",")
    unknown = sorted(set(named) - set(PARTS))
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is no part: give some of {','.join(PARTS)}")
    return [part for part in PARTS if part in named]


def rounded(value: Any) -> Any:
    """The same with five significant figures, which is more than these numbers have."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, Mapping):
        return {name: rounded(inner) for name, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def number(default: int, what: str) -> Callable[[Any], Any]:
    """An option for a number from one up, named for its parameter."""
    name, _, explained = what.partition(": ")
    kind = click.IntRange(min=1)
    return click.option(name, metavar="N", type=kind, default=default, show_default=True, help=explained)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", metavar="PARTS", default=",".join(PARTS), callback=parts_of, show_default=True)
@click.option(
    "--seed", metavar="SEED", type=int, default=1, show_default=True, help="Of all that is drawn."
)
@number(4, "--one-in: Of §8's mutants, one in so many; of the paper's sections', all.")
@number(100, "--fault-instances: Instances that a planted fault gets to be seen.")
@number(4000, "--alarm-instances: Instances of each equation in which no alarm may be heard.")
@number(5, "--rounds: Rounds of the speed that count; each contestant has one turn in each.")
@number(25, "--instances: Instances of an equation, and of the ledger, in a round.")
@number(1000, "--examples: Instances of each entry in a run of the whole command.")
@click.option(
    "--to",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=ROOT / "docs",
    help="Where referee.json is.  [default: docs]",
)
def main(only: list[str], seed: int, to: Path, **numbers: int) -> None:
    """Measure the referee: mutants, planted faults, false alarms, and speed beside other checkers."""
    with_settings()
    file, where = to / "referee.json", circumstances(VERSIONS)
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def say(what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    measure: dict[str, Callable[[], dict[str, Any]]] = {
        "mutants": lambda: mutants(numbers["one_in"], seed, say),
        "faults": lambda: faults(numbers["fault_instances"], seed, say),
        "alarms": lambda: alarms(numbers["alarm_instances"], seed, say),
        "speed": lambda: speed(numbers["rounds"], numbers["instances"], numbers["examples"], say),
    }
    for part in only:
        known[part] = rounded({"measured": where, "entries": len(ledger()), **measure[part]()})
        file.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if to == ROOT / "docs":
        write_tables(known)


if __name__ == "__main__":
    main()
