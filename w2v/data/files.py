"""Files that are whole or not there: written beside their place, then moved into it; arrays in them."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import importlib
import lzma
import math
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Int64, UInt8
from numpy import ndarray as Array

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
READ_AND_WRITE = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write bytes to, which takes the place of ``path`` when the block ends, all at once.

    The bytes go to ``.NAME.part`` in the same folder, reach the disk (fsync), and are then renamed. So
    whoever opens ``path``, also after a power cut, finds the old file or the new one and never half of
    one. If the block raises, the part is removed and ``path`` is as it was. A part left by a killed
    process is written over by the next. What is no regular file, a pipe or ``/dev/null``, is written
    to directly.

    Raises OSError, with the file's name and the repair, if the disk is full, the folder cannot be
    written to, or another process is writing the same file.
    """
    place = Path(os.path.realpath(path))
    with explained(place):
        if place.exists() and not place.is_file() and not place.is_dir():
            with place.open("wb") as device:
                yield device
            return
        part = place.with_name(f".{place.name}.part")
        with opened(part, place) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if os.name == "nt":  # where an open file cannot be renamed
                    file.close()
                part.replace(place)  # while the lock is held, so that nobody empties the part first
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        sync_folder(place.parent)


def opened(part: Path, place: Path) -> BinaryIO:
    """The part, empty, ours alone, with the permissions of the file that it replaces; else ``OSError``."""
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a folder: give a file in it", str(place))
    while True:
        try:
            file = os.fdopen(os.open(part, READ_AND_WRITE, 0o666), "r+b")
        except OSError as problem:
            reason = f"cannot be written ({problem.strerror}): give a file in a folder you may write to"
            raise OSError(problem.errno, reason, str(place)) from None
        try:
            lock(file, place)
            if part.exists() and os.path.samestat(os.fstat(file.fileno()), part.stat()):
                file.truncate()
                if place.exists():
                    shutil.copymode(place, part)
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # its owner renamed it between our opening and our lock: begin again


def lock(file: BinaryIO, place: Path) -> None:
    """Refuse, ``OSError``, a part that another process is writing; where there are no locks, trust."""
    try:
        fcntl = importlib.import_module("fcntl")
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        reason = "another process is writing this file: wait for it, or give another"
        raise OSError(errno.EAGAIN, reason, str(place)) from None
    except OSError:  # a file system without locks
        return


def sync_folder(folder: Path) -> None:
    """Have the renaming itself reach the disk; a file system that cannot is left alone."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


COMPRESSED: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
"""What a compressed file begins with, and what opens it."""


@contextlib.contextmanager
def unpacking(name: str) -> Iterator[None]:
    """Turn what a broken compressed file raises into a ValueError of one line."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as problem:
        raise ValueError(f"{name}: the compressed file is broken or cut short ({problem})") from None
    except OSError as problem:
        if problem.errno is not None:
            raise
        raise ValueError(f"{name}: the compressed file is broken ({problem})") from None


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Give an OSError about a full disk, which names no file, the file's name and the repair."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in FULL or problem.filename is not None:
            raise
        reason = f"{problem.strerror}; free some space, or give a file on another disk"
        raise OSError(problem.errno, reason, str(path)) from problem


# --- arrays in an .npz ------------------------------------------------------------------------------


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Any]) -> None:
    """Write an uncompressed ``.npz``, whole or not at all; the same arrays give the same bytes."""
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """All arrays of an ``.npz``, writable.

    Sizes are held against the file before memory is taken, and checksums before the arrays are given out.
    Raises ValueError, in one line, for a file that is no ``.npz``, is broken, cut short or holds objects.
    """
    with Path(path).open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                return {info.filename.removesuffix(".npy"): _array(archive, info) for info in members}
        except Exception as problem:  # zipfile, zlib, struct and tokenize have their own for wrong bytes
            if isinstance(problem, OSError) and problem.errno not in {None, errno.EINVAL}:
                raise
            reason = " ".join(str(problem).split()) or type(problem).__name__
            raise ValueError(f"{path}: no .npz, or broken or cut short ({reason})") from None


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    """One array, if the file holds as many bytes as the array's header promises."""
    with archive.open(info) as member:
        newer = np.lib.format.read_magic(member) != (1, 0)
        header = np.lib.format.read_array_header_2_0 if newer else np.lib.format.read_array_header_1_0
        shape, fortran, dtype = header(member)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or min(shape, default=0) < 0 or member.tell() + size != info.file_size:
            raise ValueError(f"{info.filename}: the header promises {shape} of {dtype}, which is not there")
        array = np.empty(shape, dtype, order="F" if fortran else "C")
        view, at = memoryview(array.reshape(-1, order="A").view(np.uint8).data), 0
        while piece := member.read(1 << 20):  # to the end, where the checksum is compared
            view[at : at + len(piece)] = piece
            at += len(piece)
    return array


def packed(words: Sequence[str]) -> tuple[UInt8[Array, "bytes"], Int64[Array, "V"]]:
    """Words as arrays: the UTF-8 bytes of all, one after the other, and the characters of each.

    Any str goes and comes back as it was, also one with spaces, NULs at its end or half a surrogate pair,
    unlike in NumPy's own arrays of str.
    """
    text = "".join(words).encode("utf-8", "surrogatepass")
    return np.frombuffer(text, np.uint8), np.fromiter(map(len, words), np.int64, len(words))


def unpacked(text: UInt8[Array, "bytes"], lengths: Int64[Array, "V"]) -> list[str]:
    """The words that were ``packed``; ValueError if the arrays do not belong together."""
    letters = text.tobytes().decode("utf-8", "surrogatepass")
    ends = np.cumsum(lengths)
    if text.dtype != np.uint8 or lengths.ndim != 1 or (lengths < 0).any() or len(letters) != lengths.sum():
        raise ValueError(f"the words have {len(letters):,} characters, their lengths say {lengths.sum():,}")
    return [letters[end - size : end] for end, size in zip(ends.tolist(), lengths.tolist(), strict=True)]
