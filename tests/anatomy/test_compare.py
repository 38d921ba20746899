import numpy as np
import pytest
import pyvista as pv

from spine_tutor.anatomy.compare import bone_surface, compare, surface_distance
from spine_tutor.problems import ProblemError


@pytest.fixture(scope="module")
def l3(skeleton) -> pv.PolyData:
    return bone_surface(skeleton.vertebrae["l3"], spacing=1.5)


def test_a_moved_and_scaled_copy_is_at_no_distance(l3):
    turn = np.radians(12)
    rotation = np.array(
        [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]]
    )
    copy = l3.copy()
    copy.points = 1.1 * np.asarray(l3.points) @ rotation.T + [5, -40, 300]
    found = surface_distance("l3", l3, copy, points=4000)
    assert found.mean < 0.1
    assert found.p95 < 0.3
    assert found.scale == pytest.approx(1.1, abs=0.005)


def test_a_shifted_half_is_measured(l3):
    """A body whose arch is cut off lies far from the whole bone."""
    body = l3.clip("y", origin=np.add(l3.center, (0, 5, 0)), invert=False).extract_surface(
        algorithm="dataset_surface"
    )
    assert surface_distance("l3", l3, body.triangulate(), points=3000).p95 > 5


def test_folder_without_bones_is_refused(skeleton, tmp_path):
    with pytest.raises(ProblemError, match="no surface"):
        compare({"l3": (skeleton.vertebrae["l3"],)}, tmp_path)


def test_files_are_matched_by_level(skeleton, l3, tmp_path):
    l3.save(tmp_path / "L3.ply")
    (found,) = compare({n: (bone,) for n, bone in skeleton.vertebrae.items()}, tmp_path)
    assert found.level == "l3"
    assert found.mean < 0.3
