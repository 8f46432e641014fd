"""Writing a file so that it is complete or unchanged."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], data: str | bytes) -> None:
    """Write text (as UTF-8) or bytes to a temporary file in the same folder and rename it to ``path``.

    If that fails, a file that was at ``path`` is unchanged, and none is left where there was none. A path
    that is not a regular file, as ``/dev/stdout``, is written to directly. Raises ``OSError`` with the
    name ``path``, whatever the failing step was.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            temporary.write_bytes(content)
            if target.exists():
                temporary.chmod(target.stat().st_mode)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, os.fspath(path)) from problem
