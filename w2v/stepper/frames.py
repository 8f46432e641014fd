"""One step as plain data: every number of its five stages that is shown, and what it belongs to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from derivations.notation import tuple_text
from w2v.stepper.addresses import Address
from w2v.stepper.instrument import Quantities
from w2v.stepper.losses import Binary
from w2v.stepper.plane import project
from w2v.stepper.quantities import STAGES, Quantity, computed_at, letters_of, quantities_of
from w2v.stepper.recipes import Reference, Repetition, Rest, Term, expand, rest_of, substitute, written
from w2v.stepper.text import Step
from w2v.stepper.trajectory import State, Trajectory
from w2v.stepper.windows import Axis, Limits, axes_of, hidden_note

MAX_POINTS = 240
"""The largest number of points of the loss curve; of more steps, means are shown."""

SENTENCE = 12
"""The words of the sentence that are shown on each side of the target."""

Record = dict[str, object]


@dataclass(frozen=True, eq=False)
class Frame:
    """One step of a trajectory with all its quantities; ``record`` is what is shown of it."""

    trajectory: Trajectory
    state: State
    found: Quantities
    limits: Limits

    @cached_property
    def address(self) -> Address:
        """The address of its first stage."""
        return Address(*divmod(self.state.iteration, len(self.trajectory.text)))

    @cached_property
    def step(self) -> Step:
        """The target and contexts."""
        return self.trajectory.step(self.state.iteration)

    @cached_property
    def table(self) -> Mapping[str, Quantity]:
        """The quantities of its loss."""
        return quantities_of(self.trajectory.settings.loss)

    @cached_property
    def values(self) -> Quantities:
        """Each quantity as it is shown: of u and y of the softmax, the row that all contexts share."""
        rows = {name: quantity.repeats_rows for name, quantity in self.table.items()}
        return {name: self.found[name][0] if rows[name] else np.asarray(self.found[name]) for name in rows}

    @cached_property
    def binary(self) -> Binary | None:
        """The output columns that the step classifies, with their labels; None for the softmax."""
        return self.trajectory.loss.binary(self.found)

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """The axes of its arrays by letter."""
        sizes = {
            letter: size
            for name, quantity in self.table.items()
            for letter, size in zip(quantity.axes, self.values[name].shape, strict=True)
        }
        return axes_of(self.step, self.binary, sizes, self.trajectory.text.words, self.limits)

    @cached_property
    def axis_of_letter(self) -> dict[str, Axis]:
        """The axes by index letter."""
        letters = letters_of(self.trajectory.settings.loss)
        return {letter: self.axes[axis] for letter, axis in letters.items() if axis in self.axes}

    @cached_property
    def context(self) -> Array:
        """The words of the contexts, which ``c*`` stands for in a recipe."""
        return np.array([context.word for context in self.step.contexts])

    # --- where a number comes from ---

    @cached_property
    def terms(self) -> dict[str, list[Term]]:
        """How the entries of each quantity are written out; empty for an input."""
        context = self.context.tolist()
        return {name: expand(q.recipe, self.axis_of_letter, context) for name, q in self.table.items()}

    def derivation(self, name: str, at: tuple[int, ...]) -> list[Term]:
        """Return the written-out sum of one entry, as terms; empty for an input.

        ``at`` counts from 0 in the whole array. Raises KeyError or IndexError if there is no such entry.
        """
        self.values[name][at]
        return substitute(
            self.terms[name], dict[int | str, int](zip(self.table[name].index, at, strict=True))
        )

    def number(self, reference: Reference) -> float:
        """Return the number that a term refers to."""
        return float(self.values[reference.quantity][tuple(int(i) for i in reference.at)])

    def written(self, name: str, at: tuple[int, ...], digits: int | None = 2) -> str:
        """Return the right side of a number with its numbers, rounded or, for ``digits=None``, in full.

        ``(0.21 − 0) + (0.21 − 1)`` for an entry of EI.
        """
        rest = self._rest(self.table[name], [np.array([index]) for index in at])
        terms = self.derivation(name, at)
        return written(terms, self.number, 0.0 if rest is None else float(rest.reshape(())), digits)

    @cached_property
    def rests(self) -> Record:
        """The sum of the terms that are not shown, for every number that is, nested like the value."""
        rests = {
            name: self._rest(quantity, [self.axes[letter].shown for letter in quantity.axes])
            for name, quantity in self.table.items()
        }
        return {name: finite(rest.tolist()) for name, rest in rests.items() if rest is not None}

    def _rest(self, quantity: Quantity, ranges: list[Array]) -> Array | None:
        repetition = next((part for part in quantity.recipe if isinstance(part, Repetition)), None)
        if repetition is None or not self.axis_of_letter[repetition.letter].hidden:
            return None
        hidden = self.axis_of_letter[repetition.letter].hidden_indices
        indices = dict(zip(quantity.index, ranges, strict=True))
        with np.errstate(all="ignore"):
            return rest_of(repetition, hidden, indices, self.values, self.context)

    # --- as data ---

    def record(self) -> Record:
        """Return everything that is shown of the step, as numbers, strings, lists and None."""
        words, step = self.trajectory.text.words, self.step
        return {
            "epoch": self.address.epoch,
            "word": self.address.word,
            "iteration": self.state.iteration,
            "steps_per_epoch": len(self.trajectory.text),
            "target": {"index": step.target, "word": words[step.target]},
            "contexts": [
                {"index": word, "word": words[word], "position": position}
                for word, position in step.contexts[: self.limits.contexts]
            ],
            "sentence": self._sentence(),
            "axes": {letter: axis.record() for letter, axis in self.axes.items()},
            "shapes": {name: self._shapes(quantity) for name, quantity in self.table.items()},
            "values": {name: self._shown(quantity) for name, quantity in self.table.items()},
            "terms": {name: plain(terms) for name, terms in self.terms.items()},
            "rests": self.rests,
            "moved": self._moved(),
            "stages": self._stages(),
            "history": self._history(),
            "plane": self._plane(),
            "windowed": hidden_note(self.axes),
        }

    def _sentence(self) -> Record:
        words, target = self.trajectory.text.sentence(self.step.sentence), self.step.position
        first, stop = max(0, target - SENTENCE), min(len(words), target + SENTENCE + 1)
        return {
            "words": [self.trajectory.text.words[word] for word in words[first:stop]],
            "target": target - first,
            "contexts": [c.position - first for c in self.step.contexts if first <= c.position < stop],
            "more_before": first > 0,
            "more_after": stop < len(words),
        }

    def _shapes(self, quantity: Quantity) -> dict[str, str]:
        sizes = {"1": 1, **{letter: axis.size for letter, axis in self.axes.items()}}
        return {
            "paper": tuple_text(tuple(sizes[letter] for letter in quantity.on_paper)),
            "numpy": tuple_text(np.shape(self.found[quantity.id])),
        }

    def _shown(self, quantity: Quantity) -> object:
        value = self.values[quantity.id]
        if any(self.axes[letter].hidden for letter in quantity.axes):
            value = value[np.ix_(*(self.axes[letter].shown for letter in quantity.axes))]
        return value.tolist()

    def _moved(self) -> Record:
        columns = self.axis_of_letter["j"].shown.tolist()
        if self.binary is not None:
            columns = sorted({index for index, _ in self.binary})
        return {
            "W_new": {"axis": 0, "indices": [self.step.target]},
            "W_prime_new": {"axis": 1, "indices": columns},
        }

    def _stages(self) -> list[Record]:
        steps, furthest = len(self.trajectory.text), self.trajectory.furthest
        known: list[str] = []
        stages: list[Record] = []
        for stage in range(len(STAGES)):
            changed = computed_at(self.trajectory.settings.loss, stage)
            known = known + changed
            links = self.address._replace(stage=stage).links(steps, furthest)
            stages.append({"known": known, "changed": changed, **links})
        return stages

    def _history(self) -> Record:
        losses = np.array(self.trajectory.losses[: self.state.iteration + 1])
        epoch = len(self.trajectory.text)
        size = max(1, math.ceil(len(losses) / MAX_POINTS))
        if size > 1 and len(losses) >= 2 * epoch:
            size = epoch * math.ceil(size / epoch)
        complete = len(losses) // size * size
        means = losses[:complete].reshape(-1, size).mean(axis=1).tolist()
        what = {1: "each step", epoch: "mean of each epoch"}.get(size, f"mean of {size:,} steps")
        return {"points": [[(n + 1) * size - 1, mean] for n, mean in enumerate(means)], "what": what}

    def _plane(self) -> Record:
        shown = self.axes["V"].shown
        before, share = project(self.found["W"], self.state.axes, shown)
        after, _ = project(self.found["W_new"], self.state.axes, shown)
        both = np.concatenate([before, after])
        (left, bottom), (right, top) = both.min(axis=0).tolist(), both.max(axis=0).tolist()
        limits = [left, right, bottom, top]
        return {"before": before.tolist(), "after": after.tolist(), "share": share, "limits": limits}


def plain(terms: list[Term]) -> list[object]:
    """Return terms as plain data: literals, ``["W", 1, "i"]``, and the number of hidden terms."""
    return [
        term if isinstance(term, str) else term.hidden if isinstance(term, Rest) else [term[0], *term[1]]
        for term in terms
    ]


def finite(value: object) -> object:
    """Return nested numbers with None for infinity and NaN, which JSON does not have."""
    if isinstance(value, list):
        return [finite(part) for part in value]
    return value if isinstance(value, float) and math.isfinite(value) else None
