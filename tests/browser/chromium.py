"""The browser that pages are tested in: headless Chromium, driven by Playwright.

Where either is missing the tests fail, and say what to install.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

INSTALL = "pages are tested in Chromium: apt-get install chromium, pip install -e '.[test]'"


def chromium() -> str:
    """Where Chromium is, or a failure that says how to get it."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail(INSTALL, pytrace=False)
    return found


def running_browser() -> Iterator[Any]:
    """The browser, until it is no longer needed."""
    path = chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail(INSTALL, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
