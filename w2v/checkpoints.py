"""A run's folder: all that is needed to go on after the process was killed, at any moment.

    settings.json    what was asked for, and of which text
    text.ids         the text as numbers, written as it was read
    vocabulary.npz   its words and counts
    state.npz        the tables, and the position in the text that they belong to

Each file is written beside its place and moved into it (``w2v.files.replacing``), in this order, so that
a file that is there is whole. Until ``vocabulary.npz`` is there, a resumed run reads the text again.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray as Array

from w2v import vocabulary as vocabularies
from w2v.files import read_arrays, replacing, write_arrays
from w2v.settings import Settings
from w2v.training import Backend, Position, Progress
from w2v.vocabulary import EncodedCorpus, Vocabulary

EVERY = 60.0
"""Seconds from one checkpoint to the next."""


@dataclass
class RunFolder:
    """The folder of one run; ``every`` seconds at least lie between two checkpoints."""

    folder: Path
    every: float = EVERY
    _written: float = field(default_factory=time.monotonic, init=False, repr=False)

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

    def begin(self, settings: Settings, source: str, *, resume: bool) -> None:
        """Make the folder, or check that it holds a run of these settings on this text.

        A run that had not read its text is begun again. Raises ValueError if there is a run already and
        ``resume`` is False, or if it had other settings or another text: then nothing is touched.
        """
        asked = {"source": source, **dataclasses.asdict(settings)}
        if self.known_words.exists():
            if not resume:
                reason = "an unfinished run is here: go on with it (--resume), or remove it"
                raise ValueError(f"{self.folder}: {reason}")
            self.compare(asked)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.settings) as file:
            file.write(json.dumps(asked, indent=1).encode())

    def compare(self, asked: dict[str, Any]) -> None:
        """Raise ValueError if the run that is here was asked for something else."""
        try:
            there = json.loads(self.settings.read_bytes())
        except ValueError as problem:
            raise ValueError(
                f"{self.settings}: no settings of a run ({problem}): remove the folder"
            ) from None
        other = [name for name in asked if there.get(name) != asked[name]]
        if other:
            was = ", ".join(f"{name}={there.get(name)!r}" for name in other)
            now = ", ".join(f"{name}={asked[name]!r}" for name in other)
            reason = f"the run here has {was}, not {now}: give the same, or remove the folder"
            raise ValueError(f"{self.folder}: {reason}")

    def text_read(self) -> tuple[Vocabulary, EncodedCorpus] | None:
        """The vocabulary and the encoded text, if the text was read to its end."""
        return vocabularies.load(self.known_words, self.text) if self.known_words.exists() else None

    def save_text(self, vocabulary: Vocabulary, corpus: EncodedCorpus) -> None:
        """Keep what was read; the encoded text is in its place already."""
        vocabularies.save(self.known_words, vocabulary, corpus)

    def tables(self) -> tuple[Array, Array, Position] | None:
        """The tables and the position of the last checkpoint, if there is one."""
        if not self.state.exists():
            return None
        arrays = read_arrays(self.state)
        try:
            epoch, entry, words = arrays["position"].tolist()
            return arrays["W"], arrays["V_prime"], Position(epoch, entry, words)
        except (KeyError, ValueError) as problem:
            raise ValueError(f"{self.state}: no state of a run ({problem}): remove the folder") from None

    def save_if_due(self, progress: Progress, backend: Backend) -> None:
        """Write a checkpoint if the last one is old enough."""
        if time.monotonic() - self._written >= self.every:
            self.save_tables(*backend.tables(), progress.position)

    def save_tables(self, W: Array, V_prime: Array, position: Position) -> None:
        """Write a checkpoint."""
        place = np.array(dataclasses.astuple(position), np.int64)
        write_arrays(self.state, {"W": W, "V_prime": V_prime, "position": place})
        self._written = time.monotonic()

    def remove(self) -> None:
        """Remove the run, when its vectors are safe."""
        shutil.rmtree(self.folder)
