"""LaTeX, as the ledger writes it: to MathML, to plain text, and Python names and arrays to LaTeX.

``to_mathml`` is for pages, ``to_text`` for the terminal; ``prose`` is for the remarks beside an equation,
which are plain text with symbols such as ``w'_ij``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element, tostring

from derivations.ledger import SECTIONS

# --- plain text ---


def to_text(latex: str) -> str:
    r"""Convert LaTeX to one line of plain text.

    >>> to_text(r"\frac{\partial E}{\partial y_j} = y_j - t_j")
    '∂E/∂y_j = y_j - t_j'
    """
    for command, sign in _SIGNS.items():
        latex = latex.replace(command, sign)
    text = re.sub(r"∑_(\w)=1\^(\w)", r"∑_\1=1..\2", _latex_to_text().latex_to_text(latex))
    return " ".join(re.sub(r"([→⇉⇒≤≥≠·⊗×])", r" \1 ", text).split())


@cache
def _latex_to_text() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text")


_SIGNS = {
    r"\log ": "log ",
    r"\rightrightarrows": "⇉",
    r"\nabla": "∇",
    r"\ne ": "≠ ",
    r"\;": " ",
    r"\quad": "  ",
    r"\Big": "",
    r"\big": "",
    r"\mathbf{u}": "u",
    r"\mathbf{v}": "v",
    r"\,": " ",
}


# --- MathML ---

REPAIRS = (
    (r"\\log ", r"\\, \\log \\, "),  # a function would touch its neighbours
    (r": ", r": \\; "),  # a colon, what it introduces
    (r"(?<![a-z]{2})(?<=[\w}'])(?<! \}) (?=\([KNMV](,| \\times))", r" \\; "),  # a symbol, its size
    (r"(?<=\\end{bmatrix}) (?=\[|\\Big)", r" \\; "),  # a matrix, the row that follows it
    (r"\\Big([(\[])", r"\\left\1"),  # brackets would be too small for a sum with its limits
    (r"\\Big([)\]])", r"\\right\1"),
    (r"softmax|window", r"\\textit{\g<0>}"),  # words would be set as products of letters
    (r"cross\\_entropy", r"\\textit{cross_entropy}"),
    (r"total \\; loss", r"\\textit{total loss}"),
)
"""Patterns in LaTeX that ``latex2mathml`` converts badly, each with its replacement."""


OPENING = {"(", "[", "{", r"\begin"}
CLOSING = {")", "]", "}", r"\end"}


def to_mathml(latex: str) -> str:
    """Convert LaTeX to MathML in display style, one ``math`` for each statement.

    A browser may break the line between two statements. Raises ``ValueError`` for what cannot be converted.
    """
    return "\n".join(map(statement_to_mathml, statements(latex)))


def statements(latex: str) -> list[str]:
    r"""Split a list of equations at the wide spaces outside all brackets.

    >>> statements(r"K = 5, \; x = [1, \; 2]")
    ['K = 5,', 'x = [1, \\; 2]']
    """
    depth, found = 0, [""]
    for token in re.findall(r",? *\\(?:;|quad) *|\\[A-Za-z]+|\\.|.", latex):
        depth += token in OPENING
        depth -= token in CLOSING
        if depth == 0 and re.fullmatch(r", *\\; *|,? *\\quad *", token):
            found[-1] += token[0].strip("\\ ")
            found.append("")
        else:
            found[-1] += token
    return found


def statement_to_mathml(latex: str) -> str:
    """Convert one statement to one ``math`` element; see :func:`to_mathml`."""
    from latex2mathml.converter import convert_to_element

    for pattern, replacement in REPAIRS:
        latex = re.sub(pattern, replacement, latex)
    try:
        math = convert_to_element(latex, display="block")
    except Exception as problem:
        raise ValueError(f"no MathML for {latex}: {problem}") from problem
    math.attrib = {"displaystyle": "true"}  # and not a block: several stand in one line
    for node in math.iter():
        node.text = unescape(node.text or "")
        if "\\" in node.text:
            raise ValueError(f"no MathML for {node.text} in {latex}")
    for node in list(math.iter()):
        _space_as_tex(node)
        _place_index(node)
        _place_prime(node)
    return tostring(math, encoding="unicode")


SCRIPTED = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}

BRACKETS: dict[str | None, str] = {"(": "prefix", "[": "prefix", ")": "postfix", "]": "postfix"}
"""The form of each bracket, which browsers would guess from its neighbours."""

ORDINARY: dict[str | None, dict[str, str]] = {
    "∂": {},
    "∇": {"mathvariant": "normal"},
    "/": {"mathvariant": "normal"},
    "…": {},
    "⋯": {},
}
"""Signs that are not operators, with their attributes; a sign without ``mathvariant`` is set in italics."""


def _space_as_tex(node: Element) -> None:
    """Space the children of a node as TeX does, where browsers do otherwise."""
    for script in node[1:] if node.tag in SCRIPTED else ():
        for sign in script.iter("mo"):
            sign.attrib |= {"lspace": "0", "rspace": "0"}
    for before, sign in zip([None, *node], list(node), strict=False):
        if sign.tag != "mo":
            continue
        if sign.text in ORDINARY:
            sign.tag, sign.attrib = "mi", {**ORDINARY[sign.text]}
        elif sign.text in BRACKETS:
            sign.set("form", BRACKETS[sign.text])
        elif sign.text == "−" and _begins_a_term(before):
            sign.set("form", "prefix")
        elif not sign.text:  # the invisible bracket of \left.
            node.remove(sign)
        if sign.text == ")" and before is not None and before.text == ",":
            before.set("rspace", "0")  # (N,)


def _begins_a_term(before: Element | None) -> bool:
    """Tell whether a term begins after this node, so that a minus there is a sign and not an operation."""
    if before is None or before.tag == "munderover":
        return True
    return before.tag == "mo" and BRACKETS.get(before.text) != "postfix"


def _place_index(node: Element) -> None:
    """Put the limits of a sum above and below it; keep the index of a letter with a descender high."""
    if node.tag == "msubsup" and node[0].text == "∑":
        node.tag = "munderover"
    if node.tag == "msub" and node[0].tag == "mi" and node[0].text in set("fgjpqy"):
        node[0] = _padded(node[0], depth="0")


def _place_prime(node: Element) -> None:
    """Put a prime beside its letter and above its index; as a superscript it would be too small."""
    if node.tag not in ("msup", "msubsup") or node[-1].text != "′":
        return
    letter, *index, prime = node
    node.tag, prime.tag = "msub" if index else "mrow", "mi"
    row = Element("mrow")
    row.extend([letter, _padded(prime, width="0") if index else prime])  # the index starts below it
    node[:] = [row, *index]


def _padded(node: Element, **size: str) -> Element:
    """Wrap a node so that it takes another width or depth in the line."""
    box = Element("mpadded", size)
    box.append(node)
    return box


# --- Python to LaTeX ---


def inputs_of(counterexample: Mapping[str, Any]) -> list[str]:
    """List the sizes and the inputs of a counterexample in LaTeX: ``K = 2``, then ``x = [...]``."""
    sizes = [f"{letter} = {size}" for letter, size in counterexample["sizes"].items()]
    return sizes + [f"{symbol(n)} = {array(v)}" for n, v in counterexample["inputs"].items()]


def place_of(counterexample: Mapping[str, Any]) -> str:
    """Return, in LaTeX, the entry where the printed form is wrong: the quantity and its index, from one."""
    quantity, index = counterexample["quantity"], counterexample["index"]
    of, _, wrt = quantity.partition("/")
    if wrt:
        quantity = rf"\frac{{\partial {symbol(of[1:])}}}{{\partial {symbol(wrt[1:])}}}"
        quantity = rf"\left( {quantity} \right)" if index else quantity
    else:
        quantity = symbol(quantity)
    return f"{quantity}_{{{','.join(map(str, index))}}}" if index else quantity


def symbol(name: str) -> str:
    r"""Return the paper's symbol for a Python name, in LaTeX; a longer name stays a word.

    >>> symbol("W_prime"), symbol("leaves_sum")
    ("W'", '\\text{leaves sum}')
    """
    stem = name.removesuffix("_prime")
    word = stem if len(stem) <= 2 else rf"\text{{{stem.replace('_', ' ')}}}"
    return word + "'" * (stem != name)


def array(value: Any) -> str:
    """Return an array in LaTeX; a larger array of zeros as a zero with its shape."""
    if not isinstance(value, list):
        return number(value)
    if not isinstance(value[0], list):
        return "[" + r" \; ".join(map(number, value)) + "]"
    rows, columns = len(value), len(value[0])
    if rows == 1:
        return array(value[0])
    if rows * columns > 4 and not any(map(any, value)):
        return rf"0_{{{rows} \times {columns}}}"
    body = r" \\ ".join(" & ".join(map(number, row)) for row in value)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def number(value: float) -> str:
    """Format a number with six digits and a true minus sign."""
    return f"{'−' if value < 0 else ''}{abs(value):.6g}"


# --- remarks ---

INDEX = re.compile(r"(?<![\w.])((?:EI|[A-Za-z])'?)_(\w(?:,?\w)?)(?!\w)")
PRIME = re.compile(r"(?<=(?<![\w.])[A-Za-z])'(?![A-Za-z])|(?<=\bEI)'")
LABEL = re.compile(rf"\b(?:{'|'.join(SECTIONS)})\.[\w.]*\w")


def prose(text: str) -> Any:
    """Convert a remark to HTML: ``w'_ij`` gets a prime and a subscript, a label is set as code."""
    from markupsafe import Markup, escape

    marked = str(escape(text)).replace("&#39;", "'").replace(" - ", " − ")
    marked = re.sub(r"\b(pp?\.) (?=\d)", "\\1\N{NO-BREAK SPACE}", marked)
    marked = PRIME.sub("′", INDEX.sub(r"\1<sub>\2</sub>", marked)).replace("'", "’")
    return Markup(LABEL.sub(r"<code>\g<0></code>", marked))
