"""Bones round the cervical column: skull base, jaws, hyoid, shoulders."""

from __future__ import annotations

from collections.abc import Mapping

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.neck_line import neck_size
from spine_tutor.anatomy.posed import PosedBone
from spine_tutor.anatomy.shoulder import build_shoulders
from spine_tutor.anatomy.skeleton import VertebraModel
from spine_tutor.anatomy.skull_base import build_skull


def build_neck_bones(
    column: Column, vertebrae: Mapping[str, VertebraModel], case: Case
) -> tuple[PosedBone, ...]:
    """Return the bones of a case that surround its cervical column.

    Args:
        column: the posed column.
        vertebrae: the vertebrae by level, from which the skull keeps its joint space.
        case: the body that they belong to.
    """
    scale = neck_size(case)
    return (
        *build_skull(vertebrae["c1"], scale),
        *build_shoulders(column, scale, abducted=False),
    )
