"""A running tutor and a Chromium to look at it, for the tests and the benchmark."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

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
