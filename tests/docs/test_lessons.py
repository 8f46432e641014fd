"""The lessons are correct: a page asserts its claims, and its suggested changes break an assertion."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import jax
import matplotlib.pyplot as plt
import pytest

LESSONS = Path(__file__).parents[2] / "docs" / "lessons"
PAGES = sorted(LESSONS.glob("[0-9]*.py"))
NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?:e[-+]?\d+)?(?!\w)")
TEN_MINUTES = 1500
"""Words of prose; the code has to be read too."""


@dataclass
class Run:
    """What a page printed, the lines of the assertions that it ran, and the axes of its figures."""

    printed: str = ""
    asserted: set[int] = field(default_factory=set)
    axes: list[Any] = field(default_factory=list)


def run(path: Path) -> Run:
    """Run a page as ``python`` does, and record its assertions; raise what it raises."""
    done, printed = Run(), io.StringIO()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            node.test = ast.Call(
                ast.Name("record_", ast.Load()), [ast.Constant(node.lineno), node.test], []
            )

    def record(line: int, holds: object) -> object:
        done.asserted.add(line)
        return holds

    code = compile(ast.fix_missing_locations(tree), str(path), "exec")
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, {"__name__": "__main__", "__file__": str(path), "record_": record})
        done.axes = [axes for number in plt.get_fignums() for axes in plt.figure(number).axes]
    finally:
        plt.close("all")
    done.printed = printed.getvalue()
    return done


@pytest.fixture(autouse=True)
def no_windows(monkeypatch: Any) -> None:
    """Draw figures without showing them."""
    monkeypatch.delenv("DISPLAY", raising=False)
    plt.switch_backend("agg")


# --- the parts of a page ----------------------------------------------------------------------------------


def cells(path: Path) -> Iterator[tuple[bool, str]]:
    """The cells of a page: whether it is prose, and its text without comment signs if it is."""
    for cell in re.split(r"^# %%", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, text = cell.partition("\n")
        prose = heading.strip() == "[markdown]"
        yield prose, re.sub(r"^# ?", "", text, flags=re.MULTILINE) if prose else text


def claim(path: Path) -> str:
    """The first paragraph of a page, which says what it shows."""
    found = re.search(r"\*\*Claim\.\*\* .+?(?=\n\n)", next(text for _, text in cells(path)), re.DOTALL)
    return found.group() if found else ""


def assertions(path: Path) -> list[ast.Assert]:
    """All assertions of a page."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def numbers(text: str) -> set[float]:
    """The numbers in a text, as numbers: 1e-05 is 1e-5 and 5,000 is 5000."""
    return {float(number.replace(",", "")) for number in NUMBER.findall(text)}


def exercises(path: Path) -> list[tuple[str, str]]:
    """The changes that the end of a page suggests: the code before and after each."""
    *_, (prose, last) = cells(path)
    _, _, text = last.partition("## Break it\n")
    blocks = [dedent(block).strip("\n") for block in re.findall(r"(?:^ {4}.*\n)+", text, re.MULTILINE)]
    assert prose
    assert len(blocks) % 2 == 0, "an exercise has two blocks, before and after"
    return list(zip(blocks[::2], blocks[1::2], strict=True))


def changed(path: Path, before: str, after: str) -> str:
    """The page's source, where ``after`` replaces the only occurrence of ``before``."""
    lines, wanted = (
        path.read_text(encoding="utf-8").splitlines(),
        [line.strip() for line in before.split("\n")],
    )
    stripped = [line.strip() for line in lines]
    places = [at for at in range(len(lines)) if stripped[at : at + len(wanted)] == wanted]
    assert len(places) == 1, f"{len(places)} occurrences of\n{before}"
    (place,) = places
    margin = lines[place][: -len(stripped[place])]
    lines[place : place + len(wanted)] = [margin + line for line in after.split("\n")]
    return "\n".join(lines)


# --- requirements of a page -------------------------------------------------------------------------------


def only_prepares(code: str) -> bool:
    """Whether a cell consists of imports, definitions and assignments."""
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign
    return all(isinstance(statement, kinds) for statement in ast.parse(code).body)


def shows(code: str) -> bool:
    """Whether a cell asserts, prints, draws, or ends with a value that a notebook displays."""
    tree = ast.parse(code)
    last = tree.body[-1]
    displayed = isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call)
    shown = "print(" in code or "plt.show()" in code
    return displayed or shown or any(isinstance(node, ast.Assert) for node in ast.walk(tree))


def problems(path: Path, done: Run) -> Iterator[str]:
    """What is wrong with a page."""
    code = [text for prose, text in cells(path) if not prose]
    asserted = " ".join(map(ast.unparse, assertions(path)))
    for number in sorted(numbers(claim(path)) - numbers(asserted) - numbers(done.printed)):
        yield f"the claim's {number:g} is neither asserted nor printed"
    if not claim(path):
        yield "it has no claim"
    for node in assertions(path):
        if node.lineno not in done.asserted:
            yield f"line {node.lineno}: the assertion never runs"
    for cell in code:
        if not only_prepares(cell) and not shows(cell):
            yield f"neither asserts nor displays: {cell.strip().splitlines()[0]}"
    for axes in done.axes:
        if axes.lines and not (axes.get_xlabel() and (axes.get_ylabel() or axes.get_legend())):
            yield f"a figure has no labels: {axes.get_title()}"


def page_name(path: Path) -> str:
    return path.stem


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_a_page_runs_and_asserts_its_claims(path: Path) -> None:
    assert list(problems(path, run(path))) == []
    assert not jax.config.jax_enable_x64, "the page changed JAX's precision"


CHANGES = {
    f"{path.stem}, exercise {number}": (path, *change)
    for path in PAGES
    for number, change in enumerate(exercises(path), 1)
}


@pytest.mark.slow
@pytest.mark.parametrize(("path", "before", "after"), CHANGES.values(), ids=CHANGES)
def test_a_change_that_a_page_suggests_breaks_an_assertion(
    path: Path, before: str, after: str, tmp_path: Path
) -> None:
    broken = tmp_path / path.name
    broken.write_text(changed(path, before, after), encoding="utf-8")
    with pytest.raises(AssertionError):
        run(broken)


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_a_page_has_something_to_break_and_takes_ten_minutes(path: Path) -> None:
    assert exercises(path)
    assert sum(len(text.split()) for prose, text in cells(path) if prose) < TEN_MINUTES


def test_the_table_of_contents_has_every_page_in_order_by_its_title() -> None:
    contents = (LESSONS / "README.md").read_text(encoding="utf-8")
    titles = [next(text for _, text in cells(path)).strip().splitlines()[0] for path in PAGES]
    listed = re.findall(r"^\| (\d+) \| \[(.+?)\]\((.+?)\)", contents, re.MULTILINE)
    assert [f"# {number}. {title}" for number, title, _ in listed] == titles
    assert [file for _, _, file in listed] == [path.name for path in PAGES]


# --- tests of these tests ---------------------------------------------------------------------------------

HEAD = "# %% [markdown]\n# # 0. A page\n#\n# **Claim.** Two and two is 4, not 5.\n#\n# More.\n\n# %%\n"
FAULTS = {
    "a claim whose number is not shown": ("assert 2 + 2 == 4\n", "the claim's 5 is neither"),
    "an assertion that never runs": (
        "print(4, 5)\nif 2 > 3:\n    assert 4\n",
        "line 11: the assertion never",
    ),
    "a cell that shows nothing": (
        "print(4, 5)\n\n# %%\nfor _ in range(3):\n    pass\n",
        "neither asserts nor",
    ),
    "a figure without labels": (
        "import matplotlib.pyplot as plt\nprint(4, 5)\nplt.plot([1, 2])\n",
        "a figure has no labels",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, tmp_path: Path) -> None:
    code, expected = FAULTS[fault]
    page = tmp_path / "00_page.py"
    page.write_text(HEAD + code, encoding="utf-8")
    (found,) = problems(page, run(page))
    assert found.startswith(expected)


def test_a_page_whose_claim_is_false_fails(tmp_path: Path) -> None:
    page = tmp_path / "00_page.py"
    page.write_text(HEAD + "assert 2 + 2 == 5, 'it is 4'\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="it is 4"):
        run(page)
    page.write_text(HEAD + "print(4, 5)\n", encoding="utf-8")
    assert list(problems(page, run(page))) == [], "a page without a fault passes"
