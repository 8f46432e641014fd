"""The zoo of mistakes: every specimen is shown to ``check_gradient`` at build, and told with its answer.

What is kept of an earlier build are the answers for the very same code.
"""

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
from companion.contents import code_of, labels
from companion.keeping import digest, kept
from companion.pages import template, write
from derivations.checker.findings import Report
from derivations.cli.zoo import one_line
from derivations.latex import LABEL, prose
from derivations.zoo import EXHIBITS, ZOO, Exhibit, Specimen, find
from derivations.zoo.checking import check, recognised
from derivations.zoo.specimen import Function, body_of

EXAMPLES = 60
"""Random instances for each specimen; ``derivations zoo NAME`` tries 100."""

SEED = 0
MOST_PROCESSES = 4
ABBREVIATIONS = {"cbow": "CBOW", "mlp": "MLP", "relu": "ReLU"}
SPECIAL = re.compile(r"[\\`*_\[\]$|#~]")
ADDRESS = re.compile(r"(https?://[^\s;,)]*[^\s;,).:])")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Diagnosis:
    """What the checker says of a specimen: its sentences, each with the evidence, and the whole report."""

    sentences: tuple[tuple[str, str], ...]
    report: str

    @property
    def text(self) -> str:
        """The sentences as the terminal has them."""
        return "\n\n".join(f"✗ {says}\n  {known}" for says, known in self.sentences)


def write_zoo(app: Any) -> None:
    """Show all specimens to the checker, and write the page."""
    logger.info("diagnosing %d wrong gradients on %d instances each ...", len(ZOO), EXAMPLES)
    diagnoses = kept(Path(app.doctreedir) / "zoo.pickle", digest(derivations, Path(__file__)), diagnosed)
    page = template("zoo.md", markdown=markdown, code=code_of, one_line=one_line, listed=listed, diff=diff)
    given = {"halls": halls(), "diagnoses": diagnoses, "examples": EXAMPLES, "count": len(ZOO)}
    write(Path(app.srcdir) / "zoo.md", page.render(given))


# --- the diagnoses ----------------------------------------------------------------------------------------


def diagnosed() -> dict[str, Diagnosis]:
    """The diagnoses by name, from several processes; ValueError if one is not called what it is."""
    names = [specimen.name for specimen in ZOO]
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        diagnoses = dict(zip(names, pool.map(diagnosis_of, names, chunksize=4), strict=True))
    missed = [name for name, diagnosis in diagnoses.items() if diagnosis is None]
    if missed:
        raise ValueError(f"not found, or not by its name: {', '.join(missed)}; see derivations zoo NAME")
    return {name: diagnosis for name, diagnosis in diagnoses.items() if diagnosis}


def diagnosis_of(name: str) -> Diagnosis | None:
    """What the checker makes of a specimen; nothing if it does not call it what it is."""
    specimen = find(name)
    report = check(specimen, EXAMPLES, SEED)
    return Diagnosis(tuple(sentences_of(report)), str(report)) if recognised(specimen, report) else None


def sentences_of(report: Report) -> Iterator[tuple[str, str]]:
    """What is wrong, and how that is known; of findings their kind."""
    for one in report.diagnosis:
        yield one.says, " · ".join(filter(None, [f"{one.kind} {one.detail}".strip(), one.evidence]))
    for finding in report.findings:
        yield finding.message, finding.kind


# --- the page ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hall:
    """A loss, and the exhibits that differentiate it."""

    loss: Function
    exhibits: tuple[Exhibit, ...]

    @property
    def title(self) -> str:
        """The name of its first exhibit."""
        name = self.exhibits[0].name
        first, *rest = name.split(" ")
        return " ".join([ABBREVIATIONS.get(first, first.capitalize()), *rest])

    @property
    def specimens(self) -> tuple[tuple[Exhibit, list[Specimen]], ...]:
        """The specimens of each exhibit."""
        return tuple((one, [s for s in ZOO if s.exhibit is one]) for one in self.exhibits)


def halls() -> list[Hall]:
    """All exhibits, those of one loss together, in the order in which the modules have them."""
    order = list(dict.fromkeys(exhibit.loss for exhibit in EXHIBITS))
    by_loss = sorted(EXHIBITS, key=lambda exhibit: order.index(exhibit.loss))
    return [Hall(loss, tuple(exhibits)) for loss, exhibits in groupby(by_loss, lambda one: one.loss)]


def diff(specimen: Specimen) -> str:
    """The right line and the wrong one in its place, with a line before and after."""
    right, wrong = body_of(specimen.exhibit.right), body_of(specimen.wrong)
    lines = [line.rstrip() for line in difflib.unified_diff(right, wrong, n=1, lineterm="")]
    return "\n".join("" if line.startswith("@@") else line for line in lines[3:])


def listed(words: list[str]) -> str:
    """Names in a sentence: ``W and b``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def markdown(text: str) -> str:
    """A remark as Markdown: what would be a sign of Markdown is none, addresses and equations are links."""
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
