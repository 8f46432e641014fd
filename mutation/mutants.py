"""Where a section module is changed: every place that computes something.

A module is taken apart into its top-level statements, so that a mutant is a small text in the place
of another. Left out is what computes nothing, or is held against the paper elsewhere: decorators, but
for the functions and sizes inside them, annotations, imports, docstrings and the notation table.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator

from derivations.ledger import section_module

from .operators import operators
from .trees import ArrayOperator
from .trees import text as text_of

NO_FORMULA = {"NOTATION", "SECTION", "__all__"}
"""Assignments that compute nothing."""

ARBITRARY = {("numpy_shapes", "example"), ("operations", "values")}
"""Functions whose numbers nobody reads: of these arrays §5 shows the shapes, and §8 counts the entries."""


@dataclass(frozen=True)
class Mutant:
    """One change of one module: what the line was and what it becomes.

    ``place`` is the function it is in; with ``before`` and ``after`` it names the mutant, and stays
    the same when lines move. ``text`` goes into the module from ``start`` to ``stop``.
    """

    module: str
    place: str
    operator: str
    line: int
    before: str
    after: str
    start: int
    stop: int
    text: str
    ordinal: int = 1

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names the mutant in ``survivors.toml``; a line that a function repeats is numbered."""
        again = f" ({self.ordinal})" if self.ordinal > 1 else ""
        return f"{self.module}.py", self.place + again, self.before, self.after

    @property
    def source(self) -> str:
        """The whole mutated module."""
        original = source_of(self.module)
        return original[: self.start] + self.text + original[self.stop :]

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line} ({self.place}): {self.before}  ->  {self.after}"


@cache
def source_of(module: str) -> str:
    """The source of a section module as it stands."""
    return Path(section_module(module).__file__ or "").read_text(encoding="utf-8")


@cache
def mutants_of(module: str) -> tuple[Mutant, ...]:
    """Every mutant of a section module; two operators that write the same make one."""
    seen: Counter[tuple[str, ...]] = Counter()
    numbered = []
    for mutant in mutants_in(module, source_of(module)):
        seen[mutant.key] += 1
        numbered.append(replace(mutant, ordinal=seen[mutant.key]))
    return tuple(numbered)


def mutants_in(module: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a source text, in its order."""
    start, line = 0, 1
    for statement in get_ast(source).children:
        code = statement.get_code()
        if (module, name_of(statement)) not in ARBITRARY:
            seen = {code}
            for name, text in changed(code):
                if text not in seen and is_program(text):
                    seen.add(text)
                    at, before, after = difference(code, text)
                    where = module, name_of(statement), name, line + at, before, after
                    yield Mutant(*where, start, start + len(code), text)
        start, line = start + len(code), line + code.count("\n")


def changed(code: str) -> Iterator[tuple[str, str]]:
    """A statement, changed by every operator in every place: the operator's name, the text."""
    nodes = list(ast_nodes(get_ast(code)))
    formulas = [node for node in nodes if is_formula(node)]
    wanted = set(map(id, formulas))
    for name, operator in operators().items():
        if issubclass(operator, ArrayOperator):  # what it writes is known: nothing has to be read again
            texts = (replaced(code, node, text) for node in formulas for text in operator().variants(node))
        else:
            texts = (mutate_code(code, operator(), n) for n in occurrences(operator(), nodes, wanted))
        for text in texts:
            if text is not None:
                yield name, text


def replaced(code: str, node: Any, text: str) -> str:
    """A statement with another text in the place of a node."""
    lines = code.splitlines(keepends=True)
    (first, column), (last, end) = node.start_pos, node.end_pos
    return "".join(
        (*lines[: first - 1], lines[first - 1][:column], text, lines[last - 1][end:], *lines[last:])
    )


def occurrences(operator: Operator, nodes: list[Any], wanted: set[int]) -> list[int]:
    """Which of an operator's places, in cosmic-ray's count, are at the nodes that are wanted."""
    number = count()
    places = [(next(number), id(node)) for node in nodes for _ in operator.mutation_positions(node)]
    return [n for n, place in places if place in wanted]


def is_formula(node: Any) -> bool:
    """Whether a node computes something; see the module docstring."""
    while node.parent is not None:
        parent = node.parent
        if node.type == "lambdef" or (node.type == "argument" and text_of(node).startswith("sizes=")):
            return True
        if node.type in ("decorator", "import_from", "import_name") or is_annotation(node, parent):
            return False
        if node.type == "expr_stmt" and node.children[0].get_code().strip() in NO_FORMULA:
            return False
        node = parent
    return True


def is_annotation(node: Any, parent: Any) -> bool:
    """Whether a node says what type something has."""
    before = node.get_previous_sibling()
    mark = getattr(before, "value", "")
    return mark == "->" or (parent.type == "tfpdef" and mark == ":") or node.type == "annassign"


def is_program(text: str) -> bool:
    """Whether Python can read a text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            ast.parse(text)
    except SyntaxError:
        return False
    return True


def name_of(statement: Any) -> str:
    """The function that a top-level statement defines, or ``module``."""
    function = statement.children[-1] if statement.type == "decorated" else statement
    return function.name.value if function.type == "funcdef" else "module"


def difference(code: str, text: str) -> tuple[int, str, str]:
    """On which line two texts begin to differ, and the lines there in each."""
    old, new = code.splitlines(), text.splitlines()
    first = next(n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    last = 0
    while last < min(len(old), len(new)) - first - 1 and old[-1 - last] == new[-1 - last]:
        last += 1
    parts = (lines[first : len(lines) - last] for lines in (old, new))
    before, after = (" / ".join(map(without_comment, part)) for part in parts)
    return first, before, after


def without_comment(line: str) -> str:
    """What a line does, without the remark at its end."""
    return re.sub(r"  # .*", "", line).strip()
