"""The settings of a stepper: a text and some numbers, checked before anything is computed.

The checks are written out instead of using attrs or pydantic: a page marks the field that is wrong, and
each message is one line that names the value and the fix.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from numbers import Integral, Real

from w2v.train.settings import WIDEST

PAPER_TEXT = "i like text information systems"
LOSSES = ("softmax", "negative", "hs")

MAX_TEXT = 1 << 20
"""The largest number of characters of a text."""

MAX_WORD = 100
MAX_ALPHA = 1000.0

INTEGERS = {
    "window": (1, WIDEST),
    "vector_size": (1, 256),
    "seed": (0, 2**32 - 1),
    "negative": (1, 20),
}
"""The smallest and the largest value of each setting that is an integer."""


class WrongSettingError(ValueError):
    """An invalid setting or address; the message is one line with the value and the fix.

    ``field`` is the name of the setting, which a page can mark; it may be empty.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class StepSettings:
    """The settings of a :class:`w2v.stepper.Stepper`; the defaults are the example of the paper's §7.

    ``text`` has one sentence per line, words separated by whitespace; ``window`` counts the words on each
    side; ``vector_size`` is N; ``alpha`` is the learning rate, which stays constant; ``seed`` determines
    the initial matrices and the negative samples; ``loss`` is softmax, negative (negative sampling with
    ``negative`` samples for each pair) or hs (hierarchical softmax). Raises :class:`WrongSettingError`.
    """

    text: str = PAPER_TEXT
    window: int = 1
    vector_size: int = 3
    alpha: float = 0.01
    seed: int = 1
    loss: str = "softmax"
    negative: int = 2

    def __post_init__(self) -> None:
        self._check_text()
        for name, (least, most) in INTEGERS.items():
            value = getattr(self, name)
            integer = isinstance(value, Integral) and not isinstance(value, bool)
            if not integer or not least <= value <= most:
                reason = f"{name}={short_repr(value)}: give an integer from {least} to {most:,}"
                raise WrongSettingError(name, reason)
            object.__setattr__(self, name, int(value))
        real = isinstance(self.alpha, Real) and not isinstance(self.alpha, bool)
        if not real or not 0 < self.alpha <= MAX_ALPHA:  # also refuses NaN and infinity
            reason = f"alpha={short_repr(self.alpha)}: give a number above 0, at most {MAX_ALPHA:,.0f}"
            raise WrongSettingError("alpha", reason)
        object.__setattr__(self, "alpha", float(self.alpha))
        if self.loss not in LOSSES:
            raise WrongSettingError("loss", f"loss={short_repr(self.loss)}: give {' or '.join(LOSSES)}")

    def _check_text(self) -> None:
        if not isinstance(self.text, str):
            reason = f"text is of type {type(self.text).__name__}: give a str, one sentence per line"
            raise WrongSettingError("text", reason)
        if len(self.text) > MAX_TEXT:
            reason = f"text has {len(self.text):,} characters: give {MAX_TEXT:,} or fewer"
            raise WrongSettingError("text", reason)
        try:
            self.text.encode()
        except UnicodeEncodeError as problem:
            reason = f"text[{problem.start}] is half of a character (a lone surrogate): remove it"
            raise WrongSettingError("text", reason) from None

    @classmethod
    def of(cls, given: object) -> StepSettings:
        """Return the settings in a mapping; :class:`WrongSettingError` for an unknown name."""
        if not isinstance(given, Mapping):
            raise WrongSettingError("", f"settings are of type {type(given).__name__}: give a JSON object")
        names = [field.name for field in fields(cls)]
        for name in given:
            if name not in names:
                reason = f"there is no setting {short_repr(name)}: give {', '.join(names)}"
                raise WrongSettingError("", reason)
        return cls(**given)

    def as_dict(self) -> dict[str, str | int | float]:
        """Return the settings as plain data."""
        return asdict(self)

    @cached_property
    def key(self) -> str:
        """A hash of the settings: equal for equal ones."""
        content = json.dumps(self.as_dict(), sort_keys=True).encode()
        return hashlib.blake2b(content, digest_size=12).hexdigest()


def short_repr(value: object) -> str:
    """Return the repr of any value, cut to 40 characters."""
    if isinstance(value, int) and abs(value) > 10**30:  # repr of a huge int raises
        return f"a number of more than 30 digits, {'-' if value < 0 else ''}1e30 and beyond"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
