"""Sampling a subject on points and planes: fast, parallel, with partial volume.

`sample` and `plane_labels` give the nearest voxel, as names need it. `plane_average` gives the
mean of a value per tissue over a slice's thickness, interpolated between voxels, as a scanner
that measures such a mean does. All agree with `Subject.sample`: the finest grid that holds a
point decides.
"""

from __future__ import annotations

from typing import Protocol

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.kernels import one_at_a_time


class Lattice(Protocol):
    """Where voxels lie."""

    @property
    def origin(self) -> NDArray[np.float64]:
        """Return the (3,) world position of the first voxel's centre, mm."""

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Return the (3,) voxel size, mm."""


STEP_SHARE = 1.0
"""Distance between the sub-slices that a slice is averaged over, in voxels of the finest grid. At
one voxel, interpolation gives every voxel within the slice the same weight."""


def sample(subject: Subject, points: ArrayLike) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Return the structure label and tissue code at world points, as `Subject.sample` does.

    Args:
        subject: the body.
        points: (..., 3) world positions, mm.

    Returns:
        (...) uint16 labels and (...) uint8 tissues; 0 outside every grid.
    """
    points = np.asarray(points, float)
    flat = np.ascontiguousarray(points.reshape(-1, 3))
    labels = np.zeros(len(flat), np.uint16)
    tissues = np.zeros(len(flat), np.uint8)
    for grid in reversed(subject.grids):  # coarse first: the finest has the last word
        _nearest(grid.labels, grid.tissues, *_axes(grid), flat, labels, tissues)
    return labels.reshape(points.shape[:-1]), tissues.reshape(points.shape[:-1])


def plane_labels(
    subject: Subject, geometry: PlaneGeometry
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Return the structure label and tissue code of each pixel, in the middle of the slice."""
    return sample(subject, geometry.points())


def plane_average(
    subject: Subject, geometry: PlaneGeometry, thickness: float, values: ArrayLike
) -> NDArray[np.float32]:
    """Return the mean of tissue values over a slice, with partial volume.

    Args:
        subject: the body.
        geometry: where the slice lies; its middle.
        thickness: mm, positive; 0.0 for the plane itself.
        values: (tissues,) or (tissues, channels), the value of each tissue code.

    Returns:
        (rows, columns) or (rows, columns, channels) float32; air outside every grid.

    Raises:
        ValueError: if the thickness is negative or not finite.
    """
    values = np.asarray(values, np.float32)
    table = values.reshape(len(values), -1)
    offsets = _sub_slices(thickness, min(float(min(g.spacing)) for g in subject.grids))
    rows, columns = geometry.shape
    total = np.zeros((rows, columns, table.shape[1]), np.float32)
    hits = np.zeros((rows, columns), np.int32)
    lines = _frame(geometry)
    for n, grid in enumerate(subject.grids):
        finer = np.array([g.bounds for g in subject.grids[:n]]).reshape(-1, 2, 3)
        _mean_tissue(grid.tissues, *_axes(grid), finer, *lines, offsets, table, total, hits)
    total += (len(offsets) - hits)[..., None] * table[0]  # air where no grid is
    total /= np.float32(len(offsets))
    return total.reshape(rows, columns, *values.shape[1:])


def plane_volume(
    volume: NDArray[np.int16] | NDArray[np.float32],
    grid: Lattice,
    geometry: PlaneGeometry,
    thickness: float,
    outside: float,
) -> NDArray[np.float32]:
    """Return the mean of a measured volume over a slice, (rows, columns) float32.

    Args:
        volume: (nx, ny, nz) values.
        grid: where its voxels lie.
        geometry, thickness: the slice, as for `plane_average`.
        outside: the value where the volume ends.
    """
    offsets = _sub_slices(thickness, float(min(grid.spacing)))
    result = np.empty(geometry.shape, np.float32)
    _mean_volume(volume, *_axes(grid), *_frame(geometry), offsets, np.float32(outside), result)
    return result


def _sub_slices(thickness: float, voxel: float) -> NDArray[np.float64]:
    """Return where along the normal a slice is sampled: the middles of equal sub-slices, mm."""
    if not (np.isfinite(thickness) and thickness >= 0):
        raise ValueError(f"thickness {thickness} mm must be finite and not negative")
    count = max(1, int(np.ceil(thickness / (STEP_SHARE * voxel))))
    return thickness * ((np.arange(count) + 0.5) / count - 0.5)


def _axes(grid: Lattice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.asarray(grid.origin, float), 1.0 / np.asarray(grid.spacing, float)


def _frame(geometry: PlaneGeometry) -> tuple[NDArray[np.float64], ...]:
    """Return origin, step down, step right and normal of a picture, mm."""
    step = geometry.spacing
    return (
        np.asarray(geometry.origin, float),
        geometry.down * step,
        geometry.right * step,
        geometry.normal,
    )


@one_at_a_time
@nb.njit(parallel=True, cache=True)
def _nearest(labels, tissues, origin, per_mm, points, label_out, tissue_out):  # type: ignore[no-untyped-def]
    nx, ny, nz = labels.shape
    for n in nb.prange(len(points)):
        i = int(np.rint((points[n, 0] - origin[0]) * per_mm[0]))
        j = int(np.rint((points[n, 1] - origin[1]) * per_mm[1]))
        k = int(np.rint((points[n, 2] - origin[2]) * per_mm[2]))
        if 0 <= i < nx and 0 <= j < ny and 0 <= k < nz:
            label_out[n] = labels[i, j, k]
            tissue_out[n] = tissues[i, j, k]


@nb.njit(inline="always")
def _cell(x, n):  # type: ignore[no-untyped-def]
    """Return the lower and upper voxel around a place on one axis and the weight of the upper."""
    x = min(max(x, 0.0), n - 1.0)
    i = min(int(x), max(n - 2, 0))
    return i, min(i + 1, n - 1), np.float32(x - i)


@one_at_a_time
@nb.njit(parallel=True, cache=True)
def _mean_tissue(  # type: ignore[no-untyped-def]
    tissues, origin, per_mm, finer, corner, down, right, normal, offsets, values, total, hits
):
    for r in nb.prange(total.shape[0]):
        _mean_row(
            tissues,
            origin,
            per_mm,
            finer,
            corner,
            down,
            right,
            normal,
            offsets,
            values,
            total,
            hits,
            r,
        )


@nb.njit(cache=True, fastmath=True)
def _mean_row(  # type: ignore[no-untyped-def]
    tissues, origin, per_mm, finer, corner, down, right, normal, offsets, values, total, hits, r
):
    nx, ny, nz = tissues.shape
    channels = values.shape[1]
    for c in range(total.shape[1]):
        for offset in offsets:
            wx = corner[0] + r * down[0] + c * right[0] + offset * normal[0]
            wy = corner[1] + r * down[1] + c * right[1] + offset * normal[1]
            wz = corner[2] + r * down[2] + c * right[2] + offset * normal[2]
            x = (wx - origin[0]) * per_mm[0]
            y = (wy - origin[1]) * per_mm[1]
            z = (wz - origin[2]) * per_mm[2]
            if not (-0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5 and -0.5 <= z < nz - 0.5):
                continue
            taken = False
            for f in range(finer.shape[0]):
                # element by element: a slice of an array costs more here than the whole pixel
                taken = taken or (
                    finer[f, 0, 0] <= wx < finer[f, 1, 0]
                    and finer[f, 0, 1] <= wy < finer[f, 1, 1]
                    and finer[f, 0, 2] <= wz < finer[f, 1, 2]
                )
            if taken:
                continue
            hits[r, c] += 1
            i0, i1, fx = _cell(x, nx)
            j0, j1, fy = _cell(y, ny)
            k0, k1, fz = _cell(z, nz)
            corners = (
                tissues[i0, j0, k0],
                tissues[i0, j0, k1],
                tissues[i0, j1, k0],
                tissues[i0, j1, k1],
                tissues[i1, j0, k0],
                tissues[i1, j0, k1],
                tissues[i1, j1, k0],
                tissues[i1, j1, k1],
            )
            same = True
            for t in corners:
                same = same and t == corners[0]
            if same:  # the inside of a tissue, which is nearly everywhere
                for m in range(channels):
                    total[r, c, m] += values[corners[0], m]
                continue
            one = np.float32(1.0)
            gx, gy, gz = one - fx, one - fy, one - fz
            weights = (
                gx * gy * gz,
                gx * gy * fz,
                gx * fy * gz,
                gx * fy * fz,
                fx * gy * gz,
                fx * gy * fz,
                fx * fy * gz,
                fx * fy * fz,
            )
            for n in range(8):
                for m in range(channels):
                    total[r, c, m] += weights[n] * values[corners[n], m]


@one_at_a_time
@nb.njit(parallel=True, cache=True, fastmath=True)
def _mean_volume(  # type: ignore[no-untyped-def]
    volume, origin, per_mm, corner, down, right, normal, offsets, outside, result
):
    nx, ny, nz = volume.shape
    for r in nb.prange(result.shape[0]):
        for c in range(result.shape[1]):
            total = np.float32(0.0)
            for offset in offsets:
                x = corner[0] + r * down[0] + c * right[0] + offset * normal[0] - origin[0]
                y = corner[1] + r * down[1] + c * right[1] + offset * normal[1] - origin[1]
                z = corner[2] + r * down[2] + c * right[2] + offset * normal[2] - origin[2]
                x, y, z = x * per_mm[0], y * per_mm[1], z * per_mm[2]
                if not (-0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5 and -0.5 <= z < nz - 0.5):
                    total += outside
                    continue
                i0, i1, fx = _cell(x, nx)
                j0, j1, fy = _cell(y, ny)
                k0, k1, fz = _cell(z, nz)
                a = volume[i0, j0, k0] * (1 - fz) + volume[i0, j0, k1] * fz
                b = volume[i0, j1, k0] * (1 - fz) + volume[i0, j1, k1] * fz
                p = volume[i1, j0, k0] * (1 - fz) + volume[i1, j0, k1] * fz
                q = volume[i1, j1, k0] * (1 - fz) + volume[i1, j1, k1] * fz
                total += (a * (1 - fy) + b * fy) * (1 - fx) + (p * (1 - fy) + q * fy) * fx
            result[r, c] = total / len(offsets)
