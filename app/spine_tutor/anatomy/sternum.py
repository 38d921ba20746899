"""The front of the chest: sternum and costal cartilages, laid to the ends of the posed ribs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    bent,
    difference,
    intersection,
    limb,
    moved,
    union,
)
from spine_tutor.anatomy.posed import PosedBone, box_of
from spine_tutor.anatomy.ribs import SIGN, RibModel
from spine_tutor.anatomy.rows import SIDES

Array = NDArray[np.float64]

PARTS = ("manubrium", "sternal_body", "xiphoid_process")
"""Parts of the sternum from above."""

MANUBRIUM = 48.0
BODY = 100.0
XIPHOID = 26.0
"""Lengths along the sternum, mm (estimates)."""
_WIDE = (
    (48.0, 21.0), (36.0, 29.0), (22.0, 22.0), (2.0, 15.0), (-10.0, 14.5), (-40.0, 16.0),
    (-75.0, 19.0), (-98.0, 11.0), (-106.0, 7.5), (-126.0, 3.0),
)  # fmt: skip
"""Height above the sternal angle and half width there, mm (estimates)."""
_THICK = ((48.0, 6.0), (0.0, 5.5), (-98.0, 5.0), (-106.0, 2.5), (-126.0, 2.0))
"""Height above the sternal angle and half thickness there, mm (estimates)."""
KINK = 20.0
"""By how much the manubrium leans back from the line of the body of the sternum, degrees
(recalled: an angle of some 160°)."""
_ANGLE_OFF = (0.0, 12.0, -8.0)
"""From the level ends of the second ribs to the sternal angle, mm (estimate)."""
_NOTCHES = {1: 35.0, 2: 0.0, 3: -24.0, 4: -45.0, 5: -63.0, 6: -78.0, 7: -91.0}
"""Height above the sternal angle at which each cartilage meets the sternum, mm (estimates)."""
_SAG = {1: 0.0, 2: 0.0, 3: 1.0, 4: 5.0, 5: 14.0, 6: 24.0, 7: 33.0, 8: 11.0, 9: 9.0, 10: 8.0}
"""How far below the straight way each cartilage swings, mm (estimates)."""
_JOINED_AT = 0.42
"""Where along its cartilage a rib is joined by the one below, from 0, its end (estimate)."""
_HALF = (5.6, 3.6)
_APART = 1.0
"""Width of the joints of the cartilages, mm (estimate)."""


def sternal_frames(ribs: Mapping[str, RibModel], scale: float) -> tuple[Matrix, Matrix]:
    """Return the frames (4×4) of manubrium and body: origin in the sternal angle, z along them.

    Args:
        ribs: ribs 2 and 5 of the right side, by id.
        scale: size, 1 is the pooled adult.
    """
    second, fifth = (_end(ribs[f"rib_{n}_right"]) * [0, 1, 1] for n in (2, 5))
    angle = second + scale * np.array(_ANGLE_OFF)
    body = _frame(angle, second - fifth)
    back = np.radians(KINK)
    return _frame(angle, body[:3, :3] @ [0.0, -np.sin(back), np.cos(back)]), body


def _frame(origin: Array, up: Array) -> Matrix:
    frame = np.eye(4)
    frame[:3, 2] = up / np.linalg.norm(up)
    frame[:3, 1] = np.cross(frame[:3, 2], frame[:3, 0])
    frame[:3, 3] = origin
    return frame


def _end(rib: RibModel) -> Array:
    end: Array = rib.to_world(rib.axis.path[-1:])[0]
    return end


def build_sternum(ribs: Mapping[str, RibModel], scale: float) -> PosedBone:
    """Return the sternum that fits the posed ribs; parts as in `PARTS`."""
    upper, lower = sternal_frames(ribs, scale)
    manubrium = _stretch(upper, scale, 0.4, MANUBRIUM)
    body = _stretch(lower, scale, -BODY - XIPHOID, -0.4)

    def bone(points: Points) -> Distances:
        return union(manubrium(points), body(points))

    def parts(points: Points) -> NDArray[np.uint8]:
        above = manubrium(points) < body(points)
        height = (points - lower[:3, 3]) @ lower[:3, 2] / scale
        return np.where(above, 0, np.where(height > -BODY, 1, 2)).astype(np.uint8)

    boxes = [
        box_of(frame, [-32 * scale, -9 * scale, low * scale], [32 * scale, 9 * scale, high * scale])
        for frame, low, high in (
            (upper, -2, MANUBRIUM + 2),
            (lower, -BODY - XIPHOID - 2, 2),
        )
    ]
    box = np.minimum(boxes[0][0], boxes[1][0]), np.maximum(boxes[0][1], boxes[1][1])
    return PosedBone(PARTS, bone, box, parts)


def _stretch(frame: Matrix, scale: float, low: float, high: float) -> Field:
    """Return the field of a stretch of the sternum, of world points."""

    def field(points: Points) -> Distances:
        plate: Distances = scale * _plate(points / np.float32(scale), low, high)
        return plate

    return moved(field, frame)


def _plate(points: Points, low: float, high: float) -> Distances:
    """Return the distance to a stretch of the sternum, in its frame at size 1."""
    x, y, z = points.T
    wide = np.interp(z, *np.array(_WIDE[::-1]).T).astype(np.float32)
    thick = np.interp(z, *np.array(_THICK[::-1]).T).astype(np.float32)
    ends = np.maximum(low - z, z - high)
    plate = intersection(intersection(np.abs(x) - wide, np.abs(y) - thick, 5.0), ends, 3.0)
    jugular = 14 - np.hypot(x, z - (MANUBRIUM + 8))
    return difference(plate, -jugular, 2.0)


def build_cartilages(
    ribs: Mapping[str, RibModel], sternum: PosedBone, scale: float
) -> Mapping[str, PosedBone]:
    """Return the costal cartilages of ribs 1–10 by id, such as ``costal_cartilage_3_left``.

    The first seven reach the sternum, each of the next three the one above it.

    Args:
        ribs: ribs 1 to 10 of both sides, by id.
        sternum: the bone that they reach.
        scale: size, 1 is the pooled adult.
    """
    frames = sternal_frames(ribs, scale)
    wide_at = np.array(_WIDE[::-1]).T
    found: dict[str, PosedBone] = {}
    for side in SIDES:
        above: Array | None = None
        for number, sag in _SAG.items():
            start = _end(ribs[f"rib_{number}_{side}"])
            if number in _NOTCHES:
                height = _NOTCHES[number]
                x = np.interp(height, *wide_at) + 0.5 * _HALF[0] + _APART
                local = scale * np.array([SIGN[side] * x, 0, height, 1 / scale])
                goal = (frames[0 if height > 0 else 1] @ local)[:3]
            else:
                assert above is not None  # the seventh came before
                at = _JOINED_AT * (len(above) - 1)
                goal = above[round(at)] + scale * np.array([0, 0, -2 * _HALF[0] - _APART])
            middle = 0.5 * (start + goal) + scale * sag * np.array([0, 0.3, -1])
            path, half = bent(
                [start, middle, goal], scale * np.multiply.outer([1, 0.92, 0.8], _HALF), 14
            )
            id_ = f"costal_cartilage_{number}_{side}"
            margin = 2 * _HALF[0] * scale
            found[id_] = PosedBone(
                (id_,),
                _kept_off(
                    limb(path, half, (0, 0, 1), reach=15.0),
                    ribs[f"rib_{number}_{side}"],
                    sternum.bone,
                ),
                (path.min(axis=0) - margin, path.max(axis=0) + margin),
                lambda points: np.zeros(len(points), np.uint8),
            )
            above = path
    return found


def _kept_off(cartilage: Field, rib: RibModel, sternum: Field) -> Field:
    """Return a cartilage that begins where its rib ends and leaves a joint at the sternum."""

    def field(points: Points) -> Distances:
        grown = difference(cartilage(points), rib.whole(points))
        return difference(grown, sternum(points) - np.float32(_APART))

    return field
