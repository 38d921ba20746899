"""A running tutor and a real Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest

CONTENT = Path(__file__).with_name("content")
ARGUMENTS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""A Chromium that draws WebGL without a graphics card and asks nobody for anything."""


def chromium_path() -> str | None:
    """Return the installed Chromium; None lets playwright use its own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


class Tutor:
    """A server in a process of its own, which can be stopped and started again."""

    def __init__(self, database: Path, content: Path = CONTENT):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self._command = [
            sys.executable, "-c", "import sys; from spine_tutor.cli import main; sys.exit(main())",
            "serve", "--port", str(self.port), "--content", str(content),
            "--database", f"sqlite:///{database}",
        ]  # fmt: skip

    def __enter__(self) -> Tutor:
        self._process = subprocess.Popen(self._command, env=os.environ)
        for _ in range(240):
            if self._process.poll() is not None:
                raise RuntimeError(f"the tutor ended with {self._process.returncode}")
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return self
            except OSError:
                time.sleep(0.25)
        self.__exit__(None, None, None)
        raise RuntimeError("the tutor did not answer within a minute")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


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
