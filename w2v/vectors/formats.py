"""Files of word vectors: word2vec's text and binary formats, and ``.npz``.

word2vec's formats are those of word2vec.c and of gensim, which reads what ``write`` writes; ``read`` reads
theirs. Both begin with a line ``V N``. Then comes for each word the word, a space and its N numbers, in
the text format as decimals and a new line, in the binary one as little-endian float32 (word2vec.c adds a
new line, gensim does not). Neither can hold a word with a space or a new line in it. gensim writes such
a word as it is; then only text with spaces in words can be read, here and not by gensim. ``write`` refuses
such a word, or replaces its spaces where told with what (``spaces``).
The ``.npz`` holds any word, and the counts, exactly: ``vectors`` (V, N), ``counts`` (V,), ``words``, the
UTF-8 bytes of all words, and ``word_lengths`` (V,), the characters of each.
"""

from __future__ import annotations

import gzip
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Float32
from numpy import ndarray as Array

from w2v.data.files import COMPRESSED, packed, read_arrays, replacing, unpacked, unpacking, write_arrays
from w2v.vectors.reading import NUMBER, Reader
from w2v.vectors.vectors import WordVectors

ROWS = 4096
"""Vectors written at a time."""
FIELDS = {"vectors", "words", "word_lengths"}
"""What an ``.npz`` of vectors holds at least."""


def write(path: str | os.PathLike[str], wv: WordVectors, *, spaces: str | None = None) -> None:
    """Write vectors, whole or not at all; the suffix says how.

    ``.txt`` and ``.vec`` are word2vec's text format, ``.bin`` its binary format, either with ``.gz``
    packed; ``.npz`` is NumPy's. Decimals are the shortest that give the same float32. ``spaces`` takes
    the place of whitespace in words, for the formats that cannot hold it: ``"_"`` writes New_York.

    Raises ValueError for another suffix, for numbers that are not finite, and for words that the format
    cannot hold or that ``spaces`` makes the same; OSError if the file cannot be written.
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    pack = suffixes[-1:] == [".gz"]
    suffix = "".join(suffixes[:-1][-1:] if pack else suffixes[-1:])
    if suffix not in WRITERS and (pack or suffix != ".npz"):
        raise ValueError(f"{path}: which format is this? end it with .bin, .txt, .vec (+ .gz) or .npz")
    _check_finite(path, wv.words, wv.vectors)
    if suffix == ".npz":
        _write_npz(path, wv)
        return
    words = [*_written(path, wv.words, spaces)]
    with replacing(path) as file:
        target: Any = gzip.GzipFile("", "wb", 6, file, mtime=0) if pack else file
        target.write(b"%d %d\n" % wv.vectors.shape)
        for start in range(0, len(words), ROWS):
            target.write(WRITERS[suffix](words[start : start + ROWS], wv.vectors[start : start + ROWS]))
        if pack:
            target.close()


def _written(path: Any, words: list[str], spaces: str | None) -> Iterator[bytes]:
    """The words as UTF-8, if word2vec's formats can hold them."""
    if spaces is not None:
        words = [re.sub(r"\s", spaces, word) for word in words]
    twice = [word for word, times in Counter(words).items() if times > 1]
    if twice:
        raise ValueError(
            f"{path}: spaces={spaces!r} makes two words {twice[0]!r}: give other spaces, or a .npz"
        )
    for word in words:
        if " " in word or "\n" in word:
            raise ValueError(f"{path}: the word {word!r} has a space in it: give a .npz, or spaces='_'")
        try:
            yield word.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{path}: the word {word!r} is no valid Unicode: give a .npz") from None


def _binary(words: list[bytes], vectors: Float32[Array, "v N"]) -> bytes:
    """Records of the binary format."""
    rows = [row.tobytes() for row in vectors.astype(NUMBER, copy=False)]
    return b"".join([part for word, row in zip(words, rows, strict=True) for part in (word, b" ", row)])


def _text(words: list[bytes], vectors: Float32[Array, "v N"]) -> bytes:
    """Lines of the text format; NumPy prints a float32 by the fewest digits that give it back."""
    rows = vectors.astype("S32").tolist()
    return b"".join([b" ".join([word, *row]) + b"\n" for word, row in zip(words, rows, strict=True)])


WRITERS: dict[str, Callable[[list[bytes], Array], bytes]] = {".bin": _binary, ".txt": _text, ".vec": _text}


def _write_npz(path: Any, wv: WordVectors) -> None:
    """All of it, exactly."""
    text, lengths = packed(wv.words)
    arrays = {"vectors": wv.vectors, "words": text, "word_lengths": lengths}
    write_arrays(path, arrays if wv.counts is None else {**arrays, "counts": wv.counts})


# --- reading ----------------------------------------------------------------------------------------


def read(path: str | os.PathLike[str], *, errors: str = "strict") -> WordVectors:
    """Read vectors in any of the formats, which is known by its content, packed or not.

    ``errors`` is that of ``bytes.decode``, for words whose bytes are not UTF-8: word2vec.c cuts long words,
    also in the middle of a letter. Unless it is ``strict``, the first of several equal words is kept, as
    gensim does, and a last line may lack its end.

    Raises ValueError, in one line, for a file that is empty, broken, cut short or too long, has a word
    twice or a number that is not finite; OSError if it cannot be opened. No more memory is taken than the
    file can fill.
    """
    with Path(path).open("rb") as raw:
        if packing(raw) == "zip":
            words, vectors, counts = _read_npz(path)
        else:
            with unpacking(str(path)):
                words, vectors = _reader(raw, path, errors).read()
            counts = None
    if len(set(words)) < len(words):
        if errors == "strict" or counts is not None:
            twice = next(word for word, times in Counter(words).items() if times > 1)
            raise ValueError(f"{path}: the word {twice!r} is there twice; errors='replace' takes the first")
        words, vectors = _first_of_each(words, vectors)
    _check_finite(path, words, vectors)
    try:
        return WordVectors(words, vectors, counts)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def kind(path: str | os.PathLike[str]) -> str:
    """The name of a file's format, by its content; ValueError as in ``read`` if it has none of them."""
    with Path(path).open("rb") as raw:
        packed_by = packing(raw)
        if packed_by == "zip":
            return ".npz"
        with unpacking(str(path)):
            name = "text" if _reader(raw, path, "strict").is_text else "binary"
        return f"word2vec {name}" + (f", packed by {packed_by}" if packed_by else "")


def packing(raw: BinaryIO) -> str:
    """How a file is packed, by its first bytes, to which it returns; nothing if it is not."""
    start = raw.read(6)
    raw.seek(0)
    names = {b"PK\x03\x04": "zip", **{magic: unpack.__module__ for magic, unpack in COMPRESSED.items()}}
    return next((name for magic, name in names.items() if start.startswith(magic)), "")


def _reader(raw: BinaryIO, path: Any, errors: str) -> Reader:
    """A reader of word2vec's formats, for a file packed or not."""
    name = packing(raw)
    unpack = next((unpack for unpack in COMPRESSED.values() if unpack.__module__ == name), None)
    size = None if unpack else os.fstat(raw.fileno()).st_size
    return Reader(unpack(raw) if unpack else raw, str(path), size, errors)


def _read_npz(path: Any) -> tuple[list[str], Array, Array | None]:
    """Words, vectors and counts of an ``.npz``."""
    arrays = read_arrays(path)
    missing = FIELDS - arrays.keys()
    if missing:
        lacks, found = ", ".join(sorted(missing)), ", ".join(arrays) or "nothing"
        raise ValueError(f"{path}: an .npz of word vectors has {lacks}; this one has {found}")
    vectors, counts = arrays["vectors"], arrays.get("counts")
    if vectors.ndim != 2 or not np.issubdtype(vectors.dtype, np.floating):
        raise ValueError(f"{path}: vectors should be floats (V, N), not {vectors.dtype} {vectors.shape}")
    try:
        with np.errstate(
            over="ignore"
        ):  # float64 that is too large becomes infinite, and is refused as such
            vectors = vectors.astype(np.float32, copy=False)
        return unpacked(arrays["words"], arrays["word_lengths"]), vectors, counts
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def _first_of_each(words: list[str], vectors: Array) -> tuple[list[str], Array]:
    """Words and vectors without the later ones of equal words, as gensim does."""
    first = {word: i for i, word in reversed(list(enumerate(words)))}
    kept = sorted(first.values())
    return [words[i] for i in kept], vectors[kept]


def _check_finite(path: Any, words: list[str], vectors: Array) -> None:
    """Refuse vectors with a number that is not finite."""
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise ValueError(f"{path}: the vector of {words[bad[0]]!r} (number {bad[0] + 1:,}) is not finite")
