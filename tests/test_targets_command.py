import json
from dataclasses import replace

import pytest

from small_body import small_body
from spine_tutor import cli
from spine_tutor.anatomy import Landmark, library
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.resources import LABEL

MARKS = {
    "skin": Landmark("skin", "A mere place", (0.0, 0.0, 0.0)),
    "free": Landmark("free", "Free", (0.0, 0.0, 0.0), "book", (0.0, -50.0, 0.0)),
    "shut": Landmark("shut", "Shut", (0.0, 0.0, 0.0), "book", blocked="L4 vertebra"),
}


def opened(id_, _progress):
    if id_ == "average-sacral":
        raise ProblemError(Problem("case average", "A root is torn.", "Bend it less."))
    return replace(small_body(), landmarks=MARKS)


@pytest.fixture(autouse=True)
def bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "open_subject", opened)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict]:
    assert cli.main(["subject", "targets", *words, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["label"] == LABEL
    return found["rows"]


def test_each_target_of_a_subject_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    free, shut = said(capsys, "average")
    assert (free["target"], free["depth_mm"], free["blocked"]) == ("free", 50.0, None)
    assert (shut["target"], shut["depth_mm"], shut["blocked"]) == ("shut", None, "L4 vertebra")


def test_without_a_name_each_subject_of_the_atlas_has_one(
    capsys: pytest.CaptureFixture[str], data_dir
) -> None:
    rows = {row["subject"]: row for row in said(capsys)}
    assert rows.keys() == library.atlas_subjects().keys()
    assert rows["woman"]["targets"] == 2
    assert rows["woman"]["blocked"] == "shut (L4 vertebra)"
    assert "A root is torn. Bend it less." in rows["average-sacral"]["refused"]
