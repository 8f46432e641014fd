"""A whole run: every chosen entry, on many instances, on every core.

Groups of entries that share their instances are handed to worker processes; each process traces only
the derivatives that its groups need. A verdict does not depend on how the work was split.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields
from multiprocessing.sharedctypes import Synchronized
from threading import Thread
from typing import Any

from derivations.ledger import Entry, find
from derivations.oracle.counterexamples import counterexample
from derivations.oracle.verdicts import Verdict, group_by_instances, primitives_without_rule, verify

WORTH_A_PROCESS = 15_000
"""Entry-instances below which starting workers, who import JAX again, takes longer than they save."""

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Run:
    """The verdicts of a run in the ledger's order, and what it took to reach them."""

    verdicts: tuple[Verdict, ...]
    examples: int
    seed: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether every verified entry holds and every erratum is demonstrated."""
        return all(verdict.holds for verdict in self.verdicts)


def run(
    entries: Sequence[Entry],
    examples: int,
    seed: int,
    advance: Advance = lambda steps: None,
    jobs: int = 0,
) -> Run:
    """Judge entries of the ledger on ``examples`` random instances each, and shrink the errata.

    ``jobs`` is the number of processes; 0 takes the cores, or one process for little work.
    Raises ``ValueError`` for entries that are not the ledger's, which another process could not find.
    """
    start = time.perf_counter()
    if any(find(entry.label) is not entry for entry in entries):
        raise ValueError("run() judges entries of the ledger; for others there is verdicts.verify()")
    groups = sorted(group_by_instances(entries), key=len, reverse=True)
    work = len(entries) * examples
    jobs = jobs or (min(os.cpu_count() or 1, 8) if work > WORTH_A_PROCESS else 1)
    tasks = [([entry.label for entry in group], examples, seed) for group in groups]
    found = _in_processes(tasks, jobs, advance) if jobs > 1 else _in_process(tasks, advance)
    verdicts = tuple(Verdict(entry, **found[entry.label]) for entry in entries)
    for verdict in failing_errata(verdicts)[:SEARCHED]:
        verdict.counterexample = counterexample(verdict.entry)
    return Run(verdicts, examples, seed, time.perf_counter() - start)


SEARCHED = 3
"""Failing errata whose smallest counterexample is searched for, which can be slow."""


def failing_errata(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """List the errata that do not hold although their printed forms were seen to fail."""
    return [v for v in verdicts if not v.holds and v.misprint_failures and not v.misprint_broken]


Task = tuple[list[str], int, int]
Found = dict[str, dict[str, Any]]


def check_group(task: Task, advance: Advance) -> Found:
    """Judge one group; the fields of each verdict by label, which can cross between processes."""
    labels, examples, seed = task
    verdicts = verify([find(label) for label in labels], examples, seed, advance)
    for verdict in verdicts:
        if verdict.holds:
            verdict.without_rule = primitives_without_rule(verdict.entry)
        if verdict.holds and verdict.entry.misprint:
            verdict.counterexample = counterexample(verdict.entry)
    names = [field.name for field in fields(Verdict) if field.name != "entry"]
    return {v.entry.label: {name: getattr(v, name) for name in names} for v in verdicts}


def _in_process(tasks: list[Task], advance: Advance) -> Found:
    return {label: found for task in tasks for label, found in check_group(task, advance).items()}


class Worker:
    """What a worker process keeps: the counter that it shares with the run."""

    done: Synchronized[int]

    @classmethod
    def start(cls, done: Synchronized[int]) -> None:
        """Keep the counter, and end with the parent process; called once in each new process."""
        cls.done = done
        Thread(target=_end_with_parent, daemon=True).start()

    @classmethod
    def advance(cls, steps: int) -> None:
        """Count checks as done."""
        with cls.done.get_lock():
            cls.done.value += steps

    @classmethod
    def work(cls, task: Task) -> Found:
        """Check one group in this process."""
        return check_group(task, cls.advance)


def _end_with_parent() -> None:
    """End this process when its parent has ended in whatever way, also by SIGKILL."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Block SIGINT; processes started within the block never get it: Ctrl-C is the parent's to handle."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _in_processes(tasks: list[Task], jobs: int, advance: Advance) -> Found:
    """Check all groups in worker processes; an executor, because it notices a worker that was killed."""
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), context, Worker.start, (done,))
    try:
        with _interrupts_held():
            futures = [pool.submit(Worker.work, task) for task in tasks]
        reported = 0
        while reported < done.value or not all(future.done() for future in futures):
            advance(done.value - reported)
            reported = done.value
            time.sleep(0.05)
        return {label: found for future in futures for label, found in future.result().items()}
    except BrokenProcessPool:
        raise RuntimeError("a worker process was killed, perhaps for memory: try --jobs 1") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()
