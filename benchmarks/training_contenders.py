"""Who trains in training_speed.py, each in a process of its own: gensim, and ``w2v`` with its backends."""

from __future__ import annotations

import math
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import training_turns

COMPILING = "/jax/core/compile/"
WARM_UP = 100
"""Pieces of the text that are trained on before the clock starts, for JAX to compile."""


class Enough(Exception):
    """Ends a training early."""


class Clock:
    """Seconds, and seconds of processors, from here on."""

    def __init__(self) -> None:
        self.wall, self.busy = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Both, as of now."""
        return {"seconds": time.perf_counter() - self.wall, "busy": time.process_time() - self.busy}


# --- gensim -----------------------------------------------------------------------------------------


def gensim(text: str, held: str, how: dict[str, Any], workers: int, judge: bool) -> dict[str, Any]:
    """gensim, fed with lists of words in memory, so that it does not wait for a file."""
    import numpy as np
    from gensim.models import Word2Vec

    lines = Path(text).read_text(encoding="utf-8").split("\n")
    sentences = [list(map(sys.intern, line.split())) for line in lines]
    model = Word2Vec(**how, workers=workers)
    model.build_vocab(sentences)
    clock = Clock()
    model.train(sentences, total_examples=model.corpus_count, epochs=how["epochs"])
    found: dict[str, Any] = clock.read()
    found["words"] = model.corpus_total_words * how["epochs"]
    if judge:
        from training_quality import quality

        wv = model.wv
        counts = np.array([wv.get_vecattr(word, "count") for word in wv.index_to_key])
        found["quality"] = quality(wv.index_to_key, counts, wv.vectors, model.syn1neg, held, how)
    return found


# --- w2v --------------------------------------------------------------------------------------------


def read(text: str, folder: str, min_count: int) -> dict[str, int]:
    """Read the text once, for all turns of ``ours``."""
    from w2v.data import vocabulary
    from w2v.data.corpus import sentences

    known, corpus = vocabulary.build(sentences(text), Path(folder, "text.ids"), min_count=min_count)
    vocabulary.save(Path(folder, "text.npz"), known, corpus)
    return {"vocabulary": len(known), "words": corpus.raw_words, "lines": corpus.sentences}


def ours(folder: str, held: str, how: dict[str, Any], judge: bool) -> dict[str, Any]:
    """``w2v`` on the text that ``read`` has read.

    With JAX, the beginning of the text is trained on twice: what is compiled there is not in the time, but
    is told as ``compiling``. What is compiled later is in the time.
    """
    from w2v.data import vocabulary
    from w2v.train.settings import Settings
    from w2v.train.training import initial_tables, train

    known, corpus = vocabulary.load(Path(folder, "text.npz"), Path(folder, "text.ids"), check=False)
    settings = Settings(**how).resolved(len(known))
    found: dict[str, Any] = {}
    if settings.backend == "jax":
        compiling = CompileTime()
        warm_up(settings, known, corpus)
        found["compiling"] = compiling.seconds
    W, V_prime = initial_tables(settings, known)
    clock = Clock()
    W, V_prime = train(settings, known, corpus, W, V_prime)
    found |= clock.read()
    found["words"] = corpus.raw_words * settings.epochs
    if settings.backend == "jax":
        found["compiling_late"] = compiling.seconds - found["compiling"]
    if judge:
        from training_quality import quality

        found["quality"] = quality(known.words, known.counts, W, V_prime[: len(known)], held, how)
    return found


def warm_up(settings: Any, known: Any, corpus: Any) -> None:
    """Train on the first pieces of the text, and forget it."""
    from w2v.train.training import initial_tables, train

    pieces = 0

    def after_piece(progress: Any, backend: Any) -> None:
        nonlocal pieces
        pieces += 1
        if pieces == WARM_UP:
            raise Enough

    try:
        train(settings, known, corpus, *initial_tables(settings, known), after_piece=after_piece)
    except Enough:
        return


class CompileTime:
    """Seconds that JAX has traced, lowered and compiled."""

    def __init__(self) -> None:
        import jax

        self.seconds = 0.0
        jax.monitoring.register_event_duration_secs_listener(self._note)

    def _note(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event.startswith(COMPILING):
            self.seconds += duration_secs


def held_out_by_epoch(folder: str, held: str, how: dict[str, Any], bound: bool) -> list[float | None]:
    """The held-out loss at the end of each epoch, with the bound on a row's update or without it.

    None from the epoch on in which the loss is no longer finite, where ``w2v`` refuses to go on.
    """
    from training_quality import held_out_loss

    from w2v.data import vocabulary
    from w2v.train.settings import Settings
    from w2v.train.training import initial_tables, train

    known, corpus = vocabulary.load(Path(folder, "text.npz"), Path(folder, "text.ids"), check=False)
    given = how if bound else {**how, "max_update": math.inf}
    settings = Settings(**given).resolved(len(known))
    losses: list[float | None] = []

    def after_piece(progress: Any, backend: Any) -> None:
        if progress.position.entry >= corpus.entries:
            W, V_prime = backend.tables()
            loss = held_out_loss(known.words, known.counts, W, V_prime[: len(known)], held, how)
            losses.append(loss if math.isfinite(loss) else None)

    try:
        train(settings, known, corpus, *initial_tables(settings, known), after_piece=after_piece)
    except FloatingPointError:
        losses += [None] * (settings.epochs - len(losses))
    return losses


# --- memory and startup -----------------------------------------------------------------------------


def memory(text: str, how: dict[str, Any]) -> dict[str, float]:
    """The most memory that a whole training took, from the text on, in MB; and what imports took of it."""
    import numpy as np
    import psutil

    from w2v import Word2Vec
    from w2v.train import training

    training.backend_of(Word2Vec(**how).settings.resolved(1), *np.ones((2, 1, 1), np.float32))
    imported = psutil.Process().memory_info().rss
    model = Word2Vec(**how).fit(text)
    tables = model.vectors.nbytes + model.output_vectors.nbytes
    return {
        "vocabulary": len(model.vocabulary),
        "peak": peak() / 1e6,
        "tables": tables / 1e6,
        "imported": imported / 1e6,
    }


def peak() -> int:
    """The most memory that was resident, in bytes.

    From ``/proc`` where there is one: what ``getrusage`` says includes the parent as it was at the fork.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def startup(text: str, output: str) -> None:
    """Run ``w2v train`` until a block is trained, print the seconds since the process began, and end."""
    from w2v.cli.main import main
    from w2v.train.numpy_backend import NumpyBackend

    step = NumpyBackend.step

    def first(*arguments: Any, **options: Any) -> None:
        step(*arguments, **options)
        print(time.time() - training_turns.started(), flush=True)
        os._exit(0)

    setattr(NumpyBackend, "step", first)  # noqa: B010 - mypy takes no other function for it
    sys.argv = ["w2v", "train", text, "-o", output]
    main()
