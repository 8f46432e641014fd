"""Every line of a forward pass is a named quantity.

The sections write a forward pass as plain assignments, one operation a line. The referee needs to
reach in between: to read ``h``, or to nudge it and see what follows. So it reads the function's
source and rewrites each line ``h = sigmoid(u)`` as ``h = at("h", sigmoid(u))``. The section modules
stay as plain as the paper.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any

At = Callable[[str, Any], Any]


@cache
def lines_of(function: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """``function`` as a function of ``at`` and its own arguments, that returns all its quantities.

    ``at(name, value)`` is called for every assignment and gives the value to go on with. What is not
    an assignment can only be a docstring, an import, and a return of these names in their order. Raises
    ``TypeError`` for any other line.
    """
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    names = [argument.arg for argument in definition.args.args]
    body: list[ast.stmt] = []
    for line in definition.body:
        if isinstance(line, ast.Import):
            body.append(line)
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            names.append(line.targets[0].id)
            body.append(_reported(line, names[-1]))
        elif not _is_docstring(line) and not _returns_names(line, names):
            raise TypeError(
                f"{function.__name__}, line {line.lineno}: {ast.unparse(line)!r} is not one assignment;"
                " a forward pass is one quantity a line, and returns them in order"
            )
    body.append(ast.parse(f"return dict({', '.join(f'{name}={name}' for name in names)})").body[0])
    definition.args.args.insert(0, ast.arg("at_"))
    definition.body, definition.decorator_list, definition.returns = body, [], None
    for argument in definition.args.args:
        argument.annotation = None
    module = ast.fix_missing_locations(ast.Module([definition], []))
    source = f"<{function.__module__}.{function.__name__}, line by line>"
    scope: dict[str, Any] = {}
    exec(compile(module, source, "exec"), function.__globals__, scope)
    lines: Callable[..., dict[str, Any]] = scope[function.__name__]
    return lines


def _is_docstring(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def _returns_names(line: ast.stmt, names: list[str]) -> bool:
    """Whether a line returns names that were assigned, in the order in which they were."""
    if not isinstance(line, ast.Return) or line.value is None:
        return False
    values = line.value.elts if isinstance(line.value, ast.Tuple) else [line.value]
    returned = [value.id for value in values if isinstance(value, ast.Name)]
    return len(returned) == len(values) and returned == [name for name in names if name in returned]


def _reported(line: ast.Assign, name: str) -> ast.Assign:
    line.value = ast.Call(ast.Name("at_", ast.Load()), [ast.Constant(name), line.value], [])
    return line


def quantities(function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """All quantities of a forward pass at these arguments, by name, the arguments among them."""
    return lines_of(function)(lambda name, value: value, *arguments)
