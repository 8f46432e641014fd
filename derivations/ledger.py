"""The ledger: the list of all labelled equations, in the paper's order.

A section module labels its functions with :func:`equation` or :func:`definition`; ``errata.py`` has the
misprints, labelled with :func:`misprint`. A label is the path of the function: ``mlp.dE_dy`` is ``dE_dy``
in ``derivations/paper/mlp.py``.

The name of a derivative says what it must equal: ``dE_dy`` is ∂E/∂y, and by the notation table ∂E/∂y_j,
with one index j. JAX differentiates the module's ``reference``, which states only the forward pass.
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
"""The modules with labelled equations, in reading order."""

PACKAGES = ("paper", "techniques", "history")
"""The packages that contain the section modules."""

TECHNIQUES = "8"
"""§8 of the paper names techniques without equations; items are numbered from 1 in each module."""

F = TypeVar("F", bound=Callable[..., Any])
View = Callable[[Any], Any]


@dataclass(frozen=True)
class Claim:
    """The arguments of a decorator; see :func:`equation`."""

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
    """A misprint: its LaTeX, a function that computes it, and what is wrong with it."""

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
    """One labelled equation.

    ``rhs`` is the manually derived function. ``lhs`` is what it must equal: the names of a derivative,
    ``("E", "W")``; several of them; the name of a quantity of the forward pass; or a function of named
    quantities. ``view`` is applied to the left side first, if the paper prints only part of it.
    ``status`` is the expected result: ``definition``, ``verified`` or ``erratum``. ``source`` is the place
    of an equation that another paper prints.
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
        """The sort key: section, page, module (only in §8), item."""
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
    """Label a function as the right-hand side of an equation; the function is not changed.

    ``page`` and ``item`` are the place: the item-th equation of a page. ``latex`` is the correct equation.
    ``label`` names a second printing of the same equation; ``lhs`` is the left side if the function's name
    does not say it (``"dE_du"``, ``"h"``, or a function of named quantities). ``model`` selects another
    forward pass of the module; ``sizes`` fixes sizes, ``{"C": 1}``. ``source`` is used in §8 and names the
    paper that prints the equation, ``"Rong 2014, eq. 22"``; ``page`` is then the page on which this paper
    names the technique. ``ours`` marks a step that no paper prints.
    """
    claim = Claim(page, item, latex, label, lhs, status, model, view, sizes or {}, source, ours, note)

    def mark(function: F) -> F:
        named = replace(claim, label=claim.label or function.__name__, lhs=lhs or function.__name__)
        vars(function).setdefault("claims", []).append(named)
        return function

    return mark


def definition(page: int, item: float, latex: str, **more: Any) -> Callable[[F], F]:
    """Label a function that computes a quantity the paper defines; see :func:`equation`."""
    return equation(page, item, latex, status="definition", **more)


def misprint(label: str, latex: str, why: str, *, lhs: str = "") -> Callable[[F], F]:
    """Label a function that computes a misprint.

    The function takes the arguments of the correct one, or any other quantities of the model. ``lhs`` is
    the printed left side, if the misprint is there.
    """

    def mark(function: F) -> F:
        wrong = Misprint(label, latex, why, function, derivatives_in(lhs))
        vars(function).setdefault("misprints", []).append(wrong)
        return function

    return mark


@cache
def model_of(module: ModuleType, name: str = "") -> Model:
    """Return the forward pass of a module, or its variant ``forward_<name>``, with its reference.

    Raises ``ValueError`` if one of the two is missing.
    """
    suffix = f"_{name}" if name else ""
    short = module.__name__.rpartition(".")[2]
    forward, reference = (getattr(module, p + suffix, None) for p in ("forward", "reference"))
    if (forward is None) != (reference is None) or (name and forward is None):
        raise ValueError(f"{short}: define both forward{suffix} and reference{suffix}")
    return Model(short + suffix, module, module.NOTATION, forward, reference)


def entries_of(module: ModuleType, misprints: Mapping[str, Misprint]) -> list[Entry]:
    """Return the entries of one module, unsorted."""
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
    """Parse ``"dE_dW dE_dW_prime"`` as two derivatives and ``"h"`` as a quantity."""
    if not isinstance(lhs, str):
        return lhs
    pairs = derivatives_in(lhs)
    if pairs and {name for pair in pairs for name in pair} <= set(table):
        return pairs
    if lhs in table:
        return lhs
    raise ValueError(f"{lhs!r} is neither a quantity nor d<one>_d<another> of {sorted(table)}")


def derivatives_in(text: str) -> tuple[tuple[str, str], ...]:
    """Parse the names of derivatives: ``"dE_dW"`` is ``(("E", "W"),)``."""
    matches = (re.fullmatch(r"d(\w+?)_d(\w+)", word) for word in text.split())
    return tuple((match[1], match[2]) for match in matches if match)


def _functions(module: ModuleType) -> Iterable[Callable[..., Any]]:
    return [
        value
        for value in vars(module).values()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    ]


def misprints_of(module: ModuleType) -> dict[str, Misprint]:
    """Return the misprints of a module by label. Raises ``ValueError`` if a label has two."""
    found: dict[str, Misprint] = {}
    for function in _functions(module):
        for wrong in vars(function).get("misprints", []):
            if wrong.label in found:
                raise ValueError(f"two misprints are labelled {wrong.label}: merge them")
            found[wrong.label] = wrong
    return found


@cache
def ledger() -> tuple[Entry, ...]:
    """Return all entries in the paper's order.

    Raises ``ValueError`` if two entries have the same label or place, or if a misprint has no entry.
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
    """Return the import path of a section module: ``derivations.paper.mlp`` for ``"mlp"``.

    Raises ``ModuleNotFoundError`` if there is no module of this name.
    """
    for package in PACKAGES:
        path = f"derivations.{package}.{name}"
        if importlib.util.find_spec(path):
            return path
    raise ModuleNotFoundError(f"no section module is named {name!r}: {', '.join(SECTIONS)}")


def section_module(name: str) -> ModuleType:
    """Import the section module of this short name."""
    return importlib.import_module(section_path(name))


def place_of(entry: Entry) -> str:
    """Return the place as text: ``p. 4, item 7``; in §8 ``cbow, item 7``."""
    module = entry.label.partition(".")[0]
    return f"{module if entry.section == TECHNIQUES else f'p. {entry.page}'}, item {entry.item:g}"


def find(label: str) -> Entry:
    """Return the entry with this label. Raises ``KeyError`` with the most similar labels."""
    entries = {entry.label: entry for entry in ledger()}
    if label not in entries:
        near = difflib.get_close_matches(label, entries, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "derivations verify lists them all"
        raise KeyError(f"no equation is labelled {label!r}: {hint}")
    return entries[label]
