"""Scoliosis: the bend keeps vertebrae whole and has the Cobb angle that the case asks for."""

import numpy as np
import pytest

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case, Scoliosis
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.posture import bend_canvas, bend_column, bend_of

CURVE = Scoliosis(apex="l1", cobb=30.0, convex="left", rotation=12.0)


@pytest.fixture(scope="module")
def straight():
    return build_column(Case())


@pytest.fixture(scope="module")
def bend(straight):
    return bend_of(CURVE, straight, 1.0)


def test_the_cobb_angle_is_the_case_s(straight, bend):
    bent = bend_column(straight, bend)
    lean = [np.degrees(np.arctan2(f[0, 2], f[2, 2])) for f in bent.frames.values()]
    assert max(lean) - min(lean) == pytest.approx(CURVE.cobb, abs=2.5)


def test_the_apex_stands_out_and_turns_to_the_convex_side(straight, bend):
    bent = bend_column(straight, bend)
    apex = bent.frames["l1"]
    assert apex[0, 3] == min(frame[0, 3] for frame in bent.frames.values()) < -15
    front = np.degrees(np.arctan2(apex[0, 1], apex[1, 1]))
    assert front == pytest.approx(-CURVE.rotation, abs=1.5)  # the body turns to the left
    assert abs(bent.frames["s1"][0, 3]) < 2.0


def test_frames_stay_rigid_and_map_back(straight, bend):
    bent = bend_column(straight, bend)
    for level, frame in bent.frames.items():
        assert frame[:3, :3] @ frame[:3, :3].T == pytest.approx(np.eye(3), abs=1e-9)
        assert bend.straight(frame[:3, 3]) == pytest.approx(straight.frames[level][:3, 3], abs=0.05)


def test_a_vertebra_keeps_its_shape(straight, bend):
    """Of distances within 25 mm of the middle of a vertebra 95 in 100 change by less than 8 %."""
    rng = np.random.default_rng(0)
    for frame in bend_column(straight, bend).frames.values():
        near = frame[:3, 3] + rng.uniform(-25, 25, (40, 3)) * [1, 1, 0.5]
        back = bend.straight(near)
        before = np.linalg.norm(near[:, None] - near[None], axis=-1)
        after = np.linalg.norm(back[:, None] - back[None], axis=-1)
        far = before > 10
        assert np.percentile(np.abs(after[far] / before[far] - 1), 95) < 0.08


def test_voxels_move_with_the_bend(bend):
    canvas = Canvas(structures(), (-40.0, -20.0, 120.0), 1.0, (81, 61, 61))
    canvas.paint_tube("spinal_cord", [[0, 20, 100], [0, 20, 200]], 4.0)
    bend_canvas(canvas, bend)
    label = canvas.structures["spinal_cord"].label
    x = canvas.axes()[0].ravel()
    for k in (5, 30, 55):
        middle = x[np.nonzero((canvas.labels[:, :, k] == label).any(axis=1))[0]].mean()
        z = 120.0 + k
        assert bend.straight([middle, 20.0, z])[0] == pytest.approx(0.0, abs=0.8)
        assert middle < -10


def test_what_lies_beyond_a_fine_canvas_is_taken_from_the_coarse_one(bend):
    fine = Canvas(structures(), (-40.0, -20.0, 120.0), 1.0, (81, 61, 61))
    coarse = Canvas(structures(), (-80.0, -40.0, 100.0), 2.0, (81, 61, 61))
    fine.paint("psoas_right", np.ones(fine.labels.shape, bool))
    coarse.paint("multifidus_left", np.ones(coarse.labels.shape, bool))
    bend_canvas(fine, bend, coarse)
    x = fine.axes()[0].ravel()
    apex = fine.labels[:, 20, 30]
    from_beyond = x[apex == fine.structures["multifidus_left"].label]
    assert from_beyond.min() > 10  # the right border has come in from further right
    assert from_beyond.max() == x[-1]
    assert len(from_beyond) > 15
