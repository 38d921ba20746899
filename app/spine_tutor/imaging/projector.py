"""Line integrals of a volume along the rays of a cone: a fast way and a readable reference.

The fast way is Joseph's (1982, IEEE Trans Med Imaging 1:192): along its main axis a ray is
sampled once in every plane of voxels, interpolated between the four nearest. It leaps over empty
space by a map of how far the next block with anything in it is. `reference_integrals` samples a
ray finely and interpolates between the eight nearest voxels; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_cdt

from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.kernels import one_at_a_time

BLOCK = 4
"""Side of the blocks of the map of empty space, voxels."""
RUN = 4
"""How many full blocks a ray goes through before its neighbours follow."""
TILE = 16
"""Side of the tiles of neighbouring rays that read neighbouring voxels, pixels."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Something per mm on a grid whose axes are the world's.

    Its outermost voxels should be empty: only what lies between voxels is interpolated, so that
    half of what they held would be lost.

    Attributes:
        values: (nx, ny, nz) numbers in units of `scale`.
        origin, spacing: (3,) position of the first voxel's centre and voxel size, mm.
        scale: what one unit of `values` stands for.
    """

    values: NDArray[Any]
    origin: NDArray[np.float64]
    spacing: NDArray[np.float64]
    scale: float = 1.0

    @cached_property
    def leaps(self) -> NDArray[np.uint8]:
        """Return for each block the distance to the next with anything in it, in blocks.

        A block owns what is interpolated from its voxels: its own and the next on every axis.
        """
        shape = [-(-n // BLOCK) for n in self.values.shape]
        filled = np.zeros(shape, np.bool_)
        _find_filled(self.values, filled)
        if not filled.any():
            return np.full(shape, 255, np.uint8)
        distance = distance_transform_cdt(~filled, metric="chessboard")
        return np.minimum(distance, 255).astype(np.uint8)


def line_integrals(volume: Volume, geometry: ConeGeometry) -> NDArray[np.float32]:
    """Return the integral of a volume along each pixel's ray, (rows, columns) float32 · mm.

    Args:
        volume: what is integrated; it is nothing outside its voxels.
        geometry: the cone; only what lies between source and detector counts.
    """
    result = np.zeros(geometry.shape, np.float32)
    places = _in_voxels(volume, geometry)
    _joseph(volume.values, volume.leaps, *places, volume.spacing, result, nb.get_num_threads())
    result *= np.float32(volume.scale)
    return result


def reference_integrals(volume: Volume, geometry: ConeGeometry, step: float) -> NDArray[np.float64]:
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


@nb.njit(cache=True)
def _find_filled(values, filled):  # type: ignore[no-untyped-def]
    nx, ny, nz = values.shape
    for i in range(filled.shape[0]):
        for x in range(i * BLOCK, min((i + 1) * BLOCK + 1, nx)):
            for y in range(ny):
                for z in range(nz):
                    if values[x, y, z] != 0:
                        j0, k0 = max(y - 1, 0) // BLOCK, max(z - 1, 0) // BLOCK
                        for j in range(j0, y // BLOCK + 1):
                            for k in range(k0, z // BLOCK + 1):
                                filled[i, j, k] = True


@one_at_a_time
@nb.njit(cache=True, parallel=True)
def _joseph(values, leaps, source, corner, down, right, spacing, result, threads):  # type: ignore[no-untyped-def]
    """Project tile by tile; the rays of a tile go through the volume side by side.

    Tiles follow one another down the detector, which is along the last axis of the volume unless
    the C-arm is tilted far: the next tile then finds its voxels in the cache. Threads take
    columns of tiles in turns, so that they share the bones evenly.
    """
    for n in nb.prange(threads):
        for c in range(n * TILE, result.shape[1], threads * TILE):
            for r in range(0, result.shape[0], TILE):
                _tile(values, leaps, source, corner, down, right, spacing, result, r, c)


@nb.njit(cache=True, fastmath=True)
def _tile(values, leaps, source, corner, down, right, spacing, result, r0, c0):  # type: ignore[no-untyped-def]
    r1, c1 = min(r0 + TILE, result.shape[0]), min(c0 + TILE, result.shape[1])
    main, farthest = 0, 0.0
    for axis in range(3):
        way = corner[axis] - source[axis]
        way = abs(way + 0.5 * (r0 + r1) * down[axis] + 0.5 * (c0 + c1) * right[axis])
        if way > farthest:
            main, farthest = axis, way
    a, b = (main + 1) % 3, (main + 2) % 3
    lines = np.empty((TILE * TILE, 4))  # where a ray is at plane 0 and its slope, across axes
    planes = np.empty((TILE * TILE, 2), np.int64)  # first and last with four voxels around
    sums = np.zeros(TILE * TILE, np.float32)
    scale = np.empty(TILE * TILE)  # length of a ray between two planes, mm
    count = 0
    for r in range(r0, r1):
        for c in range(c0, c1):
            end = corner[main] + r * down[main] + c * right[main]
            way = end - source[main]
            slope_a = (corner[a] + r * down[a] + c * right[a] - source[a]) / way
            slope_b = (corner[b] + r * down[b] + c * right[b] - source[b]) / way
            start_a = source[a] - source[main] * slope_a
            start_b = source[b] - source[main] * slope_b
            begin = max(min(source[main], end), 0.0)
            stop = min(max(source[main], end), values.shape[main] - 1.0)
            begin, stop = _clip(start_a, slope_a, values.shape[a] - 1.001, begin, stop)
            begin, stop = _clip(start_b, slope_b, values.shape[b] - 1.001, begin, stop)
            lines[count, 0], lines[count, 1] = start_a, slope_a
            lines[count, 2], lines[count, 3] = start_b, slope_b
            planes[count, 0], planes[count, 1] = int(np.ceil(begin)), int(np.floor(stop))
            across = (slope_a * spacing[a]) ** 2 + (slope_b * spacing[b]) ** 2
            scale[count] = np.sqrt(spacing[main] ** 2 + across)
            count += 1
    _march(values, leaps, main, lines, planes, sums, count)
    count = 0
    for r in range(r0, r1):
        for c in range(c0, c1):
            result[r, c] = sums[count] * scale[count]
            count += 1


@nb.njit(inline="always")
def _clip(start, slope, high, m0, m1):  # type: ignore[no-untyped-def]
    """Return the part of [m0, m1] in which start + m·slope lies between 0 and `high`."""
    if abs(slope) < 1e-12:
        return (m0, m1) if 0.0 <= start <= high else (1.0, 0.0)
    a, b = -start / slope, (high - start) / slope
    return max(m0, min(a, b)), min(m1, max(a, b))


@nb.njit(cache=True, fastmath=True)
def _march(values, leaps, main, lines, planes, sums, count):  # type: ignore[no-untyped-def]
    """Add up what the rays of a tile meet, a layer of blocks at a time."""
    a, b = (main + 1) % 3, (main + 2) % 3
    step_a, step_b = _stride(values.shape, a), _stride(values.shape, b)
    step_m = _stride(values.shape, main)
    block_a, block_b = _stride(leaps.shape, a), _stride(leaps.shape, b)
    block_m = _stride(leaps.shape, main)
    # unsigned places spare numba the test for negative ones, a third of the time
    next_a, next_b = np.uint64(step_a), np.uint64(step_b)
    flat, blocks = values.ravel(), leaps.ravel()
    layer, end = np.int64(1 << 40), np.int64(-1)
    for n in range(count):
        if planes[n, 0] <= planes[n, 1]:
            layer, end = min(layer, planes[n, 0] // BLOCK), max(end, planes[n, 1] // BLOCK)
    while layer <= end:
        nearest = 255  # layers to the next block with anything in it, for any of the rays
        for n in range(count):
            m = max(planes[n, 0], layer * BLOCK)
            stop = min(planes[n, 1] + 1, (layer + 1) * BLOCK)
            if m >= stop:
                if planes[n, 0] >= stop:
                    nearest = min(nearest, 1)
                continue
            start_a, slope_a, start_b, slope_b = lines[n, 0], lines[n, 1], lines[n, 2], lines[n, 3]
            ia, ib = int(start_a + slope_a * m) // BLOCK, int(start_b + slope_b * m) // BLOCK
            leap = int(blocks[ia * block_a + ib * block_b + layer * block_m])
            if leap > 1:  # no ray leaves a cube of empty blocks sideways
                nearest = min(nearest, leap - 1)
                continue
            if leap == 1:
                ja = int(start_a + slope_a * (stop - 1)) // BLOCK
                jb = int(start_b + slope_b * (stop - 1)) // BLOCK
                ahead = blocks[ja * block_a + jb * block_b + layer * block_m]
                if ahead and (ia == ja or ib == jb):
                    nearest = 1
                    continue
            nearest = 1
            block, limit = layer + 1, min(planes[n, 1] + 1, (layer // RUN + 1) * RUN * BLOCK)
            while stop < limit:  # on through full blocks
                ia, ib = int(start_a + slope_a * stop), int(start_b + slope_b * stop)
                if blocks[(ia // BLOCK) * block_a + (ib // BLOCK) * block_b + block * block_m]:
                    break
                stop, block = min(stop + BLOCK, limit), block + 1
            planes[n, 0] = stop
            total = np.float32(0.0)
            while m < stop:
                pa, pb = start_a + slope_a * m, start_b + slope_b * m
                ia, ib = int(pa), int(pb)
                at = np.uint64(ia * step_a + ib * step_b + m * step_m)
                fa, fb = np.float32(pa - ia), np.float32(pb - ib)
                v00, v01 = np.float32(flat[at]), np.float32(flat[at + next_b])
                v10, v11 = np.float32(flat[at + next_a]), np.float32(flat[at + next_a + next_b])
                lower = v00 + fb * (v01 - v00)
                upper = v10 + fb * (v11 - v10)
                total += lower + fa * (upper - lower)
                m += 1
            sums[n] += total
        layer += nearest


@nb.njit(inline="always")
def _stride(shape, axis):  # type: ignore[no-untyped-def]
    """Return how far apart neighbours along an axis lie in a C-ordered array."""
    return shape[1] * shape[2] if axis == 0 else shape[2] if axis == 1 else 1
