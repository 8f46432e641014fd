"""Two tiers of tests, and the Hypothesis profiles.

``pytest`` runs the fast tier: every equation, and whatever needs neither a browser nor a minute. ``pytest
--all`` also runs the tests marked ``slow``. ``HYPOTHESIS_PROFILE`` selects ``quick`` or ``thorough``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

for profile, max_examples in (("quick", 25), ("thorough", 60)):
    settings.register_profile(
        profile,
        max_examples=max_examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=profile == "thorough",
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "thorough" if "CI" in os.environ else "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--all``."""
    parser.addoption("--all", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests marked ``slow`` unless ``--all`` is given."""
    if not config.getoption("--all"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item.get_closest_marker("slow") is None]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, for tests that open a page."""
    from tests.browser.chromium import running_browser

    yield from running_browser()
