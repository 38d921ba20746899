"""Painting structures into a label grid: whatever is painted first keeps its place.

Structures are painted in the order of their precedence (bone, disc, joint, nerve, …, fat, skin),
so none overlaps another and no gap is left between neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.structure import TISSUE_CODE, StructureSet

Volume = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Solid:
    """A solid known by its signed distance, mm, on a regular grid coarser than the canvas.

    Attributes:
        values: (nx, ny, nz) float32, negative inside.
        origin: (3,) world position of the first value, mm.
        spacing: distance of the values, mm.
    """

    values: Volume
    origin: NDArray[np.float64]
    spacing: float

    def __and__(self, other: Solid) -> Solid:
        """Return the intersection of two solids on one grid."""
        return Solid(np.maximum(self.values, other.values), self.origin, self.spacing)

    def __or__(self, other: Solid) -> Solid:
        """Return the union of two solids on one grid."""
        return Solid(np.minimum(self.values, other.values), self.origin, self.spacing)

    def __sub__(self, other: Solid) -> Solid:
        """Return this solid without another on the same grid."""
        return Solid(np.maximum(self.values, -other.values), self.origin, self.spacing)

    def grown(self, by: float) -> Solid:
        """Return the solid with its surface `by` mm further out."""
        return Solid(self.values - np.float32(by), self.origin, self.spacing)


class Canvas:
    """A label grid while it is being painted."""

    def __init__(
        self,
        structures: StructureSet,
        origin: ArrayLike,
        spacing: float,
        shape: tuple[int, int, int],
    ):
        self.structures = structures
        self.origin = np.asarray(origin, float)
        self.spacing = float(spacing)
        self.labels = np.zeros(shape, np.uint16)
        self.tissues = np.zeros(shape, np.uint8)

    def grid(self) -> LabelGrid:
        """Return what has been painted."""
        return LabelGrid(self.labels, self.tissues, self.origin, np.full(3, self.spacing))

    def axes(self, window: tuple[slice, ...] | None = None) -> tuple[NDArray[np.float64], ...]:
        """Return world coordinates of the voxel centres of a window, shaped to broadcast, mm."""
        window = window or tuple(slice(0, n) for n in self.labels.shape)
        found = []
        for axis, part in enumerate(window):
            shape = [1, 1, 1]
            shape[axis] = -1
            places = np.arange(part.start, part.stop)
            found.append((self.origin[axis] + self.spacing * places).reshape(shape))
        return tuple(found)

    def window(self, low: ArrayLike, high: ArrayLike) -> tuple[slice, slice, slice]:
        """Return the voxels of a box between two world corners, mm; empty if it lies outside."""
        first = np.ceil((np.asarray(low, float) - self.origin) / self.spacing).astype(int)
        last = np.floor((np.asarray(high, float) - self.origin) / self.spacing).astype(int)
        shape = np.array(self.labels.shape)
        first = np.clip(first, 0, shape)
        last = np.clip(last + 1, first, shape)
        a, b, c = (slice(int(i), int(j)) for i, j in zip(first, last, strict=True))
        return a, b, c

    def code(self, structure_id: str, tissue: str | None = None) -> tuple[int, int]:
        """Return a structure's label and the code of a tissue, its own by default."""
        structure = self.structures[structure_id]
        return structure.label, TISSUE_CODE[tissue or structure.tissue]

    def paint(
        self,
        structure_id: str,
        mask: NDArray[np.bool_],
        window: tuple[slice, ...] | None = None,
        tissue: str | None = None,
    ) -> None:
        """Give the free voxels of `mask`, lying in `window`, to a structure."""
        label, code = self.code(structure_id, tissue)
        window = window or tuple(slice(0, n) for n in self.labels.shape)
        labels = self.labels[window]
        free = mask & (labels == 0)
        labels[free] = label
        self.tissues[window][free] = code

    def paint_places(
        self,
        structure_id: str,
        places: tuple[NDArray[np.intp], ...],
        window: tuple[slice, ...],
    ) -> None:
        """Give those of some places in `window`, as from `np.nonzero`, that are free."""
        label, code = self.code(structure_id)
        labels = self.labels[window]
        free = labels[places] == 0
        places = tuple(n[free] for n in places)
        labels[places] = label
        self.tissues[window][places] = code

    def paint_solid(
        self,
        structure_id: str,
        solid: Solid,
        above: float = -1e9,
        low: ArrayLike = (-np.inf,) * 3,
        high: ArrayLike = (np.inf,) * 3,
    ) -> None:
        """Give a solid's free voxels to a structure.

        Args:
            structure_id: what is painted.
            solid: where; sampled between its values.
            above: only its rind with distances above this (negative), mm.
            low, high: only within a box of these world corners, mm.
        """
        label, tissue = self.code(structure_id)
        inside = solid.values < solid.spacing
        spans = [np.flatnonzero(inside.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
        if not len(spans[0]):
            return
        first, last = np.array([(span[0] - 1, span[-1] + 1) for span in spans]).T
        low = np.maximum(low, solid.origin + first * solid.spacing)
        high = np.minimum(high, solid.origin + last * solid.spacing)
        window = self.window(low, high)
        corner = self.origin + self.spacing * np.array([part.start for part in window])
        _fill_solid(
            self.labels[window],
            self.tissues[window],
            corner,
            self.spacing,
            solid.values,
            solid.origin,
            solid.spacing,
            above,
            label,
            tissue,
        )

    def paint_tube(
        self,
        structure_id: str,
        path: ArrayLike,
        radius: ArrayLike,
        into: str | None = None,
        tissue: str | None = None,
    ) -> None:
        """Give the free voxels within `radius` of a path to a structure.

        Args:
            structure_id: what is painted.
            path: (n, 3) world points, joined by straight pieces, mm.
            radius: one radius or one a point, mm; changes linearly between points.
            into: the one structure that the tube may replace, instead of free voxels.
            tissue: instead of the structure's own.
        """
        label, code = self.code(structure_id, tissue)
        path = np.ascontiguousarray(path, float)
        radii = np.broadcast_to(np.asarray(radius, float), len(path)).copy()
        free = 0 if into is None else self.structures[into].label
        _fill_tube(
            self.labels, self.tissues, self.origin, self.spacing, path, radii, free, label, code
        )

    def paint_shells(self, inner: Mapping[str, str], thickness: float) -> None:
        """Give the free voxels round structures to what encloses them, such as their capsules.

        Args:
            inner: what each shell, by its name, encloses.
            thickness: of the shells, at least a voxel, mm.
        """
        steps = max(1, round(thickness / self.spacing))
        boxes = ndimage.find_objects(self.labels)
        for shell, enclosed in inner.items():
            label = self.structures[enclosed].label
            box = boxes[label - 1] if label <= len(boxes) else None
            if box is None:
                continue
            window = tuple(slice(max(0, s.start - steps), s.stop + steps) for s in box)
            grown = ndimage.binary_dilation(self.labels[window] == label, iterations=steps)
            self.paint(shell, grown, window)

    def drop_crumbs(self, structure_id: str, share: float = 0.01) -> None:
        """Free the pieces of a structure smaller than a share of its largest one."""
        label = self.structures[structure_id].label
        own = self.labels == label
        for box in ndimage.find_objects(own.view(np.uint8)):
            pieces, count = ndimage.label(own[box], np.ones((3, 3, 3)))
            sizes = np.bincount(pieces.ravel(), minlength=count + 1)
            small = sizes < share * sizes[1:].max()
            small[0] = False
            crumbs = small[pieces]
            self.labels[box][crumbs] = 0
            self.tissues[box][crumbs] = 0


@njit(nogil=True, cache=True)
def _fill_solid(
    labels: NDArray[np.uint16],
    tissues: NDArray[np.uint8],
    origin: NDArray[np.float64],
    spacing: float,
    values: Volume,
    solid_origin: NDArray[np.float64],
    solid_spacing: float,
    above: float,
    label: int,
    tissue: int,
) -> None:
    nx, ny, nz = labels.shape
    mx, my, mz = values.shape
    column = np.empty(mz)  # values over one (i, j)
    for i in range(nx):
        x = (origin[0] + i * spacing - solid_origin[0]) / solid_spacing
        a = min(max(int(np.floor(x)), 0), mx - 2)
        fx = min(max(x - a, 0.0), 1.0)
        for j in range(ny):
            y = (origin[1] + j * spacing - solid_origin[1]) / solid_spacing
            b = min(max(int(np.floor(y)), 0), my - 2)
            fy = min(max(y - b, 0.0), 1.0)
            for c in range(mz):
                front = (1.0 - fx) * values[a, b, c] + fx * values[a + 1, b, c]
                back = (1.0 - fx) * values[a, b + 1, c] + fx * values[a + 1, b + 1, c]
                column[c] = (1.0 - fy) * front + fy * back
            for k in range(nz):
                if labels[i, j, k] != 0:
                    continue
                z = (origin[2] + k * spacing - solid_origin[2]) / solid_spacing
                c = min(max(int(np.floor(z)), 0), mz - 2)
                fz = min(max(z - c, 0.0), 1.0)
                value = (1.0 - fz) * column[c] + fz * column[c + 1]
                if above < value < 0.0:
                    labels[i, j, k] = label
                    tissues[i, j, k] = tissue


@njit(nogil=True, cache=True)
def _fill_tube(
    labels: NDArray[np.uint16],
    tissues: NDArray[np.uint8],
    origin: NDArray[np.float64],
    spacing: float,
    path: NDArray[np.float64],
    radii: NDArray[np.float64],
    free: int,
    label: int,
    tissue: int,
) -> None:
    low = np.zeros(3, np.int64)
    high = np.zeros(3, np.int64)
    for n in range(len(path) - 1):
        start, way = path[n], path[n + 1] - path[n]
        square = way @ way + 1e-12
        reach = max(radii[n], radii[n + 1])
        for axis in range(3):
            a = min(path[n, axis], path[n + 1, axis]) - reach - origin[axis]
            b = max(path[n, axis], path[n + 1, axis]) + reach - origin[axis]
            low[axis] = max(int(np.ceil(a / spacing)), 0)
            high[axis] = min(int(np.floor(b / spacing)) + 1, labels.shape[axis])
        for i in range(low[0], high[0]):
            dx = origin[0] + i * spacing - start[0]
            for j in range(low[1], high[1]):
                dy = origin[1] + j * spacing - start[1]
                for k in range(low[2], high[2]):
                    if labels[i, j, k] != free:
                        continue
                    dz = origin[2] + k * spacing - start[2]
                    t = (dx * way[0] + dy * way[1] + dz * way[2]) / square
                    t = min(max(t, 0.0), 1.0)
                    ex, ey, ez = dx - t * way[0], dy - t * way[1], dz - t * way[2]
                    r = radii[n] + t * (radii[n + 1] - radii[n])
                    if ex * ex + ey * ey + ez * ez <= r * r:
                        labels[i, j, k] = label
                        tissues[i, j, k] = tissue
