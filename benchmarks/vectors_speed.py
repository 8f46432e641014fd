"""How long a user of vectors waits: reading a file of them, asking what a misspelt word may have been.

python benchmarks/vectors_speed.py
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from training_figures import spread

from w2v import WordVectors
from w2v.vectors.spelling import nearest

ROUNDS = 7


def milliseconds(task: Callable[[], Any]) -> list[float]:
    """What each of some rounds took."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        task()
        found.append(1000 * (time.perf_counter() - start))
    return found


def main() -> None:
    """Print a table: medians, with the least and the most."""
    rng = np.random.default_rng(0)
    words = [
        "".join(map(chr, row[: 4 + i % 6])) for i, row in enumerate(rng.integers(97, 123, (200_000, 9)))
    ]
    table = Table("task", "ms")
    with tempfile.TemporaryDirectory() as folder:
        names = [f"word{i}" for i in range(70_000)]
        vectors = WordVectors(names, rng.standard_normal((70_000, 100), np.float32))
        tasks: dict[str, Callable[[], Any]] = {
            "nearest spellings of 200,000": lambda: nearest("washingt", words)
        }
        for suffix in (".bin", ".txt", ".npz"):
            file = Path(folder, f"v{suffix}")
            vectors.save(file)
            tasks[f"read 70,000 of 100, {suffix}"] = lambda file=file: WordVectors.load(file)
        for name, task in tasks.items():
            table.add_row(name, spread(milliseconds(task)))
    Console().print(table)


if __name__ == "__main__":
    main()
