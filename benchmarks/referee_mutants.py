"""Mutants: the section modules changed place by place, and who notices; see ``tests/mutation``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from derivations.ledger import SECTIONS
from mutation.mutants import Mutant, mutants_of
from mutation.run import is_technique, listed_survivors
from mutation.trial import Outcome, try_mutant


def mutants(one_in: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Every mutant of the paper's sections, and of §8's modules a sample, one in so many."""
    start = time.perf_counter()
    modules = [of_module(name, one_in if is_technique(name) else 1, seed, say) for name in SECTIONS]
    return {
        "seed": seed,
        "one_in": one_in,
        "listed": len(listed_survivors()),
        "minutes": (time.perf_counter() - start) / 60,
        "modules": modules,
    }


def of_module(name: str, one_in: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """What became of the mutants of one module: how many each killer killed, and who survived."""
    every = mutants_of(name)
    chosen = sampled(every, one_in, seed)
    say(f"{name}: {len(chosen):,} of {len(every):,} mutants")
    outcomes = [try_mutant(mutant) for mutant in chosen]
    return {"module": name, "technique": is_technique(name), "mutants": len(every), **counted(outcomes)}


def sampled(every: Sequence[Mutant], one_in: int, seed: int) -> list[Mutant]:
    """So many of the mutants, drawn by the seed, in their order."""
    number = -(-len(every) // one_in)
    return [every[place] for place in sorted(Random(seed).sample(range(len(every)), number))]


def counted(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How many were tried, how many each killer noticed first, and who survived, unlisted or not."""
    listed = listed_survivors()
    survivors = [outcome.mutant for outcome in outcomes if outcome.survived]
    return {
        "tried": len(outcomes),
        "killed": dict(Counter(outcome.killer for outcome in outcomes if not outcome.survived)),
        "survived": len(survivors),
        "unlisted": [str(mutant) for mutant in survivors if mutant.key not in listed],
    }
