"""Which checker sees which mistake: the specimens of the zoo × the checkers in use; see README.md.

    python -m benchmarks.checker_table [--instances 3] [--jobs 2] [--to docs]

Every checker is asked about every specimen, and about the right gradient that it spoils, on the same
instances: ordinary ones of small sizes, such as its users give. Only ``check_gradient, shapes`` gets what
*its* users give, a description, and draws for itself. It writes ``checker_table.json``, all that was
found, and makes ``checker_table.md`` from it.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from inspect import signature
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from benchmarks.checker_contestants import CHECKERS, OURS, Question
from derivations.checker.shapes import describe, draw
from derivations.zoo import EXHIBITS, ZOO, Exhibit, Specimen, find
from derivations.zoo.checking import kinds

SMALLEST, LARGEST = 2, 5
"""Sizes of the instances: small, as those who check by differences have them, but none of one."""
PACKAGES = {"JAX": "jax", "NumPy": "numpy", "PyTorch": "torch", "SciPy": "scipy"}

Record = dict[str, Any]


# --- asking -----------------------------------------------------------------------------------------


def instances(exhibit: Exhibit, count: int) -> list[Mapping[str, Any]]:
    """Ordinary small instances of an exhibit, by argument."""
    names = list(signature(exhibit.loss).parameters)
    description = describe(exhibit.shapes, names)
    rng = np.random.default_rng(0)
    drawn = []
    for seed in range(count):
        sizes = {one: int(rng.integers(SMALLEST, LARGEST + 1)) for one in description.letters}
        drawn.append(draw(description, sizes, "ordinary", seed).inputs)
    return drawn


def asked(checker: str, exhibit: Exhibit, specimen: Specimen | None, count: int) -> Record:
    """What a checker says of a specimen, or of the right gradient, on each instance."""
    gradient = exhibit.right if specimen is None else specimen.wrong
    given = instances(exhibit, 1 if checker == OURS else count)
    answers, seconds = [], []
    for inputs in given:
        start = time.perf_counter()
        answers.append(CHECKERS[checker](Question(exhibit, gradient, inputs, specimen)))
        seconds.append(time.perf_counter() - start)
    return {
        "checker": checker,
        "exhibit": exhibit.name,
        "specimen": specimen and specimen.name,
        "asked": len(given),
        "objects": sum(answer.objects for answer in answers),
        "names": sum(answer.names for answer in answers),
        "raised": sum(answer.raised for answer in answers),
        "seconds": median(seconds),
    }


def all_asked(exhibit_name: str, specimen_name: str, count: int) -> list[Record]:
    """What every checker says of a specimen or, without a name, of an exhibit's right gradient."""
    torch.set_num_threads(1)
    exhibit = next(exhibit for exhibit in EXHIBITS if exhibit.name == exhibit_name)
    specimen = find(specimen_name) if specimen_name else None
    return [asked(checker, exhibit, specimen, count) for checker in CHECKERS]


def all_answers(count: int, jobs: int) -> list[Record]:
    """Every checker on every right gradient and every specimen, in processes of their own."""
    subjects = [(exhibit.name, "", count) for exhibit in EXHIBITS]
    subjects += [(specimen.exhibit.name, specimen.name, count) for specimen in ZOO]
    console = Console(stderr=True)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        asking = [pool.submit(all_asked, *subject) for subject in subjects]
        done = track(asking, "asking", console=console, transient=True)
        return [answer for one in done for answer in one.result()]


# --- telling ----------------------------------------------------------------------------------------


def outcome(answer: Record) -> str:
    """Caught on all instances, on some, or missed."""
    if answer["objects"] == answer["asked"]:
        return "caught"
    return "sometimes" if answer["objects"] else "missed"


def totals(answers: Sequence[Record]) -> list[Record]:
    """For each checker: how many specimens it caught, false alarms, names, seconds."""
    rows = []
    for checker in CHECKERS:
        own = [answer for answer in answers if answer["checker"] == checker]
        wrong = [answer for answer in own if answer["specimen"]]
        right = [answer for answer in own if not answer["specimen"]]
        counts = Counter(map(outcome, wrong))
        alarms = [answer["exhibit"] for answer in right if answer["objects"]]
        rows.append(
            {
                "checker": checker,
                **{kind: counts[kind] for kind in ("caught", "sometimes", "missed")},
                "named": sum(answer["names"] == answer["asked"] for answer in wrong),
                "false_alarms": sorted(alarms),
                "right_gradients": len(right),
                "seconds": median(answer["seconds"] for answer in own),
            }
        )
    return rows


def page(run: Record) -> str:
    """The whole page in Markdown."""
    return "\n".join(
        [INTRODUCTION.format(**run), *totals_table(run), "", "## Each specimen", "", *rows(run), ""]
    )


INTRODUCTION = """# Which checker sees which mistake

{specimens} wrong gradients of the zoo (`derivations zoo`), each one line from the right one,
and the {exhibits} right gradients that they spoil, before the gradient checkers in use. Measured {date} in
one run of {minutes:.0f} minutes: {machine}.

    {command}

Each checker is asked as its documentation has it, in float64 but for JAX's default:

- **check_gradient, shapes**: a description of the shapes; it draws 100 instances itself.
  **One instance**: the instance that the others get.
- **torch gradcheck**: the loss in a `torch.autograd.Function` whose `backward` is the gradient by hand;
  step 1e-6, rtol 1e-3, atol 1e-5. *Full* tries every entry, *fast* one random projection.
- **JAX check_grads**: the loss with a `custom_vjp`; `order=1, modes=["rev"]`, JAX's own step and
  tolerances; in float32, as JAX comes, and in float64.
- **CS224n's rule**: central differences, h = 1e-4, parameter by parameter; an entry fails if
  |a - n| / max(1, |a|, |n|) > 1e-5.
- **SciPy check_grad**: all parameters as one vector. It returns one number, how far forward differences
  are from the gradient, and leaves the limit to its user: here 1e-6.

The {instances} instances of an exhibit are ordinary: normal values, sizes from {smallest} to {largest}.
*Caught* is a wrong gradient that is objected to on all of them, where an exception counts as an objection;
*sometimes*, on some; where ReLU cuts nothing off, say, a missing mask makes no difference. A *false alarm*
is a right gradient that is objected to on any of them. *Named* is a mistake that is called what it is, on
all; only ours tries, and an exception from ours counts against it. The seconds are medians, {jobs} checks
running at a time. The specimens were collected for this project, some of them because usual checks miss
them: the shares say nothing of how often people make which mistake. Ours was built with these specimens in
sight, the others were not; mistakes that it has not seen are another test.
"""


def totals_table(run: Record) -> Iterator[str]:
    """One row a checker."""
    yield "| checker | caught | sometimes | missed | false alarms | named | seconds a check |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for row in run["totals"]:
        alarms = f"{len(row['false_alarms'])} of {row['right_gradients']}"
        named = row["named"] if row["checker"].startswith("check_gradient") else "—"
        numbers = (row["caught"], row["sometimes"], row["missed"], alarms, named, f"{row['seconds']:.3g}")
        yield f"| {' | '.join(map(str, (row['checker'], *numbers)))} |"


def rows(run: Record) -> Iterator[str]:
    """One row a specimen: caught (✓), sometimes (how often), missed (✗); ours with whether it is named."""
    yield "✓ caught, ✗ missed, else on how many instances; ★ also called by its name."
    yield ""
    yield f"| specimen | what it is | {' | '.join(CHECKERS)} |"
    yield f"| --- | --- |{' :-: |' * len(CHECKERS)}"
    called = {specimen.name: kinds(specimen) for specimen in ZOO}
    by_specimen: dict[str, dict[str, Record]] = {}
    for answer in run["answers"]:
        if answer["specimen"]:
            by_specimen.setdefault(answer["specimen"], {})[answer["checker"]] = answer
    for name, answers in by_specimen.items():
        marks = (mark(answers[checker]) for checker in CHECKERS)
        yield f"| {name} | {called[name]} | {' | '.join(marks)} |"


def mark(answer: Record) -> str:
    """The sign of an outcome."""
    share = f"{answer['objects']}/{answer['asked']}"
    sign = {"caught": "✓", "missed": "✗", "sometimes": share}[outcome(answer)]
    return sign + "★" * (answer["names"] == answer["asked"])


# --- the command ------------------------------------------------------------------------------------


def machine() -> str:
    """Processor, cores and versions; no names and no paths."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    processor = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    versions = [f"{name} {version(package)}" for name, package in PACKAGES.items()]
    parts = [
        processor or platform.machine(),
        f"{os.cpu_count()} cores",
        f"Python {platform.python_version()}",
    ]
    return ", ".join(parts + versions)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--instances", "count", metavar="N", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--jobs", metavar="J", type=click.IntRange(min=1), default=2, show_default=True)
@click.option(
    "--to", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False), default=Path("docs")
)
def main(count: int, jobs: int, to: Path) -> None:
    """Ask every checker about every specimen, and write the table as Markdown and as JSON."""
    start = time.perf_counter()
    answers = all_answers(count, jobs)
    run = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "command": f"python -m benchmarks.checker_table --instances {count} --jobs {jobs}",
        "minutes": round((time.perf_counter() - start) / 60, 2),
        "instances": count,
        "jobs": jobs,
        "smallest": SMALLEST,
        "largest": LARGEST,
        "specimens": len(ZOO),
        "exhibits": len(EXHIBITS),
        "totals": totals(answers),
        "answers": [{**answer, "seconds": round(answer["seconds"], 4)} for answer in answers],
    }
    (to / "checker_table.json").write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (to / "checker_table.md").write_text(page(run), "utf-8")
    click.echo("\n".join(totals_table(run)))


if __name__ == "__main__":
    main()
