"""Write the page of §7, which embeds the visualizer: one exported file for each loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.util import logging

import derivations
import w2v
from companion.cache import cached, digest
from companion.pages import template, write
from derivations.latex import prose
from w2v.stepper import Stepper, StepSettings
from w2v.stepper.quantities import STAGES, TEXTS, Quantity, computed_at, quantities_of
from w2v.visualizer.export import one_file

EPOCHS = {"softmax": 10, "negative": 3, "hs": 3}
"""The losses, and how many epochs of each are exported: 0.5 MB, and twice 0.3 MB."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """A stage of a training step: its name, its description, and the quantities computed in it."""

    name: str
    says: str
    quantities: tuple[Quantity, ...]


def write_section_7(app: Any) -> None:
    """Write the page and, if HTML is built, the files that it embeds."""
    given = {"stages": list(stages()), "settings": StepSettings(), "epochs": EPOCHS}
    page = template("section-7.md", prose=prose)
    write(Path(app.srcdir) / "paper" / "section-7.md", page.render(given))
    if app.builder.format == "html":
        logger.info("computing %d epochs for the visualizer ...", sum(EPOCHS.values()))
        key = digest(derivations, w2v, Path(__file__))
        for name, text in cached(Path(app.doctreedir) / "visualizer.pickle", key, exported).items():
            write(Path(app.outdir) / "visualizer" / f"{name}.html", text)


def stages() -> Iterator[Stage]:
    """Yield the stages of a step with the softmax."""
    named = quantities_of("softmax")
    for number, (name, says) in enumerate(zip(STAGES, TEXTS, strict=True)):
        yield Stage(name, says, tuple(named[one] for one in computed_at("softmax", number)))


def exported() -> dict[str, str]:
    """Return one self-contained HTML file for each loss: the first epochs on the paper's own text."""
    return {loss: one_file(Stepper.of(StepSettings(loss=loss)), epochs) for loss, epochs in EPOCHS.items()}
