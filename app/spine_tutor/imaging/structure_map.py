"""Names for a projection: the structures along the ray of every few pixels, for hovering."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.kernels import one_at_a_time

FIRST_KINDS = ("bone", "joint", "disc", "device")
"""What fluoroscopy shows or is aimed at is named first."""
PACE_MM = 0.75
"""A ray is looked at this often, or once a voxel where voxels are larger."""
LAST_KINDS = ("envelope",)
"""What every ray passes is named last."""


def structure_map(
    subject: Subject, geometry: ConeGeometry, step: int = 4, count: int = 4
) -> NDArray[np.uint16]:
    """Return the structures that the rays of a projection pass.

    Each ray is sampled every `PACE_MM`, so that something thinner can be missed;
    `Image.structures_at` is exact and names one ray at a time.

    Args:
        subject: the body.
        geometry: the projection.
        step: pixels between two rays; entry (r, c) stands for pixel (r · step, c · step).
        count: how many structures are kept for each ray, at most.

    Returns:
        (⌈rows/step⌉, ⌈columns/step⌉, count) uint16 labels: bones, joints, discs and devices
        first, envelopes last, among them in the order the X-rays meet them; then 0.

    Raises:
        ValueError: if `step` or `count` is not positive.
    """
    if step < 1 or count < 1:
        raise ValueError(f"step {step} and count {count} must be at least 1")
    shape = tuple(-(-n // step) for n in geometry.shape)
    result = np.zeros((*shape, count), np.uint16)
    grids = subject.grids
    _walk(
        tuple(np.asarray(g.labels) for g in grids),
        np.array([g.origin for g in grids], float),
        np.array([g.spacing for g in grids], float),
        np.array(subject.bounds, float),
        np.asarray(geometry.source, float),
        np.asarray(geometry.origin, float),
        step * geometry.spacing * geometry.down,
        step * geometry.spacing * geometry.right,
        _ranks(subject),
        result,
    )
    return result


def _ranks(subject: Subject) -> NDArray[np.uint8]:
    """Return by label when it is named: 0 first, 2 last."""
    structures = subject.structures.values()
    ranks = np.ones(1 + max((s.label for s in structures), default=0), np.uint8)
    for s in structures:
        first = s.kind in FIRST_KINDS or s.tissue in ("contrast", "steel")
        ranks[s.label] = 0 if first else 2 if s.kind in LAST_KINDS else 1
    return ranks


@one_at_a_time
@nb.njit(cache=True, parallel=True)
def _walk(labels, origins, spacings, bounds, source, corner, down, right, ranks, result):  # type: ignore[no-untyped-def]
    for r in nb.prange(result.shape[0]):
        _row(labels, origins, spacings, bounds, source, corner, down, right, ranks, result, r)


@nb.njit(cache=True)
def _row(labels, origins, spacings, bounds, source, corner, down, right, ranks, result, r):  # type: ignore[no-untyped-def]
    columns, count = result.shape[1], result.shape[2]
    way = np.empty(3)
    found = np.empty((3, count), np.uint16)
    kept = np.empty(3, np.int64)
    for c in range(columns):
        for axis in range(3):
            way[axis] = corner[axis] + r * down[axis] + c * right[axis] - source[axis]
        length = np.sqrt(way[0] ** 2 + way[1] ** 2 + way[2] ** 2)
        t, end = 0.0, length
        for axis in range(3):
            way[axis] /= length
            if abs(way[axis]) > 1e-12:
                x = (bounds[0, axis] - source[axis]) / way[axis]
                y = (bounds[1, axis] - source[axis]) / way[axis]
                t, end = max(t, min(x, y)), min(end, max(x, y))
            elif not bounds[0, axis] <= source[axis] <= bounds[1, axis]:
                end = -1.0
        kept[0] = kept[1] = kept[2] = 0
        before = np.uint16(0)
        while t < end:
            here, pace = np.uint16(0), PACE_MM
            for g in range(len(labels)):
                i = int(np.rint((source[0] + t * way[0] - origins[g, 0]) / spacings[g, 0]))
                j = int(np.rint((source[1] + t * way[1] - origins[g, 1]) / spacings[g, 1]))
                k = int(np.rint((source[2] + t * way[2] - origins[g, 2]) / spacings[g, 2]))
                nx, ny, nz = labels[g].shape
                if 0 <= i < nx and 0 <= j < ny and 0 <= k < nz:
                    here = labels[g][i, j, k]
                    pace = max(PACE_MM, min(spacings[g, 0], spacings[g, 1], spacings[g, 2]))
                    break
            t += pace
            new = here != before and here != 0
            before = here
            if new:
                rank = ranks[here]
                for n in range(kept[rank]):
                    new = new and found[rank, n] != here
                if new and kept[rank] < count:
                    found[rank, kept[rank]] = here
                    kept[rank] += 1
        filled = 0
        for rank in range(3):
            for n in range(min(kept[rank], count - filled)):
                result[r, c, filled] = found[rank, n]
                filled += 1
