"""Write the page of the zoo: ``check_gradient`` diagnoses every wrong gradient at build."""

from __future__ import annotations

import difflib
import multiprocessing
import os
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sphinx.util import logging

import derivations
from companion.cache import cached, digest
from companion.contents import code_of, labels
from companion.pages import template, write
from derivations.checker.findings import Report
from derivations.cli.zoo import one_line
from derivations.latex import LABEL, prose
from derivations.zoo import EXHIBITS, ZOO, Exhibit, Specimen, find
from derivations.zoo.checking import check, recognised
from derivations.zoo.specimen import Function, body_of

EXAMPLES = 60
"""Random test cases for each wrong gradient; ``derivations zoo NAME`` tries 100."""

SEED = 0
MOST_PROCESSES = 4
ABBREVIATIONS = {"cbow": "CBOW", "mlp": "MLP", "relu": "ReLU"}
SPECIAL = re.compile(r"[\\`*_\[\]$|#~]")
ADDRESS = re.compile(r"(https?://[^\s;,)]*[^\s;,).:])")

logger = logging.getLogger(__name__)


def write_zoo(app: Any) -> None:
    """Diagnose all wrong gradients, and write the page."""
    logger.info("diagnosing %d wrong gradients on %d test cases each ...", len(ZOO), EXAMPLES)
    diagnoses = cached(
        Path(app.doctreedir) / "zoo.pickle", digest(derivations, Path(__file__)), diagnose_all
    )
    page = template("zoo.md", markdown=markdown, code=code_of, one_line=one_line, listed=listed, diff=diff)
    given = {"groups": groups(), "diagnoses": diagnoses, "examples": EXAMPLES, "count": len(ZOO)}
    write(Path(app.srcdir) / "zoo.md", page.render(given))


# --- the diagnoses ----------------------------------------------------------------------------------------


def diagnose_all() -> dict[str, str]:
    """Return the diagnoses by name, computed in several processes; ``ValueError`` if one is not right."""
    names = [specimen.name for specimen in ZOO]
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        diagnoses = dict(zip(names, pool.map(diagnose, names, chunksize=4), strict=True))
    missed = [name for name, diagnosis in diagnoses.items() if diagnosis is None]
    if missed:
        raise ValueError(
            f"not found, or not by the right name: {', '.join(missed)}; see derivations zoo NAME"
        )
    return {name: diagnosis for name, diagnosis in diagnoses.items() if diagnosis}


def diagnose(name: str) -> str | None:
    """Return what the checker says about a wrong gradient; None if that is not the right diagnosis."""
    specimen = find(name)
    report = check(specimen, EXAMPLES, SEED)
    if not recognised(specimen, report):
        return None
    return "\n\n".join(f"✗ {says}\n  {evidence}" for says, evidence in sentences_of(report))


def sentences_of(report: Report) -> Iterator[tuple[str, str]]:
    """Yield each explanation with its evidence, and each finding with its kind."""
    for one in report.diagnosis:
        yield one.says, " · ".join(filter(None, [f"{one.kind} {one.detail}".strip(), one.evidence]))
    for finding in report.findings:
        yield finding.message, finding.kind


# --- the page ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """A loss, and the exhibits that differentiate it."""

    loss: Function
    exhibits: tuple[Exhibit, ...]

    @property
    def title(self) -> str:
        """The name of its first exhibit, capitalized."""
        first, *rest = self.exhibits[0].name.split(" ")
        return " ".join([ABBREVIATIONS.get(first, first.capitalize()), *rest])

    @property
    def specimens(self) -> tuple[tuple[Exhibit, list[Specimen]], ...]:
        """The specimens of each exhibit."""
        return tuple((one, [s for s in ZOO if s.exhibit is one]) for one in self.exhibits)


def groups() -> list[Group]:
    """Return all exhibits grouped by loss, in the order of the modules."""
    order = list(dict.fromkeys(exhibit.loss for exhibit in EXHIBITS))
    by_loss = sorted(EXHIBITS, key=lambda exhibit: order.index(exhibit.loss))
    return [Group(loss, tuple(exhibits)) for loss, exhibits in groupby(by_loss, lambda one: one.loss)]


def diff(specimen: Specimen) -> str:
    """Return the right line and the wrong line as a diff, with a line before and after."""
    right, wrong = body_of(specimen.exhibit.right), body_of(specimen.wrong)
    lines = [line.rstrip() for line in difflib.unified_diff(right, wrong, n=1, lineterm="")]
    return "\n".join("" if line.startswith("@@") else line for line in lines[3:])


def listed(words: list[str]) -> str:
    """Return names as a list in a sentence: ``W and b``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def markdown(text: str) -> str:
    """Return plain text as Markdown: special characters escaped, addresses and equations as links."""
    known = set(labels())
    parts = []
    for part in re.split(rf"{ADDRESS.pattern}|({LABEL.pattern})", text):
        if part is None:
            continue
        if ADDRESS.fullmatch(part):
            parts.append(f"[{part.removeprefix('https://')}]({part})")
        elif part in known:
            parts.append(f"{{equation}}`{part}`")
        else:
            parts.append(SPECIAL.sub(r"\\\g<0>", str(prose(part))))
    return "".join(parts)
