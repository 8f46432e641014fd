"""How fast the referee is, beside the usual ways to check a gradient; see README.md.

Everything is measured in rounds, so that a noisy machine is noisy for all: in each round every contestant
of a heat has its turn, and the one who starts changes. A first round warms up and is not counted. The
heats on one equation give all contestants the same instances, of shapes that none has seen. What a turn
is charged for: drawing the instances, the right side by hand, the left side, and the comparison.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import click
import jax
import numpy as np
from referee_contestants import CHECKERS, JIT, OURS, SUBJECTS, Check, Subject, close, compiling, torch
from referee_faults import off_by

from derivations.ledger import Entry, Model, ledger
from derivations.oracle.cases import Instance, random_instance
from derivations.oracle.judges import Bench, left_sides
from derivations.oracle.program.programs import NUDGE, nudged
from derivations.oracle.verdicts import group_by_instances, right_sides, verify

MOST_DRAWS = 20_000
"""Seeds to try for shapes that are not yet taken."""
SIGHT = [float(f"1e-{power}") for power in range(16)]
"""Relative sizes of a fault that each checker is shown."""
COMMAND = "derivations verify"
ALL = "the whole ledger"


def speed(rounds: int, instances: int, examples: int, say: Callable[[str], None]) -> dict[str, Any]:
    """All heats in rounds, and what each checker sees of a fault in one entry."""
    torch.set_num_threads(1)
    cold = first_pass()
    heats = [equation_heat(subject, rounds, instances) for subject in SUBJECTS]
    heats.append(ledger_heat(rounds, instances, examples))
    for number in range(rounds + 1):
        for heat in heats:
            say(f"round {number} of {rounds}, {heat.task}")
            heat.play(number)
    say("what each checker sees")
    return {
        "rounds": rounds,
        "examples": examples,
        "first_pass": cold,
        "heats": [
            {"task": heat.task, "samples": {name: heat.samples[name] for name in heat.contestants}}
            for heat in heats
        ],
        "new_shapes": {subject.title: shapes(subject, examples) for subject in SUBJECTS},
        "sight": {
            "instances": instances,
            "seen": {
                subject.title: {
                    name: sight(subject, checker, instances) for name, checker in CHECKERS.items()
                }
                for subject in SUBJECTS
            },
        },
    }


def first_pass() -> float:
    """Seconds for one instance of every entry in this process, before anything is traced."""
    start = time.perf_counter()
    verify(ledger(), 1, 0)
    return time.perf_counter() - start


def shapes(subject: Subject, examples: int) -> int:
    """How many shapes the first instances have: so often would a jax.jit compile that keeps all."""
    draws = (random_instance(subject.entry.model, seed, {}) for seed in range(examples))
    return len({tuple(draw.sizes.values()) for draw in draws})


# --- rounds and turns -------------------------------------------------------------------------------

Turn = Callable[[int], tuple[int, int]]
"""Plays a round: equation-instances judged, and how many agreed."""


@dataclass
class Heat:
    """Contestants for one task, and their samples by name: seconds, instances judged, how many agreed."""

    task: str
    contestants: Mapping[str, Turn]
    samples: dict[str, list[tuple[float, int, int]]] = field(default_factory=dict)

    def play(self, number: int) -> None:
        """Play one round; round 0 is the warm-up and leaves no sample."""
        names = list(self.contestants)
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            start = time.perf_counter()
            instances, agreed = self.contestants[name](number)
            if number:
                sample = (time.perf_counter() - start, instances, agreed)
                self.samples.setdefault(name, []).append(sample)


def equation_heat(subject: Subject, rounds: int, instances: int) -> Heat:
    """The heat on one equation; each round has shapes of its own, the same for all contestants."""
    entry = subject.entry
    seeds = unseen_seeds(entry.model, entry.sizes, (rounds + 1) * instances)
    if len(seeds) < (rounds + 1) * instances:
        raise click.UsageError(
            f"{subject.label} has only {len(seeds)} shapes: ask for fewer --rounds or --instances"
        )

    def turn(check: Check) -> Turn:
        def play(number: int) -> tuple[int, int]:
            drawn = seeds[number :: rounds + 1]
            agreed = sum(check(random_instance(entry.model, seed, entry.sizes)) for seed in drawn)
            return instances, agreed

        return play

    checks = {name: checker(subject) for name, checker in CHECKERS.items()}
    checks[JIT] = compiling(checks[JIT])
    return Heat(subject.title, {name: turn(check) for name, check in checks.items()})


def unseen_seeds(model: Model, sizes: Mapping[str, int], wanted: int) -> list[int]:
    """Seeds of instances of different shapes; fewer than wanted if there are no more."""
    first: dict[tuple[int, ...], int] = {}
    for seed in range(MOST_DRAWS):
        if len(first) == wanted:
            break
        first.setdefault(tuple(random_instance(model, seed, sizes).sizes.values()), seed)
    return list(first.values())


# --- what a checker sees ----------------------------------------------------------------------------


def sight(subject: Subject, checker: Callable[[Subject], Check], instances: int) -> list[int]:
    """Of ordinary instances with a fault of each size in one entry, how many it objects to.

    The last number is for no fault at all: what it objects to there, it objects to for no reason.
    """
    check, drawn = checker(subject), list(ordinary(subject, instances))
    return [
        sum(
            not check(instance, lambda gradient, n=n, size=size: wrong(gradient, n, size))
            for n, instance in drawn
        )
        for size in (*SIGHT, 0.0)
    ]


def ordinary(subject: Subject, wanted: int) -> Iterator[tuple[int, Instance]]:
    """Instances of ordinary scale, numbered, whose gradient is not all zero, as that of one word is."""
    number = 0
    for seed in range(MOST_DRAWS):
        instance = random_instance(subject.entry.model, seed, subject.entry.sizes)
        if number == wanted:
            return
        if instance.scale == "ordinary" and np.any(subject.gradient(*instance.inputs.values())):
            yield number, instance
            number += 1


def wrong(gradient: Any, number: int, size: float) -> Any:
    """The gradient with one entry wrong by a part of itself, the same entry each time it is computed."""
    place = np.random.default_rng(number).choice(np.argwhere(gradient))
    return off_by(gradient, tuple(place), size)


# --- the whole ledger -------------------------------------------------------------------------------


def ledger_heat(rounds: int, instances: int, examples: int) -> Heat:
    """The heat on the whole ledger: the command, the referee in this process, and compiling."""
    turns = {COMMAND: command_turn(examples), OURS: referee_turn(instances), JIT: jit_turn(rounds)}
    return Heat(ALL, turns)


def command_turn(examples: int) -> Turn:
    """``derivations verify`` as one types it: a new process, JAX's import, tracing, the report."""
    ours = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "JAX_ENABLE_X64")
    environment = {name: value for name, value in os.environ.items() if name not in ours}

    def play(number: int) -> tuple[int, int]:
        tried = examples if number else 1
        command = [sys.executable, "-m", "derivations", "verify", "--examples", str(tried)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
        if ended.returncode and number:
            said = (ended.stdout + ended.stderr)[-500:]
            raise click.ClickException(f"the ledger does not hold, so no time counts: {said}")
        return len(ledger()) * tried, len(ledger()) * tried

    return play


def referee_turn(instances: int) -> Turn:
    """The ledger on new instances in each round, in this process."""

    def play(number: int) -> tuple[int, int]:
        verdicts = verify(ledger(), instances, number)
        return (
            sum(verdict.instances for verdict in verdicts),
            sum(verdict.instances for verdict in verdicts if not verdict.failure),
        )

    return play


def jit_turn(rounds: int) -> Turn:
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
