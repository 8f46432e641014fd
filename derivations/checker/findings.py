"""What the classroom's checker finds, as plain data: the terminal, the notebook and JSON are made from it.

A :class:`Report` answers four questions in this order: is the gradient right, where is it wrong, what is
wrong with it, and how does one see it again. Nothing in here computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """Something about the function itself, apart from its numbers.

    ``kind`` is one of: ``raises``, ``returns-none``, ``returns-other``, ``wrong-count``,
    ``wrong-shape``, ``not-finite``, ``wrong-dtype``, ``float32``, ``mutates-argument``, ``returns-view``,
    ``differs-between-calls``, ``too-slow``, ``loss``. ``argument`` is the argument of the loss that it is
    about, or empty; ``message`` is a sentence with the shapes and values and the repair; ``fatal``
    says whether the gradient is wrong because of it (a float32 gradient is not: it is judged as one).
    """

    kind: str
    argument: str
    message: str
    fatal: bool = True


@dataclass(frozen=True)
class Explanation:
    """One mistake that accounts for what was found, and the evidence for it.

    ``kind`` is a slug of the table in ``diagnosis/kinds.py``, ``argument`` the argument of the loss
    whose gradient is wrong (several, with a space between, where one mistake spoils them), ``says`` the
    diagnosis in a sentence, ``evidence`` on how many instances and shapes it held, ``detail`` the name
    of the quantity or constant that it is about (``h * (1 - h)``, ``1/C``), or empty.
    """

    kind: str
    argument: str
    says: str
    evidence: str
    detail: str = ""


@dataclass(frozen=True)
class ArgumentResult:
    """How the gradient for one argument fared.

    ``name`` as the loss calls it; ``shape`` by its letters (``"V N"``, or sizes where none were given);
    ``holds``; ``failed`` of ``tried`` instances; ``error``, the worst difference in permitted roundings
    (4 are permitted, as in ``derivations verify``); ``worst``: index, the hand's value and the automatic
    one at the worst entry of the smallest failing instance, None where it holds.
    """

    name: str
    shape: str
    holds: bool
    failed: int
    tried: int
    error: float
    worst: tuple[tuple[int, ...], float, float] | None = None


@dataclass(frozen=True)
class Smallest:
    """The smallest failing case: sizes, inputs, and both gradients by argument (float64 arrays)."""

    sizes: Mapping[str, int]
    inputs: Mapping[str, Any]
    hand: Mapping[str, Any]
    automatic: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Report:
    """The verdict on a gradient, everything that led to it, and how to see it again.

    ``right`` is the verdict. ``judges`` names who found the automatic gradient, ``precision`` is
    ``"float64"`` or ``"float32"``, ``instances`` and ``shapes`` how many were tried. ``diagnosis`` is
    empty where nothing is wrong, and also where no explanation fits (``unexplained`` lists
    those arguments). ``again`` is a line of Python to paste. ``notes`` are remarks that change no verdict.
    """

    name: str
    right: bool
    arguments: tuple[ArgumentResult, ...]
    findings: tuple[Finding, ...] = ()
    diagnosis: tuple[Explanation, ...] = ()
    unexplained: tuple[str, ...] = ()
    smallest: Smallest | None = None
    judges: tuple[str, ...] = ()
    precision: str = "float64"
    instances: int = 0
    shapes: int = 0
    seconds: float = 0.0
    again: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)

    def __str__(self) -> str:
        """The report as the terminal shows it, without colours."""
        from derivations.checker.terminal import as_text

        return as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The report in a notebook: hand, automatic and difference as heat maps on one scale."""
        from derivations.checker.notebook import as_html

        return as_html(self)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, ready for ``json.dumps``: no arrays, no NaN."""
        from derivations.checker.terminal import as_record

        return as_record(self)
