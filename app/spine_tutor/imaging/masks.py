"""Where on a picture a structure lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import LabelGrid, Subject
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.projector import Volume, line_integrals


def structure_mask(image: Image, structure_id: str) -> NDArray[np.bool_]:
    """Return the pixels that show a structure or any of its parts, (rows, columns).

    In a cut these are the pixels with its label; in a projection, those whose ray crosses it.

    Raises:
        UnknownStructure: if the subject has no structure of that name.
    """
    if isinstance(image.geometry, ConeGeometry):
        mask = _projected(image.subject, structure_id, image.geometry)
    else:
        assert image.labels is not None
        mask = np.isin(image.labels, list(image.subject.structures.labels_of(structure_id)))
    return mask if image.inside is None else mask & image.inside


def mm_per_pixel(image: Image) -> float:
    """Return the size of a pixel in the body: a projection's at its isocentre, mm."""
    geometry = image.geometry
    return _pixel_in_body(geometry) if isinstance(geometry, ConeGeometry) else geometry.spacing


def voxel_points(subject: Subject, structure_id: str) -> list[tuple[NDArray, NDArray]]:
    """Return the voxel centres of a structure, (n, 3) mm, and voxel size for each grid.

    A voxel that a finer grid overrules is left out.
    """
    found = []
    for n, grid in enumerate(subject.grids):
        points = grid.points(np.argwhere(subject.mask(structure_id, n)))
        for finer in subject.grids[:n]:
            points = points[~finer.voxel_of(points)[1]]
        if len(points):
            found.append((points, np.asarray(grid.spacing, float)))
    return found


def place_of(subject: Subject, structure_id: str) -> NDArray[np.float64] | None:
    """Return a point inside a structure near its centre, mm; None if the subject lacks it.

    The centre itself may lie outside, as that of a horseshoe does.
    """
    voxels = voxel_points(subject, structure_id)
    if not voxels:
        return None
    points = np.concatenate([p for p, _ in voxels])
    return points[np.argmin(np.linalg.norm(points - subject.point(structure_id), axis=1))]


def _projected(subject: Subject, structure_id: str, geometry: ConeGeometry) -> NDArray[np.bool_]:
    """Return the pixels whose ray runs through more than half a voxel of a structure."""
    mask = np.zeros(geometry.shape, bool)
    for volume in structure_volumes(subject, structure_id, lambda part: part.tissues > 0):
        mask |= line_integrals(volume, geometry) > 0.5 * volume.spacing.min()
    return mask


def structure_volumes(
    subject: Subject, structure_id: str, value: Callable[[LabelGrid], NDArray], margin_mm: float = 0
) -> Iterator[Volume]:
    """Yield a structure on each grid that holds it, as volumes that can be projected.

    Args:
        subject: the body.
        structure_id: the structure.
        value: maps the part of a grid around the structure to a value for each voxel; it counts
            where the voxel belongs to the structure and no finer grid overrules it.
        margin_mm: how much more than the structure that part of the grid reaches.
    """
    for n, grid in enumerate(subject.grids):
        mask = subject.mask(structure_id, n)
        if not mask.any():
            continue
        box = _box(mask, np.ceil(margin_mm / np.asarray(grid.spacing)).astype(int))
        origin = grid.points([side.start for side in box])
        part = LabelGrid(grid.labels[box], grid.tissues[box], origin, grid.spacing)
        values = np.where(mask[box], value(part), 0).astype(np.float32)
        for finer in subject.grids[:n]:
            _clear(values, part, finer)
        yield Volume(values, origin, np.asarray(grid.spacing, float))


def _box(mask: NDArray[np.bool_], margin: NDArray[np.int_]) -> tuple[slice, ...]:
    found = []
    for axis in range(3):
        filled = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = filled[0] - margin[axis], filled[-1] + 1 + margin[axis]
        found.append(slice(max(0, int(low)), min(mask.shape[axis], int(high))))
    return tuple(found)


def _clear(values: NDArray, part: LabelGrid, finer: LabelGrid) -> None:
    """Empty the voxels whose middle lies in a finer grid."""
    low, high = finer.bounds
    start = np.ceil((low - part.origin) / part.spacing).astype(int)
    stop = np.floor((high - part.origin) / part.spacing).astype(int) + 1
    start, stop = np.maximum(start, 0), np.maximum(stop, 0)
    values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = 0.0


def _pixel_in_body(geometry: ConeGeometry) -> float:
    step = geometry.move(0, 1, geometry.isocenter) - geometry.move(0, 0, geometry.isocenter)
    return float(np.linalg.norm(step))
