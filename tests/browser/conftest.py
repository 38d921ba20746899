"""A running tutor and a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.driver import ARGUMENTS, Tutor, chromium_path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "attempts.sqlite"


@pytest.fixture
def tutor(atlas, database: Path) -> Iterator[Tutor]:
    """Serve the test lesson; `atlas` has built the subject first."""
    with Tutor(database) as running:
        yield running


@pytest.fixture(scope="session")
def chromium():
    """Start Chromium without a graphics card; the tests that need it fail if there is none."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """Open a page that remembers every host it asked."""
    page = chromium.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(60_000)
    yield page
    page.close()
