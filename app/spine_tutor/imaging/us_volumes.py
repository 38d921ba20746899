"""Label grids as the ultrasound kernels read them: which tissue, which structure, where skin is."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import LabelGrid


class Volumes(NamedTuple):
    """Label grids as the kernels read them, from fine to coarse."""

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


@nb.njit(fastmath=True, inline="always")
def inside(v: Volumes, g: int, x: float, y: float, z: float) -> bool:
    """Return whether a place lies in grid `g`."""
    nx, ny, nz = v.tissues[g].shape
    return (
        -0.5 <= (x - v.origin[g, 0]) * v.inverse[g, 0] < nx - 0.5
        and -0.5 <= (y - v.origin[g, 1]) * v.inverse[g, 1] < ny - 0.5
        and -0.5 <= (z - v.origin[g, 2]) * v.inverse[g, 2] < nz - 0.5
    )


@nb.njit(fastmath=True)
def tissue_at(v: Volumes, x: float, y: float, z: float) -> int:
    """Return the tissue code at a place; see `tissue_run`."""
    return tissue_run(v, x, y, z, 0.0, 0.0, 0.0)[0]


@nb.njit(fastmath=True)
def tissue_run(
    v: Volumes, x: float, y: float, z: float, dx: float, dy: float, dz: float
) -> tuple[int, float]:
    """Return the tissue code at a place, and for how many mm along a direction it holds at least.

    Borders are drawn between voxels: the eight voxels around the point vote with their trilinear weights, which turns the steps
    of a slanted border into slopes and leaves sheets one voxel thick whole. Where all agree, the
    tissue holds to the end of the cell between their centres.
    """
    for g in range(len(v.tissues)):
        volume = v.tissues[g]
        fx = (x - v.origin[g, 0]) * v.inverse[g, 0]
        fy = (y - v.origin[g, 1]) * v.inverse[g, 1]
        fz = (z - v.origin[g, 2]) * v.inverse[g, 2]
        if not inside(v, g, x, y, z):
            continue
        nx, ny, nz = volume.shape
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
        codes = (a, b, c, d, e, f, h, q)
        shares = (
            (1 - u) * (1 - w) * (1 - t), (1 - u) * (1 - w) * t,
            (1 - u) * w * (1 - t), (1 - u) * w * t,
            u * (1 - w) * (1 - t), u * (1 - w) * t,
            u * w * (1 - t), u * w * t,
        )  # fmt: skip
        best, most = a, -1.0
        for m in range(8):
            share = 0.0
            for n in range(8):
                if codes[n] == codes[m]:
                    share += shares[n]
            if share > most:
                best, most = codes[m], share
        return best, 0.0
    return 0, 0.0


@nb.njit(fastmath=True, inline="always")
def _exit(place: float, speed: float) -> float:
    """Return how far it is from a place in [0, 1] to either end, at a speed along the way."""
    if speed > 1e-6:
        return (1.0 - place) / speed
    if speed < -1e-6:
        return -place / speed
    return 1e6


@nb.njit(fastmath=True, inline="always")
def label_at(v: Volumes, x: float, y: float, z: float) -> int:
    """Return the structure label of the voxel a place lies in, 0 outside every grid."""
    return _nearest(v, v.labels, x, y, z)


@nb.njit(fastmath=True, inline="always")
def voxel_tissue_at(v: Volumes, x: float, y: float, z: float) -> int:
    """Return the tissue code of the voxel a place lies in, air outside every grid."""
    return _nearest(v, v.tissues, x, y, z)


@nb.njit(fastmath=True, inline="always")
def _nearest(v: Volumes, volumes: tuple, x: float, y: float, z: float) -> int:
    for g in range(len(volumes)):
        volume = volumes[g]
        # half a voxel up and cut off is rounding, for what lies inside
        fx = (x - v.origin[g, 0]) * v.inverse[g, 0] + 0.5
        fy = (y - v.origin[g, 1]) * v.inverse[g, 1] + 0.5
        fz = (z - v.origin[g, 2]) * v.inverse[g, 2] + 0.5
        nx, ny, nz = volume.shape
        if 0.0 <= fx < nx and 0.0 <= fy < ny and 0.0 <= fz < nz:
            return volume[int(fx), int(fy), int(fz)]
    return 0


@nb.njit(cache=True, nogil=True)
def first_body(
    v: Volumes, start: NDArray[np.float64], direction: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """Return how far along each (n, 3) line its first tissue that is not air lies, NaN for none.

    Found in steps of 1 mm, then halved to a hundredth: nothing of the back is thinner.
    """
    found = np.full(len(start), np.nan)
    for n in range(len(start)):
        ox, oy, oz = start[n]
        dx, dy, dz = direction[n]
        for m in range(int(reach) + 1):
            if tissue_at(v, ox + m * dx, oy + m * dy, oz + m * dz) == 0:
                continue
            high = float(m)
            low = max(high - 1.0, 0.0)
            while high - low > 0.01:
                s = 0.5 * (low + high)
                if tissue_at(v, ox + s * dx, oy + s * dy, oz + s * dz) == 0:
                    low = s
                else:
                    high = s
            found[n] = high
            break
    return found
