"""Label grids as the ultrasound kernels read them: which tissue, which structure, where skin."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import LabelGrid

KERNEL = {"fastmath": True, "error_model": "numpy", "_nrt": False}
"""How kernels that read `Volumes` are compiled. They allocate nothing, so numba need not count
references; counting them would cost fifty times the reading, since the grids are shared by all
threads."""


class Volumes(NamedTuple):
    """Label grids, from fine to coarse."""

    tissues: tuple[NDArray[np.uint8], ...]
    labels: tuple[NDArray[np.uint16], ...]
    origin: NDArray[np.float64]  # (grids, 3) mm
    inverse: NDArray[np.float64]  # (grids, 3) voxels a mm

    @classmethod
    def of(cls, grids: tuple[LabelGrid, ...]) -> Volumes:
        """Return the grids' arrays, read-only so that mapped and owned ones compile alike."""
        return cls(
            tuple(_readonly(g.tissues) for g in grids),
            tuple(_readonly(g.labels) for g in grids),
            np.array([g.origin for g in grids], float),
            1.0 / np.array([g.spacing for g in grids], float),
        )


def _readonly(array: NDArray) -> NDArray:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


@nb.njit(**KERNEL)
def grid_at(v: Volumes, x: float, y: float, z: float) -> int:
    """Return which grid decides a place: the first that holds it; -1 outside all."""
    for g in range(len(v.tissues)):
        nx, ny, nz = v.tissues[g].shape
        if (
            -0.5 <= (x - v.origin[g, 0]) * v.inverse[g, 0] < nx - 0.5
            and -0.5 <= (y - v.origin[g, 1]) * v.inverse[g, 1] < ny - 0.5
            and -0.5 <= (z - v.origin[g, 2]) * v.inverse[g, 2] < nz - 0.5
        ):
            return g
    return -1


@nb.njit(**KERNEL)
def voxel_at(v: Volumes, g: int, x: float, y: float, z: float) -> tuple[int, int, int]:
    """Return the voxel of grid `g` that a place inside it lies in."""
    # half a voxel up and cut off is rounding
    return (
        int((x - v.origin[g, 0]) * v.inverse[g, 0] + 0.5),
        int((y - v.origin[g, 1]) * v.inverse[g, 1] + 0.5),
        int((z - v.origin[g, 2]) * v.inverse[g, 2] + 0.5),
    )


@nb.njit(**KERNEL)
def label_at(v: Volumes, x: float, y: float, z: float) -> int:
    """Return the structure label of the voxel a place lies in, 0 outside every grid."""
    g = grid_at(v, x, y, z)
    return v.labels[g][voxel_at(v, g, x, y, z)] if g >= 0 else 0


@nb.njit(**KERNEL)
def voxel_tissue_at(v: Volumes, x: float, y: float, z: float) -> int:
    """Return the tissue code of the voxel a place lies in, air outside every grid."""
    g = grid_at(v, x, y, z)
    return v.tissues[g][voxel_at(v, g, x, y, z)] if g >= 0 else 0


@nb.njit(**KERNEL)
def inner_gas_at(v: Volumes, x: float, y: float, z: float) -> bool:
    """Return whether a place lies in gas that belongs to a structure, as in a trachea."""
    return voxel_tissue_at(v, x, y, z) == 0 and label_at(v, x, y, z) != 0


@nb.njit(**KERNEL)
def tissue_run(
    v: Volumes, x: float, y: float, z: float, dx: float, dy: float, dz: float
) -> tuple[int, float]:
    """Return the tissue code at a place, and for how many mm along a direction it holds at least.

    Borders are drawn between voxels: the eight voxels around the point vote with their trilinear
    weights, which turns the steps of a slanted border into slopes and leaves sheets one voxel
    thick whole. Where all agree, the tissue holds to the end of the cell between their centres.
    """
    g = grid_at(v, x, y, z)
    if g < 0:
        return 0, 0.0
    volume = v.tissues[g]
    nx, ny, nz = volume.shape
    fx = (x - v.origin[g, 0]) * v.inverse[g, 0]
    fy = (y - v.origin[g, 1]) * v.inverse[g, 1]
    fz = (z - v.origin[g, 2]) * v.inverse[g, 2]
    i0, j0, k0 = int(np.floor(fx)), int(np.floor(fy)), int(np.floor(fz))
    u, w, t = fx - i0, fy - j0, fz - k0
    i1, j1, k1 = min(i0 + 1, nx - 1), min(j0 + 1, ny - 1), min(k0 + 1, nz - 1)
    i0, j0, k0 = max(i0, 0), max(j0, 0), max(k0, 0)
    a, b = volume[i0, j0, k0], volume[i0, j0, k1]
    c, d = volume[i0, j1, k0], volume[i0, j1, k1]
    e, f = volume[i1, j0, k0], volume[i1, j0, k1]
    h, q = volume[i1, j1, k0], volume[i1, j1, k1]
    if a == b and a == c and a == d and a == e and a == f and a == h and a == q:
        run = min(_exit(u, dx * v.inverse[g, 0]), _exit(w, dy * v.inverse[g, 1]))
        return a, min(run, _exit(t, dz * v.inverse[g, 2]))
    best, most = a, -1.0
    for code in (a, b, c, d, e, f, h, q):
        share = (1 - u) * (
            (1 - w) * ((1 - t) * (a == code) + t * (b == code))
            + w * ((1 - t) * (c == code) + t * (d == code))
        ) + u * (
            (1 - w) * ((1 - t) * (e == code) + t * (f == code))
            + w * ((1 - t) * (h == code) + t * (q == code))
        )
        if share > most:
            best, most = code, share
    return best, 0.0


@nb.njit(**KERNEL)
def _exit(place: float, speed: float) -> float:
    """Return how far it is from a place in [0, 1] to either end, at a speed along the way."""
    if speed > 1e-6:
        return (1.0 - place) / speed
    if speed < -1e-6:
        return -place / speed
    return 1e6


def first_body(
    v: Volumes, start: NDArray[np.float64], direction: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """Return how far along each (n, 3) line its first tissue that is not air lies, NaN for none.

    Found in steps of 1 mm, then halved to a hundredth: nothing of the back is thinner.
    """
    found = np.full(len(start), np.nan)
    _first_body(v, start, direction, reach, found)
    return found


@nb.njit(cache=True, nogil=True, _nrt=False)
def _first_body(
    v: Volumes, start: NDArray, direction: NDArray, reach: float, found: NDArray
) -> None:
    for n in range(len(start)):
        ox, oy, oz = start[n, 0], start[n, 1], start[n, 2]
        dx, dy, dz = direction[n, 0], direction[n, 1], direction[n, 2]
        for m in range(int(reach) + 1):
            if tissue_run(v, ox + m * dx, oy + m * dy, oz + m * dz, dx, dy, dz)[0] == 0:
                continue
            high = float(m)
            low = max(high - 1.0, 0.0)
            while high - low > 0.01:
                s = 0.5 * (low + high)
                if tissue_run(v, ox + s * dx, oy + s * dy, oz + s * dz, dx, dy, dz)[0] == 0:
                    low = s
                else:
                    high = s
            found[n] = high
            break
