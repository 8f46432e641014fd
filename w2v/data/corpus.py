"""Text as a stream of sentences: a file, a folder, gzip, standard input, or an iterable.

One line is one sentence, its words separated by whitespace, as in gensim's ``LineSentence`` and in
word2vec.c. Never more than a block of text is in memory, also where the file is one line (text8): a
sentence of more than 10,000 words goes on as another, as in both.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from w2v.data.files import COMPRESSED, unpacking

MAX_SENTENCE_LENGTH = 10_000
"""Words in a sentence, at most: gensim's MAX_WORDS_IN_BATCH (word2vec.c: 1,000)."""

BLOCK = 1 << 20
"""Bytes read at a time."""

MAX_WORD = 1 << 20
"""Characters of a word, at most: what has longer ones is no text."""

Source = str | os.PathLike[str] | Iterable[Sequence[str] | str]
Progress = Callable[[int, int | None], None]
"""Told the bytes read so far, and of how many, or None where nobody knows."""

FOREIGN = {
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"%PDF": "a PDF",
    b"\x7fELF": "a program",
}


def sentences(
    source: Source,
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
    on_progress: Progress | None = None,
) -> Iterator[list[str]]:
    r"""The sentences of a source, each a list of 1 to 10,000 words.

    ``source`` is the path of a text file, plain or compressed (gzip, bzip2, xz, known by its content), of
    a folder (all its files, and those of its folders, sorted by path; hidden ones are passed over), ``-``
    for standard input, or an iterable of sentences, each a list of words or a str to be split.
    ``errors`` is that of ``bytes.decode``: strict, replace or ignore. A byte order mark is dropped.

    Raises FileNotFoundError for a path that is not there and ValueError for a folder without files, both
    at once; while reading, ValueError for bytes that are not in this encoding, a broken compressed file
    or a word of more than a million characters, TypeError for a sentence that is no list of words.

    >>> list(sentences(["the king rules", ["New York", "grows"]]))
    [['the', 'king', 'rules'], ['New York', 'grows']]
    """
    if isinstance(source, (bytes, bytearray)) or not isinstance(source, (str, os.PathLike, Iterable)):
        raise TypeError(f"a text is a path, - or an iterable of sentences, not {type(source).__name__}")
    if not isinstance(source, (str, os.PathLike)):
        return _given(source)
    with contextlib.suppress(LookupError):
        codecs.lookup_error(errors)
        return _read(_files(source), encoding, codecs.getincrementaldecoder(encoding), errors, on_progress)
    raise ValueError(f"Python knows no encoding {encoding!r}, errors={errors!r}: give latin-1, or replace")


# --- an iterable ------------------------------------------------------------------------------------


def _given(source: Iterable[Sequence[str] | str]) -> Iterator[list[str]]:
    """The sentences of an iterable, checked; a list of single words is taken for a mistake."""
    lone = several = 0
    for number, sentence in enumerate(source, start=1):
        if isinstance(sentence, str):
            words = sentence.split()
            lone += len(words) == 1
        else:
            words = _checked(sentence, number)
        several += len(words) > 1
        yield from _pieces(words)
    if lone > 1 and not several:
        raise ValueError(
            f"all {lone:,} sentences are single words: a text is a list of sentences, so put [ ] around one"
        )


def _checked(sentence: Any, number: int) -> list[str]:
    """A sentence as a list of words, if that is what it is."""
    if isinstance(sentence, (bytes, bytearray)) or not isinstance(sentence, Iterable):
        kind = type(sentence).__name__
        raise TypeError(f"sentence {number:,} is of type {kind}: give a list of words, or a str")
    words = list(sentence)
    if set(map(type, words)) - {str}:
        for word in words:
            if not isinstance(word, str):
                kind = type(word).__name__
                raise TypeError(f"sentence {number:,} holds {word!r:.40} of type {kind}: a word is a str")
    return words


def _pieces(words: list[str]) -> Iterator[list[str]]:
    """A sentence in pieces of at most 10,000 words."""
    if len(words) <= MAX_SENTENCE_LENGTH:
        if words:
            yield words
        return
    for start in range(0, len(words), MAX_SENTENCE_LENGTH):
        yield words[start : start + MAX_SENTENCE_LENGTH]


# --- files ------------------------------------------------------------------------------------------


def _files(source: str | os.PathLike[str]) -> list[Path | None]:
    """The files to read, in order; None is standard input."""
    if source == "-":
        return [None]
    path = Path(source)
    if not os.path.exists(path):
        hint = "no such text (a str is a path; give a text itself as a list of sentences)"
        raise FileNotFoundError(errno.ENOENT, hint, f"{source!s:.200}")
    if not path.is_dir():
        return [path]
    found: list[Path | None] = []
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        places = (Path(folder, name) for name in sorted(names) if not name.startswith("."))
        found += [place for place in places if place.is_file()]
    if not found:
        raise ValueError(f"{path}: a folder without text: give one that holds files, one sentence a line")
    return sorted(found, key=lambda place: place.parts if place else ())


def _read(
    files: list[Path | None], encoding: str, decoder: Any, errors: str, on_progress: Progress | None
) -> Iterator[list[str]]:
    """The sentences of files, one after the other; a file's end is a sentence's end."""
    sizes = [file.stat().st_size if file and file.is_file() else None for file in files]
    total = None if None in sizes else sum(filter(None, sizes))
    if encoding.lower().replace("_", "-") in {"utf-8", "utf8"}:
        decoder = codecs.getincrementaldecoder("utf-8-sig")
    before = 0
    for file, size in zip(files, sizes, strict=True):
        with contextlib.ExitStack() as stack:
            if file is None and sys.stdin is None:
                raise OSError(errno.EBADF, "closed: give a file, or text on a pipe", "standard input")
            raw = sys.stdin.buffer if file is None else stack.enter_context(file.open("rb"))
            name = "standard input" if file is None else str(file)
            start = before

            def report(position: int, start: int = start) -> None:
                if on_progress is not None:
                    on_progress(start + position, total)

            yield from _lines(_decoded(_blocks(raw, name, report), name, decoder(errors)), name)
        before += size or 0


def _blocks(raw: BinaryIO, name: str, report: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of a file by blocks, unpacked where its first bytes say that it is compressed."""
    source = Counted(raw)
    start = source.peek(6)
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise ValueError(f"{name}: this is {what}, not text: unpack it first")
    unpack = next((unpack for magic, unpack in COMPRESSED.items() if start.startswith(magic)), None)
    plain = io.BufferedReader(source, BLOCK)
    file = plain if unpack is None else unpack(plain)
    while True:
        with unpacking(name):
            block = file.read(BLOCK)
        report(source.position)
        if not block:
            return
        yield block


class Counted(io.RawIOBase):
    """A file that counts the bytes it gave, and whose first bytes can be looked at, also in a pipe."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self.raw, self.ahead, self.position = raw, b"", 0

    def peek(self, size: int) -> bytes:
        """The first ``size`` bytes, or all there are, without reading past them."""
        while len(self.ahead) < size and (more := self.raw.read(size - len(self.ahead))):
            self.ahead += more
        return self.ahead

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` as far as one read goes; 0 at the end."""
        data = self.ahead or self.raw.read(len(buffer))
        data, self.ahead = data[: len(buffer)], data[len(buffer) :]
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)


def _decoded(blocks: Iterator[bytes], name: str, decoder: Any) -> Iterator[str]:
    """The blocks as str; the place of a byte that is none of the encoding's is in the error."""
    lines = read = 0
    try:
        for block in blocks:
            read += len(block)
            text = decoder.decode(block)
            yield text
            lines += text.count("\n")
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as problem:
        line = lines + problem.object.count(b"\n", 0, problem.start) + 1
        found = problem.object[problem.start : problem.start + 4].hex(" ")
        wide = read - len(problem.object) == 0 and problem.object[:2] in {b"\xff\xfe", b"\xfe\xff"}
        raise ValueError(
            f"{name}, line {line:,}, byte {read - len(problem.object) + problem.start:,}: {found} is not"
            f" {problem.encoding}: say which encoding it is (--encoding {'utf-16' if wide else 'latin-1'}),"
            " or have such bytes replaced (--errors replace) or left out (--errors ignore)"
        ) from None


def _lines(blocks: Iterator[str], name: str) -> Iterator[list[str]]:
    """The sentences of a text in blocks, wherever the blocks' borders fall."""
    words: list[str] = []  # of the line that the block before ended in
    word = ""  # and its last word, which may go on
    for block in blocks:
        first, *lines = (word + block).split("\n")
        if lines:
            yield from _pieces(words + first.split())
            words = []
            first = lines.pop()
        for line in lines:
            if len(sentence := line.split()) <= MAX_SENTENCE_LENGTH:
                if sentence:
                    yield sentence
            else:
                yield from _pieces(sentence)
        words += first.split()
        word = words.pop() if first and not first[-1].isspace() else ""
        if len(word) > MAX_WORD:
            raise ValueError(
                f"{name}: a word of more than {MAX_WORD:,} characters: is this text with spaces?"
            )
        if len(words) > MAX_SENTENCE_LENGTH:
            whole = len(words) - len(words) % MAX_SENTENCE_LENGTH
            yield from _pieces(words[:whole])
            del words[:whole]
    yield from _pieces(words + word.split())
