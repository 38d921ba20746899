"""What X-rays see of a subject: maps of water and mineral, made once and projected often.

Three maps, in the two basis functions of `xray`:

- mineral of bones, contrast and steel on each grid, at its full resolution, mostly empty;
- water, and the little mineral of soft tissue, on one lattice of 2 mm over the whole subject:
  both are smooth, so coarse rays do.

Where a fine grid lies in a coarse one, the coarse map fades out over a few voxels, and the fine
one, which reaches one coarse voxel further, holds what is then missing from the truth. Their sum
has no seam.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy import BONES, TISSUE_CODE, TISSUES, Subject
from spine_tutor.imaging.projector import Volume
from spine_tutor.imaging.xray import basis_by_tissue, hounsfield_by_tissue
from spine_tutor.kernels import one_at_a_time

Source = Literal["labels", "measured"]
"""Attenuation from the tissue of each voxel, or from the CT numbers of a measured subject."""

LATTICE_MM = 2.0
"""Spacing of the map of soft tissue."""
SCALE = 1e-3
"""Parts in one step of the 16-bit maps; steel, the densest, still fits."""
BEYOND_MM = 80.0
"""How far soft tissue goes on beyond the ends of a subject, for rays that leave it aslant."""
EVEN_MM = 25.0
"""Standard deviation to which the last slice is evened out there: what it shows ends with it."""
SOFTEN_TO_MM = 2.0
"""Coarser axes are left alone: smoothing them would cost more than their steps do."""
FADE_VOXELS = 4
"""Width over which a coarse map of mineral fades out inside a finer grid, coarse voxels."""
DENSE = (*BONES, "contrast", "steel", "titanium")
"""Tissues whose mineral is mapped at full resolution."""
DENSE_FROM_HU = 150
"""In a measured CT, mineral beyond this; noise and enhanced organs stay on the soft lattice."""
HU_LOW, HU_HIGH = -1024, 3071
_CALIBRATION = ("air", "lung", "fat", "muscle", "trabecular_bone", "cortical_bone")
"""Tissues that CT numbers are read between, as stoichiometric calibrations do."""


@dataclass(frozen=True, eq=False)
class AttenuationMap:
    """Parts of the two basis functions in a subject.

    Attributes:
        mineral: one volume a grid, of the mineral in `DENSE` tissues.
        water, soft_mineral: volumes over the whole subject.
    """

    mineral: tuple[Volume, ...]
    water: Volume
    soft_mineral: Volume


_MAPS: WeakKeyDictionary[Subject, dict[Source, AttenuationMap]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def attenuation_map(subject: Subject, source: Source = "labels") -> AttenuationMap:
    """Return the maps of a subject; they are made at the first call and kept while it lives.

    Raises:
        ValueError: if `source` is ``measured`` and the subject has no measured CT numbers.
    """
    if source == "measured" and subject.hounsfield is None:
        raise ValueError(f"subject `{subject.id}` has no measured CT numbers")
    with _LOCK:
        made = _MAPS.setdefault(subject, {})
        if source not in made:
            made[source] = _build(subject, source)
        return made[source]


@dataclass(frozen=True, eq=False)
class _Layer:
    """One grid in codes, with parts of water, soft mineral and dense mineral by code."""

    codes: NDArray[Any]
    table: NDArray[np.float32]
    origin: NDArray[np.float64]
    spacing: NDArray[np.float64]

    @property
    def bounds(self) -> NDArray[np.float64]:
        low = self.origin - 0.5 * self.spacing
        return np.array([low, low + np.asarray(self.codes.shape) * self.spacing])


def _build(subject: Subject, source: Source) -> AttenuationMap:
    layers = [_layer(subject, n, source) for n in range(len(subject.grids))]
    mineral = tuple(_mineral(layers, soften=source == "labels"))
    low = np.min([layer.bounds[0] for layer in layers], axis=0)
    high = np.max([layer.bounds[1] for layer in layers], axis=0)
    ends = low[2], high[2]
    beyond = np.array([0.0, 0.0, BEYOND_MM])
    low, high = low - beyond, high + beyond
    shape = np.ceil((high - low) / LATTICE_MM).astype(int) + 2
    origin = 0.5 * (low + high) - 0.5 * (shape - 1) * LATTICE_MM
    soft = np.zeros((*shape, 3), np.float32)  # water, mineral, how much of the cell is filled
    for n, layer in enumerate(layers):
        finer = np.array([fine.bounds for fine in layers[:n]]).reshape(-1, 2, 3)
        firsts, weights = zip(
            *(_overlaps(origin, shape, layer, axis) for axis in range(3)), strict=True
        )
        _average(
            layer.codes, layer.table, layer.origin, layer.spacing, finer, *firsts, *weights, soft
        )
    # A coarse voxel that straddles the box of a finer grid is in or out as its middle is; what
    # cells then have too little or too much is made good.
    x, y, z = (w.sum(axis=1) for w in weights)
    filled = x[:, None, None] * y[:, None] * z
    soft *= (filled / np.maximum(soft[..., 2], 1e-6))[..., None]
    _go_on(soft, *((end - origin[2]) / LATTICE_MM for end in ends))
    spacing = np.full(3, LATTICE_MM)
    water, rest = (np.rint(soft[..., m] / SCALE).astype(np.int16) for m in range(2))
    return AttenuationMap(
        mineral,
        Volume(water, origin, spacing, SCALE),
        Volume(rest, origin, spacing, SCALE),
    )


def _layer(subject: Subject, n: int, source: Source) -> _Layer:
    grid = subject.grids[n]
    origin, spacing = np.asarray(grid.origin, float), np.asarray(grid.spacing, float)
    parts = basis_by_tissue()
    if source == "labels" or n > 0:
        dense = np.array([t in DENSE for t in TISSUES])
        soft, hard = np.where(dense, 0, parts[:, 1]), np.where(dense, parts[:, 1], 0)
        table = np.stack([parts[:, 0], soft, hard], axis=1).astype(np.float32)
        return _Layer(np.asarray(grid.tissues), table, origin, spacing)
    known = [TISSUE_CODE[t] for t in _CALIBRATION]
    hu = np.arange(HU_LOW, HU_HIGH + 1)
    nodes = hounsfield_by_tissue()[known]
    water, mineral = (np.interp(hu, nodes, parts[known, m]) for m in range(2))
    mineral += np.maximum(hu - nodes[-1], 0) / (nodes[-1] - nodes[-2])  # denser than bone
    limit = np.interp(DENSE_FROM_HU, hu, mineral)
    table = np.stack([water, np.minimum(mineral, limit), np.maximum(mineral - limit, 0)], axis=1)
    assert subject.hounsfield is not None
    codes = np.clip(subject.hounsfield, HU_LOW, HU_HIGH).astype(np.int32) - HU_LOW
    return _Layer(codes.astype(np.uint16), table.astype(np.float32), origin, spacing)


def _go_on(soft: NDArray[np.float32], low: float, high: float) -> None:
    """Let the soft tissue of a body go on, evened out, beyond its ends: bodies do, scans end.

    Args:
        soft: (nx, ny, nz, 3) parts by cell of the lattice, changed in place.
        low, high: where the body ends, cells.
    """
    first = int(np.ceil(low + 0.5))
    last = max(int(np.floor(high - 0.5)), first)
    for end, beyond in ((first, slice(0, first)), (last, slice(last + 1, None))):
        body = ndimage.binary_fill_holes(soft[:, :, end, 0] > 0.5)
        sigma = EVEN_MM / LATTICE_MM
        weight = ndimage.gaussian_filter(body.astype(np.float32), sigma)
        for part in range(2):
            spread = ndimage.gaussian_filter(soft[:, :, end, part] * body, sigma)
            even = np.where(body, spread / np.maximum(weight, 1e-3), 0)
            soft[:, :, beyond, part] = even[..., None]


# -- soft tissue on the lattice ------------------------------------------------------------------


def _overlaps(
    origin: NDArray[np.float64], shape: NDArray[np.int_], layer: _Layer, axis: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each cell of the lattice its first voxel and the overlap with each, in cells."""
    step, voxel = LATTICE_MM, float(layer.spacing[axis])
    lower = origin[axis] + step * (np.arange(shape[axis]) - 0.5)
    zero = float(layer.bounds[0, axis])
    first = np.floor((lower - zero) / voxel + 1e-9).astype(np.int64)
    index = first[:, None] + np.arange(int(np.ceil(step / voxel)) + 1)
    begin = zero + index * voxel
    overlap = np.minimum(begin + voxel, lower[:, None] + step) - np.maximum(begin, lower[:, None])
    overlap[(index < 0) | (index >= layer.codes.shape[axis])] = 0
    return first, np.maximum(overlap, 0) / step


@one_at_a_time
@nb.njit(cache=True, parallel=True)
def _average(codes, table, origin, spacing, finer, fx, fy, fz, wx, wy, wz, result):  # type: ignore[no-untyped-def]
    """Add to each cell of a lattice what the voxels of one grid bring, by shared volume."""
    for i in nb.prange(result.shape[0]):
        _average_slice(codes, table, origin, spacing, finer, fx, fy, fz, wx, wy, wz, result[i], i)


@nb.njit(cache=True)
def _average_slice(codes, table, origin, spacing, finer, fx, fy, fz, wx, wy, wz, result, i):  # type: ignore[no-untyped-def]
    for a in range(wx.shape[1]):
        if wx[i, a] <= 0:
            continue
        x = origin[0] + (fx[i] + a) * spacing[0]
        for j in range(result.shape[0]):
            for b in range(wy.shape[1]):
                wxy = wx[i, a] * wy[j, b]
                if wxy <= 0:
                    continue
                y = origin[1] + (fy[j] + b) * spacing[1]
                for k in range(result.shape[1]):
                    for c in range(wz.shape[1]):
                        w = np.float32(wxy * wz[k, c])
                        if w <= 0:
                            continue
                        z = origin[2] + (fz[k] + c) * spacing[2]
                        taken = False
                        for f in range(finer.shape[0]):
                            low, high = finer[f, 0], finer[f, 1]
                            taken = taken or (
                                low[0] <= x < high[0]
                                and low[1] <= y < high[1]
                                and low[2] <= z < high[2]
                            )
                        if not taken:
                            code = codes[fx[i] + a, fy[j] + b, fz[k] + c]
                            result[j, k, 0] += w * table[code, 0]
                            result[j, k, 1] += w * table[code, 1]
                            result[j, k, 2] += w


# -- mineral on every grid -------------------------------------------------------------------------


def _mineral(layers: list[_Layer], soften: bool) -> list[Volume]:
    """Return the dense mineral of each grid, fine to coarse, each without what is elsewhere."""
    volumes: list[Volume] = []
    whole: Volume | None = None  # the next coarser grid, not faded
    for n in reversed(range(len(layers))):
        origin, spacing = layers[n].origin, layers[n].spacing
        values = np.rint(layers[n].table[:, 2] / SCALE).astype(np.int16)[layers[n].codes]
        if soften:
            _soften(values, spacing)
        own = Volume(values, origin, spacing, SCALE)
        if whole is None:
            values, origin = np.pad(values, 1), origin - spacing  # volumes end in empty voxels
        else:
            margin = np.ceil(whole.spacing / spacing).astype(int)
            values = np.pad(values, [(m, m) for m in margin])
            origin = origin - margin * spacing
            for coarse in volumes:
                _subtract(values, origin, spacing, coarse.values, coarse.origin, coarse.spacing)
            _add_outside(values, margin, origin, spacing, whole.values, whole.origin, whole.spacing)
        if n > 0:
            _fade(values, origin, spacing, layers[n - 1].bounds)
        volumes.insert(0, Volume(values, origin, spacing, SCALE))
        whole = own
    return volumes


def _soften(values: NDArray[np.int16], spacing: NDArray[np.float64]) -> None:
    """Smooth in place by one binomial step along each axis of 2 mm or finer.

    Voxels are steps; without it rays that graze a surface draw their staircase as wood grain.
    """
    nx, ny, nz = values.shape
    for axis, lines in enumerate(((1, nx, ny * nz), (nx, ny, nz), (nx * ny, nz, 1))):
        if spacing[axis] <= SOFTEN_TO_MM:
            _binomial(values.reshape(lines))


@one_at_a_time
@nb.njit(cache=True, parallel=True)
def _binomial(values):  # type: ignore[no-untyped-def]
    """Smooth (outer, n, inner) along its middle axis with ¼ ½ ¼, rounded."""
    outer, n, inner = values.shape
    chunk = 4096
    chunks = (inner + chunk - 1) // chunk
    for task in nb.prange(outer * chunks):
        o, low = task // chunks, chunk * (task % chunks)
        high = min(low + chunk, inner)
        before = values[o, 0, low:high].astype(np.int32)
        for m in range(n):
            after = values[o, min(m + 1, n - 1)]
            for c in range(low, high):
                here = np.int32(values[o, m, c])
                values[o, m, c] = (before[c - low] + 2 * here + after[c] + 2) >> 2
                before[c - low] = here


@nb.njit(inline="always")
def _at(values, x, y, z):  # type: ignore[no-untyped-def]
    """Return a volume between its voxels, nothing beyond them."""
    nx, ny, nz = values.shape
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    total = 0.0
    for a in range(2):
        for b in range(2):
            for c in range(2):
                if 0 <= i + a < nx and 0 <= j + b < ny and 0 <= k + c < nz:
                    wx = x - i if a else 1 - x + i
                    wy = y - j if b else 1 - y + j
                    wz = z - k if c else 1 - z + k
                    total += wx * wy * wz * values[i + a, j + b, k + c]
    return total


@one_at_a_time
@nb.njit(cache=True, parallel=True)
def _subtract(values, origin, spacing, other, other_origin, other_spacing):  # type: ignore[no-untyped-def]
    for i in nb.prange(values.shape[0]):
        x = (origin[0] + i * spacing[0] - other_origin[0]) / other_spacing[0]
        for j in range(values.shape[1]):
            y = (origin[1] + j * spacing[1] - other_origin[1]) / other_spacing[1]
            for k in range(values.shape[2]):
                z = (origin[2] + k * spacing[2] - other_origin[2]) / other_spacing[2]
                there = _at(other, x, y, z)
                if there != 0:
                    values[i, j, k] -= np.int16(round(there))


@nb.njit(cache=True)
def _add_outside(values, margin, origin, spacing, other, other_origin, other_spacing):  # type: ignore[no-untyped-def]
    """Add the coarser grid in the margin around the finer."""
    nx, ny, nz = values.shape
    for i in range(nx):
        x = (origin[0] + i * spacing[0] - other_origin[0]) / other_spacing[0]
        for j in range(ny):
            y = (origin[1] + j * spacing[1] - other_origin[1]) / other_spacing[1]
            across = not (margin[0] <= i < nx - margin[0] and margin[1] <= j < ny - margin[1])
            for k in range(nz):
                if across or not margin[2] <= k < nz - margin[2]:
                    z = (origin[2] + k * spacing[2] - other_origin[2]) / other_spacing[2]
                    values[i, j, k] += np.int16(round(_at(other, x, y, z)))


@nb.njit(cache=True)
def _fade(values, origin, spacing, bounds):  # type: ignore[no-untyped-def]
    """Let a volume fade out from the faces of a box to its inside."""
    for i in range(values.shape[0]):
        x = origin[0] + i * spacing[0]
        dx = min(x - bounds[0, 0], bounds[1, 0] - x) / spacing[0]
        for j in range(values.shape[1]):
            y = origin[1] + j * spacing[1]
            dy = min(y - bounds[0, 1], bounds[1, 1] - y) / spacing[1]
            for k in range(values.shape[2]):
                z = origin[2] + k * spacing[2]
                dz = min(z - bounds[0, 2], bounds[1, 2] - z) / spacing[2]
                depth = min(dx, dy, dz) / FADE_VOXELS
                if depth >= 1:
                    values[i, j, k] = 0
                elif depth > 0:
                    share = 0.5 + 0.5 * np.cos(np.pi * depth)
                    values[i, j, k] = np.int16(round(share * values[i, j, k]))
