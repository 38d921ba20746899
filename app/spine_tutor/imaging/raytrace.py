"""What a straight line through the body meets, exactly, voxel by voxel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from spine_tutor.anatomy import LabelGrid


def crossings(
    grids: tuple[LabelGrid, ...], start: ArrayLike, end: ArrayLike
) -> list[tuple[int, float, float]]:
    """Return the labels along a segment, in order.

    The segment is cut at every voxel face of every grid it passes (Siddon 1985, Med Phys
    12:252); each piece takes the label at its middle, from the finest grid there.

    Args:
        grids: label grids, fine to coarse.
        start: (3,) world position, mm.
        end: (3,) world position, mm.

    Returns:
        (label, start of the run in mm, length in mm), neighbouring pieces of one label joined;
        pieces outside every structure (label 0) are left out.
    """
    start, end = np.asarray(start, float), np.asarray(end, float)
    way = end - start
    total = float(np.linalg.norm(way))
    if total == 0 or not np.isfinite(total):
        return []
    cuts = [np.array([0.0, 1.0])]
    for grid in grids:
        low, _ = grid.bounds
        for axis in range(3):
            if abs(way[axis]) < 1e-12:
                continue
            faces = low[axis] + grid.spacing[axis] * np.arange(grid.labels.shape[axis] + 1)
            cuts.append((faces - start[axis]) / way[axis])
    t = np.unique(np.concatenate(cuts))
    t = t[(t >= 0) & (t <= 1)]
    middle = start + 0.5 * (t[1:] + t[:-1])[:, None] * way
    labels = np.zeros(len(middle), np.int64)
    for grid in reversed(grids):
        index, inside = grid.voxel_of(middle)
        labels[inside] = grid.labels[tuple(index[inside].T)]
    edges = np.flatnonzero(np.diff(labels, prepend=-1, append=-1))
    return [
        (int(labels[a]), float(t[a] * total), float((t[b] - t[a]) * total))
        for a, b in pairwise(edges)
        if labels[a]
    ]
