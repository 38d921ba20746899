"""What landmarks are worked out from: the painted subject, asked for points of its structures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.structure import StructureSet
from spine_tutor.anatomy.subject import Landmark
from spine_tutor.anatomy.tubes import Tube

Array = NDArray[np.float64]

LEANS = (4.0, 8.0, 12.0, 16.0, 20.0, 24.0)
"""How far a way may lean from the recommended direction, degrees."""
_FARTHEST = 400.0  # mm; no way from a target to the skin is longer
_LAST = 6  # steps of half a millimetre before the target, which may itself lie on bone


class Places:
    """The grids of a subject before it is one."""

    def __init__(
        self,
        grids: tuple[LabelGrid, ...],
        structures: StructureSet,
        column: Column,
        tubes: Mapping[str, Tube],
    ):
        """Keep what is asked.

        Args:
            grids: fine and coarse.
            structures: what their labels mean.
            column: the posed vertebrae.
            tubes: thin structures by id.
        """
        self.grids, self.structures, self.column, self.tubes = grids, structures, column, tubes

    @property
    def grid(self) -> LabelGrid:
        """Return the fine grid."""
        return self.grids[0]

    @cached_property
    def _boxes(self) -> list[Any]:
        return ndimage.find_objects(self.grid.labels)

    def points(self, structure: str) -> Array:
        """Return the world positions of a structure's voxels on the fine grid, (n, 3) mm.

        Raises:
            ValueError: if it has none.
        """
        found = []
        for label in self.structures.labels_of(structure):
            box = self._boxes[label - 1] if label <= len(self._boxes) else None
            if box is None:
                continue
            index = np.argwhere(self.grid.labels[box] == label) + [part.start for part in box]
            found.append(self.grid.points(index))
        if not found:
            raise ValueError(f"{structure} has no voxels, so nothing can be measured on it")
        return np.concatenate(found)

    def local(self, structure: str, level: str) -> Array:
        """Return the same in the frame of a vertebra."""
        frame = self.column.frames[level]
        local: Array = (self.points(structure) - frame[:3, 3]) @ frame[:3, :3]
        return local

    def world(self, level: str, x: float, y: float, z: float) -> Array:
        """Return the world position of a point in the frame of a vertebra."""
        placed: Array = (self.column.frames[level] @ [x, y, z, 1.0])[:3]
        return placed

    def in_fat(self, point: Array, reach: float = 8.0, where: str = "epidural_fat") -> Array:
        """Return the nearest place with 1 mm of a fat around it, within `reach` mm."""
        (i, j, k), _ = self.grid.voxel_of(point)
        n = round(reach / self.grid.spacing[0])
        window = tuple(slice(max(0, c - n), c + n + 1) for c in (i, j, k))
        fat = self.grid.labels[window] == self.structures[where].label
        deep = ndimage.binary_erosion(fat)
        index = np.argwhere(deep if deep.any() else fat)
        if not len(index):
            return point
        places = self.grid.points(index + [part.start for part in window])
        nearest: Array = places[np.argmin(np.linalg.norm(places - point, axis=1))]
        return nearest

    def skin_behind(self, x: float, z: float) -> Array:
        """Return the place on the skin of the back at a place across and a height."""
        (i, _, k), _ = self.grid.voxel_of([x, 0.0, z])
        j = int(np.argmax(self.grid.labels[i, :, k] > 0))
        return np.r_[x, self.grid.points([i, j, k])[1:]]

    def ways(self, point: Array, outward: ArrayLike) -> Iterator[Array]:
        """Yield the straight ways to the skin, (n, 3), that harm nothing, the best first.

        Args:
            point: where the needle's tip is to lie.
            outward: the recommended direction; a way leans up to the last of `LEANS` from it to
                pass what must not be touched.
        """
        for direction in _cone(np.asarray(outward, float)):
            way = self._straight(point, direction)
            if self.labels(way[-1:])[0] == self.structures["skin"].label and not self._harms(way):
                yield way

    def _straight(self, point: Array, direction: Array) -> Array:
        way = point + np.arange(0.0, _FARTHEST, 0.5)[:, None] * direction
        inside = self.labels(way) > 0
        leaves = int(np.argmin(inside)) if not inside.all() else len(way)
        return way[: max(leaves, 1)]

    def labels(self, points: Array) -> NDArray[np.uint16]:
        """Return the structure label at (n, 3) world points; 0 outside the body."""
        labels = np.zeros(len(points), np.uint16)
        for grid in reversed(self.grids):
            index, within = grid.voxel_of(points)
            labels[within] = grid.labels[tuple(index[within].T)]
        return labels

    def _harms(self, way: Array) -> bool:
        """Return whether a way meets what it must not, but for its last steps."""
        return bool(self._harmed[self.labels(way[_LAST:])].any())

    @cached_property
    def _harmed(self) -> NDArray[np.bool_]:
        table = np.zeros(1 << 16, bool)
        for structure in self.structures.values():
            whole = self.structures.whole(structure.id).id
            table[structure.label] = (
                structure.kind in ("bone", "device", "organ")
                or (structure.kind == "vessel" and "vein" not in whole)  # veins give way
                or "nerve_root" in whole
                or whole == "thecal_sac"
            )
        return table

    def mark(
        self, id_: str, name: str, point: Array, source: str, outward: ArrayLike | None = None
    ) -> Landmark:
        """Return a landmark; one with a direction outwards gets its entry, if there is a way."""
        way = None if outward is None else next(self.ways(point, outward), None)
        entry = None if way is None else rounded(way[-1])
        return Landmark(id_, name, rounded(point), source, entry)


def rounded(point: Array) -> tuple[float, float, float]:
    """Return a point as three numbers, to a hundredth of a millimetre."""
    x, y, z = (round(float(c), 2) for c in point)
    return x, y, z


def _cone(axis: Array) -> Iterator[Array]:
    """Yield unit vectors, `axis` itself first, then ever farther from it."""
    axis = axis / np.linalg.norm(axis)
    yield axis
    across = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    across /= np.linalg.norm(across)
    up = np.cross(axis, across)
    for lean in np.radians(LEANS):
        for turn in np.radians(np.arange(0.0, 360.0, 45.0)):
            aside = np.cos(turn) * across + np.sin(turn) * up
            yield np.cos(lean) * axis + np.sin(lean) * aside
