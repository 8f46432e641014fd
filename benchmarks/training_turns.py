"""A turn of training_speed.py: a function in a process of its own, on as many cores as said.

    python training_turns.py < job.json        the child: runs the job, prints its result as JSON

This module imports the standard library only, so that the cores are chosen before NumPy and JAX look for
them, and so that its imports are nothing beside those that are measured.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

SETTINGS = {"PYTHONHASHSEED": "0", "JAX_ENABLE_COMPILATION_CACHE": "0", "TF_CPP_MIN_LOG_LEVEL": "2"}
"""The environment of all turns: gensim is reproducible, JAX compiles anew in each process."""


def turn(
    function: str,
    arguments: dict[str, Any],
    *,
    cores: int | None = None,
    options: tuple[str, ...] = (),
) -> Any:
    """The result of ``module:function`` in a new process; with ``cores``, only on the first so many.

    ``options`` are the interpreter's; with them, the result comes with what the process wrote to stderr.
    """
    import subprocess

    import click

    job = {"function": function, "cores": cores, "arguments": arguments, "started": time.time()}
    command = [sys.executable, *options, str(Path(__file__))]
    environment = {**os.environ, **SETTINGS}
    ended = subprocess.run(command, input=json.dumps(job), env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise click.ClickException(
            f"{function} {arguments} ended with {ended.returncode}: {ended.stderr[-2000:]}"
        )
    result = json.loads(ended.stdout.splitlines()[-1])
    return (result, ended.stderr) if options else result


def cores_of_machine() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def started() -> float:
    """When this process was started, as its parent saw it, by ``time.time``."""
    return float(job["started"])


job: dict[str, Any] = {}

if __name__ == "__main__":
    sys.modules["training_turns"] = sys.modules["__main__"]
    job = json.load(sys.stdin)
    if job["cores"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: job["cores"]])
    module, _, name = job["function"].partition(":")
    print(json.dumps(getattr(importlib.import_module(module), name)(**job["arguments"])), flush=True)
