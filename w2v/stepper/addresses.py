"""Where one can be in training, and where one can go from there."""

from __future__ import annotations

from typing import Any, NamedTuple

from w2v.stepper.quantities import STAGES

LAST = len(STAGES) - 1


class Address(NamedTuple):
    """An epoch, a step in it and a stage of the step, all counted from 0.

    ``word`` counts target words for the softmax, (target, context) pairs for the other losses.
    """

    epoch: int = 0
    word: int = 0
    stage: int = 0

    def iteration(self, steps: int) -> int:
        """How many steps came before, with ``steps`` in an epoch."""
        return self.epoch * steps + self.word

    def moved(self, steps: int, by: int) -> Address | None:
        """The same stage ``by`` steps later; None before the first step."""
        iteration = self.iteration(steps) + by
        return Address(*divmod(iteration, steps), self.stage) if iteration >= 0 else None

    def forward(self, steps: int) -> Address:
        """The next stage, after the last one the next word's first."""
        if self.stage < LAST:
            return self._replace(stage=self.stage + 1)
        return Address(*divmod(self.iteration(steps) + 1, steps))

    def back(self, steps: int) -> Address | None:
        """The stage before; None at the very beginning."""
        if self.stage:
            return self._replace(stage=self.stage - 1)
        before = self.moved(steps, -1)
        return before._replace(stage=LAST) if before else None

    def links(self, steps: int, furthest: int) -> dict[str, Any]:
        """Where one can go, by name; None where that is before the first step or beyond ``furthest``."""
        to = {
            "forward": self.forward(steps),
            "back": self.back(steps),
            "next_word": self.moved(steps, 1),
            "previous_word": self.moved(steps, -1),
            "next_epoch": self.moved(steps, steps),
            "previous_epoch": self.moved(steps, -steps),
        }
        return {
            name: there._asdict() if there and there.iteration(steps) <= furthest else None
            for name, there in to.items()
        }
