"""A run as one page for the browser: the ledger in the paper's order, its equations as MathML.

The page is a single file without script that asks nothing of a network. It is made from the record of
a run; only the code of each function is looked up, by its label.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

from derivations.cli.terminal import MARKS, SECTION_TITLES, Record, error_of
from derivations.ledger import SECTIONS, TECHNIQUES, find, ledger


def write_page(run: Record, file: Path) -> None:
    """Write the page of a run as UTF-8; ``OSError`` if the file cannot be written."""
    file.write_text(page(run), encoding="utf-8")


def page(run: Record) -> str:
    """The page of a run, from its record; ``KeyError`` for a label that is not in the ledger."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("derivations", "cli"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        equation=equation,
        error=error_of,
        sources=sources_of,
        status=status_of,
        where=where,
        inputs=inputs_of,
        there=place_of,
        number=number,
        prose=prose,
        breakable=breakable,
    )
    return environment.get_template("page.html").render(**contents(run))


def contents(run: Record) -> dict[str, Any]:
    """What the template is given: the record, its entries by section and by status, the totals."""
    entries = run["entries"]
    return {
        "run": run,
        "sections": [
            (number, title, [entry for entry in entries if entry["section"] == number])
            for number, title in SECTION_TITLES.items()
        ],
        "errata": [entry for entry in entries if entry["status"] == "erratum"],
        "failing": [entry for entry in entries if not entry["holds"]],
        "in_ledger": len(ledger()),
        "instances": sum(entry["shapes_tried"] for entry in entries),
        "worst": max((entry["worst_error"] or 0.0 for entry in entries), default=0.0),
        "marks": MARKS,
    }


def status_of(entry: Record) -> str:
    """The status that an entry deserves: its own, or ``failing``."""
    return entry["status"] if entry["holds"] else "failing"


def where(entry: Record) -> str:
    """Where an equation is printed: a page of the paper, in another paper, or nowhere."""
    if entry["ours"]:
        return "ours" if entry["section"] == TECHNIQUES else f"ours, after p. {entry['page']}"
    return str(entry["source"] or f"p. {entry['page']}")


# --- words ------------------------------------------------------------------------------------------


INDEX = re.compile(r"(?<![\w.])((?:EI|[A-Za-z])'?)_(\w(?:,?\w)?)(?!\w)")
PRIME = re.compile(r"(?<=(?<![\w.])[A-Za-z])'(?![A-Za-z])|(?<=\bEI)'")
LABEL = re.compile(rf"\b(?:{'|'.join(SECTIONS)})\.[\w.]*\w")


def prose(text: str) -> Any:
    """A remark as markup: ``w'_ij`` gets its prime and its index below, a label the face of code."""
    from markupsafe import Markup, escape

    marked = str(escape(text)).replace("&#39;", "'").replace(" - ", " − ")
    marked = re.sub(r"\b(pp?\.) (?=\d)", "\\1\N{NO-BREAK SPACE}", marked)
    marked = PRIME.sub("′", INDEX.sub(r"\1<sub>\2</sub>", marked)).replace("'", "’")
    return Markup(LABEL.sub(r"<code>\g<0></code>", marked))


def breakable(label: str) -> Any:
    """A label as markup that may be broken where a part of it begins."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"[._]", r"\g<0><wbr>", str(escape(label))))


# --- equations --------------------------------------------------------------------------------------


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
"""What is said in another way before ``latex2mathml`` reads it: a pattern in LaTeX, its replacement."""


def equation(latex: str) -> Any:
    """An equation as markup, one ``math`` for each of its statements, between which a line may break.

    LaTeX that cannot be converted is shown as it is, so that one equation does not cost the page.
    """
    from markupsafe import Markup, escape

    try:
        return Markup("\n").join(Markup(mathml(statement)) for statement in statements(latex))
    except ValueError:
        return Markup("<code>") + escape(latex) + Markup("</code>")


OPENING = {"(", "[", "{", r"\begin"}
CLOSING = {")", "]", "}", r"\end"}


def statements(latex: str) -> list[str]:
    """The statements that an equation lists: split at the wide spaces outside all brackets."""
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


def mathml(latex: str) -> str:
    """LaTeX as MathML in display style; ``ValueError`` if some of it cannot be converted."""
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
        space_as_tex(node)
        draw_index(node)
        draw_prime(node)
    return tostring(math, encoding="unicode")


SCRIPTED = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}

BRACKETS: dict[str | None, str] = {"(": "prefix", "[": "prefix", ")": "postfix", "]": "postfix"}
"""Which side of what they enclose brackets stand on; browsers guess it from what is beside them."""

ORDINARY: dict[str | None, dict[str, str]] = {
    "∂": {},
    "∇": {"mathvariant": "normal"},
    "/": {"mathvariant": "normal"},
    "…": {},
    "⋯": {},
}
"""Signs that are no operators, with their style: without one, a letter is italic."""


def space_as_tex(node: Element) -> None:
    """Space the children of a node as TeX does, where the browsers' table of operators does not."""
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
        elif sign.text == "−" and begins_a_term(before):
            sign.set("form", "prefix")
        elif not sign.text:  # an invisible bracket, \left., takes no room
            node.remove(sign)
        if sign.text == ")" and before is not None and before.text == ",":
            before.set("rspace", "0")  # (N,)


def begins_a_term(before: Element | None) -> bool:
    """Whether a sign that stands after this one is the first of a term: a minus there is no operation."""
    if before is None or before.tag == "munderover":
        return True
    return before.tag == "mo" and BRACKETS.get(before.text) != "postfix"


def draw_index(node: Element) -> None:
    """Put the limits of a sum above and below it, and an index no lower for the tail of its letter."""
    if node.tag == "msubsup" and node[0].text == "∑":
        node.tag = "munderover"
    if node.tag == "msub" and node[0].tag == "mi" and node[0].text in set("fgjpqy"):
        node[0] = padded(node[0], depth="0")


def draw_prime(node: Element) -> None:
    """Put a prime beside its letter and above its index; as a superscript it would be a speck."""
    if node.tag not in ("msup", "msubsup") or node[-1].text != "′":
        return
    letter, *index, prime = node
    node.tag, prime.tag = "msub" if index else "mrow", "mi"
    row = Element("mrow")
    row.extend([letter, padded(prime, width="0") if index else prime])  # the index starts below it
    node[:] = [row, *index]


def padded(node: Element, **size: str) -> Element:
    """A node that takes another size than its own in the line."""
    box = Element("mpadded", size)
    box.append(node)
    return box


# --- counterexamples --------------------------------------------------------------------------------


def inputs_of(counterexample: Mapping[str, Any]) -> list[str]:
    """The sizes and the inputs of a counterexample, in LaTeX: ``K = 2``, then ``x = [...]``."""
    sizes = [f"{letter} = {size}" for letter, size in counterexample["sizes"].items()]
    return sizes + [f"{symbol(n)} = {array(v)}" for n, v in counterexample["inputs"].items()]


def place_of(counterexample: Mapping[str, Any]) -> str:
    """Where the print differs, in LaTeX: the quantity and, from one, its index."""
    quantity, index = counterexample["quantity"], counterexample["index"]
    of, _, wrt = quantity.partition("/")
    if wrt:
        quantity = rf"\frac{{\partial {symbol(of[1:])}}}{{\partial {symbol(wrt[1:])}}}"
        quantity = rf"\left( {quantity} \right)" if index else quantity
    else:
        quantity = symbol(quantity)
    return f"{quantity}_{{{','.join(map(str, index))}}}" if index else quantity


def symbol(name: str) -> str:
    """A Python name in the paper's letters: ``W_prime`` is W', an observation stays a word."""
    stem = name.removesuffix("_prime")
    word = stem if len(stem) <= 2 else rf"\text{{{stem.replace('_', ' ')}}}"
    return word + "'" * (stem != name)


def array(value: Any) -> str:
    """An array of a counterexample in LaTeX; one that is large and zero as a zero with its shape."""
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
    """A number in six digits, with a minus that is no hyphen."""
    return f"{'−' if value < 0 else ''}{abs(value):.6g}"


# --- code -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A function as it stands in its module, without its labels; the docstring apart."""

    who: str
    file: str
    head: str
    docstring: str
    body: str


def sources_of(label: str) -> list[Source]:
    """The function of the hand and, for an erratum, of the print; ``KeyError`` for no such label."""
    entry = find(label)
    sources = [source_of("by hand", entry.rhs)]
    if entry.misprint:
        sources.append(source_of("as printed", entry.misprint.computes))
    return sources


def source_of(who: str, function: Callable[..., Any]) -> Source:
    """The source of a function, parted so that the page can mute its docstring."""
    lines = inspect.getsource(function).splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith("def "))
    definition = ast.parse("".join(lines)).body[0]
    assert isinstance(definition, ast.FunctionDef)
    start = definition.body[0].lineno - 1
    documented = ast.get_docstring(definition) is not None
    end = definition.body[0].end_lineno if documented else start
    parts = ("".join(part) for part in (lines[first:start], lines[start:end], lines[end:]))
    return Source(who, f"{function.__module__.replace('.', '/')}.py", *parts)
