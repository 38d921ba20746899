from __future__ import annotations

import numpy as np
import pytest

from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.structure import TISSUE_CODE


@pytest.fixture
def canvas():
    return Canvas(structures(), (-10.0, -10.0, -10.0), 0.5, (41, 41, 41))


def ball(radius):
    axis = np.arange(-10.0, 11.0, 2.0)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    values = np.sqrt(x * x + y * y + z * z) - radius
    return Solid(values.astype(np.float32), np.full(3, -10.0), 2.0)


def volume(canvas, name):
    return (canvas.labels == canvas.structures[name].label).sum() * canvas.spacing**3


def test_what_is_painted_first_keeps_its_place(canvas):
    everywhere = np.ones(canvas.labels.shape, bool)
    half = everywhere.copy()
    half[20:] = False
    canvas.paint("aorta", half)
    canvas.paint("skin", everywhere)
    assert (canvas.labels[:20] == canvas.structures["aorta"].label).all()
    assert (canvas.labels[20:] == canvas.structures["skin"].label).all()
    assert (canvas.tissues[:20] == TISSUE_CODE["blood"]).all()


def test_places_are_painted_only_where_they_are_free(canvas):
    canvas.paint_tube("aorta", [[0, 0, -5], [0, 0, 5]], 3.0)
    before = canvas.labels.copy()
    window = canvas.window([-4, -4, 0], [4, 4, 1])
    canvas.paint_places("epidural_fat", np.nonzero(np.ones((17, 17, 3), bool)), window)
    changed = canvas.labels != before
    assert np.array_equal(changed, (before == 0) & (canvas.labels > 0))
    assert changed.sum() == (before[window] == 0).sum()
    assert (canvas.tissues[changed] == TISSUE_CODE["fat"]).all()


def test_a_tube_has_the_volume_of_a_cylinder_with_round_ends(canvas):
    canvas.paint_tube("aorta", [[0, 0, -5], [0, 0, 5]], 3.0)
    expected = np.pi * 9 * 10 + 4 / 3 * np.pi * 27
    assert volume(canvas, "aorta") == pytest.approx(expected, rel=0.02)


def test_a_tube_goes_only_into_what_it_may(canvas):
    canvas.paint_tube("cerebrospinal_fluid", [[0, 0, -8], [0, 0, 8]], 3.0)
    fluid = canvas.labels > 0
    canvas.paint_tube("cauda_equina", [[-8, 0, 0], [8, 0, 0]], 1.0, into="cerebrospinal_fluid")
    strand = canvas.labels == canvas.structures["cauda_equina"].label
    assert strand.any()
    assert not (strand & ~fluid).any()


def test_a_solid_is_sampled_between_its_values(canvas):
    canvas.paint_solid("bowel", ball(7.0))
    # linear interpolation on 2 mm cuts the corners of a 7 mm ball by some tenths of a mm
    assert volume(canvas, "bowel") == pytest.approx(4 / 3 * np.pi * 343, rel=0.06)


def test_a_rind_lies_under_the_surface(canvas):
    canvas.paint_solid("skin", ball(8.0), above=-2.0)
    canvas.paint_solid("subcutaneous_fat", ball(8.0))
    middle = canvas.labels[20, 20]
    skin, fat = (canvas.structures[n].label for n in ("skin", "subcutaneous_fat"))
    thickness = (middle[:20] == skin).sum() * canvas.spacing
    assert thickness == pytest.approx(2.0, abs=0.5)
    assert middle[20] == fat


def test_crumbs_are_free_again(canvas):
    mask = np.zeros(canvas.labels.shape, bool)
    mask[5:15, 5:15, 5:15] = mask[30, 30, 30] = mask[20:30, 5:15, 5:15] = True
    canvas.paint("dura", mask)
    canvas.drop_crumbs("dura")
    assert canvas.labels[30, 30, 30] == canvas.tissues[30, 30, 30] == 0
    assert (canvas.labels > 0).sum() == mask.sum() - 1


def test_a_window_outside_is_empty(canvas):
    window = canvas.window([50, 0, 0], [60, 1, 1])
    assert canvas.labels[window].size == 0
