"""Every specimen on 100 random instances: how often it is caught, and how often it is named right.

    python -m tests.zoo.zoo_measured [--instances 100] [--near 12] [NAME ...]

An instance is a shape and values of the ordinary scale; one on which the mistake happens to be none (one
context word, no word twice) is passed over, and counted as such. *Caught*: the checker, given this instance
alone, calls the gradient wrong. *Named*: given it and ``near`` more, as a student's run has them, it
says what is wrong. The right gradients must pass on every instance that is met. The exit status is 0 if
95 of 100 are caught, and 95 named, for every specimen.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import dataclass

from derivations.checker.losses import Loss
from derivations.checker.shapes import random_instance, some_instances
from derivations.cli.zoo import found
from derivations.zoo import ZOO, Specimen, find
from tests.zoo.test_zoo import RIGHT_NUMBERS, same
from tests.zoo.test_zoo_named import judge_of, tried

ENOUGH = 0.95


@dataclass
class Tally:
    """How a specimen fared: on how many instances, and how many were passed over."""

    instances: int = 0
    passed_over: int = 0
    caught: int = 0
    named: int = 0
    right_failed: int = 0

    @property
    def good(self) -> bool:
        """Whether it was caught and named often enough, and the right gradient passed on all."""
        enough = ENOUGH * self.instances
        return min(self.caught, self.named) >= enough > 0 and not self.right_failed


def measured(specimen: Specimen, loss: Loss, instances: int, near: int) -> Tally:
    """The tally of one specimen."""
    tally = Tally()
    numbers_are_wrong = not any(kind in RIGHT_NUMBERS for kind, _ in specimen.named)
    seed = 0
    while tally.instances < instances and seed < 10 * instances:
        one = random_instance(loss.description, seed)
        seed += 1
        if not loss.judge(one).sound or (numbers_are_wrong and same(specimen, one.inputs)):
            tally.passed_over += 1
            continue
        tally.instances += 1
        more = some_instances(loss.description, near, seed, shapes=loss.few_shapes, scales=["ordinary"])
        tally.caught += not tried(specimen.exhibit, specimen.wrong, [one])[1].right
        tally.named += found(specimen, tried(specimen.exhibit, specimen.wrong, [one, *more])[1])
        tally.right_failed += not tried(specimen.exhibit, specimen.exhibit.right, [one])[1].right
    return tally


def main() -> int:
    """Measure the specimens that are named, or all."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--instances", type=int, default=100)
    parser.add_argument("--near", type=int, default=12)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    bad = 0
    for specimen in [find(name) for name in options.names] or ZOO:
        tally = measured(specimen, judge_of(specimen.exhibit), options.instances, options.near)
        bad += not tally.good
        print(
            f"{'ok ' if tally.good else 'NOT'} {specimen.name:34} of {tally.instances:3} caught"
            f" {tally.caught:3}, named {tally.named:3}, right fails {tally.right_failed}"
            f" ({tally.passed_over} passed over)",
            flush=True,
        )
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
