"""The address of a stage of a training step, and the addresses next to it."""

from __future__ import annotations

from typing import NamedTuple

from w2v.stepper.quantities import STAGES

LAST_STAGE = len(STAGES) - 1

Links = dict[str, dict[str, int] | None]


class Address(NamedTuple):
    """An epoch, a step in it and a stage of the step, all counted from 0.

    ``word`` counts target words for the softmax, (target, context) pairs for the other losses.
    """

    epoch: int = 0
    word: int = 0
    stage: int = 0

    def iteration(self, steps: int) -> int:
        """Return the number of steps before this one, with ``steps`` in an epoch."""
        return self.epoch * steps + self.word

    def moved(self, steps: int, by: int) -> Address | None:
        """Return the same stage ``by`` steps later; None before the first step."""
        iteration = self.iteration(steps) + by
        return Address(*divmod(iteration, steps), self.stage) if iteration >= 0 else None

    def forward(self, steps: int) -> Address:
        """Return the next stage; after the last stage, the first one of the next step."""
        if self.stage < LAST_STAGE:
            return self._replace(stage=self.stage + 1)
        return Address(*divmod(self.iteration(steps) + 1, steps))

    def back(self, steps: int) -> Address | None:
        """Return the previous stage; None at the first stage of the first step."""
        if self.stage:
            return self._replace(stage=self.stage - 1)
        before = self.moved(steps, -1)
        return before._replace(stage=LAST_STAGE) if before else None

    def links(self, steps: int, furthest: int) -> Links:
        """Return the addresses to go to, by name; None before the first step or after ``furthest``."""
        to = {
            "forward": self.forward(steps),
            "back": self.back(steps),
            "next_word": self.moved(steps, 1),
            "previous_word": self.moved(steps, -1),
            "next_epoch": self.moved(steps, steps),
            "previous_epoch": self.moved(steps, -steps),
        }
        reachable = {name: at and at.iteration(steps) <= furthest for name, at in to.items()}
        return {name: at._asdict() if at and reachable[name] else None for name, at in to.items()}
