"""A run's folder: all that is needed to go on after the process was killed, at any moment.

    settings.json    what was asked for, and of which text
    text.ids         the text as numbers, written as it was read
    vocabulary.npz   its words and counts
    state.npz        the tables, and the position in the text that they belong to

Each file is written beside its place and moved into it (``files.replacing``), in this order, so that
a file that is there is whole. Until ``vocabulary.npz`` is there, a resumed run reads the text again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy import ndarray as Array

from w2v.data import vocabulary as vocabularies
from w2v.data.files import lock, read_arrays, replacing, write_arrays
from w2v.data.vocabulary import EncodedCorpus, Vocabulary
from w2v.train.training import Position

EVERY = 60.0
"""Seconds from one checkpoint to the next."""

FORMAT = 1
"""Of what is in the folder; another number is another run."""

OWN = ("state.npz", "vocabulary.npz", "text.ids", "settings.json")
"""The files of a run, in the order in which they are removed."""

LOCK = "lock"
"""The file by which a process holds the folder."""


@dataclass
class RunFolder:
    """The folder of one run; ``every`` seconds at least lie between two checkpoints."""

    folder: Path
    every: float = EVERY
    _written: float = field(default_factory=time.monotonic, init=False, repr=False)
    _held: IO[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def text(self) -> Path:
        """The text as numbers."""
        return self.folder / "text.ids"

    @property
    def known_words(self) -> Path:
        """The vocabulary, and what the numbers mean."""
        return self.folder / "vocabulary.npz"

    @property
    def state(self) -> Path:
        """The tables and the position."""
        return self.folder / "state.npz"

    @property
    def settings(self) -> Path:
        """What was asked for."""
        return self.folder / "settings.json"

    def begin(self, asked: dict[str, Any], *, resume: bool) -> None:
        """Take the folder for a run that was ``asked`` for so, or check that it holds just that run.

        It is this process's until :meth:`end`. What is no run is never touched: raises ValueError for a
        folder with other files, for a run that is there already if ``resume`` is False, and for one that
        was asked for otherwise; OSError if another process has it. A run that had not read its text, or
        was asked for otherwise and had no checkpoint yet, is begun anew.
        """
        asked = {"w2v run": FORMAT, **asked}
        self.refuse_strange()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._held = (self.folder / LOCK).open("ab")
        try:
            lock(self._held, self.folder)
            if self.goes_on(asked, resume=resume):
                return
            self.clear()
            with replacing(self.settings) as file:
                file.write(json.dumps(asked, indent=1).encode())
        except BaseException:
            self.end()
            raise

    def goes_on(self, asked: dict[str, Any], *, resume: bool) -> bool:
        """Whether the run that is here is to be gone on with; ValueError where that is not clear."""
        if not self.known_words.exists():
            return False
        other = self.differences(asked)
        if resume and other:
            raise ValueError(f"{self.folder}: {other}: give the same, or remove the folder")
        if not resume and (not other or self.state.exists()):
            reason = "an unfinished run is here: go on with it (--resume), or remove it"
            raise ValueError(f"{self.folder}: {reason}")
        return resume

    def end(self) -> None:
        """Let go of the folder."""
        if self._held:
            self._held.close()
            self._held = None

    def refuse_strange(self) -> None:
        """Raise ValueError if the folder holds anything that no run has written."""
        ours = {LOCK, *OWN, *(f".{name}.part" for name in OWN)}
        there = self.folder.iterdir() if self.folder.is_dir() else ()
        strange = sorted(path.name for path in there if path.name not in ours)
        if strange or (self.settings.exists() and "w2v run" not in self.asked_before()):
            what = strange[0] if strange else self.settings.name
            raise ValueError(f"{self.folder}: {what} in it is no run's: give a folder of its own")

    def asked_before(self) -> dict[str, Any]:
        """What the run that is here was asked for; ``ValueError`` if that cannot be read."""
        try:
            there = json.loads(self.settings.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as problem:
            raise ValueError(
                f"{self.settings}: no settings of a run ({problem}): remove the folder"
            ) from None
        return there if isinstance(there, dict) else {}

    def differences(self, asked: dict[str, Any]) -> str:
        """What the run here was asked for otherwise, in words; empty if in nothing."""
        there = self.asked_before()
        other = [name for name in asked if name not in there or there[name] != asked[name]]
        was = ", ".join(f"{name}={there.get(name)!r}" for name in other)
        now = ", ".join(f"{name}={asked[name]!r}" for name in other)
        return f"the run here has {was}, not {now}" if other else ""

    def clear(self) -> None:
        """Remove what a run wrote and nothing else; the tables first, of no use without the rest."""
        for name in OWN:
            for path in (self.folder / name, self.folder / f".{name}.part"):
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the run, when its vectors are safe; files that are not its own stay, and so the folder."""
        self.clear()
        self.end()
        (self.folder / LOCK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def text_read(self) -> tuple[Vocabulary, EncodedCorpus] | None:
        """The vocabulary and the encoded text, if the text was read to its end."""
        return vocabularies.load(self.known_words, self.text) if self.known_words.exists() else None

    def save_text(self, vocabulary: Vocabulary, corpus: EncodedCorpus) -> None:
        """Keep what was read; the encoded text is in its place already."""
        vocabularies.save(self.known_words, vocabulary, corpus)

    def tables(self) -> tuple[Array, Array, Position, Array] | None:
        """Tables, position and losses of the last checkpoint, if there is one; ``ValueError`` if broken."""
        if not self.state.exists():
            return None
        arrays = read_arrays(self.state)
        try:
            epoch, entry, words = arrays["position"].tolist()
            return arrays["W"], arrays["V_prime"], Position(epoch, entry, words), arrays["losses"]
        except (KeyError, ValueError) as problem:
            raise ValueError(f"{self.state}: no state of a run ({problem}): remove the folder") from None

    @property
    def due(self) -> bool:
        """Whether the last checkpoint is old enough for another."""
        return time.monotonic() - self._written >= self.every

    def save_tables(self, W: Array, V_prime: Array, position: Position, losses: Array) -> None:
        """Write a checkpoint."""
        place = np.array(dataclasses.astuple(position), np.int64)
        write_arrays(self.state, {"W": W, "V_prime": V_prime, "position": place, "losses": losses})
        self._written = time.monotonic()
