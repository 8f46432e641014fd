"""What a training run can be told; names, meanings and values are gensim's where gensim has the thing."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from numbers import Integral
from typing import Any

LOSSES = ("auto", "softmax", "negative_sampling", "hierarchical_softmax")
BACKENDS = ("numpy", "jax")
DTYPES = ("float32", "float64")

TINY, TINY_TEXT = 100, 10_000
"""Different words, and words, up to which ``loss="auto"`` is the paper's exact softmax."""

LARGEST_BLOCK = 1 << 14
"""Target words of a block, at most."""

WIDEST = 1_000
"""Words that a window may reach to each side."""

ALPHA, ALPHA_OF_MEAN, NEGATIVE, SAMPLE, BLOCK, SHARED, MAX_UPDATE = 0.025, 0.15, 5, 1e-3, 48, 46, 0.3
"""The values that None stands for, where a loss takes the technique at all. A block of the skip-gram has
48 + 46 rows and, on both sides, a window: 104 with the usual 5, a multiple of 8, which products like."""


DEFAULTS = TINY, TINY_TEXT, ALPHA, ALPHA_OF_MEAN, NEGATIVE, SAMPLE, BLOCK, MAX_UPDATE
"""All that None and ``auto`` depend on: where these are others, so are a run's bits."""


@dataclass(frozen=True)
class Settings:
    """The settings of :class:`w2v.Word2Vec`, checked; see there for what each one means.

    Raises ``ValueError`` for a value that makes no sense, with its name, the value and the repair.
    """

    vector_size: int = 100
    window: int = 5
    min_count: int | None = None
    sg: int = 1
    hs: int = 0
    negative: int | None = None
    sample: float | None = None
    alpha: float | None = None
    min_alpha: float = 0.0001
    epochs: int = 5
    seed: int = 1
    loss: str = "auto"
    backend: str = "numpy"
    ns_exponent: float = 0.75
    cbow_mean: int = 1
    shrink_windows: bool | None = None
    max_vocab_size: int | None = None
    max_final_vocab: int | None = None
    block_words: int | None = None
    shared_negatives: int = SHARED
    max_update: float | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        for name in ("vector_size", "window", "epochs", "shared_negatives"):
            self._whole(name, 1)
        if self.window > WIDEST:
            raise ValueError(f"window={self.window:,}: give {WIDEST:,} words or fewer")
        for name in ("min_count", "max_vocab_size", "max_final_vocab", "block_words"):
            self._whole(name, 1, optional=True)
        if self.block_words and self.block_words > LARGEST_BLOCK:
            raise ValueError(f"block_words={self.block_words:,}: give {LARGEST_BLOCK:,} or fewer")
        self._whole("negative", 0, optional=True)
        self._whole("seed", 0)
        for name in ("sg", "hs", "cbow_mean"):
            self._one_of(name, (0, 1))
        self._one_of("shrink_windows", (None, True, False))
        self._one_of("loss", LOSSES)
        self._one_of("backend", BACKENDS)
        self._one_of("dtype", (None, *DTYPES))
        self._number("alpha", above=0.0, most=1000.0, optional=True)
        most = self._alpha() if self.alpha is None else self.alpha
        self._number("min_alpha", least=0.0, most=most, why="alpha is where it comes down from")
        self._number("sample", least=0.0, most=1.0, optional=True)
        self._number("ns_exponent")
        self._number("max_update", above=0.0, optional=True, finite=False)
        self._asks_something()

    def _alpha(self) -> float:
        """The learning rate that None stands for."""
        return ALPHA if self.sg or not self.cbow_mean else ALPHA_OF_MEAN

    def _asks_something(self) -> None:
        if self.loss == "auto" and self.negative == 0 and not self.hs:
            raise ValueError(
                "hs=0 and negative=0 leave nothing to learn from: give negative=5, hs=1 or loss='softmax'"
            )
        if self.loss == "negative_sampling" and self.negative == 0:
            raise ValueError("loss='negative_sampling' needs negatives: give negative=5")
        for loss, name in (("softmax", "hs"), ("softmax", "negative"), ("hierarchical_softmax", "negative"),
                           ("negative_sampling", "hs")):  # fmt: skip
            if self.loss == loss and getattr(self, name):
                value = getattr(self, name)
                raise ValueError(f"loss={loss!r} and {name}={value} exclude each other: give one of them")

    def _whole(self, name: str, least: int, *, optional: bool = False) -> None:
        value = getattr(self, name)
        if value is None and optional:
            return
        if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
            raise ValueError(f"{name}={value!r}: give a whole number, {least} or more")
        object.__setattr__(self, name, int(value))  # NumPy's whole numbers are taken, and kept as Python's

    def _one_of(self, name: str, values: tuple[Any, ...]) -> None:
        value = getattr(self, name)
        if not any(value is known or value == known for known in values):
            raise ValueError(f"{name}={value!r}: give {' or '.join(map(repr, values))}")

    def _number(
        self,
        name: str,
        *,
        least: float = -math.inf,
        most: float = math.inf,
        above: float | None = None,
        optional: bool = False,
        finite: bool = True,
        why: str = "",
    ) -> None:
        value = getattr(self, name)
        if value is None and optional:
            return
        if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
            raise ValueError(f"{name}={value!r}: give a number")
        if finite and math.isinf(value):
            raise ValueError(f"{name}={value!r}: give a finite number")
        if above is not None and value <= above:
            raise ValueError(f"{name}={value!r}: give a number above {above:g}")
        if not least <= value <= most:
            limits = f"{least:g} or more" if math.isinf(most) else f"from {least:g} to {most:g}"
            raise ValueError(f"{name}={value!r}: give a number {limits}{f' ({why})' if why else ''}")

    def resolved(self, vocabulary_size: int, raw_words: int = 0) -> Settings:
        """The settings with every None and ``auto`` decided, for so many different words and words."""
        loss = self.loss
        tiny = vocabulary_size <= TINY and raw_words <= TINY_TEXT
        if loss == "auto" and tiny and not self.hs and self.negative is None:
            loss = "softmax"
        exact = loss == "softmax"
        hs = {"hierarchical_softmax": 1, "negative_sampling": 0, "softmax": 0}.get(loss, self.hs)
        negative = NEGATIVE if self.negative is None else self.negative
        if exact or loss == "hierarchical_softmax":
            negative = 0
        block_words = self.block_words or (1 if exact else BLOCK)
        return dataclasses.replace(
            self,
            loss="softmax" if exact else "auto",
            hs=hs,
            negative=negative,
            alpha=_first(self.alpha, self._alpha()),
            sample=_first(self.sample, 0.0 if exact else SAMPLE),
            shrink_windows=_first(self.shrink_windows, not exact),
            block_words=block_words,
            max_update=_first(self.max_update, math.inf if block_words == 1 else MAX_UPDATE),
            dtype=self.dtype or ("float64" if exact else "float32"),
        )


def _first(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value
