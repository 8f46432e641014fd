"""The language of shapes: ``"x: V one-hot, t: C V target, W: V N, W_prime: N V"``.

One entry for each argument of a loss, with commas between. An entry gives sizes, capital letters or digits
with spaces between (``()`` is a number), and then, if need be, what kind of values it holds::

    V N                a matrix of any numbers           () fraction        a number above 0, at most 1
    V one-hot          a word                            N answers          ones and zeros
    C V target         rows that sum to one              B words of V       whole numbers from 0 to V - 1

A name and a colon may come first. From a description random instances are drawn, by the rules
of ``referee.instances``, and Hypothesis chooses their shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from hypothesis import HealthCheck, Phase, currently_in_test_context, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from derivations.checker.descriptions import (
    FLOATS,
    GIVEN,
    WORDS,
    Argument,
    Description,
    describe,
    from_arrays,
)
from derivations.notation import size_of
from derivations.oracle.cases import SCALES, SMALL_SIZES, Instance, drawn, frozen, generator

__all__ = [
    "FLOATS", "GIVEN", "WORDS", "Argument", "Description", "as_given", "describe", "draw", "from_arrays",
    "instances", "parse", "random_instance", "some_instances", "unnested", "varied",
]  # fmt: skip

Result = TypeVar("Result")
OFTEN = 0.75
DRAWN_SCALES = ("ordinary",) * 5 + ("saturated", "plain")


def draw(description: Description, sizes: Mapping[str, int], scale: str, seed: int) -> Instance:
    """The instance with this name; the same arguments give the same values, bit for bit."""
    rng = generator(seed)
    inputs = {row.name: frozen(_values(rng, row, sizes, scale)) for row in description.arguments}
    return Instance(dict(sizes), scale, seed, inputs)


def _values(rng: np.random.Generator, row: Argument, sizes: Mapping[str, int], scale: str) -> Any:
    shape = row.sizes(sizes)
    if row.drawn == WORDS:
        return _some_words(rng, shape, size_of(row.words_of, sizes))
    value = drawn(rng, row.drawn, shape, scale)
    return value if shape else float(value)


def _some_words(rng: np.random.Generator, shape: tuple[int, ...], vocabulary: int) -> Any:
    """Words of a vocabulary; in two draws of three they come from half as many, so that some repeat."""
    words = rng.integers(vocabulary, size=shape)
    if rng.random() < 2 / 3 and words.size > 1:
        few = rng.permutation(vocabulary)[: max(1, words.size // 2)]
        words = few[rng.integers(len(few), size=shape)]
    return words if shape else int(words)


def parse(description: Description, text: str) -> Instance:
    """The instance that ``text`` names, ``V=3 N=2 scale=ordinary seed=17``; ``ValueError`` if none."""
    words = dict(word.partition("=")[::2] for word in text.split())
    scale, seed = words.pop("scale", "ordinary"), words.pop("seed", "0")
    if scale not in SCALES:
        raise ValueError(f"instance={text!r}: scale={scale} is not known: give one of {', '.join(SCALES)}")
    if sorted(words) != sorted(description.letters):
        sizes = " ".join(f"{letter}=..." for letter in description.letters) or "no sizes"
        raise ValueError(f"instance={text!r} must give {sizes}, scale and seed")
    for name, value in {**words, "seed": seed}.items():
        if not value.isdigit() or (name != "seed" and int(value) < 1):
            raise ValueError(
                f"instance={text!r}: {name}={value} is not a whole number from 1 (seed: from 0) up"
            )
    return draw(
        description, {letter: int(words[letter]) for letter in description.letters}, scale, int(seed)
    )


@st.composite
def instances(
    choose: Any, description: Description, largest: int = SMALL_SIZES, scales: Sequence[str] = DRAWN_SCALES
) -> Instance:
    """Any instance of a description: its sizes from one up, its scale, its values by their seed."""
    sizes = {letter: choose(st.integers(1, largest), label=letter) for letter in description.letters}
    scale = choose(st.sampled_from(scales), label="scale")
    return draw(description, sizes, scale, choose(st.integers(0, 2**31), label="seed"))


def some_instances(
    description: Description,
    examples: int,
    seed: int,
    *,
    shapes: int = 0,
    scales: Sequence[str] = DRAWN_SCALES,
) -> list[Instance]:
    """Instances that Hypothesis chose, the same for the same seed; of at most ``shapes`` shapes."""
    chosen = unnested(lambda: _chosen(description, examples, seed, scales))
    return _of_few_shapes(description, chosen, shapes) if shapes else chosen


def _chosen(description: Description, examples: int, seed: int, scales: Sequence[str]) -> list[Instance]:
    chosen: list[Instance] = []

    @seeded(seed)
    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(instances(description, scales=scales))
    def choose(instance: Instance) -> None:
        chosen.append(instance)

    choose()
    return chosen


def unnested(run: Callable[[], Result]) -> Result:
    """Run a search of Hypothesis, also from inside one of its tests, which it takes for a mistake.

    It asks whether this thread is in a test; another one is not.
    """
    if not currently_in_test_context():
        return run()
    with ThreadPoolExecutor(1) as another:
        return another.submit(run).result()


def _of_few_shapes(description: Description, chosen: list[Instance], shapes: int) -> list[Instance]:
    """The same scales and seeds, at the shapes of the first instances that differ."""
    pool = list({tuple(instance.sizes.items()): instance.sizes for instance in chosen}.values())[:shapes]
    turns = [pool[number % len(pool)] for number in range(len(chosen))]
    return [draw(description, sizes, one.scale, one.seed) for one, sizes in zip(chosen, turns, strict=True)]


def random_instance(description: Description, seed: int) -> Instance:
    """One random instance of the ordinary scale for this seed; of a given instance, a variation of it."""
    if description.given:
        return varied(description, seed)
    rng = np.random.default_rng(seed)
    sizes = {letter: int(rng.integers(1, SMALL_SIZES + 1)) for letter in description.letters}
    return draw(description, sizes, "ordinary", seed)


# --- an instance that was given -----------------------------------------------------------------------


def as_given(description: Description) -> Instance:
    """The instance that was handed over."""
    return Instance({}, GIVEN, 0, description.given)


def varied(
    description: Description, seed: int, *, free: Sequence[str] = (), only: str | None = None
) -> Instance:
    """A given instance with other values of the same kinds, shapes and signs.

    Zeros and ones are rolled along their last axis, rows that sum to one are permuted, whole numbers
    drawn again from their range, and all else is multiplied by random factors around one. What none of
    that would change, as it is all zeros or all ones, hides most, and is drawn anew (``_anew``).
    ``free`` are the arguments that may be any numbers; ``only`` one is varied, if it is named.
    """
    rng = generator(seed)
    inputs = {
        name: frozen(_varied(rng, value, free=name in free)) if only in (None, name) else value
        for name, value in description.given.items()
    }
    return Instance({}, "varied", seed, inputs)


def _varied(rng: np.random.Generator, value: Any, *, free: bool) -> Any:
    array = np.asarray(value)
    other = _anew(rng, array, free=free) if constant(array) else None
    if other is None and array.dtype.kind == "i":
        other = rng.integers(array.min(), array.max() + 1, array.shape)
    elif (
        other is None and array.ndim and np.isin(array, (0.0, 1.0)).all() and not (free and constant(array))
    ):
        other = np.roll(array, rng.integers(array.shape[-1]), axis=-1)
    elif other is None and _sums_to_one(array):
        other = rng.permuted(array, axis=-1)
    elif other is None:
        other = array * np.exp(0.5 * rng.standard_normal(array.shape))
    return other if array.ndim else np.asarray(other).item()


def _anew(rng: np.random.Generator, array: Any, *, free: bool) -> Any:
    """Other values for an array of equal ones; None where a factor varies them as well, or nothing may.

    Zeros become any numbers if the argument is free, and else zeros and ones, as do ones: they may be
    labels, or a mask (ones not always: what is divided by them has to be finite somewhere). A row of
    equal shares becomes one of others; a word, any up to it.
    """
    first, many = array.flat[0], array.shape[-1:] > (1,)
    if array.dtype.kind == "i":
        return rng.integers(0, first + 1, array.shape) if array.size > 1 and first > 0 else None
    if _sums_to_one(array) and not free:
        return rng.dirichlet(np.ones(array.shape[-1]), array.shape[:-1]) if many else None
    if first == 0 and free:
        return rng.standard_normal(array.shape)
    both = first == 0 or (first == 1 and array.ndim and not free and rng.random() < OFTEN)
    return 1.0 * rng.integers(0, 2, array.shape) if both else None


def constant(array: Any) -> bool:
    """Whether all entries are equal."""
    return bool(np.all(array == np.asarray(array).flat[0]))


def _sums_to_one(array: Any) -> bool:
    """Whether every row is one of shares: not negative, one together."""
    return bool(array.ndim and np.all(np.abs(array.sum(axis=-1) - 1) < 1e-9) and np.all(array >= 0))
