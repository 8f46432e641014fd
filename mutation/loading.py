"""A section module from a text, under its own name, for as long as it is on trial.

The text goes into ``linecache`` under a file name of its own, because the referee and the doctests
read source, and the module into ``sys.modules``, where they look for it. All sections are imported
before, so that none is ever imported for the first time beside a mutant.

Tracing a reference is most of a verdict's cost, and most mutants leave it alone: programs are shared
between modules whose reference, forward signature and notation are the same.
"""

from __future__ import annotations

import linecache
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from types import CodeType, ModuleType
from typing import Any
from unittest import mock

import numpy as np

from derivations import ledger
from derivations.ledger import SECTIONS, Model, section_module, section_path
from derivations.oracle import forward_pass, judges
from derivations.oracle.program import programs
from derivations.oracle.program.programs import Program

for _section in SECTIONS:
    section_module(_section)

Load = Callable[[str, str], ModuleType]
_numbers = count()


@contextmanager
def loader() -> Iterator[Load]:
    """``load(name, source)`` makes a section module of a text; afterwards all is as it was."""
    before, files = dict(sys.modules), []

    def load(name: str, source: str) -> ModuleType:
        file = f"/mutant {next(_numbers)}/{name}.py"
        files.append(file)
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        module = ModuleType(section_path(name))
        module.__file__ = file
        sys.modules[module.__name__] = module
        exec(compile(source, file, "exec"), vars(module))
        return module

    models = cache(ledger.model_of.__wrapped__)  # a mutant's own: the ledger keeps its models
    with (
        mock.patch.object(ledger, "model_of", models),
        mock.patch.object(programs, "_program", shared_program),
        quiet(),
    ):
        try:
            yield load
        finally:
            sys.modules.update({section_path(n): before[section_path(n)] for n in SECTIONS})
            for file in files:
                linecache.cache.pop(file, None)
            for kept in (forward_pass.lines_of, judges.parameters_of, judges.runs_of_indices, traced):
                kept.cache_clear()
            if len(_programs) > MANY:
                _programs.clear()


@contextmanager
def quiet() -> Iterator[None]:
    """A mutant's warnings are no news."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


# --- programs are shared --------------------------------------------------------------------------


@dataclass(frozen=True)
class Traced:
    """All that a program depends on: of its module, a reference calls only other references."""

    name: str
    reference: CodeType
    called: tuple[CodeType, ...]
    inputs: tuple[str, ...]
    notation: tuple[Any, ...]


@cache
def traced(model: Model) -> Traced:
    """What the programs of a model depend on."""
    assert model.reference is not None
    code, module = model.reference.__code__, vars(model.module)
    called = tuple(module[name].__code__ for name in code.co_names if name.startswith("reference"))
    return Traced(model.name, code, called, model.inputs, tuple(model.notation.items()))


_trace = programs._program.__wrapped__
_programs: dict[Any, Program] = {}
MANY = 3000
"""Programs above which they are forgotten; most are of mutants that never come back."""


def shared_program(model: Model, of: str, wrt: str, mode: str) -> Program:
    """In the place of ``programs._program``: trace anew only if the reference is another."""
    key = traced(model), of, wrt, mode
    if key not in _programs:
        _programs[key] = _trace(model, of, wrt, mode)
    return _programs[key]
