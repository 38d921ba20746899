"""A field asked once on a lattice, and looked up from then on."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.fields import FAR, Distances, Field, Points


def tabulated(field: Field, low: ArrayLike, high: ArrayLike, spacing: float = 1.0) -> Field:
    """Return a field's values between lattice points, made true distances near its surface.

    What overstates a distance, such as a section that shrinks along its axis, is divided by the
    slope found on the lattice. Outside the box the field is `FAR`; the box must reach beyond the
    shape by more than any blend that it takes part in.

    Args:
        field: smooth at the size of `spacing`.
        low, high: corners of the lattice, mm.
        spacing: mm.
    """
    start, end = np.asarray(low, float), np.asarray(high, float)
    axes = [np.arange(a, b + spacing, spacing) for a, b in zip(start, end, strict=True)]
    shape = tuple(len(axis) for axis in axes)
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    values = field(points).reshape(shape)
    slope = np.sqrt(sum(g * g for g in np.gradient(values, spacing)))
    values = (values / np.clip(slope, 0.6, 2.0)).astype(np.float32)
    origin = start.astype(np.float32)

    def look_up(points: Points) -> Distances:
        return _look_up(np.ascontiguousarray(points, np.float32), values, origin, spacing)

    return look_up


@njit(nogil=True, cache=True, error_model="numpy")
def _look_up(
    points: Points, values: NDArray[np.float32], origin: NDArray[np.float32], spacing: float
) -> Distances:
    nx, ny, nz = values.shape
    found = np.empty(len(points), np.float32)
    one, per = np.float32(1), np.float32(1 / spacing)
    for n in range(len(points)):
        a = (points[n, 0] - origin[0]) * per
        b = (points[n, 1] - origin[1]) * per
        c = (points[n, 2] - origin[2]) * per
        if not (0 <= a < nx - 1 and 0 <= b < ny - 1 and 0 <= c < nz - 1):
            found[n] = FAR
            continue
        i, j, k = int(a), int(b), int(c)
        a, b, c = a - np.float32(i), b - np.float32(j), c - np.float32(k)
        low = (one - b) * (values[i, j, k] * (one - c) + values[i, j, k + 1] * c) + b * (
            values[i, j + 1, k] * (one - c) + values[i, j + 1, k + 1] * c
        )
        i += 1
        high = (one - b) * (values[i, j, k] * (one - c) + values[i, j, k + 1] * c) + b * (
            values[i, j + 1, k] * (one - c) + values[i, j + 1, k + 1] * c
        )
        found[n] = low + a * (high - low)
    return found
