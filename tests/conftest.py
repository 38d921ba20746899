"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

# Numbers must not depend on what a developer happens to have at home: data and database are fresh
# for every run; built subjects are kept between runs, since their folder is keyed by the code.
os.environ.setdefault("SPINE_TUTOR_CACHE", str(Path(__file__).parents[1] / "cache"))
os.environ["SPINE_TUTOR_DATA"] = tempfile.mkdtemp(prefix="spine-tutor-test-")


@pytest.fixture(scope="session")
def atlas():
    """Return the average lumbar atlas, built on first use."""
    from spine_tutor.anatomy.library import open_subject

    return open_subject("average")


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a test a data folder of its own."""
    monkeypatch.setenv("SPINE_TUTOR_DATA", str(tmp_path))
    return tmp_path
