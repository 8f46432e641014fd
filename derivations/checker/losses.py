"""A student's loss before the judges: written for JAX or for NumPy, in whatever way.

The best way that works is taken. JAX traces the loss for all shapes at once, or for one after the other;
or its NumPy twin is traced (see ``twins``); or JAX evaluates it as it stands; or it is left to NumPy, a
complex step and differences. The tolerance follows from the way, and ``judges`` says who sat.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from derivations.checker.cases import Judgement
from derivations.checker.evaluating import Evaluated, Numeric
from derivations.checker.judging import Method, Traced
from derivations.checker.shapes import FLOATS, Description, as_given, draw
from derivations.checker.student import where_it_happened
from derivations.checker.tracing import LossError, Tracing, check_number
from derivations.checker.twins import twin
from derivations.oracle.cases import Instance
from derivations.oracle.tolerance import UNIT, VALUE

Function = Callable[..., Any]


class Loss:
    """A loss, what its arguments look like, and the way in which it is judged.

    ``names`` are its arguments, ``wrt`` those to differentiate with respect to; ``jax_function`` is the
    function that JAX differentiates (the loss or its twin), None where JAX cannot. ``notes`` are remarks
    for the report. Raises :class:`LossError`, in a sentence, for a loss that cannot be judged at all.
    """

    def __init__(self, function: Function, description: Description, wrt: Sequence[str]) -> None:
        self.function, self.description, self.wrt = function, description, tuple(wrt)
        self.names = description.names
        self.notes: list[str] = []
        self.jax_function: Function | None = None
        self._known: dict[int, tuple[Instance, Judgement]] = {}
        with np.errstate(all="ignore"):
            self.method: Method = self._choose()

    @property
    def judges(self) -> tuple[str, ...]:
        """Who found the automatic gradient."""
        return self.method.judges

    @property
    def few_shapes(self) -> int:
        """How many shapes are cheap to try; 0 for any number."""
        return 0 if self.description.given else self.method.few_shapes

    def judge(self, instance: Instance) -> Judgement:
        """What the judges find on an instance; computed once."""
        if id(instance) not in self._known:
            with np.errstate(all="ignore"):
                self._known[id(instance)] = instance, self._judged(instance)
        return self._known[id(instance)][1]

    def _judged(self, instance: Instance) -> Judgement:
        try:
            return self.method.judge(instance)
        except Exception as problem:
            trouble = f"the loss does not compute there: {where_it_happened(problem, self.function)}"
            return Judgement(np.nan, trouble=trouble)

    def permitted_in_float32(self, instance: Instance) -> dict[str, Any]:
        """How far a gradient in float32 may be from the automatic one."""
        with np.errstate(all="ignore"):
            return self.method.permitted_in_float32(instance)

    def value(self, inputs: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> float:
        """The loss at these inputs."""
        if sizes is None:
            sizes = sizes_of(self.description, inputs)
        with np.errstate(all="ignore"):
            return self.method.value(Instance(sizes, "given", 0, inputs))

    # --- which way -----------------------------------------------------------------------------------

    def _choose(self) -> Method:
        samples = self._samples()
        float32 = False
        for function in (self.function, twin(self.function)):
            if function is None:
                continue
            traced, problem = self._traced(function, samples)
            float32 = float32 or "float32" in str(problem)
            if traced is not None and (function is self.function or self._same_value(traced, samples)):
                self.jax_function = function
                return traced
        if float32:
            self.notes.append(
                "the loss computes in float32, so nothing is judged closer than to seven digits"
            )
        return self._evaluated(samples, float32=float32) or self._numeric(samples)

    def _samples(self) -> list[Instance]:
        """Instances to try ways on: unequal sizes, and all sizes one."""
        if self.description.given:
            return [as_given(self.description)]
        letters = self.description.letters
        unequal = {letter: size for size, letter in enumerate(letters, start=2)}
        shapes = [unequal, dict.fromkeys(letters, 1)] if letters else [{}]
        return [draw(self.description, sizes, "ordinary", 1) for sizes in shapes]

    def _traced(self, function: Function, samples: list[Instance]) -> tuple[Traced | None, Any]:
        """The loss as traced programs, or None and why not."""
        tracing = Tracing(function, self.description, self.wrt)
        try:
            if self.description.letters and not self.description.given:
                tracing.trace_symbolically()
            if tracing.symbolic and not holds_for_all(tracing, samples):
                tracing.symbolic = None
            for sample in samples:
                tracing.at(sample.inputs)
            traced = Traced(tracing)
            traced.bounded(samples[0])
        except LossError:
            raise
        except Exception as problem:  # JAX refuses in many ways; other ways follow
            return None, problem
        return traced, None

    def _same_value(self, traced: Traced, samples: list[Instance]) -> bool:
        """Whether the twin computes what the student's own function does."""
        own = Numeric(self.function, self.names, self.wrt)
        for sample in samples:
            try:
                ours, theirs = own.value(sample), traced.value(sample)
            except Exception:  # judged by its own way then, which says what is wrong
                return False
            if not (abs(ours - theirs) <= VALUE * VALUE * UNIT * max(1.0, abs(ours)) or np.isnan(ours)):
                return False
        return True

    def _evaluated(self, samples: list[Instance], *, float32: bool) -> Evaluated | None:
        method = Evaluated(self.function, self.names, self.wrt, float32=float32)
        try:
            for sample in samples:
                method.gradient(sample.inputs)
        except Exception:
            return None
        self.jax_function = self.function
        return method

    def _numeric(self, samples: list[Instance]) -> Numeric:
        method = Numeric(self.function, self.names, self.wrt)
        for sample in samples:
            try:
                found = np.asarray(self.function(*[_copy(sample.inputs[name]) for name in self.names]))
            except (Exception, SystemExit) as problem:
                shapes = ", ".join(f"{name} {np.shape(sample.inputs[name])}" for name in self.names)
                raise LossError(
                    f"the loss itself does not run on {shapes}: "
                    f"{where_it_happened(problem, self.function)}; does the description fit it?"
                ) from None
            check_number(found.shape, found.dtype)
        return method


def holds_for_all(tracing: Tracing, samples: list[Instance]) -> bool:
    """Whether the program for all shapes computes what those for single shapes do."""
    assert tracing.symbolic is not None
    for sample in samples:
        inputs = [sample.inputs[name] for name in tracing.description.names]
        general, bound = tracing.symbolic.value(sample.sizes, *inputs)
        special, _ = tracing.concrete(sample.inputs).value({}, *inputs)
        if np.isfinite(special) and not abs(general - special) <= VALUE * UNIT * (
            np.nan_to_num(bound) + 1.0
        ):
            return False
    return True


def sizes_of(description: Description, inputs: Mapping[str, Any]) -> dict[str, int]:
    """The size of each letter, read from the shapes of the inputs."""
    sizes: dict[str, int] = {}
    for row in description.arguments:
        sizes |= dict(zip(row.shape, np.shape(inputs[row.name]), strict=True))
    return {letter: size for letter, size in sizes.items() if not letter.isdigit()}


def names_of(function: Function) -> tuple[list[str], list[str]]:
    """The names of a loss's arguments, and of those among them that have a default.

    Raises :class:`LossError` for ``*args``, ``**kwargs`` and arguments that can only be named.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise LossError("the loss is no function whose arguments can be read; give a def") from None
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            if parameter.default is not parameter.empty or parameter.kind is parameter.VAR_KEYWORD:
                continue
            raise LossError(f"the loss takes {parameter}; give its arguments names: def loss(x, W)")
    usual = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [p.name for p in usual], [p.name for p in usual if p.default is not p.empty]


def default_wrt(description: Description) -> tuple[str, ...]:
    """All arguments that hold any numbers; of an instance, all that hold floats."""
    return tuple(
        row.name
        for row in description.arguments
        if row.drawn in FLOATS
        and (row.name not in description.given or np.asarray(description.given[row.name]).dtype.kind == "f")
    )


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
