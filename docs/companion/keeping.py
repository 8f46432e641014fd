"""What takes long is done once for the same code: it is kept, under a name for its sources it came from."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import derivations
import w2v

Made = TypeVar("Made")

SUFFIXES = {".py", ".toml", ".js", ".css", ".html"}


def kept(file: Path, key: str, make: Callable[[], Made]) -> Made:
    """What ``make`` returns; from ``file``, if it was made under the same key."""
    if file.exists():
        known, made = pickle.loads(file.read_bytes())  # written below
        if known == key:
            return made  # type: ignore[no-any-return]
    made = make()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps((key, made)))
    return made


def digest(*of: ModuleType | Path | str) -> str:
    """A name for all files of some packages, for some files and for some words."""
    found = hashlib.sha256()
    for one in of:
        found.update(
            one.encode() if isinstance(one, str) else b"".join(map(Path.read_bytes, files_of(one)))
        )
        found.update(b"\0")
    return found.hexdigest()


def files_of(one: ModuleType | Path) -> list[Path]:
    """The file itself, or the files of a package in order."""
    if isinstance(one, Path):
        return [one]
    assert one.__file__
    found = Path(one.__file__).parent.rglob("*")
    return sorted(path for path in found if path.suffix in SUFFIXES)


def keep_executions(app: Any, config: Any) -> None:
    """Keep what the cells of a page print for the code as it is; for other code, all pages are run anew.

    MyST-NB itself looks only at whether a cell has changed.
    """
    code = digest(derivations, w2v)[:16]
    config.nb_execution_cache_path = str(Path(app.doctreedir, "executed", code))
