"""A subject from a real CT and a label volume (NIfTI, TotalSegmentator names)."""

from __future__ import annotations

import csv
import hashlib
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.affines import apply_affine, voxel_sizes
from nibabel.filebasedimages import ImageFileError
from nibabel.processing import resample_from_to
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.meshing import surface_meshes
from spine_tutor.anatomy.structure import TISSUE_CODE, Structure, StructureSet
from spine_tutor.anatomy.subject import Subject
from spine_tutor.anatomy.totalsegmentator import CLASSES, structure_of
from spine_tutor.problems import Problem, ProblemError

Progress = Callable[[float, str], None]

# Estimates: where voxels are parted by CT number. Fat (about −110 to −70) and water-like tissue
# (0 to 100) lie far from the limits; 150 is above enhanced muscle and below dense trabecular
# bone. Bone is sorted so that its mineral is kept: 130, 360 and 1100 lie midway between the CT
# numbers of the tissues on either side; thin cortex is what slices of 2.5 mm make of a shell, which
# they average with its marrow. Cord and sac differ by about 3 mm all round
# (PAM50: T6 8.2×5.9 in 13.7×12.3 mm).
AIR_BELOW_HU = -300
FAT_BELOW_HU = -30
GAS_BELOW_HU = -950
BONE_FROM_HU = 150
BONES_FROM_HU = {
    "sparse_trabecular_bone": -1024,
    "trabecular_bone": 130,
    "thin_cortical_bone": 360,
    "cortical_bone": 1100,
}
CSF_MM = 2.5
SKIN_MM = 2.0
TABLE_MM = 2.0

UNLABELLED = (
    ("unlabelled_gas", "Gas inside the body", "organ", "air", "#d8d8d8"),
    ("unlabelled_fat", "Fat (not segmented)", "envelope", "fat", "#f2d98c"),
    (
        "unlabelled_soft_tissue",
        "Muscle and other soft tissue (not segmented)",
        "muscle",
        "muscle",
        "#b5483f",
    ),
    ("unlabelled_bone", "Bone or calcium (not segmented)", "bone", "trabecular_bone", "#e8dcc0"),
    ("skin", "Skin", "envelope", "skin", "#e9b99a"),
)


def import_ct(
    ct_path: Path,
    labels_path: Path,
    subject_id: str,
    title: str = "",
    names_path: Path | None = None,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress = lambda _fraction, _message: None,
) -> Subject:
    """Return a subject made from a CT in Hounsfield units and its label volume.

    Labelled voxels keep their structure; a labelled bone is sorted into `BONES`, and gas in a
    hollow organ is air, by its CT number. Unlabelled voxels inside the body are sorted by CT
    number into air, fat, muscle-like and bone. What lies outside the body (the table) is left
    out. The patient's coordinates are kept: the world origin is the scanner's.

    Args:
        ct_path: CT, NIfTI, values in HU.
        labels_path: integer labels on the same voxels, NIfTI.
        subject_id: id of the new subject.
        title: what a person reads; the id when empty.
        names_path: CSV with columns ``id`` and ``structure`` that names the labels;
            TotalSegmentator v2's numbering when None.
        provenance: where the data come from.
        progress: called with a fraction and what is being done.

    Raises:
        ProblemError: if a file cannot be read, is no CT, has no labels or does not match.
    """
    progress(0.0, "reading the CT")
    hu, affine = _read(ct_path, "CT")
    progress(0.2, "reading the labels")
    raw, label_affine = _read(labels_path, "label volume", order=0)
    _check_match(ct_path, hu, affine, labels_path, raw, label_affine)
    names = _names(names_path)
    present = [int(n) for n in np.unique(raw) if n]
    unknown = [n for n in present if n not in names]
    if unknown:
        raise ProblemError(
            Problem(
                str(labels_path),
                f"labels {unknown[:8]} have no name.",
                "Name them in a CSV with columns `id` and `structure`, and pass it with --names.",
            )
        )
    structures = _structures({n: names[n] for n in present})
    spacing = np.array([affine[i, i] for i in range(3)])
    progress(0.4, "finding the body")
    body = _body(hu, spacing)
    progress(0.6, "sorting tissues")
    labels, tissues = _sort(hu, raw, body, spacing, structures)
    hounsfield = np.where(body, hu, -1000).clip(-1024, 3071).astype(np.int16)
    grid = LabelGrid(labels, tissues, affine[:3, 3].copy(), spacing)
    digest = hashlib.sha256()
    for array in (labels, tissues, hounsfield, affine):
        digest.update(np.ascontiguousarray(array).tobytes())
    progress(0.75, "drawing surfaces")
    meshes = surface_meshes(
        (grid,), structures, without=[id_ for id_, *_ in UNLABELLED if id_ != "skin"]
    )
    progress(0.95, "measuring the vertebrae")
    subject = Subject(
        id=subject_id,
        title=title or subject_id,
        grids=(grid,),
        structures=structures,
        frames=_frames(grid, structures),
        meshes=meshes,
        provenance={
            "maker": "CT import",
            "ct": ct_path.name,
            "labels": labels_path.name,
            **(provenance or {}),
        },
        content_hash=digest.hexdigest()[:16],
        hounsfield=hounsfield,
    )
    progress(1.0, "done")
    return subject


def _read(path: Path, what: str, order: int = 1) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return a volume on axes parallel to the world's with positive spacing, and its affine."""
    remedy = f"Give the {what} as an undamaged 3-D NIfTI file (.nii or .nii.gz)."
    if not path.is_file():
        raise ProblemError(Problem(str(path), "there is no such file.", remedy))
    try:
        image: Any = nib.load(path)
        if len(image.shape) != 3:
            raise ProblemError(
                Problem(str(path), f"has shape {image.shape}; a {what} has three axes.", remedy)
            )
        image = nib.as_closest_canonical(image)
        rotation = image.affine[:3, :3]
        if np.abs(rotation - np.diag(np.diag(rotation))).max() > 1e-3 * np.abs(rotation).max():
            image = resample_from_to(image, _axis_aligned(image), order=order, cval=-1000 * order)
        data = np.asarray(image.dataobj)
    except (ImageFileError, EOFError, OSError, ValueError, zlib.error) as error:
        raise ProblemError(
            Problem(str(path), f"cannot be read as NIfTI ({error}); it may be cut short.", remedy)
        ) from error
    if not np.isfinite(data).all():
        raise ProblemError(Problem(str(path), "holds values that are not numbers.", remedy))
    return data, np.asarray(image.affine, float)


def _axis_aligned(image: Any) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Return shape and affine of the axis-aligned box around an oblique volume."""
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in image.shape])).reshape(3, -1).T
    world = apply_affine(image.affine, corners)
    spacing = voxel_sizes(image.affine)
    low, high = world.min(axis=0), world.max(axis=0)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = low
    return tuple(int(n) for n in np.ceil((high - low) / spacing) + 1), affine


def _check_match(
    ct_path: Path,
    hu: NDArray[Any],
    affine: NDArray[Any],
    labels_path: Path,
    raw: NDArray[Any],
    label_affine: NDArray[Any],
) -> None:
    problems = []
    if raw.shape != hu.shape:
        problems.append(
            Problem(
                str(labels_path),
                f"has {raw.shape} voxels, the CT {ct_path.name} has {hu.shape}.",
                "Give labels made on this very CT, or resample them to it.",
            )
        )
    elif not np.allclose(affine, label_affine, atol=0.01):
        problems.append(
            Problem(
                str(labels_path),
                f"lies elsewhere than the CT {ct_path.name} (affines differ).",
                "Give labels made on this very CT, or resample them to it.",
            )
        )
    if not raw.any():
        problems.append(
            Problem(
                str(labels_path),
                "holds no label: every voxel is 0.",
                "Segment the CT first, for example with TotalSegmentator.",
            )
        )
    elif np.abs(raw - np.rint(raw)).max() > 1e-6 or raw.min() < 0 or raw.max() > 60000:
        problems.append(
            Problem(
                str(labels_path),
                f"values run from {raw.min()} to {raw.max()}; labels are whole "
                "numbers from 0 to 60000.",
                "Did you exchange the CT and its labels?",
            )
        )
    if hu.min() > -500 or hu.max() < 200:
        problems.append(
            Problem(
                str(ct_path),
                f"values run from {hu.min()} to {hu.max()}; a CT in HU holds air "
                "(−1000) and bone (over 200).",
                "Give a CT in Hounsfield units. Did you exchange it with labels?",
            )
        )
    if problems:
        raise ProblemError(problems)


def _names(path: Path | None) -> dict[int, str]:
    if path is None:
        return dict(enumerate(CLASSES, start=1))
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            return {int(row["id"]): row["structure"] for row in csv.DictReader(lines)}
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise ProblemError(
            Problem(
                str(path),
                f"is no table of label names ({error!r}).",
                "Give a CSV with a header and the columns `id` (number) and `structure`.",
            )
        ) from error


def _structures(names: Mapping[int, str]) -> StructureSet:
    found = [structure_of(name, number) for number, name in names.items()]
    free = max(names, default=0) + 1
    found += [
        Structure(id_, free + n, name, kind, tissue, color)
        for n, (id_, name, kind, tissue, color) in enumerate(UNLABELLED)
    ]
    return StructureSet(found)


def _body(hu: NDArray[Any], spacing: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the patient without the table: the largest solid piece, its holes filled."""
    solid = hu > AIR_BELOW_HU
    # Opened in each axial slice by about 2 mm, thin things that touch the back come off.
    steps = max(1, round(TABLE_MM / float(spacing[0])))
    disk = ndimage.generate_binary_structure(2, 1)[:, :, None]
    core = ndimage.binary_opening(solid, disk, iterations=steps)
    pieces, count = ndimage.label(core)
    if not count:
        return np.zeros(hu.shape, bool)
    largest = np.argmax(np.bincount(pieces.ravel())[1:]) + 1
    body = pieces == largest
    for k in range(body.shape[2]):
        body[:, :, k] = ndimage.binary_fill_holes(body[:, :, k])
    return body


def _sort(
    hu: NDArray[Any],
    raw: NDArray[Any],
    body: NDArray[np.bool_],
    spacing: NDArray[np.float64],
    structures: StructureSet,
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    label = {id_: structures[id_].label for id_, *_ in UNLABELLED}
    labels = np.where(body, raw, 0).astype(np.uint16)
    free = body & (labels == 0)
    in_plane = ndimage.generate_binary_structure(2, 1)[:, :, None]
    depth = max(1, round(SKIN_MM / spacing[0]))
    edge = body & ~ndimage.binary_erosion(body, in_plane, iterations=depth, border_value=1)
    for name, chosen in (
        ("unlabelled_gas", hu < AIR_BELOW_HU),
        ("unlabelled_fat", (hu >= AIR_BELOW_HU) & (hu < FAT_BELOW_HU)),
        ("unlabelled_soft_tissue", (hu >= FAT_BELOW_HU) & (hu < BONE_FROM_HU)),
        ("unlabelled_bone", hu >= BONE_FROM_HU),
        ("skin", edge),
    ):
        labels[free & chosen] = label[name]
    by_label = np.zeros(1 + max(s.label for s in structures.values()), np.uint8)
    bone, hollow = np.zeros_like(by_label, bool), np.zeros_like(by_label, bool)
    for s in structures.values():
        by_label[s.label] = TISSUE_CODE[s.tissue]
        bone[s.label] = s.tissue == "trabecular_bone"
        hollow[s.label] = s.tissue in ("bowel", "air")
    tissues = by_label[labels]
    # a rim that the lobes' labels leave is lung; true gas is emptier
    tissues[(labels == label["unlabelled_gas"]) & (hu > GAS_BELOW_HU)] = TISSUE_CODE["lung"]
    bony = bone[labels]
    for name, least in BONES_FROM_HU.items():
        tissues[bony & (hu >= least)] = TISSUE_CODE[name]
    tissues[hollow[labels] & (hu < AIR_BELOW_HU)] = TISSUE_CODE["air"]
    tissues[hollow[labels] & (hu >= AIR_BELOW_HU)] = TISSUE_CODE["bowel"]
    canal = labels == structures["spinal_cord"].label if "spinal_cord" in structures else None
    if canal is not None and canal.any():
        # TotalSegmentator's cord is what fills the canal: its rim is cerebrospinal fluid
        where = ndimage.find_objects(canal.astype(np.uint8))[0]
        depth_mm = np.stack(
            [
                ndimage.distance_transform_edt(np.pad(part, 1), sampling=spacing[:2])[1:-1, 1:-1]
                for part in np.moveaxis(canal[where], 2, 0)
            ],
            axis=2,
        )
        tissues[where][canal[where] & (depth_mm <= CSF_MM)] = TISSUE_CODE["csf"]
    return labels, tissues


def _frames(grid: LabelGrid, structures: StructureSet) -> dict[str, NDArray[np.float64]]:
    """Return vertebra_to_world of every vertebra, estimated from its labels.

    The body is the part deeper than 6 mm under the surface; z follows the line through the
    neighbouring bodies, y points from the whole vertebra's centre to its body's.
    """
    bodies, wholes, cut = {}, {}, set()
    for s in structures.values():
        if not s.id.endswith("_vertebra"):
            continue
        where = np.argwhere(grid.labels == s.label)
        if not len(where):
            continue
        low, high = where.min(axis=0), where.max(axis=0) + 1
        mask = np.pad(grid.labels[tuple(map(slice, low, high))] == s.label, 1)
        depth = ndimage.distance_transform_edt(mask, sampling=grid.spacing)
        core = np.argwhere(depth > min(6.0, 0.8 * depth.max())) - 1 + low
        level = s.id.removesuffix("_vertebra")
        bodies[level], wholes[level] = grid.points(core.mean(0)), grid.points(where.mean(0))
        if low[2] == 0 or high[2] == grid.labels.shape[2]:
            cut.add(level)  # by the border of the scan: only part of it was measured
    order = sorted(bodies, key=lambda level: bodies[level][2])
    whole = [level for level in order if level not in cut]
    frames = {}
    for n, level in enumerate(whole):
        below, above = bodies[whole[max(n - 1, 0)]], bodies[whole[min(n + 1, len(whole) - 1)]]
        z = above - below if len(whole) > 1 else np.array([0.0, 0.0, 1.0])
        z = z / np.linalg.norm(z)
        y = bodies[level] - wholes[level]
        y = y - (y @ z) * z
        if np.linalg.norm(y) < 1:  # a label of the body alone does not tell the front
            y = np.array([0.0, 1.0, 0.0]) - z[1] * z
        y = y / np.linalg.norm(y)
        frames[level] = np.eye(4)
        frames[level][:3, :3] = np.column_stack([np.cross(y, z), y, z])
        frames[level][:3, 3] = bodies[level]
    for level in cut:  # leans as the nearest whole one does
        near = min(whole, key=lambda w: abs(order.index(w) - order.index(level)), default=None)
        frames[level] = np.eye(4) if near is None else frames[near].copy()
        frames[level][:3, 3] = bodies[level]
    return frames
