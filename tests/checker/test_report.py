"""A report says what was found, first the verdict and then what is wrong, in text, in HTML and as data."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from derivations.checker import notebook_style
from derivations.checker.findings import ArgumentResult, Explanation, Finding, Report, Smallest
from derivations.checker.notebook import as_html
from derivations.checker.reading import NO_EXPLANATION, contradictions, is_right, pair_of
from derivations.checker.records import plain
from derivations.checker.terminal import as_record, as_text, show
from derivations.checker.values import apart, pair, window
from tests.cli.test_page import Outline, luminance

HOSTILE = "</style><script>alert(1)</script>[red]\x1b[31m\u202eevil\r"
AGAIN = 'check_gradient(loss, gradients, "V one-hot, C V target, V N, N V", instance="V=2 N=2 C=2 seed=17")'
AUTOMATIC = np.array([[0.5, 0.5], [1.0, 2.0]])
HAND = np.array([[0.5, 0.25], [1.0, 2.0]])


def right_report(**changed: Any) -> Report:
    results = (ArgumentResult("W", "V N", True, 0, 100, 1.2), ArgumentResult("b", "N", True, 0, 100, 0.0))
    report = Report("gradients", True, results, judges=("reverse", "forward"), instances=100, shapes=61)
    return replace(report, seconds=1.234, again=AGAIN, **changed)


def wrong_report(hand: Any = HAND, automatic: Any = AUTOMATIC, **changed: Any) -> Report:
    """A report in which the gradient for W is wrong, at [0, 1] most of all, and that for b is right."""
    entry = (0, 1)
    worst = (entry, float(hand[entry]), float(automatic[entry]))
    results = (ArgumentResult("W", "V N", False, 97, 100, 3e12, worst), right_report().arguments[1])
    diagnosis = (Explanation("constant-factor", "W", "W is half the right one", "50 of 50 shapes", "1/2"),)
    smallest = Smallest({"V": 2, "N": 2}, {"x": np.array([0.0, 1.0])}, {"W": hand}, {"W": automatic})
    report = right_report(right=False, arguments=results, diagnosis=diagnosis, smallest=smallest)
    return replace(report, **changed)


def on_a_terminal(report: Report, width: int) -> str:
    page = io.StringIO()
    show(Console(file=page, width=width, force_terminal=True, color_system="truecolor"), report)
    return page.getvalue()


# --- the terminal -----------------------------------------------------------------------------------


def test_a_right_gradient_is_two_lines() -> None:
    assert str(right_report()).splitlines() == [
        "✓ gradients is right: W (V N), b (N)",
        "  100 instances · 61 shapes · float64 · 1.2 s · reverse, forward",
    ]


def test_a_wrong_gradient_is_told_from_the_verdict_down_to_the_line_to_paste() -> None:
    assert str(wrong_report()).splitlines() == [
        "✗ gradients is wrong",
        "",
        "┃ W is half the right one",
        "┃ constant-factor 1/2 · 50 of 50 shapes",
        "",
        "argument  shape           failed on  worst   hand  automatic",
        "W         V N    ✗ wrong  97 of 100  [0, 1]  0.25        0.5",
        "b         N      ✓ right  0 of 100",
        "",
        "the smallest failing case: V = 2, N = 2",
        "  x = [0 1]",
        "",
        "  W",
        "  hand           automatic     hand − automatic",
        "  0.5  ▸ 0.25    0.5  ▸ 0.5    ·  ▸ -0.25",
        "    1       2      1      2    ·        ·",
        "",
        "see it again:",
        AGAIN,
        "",
        "100 instances · 61 shapes · float64 · 1.2 s · reverse, forward",
    ]


def test_where_nothing_fits_it_says_so_and_what_can_be_said() -> None:
    text = str(wrong_report(diagnosis=(), unexplained=("W",)))
    assert f"┃ W: {NO_EXPLANATION}\n" in text
    assert "┃ in the smallest failing case, only entry [0, 1] of 4 is wrong\n" in text
    assert "┃ at [0, 1] it is 0.5 times what it should be\n" in text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (np.array([[0.5, 9], [1, 9], [3, 4]]), "only column 1 of 2 is wrong (2 of 6 entries)"),
        (np.array([[9.0, 9], [1, 2], [9, 9]]), "only rows 0, 2 of 3 are wrong (4 of 6 entries)"),
        (np.array([[9.0, 9], [9, 9], [9, 9]]), "all 6 entries are wrong"),
        (np.array([[0.5, 9], [9, 2], [9, 4]]), "3 of 6 entries are wrong, in every row and column"),
    ],
)
def test_the_pattern_of_wrong_entries_is_said(wrong: np.ndarray, says: str) -> None:
    right = np.array([[0.5, 0.5], [1, 2], [3, 4]])
    assert says in str(wrong_report(wrong, right, diagnosis=(), unexplained=("W",)))


@pytest.mark.parametrize(
    ("hand", "automatic", "says"),
    [
        (0.3, 0.0, "should be 0 and is 0.3"),
        (np.nan, 0.5, "is nan and should be 0.5"),
        (0.5 + 2e-10, 0.5, "is right to 9 digits, and no further"),
        (np.inf, 0.5, "is inf and should be 0.5"),
    ],
)
def test_a_ratio_that_there_is_not_is_not_told(hand: float, automatic: float, says: str) -> None:
    one, other = HAND.copy(), AUTOMATIC.copy()
    one[0, 1], other[0, 1] = hand, automatic
    assert says in str(wrong_report(one, other, diagnosis=(), unexplained=("W",)))


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_wider_than_the_terminal_but_the_one_to_paste(width: int) -> None:
    rng = np.random.default_rng(0)
    large = wrong_report(rng.normal(size=(40, 60)), rng.normal(size=(40, 60)))
    for report in (large, wrong_report(name="g" * 70), wrong_report(notes=("word " * 60,))):
        lines = [line for line in as_text(report, width).splitlines() if line != AGAIN]
        assert max(map(len, lines)) <= width


def test_the_line_to_paste_is_never_broken() -> None:
    assert AGAIN in as_text(wrong_report(), 40).splitlines()


def test_text_has_no_colours_whatever_the_environment_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert "\x1b" not in str(wrong_report())
    assert str(wrong_report()) == as_text(wrong_report(), 100)


def test_with_colours_it_says_the_same() -> None:
    coloured = on_a_terminal(wrong_report(), 100)
    assert "\x1b[1;31m✗ gradients is wrong" in coloured
    without = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in without.splitlines()] == str(wrong_report()).splitlines()


def test_what_a_student_named_cannot_command_the_terminal() -> None:
    finding = Finding("raises", HOSTILE, HOSTILE)
    diagnosis = (Explanation("zeros", HOSTILE, HOSTILE, HOSTILE, HOSTILE),)
    report = wrong_report(name=HOSTILE, findings=(finding,), diagnosis=diagnosis, again=HOSTILE)
    text = str(replace(report, notes=(HOSTILE,), unexplained=(HOSTILE,)))
    assert not set(text) & {"\x1b", "\u202e", "\r"}
    assert r"[red]\x1b[31m\u202eevil" in text  # shown, and not obeyed


def test_findings_are_told_with_their_argument_and_whether_they_are_fatal() -> None:
    findings = (Finding("raises", "", "it raises"), Finding("float32", "W", "it is float32", fatal=False))
    text = str(wrong_report(findings=findings))
    assert "┃ it raises\n┃ raises\n\n! W: it is float32\n" in text
    assert "! W: it is float32" in str(right_report(findings=findings[1:]))


def test_where_there_are_no_numbers_the_finding_explains_and_not_the_numbers() -> None:
    report = wrong_report(diagnosis=(), unexplained=("W",))
    assert report.smallest is not None
    nothing = replace(report, smallest=replace(report.smallest, hand={}))
    assert NO_EXPLANATION in str(nothing)
    finding = Finding("returns-none", "", "it returns None: end it with return and the gradient")
    text = str(replace(nothing, findings=(finding,)))
    assert NO_EXPLANATION not in text
    assert "┃ it returns None: end it with return and the gradient" in text


def test_an_argument_that_is_right_in_the_smallest_case_is_said_to_be() -> None:
    report = wrong_report(AUTOMATIC, diagnosis=(), unexplained=("W",))
    results = (replace(report.arguments[0], worst=None), report.arguments[1])
    text = str(replace(report, arguments=results))
    assert "┃ in the smallest failing case it is right\n" in text
    assert "  W  right in this case\n" in text
    assert "right in this case" in as_html(replace(report, arguments=results))


def test_a_gradient_of_another_shape_is_told_by_the_shapes() -> None:
    report = wrong_report()
    assert report.smallest is not None
    smallest = replace(report.smallest, hand={"W": np.zeros(3)})
    results = (replace(report.arguments[0], worst=None), report.arguments[1])
    text = str(replace(report, smallest=smallest, arguments=results))
    assert "W  the hand's has shape (3,), the automatic one has shape (2, 2)" in text


@pytest.mark.parametrize("hand", [None, "text", [[1, 2], [3]], object(), np.array(["a"]), 1 + 2j])
def test_whatever_the_hand_returned_can_be_shown(hand: Any) -> None:
    report = wrong_report()
    assert report.smallest is not None
    odd = replace(report, smallest=replace(report.smallest, hand={"W": hand}))
    assert "W  the hand's" in str(odd)
    assert "W: the hand" in re.sub(r"<[^>]+>", "", as_html(odd))
    json.dumps(as_record(odd), allow_nan=False)


# --- a report cannot say right of what is wrong -----------------------------------------------------

FAILED = ArgumentResult("W", "V N", False, 1, 100, 9.0, ((0, 0), 1.0, 2.0))
LIES = {
    "W fails": right_report(arguments=(FAILED,)),
    "it has the finding raises": right_report(findings=(Finding("raises", "", "it raises"),)),
    "it has a diagnosis": right_report(diagnosis=wrong_report().diagnosis),
    "no argument was judged": right_report(arguments=()),
    "no instance was tried": right_report(instances=0),
    "W holds and failed": right_report(arguments=(replace(FAILED, holds=True),)),
    "nothing in it is wrong": right_report(right=False),
}


@pytest.mark.parametrize("why", LIES)
def test_a_report_that_contradicts_itself_is_read_as_wrong_and_says_so(why: str) -> None:
    report = LIES[why]
    assert not is_right(report)
    assert any(why in says for says in contradictions(report))
    assert str(report).startswith("✗ gradients is wrong")
    assert f"┃ this report says {'right' if report.right else 'wrong'}, but {why}" in str(report)
    record = as_record(report)
    assert record["right"] is False
    assert record["contradictions"]
    assert "✗ gradients is wrong" in as_html(report)
    assert why in as_html(report)


def test_honest_reports_do_not_contradict_themselves() -> None:
    assert contradictions(right_report()) == contradictions(wrong_report()) == ()
    assert "contradict" not in str(wrong_report())


# --- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        (2 / 3, 1 / 3, ("0.666667", "0.333333")),
        (1.0, 1.0 + 2**-52, ("1", "1.0000000000000002")),
        (-0.0, 0.0, ("0", "0")),
        (np.nan, 1.0, ("nan", "1")),
        (np.inf, -np.inf, ("inf", "-inf")),
    ],
)
def test_two_numbers_that_differ_never_look_equal(one: float, other: float, texts: Any) -> None:
    assert apart(one, other) == texts


def test_the_difference_of_neighbours_is_seen_in_the_whole_report() -> None:
    hand = AUTOMATIC.copy()
    hand[0, 1] = np.nextafter(0.5, 1)
    text = str(wrong_report(hand, AUTOMATIC))
    assert text.count("0.5000000000000001") == 2
    assert "0.5000000000000001" in as_html(wrong_report(hand, AUTOMATIC))


def test_roundings_are_not_shown_as_differences_but_the_worst_always_is() -> None:
    one = np.array([1.0, 1.0, 2.0])
    other = np.array([1.0 + 2**-52, 1.0, 1.0])
    found = pair(one, other, None, "float64")
    assert found is not None
    assert found.wrong.tolist() == [False, False, True]
    named = pair(one, other, (0,), "float64")
    assert named is not None
    assert named.wrong.tolist() == [True, False, True]


def test_nan_differs_from_a_number_and_equal_infinities_do_not_differ() -> None:
    found = pair(np.array([np.nan, np.inf, np.nan]), np.array([1.0, np.inf, np.nan]), None, "float64")
    assert found is not None
    assert found.wrong.tolist() == [True, False, False]
    assert np.isnan(found.difference[0])
    assert found.difference[1:].tolist() == [0, 0]


def test_rounding_in_a_gradient_that_holds_is_not_shown_as_wrong() -> None:
    smallest = Smallest({}, {}, {"W": HAND}, {"W": AUTOMATIC})
    found = pair_of(right_report(smallest=smallest), "W")
    assert found is not None
    assert not found.wrong.any()


@pytest.mark.parametrize("shape", [(), (3,), (1, 1), (30, 2), (2, 30), (5, 4, 30), (0,), (3, 0)])
def test_every_shape_has_a_window_that_holds_the_worst_entry(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape)
    for worst in [*np.ndindex(shape)][:: max(1, array.size // 7)]:
        cut = window(shape, worst, 8, 8)
        shown = {cut.entry(row, column) for row in cut.rows for column in cut.columns}
        assert worst in shown
        assert len(shown) <= 64
        assert bool(cut.says) == (len(shown) < array.size)
        assert np.size(array[cut.part]) == len(shown)


@pytest.mark.parametrize("shape", [(), (3,), (30,), (5, 4, 30), (0,), (3, 0)])
def test_arrays_of_any_shape_can_be_shown(shape: tuple[int, ...]) -> None:
    hand, automatic = np.ones(shape), np.full(shape, 2.0)
    worst = (tuple(size - 1 for size in shape), 1.0, 2.0) if hand.size else None
    results = (ArgumentResult("W", "", False, 1, 1, 1e9, worst),)
    smallest = Smallest({}, {"W": hand}, {"W": hand}, {"W": automatic})
    report = wrong_report(arguments=results, smallest=smallest)
    assert ("hand − automatic" in str(report)) == bool(hand.size)
    assert Outline(as_html(report)).faults == []


# --- as data ----------------------------------------------------------------------------------------


def test_the_record_is_what_json_reads_back() -> None:
    hand = np.array([[0.5, np.nan], [np.inf, -np.inf]])
    record = as_record(wrong_report(hand, AUTOMATIC, seconds=np.float64(1.5), instances=np.int64(7)))
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["smallest"]["hand"] == {"W": [[0.5, "nan"], ["inf", "-inf"]]}
    assert record["arguments"][0]["worst"] == {"index": [0, 1], "hand": "nan", "automatic": 0.5}
    assert record["arguments"][1]["worst"] is None


def test_the_record_has_every_part_of_the_report() -> None:
    record = wrong_report().to_dict()
    assert set(record) >= set(Report.__dataclass_fields__)
    assert record["diagnosis"] == [
        {
            "kind": "constant-factor",
            "argument": "W",
            "says": "W is half the right one",
            "evidence": "50 of 50 shapes",
            "detail": "1/2",
        }
    ]
    assert record["judges"] == ["reverse", "forward"]
    assert record["again"] == AGAIN
    assert right_report().to_dict()["smallest"] is None


@pytest.mark.parametrize("value", [True, 3, "x", None, 2.5])
def test_what_json_knows_stays_as_it_is(value: object) -> None:
    assert plain(value) is value


# --- the notebook -----------------------------------------------------------------------------------


def test_the_html_is_whole_loads_nothing_and_shares_no_id() -> None:
    html = as_html(wrong_report())
    outline = Outline(html)
    assert (outline.faults, outline.open) == ([], [])
    assert {tag for tag, _ in outline.tags} <= {"section", "style", "p", "div", "table", "caption", "thead",
        "tbody", "tr", "th", "td", "dl", "dt", "dd", "span", "code", "b"}  # fmt: skip
    assert not outline.values("id") + outline.values("src") + outline.values("href")
    assert not re.search(r"url\(|@import|https?:|javascript:", html)


def test_a_wrong_argument_has_three_heat_maps_on_one_scale_with_its_worst_entry_outlined() -> None:
    html = as_html(wrong_report())
    assert re.findall(r"<caption>([^<]*)", html) == ["hand", "automatic", "difference"]
    assert html.count('class="legend"') == 1
    assert re.findall(r'class="\w+ worst" style="--s:([\d.]+);[^"]*">([^<]*)', html) == [
        ("0.125", "0.25"),
        ("0.25", "0.5"),
        ("0.125", "-0.25"),
    ]
    assert 'class="minus worst" style="--s:0.125;background-color:#eef5fc;color:#1f2328">-0.25' in html
    assert html.count("the worst entry</span>") == 3
    assert "W</b> only entry [0, 1] of 4 is wrong; the worst is outlined" in html


def test_a_large_array_is_shown_around_its_worst_entry_and_says_so() -> None:
    rng = np.random.default_rng(0)
    html = as_html(wrong_report(rng.normal(size=(40, 60)), rng.normal(size=(40, 60))))
    assert "shown are rows 0-15 of 40, columns 0-15 of 60" in html
    assert html.count('<td class="plus') + html.count('<td class="minus') == 3 * 16 * 16


def test_a_right_gradient_shows_an_instance() -> None:
    smallest = Smallest({"V": 2}, {}, {"W": AUTOMATIC, "b": HAND[0]}, {"W": AUTOMATIC, "b": HAND[0]})
    html = as_html(right_report(smallest=smallest))
    assert "an instance: V = 2" in html
    assert html.count("<caption>") == 6
    assert "worst" not in html.replace(notebook_style.STYLE, "")
    assert len(str(right_report(smallest=smallest)).splitlines()) == 2


def test_a_notebook_that_is_not_trusted_drops_the_style_and_keeps_the_colours() -> None:
    bare = re.sub(r' class="[^"]*"|<style>.*?</style>', "", as_html(wrong_report()), flags=re.DOTALL)
    colours = re.findall(r"background-color:(#[0-9a-f]{6});color:(#[0-9a-f]{6})", bare)
    assert len(colours) == 12
    assert len({ground for ground, _ in colours}) > 3
    assert all(luminance(ground) > 0.3 > luminance(ink) for ground, ink in colours)
    assert notebook_style.STYLE.count("!important; color: inherit !important") == 1


def test_one_instance_says_less_than_a_hundred_and_so_does_its_report() -> None:
    note = "it holds on this instance, but fails on 12 of 12 variations of it"
    right = right_report(instances=1, shapes=1, notes=(note,))
    assert str(right).splitlines()[:2] == [
        "✓ gradients is right on this instance: W (V N), b (N)",
        f"  note: {note}",
    ]
    html = as_html(right)
    assert "gradients is right on this instance" in html
    assert f'<p class="remark">note: {note}</p>' in html
    wrong = wrong_report(instances=1, diagnosis=(), unexplained=("W",))
    for page in (str(wrong), as_html(wrong)):
        assert "smallest failing case" not in page
        assert "in this instance, only entry [0, 1] of 4 is wrong" in page


def test_both_modes_of_jax_fit_in_a_line() -> None:
    judges = ("JAX's reverse mode", "JAX's forward mode", "complex step")
    lines = as_text(right_report(judges=judges), 80).splitlines()
    assert lines[1:] == ["  100 instances · 61 shapes · float64 · 1.2 s · JAX in both modes, complex step"]


def test_where_nothing_was_tried_nothing_is_counted() -> None:
    raises = Finding("raises", "", "the body of gradient is still empty")
    report = Report("gradient", False, (), findings=(raises,))
    assert str(report).splitlines()[-1] == "┃ raises"
    assert "0 instances" not in as_html(report)


def test_a_wrong_shape_that_is_explained_is_told_once() -> None:
    shape = Finding("wrong-shape", "W", "the gradient for W has shape (3, 2), W has (2, 3)")
    other = Finding("wrong-shape", "b", "the gradient for b has shape (), b has (2,)")
    diagnosis = (Explanation("transposed", "W", "your dW is transposed", "50 of 50 shapes"),)
    lines = str(wrong_report(diagnosis=diagnosis, findings=(shape, other))).splitlines()
    assert lines[2:8] == [
        "┃ your dW is transposed",
        "┃ transposed · 50 of 50 shapes",
        f"┃ {shape.message}",
        "",
        f"┃ {other.message}",
        "┃ wrong-shape",
    ]


def test_what_is_not_finite_has_a_pattern_of_its_own() -> None:
    hand = np.array([[np.nan, np.inf], [1.0, 2.0]])
    html = as_html(wrong_report(hand, AUTOMATIC))
    assert html.count('class="odd"') + html.count('class="odd worst"') == 4
    assert ">nan</td>" in html


@pytest.mark.parametrize(
    "report",
    [
        wrong_report(name=HOSTILE),
        wrong_report(findings=(Finding("raises", HOSTILE, HOSTILE),)),
        wrong_report(diagnosis=(Explanation("zeros", HOSTILE, HOSTILE, HOSTILE, HOSTILE),)),
        wrong_report(unexplained=(HOSTILE,)),
        wrong_report(arguments=(replace(FAILED, name=HOSTILE, shape=HOSTILE),)),
        wrong_report(
            arguments=(replace(FAILED, name=HOSTILE),),
            smallest=Smallest({HOSTILE: 1}, {HOSTILE: HOSTILE}, {HOSTILE: HAND}, {HOSTILE: AUTOMATIC}),
        ),
        wrong_report(again=HOSTILE, notes=(HOSTILE,), judges=(HOSTILE,), precision=HOSTILE),
    ],
)
def test_hostile_text_stays_text(report: Report) -> None:
    html = as_html(report)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert (Outline(html).faults, html.count("</style>")) == ([], 1)


def test_a_long_name_breaks_and_does_not_widen_the_page() -> None:
    assert "overflow-wrap: anywhere" in as_html(wrong_report(name="g" * 5000))
    assert ".arguments tbody th { max-width: 20em; overflow: hidden" in notebook_style.STYLE


def as_hex(heat: str) -> str:
    """A colour of the scale at its end, where it hides the ground."""
    return "#" + "".join(f"{int(part):02x}" for part in heat.split())


@pytest.mark.parametrize("theme", [notebook_style.LIGHT, notebook_style.DARK], ids=["light", "dark"])
def test_every_text_has_enough_contrast_on_every_ground(theme: dict[str, str]) -> None:
    checked = [*product((theme[ink] for ink in ("ink", "soft", "good", "bad")), [theme["ground"]])]
    checked += [(theme[ink], theme["alarm"]) for ink in ("ink", "soft")]
    checked += [(theme["ink"], as_hex(theme[end])) for end in ("plus", "minus")]
    for ink, ground in checked:
        high, low = sorted((luminance(ink), luminance(ground)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)


def test_the_scale_is_told_apart_without_seeing_red_from_green() -> None:
    for theme in (notebook_style.LIGHT, notebook_style.DARK):
        plus, minus = ([int(part) for part in theme[end].split()] for end in ("plus", "minus"))
        assert plus[0] > plus[2]
        assert minus[2] > minus[0]  # orange has little blue, blue little red: both kinds of cones differ
