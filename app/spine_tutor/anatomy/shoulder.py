"""The bones of the shoulder: clavicle, scapula and humerus, coarse; they darken lateral views.

They hang on the line of the neck, so that they follow the case; right side, all estimates after CT
of adults lying prone with the arms along the body.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.canal import CanalLine
from spine_tutor.anatomy.fields import Distances, Field, Points, limb, union
from spine_tutor.anatomy.posed import PosedBone
from spine_tutor.anatomy.rows import SIDES

# u to the right, d in front of the canal, and how far above (+) the middle of T2 along the line.
CLAVICLE = [(20, 98, -24), (48, 84, -10), (90, 50, 0), (122, 26, -1), (146, 20, -7)]
_CLAVICLE_HALF = [(10, 10), (6.5, 6.5), (5.5, 6), (7, 5.5), (9, 5)]
_HEAD = [(168, 12, -24), (168.5, 12, -24)]
_HEAD_HALF = [(23.5, 23.5), (23.5, 23.5)]
_SHAFT = [(170, 12, -24), (176, 10, -58), (180, 8, -130)]
_SHAFT_HALF = [(21, 21), (15, 15), (11.5, 11.5)]
_SPINE = [(74, -34, -34), (112, -31, -22), (150, -17, -8), (168, 4, 3)]
"""Spine of the scapula and acromion."""
_SPINE_HALF = [(3, 3), (8, 4), (10, 5), (13, 5)]
_BLADE = [(90, -25, -8), (104, -27, -58), (110, -27, -130)]
_BLADE_HALF = [(20, 2.5), (34, 2.5), (24, 3)]
_GLENOID = [(112, -21, -22), (130, -4, -24), (141, 8, -24)]
_GLENOID_HALF = [(9, 4), (10, 6), (17, 6)]
_CORACOID = [(136, 12, -14), (138, 28, -12), (144, 36, -18)]
_CORACOID_HALF = [(7, 6), (6, 5), (5, 4.5)]


def build_shoulders(line: CanalLine, scale: float) -> Iterator[PosedBone]:
    """Yield clavicle, scapula and humerus of both sides; `scale` 1 is the pooled adult."""
    for side in SIDES:
        sign = -1.0 if side == "left" else 1.0

        def bone(
            path: ArrayLike, half: ArrayLike, across: tuple[float, float, float], sign: float = sign
        ) -> tuple[Field, NDArray[np.float64]]:
            u, d, s = scale * np.asarray(path, float).T
            world = line.place(line.levels["t2"] + s, sign * u, d)
            margin = scale * np.asarray(half, float)
            return limb(world, margin, across, 12.0), world

        up, ahead = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)
        clavicle = [bone(CLAVICLE, _CLAVICLE_HALF, ahead)]
        humerus = [
            bone(_HEAD, _HEAD_HALF, ahead),
            bone(_SHAFT, _SHAFT_HALF, ahead),
        ]
        scapula = [
            bone(_SPINE, _SPINE_HALF, ahead),
            bone(_BLADE, _BLADE_HALF, (1.0, 0.0, 0.0)),
            bone(_GLENOID, _GLENOID_HALF, up),
            bone(_CORACOID, _CORACOID_HALF, up),
        ]
        for name, pieces in (("clavicle", clavicle), ("scapula", scapula), ("humerus", humerus)):
            yield _joined(f"{name}_{side}", pieces, scale)


def _joined(id_: str, pieces: list[tuple[Field, NDArray[np.float64]]], scale: float) -> PosedBone:
    fields = [field for field, _ in pieces]
    ends = np.concatenate([world for _, world in pieces])
    margin = 36.0 * scale

    def bone(points: Points) -> Distances:
        distance = fields[0](points)
        for field in fields[1:]:
            distance = union(distance, field(points), 3.0)
        return distance

    def parts(points: Points) -> NDArray[np.uint8]:
        return np.zeros(len(points), np.uint8)

    return PosedBone((id_,), bone, (ends.min(axis=0) - margin, ends.max(axis=0) + margin), parts)
