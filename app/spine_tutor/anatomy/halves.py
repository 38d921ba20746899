"""Solids known on one half of the body, mirrored to the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from spine_tutor.anatomy.canvas import Solid
from spine_tutor.anatomy.trunk_outlines import Lattice


def on_side(solid: Solid, side: str) -> Solid:
    """Return a solid of the right half on a side."""
    if side == "right":
        return solid
    origin = solid.origin.copy()
    origin[0] = -origin[0] - (solid.values.shape[0] - 1) * solid.spacing
    return Solid(np.ascontiguousarray(solid.values[::-1]), origin, solid.spacing)


def on_both(right: Solid, left: Solid | None = None) -> Solid:
    """Return a solid of the right half together with a mirror image, its own by default.

    Their lattice begins at the midline.
    """
    mirrored = on_side(left or right, "left")
    values = np.concatenate([mirrored.values[:-1], right.values])
    return Solid(values, mirrored.origin, right.spacing)


def solid_on(lattice: Lattice, values: ArrayLike) -> Solid:
    """Return the solid of distances, mm, that broadcast over a lattice."""
    full = np.broadcast_to(np.asarray(values, np.float32), lattice.shape)
    return Solid(np.ascontiguousarray(full), lattice.origin, lattice.spacing)


def cropped(solid: Solid) -> Solid:
    """Return a solid without the part of its lattice that is far outside it."""
    inside = solid.values < 2.0 * solid.spacing
    spans = [np.flatnonzero(inside.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    if not len(spans[0]):
        return solid
    first = [max(int(span[0]) - 1, 0) for span in spans]
    part = tuple(slice(a, int(span[-1]) + 2) for a, span in zip(first, spans, strict=True))
    origin = solid.origin + solid.spacing * np.array(first)
    return Solid(solid.values[part].copy(), origin, solid.spacing)


def signed_distance(inside: NDArray[np.bool_], spacing: float) -> NDArray[np.float32]:
    """Return the distance to the surface of a solid however far it is, mm, negative inside.

    It is smoothed over the voxels, so that its own surface may be a voxel off. The solid goes on
    beyond its first slice as its mirror image, which is never nearer than the solid itself.
    """
    away = ndimage.distance_transform_edt(~inside, spacing)
    away -= ndimage.distance_transform_edt(inside, spacing)
    distance: NDArray[np.float32] = ndimage.gaussian_filter(
        away.astype(np.float32), 1.2, mode=("mirror", "reflect", "reflect")
    )
    return distance


def true_distance(values: NDArray[np.floating], spacing: float) -> NDArray[np.float32]:
    """Return values that are zero on a surface divided by their slope: distances near it, mm."""
    values = np.asarray(values, np.float32)
    slope = np.sqrt(sum(g * g for g in np.gradient(values, spacing)))
    distance: NDArray[np.float32] = values / np.clip(slope, 0.4, 8.0)
    return distance
