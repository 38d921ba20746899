import json

import pytest

from canal_body import body
from spine_tutor import cli
from spine_tutor.anatomy import library
from spine_tutor.resources import LABEL


@pytest.fixture(autouse=True)
def canal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "open_subject", lambda *_: body())


def test_it_prints_what_is_filled_and_the_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["spread", "--at", "l4_l5_interlaminar_target", "--volume", "3"])
    said = capsys.readouterr().out
    assert code == 0
    assert said.startswith("Epidural at L4, L5")
    assert "Intended:" in said
    assert "mL  epidural_fat" in said
    assert LABEL in said


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(
        ["spread", "--at=0,-10,30", "--target", "l4_l5_interlaminar_target", "--format", "json"]
    )
    found = json.loads(capsys.readouterr().out)
    assert found["space"] == "intrathecal"
    assert found["verdict"] == "not intended"
    assert found["label"] == LABEL
    assert sum(found["ml"].values()) == pytest.approx(found["taken_ml"], abs=0.02)


def test_what_blood_has_carried_off_is_not_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["spread", "--at", "aorta", "--seconds", "60"]) == 0
    assert "mL  aorta" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--at", "nowhere"], "at"),
        (["--at", "aorta", "--volume", "nan"], "volume_ml"),
        (["--at", "aorta", "--volume", "50"], "volume_ml"),
        (["--at", "aorta", "--space", "subdural"], "space"),
        (["--at=900,0,0"], "at"),
    ],
)
def test_what_cannot_be_is_refused(
    words: list[str], key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["spread", *words]) == 2
    assert f"{key}:" in capsys.readouterr().err
