"""The command line says what it did, and what was wrong, and exits with the right code."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from spine_tutor.cli import main
from spine_tutor.resources import LABEL


def said(capsys: pytest.CaptureFixture[str]) -> str:
    out = capsys.readouterr()
    return out.out + out.err


@pytest.mark.usefixtures("atlas")
@pytest.mark.parametrize("modality", ["fluoroscopy", "ct", "ultrasound", "mri"])
def test_render_writes_a_labelled_picture(modality: str, tmp_path: Path) -> None:
    out, labels = tmp_path / "out.png", tmp_path / "out.npz"
    assert (
        main(
            [
                "render",
                "--modality",
                modality,
                "--set",
                "pixels=128",
                "-o",
                str(out),
                "--labels",
                str(labels),
            ]
        )
        == 0
    )
    with PilImage.open(out) as picture:
        assert LABEL in str(picture.info)
        assert np.asarray(picture.convert("L")).std() > 10
    stored = np.load(labels)
    assert str(stored["notice"]) == LABEL
    shown = set(np.unique(stored["layers" if modality == "fluoroscopy" else "labels"]))
    names = dict(zip(stored["label_values"], stored["ids"], strict=True))
    assert any("l4_" in str(names[n]) for n in shown if n), "it knows that L4 is in the picture"


@pytest.mark.usefixtures("atlas")
def test_render_reads_a_view_file(tmp_path: Path) -> None:
    view = tmp_path / "view.yaml"
    view.write_text("modality: mri\npixels: 64\nsettings: {sequence: STIR}\n", encoding="utf-8")
    assert main(["render", str(view), "-o", str(tmp_path / "out.png")]) == 0


@pytest.mark.usefixtures("atlas")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--modality", "ct", "--set", "feild=3"], "feild"),
        (["--modality", "ct", "--set", "center=l9_vertebra"], "l9_vertebra"),
        (["--modality", "ct", "--set", "field"], "KEY=VALUE"),
        (["--modality", "ct", "--set", "shift=.nan"], "finite"),
        (["nothing.yaml"], "nothing.yaml"),
        ([], "modality"),
    ],
)
def test_render_explains_what_is_wrong(words, expected, tmp_path, capsys) -> None:
    assert main(["render", *words, "-o", str(tmp_path / "out.png")]) == 2
    assert expected in said(capsys)
    assert not (tmp_path / "out.png").exists()


def test_list_names_the_cases(capsys) -> None:
    assert main(["subject", "list", "--format", "json"]) == 0
    assert "average" in [row["id"] for row in json.loads(capsys.readouterr().out)]


def test_an_unknown_subject_is_named(capsys) -> None:
    assert main(["subject", "info", "averge"]) == 2
    assert "Did you mean `average`" in said(capsys)


@pytest.mark.usefixtures("atlas")
def test_info_tells_what_a_subject_holds(capsys) -> None:
    assert main(["subject", "info", "average", "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["label"] == LABEL
    assert "l4" in facts["levels"]


@pytest.mark.usefixtures("atlas")
def test_export_writes_one_ply_a_structure(tmp_path: Path) -> None:
    import pyvista

    assert main(["subject", "export", "lumbar", "--meshes", str(tmp_path)]) == 0
    vertebra = pyvista.read(tmp_path / "l3_vertebra.ply")
    assert LABEL.encode() in (tmp_path / "l3_vertebra.ply").read_bytes()[:400]
    assert 60 < vertebra.bounds[1] - vertebra.bounds[0] < 120, "transverse processes, mm"


def test_a_ct_without_labels_is_refused(tmp_path: Path, capsys) -> None:
    assert main(["subject", "import", str(tmp_path / "ct.nii.gz")]) == 2
    assert "comes without labels" in said(capsys)


def test_a_picture_without_a_folder_is_refused(tmp_path: Path, capsys) -> None:
    assert main(["render", "--modality", "ct", "-o", str(tmp_path / "nowhere" / "out.png")]) == 2
    assert "folder is not there" in said(capsys)


def test_a_subject_cannot_be_named_out_of_its_folder(tmp_path: Path, capsys) -> None:
    paths = [str(tmp_path / "ct.nii.gz"), str(tmp_path / "labels.nii.gz")]
    assert main(["subject", "import", *paths, "--id", "../elsewhere"]) == 2
    assert "names no subject" in said(capsys)


def test_a_new_lesson_goes_where_one_stands(tmp_path: Path, capsys, monkeypatch) -> None:
    (tmp_path / "content" / "lessons").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my-lesson"]) == 0
    assert (tmp_path / "content" / "lessons" / "my-lesson" / "lesson.yaml").is_file()


def test_every_command_of_the_readme_exists() -> None:
    import re

    from spine_tutor.cli import COMMANDS

    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"spine-tutor ([a-z]+)", readme))
    assert used
    assert used <= set(COMMANDS)


@pytest.mark.usefixtures("atlas")
def test_needle_prints_what_is_crossed(capsys) -> None:
    words = ["needle", "--tip", "l4_transforaminal_target_left", "--oblique", "-25"]
    assert main([*words, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert rows[0]["structure"] == "skin"
    assert rows[0]["enter_mm"] == pytest.approx(0, abs=1)
    assert "subcutaneous_fat" in [row["structure"] for row in rows]
    assert [row["enter_mm"] for row in rows] == sorted(row["enter_mm"] for row in rows)


@pytest.mark.usefixtures("atlas")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--tip", "0,900,0"], "outside the body"),
        (["--tip", "l4_transforaminal_target_left", "--advance", "nan"], "finite"),
        (["--tip", "1,2,3", "--entry", "1,2,3"], "same place"),
        (["--tip", "l4_transforaminal"], "Did you mean"),
    ],
)
def test_needle_explains_what_is_wrong(words, expected, capsys) -> None:
    assert main(["needle", *words]) == 2
    assert expected in said(capsys)


@pytest.mark.usefixtures("atlas")
def test_render_shows_a_needle(tmp_path: Path) -> None:
    out, labels = tmp_path / "out.png", tmp_path / "out.npz"
    words = ["render", "--modality", "fluoroscopy", "--set", "needle.oblique=20"]
    words += ["--set", "needle.tip=l4_transforaminal_target_left", "--labels", str(labels)]
    assert main([*words, "-o", str(out)]) == 0
    stored = np.load(labels)
    names = dict(zip(stored["label_values"], stored["ids"], strict=True))
    assert "needle" in {str(names[n]) for n in np.unique(stored["layers"]) if n}
