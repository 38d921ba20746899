"""The wheel stands on its own: installed away from the checkout it brings its content with it."""

import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """Return the bin folder of a bare environment that holds the wheel.

    Its dependencies are those of this environment, lent by path, so that no index is asked; the
    tutor itself is not visible through that path, since an editable install is a .pth file, and
    those are read in site folders only.
    """
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    wheel = next(folder.glob("*.whl"))
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        check=True,
        capture_output=True,
    )
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    Path(site, "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def run(bare: Path, *words: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run(
        [bare / "spine-tutor", *words],
        cwd=bare,
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


@pytest.mark.slow
def test_it_is_the_wheels_own_code_and_content(bare: Path) -> None:
    where = subprocess.run(
        [
            bare / "python",
            "-c",
            "import spine_tutor.resources as r; print(r.__file__, r.content_dir(), r.assets_dir())",
        ],
        cwd=bare,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(ROOT / "app") not in where
    assert where.count(str(bare.parent)) == 3


@pytest.mark.slow
def test_check_passes_on_its_own_content(bare: Path) -> None:
    done = run(bare, "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout


@pytest.mark.slow
def test_serve_answers(bare: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [bare / "spine-tutor", "serve", "--port", str(port)],
        cwd=bare,
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://localhost:{port}/", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                assert server.poll() is None, "the server stopped"
                assert time.monotonic() < deadline, "no answer in a minute"
                time.sleep(0.3)
    finally:
        server.terminate()
        server.wait(20)
