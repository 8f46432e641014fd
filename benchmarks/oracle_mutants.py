"""Mutants: change the section modules in one place at a time, and count which checks notice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from derivations.ledger import SECTIONS
from mutation.mutants import mutants_of
from mutation.run import is_technique, listed_survivors
from mutation.trial import try_mutant


def mutants(one_in: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Try every mutant of the paper's sections, and a random sample, one in ``one_in``, of those of §8."""
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
    """Count how many mutants of one module each check killed first; name the survivors not yet listed."""
    every = mutants_of(name)
    chosen = sorted(Random(seed).sample(range(len(every)), -(-len(every) // one_in)))
    say(f"{name}: {len(chosen):,} of {len(every):,} mutants")
    outcomes = [try_mutant(every[place]) for place in chosen]
    survivors = [outcome.mutant for outcome in outcomes if outcome.survived]
    return {
        "module": name,
        "technique": is_technique(name),
        "mutants": len(every),
        "tried": len(outcomes),
        "killed": dict(Counter(outcome.killer for outcome in outcomes if not outcome.survived)),
        "survived": len(survivors),
        "unlisted": [str(mutant) for mutant in survivors if mutant.key not in listed_survivors()],
    }
