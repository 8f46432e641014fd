"""Who must notice a mutant: each killer is given the mutated module and raises if it finds a fault.

``KILLERS`` is the list, cheapest first; add to it what a new test checks of a section module. That
every killer accepts the modules as they stand is a test itself, in ``tests/test_mutation.py``.
"""

from __future__ import annotations

import doctest
import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from derivations import ledger
from derivations.ledger import SECTIONS, Misprint, Model, entries_of, misprints_of
from derivations.referee.forward_pass import quantities
from derivations.referee.instances import random_instance
from derivations.referee.judges import Bench
from derivations.referee.verdicts import Verdict, verify

from .loading import Load
from .mutants import source_of

Killer = Callable[[ModuleType, str, Load], None]
"""Given a module, the name of the function that was mutated in it, and how to load another."""

Pass = Callable[..., Any]

EXAMPLES = 40


class FaultError(AssertionError):
    """A killer found a fault in a module."""


def short_name(module: ModuleType) -> str:
    """The name of a section module without its package."""
    return module.__name__.rpartition(".")[2]


# --- the referee ----------------------------------------------------------------------------------


def own_verdicts(module: ModuleType, place: str, load: Load) -> None:
    """The entries of the mutated function, on a few instances."""
    entries = [entry for entry in entries_of(module, {}) if entry.rhs.__name__ == place]
    demand(verify(entries, 6, seed=1))


def few_verdicts(module: ModuleType, place: str, load: Load) -> None:
    """Every entry, errata apart, on three instances."""
    demand(verify(entries_of(module, {}), 3, seed=0))


def many_verdicts(module: ModuleType, place: str, load: Load) -> None:
    """Every entry on many instances, its erratum among them."""
    demand(verify(entries_of(module, misprints()), EXAMPLES, seed=0))


@cache
def misprints() -> Mapping[str, Misprint]:
    """The misprints of ``errata.py``, which must go on failing."""
    return misprints_of(import_module("derivations.errata"))


def demand(verdicts: list[Verdict]) -> None:
    """Raise ``FaultError`` for the first verdict that does not hold."""
    for verdict in verdicts:
        if not verdict.holds:
            raise FaultError(f"{verdict.entry.label}: {verdict.reason}")


# --- doctests -------------------------------------------------------------------------------------


def doctests(module: ModuleType, place: str, load: Load) -> None:
    """Every example in the module's docstrings."""
    runner = doctest.DocTestRunner(verbose=False)
    for test in doctest.DocTestFinder().find(module, module.__name__, module):
        said: list[str] = []
        if runner.run(test, out=said.append).failed:
            raise FaultError("".join(said))


# --- the two forward passes -----------------------------------------------------------------------


def models_of(module: ModuleType) -> Iterator[tuple[Model, Pass, Pass]]:
    """The models of a module, each with its forward pass in NumPy and in JAX."""
    for name in vars(module):
        if name.startswith("forward"):
            model = ledger.model_of(module, name.removeprefix("forward").removeprefix("_"))
            assert model.forward is not None
            assert model.reference is not None
            yield model, model.forward, model.reference


def forward_returns_its_lines(module: ModuleType, place: str, load: Load) -> None:
    """A forward pass returns the quantities of its notation, in the order of its lines."""
    for model, forward, _ in models_of(module):
        arguments = list(random_instance(model, 0, {}).inputs.values())
        lines = list(computed(model, forward, arguments).values())
        returned = forward(*arguments)
        if len(lines) != len(returned) or not all(map(np.array_equal, lines, returned)):
            raise FaultError(f"forward of {model.name} does not return its lines in order")


def reference_returns_its_last_line(module: ModuleType, place: str, load: Load) -> None:
    """A reference returns what it computed last."""
    for model, _, reference in models_of(module):
        arguments = list(random_instance(model, 0, {}).inputs.values())
        *_, last = quantities(reference, *arguments).values()
        if not np.array_equal(last, reference(*arguments)):
            raise FaultError(f"reference of {model.name} does not return its last line")


def forward_passes_agree(module: ModuleType, place: str, load: Load) -> None:
    """Every quantity of a forward pass is a line of its reference too, and has the same value."""
    for model, forward, _ in models_of(module):
        for seed in range(4):
            instance = random_instance(model, seed, {})
            bench = Bench(model, instance)
            for name in computed(model, forward, list(instance.inputs.values())):
                if bench.disagreement(name):
                    raise FaultError(f"{model.name}, {name}: {bench.disagreement(name)}")


def computed(model: Model, forward: Pass, arguments: list[Any]) -> dict[str, Any]:
    """What a forward pass computes of its notation, by name, in order."""
    lines = quantities(forward, *arguments)
    return {name: lines[name] for name in lines if name in {*model.notation} - {*model.inputs}}


# --- what the ledger does not ask -----------------------------------------------------------------


def facts(module: ModuleType, place: str, load: Load) -> None:
    """Values known without the module; see ``FACTS``."""
    for function, arguments, expected in FACTS.get(short_name(module), []):
        value = getattr(module, function)(*arguments)
        if not np.allclose(value, expected, rtol=1e-13, atol=0):
            raise FaultError(f"{function} is {value} for {arguments}, not {expected}")


def unit_after_a_step(t: float) -> float:
    """The error of §2's unit after a step from w = 0: x cancels, u moves to t / 4 / (1 + |t|)."""
    return (t - math.tanh(t / 4 / (1 + abs(t)))) ** 2 / 2


ORIGIN, ASIDE = np.zeros(2), np.array([3.0, -4.0])

FACTS: dict[str, list[tuple[str, list[Any], Any]]] = {
    "backpropagation": [
        ("error_after_a_step", [ASIDE, ORIGIN, -3.0], unit_after_a_step(-3.0)),
        ("error_after_a_step", [ASIDE / 10, ORIGIN, 0.5], unit_after_a_step(0.5)),
        ("error_after_a_step", [ORIGIN, ASIDE, 0.5], 0.125),
    ],
    "skipgram": [
        # were the scores not shared, another context word would have another row of u and y
        ("e", [1, 0, np.array([[0.1, 0.9], [0.3, 0.7]]), np.eye(2)], 0.3),
        ("E", [np.eye(2), np.log([[1.0, 1.0], [1.0, 3.0]])], math.log(2) - math.log(3 / 4)),
    ],
    "softmax_cross_entropy": [
        # rows do not know of each other, however far apart their scores are
        ("softmax", [np.array([[0.0, 0.0], [9e3, 9e3]])], np.full((2, 2), 0.5)),
        # were every outcome certain at once, the error would still be the target's entropy
        ("distance_from_target", [np.zeros(4), np.array([0.5, 0.25, 0.25, 0])], 1.5 * math.log(2)),
    ],
}
"""A function, its arguments, and what it must give."""


# --- what the functions to paste refuse -----------------------------------------------------------


def refusals(module: ModuleType, place: str, load: Load) -> None:
    """What is refused, and in which words; see ``REFUSALS``."""
    for function, arguments, message in REFUSALS.get(short_name(module), []):
        refuses(getattr(module, function), arguments(module), message)


def refuses(function: Callable[..., Any], arguments: list[Any], message: str) -> None:
    """Raise ``FaultError`` unless the call raises ``ValueError`` with a message that begins so."""
    try:
        function(*arguments)
    except ValueError as error:
        if not str(error).startswith(message):
            raise FaultError(f"{function.__name__} says {str(error)!r}, not {message!r}") from None
    else:
        raise FaultError(f"{function.__name__} accepts what it should refuse: {message}")


def poisoned(position: int) -> Callable[[ModuleType], list[Any]]:
    """The module's example with a NaN in one argument."""

    def arguments(module: ModuleType) -> list[Any]:
        example = [np.array(argument) for argument in module.example()]
        example[position].flat[0] = np.nan
        return example

    return arguments


def given(*arguments: Any) -> Callable[[ModuleType], list[Any]]:
    """These arguments, whatever the module."""
    return lambda module: list(arguments)


LOOSE = np.array([[0.5, 0.5], [0.5, 0.75]])
LOOSE_ROW = (
    "t has shape (2, 2) and a row that sums to 1.25: y - t is the gradient only for targets that sum"
    " to 1, divide t by its sum"
)

REFUSALS: dict[str, list[tuple[str, Callable[[ModuleType], list[Any]], str]]] = {
    "backpropagation": [
        ("gradient", poisoned(0), "x[0] is nan"),
        ("gradient", poisoned(1), "w[0] is nan"),
    ],
    "mlp": [
        ("gradients", poisoned(0), "x[0] is nan"),
        ("gradients", poisoned(1), "t[0] is nan"),
        ("gradients", poisoned(2), "W[0, 0] is nan"),
        ("gradients", poisoned(3), "W_prime[0, 0] is nan"),
    ],
    "softmax_cross_entropy": [
        ("gradient", poisoned(0), "u[0] is nan"),
        ("gradient", poisoned(1), "t[0] is nan"),
        ("gradient", given(np.zeros(2), LOOSE[1]), "t has shape (2,) and a row that sums to 1.25"),
        ("check_target", given(LOOSE), LOOSE_ROW),
        ("check_target", given(np.array([[0.5, 0.75], [0.5, 0.25]])), LOOSE_ROW),
        ("check_target", given(np.ones(2)), "t has shape (2,) and a row that sums to 2"),
        ("check_target", given(np.array([0.5, 0.5 + 2e-9])), "t has shape (2,)"),
        ("check_target", given(np.array([0.5, 0.5 - 2e-9])), "t has shape (2,)"),
    ],
    "skipgram": [
        ("gradients", poisoned(0), "x[0] is nan"),
        ("gradients", poisoned(1), "t[0, 0] is nan"),
        ("gradients", poisoned(2), "W[0, 0] is nan"),
        ("gradients", poisoned(3), "W_prime[0, 0] is nan"),
        ("gradients", given(np.zeros(2), LOOSE, np.zeros((2, 1)), np.zeros((1, 2))), LOOSE_ROW),
        ("one_hot", given(5, 5), "word 5 is not in a vocabulary of 5: give 0 to 4"),
        ("one_hot", given(7, 5), "word 7 is not in a vocabulary of 5: give 0 to 4"),
        ("one_hot", given(-1, 5), "word -1 is not in a vocabulary of 5: give 0 to 4"),
    ],
    "skipgram_matrices": [
        ("every_target_word", given(np.eye(2), LOOSE[:1, None], np.eye(2), np.eye(2)), "zip()"),
    ],
}
"""A function, what it is given, and how its refusal begins."""


# --- the sections that build on this one ----------------------------------------------------------


def importers(module: ModuleType, place: str, load: Load) -> None:
    """The sections that import from this one, with the mutant in its place."""
    for name in importers_of(short_name(module)):
        importer = load(name, source_of(name))
        doctests(importer, "", load)
        many_verdicts(importer, "", load)


@cache
def importers_of(section: str) -> list[str]:
    """The sections that import from this one, themselves or through another, in reading order."""
    found = [section]
    for name in SECTIONS:
        if {*re.findall(r"^from derivations\.(\w+) import", source_of(name), re.MULTILINE)} & {*found}:
            found.append(name)
    return found[1:]


KILLERS: tuple[Killer, ...] = (
    own_verdicts,
    doctests,
    facts,
    refusals,
    forward_returns_its_lines,
    reference_returns_its_last_line,
    forward_passes_agree,
    few_verdicts,
    many_verdicts,
    importers,
)
