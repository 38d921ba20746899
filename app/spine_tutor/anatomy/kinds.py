"""Which shape each vertebra has: the atlas, the axis, the cervical ones and all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spine_tutor.anatomy import atlas_vertebra, axis, cervical, vertebra
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.cervical_shape import atlas_shape, axis_shape, cervical_shape
from spine_tutor.anatomy.region import COLUMN
from spine_tutor.anatomy.vertebra_shape import vertebra_shape


@dataclass(frozen=True)
class Kind:
    """How vertebrae of one kind are made; everything is in the vertebra's own frame, mm.

    Attributes:
        unpaired, paired: names of its parts, by id without level and side.
        parts: both, in the order of `part_of`.
        shape: ``(level, case)``: the landmarks that the following functions take.
        bone: ``(points, size, shape)``: signed distances to the bone.
        part_of: ``(points, size, shape)``: the place in `parts` of each point.
        superior_process: ``(shape)``: the field of what bears the right upper facet.
        extent: ``(size, shape)``: lowest and highest corner of a box around the bone.
    """

    unpaired: Mapping[str, str]
    paired: Mapping[str, str]
    parts: tuple[str, ...]
    shape: Callable[[str, Case], Any]
    bone: Callable[..., Any]
    part_of: Callable[..., Any]
    superior_process: Callable[..., Any]
    extent: Callable[..., Any]


def _kind(module: Any, shape: Callable[[str, Case], Any]) -> Kind:
    return Kind(
        module.UNPAIRED,
        module.PAIRED,
        module.PARTS,
        shape,
        module.bone,
        module.part_of,
        module.superior_process,
        module.extent,
    )


_ATLAS = _kind(atlas_vertebra, lambda _level, case: atlas_shape(case))
_AXIS = _kind(axis, lambda _level, case: axis_shape(case))
_CERVICAL = _kind(cervical, cervical_shape)
_OTHER = _kind(vertebra, vertebra_shape)

KINDS: Mapping[str, Kind] = {
    level: _CERVICAL if level.startswith("c") else _OTHER for level in COLUMN
} | {"c1": _ATLAS, "c2": _AXIS}
"""By level, ``c1`` to ``l5``."""
