"""Sheets: what they look at can be posed, holds what its caption says, and carries the label."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PilImage

from canal_body import body
from spine_tutor.anatomy import Landmark
from spine_tutor.anatomy.region import COLUMN
from spine_tutor.imaging import needle_sheet, sheet
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.needle import NEEDLE
from spine_tutor.imaging.sheet_layout import Row, Tile, lay_out
from spine_tutor.imaging.sheet_views import sheet_views
from spine_tutor.imaging.shot import Shot
from spine_tutor.problems import ProblemError
from spine_tutor.resources import assets_dir


def column_body():
    """Return a subject with every level, and every place that a view of the table asks for."""
    frames = {}
    for n, level in enumerate((*COLUMN, "s1")):
        frames[level] = np.eye(4)
        frames[level][2, 3] = 500.0 - 20.0 * n
    text = (assets_dir() / "sheets" / "views.yaml").read_text(encoding="utf-8")
    names = set(re.findall(r'center: "?([^"\n]+)', text)) | {"sacrum"}
    found = {
        name.format(level=level, above=level, below=below, foramen="sacrum")
        for name in (*names, "{level}_vertebra")
        for level, below in zip((*COLUMN, "s1"), (*COLUMN[1:], "s1", "s1"), strict=True)
    }
    marks = {name: Landmark(name, name, (0.0, 0.0, 0.0)) for name in found}
    return replace(body(), frames=frames, landmarks=marks)


@pytest.mark.parametrize("level", ["c5", "t7", "l4", "s1"])
def test_every_view_of_every_region_is_one(level):
    views = list(sheet_views(column_body(), level, 64))
    rows = {name: [v for v in views if v.shot.modality == name] for name in MODALITIES}
    assert all(len(row) == 6 for row in rows.values())
    assert all(v.see and v.shot.view.pixels == 64 for v in views)
    planes = {(v.shot.view.plane, v.shot.settings.window) for v in rows["ct"]}
    assert {"axial", "sagittal", "coronal"} == {plane for plane, _ in planes}
    assert {"T1", "T2", "STIR"} == {v.shot.settings.sequence for v in rows["mri"]}
    assert {0.0, 90.0} <= {v.shot.view.oblique for v in rows["fluoroscopy"]}


def test_places_that_a_body_lacks_are_left_out(atlas):
    bare = replace(atlas, landmarks={})
    assert len(list(sheet_views(bare, "l4", 64))) < len(list(sheet_views(atlas, "l4", 64)))


def test_a_level_that_a_body_lacks_is_refused(atlas):
    with pytest.raises(ProblemError, match="`c5` is no level"):
        sheet.sheet(atlas, "c5")


def test_a_sheet_shows_every_modality(atlas, monkeypatch):
    monkeypatch.setattr(sheet, "PIXELS", 64)
    drawn = sheet.sheet(atlas)
    assert drawn.width > 6 * 64
    assert drawn.height > 4 * 64


def test_rows_stand_under_each_other_or_side_by_side():
    red = PilImage.new("RGB", (90, 60), "red")
    rows = [Row("a", "what to see in words", (Tile("a long caption", red),) * 2)] * 3
    one, two = lay_out("Title", rows), lay_out("Title", rows, across=2)
    assert two.height < one.height
    assert two.width > one.width
    count = sum(n for n, color in one.getcolors(1 << 20) if color == (255, 0, 0))
    assert count == 6 * 90 * 60


def seen(atlas, example):
    """Return the pixels of the needle in the ultrasound of an example, and its spacing."""
    fields = needle_sheet.probe_view(atlas, example.needle.placed(atlas), example)
    asked = Shot.parse({"pixels": 300} | fields)
    image = Shot(asked.view, asked.settings, Additions(needle=example.needle)).simulate(atlas)
    return np.argwhere(image.labels == NEEDLE.label), image.geometry.spacing


def test_ultrasound_along_a_needle_holds_its_length_and_across_it_a_dot(atlas):
    found = {example.title: seen(atlas, example) for example in needle_sheet.examples(atlas)}
    assert len(found) == 7
    (along, mm), (tip, _), (shaft, _) = (
        next(value for title, value in found.items() if words in title)
        for words in ("22 G, in plane", "tip in the slice", "The same needle")
    )
    assert np.ptp(along[:, 1]) * mm > 40.0
    assert np.ptp(tip[:, 1]) * mm < 5.0
    rise = needle_sheet.LOST * np.cos(np.deg2rad(needle_sheet.LEAN))
    assert (tip[:, 0].mean() - shaft[:, 0].mean()) * mm == pytest.approx(rise, abs=2.5)


def test_a_body_without_targets_has_no_needle_sheet(atlas):
    with pytest.raises(ProblemError, match="no targets at L4"):
        needle_sheet.needle_sheet(replace(atlas, landmarks={}))
