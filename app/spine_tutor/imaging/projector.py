"""Line integrals of a volume along the rays of a cone: a fast way and a readable reference.

The fast way is Joseph's (1982, IEEE Trans Med Imaging 1:192): along its main axis a ray is
sampled once in every plane of voxels, interpolated between the four nearest. It leaps over empty
space by a map of how far the next block with anything in it is. `reference_integrals` samples a
ray finely and interpolates between the eight nearest voxels; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_cdt

from spine_tutor.imaging.geometry import ConeGeometry

BLOCK = 4
"""Side of the blocks of the map of empty space, voxels."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Something per mm on a grid whose axes are the world's.

    Attributes:
        values: (nx, ny, nz) uint16 or float32, in units of `scale`.
        origin, spacing: (3,) position of the first voxel's centre and voxel size, mm.
        scale: what one unit of `values` stands for.
    """

    values: NDArray[np.uint16] | NDArray[np.float32]
    origin: NDArray[np.float64]
    spacing: NDArray[np.float64]
    scale: float = 1.0

    @cached_property
    def leaps(self) -> NDArray[np.uint8]:
        """Return for each block the distance to the next that is not empty, in blocks.

        A block next to a filled one counts as filled, since interpolation reaches into it.
        """
        shape = [-(-n // BLOCK) for n in self.values.shape]
        filled = np.zeros(shape, np.bool_)
        _find_filled(self.values, filled)
        if filled.all():
            return np.zeros(shape, np.uint8)
        if not filled.any():
            return np.full(shape, 255, np.uint8)
        distance = distance_transform_cdt(~filled, metric="chessboard")
        return np.clip(distance - 1, 0, 255).astype(np.uint8)


def line_integrals(volume: Volume, geometry: ConeGeometry) -> NDArray[np.float32]:
    """Return the integral of a volume along each pixel's ray, (rows, columns) float32 · mm.

    Args:
        volume: what is integrated; it is nothing outside its voxels.
        geometry: the cone; only what lies between source and detector counts.
    """
    result = np.zeros(geometry.shape, np.float32)
    _joseph(volume.values, volume.leaps, *_in_voxels(volume, geometry), volume.spacing, result)
    result *= np.float32(volume.scale)
    return result


def reference_integrals(
    volume: Volume, geometry: ConeGeometry, step: float
) -> NDArray[np.float64]:
    """Return the same by sampling each ray every `step` mm: slow, and plain to read."""
    from scipy.ndimage import map_coordinates

    rows, columns = geometry.shape
    result = np.zeros(geometry.shape)
    values = np.pad(np.asarray(volume.values, float), 1)
    for r in range(rows):
        for c in range(columns):
            start, end = geometry.ray(r, c)
            length = float(np.linalg.norm(end - start))
            t = (np.arange(int(length / step)) + 0.5) * step / length
            points = start + t[:, None] * (end - start)
            places = (points - volume.origin) / volume.spacing + 1
            result[r, c] = map_coordinates(values, places.T, order=1).sum() * step
    return result * volume.scale


def _in_voxels(volume: Volume, geometry: ConeGeometry) -> tuple[NDArray[np.float64], ...]:
    """Return source, detector corner, step down and step right in voxels of the volume."""
    return (
        (geometry.source - volume.origin) / volume.spacing,
        (geometry.origin - volume.origin) / volume.spacing,
        geometry.spacing * geometry.down / volume.spacing,
        geometry.spacing * geometry.right / volume.spacing,
    )


@nb.njit(cache=True, parallel=True)
def _find_filled(values, filled):  # type: ignore[no-untyped-def]
    nx, ny, nz = values.shape
    for i in nb.prange(filled.shape[0]):
        for x in range(i * BLOCK, min((i + 1) * BLOCK, nx)):
            for y in range(ny):
                for z in range(nz):
                    if values[x, y, z] != 0:
                        filled[i, y // BLOCK, z // BLOCK] = True


@nb.njit(cache=True, parallel=True, fastmath=True)
def _joseph(values, leaps, source, corner, down, right, spacing, result):  # type: ignore[no-untyped-def]
    rows, columns = result.shape
    tile = 8  # neighbouring rays read neighbouring voxels
    across = (columns + tile - 1) // tile
    for n in nb.prange(((rows + tile - 1) // tile) * across):
        r0, c0 = tile * (n // across), tile * (n % across)
        for r in range(r0, min(r0 + tile, rows)):
            for c in range(c0, min(c0 + tile, columns)):
                result[r, c] = _ray(values, leaps, source, corner + r * down + c * right, spacing)


@nb.njit(inline="always")
def _clip(start, way, low, high, t0, t1):  # type: ignore[no-untyped-def]
    """Return the part of [t0, t1] in which start + t·way lies between low and high."""
    if abs(way) < 1e-12:
        return (t0, t1) if low <= start <= high else (1.0, 0.0)
    a, b = (low - start) / way, (high - start) / way
    return max(t0, min(a, b)), min(t1, max(a, b))


@nb.njit(inline="always")
def _sample(values, a, b, main, pa, pb, m):  # type: ignore[no-untyped-def]
    """Return plane `m` at (pa, pb), half a voxel over the edges included."""
    shape = values.shape
    flat = values.ravel()
    ia, ib = int(np.floor(pa)), int(np.floor(pb))
    total = 0.0
    for da in range(2):
        for db in range(2):
            if 0 <= ia + da < shape[a] and 0 <= ib + db < shape[b]:
                wa = pa - ia if da else 1.0 - pa + ia
                wb = pb - ib if db else 1.0 - pb + ib
                at = (ia + da) * _stride(shape, a) + (ib + db) * _stride(shape, b)
                total += wa * wb * flat[at + m * _stride(shape, main)]
    return total


@nb.njit(cache=True, fastmath=True)
def _ray(values, leaps, source, end, spacing):  # type: ignore[no-untyped-def]
    way = end - source
    main = 0
    if abs(way[1]) > abs(way[main]):
        main = 1
    if abs(way[2]) > abs(way[main]):
        main = 2
    a = (main + 1) % 3  # the two axes across; no ray runs faster along them than along `main`
    b = (main + 2) % 3
    shape = values.shape
    slope_a, slope_b = way[a] / way[main], way[b] / way[main]
    start_a = source[a] - source[main] * slope_a
    start_b = source[b] - source[main] * slope_b
    begin, stop = min(source[main], end[main]), max(source[main], end[main])
    begin, stop = max(begin, 0.0), min(stop, shape[main] - 1.0)
    # planes where the ray is over the volume at all, and where it is between four of its voxels
    reach0, reach1 = _clip(start_a, slope_a, -1.0, float(shape[a]), begin, stop)
    reach0, reach1 = _clip(start_b, slope_b, -1.0, float(shape[b]), reach0, reach1)
    inner0, inner1 = _clip(start_a, slope_a, 0.0, shape[a] - 1.001, begin, stop)
    inner0, inner1 = _clip(start_b, slope_b, 0.0, shape[b] - 1.001, inner0, inner1)
    if reach0 > reach1:
        return np.float32(0.0)
    low, high = int(np.ceil(reach0)), int(np.floor(reach1))
    first, last = int(np.ceil(inner0)), int(np.floor(inner1))
    if first > last:
        first, last = high + 1, high
    edges = 0.0
    for m in range(low, min(first, high + 1)):
        edges += _sample(values, a, b, main, start_a + slope_a * m, start_b + slope_b * m, m)
    for m in range(max(last + 1, low), high + 1):
        edges += _sample(values, a, b, main, start_a + slope_a * m, start_b + slope_b * m, m)
    step_a, step_b, step_m = _stride(shape, a), _stride(shape, b), _stride(shape, main)
    blocks, flat = leaps.ravel(), values.ravel()
    block_a, block_b = _stride(leaps.shape, a), _stride(leaps.shape, b)
    block_m = _stride(leaps.shape, main)
    total = np.float32(0.0)
    m = first
    while m <= last:
        ia, ib, im = int(start_a + slope_a * m), int(start_b + slope_b * m), m // BLOCK
        leap = blocks[(ia // BLOCK) * block_a + (ib // BLOCK) * block_b + im * block_m]
        if leap:
            m = (im + int(leap)) * BLOCK
            continue
        stop_m = min((im + 1) * BLOCK, last + 1)
        while m < stop_m:
            pa, pb = start_a + slope_a * m, start_b + slope_b * m
            ia, ib = int(pa), int(pb)
            at = ia * step_a + ib * step_b + m * step_m
            fa, fb = np.float32(pa - ia), np.float32(pb - ib)
            v00, v01 = np.float32(flat[at]), np.float32(flat[at + step_b])
            v10, v11 = np.float32(flat[at + step_a]), np.float32(flat[at + step_a + step_b])
            lower = v00 + fb * (v01 - v00)
            upper = v10 + fb * (v11 - v10)
            total += lower + fa * (upper - lower)
            m += 1
    # length of the ray between two planes of voxels, mm
    weight = np.sqrt(
        spacing[main] ** 2 + (slope_a * spacing[a]) ** 2 + (slope_b * spacing[b]) ** 2
    )
    return np.float32((total + edges) * weight)


@nb.njit(inline="always")
def _stride(shape, axis):  # type: ignore[no-untyped-def]
    """Return how far apart neighbours along an axis lie in a C-ordered array."""
    return shape[1] * shape[2] if axis == 0 else shape[2] if axis == 1 else 1
