"""``Word2Vec``: text in, vectors out."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from w2v.data import vocabulary as vocabularies
from w2v.data.corpus import Source, sentences
from w2v.data.files import read_arrays, write_arrays
from w2v.data.vocabulary import EncodedCorpus, Vocabulary
from w2v.train.checkpoints import EVERY, RunFolder
from w2v.train.settings import DEFAULTS, Settings
from w2v.train.training import PIECE, Backend, Position, Progress, initial_tables, train
from w2v.vectors.vectors import WordVectors

Words = str | Sequence[Any]


class Word2Vec:
    """Word vectors by the skip-gram or CBOW, with the gradients that ``derivations`` verifies.

    Arguments are gensim's, with its names and meanings:

    ``vector_size`` N; ``window`` the words on each side; ``min_count`` the rarest word that is kept
    (None: 5, and 1 for a text of fewer than 10,000 words); ``sg`` 1 for the skip-gram (the paper's, and
    the default here; gensim's is 0), 0 for CBOW; ``hs`` 1 for hierarchical softmax; ``negative`` noise
    words for each pair (None: 5); ``sample`` the threshold of subsampling (None: 1e-3); ``alpha`` and
    ``min_alpha`` the learning rate at the beginning and the end; ``epochs``; ``seed``; ``ns_exponent``;
    ``cbow_mean``; ``shrink_windows`` (None: True); ``max_vocab_size`` and ``max_final_vocab``.

    And those that gensim does not have:

    ``loss``: "softmax", the paper's, over all words and exact; "negative_sampling";
    "hierarchical_softmax"; "auto" is what ``hs`` and ``negative`` say, and the softmax for a text of at
    most 100 different words where neither is given. With the softmax, every target word is a step of
    its own, its update is the gradient that §6 adds up over its contexts, None means no subsampling and
    whole windows, and numbers are float64.

    ``backend``: "numpy" or "jax". ``block_words`` target words make one step, whose gradients are added
    (None: 48; 1 for the softmax); ``shared_negatives`` noise words are drawn for each step and shared
    by its pairs, weighed so that the expected loss is that of ``negative`` for each pair.
    ``max_update`` bounds the length of a row's step (None: 0.3; no bound where a step is one target
    word). ``dtype`` "float32" or "float64".

    A noise word that is the word asked for counts with both answers; gensim and word2vec.c leave it out.
    CBOW's mean has its own gradient here, divided by the number of contexts as h is; word2vec.c and
    gensim leave out the division (``derivations.paper.errata``). So the same ``alpha`` would be a smaller
    step: None is 0.15 for CBOW's mean, and 0.025 for the others.

    Raises ``ValueError`` for settings that make no sense.

    >>> text = [["i", "like", "text", "information", "systems"]]
    >>> model = Word2Vec(vector_size=3, window=1, alpha=0.1, epochs=20).fit(text)
    >>> model.vectors.shape, model.losses[0] > model.losses[-1]
    ((5, 3), True)
    """

    def __init__(
        self,
        vector_size: int = 100,
        window: int = 5,
        min_count: int | None = None,
        sg: int = 1,
        hs: int = 0,
        negative: int | None = None,
        sample: float | None = None,
        alpha: float | None = None,
        min_alpha: float = 0.0001,
        epochs: int = 5,
        seed: int = 1,
        *,
        loss: str = "auto",
        backend: str = "numpy",
        **more: Any,
    ) -> None:
        unknown = sorted(set(more) - {field.name for field in dataclasses.fields(Settings)})
        if unknown:
            raise TypeError(f"Word2Vec has no setting {unknown[0]!r}: help(Word2Vec) lists them")
        self.settings = Settings(
            vector_size=vector_size,
            window=window,
            min_count=min_count,
            sg=sg,
            hs=hs,
            negative=negative,
            sample=sample,
            alpha=alpha,
            min_alpha=min_alpha,
            epochs=epochs,
            seed=seed,
            loss=loss,
            backend=backend,
            **more,
        )
        self.losses: list[float] = []
        """The loss of each epoch in nats: a mean over the (target, context) pairs, of CBOW the targets, in
        the blocks that were measured, one of 16 with NumPy and of 64 with JAX, with the softmax all."""
        self._vocabulary: Vocabulary | None = None
        self._tables: tuple[Array, Array] | None = None
        self._wv: WordVectors | None = None

    def __repr__(self) -> str:
        changed = (
            f"{field.name}={getattr(self.settings, field.name)!r}"
            for field in dataclasses.fields(Settings)
            if getattr(self.settings, field.name) != field.default
        )
        return f"Word2Vec({', '.join(changed)})"

    # --- training ---

    def fit(
        self,
        corpus: Source,
        *,
        initial: tuple[Float[Array, "V N"], Float[Array, "M N"]] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        every: float = EVERY,
        resume: bool = False,
        encoding: str = "utf-8",
        errors: str = "strict",
        on_read: Callable[[int, int | None], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Word2Vec:
        """Read the text once, then train; returns the model itself.

        ``corpus`` is a path, a folder, ``-`` or an iterable of sentences
        (:func:`w2v.data.corpus.sentences`); ``initial`` the tables to begin with, W (V, N) and V' (M, N),
        instead of random ones. ``checkpoint`` is a folder: every ``every`` seconds all that is needed
        to go on is written there, and with ``resume`` a run that was killed goes on from it, to end bit
        for bit where it would have ended; remove the folder when the result is safe. ``on_read`` is
        told the bytes read, of how many; ``on_progress`` the state of the training, some times a
        second.

        Raises ValueError for a text without words or with too few, and for a checkpoint of another run.
        """
        self.losses, self._wv = [], None
        text = sentences(corpus, encoding=encoding, errors=errors, on_progress=on_read)
        if checkpoint is None:
            with tempfile.TemporaryDirectory(prefix="w2v-") as folder:
                return self._fit(Path(folder, "text.ids"), text, initial, None, on_progress)
        run = RunFolder(Path(checkpoint), every)
        source = {"source": source_name(corpus), "encoding": encoding, "errors": errors}
        run.begin({**asked(self.settings), **source}, resume=resume)
        try:
            return self._fit(run.text, text, initial, run, on_progress)
        finally:
            run.end()

    def _fit(
        self,
        file: Path,
        text: Iterable[list[str]],
        initial: tuple[Array, Array] | None,
        run: RunFolder | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> Word2Vec:
        """Train with the encoded text in ``file``."""
        known = (run.text_read() if run else None) or self._read(text, file, run)
        vocabulary, encoded = known
        settings = self.settings.resolved(len(vocabulary), vocabulary.raw_words)
        there = run.tables() if run else None
        if there is None:
            tables = initial_tables(settings, vocabulary)
            if initial is not None:
                tables = checked(initial, tables)
            there = *tables, Position(), np.zeros((0, 3))
        W, V_prime, start, measured = there
        losses = Losses(measured)

        def after_piece(progress: Progress, backend: Backend) -> None:
            losses.add(progress)
            if on_progress is not None:
                on_progress(progress)
            if run and run.due:
                run.save_tables(*backend.tables(), progress.position, losses.as_array())

        try:
            self._tables = train(
                settings, vocabulary, encoded, W, V_prime, start=start, after_piece=after_piece
            )
        finally:
            encoded.close()
        self._vocabulary, self.losses = vocabulary, losses.means()
        if run:
            run.save_tables(*self._tables, Position(settings.epochs, 0, 0), losses.as_array())
        return self

    def _read(
        self, text: Iterable[list[str]], file: Path, run: RunFolder | None
    ) -> tuple[Vocabulary, EncodedCorpus]:
        """The vocabulary and the encoded text; a run that cannot read its text leaves nothing behind."""
        try:
            known = vocabularies.build(
                text,
                file,
                min_count=self.settings.min_count,
                max_vocab_size=self.settings.max_vocab_size,
                max_final_vocab=self.settings.max_final_vocab,
            )
        except BaseException:
            if run:
                run.remove()
            raise
        if run:
            run.save_text(*known)
        return known

    # --- what was learned ---

    @property
    def vocabulary(self) -> Vocabulary:
        """The words and their counts; ``ValueError`` before a text was read."""
        if self._vocabulary is None:
            raise ValueError("the model has not read a text yet: call fit first")
        return self._vocabulary

    @property
    def vectors(self) -> Float[Array, "V N"]:
        """The word vectors, W, one a row, in the order of ``vocabulary.words``; of the dtype trained in."""
        return self._trained()[0]

    @property
    def output_vectors(self) -> Float[Array, "M N"]:
        """The output table: W' transposed, for the words; for the tree's inner nodes with ``hs``."""
        return self._trained()[1]

    def _trained(self) -> tuple[Array, Array]:
        if self._tables is None:
            raise ValueError("the model has not been trained yet: call fit first")
        return self._tables

    @property
    def wv(self) -> WordVectors:
        """The words with their vectors, to be asked, saved and judged, as gensim's ``wv``."""
        if self._wv is None:
            vectors = self.vectors.astype(np.float32)
            self._wv = WordVectors(self.vocabulary.words, vectors, self.vocabulary.counts)
        return self._wv

    def most_similar(
        self, positive: Words, negative: Words = (), topn: int = 10
    ) -> list[tuple[str, float]]:
        """The nearest words and their cosines; see :meth:`WordVectors.most_similar`."""
        return self.wv.most_similar(positive, negative or (), topn)

    def similarity(self, a: str, b: str) -> float:
        """The cosine of two words' vectors."""
        return self.wv.similarity(a, b)

    def analogy(self, a: str, b: str, c: str, topn: int = 10) -> list[tuple[str, float]]:
        """What is to c as b is to a; see :meth:`WordVectors.analogy`."""
        return self.wv.analogy(a, b, c, topn)

    # --- files ---

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole model, settings and tables, to an ``.npz``; ``wv.save`` writes the vectors."""
        V_prime = self.output_vectors
        settings = np.frombuffer(json.dumps(dataclasses.asdict(self.settings)).encode(), np.uint8)
        model = {"settings": settings, "vectors": self.vectors, "output_vectors": V_prime}
        write_arrays(path, {**self.vocabulary.to_arrays(), **model, "losses": np.array(self.losses)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Word2Vec:
        """The model from ``save``; ValueError for a file that is none, or is broken."""
        arrays = read_arrays(path)
        try:
            model = cls(**json.loads(arrays["settings"].tobytes()))
            model._vocabulary = Vocabulary.from_arrays(arrays)
            model._tables = arrays["vectors"], arrays["output_vectors"]
            model.losses = arrays["losses"].tolist()
        except (KeyError, ValueError, TypeError) as problem:
            raise ValueError(f"{path}: no model saved by Word2Vec.save ({problem})") from None
        return model


class Losses:
    """The loss of each epoch, from what is told after each piece: added losses, and their pairs."""

    def __init__(self, measured: Float[Array, "epochs 3"]) -> None:
        self.of_epoch = {int(epoch): (total, pairs) for epoch, total, pairs in measured.tolist()}

    def add(self, progress: Progress) -> None:
        """Count a piece."""
        if progress.loss is not None:
            total, pairs = self.of_epoch.get(progress.position.epoch, (0.0, 0.0))
            more = progress.pairs
            self.of_epoch[progress.position.epoch] = total + progress.loss * more, pairs + more

    def means(self) -> list[float]:
        """One number an epoch."""
        return [total / pairs for _, (total, pairs) in sorted(self.of_epoch.items())]

    def as_array(self) -> Float[Array, "epochs 3"]:
        """Epoch, added losses and pairs, a row an epoch."""
        rows = [(epoch, *sums) for epoch, sums in sorted(self.of_epoch.items())]
        return np.array(rows, float).reshape(-1, 3)


def asked(settings: Settings) -> dict[str, Any]:
    """What decides the bits of a run: the settings, and what None and ``auto`` in them stand for."""
    return {**dataclasses.asdict(settings), "defaults": list(DEFAULTS), "piece": PIECE}


def source_name(corpus: Source) -> str:
    """What a run's folder says of its text: the path, or that it was given as sentences."""
    return os.fspath(corpus) if isinstance(corpus, (str, os.PathLike)) else "sentences"


def checked(initial: tuple[Array, Array], tables: tuple[Array, Array]) -> tuple[Array, Array]:
    """Tables to begin with, copied; ``ValueError`` unless they have the shapes of the model's own."""
    for name, given, needed in zip(("W", "V'"), initial, tables, strict=True):
        if np.shape(given) != needed.shape:
            raise ValueError(f"initial {name} has shape {np.shape(given)}, the model's is {needed.shape}")
    W, V_prime = (np.array(given, needed.dtype) for given, needed in zip(initial, tables, strict=True))
    return W, V_prime
