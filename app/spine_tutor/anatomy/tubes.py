"""Thin nerves and vessels: a path and a radius, true even where voxels are thicker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.interpolate import PchipInterpolator

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.fields import Field

Array = NDArray[np.float64]

STEP = 0.5
"""Distance of the points of a path, mm."""
UNBROKEN = 0.87
"""Least radius, in voxels, at which a painted tube has no gap: half the diagonal of a voxel."""


@dataclass(frozen=True, eq=False)
class Tube:
    """One stretch of a thin structure.

    Attributes:
        structure: whose it is.
        path: (n, 3) world points, mm.
        radius: (n,) mm.
        into: structures it may replace beside what is free, as an artery does that enters the sac.
    """

    structure: str
    path: Array
    radius: Array
    into: tuple[str, ...] = ()

    def within(self, low: Array, high: Array) -> Tube | None:
        """Return what of it lies between two corners, from where it enters to where it leaves."""
        inside = np.flatnonzero(((self.path >= low) & (self.path <= high)).all(axis=1))
        if len(inside) < 2:
            return None
        part = slice(inside[0], inside[-1] + 1)
        return Tube(self.structure, self.path[part], self.radius[part], self.into)

    def paint(self, canvas: Canvas) -> None:
        """Paint it in one piece, thicker than it is where voxels are too coarse for it."""
        radius = np.maximum(self.radius, UNBROKEN * canvas.spacing)
        canvas.paint_tube(self.structure, self.path, radius)
        for id_ in filter(canvas.structures.__contains__, self.into):
            canvas.paint_tube(self.structure, self.path, radius, into=id_)


def tube(
    structure: str, path: Array, radius: float | Sequence[float], into: tuple[str, ...] = ()
) -> Tube:
    """Return a tube whose radius, mm, changes evenly along its path through the given ones."""
    known = np.atleast_1d(np.asarray(radius, float))
    share = np.linspace(0.0, 1.0, len(path))
    return Tube(structure, path, np.interp(share, np.linspace(0.0, 1.0, len(known)), known), into)


def smooth(points: Iterable[ArrayLike], step: float = 2.0) -> Array:
    """Return a smooth path through points, one every `step` mm."""
    known = np.asarray(list(points), float)
    chord = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(known, axis=0), axis=1))])
    return PchipInterpolator(chord, known)(np.arange(0.0, chord[-1] + 1e-9, step))


def slopes(bone: Field, points: Array) -> tuple[Array, Array]:
    """Return distances to a bone, (n,) mm, and unit vectors away from it, (n, 3)."""
    step = 0.5 * np.eye(3)
    around = np.concatenate([points, *(points + s for s in step), *(points - s for s in step)])
    distance = bone(around.astype(np.float32)).astype(float).reshape(7, len(points))
    slope = (distance[1:4] - distance[4:]).T
    return distance[0], slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-6)


def onto(bone: Field, points: ArrayLike, gap: float) -> Array:
    """Return points moved to `gap` mm off the surface of a bone, by the shortest way."""
    moved = np.array(points, float).reshape(-1, 3)
    for _ in range(12):
        distance, outward = slopes(bone, moved)
        moved += 0.8 * np.clip(gap - distance, -3.0, 3.0)[:, None] * outward
    return moved


def hugging(
    bone: Field, path: Array, gap: float, hugs: NDArray[np.bool_], ease: float = 1.0
) -> Array:
    """Return a path that lies `gap` mm off a bone where it hugs it and no nearer elsewhere.

    Args:
        bone: the bone.
        path: (n, 3) points every `STEP` mm.
        gap: mm.
        hugs: (n,) where it hugs the bone.
        ease: over what length neighbours move together, mm.
    """
    path = path.copy()
    for n in range(14):
        distance, outward = slopes(bone, path)
        short = np.where(hugs, gap - distance, np.maximum(gap - distance, 0.0))
        if np.abs(short).max() < 0.05:
            break
        shift = short[:, None] * outward
        # eased first, so that neighbours move together; true to the surface at last
        along = ease / STEP if n < 10 else 0.3 * ease / STEP
        path += 0.8 * ndimage.gaussian_filter1d(np.clip(shift, -2.0, 2.0), along, axis=0)
    return path
