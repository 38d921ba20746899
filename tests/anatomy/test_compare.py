import nibabel as nib
import numpy as np
import pytest
import pyvista as pv

from spine_tutor.anatomy.compare import bone_surface, compare, surface_distance, surface_rows
from spine_tutor.anatomy.ct_import import import_ct
from spine_tutor.anatomy.library import add_subject
from spine_tutor.anatomy.other_bones import other_bones
from spine_tutor.anatomy.totalsegmentator import CLASSES
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


def test_left_and_back_may_be_positive(l3):
    """Many programs write LPS; a turn about the long axis makes RAS of it."""
    copy = l3.copy()
    copy.points = np.asarray(l3.points) * [-1, -1, 1]
    assert surface_distance("l3", l3, copy, points=4000).mean < 0.1


def test_a_shifted_half_is_measured(l3):
    """A body whose arch is cut off lies far from the whole bone."""
    body = l3.clip("y", origin=np.add(l3.center, (0, 5, 0)), invert=False).extract_surface(
        algorithm="dataset_surface"
    )
    assert surface_distance("l3", l3, body.triangulate(), points=3000).p95 > 5


def test_folder_without_bones_is_refused(skeleton, tmp_path):
    with pytest.raises(ProblemError, match="no surface"):
        compare({"l3": (skeleton.vertebrae["l3"],)}, other_bones(str(tmp_path))[0])


@pytest.mark.parametrize(("source", "said"), [("nobody", "neither"), ("average", "model itself")])
def test_what_is_nobody_else_is_refused(source, said):
    with pytest.raises(ProblemError, match=said):
        other_bones(source)


def test_a_broken_file_is_refused(tmp_path):
    (tmp_path / "L3.ply").write_text("no surface")
    with pytest.raises(ProblemError, match=r"L3\.ply"):
        other_bones(str(tmp_path))


def test_files_are_matched_by_level(skeleton, l3, tmp_path):
    l3.save(tmp_path / "L3.ply")
    (others,) = other_bones(str(tmp_path))
    (found,) = compare({n: (bone,) for n, bone in skeleton.vertebrae.items()}, others)
    assert found.level == "l3"
    assert found.mean < 0.3


@pytest.mark.parametrize(
    ("file", "bone"),
    [
        ("vertebrae_L3.stl", "l3"),
        ("T12-vertebra.obj", "t12"),
        ("Hip_Left.vtp", "hip_l"),
        ("hip_R.ply", "hip_r"),
        ("the sacrum.ply", "sacrum"),
        ("disc_L3.ply", "disc_l3"),
    ],
)
def test_a_file_may_say_more_than_the_bone(file, bone, tmp_path):
    pv.Sphere().save(tmp_path / file)
    (others,) = other_bones(str(tmp_path))
    assert list(others.surfaces) == [bone]


def test_two_files_of_one_bone_are_refused(tmp_path):
    for file in ("L3.ply", "vertebrae_L3.stl"):
        pv.Sphere().save(tmp_path / file)
    with pytest.raises(ProblemError, match="second surface of L3"):
        other_bones(str(tmp_path))


def test_bones_of_an_imported_ct_are_found_again(skeleton, tmp_path, data_dir):
    """Two bones of the model, scanned in thick slices of which the lowest cuts one of them."""
    low, high = (np.array(corner) for corner in skeleton.vertebrae["l3"].box)
    spacing = np.array([0.9, 0.9, 2.5])
    low = low - 8
    low[2] = skeleton.vertebrae["l4"].frame[2, 3]  # the edge of the scan runs through L4
    axes = [np.arange(a, b + 8, s) for a, b, s in zip(low, high, spacing, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    hu = np.full([len(axis) for axis in axes], 40, np.int16)
    labels = np.zeros(hu.shape, np.uint8)
    for level in ("l3", "l4"):
        inside = (skeleton.vertebrae[level].bone(points) < 0).reshape(hu.shape)
        labels[inside], hu[inside] = CLASSES.index(f"vertebrae_{level.upper()}") + 1, 400
    hu[:4] = -1000  # air beside the body
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = low
    files = tmp_path / "ct.nii.gz", tmp_path / "labels.nii.gz"
    for array, file in zip((hu, labels), files, strict=True):
        nib.save(nib.Nifti1Image(array, affine), file)
    add_subject(import_ct(*files, "scanned"))

    (others,) = other_bones("scanned")
    assert others.cut == ("l4",)
    assert others.note == "voxels of 0.9×0.9×2.5 mm"
    center = np.subtract(
        others.surfaces["l3"].center, bone_surface(skeleton.vertebrae["l3"]).center
    )
    assert np.abs(center).max() < 0.5
    found, left_out = surface_rows({n: (skeleton.vertebrae[n],) for n in ("l3", "l4")}, others)
    assert found["bone"] == "L3"
    assert found["note"] == others.note
    assert found["mean_mm"] < 0.4
    assert found["scale"] == pytest.approx(1.0, abs=0.02)
    assert left_out["bone"] == "L4"
    assert left_out["mean_mm"] is None
    assert "edge of the scan" in left_out["note"]


def test_a_folder_of_folders_is_several_people(tmp_path):
    for person in ("one", "another"):
        (tmp_path / person).mkdir()
        pv.Sphere().save(tmp_path / person / "L3.ply")
    assert [others.source for others in other_bones(str(tmp_path))] == ["another", "one"]
