"""Run a verified function so that it returns all its intermediate quantities, and show the source of each.

The function's own source is parsed, so the line shown beside a number is the line that computed it.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from numpy import ndarray as Array

Quantities = dict[str, Array]
Function = Callable[..., Quantities]


@dataclass(frozen=True)
class Instrumented:
    """A function whose ``run(*arguments)`` returns every quantity by name; ``source`` has their lines."""

    run: Function
    source: dict[str, str]
    place: str


@lru_cache(maxsize=256)
def instrument(function: Callable[..., object]) -> Instrumented:
    """Return ``function``, a sequence of assignments and checks, so that it returns what it assigns.

    Where the last argument of a call is itself an operation, as ``W_prime @ EI`` is in
    ``dE_dW = np.outer(x, W_prime @ EI)``, its value is a quantity too, named ``dE_dW.last``.
    """
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    body: list[ast.stmt] = []
    source: dict[str, str] = {}
    for statement in definition.body:
        if isinstance(statement, ast.Return):
            break
        if isinstance(statement, ast.Assign):
            names = assigned_names(statement.targets[0])
            source |= dict.fromkeys(names, ast.unparse(statement))
            if last := last_operand(statement):
                source[f"{names[0]}.last"] = ast.unparse(last.value)
                body.append(last)
        body.append(statement)
    pairs = ", ".join(f"{name!r}: {name.replace('.', '_')}" for name in source)
    body.append(ast.parse(f"return {{{pairs}}}").body[0])
    place = f"{function.__module__.replace('.', '/')}.py, {function.__name__}"
    return Instrumented(compiled(definition, body, function), source, place)


def assigned_names(target: ast.expr) -> list[str]:
    """Return the names that an assignment gives values to."""
    several = target.elts if isinstance(target, ast.Tuple) else [target]
    return [name.id for name in several if isinstance(name, ast.Name)]


def last_operand(statement: ast.Assign) -> ast.Assign | None:
    """Move the last argument of a line's call, if it is an operation, to an assignment; return that."""
    call, (name, *_) = statement.value, assigned_names(statement.targets[0])
    if not isinstance(call, ast.Call) or not call.args or not isinstance(call.args[-1], ast.BinOp):
        return None
    before = ast.Assign([ast.Name(f"{name}_last", ast.Store())], call.args[-1])
    call.args[-1] = ast.Name(f"{name}_last", ast.Load())
    return before


def compiled(
    definition: ast.FunctionDef, body: list[ast.stmt], function: Callable[..., object]
) -> Function:
    """Compile a function with another body, in the module that it comes from."""
    definition.body, definition.decorator_list, definition.returns = body, [], None
    for argument in definition.args.args:
        argument.annotation = None
    module = ast.fix_missing_locations(ast.Module([definition], []))
    scope: dict[str, Function] = {}
    name = f"<{function.__name__}, instrumented>"
    exec(compile(module, name, "exec"), function.__globals__, scope)
    return scope[definition.name]
