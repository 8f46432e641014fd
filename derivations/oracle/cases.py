"""Random instances: a shape and values, drawn from a section's notation table.

An instance is named by its sizes, the scale of its values and a seed, ``K=3 N=2 M=4
scale=saturated seed=17``, and that name is all one needs to see it again. Values are float64 and,
but for one-hot words and the plain scale, distinct and not zero. Sizes start at one and are mostly
unequal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from derivations.ledger import Model
from derivations.notation import KINDS, check_arrays

SCALES = {
    "ordinary": 1.0,
    "saturated": 6.0,  # a weighted sum of some ±40, where a sigmoid is flat
    "large": 25.0,  # scores of some ±1e4, where a careless softmax overflows
    "plain": 1.0,  # whole numbers from -2 to 2: zeros, equal entries, ties
}
SMALL_SIZES = 6
LARGE_SIZES = 12
HUGE_SIZES = 40
"""Most sizes are small, one in ten is large, and one instance in a hundred has a huge one."""


@dataclass(frozen=True)
class Instance:
    """Sizes, scale and seed, and the inputs they name: read-only float64 arrays by Python name."""

    sizes: Mapping[str, int]
    scale: str
    seed: int
    inputs: Mapping[str, Any]

    def __str__(self) -> str:
        sizes = " ".join(f"{letter}={size}" for letter, size in self.sizes.items())
        return f"{sizes} scale={self.scale} seed={self.seed}".strip()


def letters_of(model: Model) -> list[str]:
    """The letters for sizes that the model's inputs use, in order of appearance."""
    shapes = (model.notation[name].shape for name in model.inputs)
    return list(dict.fromkeys(size for shape in shapes for size in shape if not size.isdigit()))


def random_instance(model: Model, seed: int, fixed: Mapping[str, int]) -> Instance:
    """The instance that a run draws for this seed: its sizes (but the fixed ones), scale, values."""
    rng = np.random.Generator(np.random.PCG64(seed))
    letters = letters_of(model)
    small = rng.integers(1, SMALL_SIZES + 1, len(letters))
    large = rng.integers(SMALL_SIZES + 1, LARGE_SIZES + 1, len(letters))
    sizes = np.where(rng.random(len(letters)) < 0.1, large, small).tolist()
    if rng.random() < 0.01 and letters:
        sizes[rng.integers(len(letters))] = int(rng.integers(LARGE_SIZES + 1, HUGE_SIZES + 1))
    scale = ("ordinary", "ordinary", "ordinary", "saturated", "large", "plain")[rng.integers(6)]
    return draw(model, within_reach(dict(zip(letters, sizes, strict=True)), fixed), scale, seed)


def within_reach(sizes: Mapping[str, int], fixed: Mapping[str, int]) -> dict[str, int]:
    """These sizes with the fixed ones in place; the largest free one halved while they are too many.

    So whatever a run draws, ``--instance`` takes (five letters of twelve each would be refused).
    """
    reached = {**sizes, **fixed}
    free = [letter for letter in sizes if letter not in fixed]
    while math.prod(reached.values()) > LARGEST_PRODUCT and any(reached[letter] > 1 for letter in free):
        reached[max(free, key=reached.__getitem__)] //= 2
    return reached


def draw(model: Model, sizes: Mapping[str, int], scale: str, seed: int) -> Instance:
    """The instance with this name; the same arguments give the same values, bit for bit."""
    rng = generator(seed)
    rows = [(name, model.notation[name]) for name in model.inputs]
    inputs = {name: frozen(drawn(rng, row.drawn, row.sizes(sizes), scale)) for name, row in rows}
    return Instance(sizes, scale, seed, inputs)


def generator(seed: int) -> np.random.Generator:
    """The random numbers that the values of an instance with this seed are made of."""
    return np.random.Generator(np.random.PCG64(seed + 1_000_003))


def drawn(rng: np.random.Generator, kind: str, shape: tuple[int, ...], scale: str) -> Any:
    """Values of a kind of the notation table: an array, or a number for the shape ()."""
    kind = "whole" if scale == "plain" and kind in MEASURED else kind
    return _DRAW[kind](rng, shape, SCALES[scale])


def parse(model: Model, text: str) -> Instance:
    """The instance that ``text`` names; ``ValueError`` says what is missing or unknown."""
    pairs = [word.partition("=")[::2] for word in text.split()]
    words = dict(pairs)
    if len(words) < len(pairs) or not all(words.values()):
        raise ValueError(f"instance {text!r} must be one name=value for each size, scale and seed")
    scale, seed = words.pop("scale", "ordinary"), words.pop("seed", "0")
    if scale not in SCALES:
        raise ValueError(f"scale={scale} is not known: give one of {', '.join(SCALES)}")
    letters = letters_of(model)
    if sorted(words) != sorted(letters):
        raise ValueError(f"instance {text!r} must give the sizes {' '.join(letters) or '(none)'}")
    bad = [f"{name}={value}" for name, value in {**words, "seed": seed}.items() if not value.isdigit()]
    bad = bad or [f"{name}={value}" for name, value in words.items() if int(value) < 1]
    if bad:
        raise ValueError(f"{bad[0]} is not a whole number from 1 (seed: from 0) up")
    sizes = {letter: int(words[letter]) for letter in letters}
    check_sizes(sizes)
    return draw(model, sizes, scale, int(seed))


LARGEST_PRODUCT = 20_000
"""A whole Jacobian is as large as the product of the sizes, or its square."""


def check_sizes(sizes: Mapping[str, int]) -> None:
    """Refuse sizes whose Jacobian would not fit the machine: a ``ValueError``."""
    if math.prod(sizes.values()) > LARGEST_PRODUCT:
        raise ValueError(
            f"the sizes {dict(sizes)} are too large for a whole Jacobian: "
            f"keep their product below {LARGEST_PRODUCT:,}"
        )


def frozen(value: Any) -> Any:
    """A copy that a function under judgement cannot change, even if it tries; a number as it is."""
    if not isinstance(value, np.ndarray):
        return value
    return np.frombuffer(value.tobytes(), value.dtype).reshape(value.shape)


# --- how each kind of the notation table is drawn ---------------------------------------------------

MEASURED = ("real", "logits")
"""Kinds whose values may be any number, whole ones too."""


def _whole(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    return rng.integers(-2, 3, shape).astype(float) if shape else float(rng.integers(-2, 3))


def _real(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    return scale * rng.standard_normal(shape)


def _one_hot(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    """Rows that are one-hot; in one draw of three all rows are the same word."""
    rows = np.zeros((int(np.prod(shape[:-1])), shape[-1]))
    words = rng.integers(shape[-1], size=len(rows))
    if rng.random() < 1 / 3:
        words[:] = words[0]
    rows[np.arange(len(rows)), words] = 1.0
    return rows.reshape(shape)


def _input(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    return (_one_hot if rng.random() < 0.5 else _real)(rng, shape, scale)


def _target(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    """One-hot rows, or soft ones in 1024ths, which add up to one without rounding."""
    if rng.random() < 0.5:
        return _one_hot(rng, shape, scale)
    likely = rng.random(shape[-1]) + 0.1
    return rng.multinomial(1024, likely / likely.sum(), size=shape[:-1]) / 1024


def _positive(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    likely = rng.random(shape) + 0.01
    return likely / likely.sum(axis=-1, keepdims=True)


def _answers(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    return rng.integers(2, size=shape).astype(float)


def _fraction(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    """From 1 down to 1e-5, each power of ten as often as the next."""
    return 10.0 ** (-5 * rng.random(shape))


def _logits(rng: Any, shape: tuple[int, ...], scale: float) -> Any:
    """Around ±3 at the ordinary scale, ±1e4 at the large one."""
    return scale**2.5 * rng.uniform(-3.2, 3.2, shape)


_DRAW = {
    "real": _real,
    "whole": _whole,
    "one-hot": _one_hot,
    "input": _input,
    "target": _target,
    "positive": _positive,
    "answers": _answers,
    "fraction": _fraction,
    "logits": _logits,
}


# --- one's own values -------------------------------------------------------------------------------


def from_file(model: Model, file: Path) -> Instance:
    """The inputs of a model from an ``.npz`` file, one array each, held against its notation.

    Raises ``OSError`` if there is no such file, ``ValueError`` or ``TypeError``, in one line, for a
    file that is not ``.npz``, an input that is missing, and arrays that do not fit.
    """
    with file.open("rb"):
        pass  # a file that cannot be opened says so itself
    try:
        with np.load(file) as stored:
            arrays = {name: stored[name] for name in model.inputs if name in stored.files}
    except Exception as problem:  # a broken archive breaks in a dozen ways
        raise ValueError(f"{file} is no .npz of plain arrays ({type(problem).__name__})") from None
    missing = [name for name in model.inputs if name not in arrays]
    if missing:
        raise ValueError(
            f"{file} has no array {', '.join(missing)}: save it with"
            f" np.savez(file, {', '.join(f'{name}={name}' for name in model.inputs)})"
        )
    sizes = check_arrays(model.notation, **{name: arrays[name] for name in model.inputs})
    check_sizes(sizes)
    inputs = {name: frozen(np.array(arrays[name], float, order="C")) for name in model.inputs}
    check_drawn(model, inputs)
    return Instance(sizes, "given", 0, inputs)


def check_drawn(model: Model, inputs: Mapping[str, Any]) -> None:
    """Refuse, ``ValueError``, what the equation does not speak of: rows that do not sum to one, say."""
    for name, value in inputs.items():
        kind = model.notation[name].drawn
        if kind in ("target", "positive", "one-hot"):
            total = np.ravel(np.sum(value, axis=-1))
            if np.any(np.abs(total - 1) > 1e-9) or (kind == "positive" and np.any(value <= 0)):
                raise ValueError(f"{name} must be {KINDS[kind]}; a row of it sums to {total[0]:.6g}")
        if (kind == "fraction" and not np.all((value > 0) & (value <= 1))) or (
            kind == "answers" and not np.all((value == 0) | (value == 1))
        ):
            raise ValueError(f"{name} must be {KINDS[kind]}")
        if kind == "one-hot" and np.sort(np.unique(value)).tolist() not in ([0.0, 1.0], [1.0]):
            raise ValueError(f"{name} must be {KINDS[kind]}")
