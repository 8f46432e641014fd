"""A step as plain data: every number of its five stages that is shown, and what they are numbers of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray as Array

from derivations.notation import tuple_text
from w2v.stepper.addresses import Address
from w2v.stepper.losses import Quantities
from w2v.stepper.plane import points
from w2v.stepper.quantities import STAGES, Named, computed_at, letters_of, quantities_of
from w2v.stepper.recipes import Reference, Rest, Term, bind, first_repetition, repeated, rest_of, written
from w2v.stepper.trajectory import State, Trajectory
from w2v.stepper.windows import Axis, axes_of, windowed

MOST_POINTS = 240
"""Points of a history, at most; more steps are means."""

SENTENCE = 12
"""Words of the sentence that are shown on each side of the target."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One step of a trajectory with all its quantities; ``record`` is what is shown of it."""

    trajectory: Trajectory
    address: Address
    state: State
    found: Quantities
    limits: tuple[int, int, int]

    @classmethod
    def of(cls, trajectory: Trajectory, state: State, limits: tuple[int, int, int]) -> Frame:
        """The step that follows a state, computed."""
        found = trajectory.quantities(state)
        trajectory.keep(state, found)
        address = Address(*divmod(state.iteration, len(trajectory.text)))
        return cls(trajectory, address, state, found, limits)

    # --- what it is made of ---

    @cached_property
    def table(self) -> Mapping[str, Named]:
        """The quantities of its loss."""
        return quantities_of(self.trajectory.settings.loss)

    @cached_property
    def values(self) -> Quantities:
        """Each quantity's array as it is shown: u and y of the softmax as the row all contexts share."""
        repeats = {name for name, named in self.table.items() if named.repeats_rows}
        return {name: self.found[name][0] if name in repeats else self.found[name] for name in self.table}

    @cached_property
    def questions(self) -> list[tuple[int, int]] | None:
        """The output columns asked about, with the answers; None for the softmax."""
        return self.trajectory.loss.questions(self.found)

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """The axes of its arrays by letter."""
        sizes = {
            letter: size
            for name, named in self.table.items()
            for letter, size in zip(named.axes, np.shape(self.values[name]), strict=True)
        }
        step = self.trajectory.step(self.state.iteration)
        return axes_of(step, self.questions, sizes, self.trajectory.text.words, self.limits)

    @cached_property
    def context(self) -> Array:
        """The words of the contexts, which ``c*`` stands for in a recipe."""
        return np.array([word for word, _ in self.trajectory.step(self.state.iteration).contexts])

    # --- where a number comes from ---

    def derivation(self, name: str, at: tuple[int, ...]) -> list[Term]:
        """The written-out sum of one entry, as terms; empty for what is given.

        ``at`` counts from 0 in the whole array. Raises KeyError and IndexError for what is not there.
        """
        named, value = self.table[name], self.values[name]
        np.asarray(value)[at]
        letters = letters_of(self.trajectory.settings.loss)

        def shown(letter: str) -> tuple[list[int], int]:
            axis = self.axes[letters[letter]]
            return axis.shown.tolist(), axis.hidden

        place = dict(zip(named.index, at, strict=True))
        return bind(named.recipe or [], place, shown, self.context.tolist())

    def number(self, reference: Reference) -> float:
        """The number that a term refers to."""
        return float(np.asarray(self.values[reference.quantity])[reference.at])

    def written(self, name: str, at: tuple[int, ...], digits: int | None = 2) -> str:
        """The right side of a number with its numbers, rounded or, for ``digits=None``, in full.

        ``(0.21 − 0) + (0.21 − 1)`` for an entry of EI.
        """
        terms = self.derivation(name, at)
        rest = float(self.rest(name, at)) if any(isinstance(term, Rest) for term in terms) else 0.0
        return written(terms, self.number, rest, digits)

    def rest(self, name: str, at: tuple[int, ...]) -> Any:
        """What the entries that are not shown add up to in one number."""
        found = self._rest(self.table[name], [np.array([index]) for index in at])
        return 0.0 if found is None else found.reshape(())

    @cached_property
    def rests(self) -> dict[str, Any]:
        """The same for every number that is shown and whose sum has more terms, nested like the value."""
        rests = {
            name: self._rest(named, [self.axes[letter].shown for letter in named.axes])
            for name, named in self.table.items()
        }
        return {name: finite(rest.tolist()) for name, rest in rests.items() if rest is not None}

    def _rest(self, named: Named, ranges: list[Array]) -> Array | None:
        node = first_repetition(named.recipe or [])
        _, letter = repeated(node or {}) or ("", "")
        letters = letters_of(self.trajectory.settings.loss)
        if node is None or not self.axes[letters[letter]].hidden:
            return None
        hidden = self.axes[letters[letter]].hidden_indices
        indices = dict(zip(named.index, ranges, strict=True))
        with np.errstate(all="ignore"):
            return rest_of(node, named.index, hidden, indices, self.values, self.context)

    # --- as data ---

    def record(self) -> dict[str, Any]:
        """Everything that is shown of the step, as numbers, strings, lists and None."""
        step, steps = self.trajectory.step(self.state.iteration), len(self.trajectory.text)
        words = self.trajectory.text.words
        return {
            "epoch": self.address.epoch,
            "word": self.address.word,
            "iteration": self.state.iteration,
            "steps_per_epoch": steps,
            "target": {"index": step.target, "word": words[step.target], "place": step.place._asdict()},
            "contexts": [
                {"index": word, "word": words[word], "position": position}
                for word, position in step.contexts[: self.limits[2]]
            ],
            "questions": self._asked(),
            "sentence": self._sentence(),
            "axes": {letter: axis.record() for letter, axis in self.axes.items()},
            "letters": letters_of(self.trajectory.settings.loss),
            "shapes": {name: self._shapes(named) for name, named in self.table.items()},
            "values": {name: self._shown(named) for name, named in self.table.items()},
            "rests": self.rests,
            "moved": self._moved(),
            "windowed": windowed(self.axes),
            "stages": self._stages(),
            "history": self._history(),
            "plane": self._plane(),
        }

    def _asked(self) -> list[dict[str, Any]] | None:
        if self.questions is None:
            return None
        labels = self.axes["D" if "D" in self.axes else "L"].labels
        asked = zip(self.questions, labels, strict=True)
        return [{"index": index, "label": label, "answer": answer} for (index, answer), label in asked]

    def _sentence(self) -> dict[str, Any]:
        step, text = self.trajectory.step(self.state.iteration), self.trajectory.text
        sentence, target = text.sentence(step.place.sentence), step.place.position
        first, stop = max(0, target - SENTENCE), min(len(sentence), target + SENTENCE + 1)
        return {
            "words": [text.words[word] for word in sentence[first:stop]],
            "first": first,
            "target": target - first,
            "contexts": [position - first for _, position in step.contexts if first <= position < stop],
            "more_before": first > 0,
            "more_after": stop < len(sentence),
        }

    def _shapes(self, named: Named) -> dict[str, str]:
        sizes = {"1": 1, **{letter: axis.size for letter, axis in self.axes.items()}}
        return {
            "paper": tuple_text(tuple(sizes[letter] for letter in named.on_paper)),
            "numpy": tuple_text(np.shape(self.found[named.id])),
        }

    def _shown(self, named: Named) -> Any:
        value = np.asarray(self.values[named.id])
        if any(self.axes[letter].hidden for letter in named.axes):
            value = value[np.ix_(*(self.axes[letter].shown for letter in named.axes))]
        return value.tolist()

    def _moved(self) -> dict[str, Any]:
        target = self.trajectory.step(self.state.iteration).target
        columns = self.axes["J" if "J" in self.axes else "V"].shown.tolist()
        if self.questions is not None:
            columns = sorted({index for index, _ in self.questions})
        return {
            "W_new": {"axis": 0, "indices": [target]},
            "W_prime_new": {"axis": 1, "indices": columns},
        }

    def _stages(self) -> list[dict[str, Any]]:
        loss, steps = self.trajectory.settings.loss, len(self.trajectory.text)
        known: list[str] = []
        stages = []
        for stage in range(len(STAGES)):
            changed = computed_at(loss, stage)
            known = known + changed
            links = self.address._replace(stage=stage).links(steps, self.trajectory.furthest)
            stages.append({"known": known, "changed": changed, **links})
        return stages

    def _history(self) -> dict[str, Any]:
        losses = np.array(self.trajectory.losses[: self.state.iteration + 1])
        epoch = len(self.trajectory.text)
        size = max(1, math.ceil(len(losses) / MOST_POINTS))
        if size > 1 and len(losses) >= 2 * epoch:
            size = epoch * math.ceil(size / epoch)
        whole = len(losses) // size * size
        means = losses[:whole].reshape(-1, size).mean(axis=1).tolist()
        what = {1: "each step", epoch: "mean of each epoch"}.get(size, f"mean of {size:,} steps")
        points = [[(number + 1) * size - 1, mean] for number, mean in enumerate(means)]
        return {"points": points, "what": what}

    def _plane(self) -> dict[str, Any]:
        shown = self.axes["V"].shown
        before, share = points(self.found["W"], self.state.axes, shown)
        after, _ = points(self.found["W_new"], self.state.axes, shown)
        both = np.concatenate([before, after])
        (left, bottom), (right, top) = both.min(axis=0).tolist(), both.max(axis=0).tolist()
        return {
            "before": before.tolist(),
            "after": after.tolist(),
            "share": share,
            "limits": [left, right, bottom, top],
        }


def finite(value: Any) -> Any:
    """Nested numbers, with None for those that JSON does not have: exp of a large score."""
    if isinstance(value, list):
        return [finite(part) for part in value]
    return value if math.isfinite(value) else None
