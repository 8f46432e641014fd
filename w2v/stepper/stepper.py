"""``Stepper``: training as a row of states that one can walk in both directions."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from w2v.stepper.addresses import Address
from w2v.stepper.describe import describe
from w2v.stepper.frames import Frame
from w2v.stepper.losses import loss_of
from w2v.stepper.quantities import STAGES, quantities_of
from w2v.stepper.recipes import Term
from w2v.stepper.referee import badge
from w2v.stepper.settings import StepSettings, WrongSettingError, shown
from w2v.stepper.text import Text
from w2v.stepper.trajectory import MEMORY, State, Trajectory
from w2v.stepper.windows import COLUMNS, CONTEXTS, ROWS

FRAMES, FRAME_MEMORY = 8, 64 << 20
"""Steps whose quantities are kept at hand, and bytes of all of them, at most."""

MOST_WORDS = 200
"""Words of a text that is shown whole."""

PAUSE = 0.001
"""Seconds in which others come in: without it who holds a lock has it again before they are awake."""


class Stepper:
    """A walk through training: every number of every step, and where it comes from.

    ``text`` has one sentence a line; ``window``, ``vector_size``, ``alpha``, ``seed``, ``loss`` and
    ``negative`` are those of :class:`~w2v.stepper.settings.StepSettings`. The walk begins at the first
    stage of the first word. Everything is computed from the settings alone: the same address has the same
    numbers, in whatever order steps are asked for. One object may be asked by several threads.

    Raises :class:`~w2v.stepper.settings.WrongSettingError`, a ValueError in one line.

    >>> stepper = Stepper("i like text information systems", window=1, vector_size=3)
    >>> stepper.forward().address
    Address(epoch=0, word=0, stage=1)
    >>> stepper.written("h", (0,))
    '1·0.02 + 0·0.90 + 0·0.66 + 0·(−0.94) + 0·(−0.34)'
    """

    def __init__(
        self,
        text: str = StepSettings.text,
        *,
        limits: tuple[int, int, int] = (ROWS, COLUMNS, CONTEXTS),
        memory: int = MEMORY,
        **settings: Any,
    ) -> None:
        self.settings = StepSettings.of({"text": text, **settings})
        self.text = Text.of(self.settings)
        self.loss = loss_of(self.text, self.settings)
        self.trajectory = Trajectory(self.text, self.loss, self.settings, memory)
        self.limits = limits
        self.address = Address()
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._lock = threading.RLock()

    @classmethod
    def of(cls, settings: StepSettings) -> Stepper:
        """The walk for checked settings."""
        return cls(**settings.as_dict())

    def __repr__(self) -> str:
        epoch, word, stage = self.address
        return f"Stepper({shown(self.settings.text)}: epoch {epoch}, word {word}, {STAGES[stage]})"

    @property
    def steps_per_epoch(self) -> int:
        """The steps of an epoch: target words for the softmax, (target, context) pairs otherwise."""
        return len(self.text)

    # --- walking ---

    def forward(self) -> Stepper:
        """To the next stage; after the last one to the next word. Returns itself, as all of these do."""
        return self.go(self.address.forward(len(self.text)))

    def back(self) -> Stepper:
        """To the stage before; nothing happens at the beginning."""
        return self.go(self.address.back(len(self.text)) or self.address)

    def next_word(self) -> Stepper:
        """To the same stage of the next word."""
        return self.go(self.address.moved(len(self.text), 1) or self.address)

    def next_epoch(self) -> Stepper:
        """To the same stage of the same word, an epoch later."""
        return self.go(self.address.moved(len(self.text), len(self.text)) or self.address)

    def go(self, address: Address | tuple[int, int, int]) -> Stepper:
        """To any address; :class:`WrongSettingError` if it is none."""
        address = self.checked(*address)
        self.frame(address)
        self.address = address
        return self

    def checked(self, epoch: int = 0, word: int = 0, stage: int = 0) -> Address:
        """An address, if there is such a step; :class:`WrongSettingError` otherwise."""
        limits = {"epoch": (epoch, None), "word": (word, len(self.text)), "stage": (stage, len(STAGES))}
        for name, (value, size) in limits.items():
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or value < 0 or (size is not None and value >= size):
                most = "or more" if size is None else f"to {size - 1:,}"
                raise WrongSettingError(name, f"{name}={shown(value)}: give a whole number, 0 {most}")
        return Address(epoch, word, stage)

    # --- looking ---

    def frame(self, address: Address | None = None) -> Frame:
        """The step at an address, by default at the present one, with all its quantities."""
        iteration = (address or self.address).iteration(len(self.text))
        state: State | None = None
        while True:
            with self._lock:  # which is let go of on the way, for those who want a step that is near
                if iteration in self._frames:
                    return self._frames[iteration]
                state = self.trajectory.toward(iteration, state)
                if state.iteration == iteration:
                    return self._kept(Frame.of(self.trajectory, state, self.limits))
            time.sleep(PAUSE)

    def _kept(self, frame: Frame) -> Frame:
        self._frames[frame.state.iteration] = frame
        size = sum(value.nbytes for value in frame.found.values() if hasattr(value, "nbytes"))
        while len(self._frames) > max(1, min(FRAMES, FRAME_MEMORY // size)):
            self._frames.popitem(last=False)
        return frame

    def known(self) -> dict[str, Any]:
        """The quantities that are known at the present stage, as arrays."""
        found = self.frame().found
        table = quantities_of(self.settings.loss)
        return {name: found[name] for name, named in table.items() if named.stage <= self.address.stage}

    def derivation(self, name: str, at: tuple[int, ...]) -> list[Term]:
        """Where a number of the present step comes from: literals and references, in order."""
        return self.frame().derivation(name, at)

    def written(self, name: str, at: tuple[int, ...], digits: int | None = 2) -> str:
        """The same with its numbers: rounded to ``digits``, or in full for None."""
        return self.frame().written(name, at, digits)

    def badge(self, address: Address | None = None) -> dict[str, Any]:
        """The largest difference between this step's gradients and JAX's."""
        return badge(self.loss.module, self.frame(address).found)

    # --- as plain data ---

    def step(self, epoch: int = 0, word: int = 0) -> dict[str, Any]:
        """A step as plain data, all its stages."""
        frame = self.frame(self.checked(epoch, word))
        with self._lock:
            return {"session": self.settings.key, **frame.record()}

    def session(self) -> dict[str, Any]:
        """What all steps have in common, as plain data."""
        words, text = self.text.words, self.text
        rows, columns, contexts = self.limits
        return {
            "id": self.settings.key,
            "settings": self.settings.as_dict(),
            "loss": self.settings.loss,
            "words": words if len(words) <= MOST_WORDS else None,
            "V": len(words),
            "N": self.settings.vector_size,
            "steps_per_epoch": len(self.text),
            "furthest": self.trajectory.furthest,
            "sentences": [[words[word] for word in text.sentence(s)] for s in range(len(text.lengths))]
            if len(text.ids) <= MOST_WORDS
            else None,
            **describe(self.settings.loss, self.loss),
            "limits": {"rows": rows, "columns": columns, "contexts": contexts},
            "notes": self.notes(),
        }

    def notes(self) -> list[str]:
        """What a reader should know of the text."""
        alone = self.text.alone
        if not alone:
            return []
        names = ", ".join(f"“{word}”" for word in alone[:3]) + (", …" if len(alone) > 3 else "")
        passed = "It is" if len(alone) == 1 else "They are"
        return [f"Alone in a line, and so without context: {names}. {passed} passed over."]

    def _repr_html_(self) -> str:
        """Itself in a notebook: the page with its first epochs, in a frame of its own."""
        from w2v.visualizer.export import framed  # the one arrow back, and only when a notebook asks

        return framed(self)

    def labels(self) -> list[str]:
        """The labels of the ledger that the steps' equations have."""
        table: Mapping[str, Any] = quantities_of(self.settings.loss)
        return list(dict.fromkeys(label for named in table.values() for label in named.labels))
