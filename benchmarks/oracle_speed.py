"""The speed of the oracle and of other gradient checkers, and which errors each finds; see README.md.

Everything is measured in rounds, so that load on the machine affects all methods: in each round every
method of a task has one turn, and the order rotates. Round 0 warms up and is not counted. In the tasks on
one equation, all methods get the same test cases, of shapes that none has seen. The time of a turn
includes drawing the test cases, the manual side, the left side, and the comparison.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import click
import jax
import numpy as np
from oracle_faults import off_by
from oracle_methods import CHECKERS, JIT, SUBJECTS, Check, Subject, close, jit_on, torch
from oracle_tables import ORACLE

from derivations.ledger import Entry, Model, ledger
from derivations.oracle.cases import Instance, random_instance
from derivations.oracle.judges import Bench, left_sides
from derivations.oracle.program.programs import NUDGE, nudged
from derivations.oracle.verdicts import group_by_instances, right_sides, verify

MOST_DRAWS = 20_000
"""Seeds to try for new shapes."""
SIGHT = [float(f"1e-{power}") for power in range(16)]
"""Relative sizes of the errors that each checker is given."""


def speed(rounds: int, instances: int, examples: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure all tasks in rounds, and what each checker finds of an error in one entry."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    verify(ledger(), 1, 0)  # before anything is traced
    first_pass = time.perf_counter() - start
    tasks = [equation_task(subject, rounds, instances) for subject in SUBJECTS]
    tasks.append(ledger_task(rounds, instances, examples))
    for number in range(rounds + 1):
        for task in tasks:
            say(f"round {number} of {rounds}, {task.name}")
            task.play(number)
    say("errors that each checker finds")
    seen = {
        subject.title: {name: sight(subject, make(subject), instances) for name, make in CHECKERS.items()}
        for subject in SUBJECTS
    }
    return {
        "rounds": rounds,
        "examples": examples,
        "first_pass": first_pass,
        "heats": [
            {"task": task.name, "samples": {name: task.samples[name] for name in task.methods}}
            for task in tasks
        ],
        "new_shapes": {subject.title: shapes(subject, examples) for subject in SUBJECTS},
        "sight": {"instances": instances, "seen": seen},
    }


def shapes(subject: Subject, examples: int) -> int:
    """Count the shapes of the first test cases: a ``jax.jit`` that caches all would compile that often."""
    draws = (random_instance(subject.entry.model, seed, {}) for seed in range(examples))
    return len({tuple(draw.sizes.values()) for draw in draws})


# --- rounds and turns -------------------------------------------------------------------------------------

Turn = Callable[[int], tuple[int, int]]
"""Plays a round, by its number: equations checked on a test case, and how many agreed."""


@dataclass
class Task:
    """The methods for one task, and their samples by name: seconds, checks, how many agreed."""

    name: str
    methods: Mapping[str, Turn]
    samples: dict[str, list[tuple[float, int, int]]] = field(default_factory=dict)

    def play(self, number: int) -> None:
        """Play one round; round 0 leaves no sample."""
        names = list(self.methods)
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            start = time.perf_counter()
            checked, agreed = self.methods[name](number)
            if number:
                sample = (time.perf_counter() - start, checked, agreed)
                self.samples.setdefault(name, []).append(sample)


def equation_task(subject: Subject, rounds: int, instances: int) -> Task:
    """Return the task on one equation; each round has new shapes, the same for all methods."""
    entry = subject.entry
    seeds = unseen_seeds(entry.model, entry.sizes, (rounds + 1) * instances)
    if len(seeds) < (rounds + 1) * instances:
        raise click.UsageError(
            f"{subject.label} has {len(seeds)} shapes: use fewer --rounds or --instances"
        )

    def turn(check: Check, number: int) -> tuple[int, int]:
        drawn = seeds[number :: rounds + 1]
        return instances, sum(check(random_instance(entry.model, seed, entry.sizes)) for seed in drawn)

    checks = {name: make(subject) for name, make in CHECKERS.items()}
    checks[JIT] = jit_on(subject, new_shapes=True)
    return Task(subject.title, {name: partial(turn, check) for name, check in checks.items()})


def unseen_seeds(model: Model, sizes: Mapping[str, int], wanted: int) -> list[int]:
    """Return seeds of test cases of different shapes; fewer than wanted if there are no more."""
    first: dict[tuple[int, ...], int] = {}
    for seed in range(MOST_DRAWS):
        if len(first) == wanted:
            break
        first.setdefault(tuple(random_instance(model, seed, sizes).sizes.values()), seed)
    return list(first.values())


# --- errors that a checker finds --------------------------------------------------------------------------


def sight(subject: Subject, check: Check, instances: int) -> list[int]:
    """Count, for each size, the test cases on which an error in one entry is found; last, without error."""
    drawn = list(ordinary(subject, instances))
    return [
        sum(not check(case, partial(wrong, number, size)) for number, case in drawn)
        for size in (*SIGHT, 0.0)
    ]


def ordinary(subject: Subject, wanted: int) -> Iterator[tuple[int, Instance]]:
    """Yield numbered test cases of ordinary scale whose gradient is not all zero."""
    number = 0
    for seed in range(MOST_DRAWS):
        case = random_instance(subject.entry.model, seed, subject.entry.sizes)
        if number == wanted:
            return
        if case.scale == "ordinary" and np.any(subject.gradient(*case.inputs.values())):
            yield number, case
            number += 1


def wrong(number: int, size: float, gradient: Any) -> Any:
    """Return the gradient with one entry changed by a part of itself, the same entry at every call."""
    place = np.random.default_rng(number).choice(np.argwhere(gradient))
    return off_by(gradient, tuple(place), size)


# --- the whole ledger -------------------------------------------------------------------------------------


def ledger_task(rounds: int, instances: int, examples: int) -> Task:
    """Return the task on all equations: the command, the oracle in this process, and compiling."""
    groups = [
        (group, unseen_seeds(group[0].model, group[0].sizes, rounds + 1))
        for group in group_by_instances(ledger())
    ]
    turns = {
        "derivations verify": partial(command_turn, examples),
        ORACLE: partial(oracle_turn, instances),
        JIT: partial(jit_turn, groups),
    }
    return Task("the whole ledger", turns)


def command_turn(examples: int, number: int) -> tuple[int, int]:
    """Run ``derivations verify`` in a new process: JAX's import, tracing, the report."""
    ours = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "JAX_ENABLE_X64")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    tried = examples if number else 1
    command = [sys.executable, "-m", "derivations", "verify", "--examples", str(tried)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ended.returncode and number:
        said = (ended.stdout + ended.stderr)[-500:]
        raise click.ClickException(f"the ledger does not hold, so no time counts: {said}")
    return len(ledger()) * tried, len(ledger()) * tried


def oracle_turn(instances: int, number: int) -> tuple[int, int]:
    """Check the ledger on new test cases in this process."""
    verdicts = verify(ledger(), instances, number)
    agreed = sum(verdict.instances for verdict in verdicts if not verdict.failure)
    return sum(verdict.instances for verdict in verdicts), agreed


def jit_turn(groups: Sequence[tuple[Sequence[Entry], list[int]]], number: int) -> tuple[int, int]:
    """Check the ledger with each left side compiled for one new shape, once for all equations with it.

    A group without a new shape, or with fixed sizes, has its old ones again, which JAX has compiled.
    """
    agreed = [
        agrees for group, seeds in groups for agrees in compare_jit(group, seeds[number % len(seeds)])
    ]
    return len(agreed), sum(agreed)


def compare_jit(group: Sequence[Entry], seed: int) -> Iterator[bool]:
    """Yield whether each equation of a group agrees with compiled JAX on one test case."""
    model = group[0].model
    bench = Bench(model, random_instance(model, seed, group[0].sizes))
    findings = {lhs: left_by_jit(bench, lhs) for entry in group for lhs in left_sides(entry)}
    for entry in group:
        sides, view = left_sides(entry), entry.view or (lambda found: found)
        manual = right_sides(entry, bench, sides, entry.rhs)
        yield all(close(one, view(findings[lhs])) for lhs, one in zip(sides, manual, strict=True))


def left_by_jit(bench: Bench, lhs: Any) -> Any:
    """Compute a left side with compiled JAX in float64; shapes and labels are read off in NumPy."""
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
    """Return a quantity of a model's reference, or ∂of/∂wrt, compiled; and the names of its arguments."""
    function, names = nudged(model, of, wrt)
    if wrt:
        position = len(names) - 1 if names[-1] == NUDGE else names.index(wrt)
        reverse = jax.grad if model.notation[of].shape == () else jax.jacrev
        function = reverse(function, argnums=position)
    return jax.jit(function), names
