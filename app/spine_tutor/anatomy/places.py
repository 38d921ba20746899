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

LEANS = (4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0)
"""How far a way may lean from the recommended direction, degrees."""
_FARTHEST = 400.0  # mm; no way from a target to the skin is longer
_LAST = 6  # steps of half a millimetre before the target, which may itself lie on bone
_SMALL_VEINS = ("epidural_veins", "ascending_lumbar_vein", "posterior_intercostal_vein")
_SMALL_NERVES = ("branch", "third_occipital_nerve", "greater_occipital_nerve", "cauda_equina")


class Places:
    """The grids of a subject before it is one."""

    def __init__(
        self,
        grids: tuple[LabelGrid, ...],
        structures: StructureSet,
        column: Column,
        tubes: Mapping[str, Tube],
        sex: str = "pooled",
    ):
        """Keep what is asked.

        Args:
            grids: fine and coarse.
            structures: what their labels mean.
            column: the posed vertebrae.
            tubes: thin structures by id.
            sex: of the case.
        """
        self.grids, self.structures, self.column, self.tubes = grids, structures, column, tubes
        self.sex = sex

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

    def has_flavum(self, upper: str, lower: str) -> bool:
        """Return whether a segment has its ligamenta flava; without laminae there are none."""
        labels = self.structures.labels_of(f"ligamentum_flavum_{upper}_{lower}")
        return any(n <= len(self._boxes) and self._boxes[n - 1] is not None for n in labels)

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
        found = self.fat_near(point, reach, where)
        return found[0] if len(found) else point

    def fat_near(self, point: Array, reach: float, where: str) -> Array:
        """Return the places (n, 3) with 1 mm of a fat around them, the nearest first."""
        (i, j, k), _ = self.grid.voxel_of(point)
        n = round(reach / self.grid.spacing[0])
        window = tuple(slice(max(0, c - n), c + n + 1) for c in (i, j, k))
        fat = self.grid.labels[window] == self.structures[where].label
        deep = ndimage.binary_erosion(fat)
        index = np.argwhere(deep if deep.any() else fat)
        places = self.grid.points(index + [part.start for part in window])
        ordered: Array = places[np.argsort(np.linalg.norm(places - point, axis=1), kind="stable")]
        return ordered

    def skin_behind(self, x: float, z: float) -> Array:
        """Return the place on the skin of the back at a place across and a height."""
        (i, _, k), _ = self.grid.voxel_of([x, 0.0, z])
        j = int(np.argmax(self.grid.labels[i, :, k] > 0))
        return np.r_[x, self.grid.points([i, j, k])[1:]]

    def way(self, tips: Array, outward: ArrayLike, each: float = 1.0) -> Array | None:
        """Return the best straight way to the skin, (n, 3), that harms nothing, None if none is.

        Args:
            tips: (3,) or (n, 3) where the needle's tip may lie, the best first.
            outward: the recommended direction; a way leans up to the last of `LEANS` from it to
                pass what must not be touched.
            each: how many more of `LEANS` the next tip is as good as.
        """
        cone, tips = list(_cone(np.asarray(outward, float))), np.atleast_2d(tips)
        tries = [(lean + each * n, n, axis) for lean, axis in cone for n in range(len(tips))]
        ways = (self.straight(tips[n], axis) for _, n, axis in sorted(tries, key=lambda t: t[:2]))
        return next((way for way in ways if not self._harms(way) and self._spares(way)), None)

    def straight(self, point: Array, direction: Array) -> Array:
        """Return the points (n, 3) from a place in a direction, a unit vector, to the skin."""
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
        """Return whether a way meets what it must not, or ends elsewhere than on the skin."""
        on_skin = self.labels(way[-1:])[0] == self.structures["skin"].label
        return not on_skin or bool(self._met(way).any())

    def _spares(self, way: Array) -> bool:
        """Return whether the needle of a way, from its ends as they are told, grazes nothing."""
        tip, entry = rounded(way[0]), self.on_skin(way)
        return not self._met(np.linspace(tip, entry, 2 * len(way)), 2 * _LAST).any()

    def _met(self, way: Array, last: int = _LAST) -> NDArray[np.bool_]:
        """Return where a way meets what it must not.

        That is bone but for its last steps, and anything else that must be spared but for the
        structure that the tip lies in.
        """
        labels = self.labels(way)
        harmed = self._harmed[labels]
        harmed[:last] &= self._spared_to_the_end[labels[:last]]
        return harmed & (self._whole[labels] != self._whole[labels[0]])

    @cached_property
    def _whole(self) -> NDArray[np.uint16]:
        table = np.arange(1 << 16, dtype=np.uint16)
        for structure in self.structures.values():
            table[structure.label] = self.structures.whole(structure.id).label
        return table

    @cached_property
    def _spared_to_the_end(self) -> NDArray[np.bool_]:
        table = self._harmed.copy()
        for structure in self.structures.values():
            if structure.kind == "bone":
                table[structure.label] = False
        return table

    @cached_property
    def _harmed(self) -> NDArray[np.bool_]:
        table = np.zeros(1 << 16, bool)
        for structure in self.structures.values():
            whole = self.structures.whole(structure.id).id
            small = _SMALL_VEINS if structure.kind == "vessel" else _SMALL_NERVES
            table[structure.label] = (
                structure.kind in ("bone", "device", "organ", "joint")
                or (
                    structure.kind in ("vessel", "nerve")
                    and not any(name in structure.id for name in small)
                )
                or whole == "thecal_sac"
            )
        return table

    def mark(
        self,
        id_: str,
        name: str,
        tips: Array,
        source: str,
        outward: ArrayLike | None = None,
        each: float = 1.0,
    ) -> Landmark:
        """Return a landmark; one with a direction outwards gets its entry, if there is a way.

        Args:
            id_: its name in lessons.
            name: what a person reads.
            tips: (3,) its place, or (n, 3) where it may be, the best first; see `way`.
            source: where its definition comes from.
            outward: the way from it to the skin that is recommended.
            each: as `way` takes it.
        """
        point = np.atleast_2d(tips)[0]
        if outward is None:
            return Landmark(id_, name, rounded(point), source)
        way = self.way(tips, outward, each)
        if way is None:
            return Landmark(id_, name, rounded(point), source, blocked=self._across(point, outward))
        return Landmark(id_, name, rounded(way[0]), source, self.on_skin(way))

    def on_skin(self, way: Array) -> tuple[float, float, float]:
        """Return the outermost place of a way that is skin when it is rounded, too."""
        skin = self.structures["skin"].label
        ends = [rounded(point) for point in way[:-5:-1]]
        return next((end for end in ends if self.labels(np.array([end]))[0] == skin), ends[0])

    def _across(self, point: Array, outward: ArrayLike) -> str:
        """Return the names of what must be spared on the straight way, as a person reads them."""
        axis = np.asarray(outward, float)
        way = self.straight(point, axis / np.linalg.norm(axis))
        labels = self._whole[self.labels(way)[self._met(way)]]
        names = (self.structures.by_label(int(label)) for label in dict.fromkeys(labels.tolist()))
        found = [structure.name for structure in names if structure]
        if self.labels(way[-1:])[0] != self.structures["skin"].label:
            found.append("the edge of this region, so look in its neighbour")
        return ", ".join(found)


def middle(points: Array) -> Array:
    """Return the one of (n, 3) points that is nearest to the middle of them."""
    return nearest(points, points.mean(axis=0))


def nearest(points: Array, to: ArrayLike) -> Array:
    """Return the one of (n, 3) points that is nearest to a place."""
    found: Array = points[np.argmin(np.linalg.norm(points - np.asarray(to), axis=1))]
    return found


def rounded(point: Array) -> tuple[float, float, float]:
    """Return a point as three numbers, to a hundredth of a millimetre."""
    x, y, z = (round(float(c), 2) for c in point)
    return x, y, z


def _cone(axis: Array) -> Iterator[tuple[int, Array]]:
    """Yield unit vectors with how many of `LEANS` they lean, `axis` itself first."""
    axis = axis / np.linalg.norm(axis)
    yield 0, axis
    across = np.cross(axis, np.eye(3)[np.abs(axis).argmin()])
    across /= np.linalg.norm(across)
    up = np.cross(axis, across)
    for far, lean in enumerate(np.radians(LEANS), 1):
        for turn in np.radians(np.arange(0.0, 360.0, 22.5)):
            aside = np.cos(turn) * across + np.sin(turn) * up
            yield far, np.cos(lean) * axis + np.sin(lean) * aside
