"""A thin curved bone as a plate: a smooth middle surface with a thickness, within an outline."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import RBFInterpolator

from spine_tutor.anatomy.fields import FAR, Distances, Field, Points, polygon, rounded

_MARGIN = 12  # mm around the outline within which the plate is known
Table = NDArray[np.float32]


def plate(border: ArrayLike, inner: ArrayLike, edge: float = 4.0) -> Field:
    """Return the field of a plate through landmarks.

    Its middle surface and its thickness bend as little as landmarks allow (thin-plate spline
    over the plane that fits them best).

    Args:
        border: (n, 4) x, y, z and half thickness of landmarks on its border, in order, mm.
        inner: (m, 4) the same of landmarks within.
        edge: rounding of the border, mm.
    """
    border, marks = np.asarray(border, float), np.vstack([border, inner])
    center = marks[:, :3].mean(axis=0)
    axes = np.linalg.svd(marks[:, :3] - center, full_matrices=False)[2]
    local = (marks[:, :3] - center) @ axes.T
    spline = RBFInterpolator(local[:, :2], np.column_stack([local[:, 2], marks[:, 3]]))
    outline = rounded(local[: len(border), :2], between=6)
    low = np.floor(outline.min(axis=0)) - _MARGIN
    high = np.ceil(outline.max(axis=0)) + _MARGIN
    u, v = (np.arange(a, b + 1.0) for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(u, v, indexing="ij"), -1)
    middle, half = np.moveaxis(
        spline(grid.reshape(-1, 2)).reshape(*grid.shape[:2], 2).astype(np.float32), -1, 0
    )
    du, dv = np.gradient(middle)
    cosine = 1 / np.sqrt(1 + du * du + dv * dv)
    outside = polygon(grid[..., 0].astype(np.float32), grid[..., 1].astype(np.float32), outline)
    table = np.stack([middle, np.maximum(half, 1.0), cosine, outside], -1).astype(np.float32)
    turn, shift = axes.T.astype(np.float32), (center @ axes.T).astype(np.float32)
    shift[:2] += low

    def field(points: Points) -> Distances:
        return _plate_distance(np.ascontiguousarray(points @ turn - shift), table, edge)

    return field


@njit(nogil=True, cache=True, error_model="numpy")
def _plate_distance(points: Points, table: Table, edge: float) -> Distances:
    found = np.empty(len(points), np.float32)
    value = np.empty(4, np.float32)
    radius = 0.85 * edge
    for n in range(len(points)):
        a, b = points[n, 0], points[n, 1]
        found[n] = FAR
        if not (0 <= a < table.shape[0] - 1 and 0 <= b < table.shape[1] - 1):
            continue
        i, j = int(a), int(b)
        a, b = a - np.float32(i), b - np.float32(j)
        for k in range(4):
            low = table[i, j, k] * (1 - b) + table[i, j + 1, k] * b
            high = table[i + 1, j, k] * (1 - b) + table[i + 1, j + 1, k] * b
            value[k] = low + a * (high - low)
        off = (abs(points[n, 2] - value[0]) - value[1]) * value[2]
        # a quarter of a circle round the border keeps the distance true outside, too
        corner = np.hypot(max(off + radius, 0.0), max(value[3] + radius, 0.0))
        found[n] = min(max(off, value[3]), -radius) + corner
    return found
