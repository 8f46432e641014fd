"""The steppers that a server keeps, one for each settings, those used last and within a bound.

A session belongs to nobody: its name is a hash of its settings, so that two browsers with the same settings
share one, and one that was dropped can be created again.
"""

from __future__ import annotations

import threading

from cachetools import LRUCache

from w2v.stepper import Stepper, StepSettings
from w2v.stepper.settings import MAX_TEXT

MAX_SESSIONS = 32
MAX_CHARACTERS = 4 * MAX_TEXT
"""The largest number of sessions, and of the characters of all their texts."""


def size_of(stepper: Stepper) -> int:
    """Return the share of a stepper in ``MAX_CHARACTERS``; all have at least the same small one."""
    return max(len(stepper.settings.text), MAX_CHARACTERS // MAX_SESSIONS)


class Sessions:
    """Steppers by the name of their settings."""

    def __init__(self) -> None:
        self._steppers: LRUCache[str, Stepper] = LRUCache(MAX_CHARACTERS, size_of)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._steppers)

    def create(self, settings: StepSettings) -> Stepper:
        """Return the stepper for these settings; WrongSettingError if the text has no step."""
        stepper = self.find(settings.key) or Stepper.of(settings)
        with self._lock:
            return self._steppers.setdefault(settings.key, stepper)

    def find(self, key: str) -> Stepper | None:
        """Return the stepper of that name, if it is kept."""
        with self._lock:
            return self._steppers.get(key)
