"""How fast training is, how good what it trains, and what it takes, beside gensim; see README.md.

    python benchmarks/training_speed.py --corpus FILE [--lines N] [--only speed,quality]

Every contender has a process of its own, and one after the other has its turn, in rounds, so that a noisy
machine is noisy for all; the one who starts changes. Ratios are taken within a round. What was measured is
written to ``docs/training.json``, a part at a time, and the page ``docs/training.md`` is made from that.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markdown import Markdown
from training_bench import CONTENDERS, HOW, Bench, Results
from training_machine import circumstances
from training_page import PARTS, generated, written_into
from training_turns import cores_of_machine, turn

DOCS = Path(__file__).parents[1] / "docs"
LARGE_BLOCKS = {"block_words": 128, "shared_negatives": 128}
V, N = 20_000, 100
BLOCKS = [64, 128, 256, 512]
VOCABULARIES = [1_000, 20_000, 70_000]
MANY_WORDS, REPEATS = 70_000, 20


# --- the parts --------------------------------------------------------------------------------------


def trainings(bench: Bench, parts: list[str]) -> dict[str, Results]:
    """Speed and quality, from the same trainings where both are asked for."""
    rounds = bench.rounds if "speed" in parts else 0
    seeds = bench.seeds if "quality" in parts else 0
    speed: Results = {}
    quality: Results = {}
    for number in range(max(rounds, seeds)):
        playing = [one for one in CONTENDERS if number < rounds or one.judged]
        for one in bench.rotated(playing, number):
            bench.say(f"round {number + 1} of {max(rounds, seeds)}: {one.name}")
            judge = one.judged and number < seeds
            found = one.train(bench, number + 1, judge=judge)
            if judge:
                quality.setdefault(one.name, []).append(found.pop("quality"))
            if number < rounds:
                speed.setdefault(one.name, []).append(found)
    ordered = [one.name for one in CONTENDERS]
    results = {"speed": {"contenders": {name: speed[name] for name in ordered if name in speed}}}
    if seeds:
        judged = {name: quality[name] for name in ordered if name in quality}
        results["quality"] = {"contenders": judged, "bound": bound(bench)}
    return {part: {"epochs": bench.epochs, **results[part]} for part in parts}


def bound(bench: Bench) -> Results:
    """Larger blocks, with the bound on a row's update and without it, on a part of the text."""
    folder = bench.folder / "part"
    folder.mkdir(exist_ok=True)
    part = folder / "part.txt"
    with bench.text.open(encoding="utf-8") as text, part.open("w", encoding="utf-8") as file:
        file.writelines(islice(text, bench.bound_lines))
    words = bench.read(part, folder)["words"]
    how = {**HOW, **LARGE_BLOCKS, "epochs": bench.epochs, "seed": 1}
    found: Results = {"words": words, **LARGE_BLOCKS}
    for name, is_bound in (("with", True), ("without", False)):
        bench.say(f"blocks of 128 words {name} the bound")
        arguments = {"folder": str(folder), "held": str(bench.held), "how": how, "bound": is_bound}
        found[name] = turn("training_contenders:held_out_by_epoch", arguments, cores=1)
    return found


def softmax(bench: Bench) -> Results:
    """The full softmax beside sgemm, on one core and on all."""
    found: Results = {"V": V, "N": N, "cores": {}}
    for number in range(bench.rounds):
        for cores in bench.rotated(sorted({1, cores_of_machine()}), number):
            bench.say(f"full softmax on {cores} cores, round {number + 1}")
            arguments = {"V": V, "N": N, "sizes": BLOCKS, "rounds": 5, "threads": cores}
            rates = turn("training_kernels:softmax", arguments, cores=cores)
            found["cores"].setdefault(str(cores), []).append(rates)
    return found


def sparse(bench: Bench) -> Results:
    """The sparse step beside jax.grad's dense one, on one core."""
    found: Results = {"N": N, "vocabularies": {}}
    for number in range(bench.rounds):
        for words in bench.rotated(VOCABULARIES, number):
            bench.say(f"sparse and dense at V={words:,}, round {number + 1}")
            arguments = {"V": words, "N": N, "blocks": 64, "rounds": 3}
            times = turn("training_kernels:sparse", arguments, cores=1)
            found["vocabularies"].setdefault(str(words), []).append(times)
    return found


def memory(bench: Bench) -> Results:
    """The most memory of a whole training, of a text with 70,000 words and as many that are dropped."""
    text = bench.folder / "many.txt"
    with text.open("w", encoding="utf-8") as file:
        for repeat in range(REPEATS):
            for first in range(0, MANY_WORDS, 20):
                words = [f"word{word}" for word in range(first, first + 20)]
                file.write(" ".join([*words, *([f"rare{first}"] * (repeat == 0))]) + "\n")
    found: Results = {}
    for number in range(bench.rounds):
        for backend in bench.rotated(["numpy", "jax"], number):
            bench.say(f"memory, {backend}, round {number + 1}")
            how = {**HOW, "epochs": 1, "backend": backend}
            result = turn("training_contenders:memory", {"text": str(text), "how": how})
            found.setdefault(backend, []).append(result)
    return found


def startup(bench: Bench) -> Results:
    """Seconds to the first block, with warm disk caches, and once more with a clock on every import."""
    text = bench.folder / "small.txt"
    line = " ".join(f"word{word}" for word in range(200))
    text.write_text(f"{line}\n" * 100, encoding="utf-8")
    bench.say("startup")

    def arguments(number: int) -> Results:
        return {"text": str(text), "output": str(bench.folder / f"{number}.bin")}

    totals = [turn("training_contenders:startup", arguments(number)) for number in range(bench.rounds + 1)]
    options = ("-X", "importtime")
    _, told = turn("training_contenders:startup", arguments(len(totals)), options=options)
    lines = (line.removeprefix("import time:").split("|") for line in told.splitlines() if "|" in line)
    importing = sum(int(fields[0]) for fields in lines if fields[0].strip().isdigit())
    return {"seconds": totals[1:], "importing": importing / 1e6}


ALONE = {"softmax": softmax, "sparse": sparse, "memory": memory, "startup": startup}


# --- the command ------------------------------------------------------------------------------------


def parts_of(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The parts named, in the page's order."""
    named = value.split(",")
    unknown = sorted(set(named) - set(PARTS))
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is no part: give some of {','.join(PARTS)}")
    return ",".join(part for part in PARTS if part in named)


def rounded(value: Any) -> Any:
    """The same with four significant figures, which is more than these numbers have."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else value


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--corpus",
    metavar="FILE",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A text, a sentence a line, or one packed with gzip.",
)
@click.option(
    "--lines", metavar="N", type=click.IntRange(min=1000), help="Only its first lines.  [default: all]"
)
@click.option("--epochs", metavar="N", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--rounds", metavar="N", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--seeds", metavar="N", type=click.IntRange(min=1), default=3, show_default=True)
@click.option(
    "--bound-lines",
    metavar="N",
    type=click.IntRange(min=1),
    default=125_000,
    show_default=True,
    help="Lines for the training without the bound.",
)
@click.option("--only", metavar="PARTS", default=",".join(PARTS), callback=parts_of, show_default=True)
@click.option(
    "--to",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=DOCS,
    help="Where training.json and training.md are.  [default: docs]",
)
def main(
    corpus: Path,
    lines: int | None,
    epochs: int,
    rounds: int,
    seeds: int,
    bound_lines: int,
    only: str,
    to: Path,
) -> None:
    """Measure training beside gensim, the softmax beside sgemm, the sparse step beside jax.grad."""
    console = Console(highlight=False)
    raw, page = to / "training.json", to / "training.md"
    known = json.loads(raw.read_text(encoding="utf-8")) if raw.exists() else {}

    def keep(results: Mapping[str, Results], where: Results) -> None:
        known.update({part: rounded({"measured": where, **found}) for part, found in results.items()})
        raw.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        page.write_text(written_into(page, generated(known)), encoding="utf-8")

    with tempfile.TemporaryDirectory(prefix="w2v-bench-") as folder:
        bench = Bench(
            Path(folder), epochs, rounds, seeds, bound_lines, lambda what: print(what, file=sys.stderr)
        )
        parts = only.split(",")
        where = circumstances()
        together = [part for part in parts if part not in ALONE]
        for part in parts:
            if part in ALONE:
                keep({part: ALONE[part](bench)}, where)
        if together:
            text = bench.prepare(corpus, lines)
            keep(trainings(bench, together), {**where, "text": text})
    console.print(Markdown(generated(known)))


if __name__ == "__main__":
    main()
