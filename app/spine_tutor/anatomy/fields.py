"""Shapes as functions of points: signed distance fields and the operators that join them.

A field takes (n, 3) float32 points in mm and returns (n,) float32 distances, negative inside.
Near the surface they are close to the true distance, which is what joints and cortices need;
after Quilez, "Distance functions" (iquilezles.org), and the `sdf` library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

Points = NDArray[np.float32]
Distances = NDArray[np.float32]
Field = Callable[[Points], Distances]

FAR = np.float32(1e3)
_TINY = np.float32(1e-5)


# -- operators on distances -------------------------------------------------------------------


def union(a: Distances, b: Distances, blend: float = 0.0) -> Distances:
    """Return the union; `blend` is the width in mm over which the two surfaces flow together."""
    nearest = np.minimum(a, b)
    if blend <= 0:
        return nearest
    overlap = np.maximum(np.float32(blend) - np.abs(a - b), 0)
    return nearest - overlap * overlap * np.float32(0.25 / blend)


def intersection(a: Distances, b: Distances, blend: float = 0.0) -> Distances:
    """Return the intersection; `blend` rounds the edge where the surfaces meet."""
    return -union(-a, -b, blend)


def difference(a: Distances, b: Distances, blend: float = 0.0) -> Distances:
    """Return `a` without `b`."""
    return -union(-a, b, blend)


# -- operators on fields ----------------------------------------------------------------------


def moved(field: Field, local_to_world: ArrayLike) -> Field:
    """Return a field of world points from one of local points; the matrix is rigid."""
    matrix = np.asarray(local_to_world, np.float64)
    rotation = matrix[:3, :3].astype(np.float32)
    shift = (matrix[:3, :3].T @ matrix[:3, 3]).astype(np.float32)

    def of_world(points: Points) -> Distances:
        return field(points @ rotation - shift)

    return of_world


def mirrored(points: Points) -> Points:
    """Fold points across the mid-sagittal plane, so that one side's shape serves both."""
    folded = points.copy()
    np.abs(folded[:, 0], out=folded[:, 0])
    return folded


def boxed(field: Field, low: ArrayLike, high: ArrayLike) -> Field:
    """Return a field that is asked only inside a box and is `FAR` outside it, to save time.

    The box must reach beyond the shape by more than any blend that it takes part in.
    """
    low_, high_ = np.asarray(low, np.float32), np.asarray(high, np.float32)

    def asked(points: Points) -> Distances:
        inside = np.flatnonzero(_all_within(points, low_, high_))
        distance = np.full(len(points), FAR, np.float32)
        if len(inside):
            distance[inside] = field(points[inside])
        return distance

    return asked


def _all_within(
    points: Points, low: NDArray[np.float32], high: NDArray[np.float32]
) -> NDArray[np.bool_]:
    within = (points[:, 0] > low[0]) & (points[:, 0] < high[0])
    for axis in (1, 2):  # one by one: far faster than a reduction over three
        within &= points[:, axis] > low[axis]
        within &= points[:, axis] < high[axis]
    return within


# -- primitives -------------------------------------------------------------------------------


def superellipse(
    x: Distances,
    y: Distances,
    a: Distances | float,
    b: Distances | float,
    exponent: Distances | float,
) -> Distances:
    """Return the distance to the cylinder |x/a|ⁿ + |y/b|ⁿ = 1, to first order.

    Half axes and exponent may differ from point to point; the first order keeps the distance
    true near the surface.
    """
    u, v = np.abs(x) / a + _TINY, np.abs(y) / b + _TINY
    un, vn = u**exponent, v**exponent
    radius = (un + vn) ** (1 / exponent)
    slope = np.hypot(un / (u * a), vn / (v * b)) * radius ** (1 - exponent)
    return ((radius - 1) / slope).astype(np.float32)


def limb(
    path: ArrayLike,
    half_widths: ArrayLike,
    across: ArrayLike,
    reach: float = 1e3,
    blend: float = 0.5,
) -> Field:
    """Return a rounded limb along a polyline with an elliptic, tapering section.

    Args:
        path: (m, 3) points of its axis, mm.
        half_widths: (m, 2) half widths at these points, along `across` and square to it, mm.
        across: (3,) direction of the first half width, or (m − 1, 3), one for each stretch; made
            square to each stretch.
        reach: farther than this from a box around it the distance is `FAR`, to save time, mm;
            it must exceed any blend that the limb takes part in.
        blend: width over which its stretches flow together, mm; little for many short ones,
            on which it leaves rings.
    """
    knots = np.asarray(path, np.float64)
    widths = np.asarray(half_widths, np.float32)
    along = np.diff(knots, axis=0)
    lengths = np.linalg.norm(along, axis=1)
    axes = np.empty((len(along), 3, 3), np.float32)
    directions = np.broadcast_to(np.asarray(across, float), along.shape)
    for n, (tangent, first) in enumerate(zip(along / lengths[:, None], directions, strict=True)):
        first = first - (first @ tangent) * tangent
        first /= np.linalg.norm(first)
        axes[n] = first, np.cross(tangent, first), tangent
    starts, lengths = knots[:-1].astype(np.float32), lengths.astype(np.float32)
    margin = widths.max() + np.float32(reach)
    low = knots.min(axis=0).astype(np.float32) - margin
    high = knots.max(axis=0).astype(np.float32) + margin

    def field(points: Points) -> Distances:
        points = np.ascontiguousarray(points, np.float32)
        return _limb_distance(points, low, high, starts, axes, lengths, widths, np.float32(blend))

    return field


@njit(nogil=True, cache=True, error_model="numpy")
def _limb_distance(
    points: Points,
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    starts: NDArray[np.float32],
    axes: NDArray[np.float32],
    lengths: NDArray[np.float32],
    widths: NDArray[np.float32],
    blend: np.float32,
) -> Distances:
    """Return the distance to a chain of stretches, blended a little where they meet."""
    one, zero = np.float32(1), np.float32(0)
    share = np.float32(0.25) / blend if blend > 0 else zero
    found = np.empty(len(points), np.float32)
    for i in range(len(points)):
        x, y, z = points[i]
        best = FAR
        if low[0] < x < high[0] and low[1] < y < high[1] and low[2] < z < high[2]:
            for n in range(len(starts)):
                px, py, pz = x - starts[n, 0], y - starts[n, 1], z - starts[n, 2]
                u = px * axes[n, 0, 0] + py * axes[n, 0, 1] + pz * axes[n, 0, 2]
                v = px * axes[n, 1, 0] + py * axes[n, 1, 1] + pz * axes[n, 1, 2]
                w = px * axes[n, 2, 0] + py * axes[n, 2, 1] + pz * axes[n, 2, 2]
                t = min(max(w / lengths[n], zero), one)
                w -= t * lengths[n]
                a = widths[n, 0] + t * (widths[n + 1, 0] - widths[n, 0])
                b = widths[n, 1] + t * (widths[n + 1, 1] - widths[n, 1])
                # the distance to an ellipsoid of half axes a, b, c, to first order
                c = np.sqrt(a * b)
                u, v, w = u / a, v / b, w / c
                radius = np.sqrt(u * u + v * v + w * w)
                slope = np.sqrt((u / a) ** 2 + (v / b) ** 2 + (w / c) ** 2)
                # on the axis both vanish; their ratio there is the smallest half width
                ratio = (radius + _TINY) / (slope + _TINY / min(a, b))
                distance = ratio * (radius - one)
                overlap = max(blend - abs(best - distance), zero)
                best = min(best, distance) - overlap * overlap * share
        found[i] = best
    return found


def bent(
    path: ArrayLike, half_widths: ArrayLike, stretches: int = 5
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return path and half widths of a `limb` whose three knots are joined by a parabola."""
    t = np.linspace(0, 1, stretches + 1)[:, None]
    weights = np.hstack([(1 - t) * (1 - 2 * t), 4 * t * (1 - t), t * (2 * t - 1)])
    return weights @ np.asarray(path, float), weights @ np.asarray(half_widths, float)


def rounded(outline: ArrayLike, between: int = 3) -> NDArray[np.float64]:
    """Return a closed outline that passes smoothly through the given (m, 2) corners."""
    corners = np.asarray(outline, float)
    closed = np.vstack([corners, corners[:1]])
    spline = CubicSpline(np.arange(len(closed)), closed, bc_type="periodic")
    return spline(np.arange(0, len(corners), 1 / between))


def polygon(u: Distances, v: Distances, outline: ArrayLike) -> Distances:
    """Return the distance in the plane to a simple polygon of (m, 2) corners, either way round."""
    corners = np.asarray(outline, np.float32)
    nearest = np.full(u.shape, FAR * FAR, np.float32)
    inside = np.zeros(u.shape, bool)
    for (ua, va), (ub, vb) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        eu, ev = ub - ua, vb - va
        pu, pv = u - ua, v - va
        t = np.clip((pu * eu + pv * ev) / (eu * eu + ev * ev), 0, 1)
        nearest = np.minimum(nearest, (pu - t * eu) ** 2 + (pv - t * ev) ** 2)
        if ev != 0:
            crosses = ((va <= v) != (vb <= v)) & (pu < pv * (eu / ev))
            inside ^= crosses
    distance = np.sqrt(nearest)
    return np.where(inside, -distance, distance)


# -- sampling ---------------------------------------------------------------------------------


def sample(
    field: Field,
    axes: Sequence[NDArray[np.float64]],
    coarsest: float = 3.0,
    chunk: int = 16384,
) -> Distances:
    """Sample a field on the grid of three axes, point by point only where its surface may run.

    A grid of twice the spacing is sampled first, and so on up to `coarsest` mm. A block whose
    corners all lie farther from the surface than its size, with a margin for fields that
    overstate, has none of it inside and keeps what lies between its corners.

    Args:
        field: the shape; asked at most `chunk` points at a time, which suits the caches.
        axes: evenly spaced coordinates along x, y, z, mm.
        coarsest: largest spacing to begin with, mm.

    Returns:
        (nx, ny, nz) float32 distances; exact beside the surface, interpolated elsewhere.
    """
    spacing = max(float(axis[1] - axis[0]) for axis in axes)
    if 2 * spacing > coarsest:
        places = np.indices([len(axis) for axis in axes]).reshape(3, -1)
        return _evaluate(field, axes, places, chunk).reshape([len(axis) for axis in axes])
    coarse = sample(field, [_doubled(axis) for axis in axes], coarsest, chunk)
    shape = tuple(len(axis) for axis in axes)
    values = np.ascontiguousarray(_stretched(coarse)[: shape[0], : shape[1], : shape[2]])

    near = np.abs(coarse) < 2.6 * spacing  # a block's half diagonal is 1.73 spacings
    blocks = np.zeros([n - 1 for n in coarse.shape], bool)
    for i, j, k in np.ndindex(2, 2, 2):
        blocks |= near[i : i + blocks.shape[0], j : j + blocks.shape[1], k : k + blocks.shape[2]]
    asked = blocks.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    asked = np.pad(asked, [(0, 1)] * 3, mode="edge")[: shape[0], : shape[1], : shape[2]]
    found = np.stack(np.nonzero(asked))
    values[tuple(found)] = _evaluate(field, axes, found, chunk)
    return values


def _doubled(axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return every other coordinate, going on past the end so that all are enclosed."""
    return axis[0] + 2 * (axis[1] - axis[0]) * np.arange(max(len(axis) // 2 + 1, 2))


def _evaluate(
    field: Field,
    axes: Sequence[NDArray[np.float64]],
    places: NDArray[np.intp],
    chunk: int,
) -> Distances:
    """Ask the field at (3, n) grid places."""
    values = np.empty(places.shape[1], np.float32)
    axes = [axis.astype(np.float32) for axis in axes]
    for start in range(0, len(values), chunk):
        part = slice(start, start + chunk)
        values[part] = field(
            np.stack([a[n[part]] for a, n in zip(axes, places, strict=True)], axis=1)
        )
    return values


def _stretched(coarse: Distances) -> Distances:
    """Interpolate linearly to half the spacing along each axis."""
    for axis in range(3):
        first = np.moveaxis(coarse, axis, 0)
        fine = np.empty((2 * len(first) - 1, *first.shape[1:]), np.float32)
        fine[::2] = first
        np.add(first[:-1], first[1:], out=fine[1::2])
        fine[1::2] *= 0.5
        coarse = np.moveaxis(fine, 0, axis)
    return coarse
