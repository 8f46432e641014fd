"""What is changed: cosmic-ray's operators, and our own for what only array formulas have.

Ours are written as cosmic-ray writes its own, on parso's trees, with examples; each says in
``variants`` what may stand in a node's place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator, operator_names

from .trees import (
    ArrayOperator,
    body_of,
    exchanged,
    is_called,
    is_index,
    is_label,
    known_names,
    leaves_of,
    neighbours,
    scope_of,
    text,
)

ARITHMETIC = ("Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow")
"""Binary operators that are replaced by each other; the bitwise ones are errors on floats."""

LEFT_OUT = ("RemoveDecorator", "VariableReplacer", "VariableInserter", "_Is", "_IsNot", "_UAdd")
"""Decorators hold no formula, the variable operators draw random numbers, ``is`` compares no values,
and a unary plus is the same as nothing, to which the minus is changed as well."""


# --- indices and axes -----------------------------------------------------------------------------


class SwapIndices(ArrayOperator):
    """``a[i, j]`` becomes ``a[j, i]``, and ``a[:, None]`` becomes ``a[None, :]``."""

    def variants(self, node: Any) -> Sequence[str]:
        """One for each two neighbouring indices."""
        if node.type != "subscriptlist":
            return []
        return [exchanged(node, n - 1, n + 1) for n in neighbours(node.children, ",")]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("a[i, j]", "a[j, i]"), Example("a[:, None]", "a[None, :]"))


class ReplaceIndex(ArrayOperator):
    """``e[c, j]`` becomes ``e[0, j]``, or ``e[j, j]``: another index of the same function."""

    def variants(self, node: Any) -> Sequence[str]:
        """The first entry, and every other index in sight."""
        if not is_index(node):
            return []
        leaves = leaves_of(body_of(scope_of(node)))
        others = {leaf.value for leaf in leaves if is_index(leaf)} - {node.value}
        return ["0", *sorted(others)]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("e[c, j]", "e[0, j]"), Example("e[c, j]", "e[j, j]", occurrence=1))


class ChangeAxis(ArrayOperator):
    """``axis=0`` becomes another axis, or none."""

    def variants(self, node: Any) -> Sequence[str]:
        """The other axes of a matrix, from both ends, and all of it."""
        if node.type != "argument" or not text(node).startswith("axis="):
            return []
        return [f"axis={axis}" for axis in ("0", "1", "-1", "None") if text(node) != f"axis={axis}"]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (
            Example("np.sum(a, axis=0)", "np.sum(a, axis=1)"),
            Example("np.sum(a, axis=0)", "np.sum(a, axis=None)", occurrence=2),
        )


class ChangeRange(ArrayOperator):
    """``range(n)`` becomes ``range(n - 1)`` or ``range(1, n)``: the last or the first is left out."""

    def variants(self, node: Any) -> Sequence[str]:
        """Without the last, and without the first."""
        if node.type != "atom_expr" or node.children[0].get_code().strip() != "range":
            return []
        inside = node.children[1].children[1]
        bounds = [text(child) for child in getattr(inside, "children", []) if text(child) != ","]
        start, stop = bounds if inside.type == "arglist" else ("0", text(inside))
        return [f"range({start}, {stop} - 1)", f"range({start} + 1, {stop})"]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (
            Example("range(len(x))", "range(0, len(x) - 1)"),
            Example("range(a, b)", "range(a + 1, b)", occurrence=1),
        )


class DropTranspose(ArrayOperator):
    """``a.T`` becomes ``a``."""

    def variants(self, node: Any) -> Sequence[str]:
        """Nothing in its place."""
        return [""] if node.type == "trailer" and text(node) == ".T" else []

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("a.T @ b", "a @ b"),)


class ReverseSubscripts(ArrayOperator):
    """``einsum("k,ki->i", ...)`` becomes ``einsum("k,ik->i", ...)``."""

    def variants(self, node: Any) -> Sequence[str]:
        """One for each array of two axes or more."""
        if node.type != "string" or not re.fullmatch(r'"[a-z,]+->[a-z]*"', node.value):
            return []
        words = re.finditer(r"\w\w+", node.value)
        return [node.value[: m.start()] + m[0][::-1] + node.value[m.end() :] for m in words]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example('einsum("k,ki->i", x, W)', 'einsum("k,ik->i", x, W)'),)


class ReplaceCell(ArrayOperator):
    """``"w11 w12; w21 w22"`` becomes ``"w12 w12; w21 w22"``: a cell is read twice, another never."""

    def variants(self, node: Any) -> Sequence[str]:
        """One for each cell: the next one's label in its place."""
        cells = list(re.finditer(r"[a-z]+'*\d+", node.value)) if node.type == "string" else []
        if len(cells) < 2 or re.search(r"[^a-z'\d; \"]", node.value):
            return []
        pairs = zip(cells, [*cells[1:], cells[0]], strict=True)
        return [node.value[: a.start()] + b[0] + node.value[a.end() :] for a, b in pairs]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example('"w11 w12; w21 w22"', '"w11 w12; w22 w22"', occurrence=2),)


# --- arithmetic that cosmic-ray does not know -----------------------------------------------------


class SwapOperands(ArrayOperator):
    """``a - b`` becomes ``b - a``; so do ``/`` and ``@``."""

    def variants(self, node: Any) -> Sequence[str]:
        """One for each operator that does not commute."""
        if node.type not in ("arith_expr", "term"):
            return []
        return [exchanged(node, n - 1, n + 1) for n in neighbours(node.children, "-/@")]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("y - t", "t - y"), Example("x @ W", "W @ x"))


class DropOperand(ArrayOperator):
    """``a * b`` becomes ``b`` or ``a``: a factor, or a term, is forgotten."""

    def variants(self, node: Any) -> Sequence[str]:
        """One for each operand, that left out with the operator beside it."""
        if node.type not in ("arith_expr", "term", "power"):
            return []
        parts = [text(child) for child in node.children]
        if node.type == "power" and "**" not in parts:
            return []
        kept = [parts[2:], *(parts[: n - 1] + parts[n + 1 :] for n in range(2, len(parts), 2))]
        return [" ".join(part) for part in kept]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("a * b * c", "b * c"), Example("a * b * c", "a * c", occurrence=1))


class ReplaceMatMul(ArrayOperator):
    """``a @ b`` becomes ``a * b``."""

    def variants(self, node: Any) -> Sequence[str]:
        """The product of the entries."""
        return ["*"] if getattr(node, "value", "") == "@" and node.parent.type == "term" else []

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("a @ b", "a * b"),)


# --- names ----------------------------------------------------------------------------------------

FUNCTIONS = {
    "sum": ["mean", "prod", "max"],
    "max": ["min", "sum"],
    "min": ["max"],
    "exp": ["expm1", "log", "cosh"],
    "log": ["log1p", "exp"],
    "tanh": ["sin", "sinh", "arctan"],
    "sigmoid": ["softmax", "np.tanh", "tanh", "silu"],
    "softmax": ["log_softmax", "sigmoid"],
    "log_softmax": ["softmax", "log_sigmoid"],
    "square": ["abs", "sqrt"],
    "abs": ["real", "float"],
    "real": ["imag", "abs"],
    "outer": ["inner", "dot", "multiply", "add.outer"],
    "dot": ["outer", "vdot", "add"],
    "diag": ["asarray", "diagonal"],
    "zeros": ["ones"],
    "eye": ["ones", "tri"],
    "sin": ["cos"],
    "cos": ["sin"],
    "argmax": ["argmin"],
    "flatnonzero": ["argwhere", "argmax"],
    "ravel": ["sort", "unique"],
    "transpose": ["negative", "flip"],
    "concatenate": ["stack"],
    "stack": ["concatenate", "sum"],
}
"""What a function may be mistaken for. A name that does not exist there fails, and is killed."""


class ReplaceFunction(ArrayOperator):
    """``np.exp(u)`` becomes ``np.expm1(u)``, by the table ``FUNCTIONS``."""

    def variants(self, node: Any) -> Sequence[str]:
        """The table's row for a name that is called."""
        if node.type != "name" or node.parent.type == "funcdef" or not is_called(node):
            return []
        return FUNCTIONS.get(node.value, [])

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("np.exp(u)", "np.expm1(u)"), Example("a.sum(axis=0)", "a.mean(axis=0)"))


class DropFunction(ArrayOperator):
    """``sigmoid(u)`` becomes ``(u)``."""

    def variants(self, node: Any) -> Sequence[str]:
        """The argument, where there is one."""
        if node.type != "atom_expr" or node.parent.type == "decorator" or not is_called(node.children[-2]):
            return []
        inside = node.children[-1].children[1]
        return [] if inside.type in ("arglist", "argument", "operator") else [f"({text(inside)})"]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("np.tanh(u[0])", "(u[0])"),)


class ReplaceOperand(ArrayOperator):
    """``y[j] - t[j]`` becomes ``t[j] - t[j]``: another argument, or an earlier line, in its place."""

    def variants(self, node: Any) -> Sequence[str]:
        """Every other name that the function knows at that point."""
        if node.type != "name" or node.is_definition() or is_label(node):
            return []
        known = known_names(node)
        return [name for name in known if name != node.value] if node.value in known else []

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (
            Example("def f(y, t): return y - t", "def f(y, t): return t - t"),
            Example("lambda y, t: y - t", "lambda y, t: y - y", occurrence=1),
        )


class SwapArguments(ArrayOperator):
    """``np.outer(a, b)`` becomes ``np.outer(b, a)``."""

    def variants(self, node: Any) -> Sequence[str]:
        """One for each two neighbours that are passed by place."""
        if node.type != "arglist":
            return []
        return [
            exchanged(node, n - 1, n + 1)
            for n in neighbours(node.children, ",")
            if "argument" not in (node.children[n - 1].type, node.children[n + 1].type)
        ]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("np.outer(a, b)", "np.outer(b, a)"),)


class SwapResults(ArrayOperator):
    """``return a, b`` becomes ``return b, a``; so do the entries of a displayed list or tuple."""

    def variants(self, node: Any) -> Sequence[str]:
        """One for each two neighbours."""
        if not node.type.startswith("testlist") or node.search_ancestor("return_stmt") is None:
            return []
        return [exchanged(node, n - 1, n + 1) for n in neighbours(node.children, ",")]

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("return a, b", "return b, a"), Example("return (a, b)", "return (b, a)"))


class DropCall(ArrayOperator):
    """``check_target(t)`` on a line of its own becomes ``pass``."""

    def variants(self, node: Any) -> Sequence[str]:
        """Nothing done."""
        alone = node.type == "atom_expr" and node.parent.type == "simple_stmt"
        return ["pass"] if alone and text(node).endswith(")") else []

    @classmethod
    def examples(cls) -> Sequence[Example]:
        """For cosmic-ray's kind of test."""
        return (Example("check(t)\n", "pass\n"),)


OURS: tuple[type[ArrayOperator], ...] = (
    SwapIndices, ReplaceIndex, ChangeAxis, ChangeRange, DropTranspose, ReverseSubscripts, ReplaceCell,
    SwapOperands, DropOperand, ReplaceMatMul, ReplaceFunction, DropFunction, ReplaceOperand,
    SwapArguments, SwapResults, DropCall,
)  # fmt: skip


def operators() -> dict[str, type[Operator]]:
    """Every operator in use, by name: cosmic-ray's that suit formulas, and ours."""
    names = [name for name in operator_names() if is_wanted(name.partition("/")[2])]
    return {name: get_operator(name) for name in names} | {cls.__name__: cls for cls in OURS}


def is_wanted(name: str) -> bool:
    """Whether an operator of cosmic-ray is one for formulas; see ``ARITHMETIC``, ``LEFT_OUT``."""
    if name.startswith("ReplaceBinaryOperator"):
        return name.split("_")[2] in ARITHMETIC
    return not name.startswith(LEFT_OUT) and not name.endswith(LEFT_OUT)
