"""Solids of cut cylinders, and how much of a straight line lies in one: exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.kernels import one_at_a_time

Array = NDArray[np.float64]


def half_space(point: ArrayLike, outward: ArrayLike) -> Array:
    """Return (4,) the plane through a point, as a unit normal and how far it lies along it.

    What lies behind it, seen along `outward`, belongs to the solid.
    """
    normal = np.asarray(outward, float) / np.linalg.norm(outward)
    return np.array([*normal, float(normal @ np.asarray(point, float))])


def cylinder(point: ArrayLike, axis: ArrayLike, radius: float, planes: Sequence[Array]) -> Array:
    """Return one piece, (7 + 4 · planes,): a cylinder without end that planes cut."""
    return np.concatenate([np.asarray(point, float), np.asarray(axis, float), [radius], *planes])


@dataclass(frozen=True, eq=False)
class Solid:
    """Convex pieces that do not overlap.

    Attributes:
        pieces: (pieces, 15) point, axis, radius and two half-spaces of each.
    """

    pieces: Array

    @classmethod
    def of(cls, pieces: Sequence[Array]) -> Solid:
        """Return the solid of pieces that `cylinder` made, each cut by two planes."""
        return cls(np.ascontiguousarray(pieces, float))

    def lengths(self, start: ArrayLike, end: ArrayLike) -> Array:
        """Return how many mm of each segment lie in the solid.

        Args:
            start: (..., 3) one end of each segment, world, mm.
            end: (..., 3) the other; both are broadcast against each other.
        """
        start, end = np.broadcast_arrays(np.asarray(start, float), np.asarray(end, float))
        found = np.zeros(start.shape[:-1])
        _lengths(
            self.pieces,
            np.array(start.reshape(-1, 3), order="C"),
            np.array(end.reshape(-1, 3), order="C"),
            found.reshape(-1),
        )
        return found

    def span(self, start: ArrayLike, end: ArrayLike) -> tuple[float, float]:
        """Return where on a segment the solid is entered and how much of it lies within, mm."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        way = end - start
        total = float(np.linalg.norm(way))
        first, inside = np.inf, 0.0
        for piece in self.pieces:
            a, b = _interval(piece, *start, *(way / total), total)
            if b > a:
                first, inside = min(first, a), inside + b - a
        return float(first), inside


@one_at_a_time
@nb.njit(cache=True, parallel=True)
def _lengths(pieces, start, end, found):  # type: ignore[no-untyped-def]
    for n in nb.prange(len(start)):
        dx, dy, dz = end[n, 0] - start[n, 0], end[n, 1] - start[n, 1], end[n, 2] - start[n, 2]
        total = np.sqrt(dx * dx + dy * dy + dz * dz)
        if total == 0.0:
            continue
        for p in range(len(pieces)):
            a, b = _interval(
                pieces[p], start[n, 0], start[n, 1], start[n, 2],
                dx / total, dy / total, dz / total, total,
            )  # fmt: skip
            if b > a:
                found[n] += b - a


@nb.njit(cache=True)
def _interval(piece, x, y, z, dx, dy, dz, total):  # type: ignore[no-untyped-def]
    """Return from where to where a line lies in a piece, mm; nowhere if the second is not larger.

    With w from the piece's point to the line's start and u the axis, the line meets the cylinder
    where |w + t d|² − ((w + t d)·u)² = r²; each plane n·x ≤ c then cuts what is left.
    """
    wx, wy, wz = x - piece[0], y - piece[1], z - piece[2]
    ux, uy, uz = piece[3], piece[4], piece[5]
    wu, du = wx * ux + wy * uy + wz * uz, dx * ux + dy * uy + dz * uz
    a = 1.0 - du * du
    half_b = wx * dx + wy * dy + wz * dz - wu * du
    c = wx * wx + wy * wy + wz * wz - wu * wu - piece[6] * piece[6]
    low, high = 0.0, total
    if a > 1e-12:
        inside = half_b * half_b - a * c
        if inside <= 0.0:
            return 0.0, -1.0
        root = np.sqrt(inside)
        low, high = max(low, (-half_b - root) / a), min(high, (-half_b + root) / a)
    elif c > 0.0:
        return 0.0, -1.0
    for p in range(7, len(piece), 4):
        along = piece[p] * dx + piece[p + 1] * dy + piece[p + 2] * dz
        room = piece[p + 3] - (piece[p] * x + piece[p + 1] * y + piece[p + 2] * z)
        if along > 1e-12:
            high = min(high, room / along)
        elif along < -1e-12:
            low = max(low, room / along)
        elif room < 0.0:
            return 0.0, -1.0
    return low, high
