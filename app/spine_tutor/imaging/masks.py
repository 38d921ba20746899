"""Where on a picture a structure lies."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import product
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from spine_tutor.anatomy import LabelGrid, Subject
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.needle import NEEDLE
from spine_tutor.imaging.needle_fluoroscopy import shadow_mask
from spine_tutor.imaging.projector import Volume, line_integrals


def structure_mask(image: Image, structure_id: str) -> NDArray[np.bool_]:
    """Return the pixels that show a structure or any of its parts, (rows, columns).

    In a cut these are the pixels with its label; in a projection, those whose ray crosses it.

    Raises:
        UnknownStructure: if the subject has no structure of that name.
    """
    added = {s.id: s.label for s in image.additions.structures}
    if isinstance(image.geometry, ConeGeometry):
        needle = image.additions.needle_in(image.subject)
        if structure_id == NEEDLE.id and needle is not None:
            mask = shadow_mask(needle, image.geometry)
        else:
            mask = _projected(image.subject, structure_id, image.geometry)
    else:
        assert image.labels is not None
        labels = (
            {added[structure_id]}
            if structure_id in added
            else image.subject.structures.labels_of(structure_id)
        )
        mask = among(image.labels, labels)
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
    total = np.zeros(geometry.shape, np.float32)
    for lengths in lengths_in(subject, structure_id, geometry).values():
        total += lengths
    finest = min(float(min(grid.spacing)) for grid in subject.grids)
    return total > 0.5 * finest


def lengths_in(
    subject: Subject, structure_id: str, geometry: ConeGeometry
) -> dict[int, NDArray[np.float32]]:
    """Return how much of each tissue of a structure rays cross, (rows, columns) mm by tissue code.

    The last few are kept: mask, contrast and the structure alone are asked for one after another.

    Raises:
        UnknownStructure: if the subject has no structure of that name.
    """
    places = (geometry.source, geometry.origin, geometry.down, geometry.right)
    where = (geometry.shape, geometry.spacing, *(place.tobytes() for place in places))
    key = (ref(subject), structure_id, where)
    with _LOCK:
        if key in _LENGTHS:
            return _LENGTHS[key]
    found: dict[int, NDArray[np.float32]] = {}
    for code, volume in _volumes(subject, structure_id):
        total = found.setdefault(code, np.zeros(geometry.shape, np.float32))
        at = _shadow(volume, geometry)
        total[at] += line_integrals(volume, geometry.window(*at))
    with _LOCK:
        _LENGTHS[key] = found
        while len(_LENGTHS) > KEPT:
            del _LENGTHS[next(iter(_LENGTHS))]
    return found


FEW = 12
"""Labels up to which comparing with one after the other is faster than a table of all."""
KEPT = 4
"""Structures whose lengths along the rays of one picture are kept."""
_LENGTHS: dict[tuple[Any, ...], dict[int, NDArray[np.float32]]] = {}
_LOCK = Lock()


def among(labels: NDArray[np.unsignedinteger], wanted: Collection[int]) -> NDArray[np.bool_]:
    """Return where labels are among those wanted; `np.isin`, faster."""
    if len(wanted) <= FEW:
        found = np.zeros(labels.shape, bool)
        for label in wanted:
            found |= labels == label
        return found
    table = np.zeros(1 << 16, bool)
    table[list(wanted)] = True
    return table[labels]


def part_around(subject: Subject, structure_id: str, n: int, margin_mm: float) -> LabelGrid | None:
    """Return the part of the n-th grid around a structure, None where it has none of it."""
    grid, boxes = subject.grids[n], _boxes(subject)[n]
    own = subject.structures.labels_of(structure_id)
    found = [box for label in own if label <= len(boxes) and (box := boxes[label - 1])]
    if not found:
        return None
    margin = np.ceil(margin_mm / np.asarray(grid.spacing)).astype(int)
    box = tuple(
        slice(
            max(0, min(b[axis].start for b in found) - int(margin[axis])),
            max(b[axis].stop for b in found) + int(margin[axis]),
        )
        for axis in range(3)
    )
    origin = grid.points([side.start for side in box])
    return LabelGrid(grid.labels[box], grid.tissues[box], origin, grid.spacing)


def _boxes(subject: Subject) -> list[list[tuple[slice, ...] | None]]:
    """Return for each grid where each label lies, from label 1 on; found once a subject."""
    if subject not in _BOXES:
        _BOXES[subject] = [find_objects(grid.labels) for grid in subject.grids]
    return _BOXES[subject]


_BOXES: WeakKeyDictionary[Subject, list[list[tuple[slice, ...] | None]]] = WeakKeyDictionary()


def _volumes(subject: Subject, structure_id: str) -> Iterator[tuple[int, Volume]]:
    """Yield each tissue of a structure on each grid, 1 where it is and no finer grid overrules."""
    own = subject.structures.labels_of(structure_id)
    for n, grid in enumerate(subject.grids):
        part = part_around(subject, structure_id, n, float(max(grid.spacing)))
        if part is None:
            continue
        mask = among(part.labels, own)
        for finer in subject.grids[:n]:
            _clear(mask, part, finer)
        for code in np.flatnonzero(np.bincount(part.tissues[mask])):
            values = (mask & (part.tissues == code)).view(np.uint8)
            yield int(code), Volume(values, part.origin, np.asarray(grid.spacing, float))


def _shadow(volume: Volume, geometry: ConeGeometry) -> tuple[slice, slice]:
    """Return the part of a detector that rays through a volume can meet."""
    far = volume.origin + np.asarray(volume.values.shape) * volume.spacing
    sides = zip(volume.origin - volume.spacing, far, strict=True)
    corners = [np.array(corner) for corner in product(*sides)]
    if min((corner - geometry.source) @ geometry.direction for corner in corners) <= 0:
        return slice(0, geometry.shape[0]), slice(0, geometry.shape[1])  # around the source
    met = np.array([geometry.world_to_pixel(corner) for corner in corners])
    low = np.clip(np.floor(met.min(axis=0)).astype(int), 0, geometry.shape)
    high = np.clip(np.ceil(met.max(axis=0)).astype(int) + 1, low, geometry.shape)
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def _clear(values: NDArray, part: LabelGrid, finer: LabelGrid) -> None:
    """Empty the voxels whose middle lies in a finer grid."""
    low, high = finer.bounds
    start = np.ceil((low - part.origin) / part.spacing).astype(int)
    stop = np.floor((high - part.origin) / part.spacing).astype(int) + 1
    start, stop = np.maximum(start, 0), np.maximum(stop, 0)
    values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = 0


def _pixel_in_body(geometry: ConeGeometry) -> float:
    step = geometry.move(0, 1, geometry.isocenter) - geometry.move(0, 0, geometry.isocenter)
    return float(np.linalg.norm(step))
