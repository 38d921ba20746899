"""Named points of the atlas: targets of procedures and places on the skin.

Each is worked out from the painted subject, so that it follows the case's own bones, and then
put on the nearest voxel of the tissue in which the needle tip belongs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.structure import StructureSet
from spine_tutor.anatomy.subject import Landmark

Array = NDArray[np.float64]

PARAMEDIAN = 15.0
"""Distance of the paramedian skin points from the midline, mm."""

_SUPRANEURAL = "supraneural triangle: pedicle, exiting root, lateral border (recalled, unverified)"
_KAMBIN = "Kambin's triangle: exiting root, endplate below, superior articular process (recalled)"
_BRANCH = "junction of superior articular and transverse process (literature)"
_LAMINAR = "posterior epidural space behind the dura, between the laminae (literature)"
_SKIN = "measured on the subject"


def atlas_landmarks(
    grid: LabelGrid, structures: StructureSet, column: Column
) -> dict[str, Landmark]:
    """Return the landmarks of an atlas by name, worked out on its fine grid."""
    places = _Places(grid, structures, column)
    return {mark.id: mark for mark in places.all()}


class _Places:
    def __init__(self, grid: LabelGrid, structures: StructureSet, column: Column):
        self.grid, self.structures, self.column = grid, structures, column
        self.boxes = ndimage.find_objects(grid.labels)

    def all(self) -> Iterator[Landmark]:
        segments = self.column.region.segments
        for upper, lower in segments[1:]:
            name = upper.upper()
            for side in SIDES:
                yield Landmark(
                    f"{upper}_transforaminal_target_{side}",
                    f"{name} {side} transforaminal target (supraneural)",
                    _tuple(self._supraneural(upper, side)),
                    _SUPRANEURAL,
                )
                if lower != "s1":
                    yield Landmark(
                        f"{upper}_kambin_target_{side}",
                        f"{name}–{lower.upper()} {side} Kambin's triangle",
                        _tuple(self._kambin(upper, lower, side)),
                        _KAMBIN,
                    )
        for level in self.column.region.levels[1:]:
            for side in SIDES:
                yield Landmark(
                    f"{level}_medial_branch_target_{side}",
                    f"Medial branch target on {level.upper()} {side}",
                    _tuple(self._branch(level, side)),
                    _BRANCH,
                )
        for upper, lower in segments:
            yield Landmark(
                f"{upper}_{lower}_interlaminar_target",
                f"{upper.upper()}–{lower.upper()} interlaminar target",
                _tuple(self._interlaminar(upper, lower)),
                _LAMINAR,
            )
        for level in self.column.levels:
            frame = self.column.frames[level]
            for suffix, words, x in (
                ("midline", "midline", 0.0),
                ("paramedian_left", "left of the midline", -PARAMEDIAN),
                ("paramedian_right", "right of the midline", PARAMEDIAN),
            ):
                yield Landmark(
                    f"{level}_skin_{suffix}",
                    f"Skin over {level.upper()}, {words}",
                    _tuple(self._skin(x, frame[2, 3])),
                    _SKIN,
                )

    # -- where they are ---------------------------------------------------------------------

    def _supraneural(self, level: str, side: str) -> Array:
        """Under the pedicle's outer half, above the root."""
        pedicle = self._local(f"{level}_pedicle_{side}", level)
        x = np.percentile(np.abs(pedicle[:, 0]), 65)
        back = -0.5 * self.column.bodies[level].depth
        near = pedicle[np.abs(pedicle[:, 1] - back) < 4.0]
        z = (near if len(near) else pedicle)[:, 2].min()
        sign = 1.0 if side == "right" else -1.0
        return self._in_fat(self._world(level, sign * x, back - 3.0, z - 1.2))

    def _kambin(self, upper: str, lower: str, side: str) -> Array:
        """Behind the disc, before the superior articular process, above the pedicle below."""
        disc = self.column.disc_frame(f"{upper}_{lower}")
        process = self._points(f"{lower}_superior_articular_process_{side}")
        local = (process - disc[:3, 3]) @ disc[:3, :3]
        back = -0.5 * self.column.bodies[lower].depth
        x = float(np.median(local[:, 0]))
        point = (disc @ [x, back - 1.0, -1.0, 1.0])[:3]
        return self._in_fat(point)

    def _branch(self, level: str, side: str) -> Array:
        """On the upper and posterior border of the transverse process, beside the articular one."""
        process = self._local(f"{level}_superior_articular_process_{side}", level)
        transverse = self._local(f"{level}_transverse_process_{side}", level)
        top = np.percentile(transverse[:, 2], 90)
        beside = process[np.abs(process[:, 2] - top) < 3.0]
        edge = np.percentile(np.abs((beside if len(beside) else process)[:, 0]), 98)
        out = np.abs(transverse[:, 0])
        root = transverse[(out > edge) & (out < edge + 2.5)]
        if not len(root):  # the articular process overhangs: the medial end of the transverse one
            root = transverse[out < out.min() + 2.5]
        groove = root[np.argmax(root[:, 2] - 0.7 * root[:, 1])]
        return self._world(level, *groove)

    def _interlaminar(self, upper: str, lower: str) -> Array:
        """In the midline epidural fat, midway between the laminae, before the flavum."""
        flavum = self._points(f"ligamentum_flavum_{upper}_{lower}")
        medial = flavum[np.abs(flavum[:, 0]) < 4.0]
        middle = (medial if len(medial) else flavum).mean(axis=0)
        frame = self.column.disc_frame(f"{upper}_{lower}")
        return self._in_fat(np.r_[0.0, (middle + 3.0 * frame[:3, 1])[1:]])

    def _skin(self, x: float, z: float) -> Array:
        """On the back, at a place across and a height."""
        (i, _, k), _ = self.grid.voxel_of([x, 0.0, z])
        j = int(np.argmax(self.grid.labels[i, :, k] > 0))
        return np.r_[x, self.grid.points([i, j, k])[1:]]

    # -- asking the grid --------------------------------------------------------------------

    def _points(self, structure: str) -> Array:
        """Return the world positions of a structure's voxels."""
        found = []
        for label in self.structures.labels_of(structure):
            box = self.boxes[label - 1] if label <= len(self.boxes) else None
            if box is None:
                continue
            index = np.argwhere(self.grid.labels[box] == label) + [part.start for part in box]
            found.append(self.grid.points(index))
        if not found:
            raise ValueError(f"{structure} has no voxels, so nothing can be measured on it")
        return np.concatenate(found)

    def _local(self, structure: str, level: str) -> Array:
        frame = self.column.frames[level]
        return (self._points(structure) - frame[:3, 3]) @ frame[:3, :3]

    def _world(self, level: str, x: float, y: float, z: float) -> Array:
        return (self.column.frames[level] @ [x, y, z, 1.0])[:3]

    def _in_fat(self, point: Array, reach: float = 8.0) -> Array:
        """Return the nearest place with 1 mm of epidural fat around it, within `reach` mm."""
        (i, j, k), _ = self.grid.voxel_of(point)
        n = round(reach / self.grid.spacing[0])
        window = tuple(slice(max(0, c - n), c + n + 1) for c in (i, j, k))
        fat = self.grid.labels[window] == self.structures["epidural_fat"].label
        deep = ndimage.binary_erosion(fat)
        index = np.argwhere(deep if deep.any() else fat)
        if not len(index):
            return point
        places = self.grid.points(index + [part.start for part in window])
        return places[np.argmin(np.linalg.norm(places - point, axis=1))]


def _tuple(point: Array) -> tuple[float, float, float]:
    x, y, z = (round(float(c), 2) for c in point)
    return x, y, z
