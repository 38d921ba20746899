"""Discs that bulge and discs that stand out into the canal."""

from __future__ import annotations

import numpy as np
import pytest

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case, Herniation
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.discs import BULGE, NARROW_BULGE, paint_discs

VOXEL = 0.5


def reach_behind(segment: str, **changed) -> tuple[float, float]:
    """Return how far a disc reaches behind its middle, mm, and how far to the right it does so."""
    case = Case(**changed)
    column = build_column(case)
    frame = column.disc_frame(segment)
    low = frame[:3, 3] - [30.0, 35.0, 25.0]
    canvas = Canvas(structures(), low, VOXEL, (121, 141, 101))
    paint_discs(canvas, column, case)
    label = canvas.structures.labels_of(f"{segment}_disc")
    points = low + VOXEL * np.argwhere(np.isin(canvas.labels, list(label)))
    local = (points - frame[:3, 3]) @ frame[:3, :3]
    last = local[local[:, 1].argmin()]
    return -float(last[1]), float(last[0])


@pytest.mark.parametrize("segment", ["l4_l5", "l5_s1"])
@pytest.mark.parametrize("size", [3.0, 6.0, 9.0])
@pytest.mark.parametrize(("side", "sign"), [("left", -1), ("right", 1)])
def test_a_herniation_stands_out_as_far_as_its_size_says(segment, size, side, sign):
    narrow = {segment: 0.25}
    rim, _ = reach_behind(segment, disc_narrowing=narrow)
    one = Herniation(segment=segment, side=side, size=size)
    out, x = reach_behind(segment, disc_narrowing=narrow, herniations=(one,))
    assert out - rim == pytest.approx(size, abs=VOXEL)
    assert 4.0 < sign * x < 14.0


def test_a_narrow_disc_bulges():
    healthy, _ = reach_behind("l4_l5")
    worn, _ = reach_behind("l4_l5", disc_narrowing={"l4_l5": 1.0})
    assert worn - healthy == pytest.approx(NARROW_BULGE, abs=VOXEL)
    assert BULGE < NARROW_BULGE
