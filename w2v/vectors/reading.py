"""Reading word2vec's text and binary formats, by pieces, and without trust in what the file says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

import numpy as np
from jaxtyping import Float32
from numpy import ndarray as Array

ROWS = 4096
"""Lines of the text format read at a time."""
CHUNK = 1 << 22
"""Bytes read at a time."""
MAX_WORD, MAX_SIZE = 1 << 20, 1 << 20
"""Bytes of a word, numbers in a vector: what has more is no vector file."""
NUMBER = np.dtype("<f4")


class Reader:
    """One file: its header, V words and vectors of N numbers each, and nothing after them.

    ``size`` is the file's length in bytes, or None where it is packed.
    """

    def __init__(self, file: IO[bytes], path: str, size: int | None, errors: str) -> None:
        self.file, self.path, self.errors = file, path, errors
        header = file.readline(64)
        if not header:
            raise ValueError(f"{path}: the file is empty")
        match = re.fullmatch(rb"\s*(\d{1,18})\s+(\d{1,18})\s*\n", header)
        if not match or not int(match[1]) or not 0 < int(match[2]) <= MAX_SIZE:
            found = header[:40].decode("utf-8", "backslashreplace").strip()
            wanted = "two numbers, how many vectors and of what size"
            raise ValueError(f"{path}: no vectors: the first line should be {wanted}; found {found!r}")
        self.V, self.N = int(match[1]), int(match[2])
        self.promise = f"the header promises {self.V:,} vectors of {self.N:,} numbers"
        if size is not None and self.V * (2 * self.N + 1) > size:  # one digit and a space for each number
            raise ValueError(f"{path}: truncated: {self.promise}, the file has {size:,} bytes")
        self.start = file.read(max(CHUNK, 64 * self.N))
        self.is_text = is_text(self.start, self.N, path)
        self.words: list[str] = []
        self.vectors = np.empty((min(self.V, 1 + CHUNK // (4 * self.N)), self.N), np.float32)

    def read(self) -> tuple[list[str], Float32[Array, "V N"]]:
        """All words and vectors; ValueError, in one line, for a file broken, too short or too long."""
        rest = self._text(self.start) if self.is_text else self._binary(self.start)
        if rest:
            raise ValueError(f"{self.path}: {self.promise}, but more comes after them: {rest[:20]!r}")
        return self.words, self.vectors

    def _binary(self, data: bytes) -> bytes:
        """The records of the binary format; returns what comes after them."""
        width = self.N * NUMBER.itemsize
        while True:
            at = 0
            words: list[bytes] = []
            rows: list[bytes] = []
            while len(self.words) + len(words) < self.V:
                space = data.find(b" ", at, at + MAX_WORD)
                stop = space + 1 + width
                if space < 0 or stop > len(data):
                    break
                words.append(data[at:space].lstrip(b"\n"))  # word2vec.c's, after the vector before
                rows.append(data[space + 1 : stop])
                at = stop
            self._store(words, np.frombuffer(b"".join(rows), NUMBER).reshape(-1, self.N))
            if len(self.words) == self.V:
                rest = data[at : at + 20] + self.file.read(1)
                return b"" if rest == b"\n" else rest
            if len(data) - at > MAX_WORD + width:
                raise self._wrong(f"no word of less than {MAX_WORD:,} bytes before")
            more = self.file.read(max(CHUNK, width))
            if not more:
                raise self._wrong("truncated: the file ends in")
            data = data[at:] + more

    def _text(self, data: bytes) -> bytes:
        """The lines of the text format; returns what comes after them."""
        lines = self._lines(data)
        while len(self.words) < self.V:
            batch = list(islice(lines, min(ROWS, self.V - len(self.words))))
            if not batch:
                raise self._wrong("truncated: the file ends before")
            self._store(*self._parsed(batch))
        return next((line for line in lines if line), b"")

    def _lines(self, data: bytes) -> Iterator[bytes]:
        """The file's lines without their ends; one without an end may have lost digits."""
        while True:
            *lines, data = data.split(b"\n")
            for line in lines:
                yield line.rstrip()
            more = self.file.read(CHUNK)
            if not more:
                break
            data += more
        if data.strip():
            if self.errors == "strict" and len(self.words) < self.V:
                reason = "truncated: the last line has no end, it may have lost digits"
                raise ValueError(f"{self.path}: {self.promise}; {reason} (errors='replace' takes it)")
            yield data.rstrip()

    def _parsed(self, lines: list[bytes]) -> tuple[list[bytes], Float32[Array, "v N"]]:
        """Words and vectors of lines; where words have spaces, as gensim writes them, line by line."""
        words, _, rows = zip(*[line.partition(b" ") for line in lines], strict=True)
        if all(rows):
            try:
                vectors = np.loadtxt(rows, np.float32, comments=None, delimiter=" ", ndmin=2)
            except ValueError:
                pass
            else:
                if vectors.shape == (len(lines), self.N):
                    return list(words), vectors
        parts = [self._fields(line, number) for number, line in enumerate(lines)]
        return [word for word, _ in parts], np.stack([vector for _, vector in parts])

    def _fields(self, line: bytes, number: int) -> tuple[bytes, Float32[Array, "N"]]:
        """The word of a line, all before the last N numbers, and these."""
        word, *numbers = line.rsplit(b" ", self.N)
        try:
            if len(numbers) == self.N:
                return word, np.array([float(each) for each in numbers]).astype(np.float32)
        except ValueError:
            pass
        raise self._wrong(f"found {line[:40].decode('utf-8', 'backslashreplace')!r} for", number)

    def _store(self, words: list[bytes], vectors: Any) -> None:
        """Add words and vectors to those read; memory grows with what was read, not with the promise."""
        start = len(self.words)
        for number, word in enumerate(words):
            try:
                self.words.append(word.decode("utf-8", self.errors))
            except UnicodeDecodeError:
                reason = f"{word[:40]!r} is not UTF-8 (errors='replace' takes it), the word of"
                raise self._wrong(reason, number - len(self.words) + start) from None
        while len(self.vectors) < len(self.words):
            self.vectors.resize((min(self.V, 2 * len(self.vectors)), self.N), refcheck=False)
        self.vectors[start : len(self.words)] = vectors

    def _wrong(self, reason: str, ahead: int = 0) -> ValueError:
        """The error about the vector ``ahead`` of the next."""
        return ValueError(f"{self.path}: {self.promise}; {reason} vector {len(self.words) + ahead + 1:,}")


def is_text(start: bytes, N: int, path: str) -> bool:
    """Whether the first record is the text format's, perhaps broken; else it is the binary one's."""
    _, *numbers = start.partition(b"\n")[0].rstrip().rsplit(b" ", N)
    try:
        if len(numbers) == N:
            return bool([float(each) for each in numbers])
    except ValueError:
        pass
    row = start.partition(b" ")[2][: N * NUMBER.itemsize]
    printable = bool(row) and not set(row) - {9, 10, 13, *range(32, 127)}
    return printable and ".bin" not in path.lower()  # one number in a hundred has four such bytes
