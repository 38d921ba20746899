"""Solids given by their outlines on a few axial levels, as an atlas of cross-sections does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.canvas import Solid, Volume

Outline = NDArray[np.float64]
"""(n, 2) points x, y in order, mm."""

SMOOTHING = 3
"""Points put between two control points of an outline."""

FAR = 20.0
"""Beyond this distance from its surface a solid's distances are rough, mm; no rind is so thick."""
_TILE = 8  # lattice points along a tile in which they are equal


def mirrored(half: ArrayLike) -> Outline:
    """Return a closed symmetric outline from its half with x ≥ 0, listed from back to front."""
    half = np.asarray(half, float)
    return np.vstack([half, (half * [-1.0, 1.0])[-2:0:-1]])


def ellipse(x: float, y: float, across: float, along: float, turn: float, n: int = 12) -> Outline:
    """Return points on an ellipse: centre, half axes in x and y, mm, turned by degrees."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    points = np.stack([across * np.cos(angle), along * np.sin(angle)], axis=-1)
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return points @ np.array([[c, s], [-s, c]]) + [x, y]


def between(heights: ArrayLike, outlines: Sequence[ArrayLike], z: ArrayLike) -> NDArray[np.float64]:
    """Return the outline at every z, (len(z), n, 2), linear between levels, constant beyond."""
    heights = np.asarray(heights, float)
    stack = np.asarray(outlines, float)
    order = np.argsort(heights)
    heights, stack, z = heights[order], stack[order], np.asarray(z, float)
    upper = np.clip(np.searchsorted(heights, z), 1, len(heights) - 1)
    share = (z - heights[upper - 1]) / (heights[upper] - heights[upper - 1])
    share = np.clip(share, 0.0, 1.0)[:, None, None]
    return (1 - share) * stack[upper - 1] + share * stack[upper]


def rounded(outlines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return closed Catmull–Rom curves through the points of (m, n, 2) outlines."""
    before, after = np.roll(outlines, 1, axis=1), np.roll(outlines, -1, axis=1)
    beyond = np.roll(outlines, -2, axis=1)
    t = np.arange(SMOOTHING) / SMOOTHING
    t = t[None, None, :, None]
    p0, p1, p2, p3 = (p[:, :, None, :] for p in (before, outlines, after, beyond))
    curve = 0.5 * (
        2 * p1
        + (p2 - p0) * t
        + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
        + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return curve.reshape(len(outlines), -1, 2)


def stacked(
    outlines: NDArray[np.float64],
    shape: tuple[int, int, int],
    origin: ArrayLike,
    spacing: float,
    exact: float = FAR,
) -> Solid:
    """Return the solid that has one outline a slice; its distances are those in the axial plane.

    They are exact up to a depth; beyond it they are only as far off as a tile is wide.

    Args:
        outlines: (nz, n, 2) closed outlines, mm.
        shape: size of the solid's lattice; its third is nz.
        origin: (3,) world position of the first value, mm.
        spacing: mm.
        exact: that depth, mm.
    """
    origin = np.asarray(origin, float)
    values = np.empty(shape, np.float32)
    _polygon_distance(np.ascontiguousarray(outlines), values, origin, spacing, exact)
    return Solid(values, origin, spacing)


@njit(nogil=True, cache=True)
def _polygon_distance(
    outlines: NDArray[np.float64],
    values: Volume,
    origin: NDArray[np.float64],
    spacing: float,
    exact: float,
) -> None:
    nx, ny, nz = values.shape
    reach = exact + 0.5 * np.sqrt(2.0) * _TILE * spacing
    for k in range(nz):
        points = outlines[k]
        for first in range(0, nx, _TILE):
            for second in range(0, ny, _TILE):
                # where the outline is far from the middle of a tile, that stands for all of it
                x = origin[0] + (first + 0.5 * (_TILE - 1)) * spacing
                y = origin[1] + (second + 0.5 * (_TILE - 1)) * spacing
                middle = outline_distance(points, x, y)
                for i in range(first, min(first + _TILE, nx)):
                    for j in range(second, min(second + _TILE, ny)):
                        if abs(middle) > reach:
                            values[i, j, k] = middle
                        else:
                            x, y = origin[0] + i * spacing, origin[1] + j * spacing
                            values[i, j, k] = outline_distance(points, x, y)


@njit(nogil=True, cache=True)
def outline_distance(points: NDArray[np.float64], x: float, y: float) -> float:
    """Return the distance of x, y to a closed outline of (n, 2) points, negative inside."""
    nearest = 1e18
    inside = False
    count = len(points)
    for n in range(count):
        ax, ay = points[n]
        bx, by = points[(n + 1) % count]
        wx, wy, px, py = bx - ax, by - ay, x - ax, y - ay
        t = (px * wx + py * wy) / (wx * wx + wy * wy + 1e-12)
        t = min(max(t, 0.0), 1.0)
        ex, ey = px - t * wx, py - t * wy
        nearest = min(nearest, ex * ex + ey * ey)
        if (ay > y) != (by > y) and px < wx * py / (wy + 1e-300):
            inside = not inside
    distance = np.sqrt(nearest)
    return -distance if inside else distance
