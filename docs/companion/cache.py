"""Cache what takes long to compute, under a hash of the source files that it was computed from."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import derivations
import w2v

Result = TypeVar("Result")

SUFFIXES = {".py", ".toml", ".js", ".css", ".html"}


def cached(file: Path, key: str, compute: Callable[[], Result]) -> Result:
    """Return what ``compute`` returns; read it from ``file`` if it was computed under the same key."""
    if file.exists():
        known, result = pickle.loads(file.read_bytes())  # written below
        if known == key:
            return result  # type: ignore[no-any-return]
    result = compute()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps((key, result)))
    return result


def digest(*of: ModuleType | Path | str) -> str:
    """Return a hash of all files of some packages, of some files, and of some strings."""
    found = hashlib.sha256()
    for one in of:
        data = one.encode() if isinstance(one, str) else b"".join(map(Path.read_bytes, files_of(one)))
        found.update(hashlib.sha256(data).digest())
    return found.hexdigest()


def files_of(one: ModuleType | Path) -> list[Path]:
    """Return the file itself, or the source files of a package, sorted."""
    if isinstance(one, Path):
        return [one]
    assert one.__file__
    found = Path(one.__file__).parent.rglob("*")
    return sorted(path for path in found if path.suffix in SUFFIXES)


def cache_executions(app: Any, config: Any) -> None:
    """Give the notebooks' outputs a cache of their own for each version of the code.

    MyST-NB itself runs a page again only if one of its cells has changed.
    """
    code = digest(derivations, w2v)[:16]
    config.nb_execution_cache_path = str(Path(app.doctreedir, "executed", code))
