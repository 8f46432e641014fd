"""The built companion, as files and in Chromium: complete, offline, accessible.

The environment variable ``COMPANION`` names the folder of built pages; without it, the pages are built here
with all warnings as errors.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, SoupStrainer, Tag

from derivations.ledger import ledger
from tests.browser.contrast import too_low
from tests.browser.links import Found, follow_all, read

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
PHONE, TABLET, LAPTOP = 390, 820, 1366
KINDS = (
    *(
        "index",
        "notation",
        "errata",
        "zoo",
        "checks",
        "structure",
        "benchmarks",
        "training",
        "real_text",
        "search",
    ),
    *(
        "paper/section-3",
        "paper/section-6",
        "paper/section-7",
        "paper/section-8",
        "paper/negative-sampling",
    ),
    *("lessons/index", "lessons/03_the_complex_step", "checker_table", "genindex", "api/index"),
    *("api/derivations.paper.mlp", "api/derivations.checker", "_modules/derivations/paper/mlp"),
)
"""At least one page of each kind."""
ALLOWED = ("https://github.com/pradyunsg/furo", "https://pradyunsg.me")
"""Prefixes of external links that the theme adds."""


@pytest.fixture(scope="session")
def companion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built pages."""
    if "COMPANION" in os.environ:
        return awaited(Path(os.environ["COMPANION"]).resolve())
    folder = tmp_path_factory.mktemp("companion")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-d", folder / "doctrees", DOCS, folder / "html"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "html"


def awaited(folder: Path, minutes: float = 10) -> Path:
    """Wait for a folder, and return it: CI builds the companion while the first tests run."""
    last = time.monotonic() + 60 * minutes
    while not folder.is_dir():
        assert time.monotonic() < last, f"{folder} does not exist"
        time.sleep(0.5)
    return folder


@pytest.fixture(scope="module")
def found(companion: Path) -> Found:
    """Follow all links."""
    return follow_all(companion)


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    """Clear the caches afterwards: with all pages in memory, garbage collection slows down later tests."""
    yield
    parsed.cache_clear()
    read.cache_clear()


@pytest.fixture
def visit(browser: Any, companion: Path) -> Iterator[Callable[..., Any]]:
    """Open a page from the file system; errors, console messages and network requests fail the test."""
    contexts, wrong = [], []

    def open_page(name: str = "index.html", width: int = 1366, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: line.type in ("error", "warning") and wrong.append(line.text))
        page.on("pageerror", lambda problem: wrong.append(str(problem)))
        page.on("request", lambda request: is_external(request.url) and wrong.append(request.url))
        page.goto((companion / name).as_uri() if "#" not in name else companion.as_uri() + "/" + name)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def is_external(url: str) -> bool:
    """Return whether a request leaves this machine."""
    return not url.startswith(("file:", "data:", "blob:", "about:"))


@cache
def parsed(page: Path) -> BeautifulSoup:
    """Return a page as a tree."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def pages(companion: Path) -> list[Path]:
    """Return all pages except the listings of source code."""
    return [page for page in sorted(companion.rglob("*.html")) if "_modules" not in page.parts]


def named_in_the_source() -> set[str]:
    """Return the addresses in the sources of the pages, such as where a mistake was seen."""
    sources = [
        path for folder in ("derivations", "w2v", "docs") for path in (DOCS.parent / folder).rglob("*.py")
    ]
    sources += DOCS.glob("**/*.md")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources if "_build" not in path.parts)
    return {address.rstrip(".,;:") for address in re.findall(r"https://[^\s\"'`)>\]]+", text)}


# --- the files ----------------------------------------------------------------------------------------


def test_no_link_is_broken(found: Found) -> None:
    assert found.broken == []
    assert found.followed > 5_000


def test_no_page_loads_external_files_and_external_links_come_from_the_sources(found: Found) -> None:
    assert found.fetched == set()
    assert {
        address for address in found.leaving if not address.startswith(ALLOWED)
    } <= named_in_the_source()


def test_every_equation_is_on_one_page_with_its_code_evidence_and_source(
    companion: Path,
) -> None:
    pages_of: Counter[str] = Counter()
    for page in (companion / "paper").glob("*.html"):
        for entry in parsed(page).select(".entry"):
            label = entry.select_one(".label")["id"]  # type: ignore[index]
            pages_of[str(label)] += 1
            text = entry.get_text()
            assert entry.select_one("math") or entry.select_one(".math"), label
            assert entry.select_one(".highlight-python"), label
            assert entry.select_one(".source a"), label
            assert "The numbers of one test case" in text, label
            assert "distinct shapes" in text, label
    assert pages_of == Counter({entry.label: 1 for entry in ledger()})


def test_the_errata_page_has_every_erratum_with_its_counterexample(companion: Path) -> None:
    errata = parsed(companion / "errata.html")
    titles = [heading.get_text() for heading in errata.select("h3")]
    for entry in ledger():
        if entry.misprint:
            assert any(entry.label in title for title in titles), entry.label
    assert len(titles) == len(errata.select("div.forms"))
    smallest = [
        row.get_text() for row in errata.select(".row") if row.get_text().strip().startswith("smallest")
    ]
    assert len(smallest) == len(titles)
    assert all("gives" in row or "raises" in row for row in smallest)


# --- navigation ---------------------------------------------------------------------------------------


def test_a_gradient_is_three_clicks_from_the_first_page(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_role("link", name="§6 Skip-gram model").first.click()
    page.get_by_role("link", name="skipgram.flow.dE_dW", exact=True).first.click()
    entry = page.locator(".entry", has=page.locator("[id='skipgram.flow.dE_dW']"))
    entry.get_by_text("JAX’s program for ∂E/∂W").click()
    assert "def program(" in entry.locator("details[open]").inner_text()
    entry.locator("math").first.wait_for()
    assert "verified" in entry.inner_text()


def test_a_result_is_one_click_from_the_first_page(visit: Callable[..., Any]) -> None:
    page = visit()
    page.get_by_role("link", name="∂E/∂W of the skip-gram", exact=True).click()
    page.locator("[id='skipgram.flow.dE_dW']").wait_for()
    assert page.url.endswith("paper/section-6.html#skipgram.flow.dE_dW")


def test_the_embedded_visualizer_runs_and_links_open_their_steps(
    visit: Callable[..., Any],
) -> None:
    page = visit("paper/section-7.html")
    page.locator("iframe").scroll_into_view_if_needed()
    frame = page.frame_locator("iframe")
    frame.locator("#forward").click()
    frame.locator("#stage-title", has_text="Forward").wait_for()
    links = page.locator("article a[href*='#epoch']")
    assert links.count() >= 3
    stage = re.search(r"stage=(\w+)", links.first.get_attribute("href"))[1]  # type: ignore[index]
    with page.expect_popup() as opened:
        links.first.click()
    opened.value.locator("#stage-title", has_text=stage.capitalize()).wait_for()


def test_search_works_without_a_server(visit: Callable[..., Any]) -> None:
    page = visit("search.html")
    page.locator("main input[name=q], #searchbox input, input[name=q]").first.fill("softmax")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li")


# --- layout and accessibility ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_no_kind_of_page_is_wider_than_the_screen(visit: Callable[..., Any], name: str) -> None:
    page, found = visit(f"{name}.html", width=PHONE), {}
    for width in (PHONE, TABLET, LAPTOP):
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = page.evaluate("document.documentElement.scrollWidth")
    assert {width: size for width, size in found.items() if size > width} == {}


def test_no_page_of_prose_is_wider_than_a_phone(visit: Callable[..., Any], companion: Path) -> None:
    page, wide = visit(width=PHONE, java_script_enabled=False), []  # scripts do not change the width
    for file in (one for one in pages(companion) if one.parent.name != "api"):
        page.goto(file.as_uri())
        size = page.evaluate("document.documentElement.scrollWidth")
        if size > PHONE:
            wide.append(f"{file.relative_to(companion)}: {size}")
    assert wide == []


def test_an_equation_opens_by_keyboard(visit: Callable[..., Any]) -> None:
    page = visit("paper/section-6.html#skipgram.flow.dE_dW")
    page.locator("[id='skipgram.flow.dE_dW'] a").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('details').open")


def test_headings_landmarks_and_formulas_have_their_roles(visit: Callable[..., Any]) -> None:
    page = visit("paper/section-6.html")
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("heading", level=2, name="Page 8").count() == 1
    assert page.get_by_role("heading", level=3, name=re.compile(r"^skipgram\.flow\.dE_dW ")).count() == 1
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("math").count() > 50
    assert page.evaluate("document.documentElement.lang") == "en"


def test_every_picture_has_a_description(companion: Path) -> None:
    only = SoupStrainer("img")
    pictures = {
        f"{page.name}: {picture.get('src')}": str(picture.get("alt") or "").strip()
        for page in pages(companion)
        for picture in BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser", parse_only=only)
        if isinstance(picture, Tag)
    }
    assert pictures
    assert [name for name, says in pictures.items() if not says or says.endswith((".png", ".svg"))] == []


def test_equation_and_code_are_side_by_side_in_print(visit: Callable[..., Any]) -> None:
    page = visit("paper/section-3.html", width=688)  # A4 less its margins
    page.emulate_media(media="print")
    pair = page.locator(".entry .pair").first
    left, right = (pair.locator(f"> {side}").bounding_box() for side in (".left", ".right"))
    assert left["x"] + left["width"] <= right["x"]
    assert abs(left["y"] - right["y"]) < 2
    for hidden in (".sidebar-drawer", ".mobile-header", ".related-pages"):
        assert not page.locator(hidden).is_visible()
    spilled = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
    assert page.eval_on_selector_all(".pair pre", spilled) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "paper/section-3", "errata", "zoo", "checks"])
def test_contrast_is_at_least_4_5_to_1(visit: Callable[..., Any], name: str, scheme: str) -> None:
    page = visit(f"{name}.html", color_scheme=scheme)
    assert too_low(page, "article *, .sidebar-drawer *", ".headerlink, .copybtn, svg") == []
