"""A verified function run so that every quantity in it can be seen, and each quantity's own line of source.

Nothing is typed again: the function's source is parsed, its ``return`` gives all that was assigned, and the
line shown beside a number is the line that computed it.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class Lines:
    """A function line by line: ``run(*arguments)`` gives its quantities by name; ``line`` their source."""

    run: Callable[..., dict[str, Any]]
    line: dict[str, str]
    where: str


@lru_cache(maxsize=256)
def lines_of(function: Callable[..., Any]) -> Lines:
    """``function``, whose body is assignments and checks, with its quantities laid open.

    Where the last argument of a call in a line is itself computed, as ``W_prime @ EI`` is in
    ``dE_dW = np.outer(x, W_prime @ EI)``, it is a quantity too, by the name ``dE_dW.last``.
    """
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    body: list[ast.stmt] = []
    line: dict[str, str] = {}
    parts: list[str] = []
    for statement in definition.body:
        if isinstance(statement, ast.Return):
            break
        if isinstance(statement, ast.Assign):
            line |= dict.fromkeys(names_of(statement.targets[0]), ast.unparse(statement))
            body += part_of(statement, line, parts)
        body.append(statement)
    given = ", ".join(f"{name!r}: {name}" for name in line if "." not in name)
    named = ", ".join(f"{name + '.last'!r}: {name}_last" for name in parts)
    body.append(ast.parse(f"return {{{', '.join(filter(None, [given, named]))}}}").body[0])
    where = f"{function.__module__.replace('.', '/')}.py, {function.__name__}"
    return Lines(compiled(definition, body, function), line, where)


def names_of(target: ast.expr) -> list[str]:
    """The names that an assignment gives values to."""
    several = target.elts if isinstance(target, ast.Tuple) else [target]
    return [name.id for name in several if isinstance(name, ast.Name)]


def part_of(statement: ast.Assign, line: dict[str, str], parts: list[str]) -> list[ast.stmt]:
    """The last argument of a line's call as an assignment before it, if it is more than a name."""
    call, (name, *_) = statement.value, names_of(statement.targets[0])
    if not isinstance(call, ast.Call) or not call.args or not isinstance(call.args[-1], ast.BinOp):
        return []
    line[f"{name}.last"] = ast.unparse(call.args[-1])
    parts.append(name)
    before = ast.Assign([ast.Name(f"{name}_last", ast.Store())], call.args[-1])
    call.args[-1] = ast.Name(f"{name}_last", ast.Load())
    return [before]


def compiled(
    definition: ast.FunctionDef, body: list[ast.stmt], function: Callable[..., Any]
) -> Callable[..., dict[str, Any]]:
    """The function with another body, in the module it comes from."""
    definition.body, definition.decorator_list, definition.returns = body, [], None
    for argument in definition.args.args:
        argument.annotation = None
    module = ast.fix_missing_locations(ast.Module([definition], []))
    scope: dict[str, Any] = {}
    exec(compile(module, f"<{function.__name__}, laid open>", "exec"), function.__globals__, scope)
    run: Callable[..., dict[str, Any]] = scope[definition.name]
    return run
