"""Hypothesis profiles, ``quick`` for people and ``thorough`` for CI (``HYPOTHESIS_PROFILE``); a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.browser.chromium import running_browser

settings.register_profile(
    "quick", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "thorough" if "CI" in os.environ else "quick"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; each test opens contexts of its own in it."""
    yield from running_browser()
