"""How fast the referee is, beside the two usual ways to check a gradient; see README.md.

    python tests/benchmarks/referee_speed.py [--rounds 5] [--instances 25] [--write]

One run measures everything, in rounds, so that a noisy machine is noisy for all: in each round
every contestant of a heat has its turn, and the one who starts changes. A ratio is taken within a
round; medians and the extremes over the rounds are reported. A first round warms up and is not
counted.

The heats on one equation give all contestants the same instances, of shapes that none has seen.
What a turn is charged for: drawing the instances, the hand-written right side, the left side, and
the comparison of every entry.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from itertools import count
from pathlib import Path
from statistics import fmean, median
from typing import Any

import click
import jax
import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from derivations import mlp, skipgram
from derivations.ledger import Entry, Model, find, ledger
from derivations.referee.instances import Instance, random_instance
from derivations.referee.judges import Bench, left_sides
from derivations.referee.programs import NUDGE, nudged
from derivations.referee.verdicts import group_by_instances, judge_once, right_sides, verify

try:
    import torch
except ModuleNotFoundError:
    sys.exit(
        "this benchmark needs PyTorch to compare with: pip install torch,"
        " or, in the repository, pip install -e '.[bench]'"
    )

README = Path(__file__).with_name("README.md")
START, END = "<!-- measured: written by referee_speed.py --write -->", "<!-- end of measured -->"
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_ENABLE_X64": "1",
    "JAX_ENABLE_COMPILATION_CACHE": "0",
}
"""The environment of all that runs in this process; the command is run in the user's own."""
COMPILED = "/jax/core/compile/backend_compile_duration"
MOST_DRAWS = 20_000
"""Seeds to try for shapes that are not yet taken."""

OURS, JIT, GRADCHECK = "the referee", "jax.jit for each shape", "torch gradcheck, full mode"
COMMAND = "derivations verify"


# --- rounds, turns, samples -----------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """One turn: how long it took, and on how many equation-instances both sides agreed."""

    seconds: float
    instances: int
    agreed: int

    @property
    def each(self) -> float:
        """Seconds for one equation-instance."""
        return self.seconds / self.instances


@dataclass(frozen=True)
class Contestant:
    """A way to check; ``turn(n)`` plays round n: equation-instances judged, and how many agreed."""

    name: str
    does: str
    turn: Callable[[int], tuple[int, int]]


@dataclass
class Heat:
    """Contestants for one task, and their samples by name."""

    title: str
    contestants: Sequence[Contestant]
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def play(self, number: int) -> None:
        """Play one round; round 0 is the warm-up and leaves no sample."""
        first = number % len(self.contestants)
        for contestant in (*self.contestants[first:], *self.contestants[:first]):
            start = time.perf_counter()
            instances, agreed = contestant.turn(number)
            sample = Sample(time.perf_counter() - start, instances, agreed)
            if number:
                self.samples.setdefault(contestant.name, []).append(sample)

    def each(self, name: str) -> list[float]:
        """Seconds for one equation-instance, by round."""
        return [sample.each for sample in self.samples[name]]


# --- one equation: ours, compiled, by differences -------------------------------------------------


@dataclass(frozen=True)
class Subject:
    """An equation ∂E/∂wrt for the heats, and PyTorch's loss with the hand-written backward."""

    label: str
    title: str
    wrt: str
    loss: Any

    @property
    def entry(self) -> Entry:
        """Its line in the ledger."""
        return find(self.label)


class MlpLoss(torch.autograd.Function):
    """§3 for gradcheck: PyTorch computes E, ``mlp.gradients`` is its backward."""

    @staticmethod
    def forward(ctx: Any, x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        """The squared error of one hidden layer."""
        ctx.save_for_backward(x, t, W, W_prime)
        h = torch.sigmoid(x @ W)
        y = torch.sigmoid(h @ W_prime)
        return ((t - y) ** 2).sum() / 2

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        """∂E/∂W, by hand."""
        inputs = (saved.detach().numpy() for saved in ctx.saved_tensors)
        dE_dW, _ = mlp.gradients(*inputs)
        return None, None, upstream[0] * torch.from_numpy(dE_dW), None


class SkipgramLoss(torch.autograd.Function):
    """§6 for gradcheck: PyTorch computes E, ``skipgram.gradients`` is its backward."""

    @staticmethod
    def forward(ctx: Any, x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        """The cross-entropy of all context words."""
        ctx.save_for_backward(x, t, W, W_prime)
        u = ((x @ W) @ W_prime).expand(t.shape)
        return -(t * torch.log_softmax(u, dim=-1)).sum()

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        """∂E/∂W', by hand."""
        inputs = (saved.detach().numpy() for saved in ctx.saved_tensors)
        _, dE_dW_prime = skipgram.gradients(*inputs)
        return None, None, None, upstream[0] * torch.from_numpy(dE_dW_prime)


SUBJECTS = (
    Subject("mlp.flow.dE_dW", "§3, ∂E/∂W", "W", MlpLoss),
    Subject("skipgram.flow.dE_dW_prime", "§6, ∂E/∂W'", "W_prime", SkipgramLoss),
)


def equation_heat(subject: Subject, rounds: int, instances: int) -> Heat:
    """The heat on one equation; each round has shapes of its own, the same for all contestants."""
    entry = subject.entry
    seeds = unseen_seeds(entry.model, dict(entry.sizes), (rounds + 1) * instances)
    if len(seeds) < (rounds + 1) * instances:
        raise click.UsageError(
            f"{subject.label} has only {len(seeds)} shapes: ask for fewer --rounds or --instances"
        )

    def turn(check: Callable[[Instance], bool]) -> Callable[[int], tuple[int, int]]:
        def play(number: int) -> tuple[int, int]:
            drawn = seeds[number :: rounds + 1]
            agreed = sum(check(random_instance(entry.model, seed, entry.sizes)) for seed in drawn)
            return instances, agreed

        return play

    return Heat(
        subject.title,
        [
            Contestant(OURS, "3 judges", turn(referee_on(subject))),
            Contestant(JIT, "1 judge", turn(jit_on(subject))),
            Contestant(GRADCHECK, "differences", turn(gradcheck_on(subject))),
        ],
    )


def referee_on(subject: Subject) -> Callable[[Instance], bool]:
    """All three judges, as in a run of the ledger."""
    entry = subject.entry
    return lambda instance: judge_once(entry, instance).holds


def jit_on(subject: Subject) -> Callable[[Instance], bool]:
    """``jax.jit(jax.grad(E))`` in float64; that it compiles for the shape is asserted."""
    entry, model = subject.entry, subject.entry.model
    assert model.reference is not None
    gradient = jax.jit(jax.grad(model.reference, argnums=model.inputs.index(subject.wrt)))

    def check(instance: Instance) -> bool:
        before = compilations.total
        hand = Bench(model, instance).right_side(entry.rhs, ("E", subject.wrt), "")
        agrees = close(hand, gradient(*instance.inputs.values()))
        assert compilations.total > before, f"{instance} was not compiled: not a new shape"
        return agrees

    return check


def gradcheck_on(subject: Subject) -> Callable[[Instance], bool]:
    """``gradcheck`` of the hand gradient, as its documentation has it, in full mode and double."""

    def check(instance: Instance) -> bool:
        tensors = [
            torch.tensor(value, dtype=torch.float64, requires_grad=name == subject.wrt)
            for name, value in instance.inputs.items()
        ]
        return bool(
            torch.autograd.gradcheck(subject.loss.apply, tensors, fast_mode=False, raise_exception=False)
        )

    return check


def unseen_seeds(model: Model, sizes: Mapping[str, int], wanted: int) -> list[int]:
    """Seeds of instances of different shapes; fewer than wanted if there are no more."""
    first: dict[tuple[int, ...], int] = {}
    for seed in range(MOST_DRAWS):
        if len(first) == wanted:
            break
        first.setdefault(tuple(random_instance(model, seed, sizes).sizes.values()), seed)
    return list(first.values())


def close(hand: Any, found: Any) -> bool:
    """Whether two arrays agree in shape and, as one usually asks of float64, in every entry."""
    return np.shape(hand) == np.shape(found) and bool(np.allclose(hand, found))


class Compilations:
    """Counts what XLA compiles."""

    def __init__(self) -> None:
        self.total = 0
        jax.monitoring.register_event_duration_secs_listener(self._note)

    def _note(self, event: str, duration_secs: float, **kwargs: str | int) -> None:  # noqa: ARG002
        self.total += event == COMPILED


compilations = Compilations()


# --- the whole ledger -----------------------------------------------------------------------------


def ledger_heat(rounds: int, instances: int, examples: int) -> Heat:
    """The heat on the whole ledger: the command, the referee in this process, and compiling."""
    return Heat(
        "the whole ledger",
        [
            Contestant(
                COMMAND, "3 judges, all cores, from JAX's import to the report", command_turn(examples)
            ),
            Contestant(OURS, "3 judges, one core", referee_turn(instances)),
            Contestant(JIT, "1 judge; one compilation for all claims of a left side", jit_turn(rounds)),
        ],
    )


def command_turn(examples: int) -> Callable[[int], tuple[int, int]]:
    """``derivations verify`` as one types it: a new process, JAX's import, tracing, the report."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}

    def play(number: int) -> tuple[int, int]:
        tried = examples if number else 1
        command = [sys.executable, "-m", "derivations", "verify", "--examples", str(tried)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
        if ended.returncode and number:
            said = (ended.stdout + ended.stderr)[-500:]
            raise click.ClickException(f"the ledger does not hold, so no time counts: {said}")
        return len(ledger()) * tried, len(ledger()) * tried

    return play


def referee_turn(instances: int) -> Callable[[int], tuple[int, int]]:
    """The ledger on new instances in each round, in this process."""

    def play(number: int) -> tuple[int, int]:
        verdicts = verify(ledger(), instances, number)
        return (
            sum(verdict.instances for verdict in verdicts),
            sum(verdict.instances for verdict in verdicts if not verdict.failure),
        )

    return play


def jit_turn(rounds: int) -> Callable[[int], tuple[int, int]]:
    """The ledger, each left side compiled for one new shape a round, once for all that claim it.

    A group of entries that has no shape left, or whose sizes are fixed, has its old ones again, and
    what JAX has compiled for them.
    """
    groups = [
        (group, unseen_seeds(group[0].model, group[0].sizes, rounds + 1))
        for group in group_by_instances(ledger())
    ]

    def play(number: int) -> tuple[int, int]:
        agreed = [
            agrees for group, seeds in groups for agrees in judged_by_jit(group, seeds[number % len(seeds)])
        ]
        return len(agreed), sum(agreed)

    return play


def judged_by_jit(group: Sequence[Entry], seed: int) -> Iterator[bool]:
    """Whether each entry of a group agrees with JAX, compiled, on one instance."""
    model = group[0].model
    bench = Bench(model, random_instance(model, seed, group[0].sizes))
    findings = {lhs: left_by_jit(bench, lhs) for entry in group for lhs in left_sides(entry)}
    for entry in group:
        sides, view = left_sides(entry), entry.view or (lambda found: found)
        hands = right_sides(entry, bench, sides, entry.rhs)
        yield all(close(hand, view(findings[lhs])) for lhs, hand in zip(sides, hands, strict=True))


def left_by_jit(bench: Bench, lhs: Any) -> Any:
    """A left side by JAX in float64; what is not differentiated or computed by it is observed."""
    if callable(lhs):
        return bench.judged(lhs)["observed"].value
    of, wrt = (lhs, "") if isinstance(lhs, str) else lhs
    function, names = jitted(bench.model, of, wrt)
    inputs = list(bench.instance.inputs.values())
    if names[-1] == NUDGE:
        inputs.append(np.zeros(bench.model.notation[wrt].sizes(bench.sizes)))
    return np.asarray(function(*inputs))


@cache
def jitted(model: Model, of: str, wrt: str) -> tuple[Callable[..., Any], list[str]]:
    """A quantity of a model's reference, or ∂of/∂wrt, compiled; and the names of its arguments."""
    function, names = nudged(model, of, wrt)
    if wrt:
        position = len(names) - 1 if names[-1] == NUDGE else names.index(wrt)
        reverse = jax.grad if model.notation[of].shape == () else jax.jacrev
        function = reverse(function, argnums=position)
    return jax.jit(function), names


# --- the report -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of the table, ready to print."""

    task: str
    name: str
    does: str
    numbers: tuple[str, ...]


NUMBERS = ("ms each", "each second", "its time to the referee's", "agreed")


def rows_of(heats: Sequence[Heat]) -> list[Row]:
    """A row for each contestant, and gradcheck's mean beside the whole ledger."""
    rows = []
    for heat in heats:
        for contestant in heat.contestants:
            samples = heat.samples[contestant.name]
            agreed = f"{sum(s.agreed for s in samples):,} of {sum(s.instances for s in samples):,}"
            numbers = numbers_of(heat.each(contestant.name), heat.each(OURS))
            rows.append(Row(heat.title, contestant.name, contestant.does, (*numbers, agreed)))
    numbers = numbers_of(mean_of_gradchecks(heats), heats[-1].each(OURS))
    does = "differences; the mean of the two equations"
    rows.append(Row(heats[-1].title, GRADCHECK, does, (*numbers, "as above")))
    return rows


def mean_of_gradchecks(heats: Sequence[Heat]) -> list[float]:
    """Seconds of a gradcheck on one equation, the mean of the equations, by round."""
    each = [heat.each(GRADCHECK) for heat in heats if GRADCHECK in heat.samples]
    return [fmean(of_round) for of_round in zip(*each, strict=True)]


def numbers_of(each: list[float], base: list[float]) -> tuple[str, str, str]:
    """Milliseconds, rate and ratio: medians, with the extremes over the rounds."""
    ratio = "1" if each == base else spread(ratios(each, base))
    return spread([1000 * seconds for seconds in each]), f"{1 / median(each):,.0f}", ratio


def spread(values: Sequence[float]) -> str:
    """``median (least..most)``, in three figures."""
    return f"{figures(median(values))} ({figures(min(values))}..{figures(max(values))})"


def figures(value: float) -> str:
    """A number in three significant figures, without an exponent."""
    places = next(places for places in count() if abs(value) * 10**places >= 100 or places == 4)
    return f"{value:,.{places}f}"


def remarks(heats: Sequence[Heat], examples: int, rounds: int, cold: float) -> list[str]:
    """What the table cannot say, a sentence or two each."""
    whole, entries = heats[-1], len(ledger())
    walls = spread([sample.seconds for sample in whole.samples[COMMAND]])
    to_jit = spread(ratios(whole.each(JIT), whole.each(COMMAND)))
    to_gradcheck = spread(ratios(mean_of_gradchecks(heats), whole.each(COMMAND)))
    return f"""
`derivations verify --examples {examples}`: {walls} s of wall time, JAX's import included, for \
{entries} entries, {entries * examples:,} equation-instances.
Equation-instances per second of that command: {to_jit} times those of {JIT} on the whole ledger, \
{to_gradcheck} times those of {GRADCHECK}, on one equation.
Tracing is in the command's time and not in the rows of the referee: the first pass over the \
ledger in a process took {cold:.1f} s, its first use of JAX included.
Of {examples:,} instances that are drawn, {" and ".join(shares(examples))} are of a new shape; \
a jax.jit that keeps what it has compiled would compile that often.
{rounds} rounds; {machine()}.
""".strip().splitlines()


def ratios(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    """How many times longer, round by round."""
    return [one / other for one, other in zip(slow, fast, strict=True)]


def shares(examples: int) -> Iterator[str]:
    """How many shapes the first instances of each subject have."""
    for subject in SUBJECTS:
        draws = (random_instance(subject.entry.model, seed, {}) for seed in range(examples))
        yield f"{len({tuple(draw.sizes.values()) for draw in draws}):,} ({subject.title})"


def machine() -> str:
    """Cores and versions."""
    versions = (
        f"{name} {version(package)}"
        for name, package in (("JAX", "jax"), ("NumPy", "numpy"), ("PyTorch", "torch"))
    )
    return f"{cores()} cores, Python {platform.python_version()}, {', '.join(versions)}"


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def show(console: Console, rows: Sequence[Row], notes: Sequence[str]) -> None:
    """The table for people at a terminal, one for each task, and the remarks."""
    for task in dict.fromkeys(row.task for row in rows):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
        table.add_column(Text(task, style="bold not dim"), ratio=1)
        for column in NUMBERS:
            table.add_column(column, justify="right")
        for row in rows:
            if row.task == task:
                table.add_row(Text(row.name).append(f"\n  {row.does}", style="dim"), *row.numbers)
        console.print(table, "")
    for note in notes:
        console.print(note)


def markdown(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The same for README.md."""
    heads = ("task", "contestant", "", *NUMBERS)
    rules = tuple("---" if n < 3 else "---:" for n in range(len(heads)))
    cells = [heads, rules, *((row.task, row.name, row.does, *row.numbers) for row in rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in cells)
    return f"{table}\n\n" + "\n".join(f"- {note}" for note in notes)


def write_readme(measured: str) -> None:
    """Put what was measured between the two marks of README.md."""
    text = README.read_text(encoding="utf-8")
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise click.ClickException(f"{README.name} has lost its marks: put back {START} and {END}")
    README.write_text(f"{before}{START}\n\n{measured}\n\n{END}{after}", encoding="utf-8")


# --- the command ----------------------------------------------------------------------------------


def with_settings() -> None:
    """Run this script again under ``SETTINGS``, which NumPy and JAX read as they are imported."""
    if any(os.environ.get(name) != value for name, value in SETTINGS.items()):
        again = subprocess.run([sys.executable, *sys.orig_argv[1:]], env={**os.environ, **SETTINGS})
        sys.exit(again.returncode)
    torch.set_num_threads(1)


def first_pass() -> float:
    """Seconds for one instance of every entry in this process, before anything is traced."""
    start = time.perf_counter()
    verify(ledger(), 1, 0)
    return time.perf_counter() - start


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--rounds",
    metavar="R",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Rounds that count; each contestant has one turn in each.",
)
@click.option(
    "--instances",
    metavar="N",
    type=click.IntRange(min=1),
    default=25,
    show_default=True,
    help="Instances of an equation, and of the ledger, in a round.",
)
@click.option(
    "--examples",
    metavar="N",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Instances of each entry in a run of the whole command.",
)
@click.option("--write", is_flag=True, help="Write the table into README.md beside this script.")
def main(rounds: int, instances: int, examples: int, *, write: bool) -> None:
    """Measure the referee beside jax.jit and torch.autograd.gradcheck, in one interleaved run."""
    with_settings()
    console = Console(highlight=False)
    cold = first_pass()
    heats = [equation_heat(subject, rounds, instances) for subject in SUBJECTS]
    heats.append(ledger_heat(rounds, instances, examples))
    with console.status("warming up") as status:
        for number in range(rounds + 1):
            for heat in heats:
                status.update(f"round {number} of {rounds}, {heat.title}")
                heat.play(number)
    rows, notes = rows_of(heats), remarks(heats, examples, rounds, cold)
    show(console, rows, notes)
    if write:
        write_readme(markdown(rows, notes))


if __name__ == "__main__":
    main()
