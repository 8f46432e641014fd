"""The walks that a server has at hand: one for each settings, the ones asked for last, and not too many.

A session belongs to nobody. Its name says what its settings are, so two browsers with the same settings
share one without noticing, since nothing in it changes; and one that was let go of is made again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from w2v.stepper import Stepper, StepSettings
from w2v.stepper.settings import LARGEST_TEXT

SESSIONS = 32
CHARACTERS = 4 * LARGEST_TEXT
"""Sessions, and characters of all their texts, at most."""


class Sessions:
    """Walks by the name of their settings."""

    def __init__(self) -> None:
        self._steppers: OrderedDict[str, Stepper] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._steppers)

    def make(self, settings: StepSettings) -> Stepper:
        """The walk for these settings; WrongSettingError if there is none."""
        known = self.find(settings.key)
        if known is not None:
            return known
        stepper = Stepper.of(settings)
        with self._lock:
            stepper = self._steppers.setdefault(settings.key, stepper)
            self._let_go()
        return stepper

    def find(self, key: str) -> Stepper | None:
        """The walk of that name, if it is still at hand."""
        with self._lock:
            if key in self._steppers:
                self._steppers.move_to_end(key)
            return self._steppers.get(key)

    def _let_go(self) -> None:
        steppers = self._steppers
        while len(steppers) > 1 and (
            len(steppers) > SESSIONS
            or sum(len(stepper.settings.text) for stepper in steppers.values()) > CHARACTERS
        ):
            steppers.popitem(last=False)
