"""Measure how far the oracle can be trusted and how fast it is, with date and machine; see README.md.

    python benchmarks/oracle_bench.py [--only mutants,faults,alarms,speed] [--to docs]

Each part is written to ``docs/checks.json`` as soon as it is measured; the other parts stay. The
companion's page *How equations are checked* and the tables in README.md are generated from that file.
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

from oracle_faults import alarms, faults  # noqa: E402
from oracle_mutants import mutants  # noqa: E402
from oracle_speed import speed  # noqa: E402
from oracle_tables import write_tables  # noqa: E402
from training_machine import circumstances  # noqa: E402

from derivations.ledger import ledger  # noqa: E402

PARTS = ("speed", "mutants", "faults", "alarms")
"""Speed first: the time of tracing is measured in a process that has not traced yet."""
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_ENABLE_X64": "1",
    "JAX_ENABLE_COMPILATION_CACHE": "0",
}
"""The environment of all that runs in this process."""
VERSIONS = {"JAX": "jax", "NumPy": "numpy", "PyTorch": "torch"}


def restart_with_settings() -> None:
    """Run this script again under ``SETTINGS``, which NumPy and JAX read when they are imported."""
    if any(os.environ.get(name) != value for name, value in SETTINGS.items()):
        again = subprocess.run([sys.executable, *sys.orig_argv[1:]], env={**os.environ, **SETTINGS})
        sys.exit(again.returncode)


def parts_of(context: click.Context, parameter: click.Parameter, value: str) -> list[str]:
    """Return the named parts in their order."""
    named = value.split(",")
    unknown = sorted(set(named) - set(PARTS))
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is not a part: use some of {','.join(PARTS)}")
    return [part for part in PARTS if part in named]


def rounded(value: Any) -> Any:
    """Return the value with all floats rounded to five significant digits."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, Mapping):
        return {name: rounded(inner) for name, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list | tuple) else value


def number(default: int, name: str, words: str) -> Callable[[Any], Any]:
    """Return an option that takes a positive integer."""
    kind = click.IntRange(min=1)
    return click.option(name, metavar="N", type=kind, default=default, show_default=True, help=words)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", metavar="PARTS", default=",".join(PARTS), callback=parts_of, show_default=True)
@click.option("--seed", metavar="SEED", type=int, default=1, show_default=True, help="Random seed.")
@number(4, "--one-in", "Try one in N of the mutants of §8; of the paper's sections all are tried.")
@number(100, "--fault-instances", "Test cases on which a planted error may be found.")
@number(4000, "--alarm-instances", "Test cases of each equation that must not raise an alarm.")
@number(5, "--rounds", "Rounds of the speed that count; each method has one turn in each.")
@number(25, "--instances", "Test cases of an equation, and of the ledger, in a round.")
@number(1000, "--examples", "Test cases of each equation in a run of the whole command.")
@click.option(
    "--to",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=ROOT / "docs",
    help="The folder of checks.json.  [default: docs]",
)
def main(only: list[str], seed: int, to: Path, **numbers: int) -> None:
    """Measure the oracle: mutants, planted errors, false alarms, and speed beside other checkers."""
    restart_with_settings()
    file, where = to / "checks.json", circumstances(VERSIONS)
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

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
