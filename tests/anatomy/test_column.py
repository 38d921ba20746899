import numpy as np
import pytest
from pydantic import ValidationError

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import build_column


def lean(frame):
    return np.degrees(np.arctan2(frame[1, 2], frame[2, 2]))


def test_origin_is_the_upper_endplate_of_s1(column):
    np.testing.assert_allclose(column.endplate("s1", "upper")[:3, 3], 0, atol=1e-9)


@pytest.mark.parametrize("lordosis", [20.0, 36.8, 60.0])
def test_lordosis_is_the_angle_of_the_endplates(lordosis):
    column = build_column(Case(lordosis=lordosis))
    angle = lean(column.endplate("s1", "upper")) - lean(column.endplate("l1", "upper"))
    assert angle == pytest.approx(lordosis)


def test_frames_are_rigid_and_stacked_upwards(column):
    for frame in column.frames.values():
        np.testing.assert_allclose(frame[:3, :3] @ frame[:3, :3].T, np.eye(3), atol=1e-12)
    heights = [column.frames[level][2, 3] for level in ("s1", "l5", "l4", "l3", "l2", "l1", "t12")]
    assert np.all(np.diff(heights) > 20)


def test_endplates_are_a_disc_apart(column):
    for segment, disc in column.discs.items():
        upper, lower = segment.split("_")
        gap = column.endplate(upper, "lower")[:3, 3] - column.endplate(lower, "upper")[:3, 3]
        assert np.linalg.norm(gap) == pytest.approx(disc.rim)


def test_narrowing_lowers_only_its_disc(column):
    narrow = build_column(Case(disc_narrowing={"l4_l5": 1.0}))
    assert narrow.discs["l4_l5"].rim == pytest.approx(0.25 * column.discs["l4_l5"].rim)
    assert narrow.discs["l3_l4"] == column.discs["l3_l4"]


def test_scale_acts_on_every_length(column):
    tall = build_column(Case(height_scale=1.1))
    np.testing.assert_allclose(tall.frames["l1"][:3, 3], 1.1 * column.frames["l1"][:3, 3])


@pytest.mark.parametrize(
    "wrong",
    [
        {"lordosis": 200},
        {"lordosis": float("nan")},
        {"disc_narrowing": {"l9_s9": 0.5}},
        {"disc_narrowing": 2.0},
        {"sex": "other"},
        {"wings": 2},
    ],
)
def test_impossible_cases_are_refused(wrong):
    with pytest.raises(ValidationError):
        Case(**wrong)
