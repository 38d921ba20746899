"""Where on a picture a structure lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image


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
    mask = np.zeros(geometry.shape, bool)
    for points, size in voxel_points(subject, structure_id):
        # enough points in a voxel that the shadow of a solid has no holes
        n = int(np.ceil(1.2 * size.max() / _pixel_in_body(geometry)))
        steps = (np.arange(n) + 0.5) / n - 0.5
        for offset in np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3):
            rows, columns = _project(geometry, points + offset * size)
            r, c = np.rint(rows).astype(int), np.rint(columns).astype(int)
            seen = (r >= 0) & (r < mask.shape[0]) & (c >= 0) & (c < mask.shape[1])
            mask[r[seen], c[seen]] = True
    return mask


def _project(geometry: ConeGeometry, points: NDArray) -> tuple[NDArray, NDArray]:
    """Return detector rows and columns of world points (n, 3), as `world_to_pixel` does of one."""
    normal = np.cross(geometry.right, geometry.down)
    away = points - geometry.source
    reach = ((geometry.origin - geometry.source) @ normal) / (away @ normal)
    offset = (geometry.source - geometry.origin + reach[:, None] * away) / geometry.spacing
    return offset @ geometry.down, offset @ geometry.right


def _pixel_in_body(geometry: ConeGeometry) -> float:
    step = geometry.move(0, 1, geometry.isocenter) - geometry.move(0, 0, geometry.isocenter)
    return float(np.linalg.norm(step))
