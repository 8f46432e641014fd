"""What a walk through training can be told: a text and some numbers, checked before anything else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from numbers import Integral, Real
from typing import Any

from w2v.train.settings import WIDEST

PAPER = "i like text information systems"
LOSSES = ("softmax", "negative", "hs")

LARGEST_TEXT = 1 << 20
"""Characters of a text, at most: V of some hundred thousand, of which a window is shown."""

LONGEST_WORD = 100
WIDEST_VECTOR = 256
MOST_NEGATIVE = 20
LARGEST_SEED = 2**32 - 1
LARGEST_ALPHA = 1000.0


class WrongSettingError(ValueError):
    """A value that makes no sense; the message is one line with the value and the repair.

    ``field`` is the name of the setting, which a page can mark.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class StepSettings:
    """The settings of a :class:`w2v.stepper.Stepper`; with none given, the case of the paper's §7.

    ``text`` has one sentence a line, words separated by whitespace; ``window`` words on each side;
    ``vector_size`` N; ``alpha`` the learning rate, which stays the same; ``seed`` of the first tables
    and of the draws; ``loss`` softmax, negative (negative sampling, ``negative`` draws for each pair of
    words) or hs (hierarchical softmax). Raises :class:`WrongSettingError`.
    """

    text: str = PAPER
    window: int = 1
    vector_size: int = 3
    alpha: float = 0.01
    seed: int = 1
    loss: str = "softmax"
    negative: int = 2

    def __post_init__(self) -> None:
        self._text()
        self._whole("window", 1, WIDEST)
        self._whole("vector_size", 1, WIDEST_VECTOR)
        self._whole("seed", 0, LARGEST_SEED)
        self._whole("negative", 1, MOST_NEGATIVE)
        self._rate()
        if self.loss not in LOSSES:
            raise WrongSettingError("loss", f"loss={shown(self.loss)}: give {' or '.join(LOSSES)}")

    def _text(self) -> None:
        text = self.text
        if not isinstance(text, str):
            kind = type(text).__name__
            raise WrongSettingError("text", f"text is of type {kind}: give a str, one sentence a line")
        if len(text) > LARGEST_TEXT:
            raise WrongSettingError(
                "text", f"text has {len(text):,} characters: give {LARGEST_TEXT:,} or fewer"
            )
        try:
            text.encode()
        except UnicodeEncodeError as problem:
            raise WrongSettingError(
                "text", f"text[{problem.start}] is half of a character (a lone surrogate): take it out"
            ) from None

    def _whole(self, name: str, least: int, most: int) -> None:
        value = getattr(self, name)
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not whole or not least <= value <= most:
            raise WrongSettingError(
                name, f"{name}={shown(value)}: give a whole number from {least} to {most:,}"
            )
        object.__setattr__(self, name, int(value))

    def _rate(self) -> None:
        value = self.alpha
        number = isinstance(value, Real) and not isinstance(value, bool)
        if not number or not 0 < value <= LARGEST_ALPHA:  # which NaN and infinity are not
            raise WrongSettingError(
                "alpha", f"alpha={shown(value)}: give a number above 0, at most {LARGEST_ALPHA:,.0f}"
            )
        object.__setattr__(self, "alpha", float(value))

    @classmethod
    def of(cls, given: Any) -> StepSettings:
        """The settings that a mapping gives; :class:`WrongSettingError` for any other name."""
        if not isinstance(given, Mapping):
            raise WrongSettingError("", f"settings are of type {type(given).__name__}: give a JSON object")
        names = [field.name for field in fields(cls)]
        for name in given:
            if name not in names:
                raise WrongSettingError("", f"there is no setting {shown(name)}: give {', '.join(names)}")
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain data."""
        return asdict(self)

    @cached_property
    def key(self) -> str:
        """A name for these settings: equal for equal ones, so that a session can be made again."""
        content = json.dumps(self.as_dict(), sort_keys=True).encode()
        return hashlib.blake2b(content, digest_size=12).hexdigest()


def shown(value: object) -> str:
    """A value for a message: short, whatever it is."""
    if isinstance(value, int) and abs(value) > 10**30:
        return f"a number of more than 30 digits, {'-' if value < 0 else ''}1e30 and beyond"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
