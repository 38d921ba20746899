"""Ways round what lies across the course of a thin nerve or vessel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.passage import THIN, cleared
from spine_tutor.anatomy.tubes import STEP, tube

NERVE = "l3_medial_branch_left"


@pytest.fixture
def canvas() -> Canvas:
    return Canvas(structures(), [0.0, 0.0, 0.0], 0.5, (80, 60, 60))


def straight(radius: float = 0.5, into: tuple[str, ...] = ()):
    x = np.arange(2.0, 38.0, STEP)
    path = np.stack([x, np.full_like(x, 15.0), np.full_like(x, 15.0)], axis=1)
    return tube(NERVE, path, radius, into)


def block(canvas: Canvas, name: str, x: tuple[float, float], half: float) -> None:
    """Paint a block across the straight way."""
    window = canvas.window([x[0], 15 - half, 15 - half], [x[1], 15 + half, 15 + half])
    canvas.paint(name, np.ones(canvas.labels[window].shape, bool), window)


def pieces(canvas: Canvas) -> int:
    label = canvas.structures[NERVE].label
    return ndimage.label(canvas.labels == label, np.ones((3, 3, 3)))[1]


@pytest.mark.parametrize("obstacle", ["l3_body", "l3_l4_annulus", "lumbar_artery_l3_left"])
def test_a_nerve_goes_round_what_lies_across_it_in_one_piece(canvas, obstacle):
    block(canvas, obstacle, (15, 22), 5.0)
    way = straight()
    led = cleared(way, canvas)
    led.paint(canvas)
    assert pieces(canvas) == 1
    assert np.array_equal(led.path[[0, -1]], way.path[[0, -1]])
    assert np.linalg.norm(np.diff(led.path, axis=0), axis=1).max() < 2.5 * STEP
    off = np.abs(led.path[:, 1:] - 15.0).max()
    assert 5.0 < off < 7.0  # the shortest way, kept off by its thickness
    assert led.radius == pytest.approx(0.5)


def test_a_free_way_is_left_alone(canvas):
    way = straight()
    assert cleared(way, canvas) is way
    block(canvas, "cerebrospinal_fluid", (15, 22), 5.0)
    entering = straight(into=("cerebrospinal_fluid",))
    assert cleared(entering, canvas) is entering


def test_where_there_is_no_way_the_course_stays(canvas):
    block(canvas, "l3_body", (15, 22), 40.0)
    way = straight()
    assert np.array_equal(cleared(way, canvas).path, way.path)


def test_a_branch_may_begin_in_its_nerve_but_not_in_bone(canvas):
    block(canvas, "l3_nerve_root_left", (0, 8), 3.0)
    way = straight()
    assert np.array_equal(cleared(way, canvas).path, way.path)
    block(canvas, "l3_body", (30, 40), 3.0)
    led = cleared(way, canvas)
    led.paint(canvas)
    assert pieces(canvas) == 1
    end = canvas.grid().voxel_of(led.path[-1])[0]
    assert canvas.labels[tuple(end)] == canvas.structures[NERVE].label


def test_what_is_thick_makes_way_for_bone_only(canvas):
    block(canvas, "lumbar_artery_l3_left", (15, 22), 5.0)
    way = straight(radius=THIN + 1.0)
    assert cleared(way, canvas) is way


def test_a_thick_vessel_is_pushed_off_bone(canvas):
    block(canvas, "l3_body", (15, 22), 2.0)
    way = tube("aorta", straight().path + np.array([0.0, 4.0, 0.0]), THIN + 1.0)
    led = cleared(way, canvas)
    off = np.abs(led.path[:, 1] - 17.0)[(led.path[:, 0] > 15.5) & (led.path[:, 0] < 21.5)]
    assert (off > THIN + 0.5).all()
    assert np.allclose(led.path[[0, -1]], way.path[[0, -1]], atol=0.2)


def test_on_a_canvas_coarser_than_itself_a_nerve_keeps_its_way_beside_another(canvas):
    finer = Canvas(structures(), [60.0, 60.0, 60.0], 0.25, (4, 4, 4))
    block(canvas, "lumbar_artery_l3_left", (15, 22), 5.0)
    way = straight(radius=0.4)
    assert cleared(way, canvas, beyond=finer) is way
    assert cleared(way, canvas) is not way


def test_a_coarse_canvas_decides_only_beyond_the_fine_one(canvas):
    block(canvas, "l3_body", (15, 22), 5.0)
    way = straight()
    finer = Canvas(structures(), [10.0, 10.0, 10.0], 0.5, (30, 20, 20))
    assert cleared(way, canvas, beyond=finer) is way
