"""When, where, on what and by which command a benchmark measured; no paths."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from training_turns import cores_of_machine

VERSIONS = {"NumPy": "numpy", "JAX": "jax", "gensim": "gensim"}


def circumstances(packages: Mapping[str, str] = VERSIONS) -> dict[str, Any]:
    """All of it, for the command that is running, with the versions of these packages."""
    context = click.get_current_context()
    given = (
        f"--{name.replace('_', '-')} {said(value)}"
        for name, value in context.params.items()
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE and name != "to"
    )
    versions = {name: version(package) for name, package in packages.items()}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "cores": cores_of_machine(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "versions": {"Python": platform.python_version(), **versions},
        "command": " ".join([f"python benchmarks/{Path(sys.argv[0]).name}", *given]),
    }


def said(value: Any) -> str:
    """An option's value as it was typed; of a path, the name."""
    if isinstance(value, list):
        return ",".join(value)
    return value.name if isinstance(value, Path) else str(value)


def processor() -> str:
    """The processor's name."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
