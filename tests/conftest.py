"""Two tiers of tests, the summary by section, and the Hypothesis profiles.

``pytest`` runs the fast tier: every equation, and all that needs neither a browser nor a build. ``pytest
--all`` also runs the tests marked ``slow`` and the folders of ``SLOW``, which need the extra ``dev``.
``HYPOTHESIS_PROFILE`` selects ``quick`` or ``thorough``.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from derivations.ledger import SECTIONS

SLOW = ("browser", "docs", "test_mutation.py")
"""Parts of ``tests`` that import packages of the extra ``dev``."""

EQUATION = re.compile(r"test_holds\[§(?P<section>\S+) p\.(?P<page>\d+) (?P<module>\w+)")

for profile, max_examples in (("quick", 25), ("thorough", 60)):
    settings.register_profile(
        profile,
        max_examples=max_examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=profile == "thorough",
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--all``."""
    parser.addoption("--all", action="store_true", help="also run the tests marked slow (extra: dev)")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the slow folders unless ``--all`` is given."""
    slow = collection_path.parent == Path(__file__).parent and collection_path.name in SLOW
    return True if slow and not config.getoption("--all") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out slow tests unless ``--all`` is given; give each worker of xdist whole files.

    The equations are split by module instead, so that a worker traces a module's derivatives once.
    """
    if not config.getoption("--all"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item.get_closest_marker("slow") is None]
    for item in items:
        equation = EQUATION.search(item.name)
        item.add_marker(pytest.mark.xdist_group(equation["module"] if equation else str(item.path)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the equations that were checked, as the paper's table of contents."""
    passed: Counter[tuple[str, int, str]] = Counter()
    failed: Counter[tuple[str, int, str]] = Counter()
    for outcome, tally in (("passed", passed), ("failed", failed)):
        for report in terminalreporter.stats.get(outcome, []):
            if found := EQUATION.search(report.nodeid):
                tally[found["section"], int(found["page"]), found["module"]] += 1
    if passed or failed:
        terminalreporter.section("equations checked, in the paper's order")
    for place in sorted(passed | failed, key=lambda place: (*place[:2], SECTIONS.index(place[2]))):
        section, page, module = place
        wrong = f", {failed[place]} FAILED" if failed[place] else ""
        terminalreporter.write_line(f"§{section}  p. {page:<3} {module:24} {passed[place]:3} equal{wrong}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, for tests that open a page."""
    from tests.browser.chromium import running_browser

    yield from running_browser()
