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
from derivations.oracle.cases import random_instance
from derivations.oracle.forward_pass import quantities
from derivations.oracle.judges import Bench
from derivations.oracle.verdicts import Verdict, verify

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
    return misprints_of(import_module("derivations.paper.errata"))


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


GOLDEN = (1 + math.sqrt(5)) / 2

ROUNDED = 0.5436249914654229
"""A threshold where the greatest difference is above its bound, by a rounding."""

MERGED = [[8, 6, 8, 7, 6, 10, 7, 9, 9, 10, 0], [1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0]]
"""4, 1, 3, 2 and 2 and 9: the parents and the codes, found on paper."""

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
    "negative_sampling": [
        ("log_sigmoid", [np.array([0.0, 1e4, -1e4])], [-math.log(2), 0, -1e4]),
        ("log_sigmoid", [-1e-3], -math.log1p(math.exp(1e-3))),
    ],
    "huffman": [
        # equal counts: an inner node before a word, the older inner node, the later word
        ("merge", [np.ones(5)], [[7, 6, 6, 5, 5, 7, 8, 8, 0], [0, 1, 0, 1, 0, 1, 0, 1, 0]]),
        ("merge", [np.array([2.0])], [[0], [0]]),
        ("merge", [np.array([1.0, 2.0])], [[2, 2, 0], [0, 1, 0]]),
        ("merge", [np.array([4, 1, 3, 2, 2, 9])], MERGED),
        ("inner_nodes", [np.ones(1)], [0, -1]),
        ("huffman_tree", [[2, 1]], [[[0], [0]], [[1], [0]]]),
    ],
    "sampling": [
        # lists of numbers will do
        ("discard_probability", [[1.0, 0.25], 0.25], [0.5, 0]),
        ("printed_keep_probability", [[1.0, 0.04], 0.25], [0.5, 1]),
        ("keep_probability", [[1.0, 0.04], 0.25], [0.75, 1]),
        # where word2vec.c begins to discard, f = φ² s
        ("always_kept", [np.array([GOLDEN**2 * 0.5]), 0.5], [True]),
        ("difference_is_bounded", [np.array([GOLDEN**2 * 0.125]), 0.125], [True]),
        ("difference_is_bounded", [np.array([GOLDEN**2 * ROUNDED]), ROUNDED], [True]),
        # counts in any unit, and without overflow
        ("sums_to_one", [np.array([3.0, 5.0])], 1),
        ("noise_distribution", [np.array([1e200, 1.0]), 2.0], [1, 0]),
        ("noise_distribution", [np.array([1.0, 16.0])], [1 / 9, 8 / 9]),
    ],
}
"""A function, its arguments, and what it must give."""


# --- what the functions to paste refuse -----------------------------------------------------------


def refusals(module: ModuleType, place: str, load: Load) -> None:
    """What is refused, and in which words; see ``REFUSALS``."""
    for function, arguments, message in REFUSALS.get(short_name(module), []):
        refuses(getattr(module, function), arguments(module), message)


def refuses(function: Callable[..., Any], arguments: list[Any], message: str) -> None:
    """Raise ``FaultError`` unless the call raises an error of its own, with a message that begins so."""
    try:
        function(*arguments)
    except (ValueError, TypeError) as error:
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


def of_cbow(position: int) -> Callable[[ModuleType], list[Any]]:
    """The module's example with its word as a context of one, and a NaN in one argument."""

    def arguments(module: ModuleType) -> list[Any]:
        first, *rest = poisoned(position)(module)
        return [first[None], *rest]

    return arguments


def with_answers(module: ModuleType, axes: int | None) -> list[Any]:
    """The module's example with an answer that is neither yes nor no; for CBOW with one axis more."""
    x, S, t, *rest = module.example()
    return [x if axes == 0 else x[None], S, np.array([1.0, 0.5, 0.25]), *rest]


def with_target(module: ModuleType, position: int) -> list[Any]:
    """The module's example with a target that sums to 1.25."""
    example = [np.array(argument) for argument in module.example()]
    example[position] = 1.25 * example[position]
    return example


CBOW = ("X[0, 0]", "t[0]", "W[0, 0]", "W_prime[0, 0]")
NEGATIVES = ("x[0]", "S[0, 0]", "W[0, 0]", "W_prime[0, 0]")
NEGATIVES_CBOW = ("X[0, 0]", *NEGATIVES[1:])
HIERARCHY = ("x[0]", "S[0, 0]", "t[0]", "W[0, 0]", "W_prime[0, 0]")
HIERARCHY_CBOW = ("X[0, 0]", *HIERARCHY[1:])
BATCH = ("A[0, 0]", "W[0, 0]", "W_prime[0, 0]", "m[0, 0]", "q[0, 0]")
NNLM = ("w[0, 0]", "t[0]", "F[0, 0]", "H[0, 0, 0]", "d[0]", "U[0, 0]", "W[0, 0, 0]", "b[0]")
RNNLM = ("w[0, 0]", "d[0, 0]", "s_0[0]", "U[0, 0]", "W[0, 0]", "W_prime[0, 0]")

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
    "cbow": [
        *[("gradients", poisoned(n), f"{name} is nan") for n, name in enumerate(CBOW)],
        *[("gradients_of_sum", poisoned(n), f"{name} is nan") for n, name in enumerate(CBOW)],
        ("gradients", given(np.eye(2), LOOSE[1], np.zeros((2, 1)), np.zeros((1, 2))), "t has shape (2,)"),
        ("gradients_of_sum", given(np.eye(2), LOOSE[1], np.zeros((2, 1)), np.zeros((1, 2))), "t has shape"),
    ],
    "negative_sampling": [
        *[("gradients", poisoned(n), f"{name} is nan") for n, name in enumerate(NEGATIVES)],
        *[("gradients_of_cbow", of_cbow(n), f"{name} is nan") for n, name in enumerate(NEGATIVES_CBOW)],
    ],
    "huffman": [
        ("huffman_tree", given([]), "counts has shape (0,)"),
        ("huffman_tree", given([7, 0]), "counts[1] is 0"),
    ],
    "sampling": [
        ("check_counts", given([]), "counts has shape (0,): give one number for each word, at least one"),
        ("check_counts", given(np.ones((1, 2))), "counts has shape (1, 2)"),
        ("check_counts", given(3.0), "counts has shape ()"),
        ("check_counts", given(["a"]), "counts has dtype <U1: give an array of numbers"),
        ("check_counts", given([7, 0, -3]), "counts[1] is 0, which is not above 0: drop the words"),
        ("check_counts", given([7, -0.5]), "counts[1] is -0.5"),
        ("check_counts", given([7, np.nan, 0]), "counts[1] is nan"),
        ("check_counts", given([1, np.inf]), "counts[1] is inf"),
        ("noise_distribution", given([1.0, 0.0]), "counts[1] is 0.0"),
        ("noise_distribution", given([1.0], np.inf), "power is inf"),
        ("check_subsampling", given([0.5, 0.0], 1e-3), "f[1] is 0.0, which is not above 0: give counts /"),
        ("check_subsampling", given([0.5], -1e-3), "s is -0.001: give one number from 0 up"),
        ("check_subsampling", given([0.5], np.inf), "s is inf"),
        ("check_subsampling", given([0.5], np.ones(2)), "s is [1. 1.]"),
        ("discard_probability", given([0.0], 1e-3), "f[0] is 0.0"),
        ("printed_keep_probability", given([0.0], 1e-3), "f[0] is 0.0"),
        ("keep_probability", given([0.0], 1e-3), "f[0] is 0.0"),
    ],
    "hierarchical_softmax": [
        *[("gradients", poisoned(n), f"{name} is nan") for n, name in enumerate(HIERARCHY)],
        *[("gradients_of_cbow", of_cbow(n), f"{name} is nan") for n, name in enumerate(HIERARCHY_CBOW)],
        ("gradients", lambda module: with_answers(module, 0), "t[1] is 0.5: give 1 for a yes and 0 for"),
        ("gradients_of_cbow", lambda module: with_answers(module, None), "t[1] is 0.5: give 1 for a yes"),
        ("check_answers", given(np.array([0, 1.5, -1])), "t[1] is 1.5"),
        ("check_answers", given(np.array([1, -0.5, 2])), "t[1] is -0.5"),
        ("check_answers", given(np.array([1, 0.5])), "t[1] is 0.5"),
    ],
    "batches": [
        *[("gradients", poisoned(n), f"{name} is nan") for n, name in enumerate(BATCH)],
        *[
            (
                "gradients_of_softmax",
                lambda module, n=n: poisoned(n)(module)[:3] + poisoned(n)(module)[4:],
                f"{name} is nan",
            )
            for n, name in enumerate(BATCH)
            if n != 3
        ],
    ],
    "nnlm": [
        *[("gradients", poisoned(n), f"{name} is nan") for n, name in enumerate(NNLM)],
        (
            "gradients",
            lambda module: with_target(module, 1),
            "t has shape (5,) and a row",
        ),
    ],
    "rnnlm": [
        *[("gradients", poisoned(n), f"{name} is nan") for n, name in enumerate(RNNLM)],
        (
            "gradients",
            lambda module: with_target(module, 1),
            "t has shape (4, 5) and a row",
        ),
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
        if {*re.findall(r"^from derivations\.(?:\w+\.)*(\w+) import", source_of(name), re.MULTILINE)} & {
            *found
        }:
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
