"""Named points of the atlas: targets of procedures and places on the skin.

Each is worked out from the painted subject, so that it follows the case's own bones, and then
put on the nearest voxel of the tissue in which the needle tip belongs. The targets of each region
are in a module of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from spine_tutor.anatomy import (
    landmarks_chest,
    landmarks_lumbar,
    landmarks_neck,
    landmarks_sacral,
)
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.places import Places
from spine_tutor.anatomy.structure import StructureSet
from spine_tutor.anatomy.subject import Landmark
from spine_tutor.anatomy.tubes import Tube

PARAMEDIAN = 15.0
"""Distance of the paramedian skin points from the midline, mm."""

_SKIN = "measured on the subject"
_TARGETS: Mapping[str, tuple[Callable[[Places], Iterator[Landmark]], ...]] = {
    "cervical": (landmarks_neck.targets,),
    "thoracic": (landmarks_chest.targets,),
    "lumbar": (landmarks_lumbar.targets, landmarks_sacral.targets),
    "sacral": (landmarks_lumbar.targets, landmarks_sacral.targets),
}


def atlas_landmarks(
    grids: tuple[LabelGrid, ...],
    structures: StructureSet,
    column: Column,
    tubes: Iterable[Tube] = (),
    sex: str = "pooled",
) -> dict[str, Landmark]:
    """Return the landmarks of an atlas by name, worked out on its grids and thin structures."""
    places = Places(grids, structures, column, {tube.structure: tube for tube in tubes}, sex)
    marks = list(_on_skin(places))
    for targets in _TARGETS[column.region.id]:
        marks.extend(targets(places))
    return {mark.id: mark for mark in marks}


def _on_skin(places: Places) -> Iterator[Landmark]:
    for level in places.column.levels:
        frame = places.column.frames[level]
        behind = places.skin_behind(frame[0, 3], frame[2, 3])[1] - frame[1, 3]
        middle = frame[0, 3] + frame[0, 1] / frame[1, 1] * behind  # a turned vertebra points aside
        for suffix, words, x in (
            ("midline", "midline", 0.0),
            ("paramedian_left", "left of the midline", -PARAMEDIAN),
            ("paramedian_right", "right of the midline", PARAMEDIAN),
        ):
            name = f"Skin over {level.upper()}, {words}"
            point = places.skin_behind(middle + x, frame[2, 3])
            yield places.mark(f"{level}_skin_{suffix}", name, point, _SKIN)
