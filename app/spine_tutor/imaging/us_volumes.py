"""Label grids as the ultrasound kernels read them: which tissue, which structure, where skin is."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import LabelGrid


class Volumes(NamedTuple):
    """Up to three grids, from fine to coarse; what a subject has not is empty.

    Kernels take the fields apart before they loop: numba counts references whenever an array is
    taken out of a tuple, and two threads that count the same ones wait for each other.
    """

    tissues: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
    labels: tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]
    frames: NDArray[np.float64]  # (3, 6): origin in mm, then voxels a mm

    @classmethod
    def of(cls, grids: tuple[LabelGrid, ...]) -> Volumes:
        """Return a subject's grids, read-only so that mapped and owned arrays compile alike.

        Raises:
            ValueError: if there are more than three.
        """
        missing = 3 - len(grids)
        if missing < 0:
            raise ValueError(f"{len(grids)} grids: ultrasound reads at most 3")
        nothing = LabelGrid(
            np.zeros((0, 0, 0), np.uint16), np.zeros((0, 0, 0), np.uint8), np.zeros(3), np.ones(3)
        )
        a, b, c = (*grids, *[nothing] * missing)
        return cls(
            (_readonly(a.tissues), _readonly(b.tissues), _readonly(c.tissues)),
            (_readonly(a.labels), _readonly(b.labels), _readonly(c.labels)),
            np.array([[*g.origin, *(1.0 / np.asarray(g.spacing))] for g in (a, b, c)]),
        )


def _readonly(array: NDArray) -> NDArray:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


@nb.njit(fastmath=True, _nrt=False)
def grid_at(
    t0: NDArray, t1: NDArray, t2: NDArray, frames: NDArray, x: float, y: float, z: float
) -> int:
    """Return which of three volumes decides a place, 3 outside all of them."""
    if _inside(t0, frames, 0, x, y, z):
        return 0
    if _inside(t1, frames, 1, x, y, z):
        return 1
    return 2 if _inside(t2, frames, 2, x, y, z) else 3


@nb.njit(fastmath=True, _nrt=False)
def value_at(
    v0: NDArray, v1: NDArray, v2: NDArray, frames: NDArray, x: float, y: float, z: float
) -> int:
    """Return the value of the voxel a place lies in, 0 outside: a label or a tissue code."""
    g = grid_at(v0, v1, v2, frames, x, y, z)
    if g == 0:
        return _nearest(v0, frames, 0, x, y, z)
    if g == 1:
        return _nearest(v1, frames, 1, x, y, z)
    return _nearest(v2, frames, 2, x, y, z) if g == 2 else 0


@nb.njit(fastmath=True, _nrt=False)
def tissue_run(
    t0: NDArray, t1: NDArray, t2: NDArray, frames: NDArray,
    x: float, y: float, z: float, dx: float, dy: float, dz: float,
) -> tuple[int, float]:  # fmt: skip
    """Return the tissue code at a place, and for how many mm along a direction it holds at least.

    Borders are drawn between voxels: the eight voxels around the point vote with their trilinear
    weights, which turns the steps of a slanted border into slopes and leaves sheets one voxel
    thick whole. Where all agree, the tissue holds to the end of the cell between their centres.
    """
    g = grid_at(t0, t1, t2, frames, x, y, z)
    if g == 0:
        return _vote(t0, frames, 0, x, y, z, dx, dy, dz)
    if g == 1:
        return _vote(t1, frames, 1, x, y, z, dx, dy, dz)
    if g == 2:
        return _vote(t2, frames, 2, x, y, z, dx, dy, dz)
    return 0, 0.0


@nb.njit(fastmath=True, _nrt=False)
def _inside(volume: NDArray, frames: NDArray, g: int, x: float, y: float, z: float) -> bool:
    nx, ny, nz = volume.shape
    return (
        -0.5 <= (x - frames[g, 0]) * frames[g, 3] < nx - 0.5
        and -0.5 <= (y - frames[g, 1]) * frames[g, 4] < ny - 0.5
        and -0.5 <= (z - frames[g, 2]) * frames[g, 5] < nz - 0.5
    )


@nb.njit(fastmath=True, _nrt=False)
def _nearest(volume: NDArray, frames: NDArray, g: int, x: float, y: float, z: float) -> int:
    # half a voxel up and cut off is rounding, for what lies inside
    i = int((x - frames[g, 0]) * frames[g, 3] + 0.5)
    j = int((y - frames[g, 1]) * frames[g, 4] + 0.5)
    k = int((z - frames[g, 2]) * frames[g, 5] + 0.5)
    return volume[i, j, k]


@nb.njit(fastmath=True, _nrt=False)
def _vote(
    volume: NDArray,
    frames: NDArray,
    g: int,
    x: float,
    y: float,
    z: float,
    dx: float,
    dy: float,
    dz: float,
) -> tuple[int, float]:
    nx, ny, nz = volume.shape
    fx, fy, fz = (
        (x - frames[g, 0]) * frames[g, 3],
        (y - frames[g, 1]) * frames[g, 4],
        (z - frames[g, 2]) * frames[g, 5],
    )
    i0, j0, k0 = int(np.floor(fx)), int(np.floor(fy)), int(np.floor(fz))
    u, w, t = fx - i0, fy - j0, fz - k0
    i1, j1, k1 = min(i0 + 1, nx - 1), min(j0 + 1, ny - 1), min(k0 + 1, nz - 1)
    i0, j0, k0 = max(i0, 0), max(j0, 0), max(k0, 0)
    a, b = volume[i0, j0, k0], volume[i0, j0, k1]
    c, d = volume[i0, j1, k0], volume[i0, j1, k1]
    e, f = volume[i1, j0, k0], volume[i1, j0, k1]
    h, q = volume[i1, j1, k0], volume[i1, j1, k1]
    if a == b and a == c and a == d and a == e and a == f and a == h and a == q:
        run = min(_exit(u, dx * frames[g, 3]), _exit(w, dy * frames[g, 4]))
        return a, min(run, _exit(t, dz * frames[g, 5]))
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


@nb.njit(fastmath=True, _nrt=False)
def _exit(place: float, speed: float) -> float:
    """Return how far it is from a place in [0, 1] to either end, at a speed along the way."""
    if speed > 1e-6:
        return (1.0 - place) / speed
    if speed < -1e-6:
        return -place / speed
    return 1e6


@nb.njit(cache=True, nogil=True)
def first_body(
    v: Volumes, start: NDArray[np.float64], direction: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """Return how far along each (n, 3) line its first tissue that is not air lies, NaN for none.

    Found in steps of 1 mm, then halved to a hundredth: nothing of the back is thinner.
    """
    found = np.full(len(start), np.nan)
    t0, t1, t2 = v.tissues
    frames = v.frames
    for n in range(len(start)):
        ox, oy, oz = start[n]
        dx, dy, dz = direction[n]
        for m in range(int(reach) + 1):
            x, y, z = ox + m * dx, oy + m * dy, oz + m * dz
            if tissue_run(t0, t1, t2, frames, x, y, z, dx, dy, dz)[0] == 0:
                continue
            high = float(m)
            low = max(high - 1.0, 0.0)
            while high - low > 0.01:
                s = 0.5 * (low + high)
                x, y, z = ox + s * dx, oy + s * dy, oz + s * dz
                if tissue_run(t0, t1, t2, frames, x, y, z, dx, dy, dz)[0] == 0:
                    low = s
                else:
                    high = s
            found[n] = high
            break
    return found
