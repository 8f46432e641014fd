"""``Stepper``: a training run that can be stepped through in both directions."""

from __future__ import annotations

import threading
import time

from w2v._notebook import html_of
from w2v.stepper.addresses import Address
from w2v.stepper.describe import describe
from w2v.stepper.frames import Frame, Record
from w2v.stepper.instrument import Quantities
from w2v.stepper.losses import LOSS_CLASSES
from w2v.stepper.quantities import STAGES, quantities_of
from w2v.stepper.recipes import Term
from w2v.stepper.reference import badge
from w2v.stepper.settings import StepSettings, WrongSettingError, short_repr
from w2v.stepper.text import Text
from w2v.stepper.trajectory import MEMORY, State, Trajectory
from w2v.stepper.windows import Limits

MAX_FRAMES, FRAME_MEMORY = 8, 64 << 20
"""The largest number of frames that are kept, and of their bytes."""

MAX_WORDS = 200
"""The largest number of words of a text whose sentences are all listed."""

PAUSE = 0.001
"""The seconds for which a long seek releases the lock; without a pause no other thread would get it."""


class Stepper:
    """A training run, one step at a time: every number, and where it comes from.

    ``text`` has one sentence per line; ``window``, ``vector_size``, ``alpha``, ``seed``, ``loss`` and
    ``negative`` are those of :class:`~w2v.stepper.settings.StepSettings`. The address at the start is the
    first stage of the first word. All numbers are functions of the settings and the address, whatever was
    asked for before. Several threads can use one object.

    In a notebook, a stepper at the end of a cell is shown as the visualizer's page.

    Raises :class:`~w2v.stepper.settings.WrongSettingError`, a ValueError of one line.

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
        limits: tuple[int, int, int] = Limits(),
        memory: int = MEMORY,
        **settings: int | float | str,
    ) -> None:
        self.settings = StepSettings.of({"text": text, **settings})
        self.text = Text.of(self.settings)
        self.loss = LOSS_CLASSES[self.settings.loss](self.text, self.settings)
        self.trajectory = Trajectory(self.text, self.loss, self.settings, memory)
        self.limits = Limits(*limits)
        self.address = Address()
        self._frames: dict[int, Frame] = {}
        self._lock = threading.RLock()

    @classmethod
    def of(cls, settings: StepSettings) -> Stepper:
        """Return a stepper for checked settings."""
        return cls(**settings.as_dict())  # type: ignore[arg-type]

    def __repr__(self) -> str:
        epoch, word, stage = self.address
        return f"Stepper({short_repr(self.settings.text)}: epoch {epoch}, word {word}, {STAGES[stage]})"

    @property
    def steps_per_epoch(self) -> int:
        """The steps of an epoch: target words for the softmax, (target, context) pairs otherwise."""
        return len(self.text)

    # --- moving ---

    def forward(self) -> Stepper:
        """Go to the next stage, after the last one to the next word; return the stepper."""
        return self.go(self.address.forward(len(self.text)))

    def back(self) -> Stepper:
        """Go to the previous stage; at the beginning, stay."""
        return self.go(self.address.back(len(self.text)) or self.address)

    def next_word(self) -> Stepper:
        """Go to the same stage of the next word."""
        return self.go(self.address.moved(len(self.text), 1) or self.address)

    def next_epoch(self) -> Stepper:
        """Go to the same stage of the same word, an epoch later."""
        return self.go(self.address.moved(len(self.text), len(self.text)) or self.address)

    def go(self, address: Address | tuple[int, int, int]) -> Stepper:
        """Go to an address; :class:`WrongSettingError` if it does not exist."""
        address = self.checked(*address)
        self.frame(address)
        self.address = address
        return self

    def checked(self, epoch: int = 0, word: int = 0, stage: int = 0) -> Address:
        """Return an address of an existing step; :class:`WrongSettingError` otherwise."""
        limits = {"epoch": (epoch, None), "word": (word, len(self.text)), "stage": (stage, len(STAGES))}
        for name, (value, size) in limits.items():
            integer = isinstance(value, int) and not isinstance(value, bool)
            if not integer or value < 0 or (size is not None and value >= size):
                most = "or more" if size is None else f"to {size - 1:,}"
                raise WrongSettingError(name, f"{name}={short_repr(value)}: give an integer, 0 {most}")
        return Address(epoch, word, stage)

    # --- reading ---

    def frame(self, address: Address | None = None) -> Frame:
        """Return the step at an address, by default the current one, with all its quantities."""
        iteration = (address or self.address).iteration(len(self.text))
        state: State | None = None
        while True:
            with self._lock:  # released between the pieces of a long way, for requests of other threads
                if iteration in self._frames:
                    return self._frames[iteration]
                state = self.trajectory.advance(iteration, state)
                if state.iteration == iteration:
                    return self._keep(state)
            time.sleep(PAUSE)

    def _keep(self, state: State) -> Frame:
        """Compute a frame and keep it, within two bounds; cachetools refuses an item above its bound."""
        found = self.trajectory.quantities(state)
        self.trajectory.keep(state, found)
        frame = Frame(self.trajectory, state, found, self.limits)
        self._frames[state.iteration] = frame
        size = sum(value.nbytes for value in found.values())
        while len(self._frames) > max(1, min(MAX_FRAMES, FRAME_MEMORY // size)):
            del self._frames[next(iter(self._frames))]
        return frame

    def known(self) -> Quantities:
        """Return the quantities that are known at the current stage, as arrays."""
        found, table = self.frame().found, quantities_of(self.settings.loss)
        return {name: found[name] for name, q in table.items() if q.stage <= self.address.stage}

    def derivation(self, name: str, at: tuple[int, ...]) -> list[Term]:
        """Return where a number of the current step comes from: literals and references, in order."""
        return self.frame().derivation(name, at)

    def written(self, name: str, at: tuple[int, ...], digits: int | None = 2) -> str:
        """Return the same with its numbers: rounded to ``digits``, or in full for None."""
        return self.frame().written(name, at, digits)

    def badge(self, address: Address | None = None) -> Record:
        """Return the largest difference between a step's gradients and JAX's."""
        return badge(self.loss.module, self.frame(address).found)

    # --- as plain data ---

    def step(self, epoch: int = 0, word: int = 0) -> Record:
        """Return a step as plain data, all its stages."""
        frame = self.frame(self.checked(epoch, word))
        with self._lock:
            return {"session": self.settings.key, **frame.record()}

    def session(self) -> Record:
        """Return what all steps have in common, as plain data."""
        words, text = self.text.words, self.text
        short = range(len(text.lengths) if len(text.ids) <= MAX_WORDS else 0)
        return {
            "id": self.settings.key,
            "settings": self.settings.as_dict(),
            "loss": self.settings.loss,
            "steps_per_epoch": len(text),
            "furthest": self.trajectory.furthest,
            "sentences": [[words[word] for word in text.sentence(s)] for s in short] or None,
            **describe(self.settings.loss, self.loss),
            "limits": self.limits._asdict(),
            "notes": self.notes(),
        }

    def notes(self) -> list[str]:
        """Return what a reader should know about the text."""
        alone = self.text.without_context
        if not alone:
            return []
        names = ", ".join(f"“{word}”" for word in alone[:3]) + (", …" if len(alone) > 3 else "")
        return [f"Skipped, as the only word of a line has no context: {names}."]

    def _repr_html_(self) -> str | None:
        """Return the visualizer's page with the first epochs, for a notebook."""
        return html_of(self)
