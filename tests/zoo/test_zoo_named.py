"""The zoo before the checker: every specimen is caught and named right, every right gradient passes.

A hundred random instances each. *Caught*: the gradient is called wrong there, wherever the mistake makes a
difference. *Named*: the diagnosis says what it is, and its prediction is the specimen's gradient, in
every entry, on every one of them. ``python -m tests.zoo.zoo_measured`` asks for the name a hundred times.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import pytest

from derivations.checker.calls import Hand
from derivations.checker.findings import Report
from derivations.checker.losses import Loss
from derivations.checker.shapes import some_instances
from derivations.checker.trial import Trial
from derivations.checker.verdict import report_on
from derivations.cli.zoo import found
from derivations.oracle.cases import Instance
from derivations.zoo import EXHIBITS, ZOO, Exhibit, Specimen
from tests.zoo.test_zoo import RIGHT_NUMBERS, described, same

INSTANCES, ENOUGH = 100, 0.95


@cache
def judge_of(exhibit: Exhibit) -> Loss:
    """The loss before the judges: traced once, for all of its specimens."""
    return Loss(exhibit.loss, described(exhibit), exhibit.wrt.split())


def tried(exhibit: Exhibit, gradient: Any, instances: list[Instance]) -> tuple[Trial, Report]:
    """A gradient held against an exhibit's loss on these instances, and the report on it."""
    loss = judge_of(exhibit)
    trial = Trial(loss, Hand(gradient, loss.names, loss.wrt))
    trial.judge_all(instances, time.perf_counter() + 600)
    return trial, report_on(trial)


def ordinary(exhibit: Exhibit, seed: int = 1) -> list[Instance]:
    """A hundred instances of the ordinary scale."""
    loss = judge_of(exhibit)
    return some_instances(loss.description, INSTANCES, seed, shapes=loss.few_shapes, scales=["ordinary"])


@pytest.mark.parametrize("specimen", ZOO, ids=lambda specimen: specimen.name)
def test_a_specimen_is_caught_and_named_on_a_hundred_instances(specimen: Specimen) -> None:
    instances = ordinary(specimen.exhibit)
    trial, report = tried(specimen.exhibit, specimen.wrong, instances)
    caught = {id(case.instance) for case in trial.cases if not case.holds}
    caught |= {id(instance) for instance, finding in trial.found if finding.fatal}
    kinds = {kind for kind, _ in specimen.named}
    if kinds & {"stale", "differs-between-calls", *RIGHT_NUMBERS}:
        assert (
            len(caught) > 0.7 * INSTANCES
        )  # where there was no call before, or a step of 0, nothing shows
    else:
        judged = {id(case.instance) for case in trial.cases}
        matter = [one for one in instances if id(one) in judged and not same(specimen, one.inputs)]
        assert sum(id(one) in caught for one in matter) >= ENOUGH * len(matter) > 10
    assert found(specimen, report), report
    assert not report.unexplained, report


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_a_right_gradient_passes_on_all_instances(exhibit: Exhibit) -> None:
    loss = judge_of(exhibit)
    everything = some_instances(loss.description, INSTANCES, 2, shapes=loss.few_shapes)
    trial, report = tried(exhibit, exhibit.right, everything + ordinary(exhibit))
    assert report.right, report
    assert all(case.holds for case in trial.cases)
    assert len(trial.cases) > 0.8 * 2 * INSTANCES
