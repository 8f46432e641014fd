"""The page says what the record says, in markup that works alone, and nothing slips into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from derivations.cli.page import equation, page, write_page
from derivations.ledger import TECHNIQUES, find, ledger
from derivations.oracle.records import record
from derivations.oracle.runs import Run, run
from derivations.oracle.verdicts import Failure

LABELS = (
    "mlp.E",  # a definition
    "mlp.dE_dy",  # a derivative
    "mlp.dy_du_prime",  # an erratum that gives other numbers
    "numpy_shapes.column_minus_vector",  # ours, and observed
    "skipgram_matrices.column_times_row",  # an erratum that NumPy refuses
)
HOSTILE = "<script>alert(1)</script>"


class Outline(HTMLParser):
    """Reads a page: the tags that are open, and what is an error in a page of ours."""

    VOID = ("meta", "br", "wbr")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and that it is open."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that is closed at once, as MathML has them."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last; another one is a fault."""
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, wherever it stands."""
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


@pytest.fixture(scope="module")
def small_run() -> Run:
    return run([find(label) for label in LABELS], examples=3, seed=0)


@pytest.fixture(scope="module")
def small(small_run: Run) -> dict[str, Any]:
    return record(small_run)


@pytest.fixture(scope="module")
def text(small: dict[str, Any]) -> str:
    return page(small)


@pytest.fixture(scope="module")
def whole() -> str:
    """The page of the whole ledger, tried on next to nothing: for its structure."""
    return page(record(run(ledger(), examples=1, seed=0)))


def article(text: str, label: str) -> str:
    """The part of a page that shows one entry."""
    pattern = rf'<article class="[^"]*" id="{re.escape(label)}">.*?</article>'
    found = re.search(pattern, text, re.DOTALL)
    assert found, f"{label} is not on the page"
    return found[0]


# --- the whole ledger -------------------------------------------------------------------------------


def test_every_tag_is_closed_and_every_id_is_unique(whole: str) -> None:
    outline = Outline(whole)
    assert (outline.faults, outline.open) == ([], [])
    assert len(set(outline.values("id"))) == len(outline.values("id"))


def test_every_entry_has_its_anchor_in_the_papers_order(whole: str) -> None:
    labels = {entry.label for entry in ledger()}
    shown = [anchor for anchor in Outline(whole).values("id") if anchor in labels]
    assert shown == [entry.label for entry in ledger()]


def test_every_link_leads_to_a_place_on_the_page(whole: str) -> None:
    outline = Outline(whole)
    assert {link.removeprefix("#") for link in outline.values("href")} <= set(outline.values("id"))


def test_every_erratum_is_listed_above_and_shown_in_full(whole: str) -> None:
    listed = whole[whole.index('<table class="errata">') : whole.index("</table>")]
    for entry in ledger():
        if entry.misprint:
            shown = article(whole, entry.label)
            assert f'href="#{entry.label}"' in listed
            assert "as printed" in shown
            assert "corrected" in shown
            assert "The smallest:" in shown
            assert "the print gives" in shown or "NumPy refuses" in shown


def test_every_entry_shows_its_equation_and_its_code(whole: str) -> None:
    for entry in ledger():
        shown = article(whole, entry.label)
        assert shown.count("<math") >= (2 if entry.misprint else 1)
        assert f"def {entry.rhs.__name__}(" in shown
        assert "by hand, derivations/" in shown


def test_nothing_is_loaded_from_anywhere(whole: str) -> None:
    outline = Outline(whole)
    used = {tag for tag, _ in outline.tags}
    assert not used & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert not outline.values("src")
    assert all(link.startswith("#") for link in outline.values("href"))
    assert not re.search(r"url\(|@import|https?:", whole)


def test_our_own_entries_are_marked_as_ours(whole: str) -> None:
    for entry in ledger():
        shown = article(whole, entry.label)
        where = re.search(r'<p class="where">([^<]*)</p>', shown)
        assert where
        assert where[1].startswith("ours") == entry.ours
        assert (unescape(where[1]) == entry.source) == bool(entry.source)
        assert (f"p. {entry.page}" in where[1]) == (entry.section != TECHNIQUES)
        assert bool(re.match(r'<article class="[^"]*\bours\b', shown)) == entry.ours


def test_on_the_page_such_latex_is_shown_as_it_is() -> None:
    assert equation(r"\foo < 1") == r"<code>\foo &lt; 1</code>"


# --- one run ----------------------------------------------------------------------------------------


def test_the_page_tells_the_verdict_and_how_it_was_reached(text: str, small: dict[str, Any]) -> None:
    plain = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert "Every equation is what this page says it is." in plain
    assert "verified 2 ≡ definitions 1 ✎ errata demonstrated 2 ✗ failing 0" in plain
    assert "3 random instances an equation, 15 in all, seed 0," in plain
    assert f"in {small['seconds']:.1f} seconds." in plain
    assert f"A part of the ledger: {len(LABELS)} of its {len(ledger())} entries." in plain
    assert "Changsoo Kim, word2vec Implementation Review, 2020." in plain


def test_an_erratum_shows_the_numbers_of_its_counterexample(text: str, small: dict[str, Any]) -> None:
    (entry,) = [entry for entry in small["entries"] if entry["label"] == "mlp.dy_du_prime"]
    found, shown = entry["counterexample"], article(text, "mlp.dy_du_prime")
    assert f"is {found['true']:.6g}; the print gives {found['printed']:.6g}." in shown
    assert f"on {entry['printed_form_failed']} of 3 instances" in shown
    assert "<mi>K</mi><mo>=</mo><mn>1</mn>" in shown


def test_an_erratum_that_numpy_refuses_shows_what_numpy_says(text: str) -> None:
    shown = article(text, "skipgram_matrices.column_times_row")
    assert "There NumPy refuses it: shapes (1,) and (2,) not aligned" in shown


def test_a_failing_entry_is_shown_as_failing_with_its_reason(small_run: Run) -> None:
    failure = Failure("dE/dy", "reverse", "K=1 N=1 M=2 seed=7", "hand 2.001, reverse 2.0")
    verdicts = [
        replace(verdict, failure=failure) if verdict.entry.label == "mlp.dE_dy" else verdict
        for verdict in small_run.verdicts
    ]
    text = page(record(replace(small_run, verdicts=tuple(verdicts))))
    shown = article(text, "mlp.dE_dy")
    assert "<title>✗ " in text
    assert re.search(r"1 of 5 entries do not hold\.", text)
    assert 'class="entry failing"' in shown
    assert "hand 2.001, reverse 2.0 (judge: reverse; K=1 N=1 M=2 seed=7)" in shown
    assert "derivations show mlp.dE_dy --instance" in shown
    assert 'class="entry failing"' not in text.replace(shown, "")


def test_an_erratum_that_is_none_is_failing(small_run: Run) -> None:
    verdicts = [
        replace(v, misprint_failures=0, misprint_differs=False, counterexample=None)
        for v in small_run.verdicts
    ]
    text = page(record(replace(small_run, verdicts=tuple(verdicts))))
    shown = article(text, "mlp.dy_du_prime")
    assert "it is no erratum" in shown
    assert "nowhere: it holds on every instance tried" in shown


@pytest.mark.parametrize(
    "field", ["reason", "show", "note", "why", "latex", "corrected_latex", "judges", "message"]
)
def test_hostile_text_in_the_record_is_escaped(small: dict[str, Any], field: str) -> None:
    hostile = deepcopy(small)
    for entry in hostile["entries"]:
        entry["holds"] = False
        latex = rf"x = \text{{{HOSTILE}}}"
        entry[field] = [HOSTILE] if field == "judges" else latex if "latex" in field else HOSTILE
        if entry["counterexample"] and field == "message":
            entry["counterexample"]["message"] = HOSTILE
    text = page(hostile)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script" not in text


def test_the_page_is_written_as_utf8(small: dict[str, Any], tmp_path: Path) -> None:
    write_page(small, tmp_path / "page.html")
    written = (tmp_path / "page.html").read_bytes().decode("utf-8")
    assert '<html lang="en">' in written
    assert '<meta charset="utf-8">' in written


# --- colours ----------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``, as WCAG defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrasts(colours: dict[str, str]) -> Iterator[tuple[str, float]]:
    """The contrast of every colour of text with every ground that it stands on."""
    for ink, ground in product(
        ("ink", "soft", "verified", "definition", "erratum", "failing"), ("paper", "tint", "alarm")
    ):
        high, low = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
        yield f"{ink} on {ground}", (high + 0.05) / (low + 0.05)


def test_text_has_enough_contrast_in_light_and_in_dark(text: str) -> None:
    light, dark, *_ = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    for theme in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", theme))
        assert {pair: round(ratio, 2) for pair, ratio in contrasts(colours) if ratio < 4.5} == {}
