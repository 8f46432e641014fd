"""The ledger: every equation of the paper, in the paper's order, with what it claims.

A section module labels its functions with :func:`equation` or :func:`definition`; ``errata.py``
holds the printed forms that are wrong, each labelled with :func:`misprint`. The ledger joins the
two. A label is the path of the function: ``mlp.dE_dy`` is ``dE_dy`` in ``derivations/paper/mlp.py``.

Where a claim has a left side to differentiate, the name says it: ``dE_dy`` claims to be ∂E/∂y, and
the notation table says that this is ∂E/∂y_j, one index, j. JAX is given those two names and the
section's ``reference``, which states the forward pass and nothing else.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from types import ModuleType
from typing import Any, TypeVar

from derivations.notation import Notation

SECTIONS = (
    "backpropagation",
    "mlp",
    "softmax_cross_entropy",
    "numpy_shapes",
    "mlp_figure",
    "skipgram",
    "skipgram_figure",
    "skipgram_matrices",
    "cbow",
    "negative_sampling",
    "huffman",
    "hierarchical_softmax",
    "batches",
    "sampling",
    "nnlm",
    "rnnlm",
    "operations",
)
"""The modules that hold labelled equations, in reading order."""

PACKAGES = ("paper", "techniques", "history")
"""The packages of ``derivations`` that hold them."""

TECHNIQUES = "8"
"""The section that names techniques and prints no equation: each module counts its items from 1."""

F = TypeVar("F", bound=Callable[..., Any])
View = Callable[[Any], Any]


@dataclass(frozen=True)
class Claim:
    """What a decorator says of the function it labels; see :func:`equation`."""

    page: int
    item: float
    latex: str
    label: str
    lhs: str | Callable[..., Any]
    status: str
    model: str
    view: View | None
    sizes: Mapping[str, int]
    source: str
    ours: bool
    note: str


@dataclass(frozen=True)
class Misprint:
    """The printed form of a wrong equation: its LaTeX, a function that computes it, what is wrong."""

    label: str
    latex: str
    why: str
    computes: Callable[..., Any]
    lhs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Model:
    """A forward pass in NumPy and the same in JAX, with the notation their arguments follow.

    A module that differentiates nothing (§5) has neither; its inputs are all that its table draws.
    """

    name: str
    module: ModuleType
    notation: Notation
    forward: Callable[..., Any] | None
    reference: Callable[..., Any] | None

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the forward pass's arguments, in order."""
        if self.forward is None:
            return tuple(name for name, quantity in self.notation.items() if quantity.drawn != "-")
        return tuple(inspect.signature(self.forward).parameters)


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    ``rhs`` is the hand-written function. ``lhs`` is what it must equal: the names of a derivative,
    ``("E", "W")``; several of them; the name of one quantity of the forward pass; or a function
    that observes it. ``view`` is applied to the left side first, where the print shows only part
    of it. ``status`` is ``definition``, ``verified`` or ``erratum``: what the ledger expects, and
    the referee decides. ``source`` is where an equation of another paper is printed.
    """

    label: str
    section: str
    page: int
    item: float
    latex: str
    corrected_latex: str | None
    status: str
    lhs: tuple[tuple[str, str], ...] | str | Callable[..., Any]
    rhs: Callable[..., Any]
    model: Model
    view: View | None
    sizes: Mapping[str, int]
    source: str
    ours: bool
    note: str
    misprint: Misprint | None

    @property
    def name(self) -> str:
        """The label without its module."""
        return self.label.partition(".")[2]

    @property
    def place(self) -> tuple[str, int, int, float]:
        """Where it stands in the ledger: section, page, in §8 the module, item."""
        module = SECTIONS.index(self.label.partition(".")[0]) if self.section == TECHNIQUES else 0
        return self.section, self.page, module, self.item


def equation(
    page: int,
    item: float,
    latex: str,
    *,
    label: str = "",
    lhs: str | Callable[..., Any] = "",
    status: str = "verified",
    model: str = "",
    view: View | None = None,
    sizes: Mapping[str, int] | None = None,
    source: str = "",
    ours: bool = False,
    note: str = "",
) -> Callable[[F], F]:
    """Label a function as the right-hand side of an equation; the function itself is unchanged.

    ``page`` and ``item`` are where it is printed: the item-th claim of that page. ``latex`` is the
    true equation. ``label`` is for a second printing of the same equation; ``lhs`` is what must be
    differentiated where the function's name does not say it (``"dE_du"``, ``"h"``, or a function of
    named quantities). ``model`` names another forward pass of the module; ``sizes`` fixes sizes,
    ``{"C": 1}``. ``source`` is for §8: which other paper prints it, ``"Rong 2014, eq. 22"``; ``page`` is
    then where this one names the technique. ``ours`` marks a step that nobody prints.
    """
    claim = Claim(page, item, latex, label, lhs, status, model, view, sizes or {}, source, ours, note)

    def mark(function: F) -> F:
        named = replace(claim, label=claim.label or function.__name__, lhs=lhs or function.__name__)
        vars(function).setdefault("claims", []).append(named)
        return function

    return mark


def definition(page: int, item: float, latex: str, **more: Any) -> Callable[[F], F]:
    """Label a function that computes what an equation of the paper defines; see :func:`equation`."""
    return equation(page, item, latex, status="definition", **more)


def misprint(label: str, latex: str, why: str, *, lhs: str = "") -> Callable[[F], F]:
    """Label a function that computes what the paper prints where the print is wrong.

    The function takes the arguments of the right one, or any other quantities of the model. ``lhs``
    is for a print that is wrong on the left side: what it says is being derived.
    """

    def mark(function: F) -> F:
        wrong = Misprint(label, latex, why, function, derivatives_in(lhs))
        vars(function).setdefault("misprints", []).append(wrong)
        return function

    return mark


@cache
def model_of(module: ModuleType, name: str = "") -> Model:
    """The forward pass of a module, or its variant ``forward_<name>`` with ``reference_<name>``.

    Raises ``ValueError`` where one of the two is missing.
    """
    suffix = f"_{name}" if name else ""
    short = module.__name__.rpartition(".")[2]
    forward, reference = (getattr(module, p + suffix, None) for p in ("forward", "reference"))
    if (forward is None) != (reference is None) or (name and forward is None):
        raise ValueError(f"{short}: define both forward{suffix} and reference{suffix}")
    return Model(short + suffix, module, module.NOTATION, forward, reference)


def entries_of(module: ModuleType, misprints: Mapping[str, Misprint]) -> list[Entry]:
    """The entries of one module, in no particular order."""
    short = module.__name__.rpartition(".")[2]
    return [
        _entry(module, f"{short}.{claim.label}", claim, function, misprints)
        for function in _functions(module)
        for claim in vars(function).get("claims", [])
    ]


def _entry(
    module: ModuleType,
    label: str,
    claim: Claim,
    function: Callable[..., Any],
    misprints: Mapping[str, Misprint],
) -> Entry:
    wrong = misprints.get(label)
    model = model_of(module, claim.model)
    return Entry(
        label=label,
        section="1" if claim.page == 1 else module.SECTION,
        page=claim.page,
        item=claim.item,
        latex=wrong.latex if wrong else claim.latex,
        corrected_latex=claim.latex if wrong else None,
        status="erratum" if wrong else claim.status,
        lhs=_left_side(claim.lhs, model.notation),
        rhs=function,
        model=model,
        view=claim.view,
        sizes=claim.sizes,
        source=claim.source,
        ours=claim.ours,
        note=claim.note,
        misprint=wrong,
    )


def _left_side(
    lhs: str | Callable[..., Any], table: Notation
) -> tuple[tuple[str, str], ...] | str | Callable[..., Any]:
    """Read ``"dE_dW dE_dW_prime"`` as two derivatives and ``"h"`` as a quantity."""
    if not isinstance(lhs, str):
        return lhs
    pairs = derivatives_in(lhs)
    if pairs and {name for pair in pairs for name in pair} <= set(table):
        return pairs
    if lhs in table:
        return lhs
    raise ValueError(f"{lhs!r} is neither a quantity nor d<one>_d<another> of {sorted(table)}")


def derivatives_in(text: str) -> tuple[tuple[str, str], ...]:
    """The derivatives that a text names: ``"dE_dW"`` is ``(("E", "W"),)``."""
    matches = (re.fullmatch(r"d(\w+?)_d(\w+)", word) for word in text.split())
    return tuple((match[1], match[2]) for match in matches if match)


def _functions(module: ModuleType) -> Iterable[Callable[..., Any]]:
    return [
        value
        for value in vars(module).values()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    ]


def misprints_of(module: ModuleType) -> dict[str, Misprint]:
    """The misprints of a module by label; two for one label are a ``ValueError``."""
    found: dict[str, Misprint] = {}
    for function in _functions(module):
        for wrong in vars(function).get("misprints", []):
            if wrong.label in found:
                raise ValueError(f"two misprints are labelled {wrong.label}: merge them")
            found[wrong.label] = wrong
    return found


@cache
def ledger() -> tuple[Entry, ...]:
    """All entries in the paper's order.

    Raises ``ValueError`` for two entries with one label or one place, and for a misprint of an
    equation that does not exist.
    """
    misprints = misprints_of(section_module("errata"))
    modules = [section_module(name) for name in SECTIONS]
    entries = [entry for module in modules for entry in entries_of(module, misprints)]
    entries.sort(key=lambda entry: entry.place)
    for what, keys in (
        ("label", [entry.label for entry in entries]),
        ("place", [place_of(entry) for entry in entries]),
    ):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"two entries have the same {what}: {', '.join(twice)}")
    orphans = sorted(set(misprints) - {entry.label for entry in entries})
    if orphans:
        raise ValueError(f"misprints of equations that are not in the ledger: {', '.join(orphans)}")
    return tuple(entries)


@cache
def section_path(name: str) -> str:
    """The import path of a section module: ``section_path("mlp")`` is ``derivations.paper.mlp``.

    Raises ``ModuleNotFoundError`` where no package has a module of this name.
    """
    for package in PACKAGES:
        path = f"derivations.{package}.{name}"
        if importlib.util.find_spec(path):
            return path
    raise ModuleNotFoundError(f"no section module is named {name!r}: {', '.join(SECTIONS)}")


def section_module(name: str) -> ModuleType:
    """The section module with this short name, imported."""
    return importlib.import_module(section_path(name))


def place_of(entry: Entry) -> str:
    """The place in words: ``p. 4, item 7``; in §8 ``cbow, item 7``."""
    module = entry.label.partition(".")[0]
    return f"{module if entry.section == TECHNIQUES else f'p. {entry.page}'}, item {entry.item:g}"


def find(label: str) -> Entry:
    """The entry with this label; a ``KeyError`` names the nearest ones."""
    entries = {entry.label: entry for entry in ledger()}
    if label not in entries:
        near = difflib.get_close_matches(label, entries, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "derivations verify lists them all"
        raise KeyError(f"no equation is labelled {label!r}: {hint}")
    return entries[label]
