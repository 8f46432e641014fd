"""Who trains in training_speed.py, in which round, and on what."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from training_turns import turn

Results = dict[str, Any]

HELD_OUT = 100
"""Every so manieth line is kept out of the training."""

HOW: dict[str, Any] = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "sample": 1e-3,
    "min_count": 5,
    "sg": 1,
    "hs": 0,
}
CBOW, TREE = {"sg": 0}, {"hs": 1, "negative": 0}


@dataclass(frozen=True)
class Contender:
    """Who trains: by which function of ``training_contenders``, how, and on how many cores (None: all)."""

    name: str
    function: str
    change: Mapping[str, Any] = field(default_factory=dict)
    cores: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    judged: bool = False

    def train(self, bench: Bench, seed: int, *, judge: bool) -> Results:
        """One training."""
        text = {"text": str(bench.text)} if self.function == "gensim" else {"folder": str(bench.folder)}
        how = {**HOW, "epochs": bench.epochs, "seed": seed, **self.change}
        arguments = {**text, "held": str(bench.held), "how": how, "judge": judge, **self.more}
        return dict(turn(f"training_contenders:{self.function}", arguments, cores=self.cores))


CONTENDERS = [
    Contender("gensim skip-gram NS, 1 worker", "gensim", more={"workers": 1}, judged=True),
    Contender("gensim skip-gram NS, 2 workers", "gensim", more={"workers": 2}),
    Contender("gensim CBOW NS, 1 worker", "gensim", CBOW, more={"workers": 1}),
    Contender("gensim skip-gram HS, 1 worker", "gensim", TREE, more={"workers": 1}),
    Contender("w2v NumPy skip-gram NS, 1 core", "ours", cores=1, judged=True),
    Contender("w2v NumPy CBOW NS, 1 core", "ours", CBOW, cores=1),
    Contender("w2v NumPy skip-gram HS, 1 core", "ours", TREE, cores=1),
    Contender("w2v JAX skip-gram NS, 1 core", "ours", {"backend": "jax"}, cores=1, judged=True),
    Contender("w2v JAX skip-gram NS, 2 cores", "ours", {"backend": "jax"}, cores=2),
]


@dataclass
class Bench:
    """What all parts share: the texts, and how often everything is done."""

    folder: Path
    epochs: int
    rounds: int
    seeds: int
    bound_lines: int
    say: Callable[[str], None]

    @property
    def text(self) -> Path:
        """The lines to train on."""
        return self.folder / "train.txt"

    @property
    def held(self) -> Path:
        """The lines kept out."""
        return self.folder / "held.txt"

    def prepare(self, corpus: Path, lines: int | None) -> Results:
        """Divide the corpus and read it; what it is."""
        self.say("reading the corpus")
        opened = gzip.open if corpus.suffix == ".gz" else open
        with (
            opened(corpus, "rt", encoding="utf-8") as whole,
            self.text.open("w", encoding="utf-8") as text,
            self.held.open("w", encoding="utf-8") as held,
        ):
            for number, line in enumerate(islice(whole, lines)):
                (text if number % HELD_OUT else held).write(line)
        return {"corpus": corpus.name, **self.read(self.text, self.folder)}

    def read(self, text: Path, folder: Path) -> Results:
        """Read a text for ``w2v`` into a folder."""
        folder.mkdir(exist_ok=True)
        arguments = {"text": str(text), "folder": str(folder), "min_count": HOW["min_count"]}
        return dict(turn("training_contenders:read", arguments))

    def rotated(self, items: list[Any], number: int) -> Iterator[Any]:
        """The items, of which another one begins in each round."""
        first = number % len(items)
        yield from (*items[first:], *items[:first])
