"""The chest as a whole: ribs, sternum and costal cartilages, and points on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BREADTH, Column
from spine_tutor.anatomy.fields import Points
from spine_tutor.anatomy.posed import PosedBone
from spine_tutor.anatomy.ribs import SIGN, RibModel, build_ribs
from spine_tutor.anatomy.skeleton import VertebraModel
from spine_tutor.anatomy.sternum import build_cartilages, build_sternum

Array = NDArray[np.float64]

NERVE_OFF_BONE = 0.5
"""From the surface of the bone to the middle of the nerve on it, mm (estimate)."""
NERVE_ABOVE_CORNER = 3.0
"""How far above the corner the branches of T5–T8 turn, mm (estimate)."""


@dataclass(frozen=True, eq=False)
class Thorax:
    """Ribs, sternum and costal cartilages of one region of a case.

    Attributes:
        ribs: by id, such as ``rib_7_left``.
        sternum: the bone, parts as in `sternum.PARTS`; None where the ribs that bear it are absent.
        cartilages: by id, such as ``costal_cartilage_3_left``.
    """

    ribs: Mapping[str, RibModel]
    sternum: PosedBone | None
    cartilages: Mapping[str, PosedBone]


def build_thorax(column: Column, vertebrae: Mapping[str, VertebraModel], case: Case) -> Thorax:
    """Return as much of the chest of a case as hangs on the vertebrae of the column's region.

    Args:
        column: where its vertebrae lie.
        vertebrae: the vertebrae by level that are built; ribs keep their joint space from these.
        case: the body it belongs to.
    """
    ribs = build_ribs(column, vertebrae, case, column.region.ribs)
    if len(column.region.ribs) < 12:
        return Thorax(ribs, None, {})
    scale = case.height_scale * BREADTH[case.sex]
    sternum = build_sternum(ribs, scale)
    return Thorax(ribs, sternum, build_cartilages(ribs, sternum, scale))


def transverse_tip(vertebra: VertebraModel, side: str) -> Array:
    """Return the lateral tip of the transverse process, a world point on the bone."""
    return _surface(vertebra, side, np.array(vertebra.shape.tp_tip), (1.0, 0.0, 0.0))


def costotransverse_facet(vertebra: VertebraModel, side: str) -> Array | None:
    """Return the middle of the costal facet of the transverse process, None below T10."""
    shape = vertebra.shape
    if shape.rib_tubercle is None:
        return None
    tubercle, tip = np.array(shape.rib_tubercle), np.array(shape.tp_tip)
    away = (tubercle - tip) / np.linalg.norm(tubercle - tip)
    return _world(vertebra, side, tubercle - shape.tubercle_radius * away)


def costotransverse_ligament(vertebra: VertebraModel, rib_below: RibModel) -> Array:
    """Return the ends of the superior costotransverse ligament, (2, 3) world points.

    From the lower border of the transverse process to the crest of the neck of the rib below.
    """
    shape = vertebra.shape
    along = 0.4 * np.array(shape.tp_mid) + 0.6 * np.array(shape.tp_tip)
    lower = _surface(vertebra, rib_below.side, along, (0.0, 0.0, -1.0))
    return np.stack([lower, rib_below.crest_of_neck()])


def medial_branch_crossing(vertebra: VertebraModel, side: str) -> Array:
    """Return where the medial branch of the level above turns over the transverse process.

    A world point in the middle of the nerve, which lies on the superolateral corner of the process;
    the branches of T5 to T8 turn back above that corner, off the bone (Chua and Bogduk 1995, Acta
    Neurochir 136:140).
    """
    corner = _surface(vertebra, side, np.array(vertebra.shape.tp_tip), (0.7, 0.0, 0.7))
    outward = vertebra.frame[:3, :3] @ np.array([SIGN[side], 0, 1]) / np.sqrt(2)
    above = NERVE_ABOVE_CORNER if vertebra.level in ("t6", "t7", "t8", "t9") else 0.0
    crossing: Array = corner + NERVE_OFF_BONE * outward + above * vertebra.frame[:3, 2]
    return crossing


def _world(vertebra: VertebraModel, side: str, point: Array) -> Array:
    frame = vertebra.frame
    world: Array = frame[:3, :3] @ (point * [SIGN[side], 1, 1]) + frame[:3, 3]
    return world


def _surface(
    vertebra: VertebraModel, side: str, start: Array, along: tuple[float, float, float]
) -> Array:
    """Return where a ray from inside the bone leaves it; `start` and `along` are in its frame."""
    steps = np.arange(0.0, 20.0, 0.1)
    ray = start + steps[:, None] * np.array(along) / np.linalg.norm(along)
    world = np.array([_world(vertebra, side, point) for point in ray])
    points: Points = world.astype(np.float32)
    outside = np.flatnonzero(vertebra.bone(points) > 0)
    return world[outside[0]]
