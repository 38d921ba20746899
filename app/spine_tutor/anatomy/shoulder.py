"""The bones of the shoulder: clavicle, scapula and humerus, the same in every region that has them.

The scapula is a flat triangular blade on the back of the second to the eighth ribs with its spine,
acromion, glenoid and coracoid. All lie at places beside the posed thoracic vertebrae; estimates
after CT of adults lying prone: for the neck with the arms along the body, for the chest with the
arms abducted on boards, so that they leave the picture at its side. Lengths are those of adults:
blade 140 mm high, glenoid 36 by 26 mm, clavicle some 160 mm (E).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.fields import Distances, Field, Points, limb, union
from spine_tutor.anatomy.plate import plate
from spine_tutor.anatomy.posed import PosedBone
from spine_tutor.anatomy.ribs import SIGN
from spine_tutor.anatomy.rows import SIDES

Array = NDArray[np.float64]
Places = tuple[tuple[str, float, float, float], ...]
"""Level, and x, y, z from the middle of its body along the axes of the world, right side, mm."""

CLAVICLE: Places = (
    ("t3", 31, 100, 3), ("t3", 58, 91, 6), ("t3", 88, 56, 10), ("t3", 124, 17, 25),
    ("t3", 146, -7, 26),
)  # fmt: skip
"""From the manubrium to the facet of the acromion: convex forwards, then backwards."""
_CLAVICLE_HALF = ((9.5, 9), (6.5, 6.5), (6, 6), (7, 5.5), (8.5, 5))
# Border of the blade from the superior angle outwards, down the lateral and up the medial border,
# with half the thickness.
_BORDER: Places = (
    ("t2", 68, -25, 3), ("t2", 98, -22, -2), ("t3", 122, -10, 10), ("t3", 136, -7, 10),
    ("t4", 133, -8, -4), ("t5", 123, -18, -5), ("t7", 108, -39, -2), ("t8", 88, -61, -9),
    ("t7", 74, -62, -16), ("t6", 64, -52, 6), ("t4", 62, -41, 7),
)  # fmt: skip
_BORDER_HALF = (2.0, 2.0, 2.5, 6.0, 6.0, 4.5, 3.5, 3.5, 2.5, 2.0, 2.5)
_WITHIN: Places = (("t5", 94, -47, -10), ("t3", 96, -33, -5))
_WITHIN_HALF = (2.0, 1.9)
# Spine of the scapula: along its crest outwards and back along the blade.
_SPINE: Places = (
    ("t4", 63, -43, 7), ("t3", 98, -51, 2), ("t3", 132, -40, 18), ("t3", 132, -20, 6),
    ("t3", 98, -30, -4),
)  # fmt: skip
_SPINE_HALF = (2.5, 2.5, 3.0, 3.0, 2.0)
_CREST: Places = (
    ("t4", 66, -44, 8), ("t3", 98, -51, 2), ("t3", 134, -40, 19), ("t3", 158, -23, 25),
    ("t3", 166, -4, 24),
)  # fmt: skip
"""Crest of the spine and acromion."""
_CREST_HALF = ((4, 2.5), (5, 3), (7, 4), (10, 4.5), (9, 4.5))
_GLENOID: Places = (("t3", 128, -12, -5), ("t3", 152, -2, -6))
_GLENOID_HALF = ((10, 6), (19, 13))
_CORACOID: Places = (("t3", 133, -6, 8), ("t3", 136, 12, 12), ("t3", 143, 27, 4))
_CORACOID_HALF = ((7, 6), (6, 5), (5, 4.5))
HEAD: Places = (("t3", 168, 3, -5),)
"""Middle of the head of the humerus."""
HEAD_RADIUS, JOINT = 23.5, 3.0
"""Radius of the head, and bone to bone across its joint, mm."""
_HANGING: Places = (("t3", 170, 3, -7), ("t4", 176, 8, -30), ("t7", 180, 22, -36))
_ABDUCTED: Places = (("t3", 170, 3, -4), ("t3", 196, 6, 2), ("t3", 320, 24, 32))
_SHAFT_HALF = ((21, 21), (15, 15), (11.5, 11.5))
ARM: Places = (("t3", 128, 0, -10), _ABDUCTED[-1])
"""Axis of the flesh of an arm that is abducted, and its radius, mm."""
ARM_RADIUS = 46.0
REACH = 12.0
"""How far round each piece its field is known, mm: more than the pieces flow together."""


def build_shoulders(column: Column, scale: float, abducted: bool) -> Iterator[PosedBone]:
    """Yield the bones of both shoulders.

    Args:
        column: the posed column; the places hang on T2 to T8.
        scale: size, 1 is the pooled adult.
        abducted: whether the arms lie beside the head and not along the body.
    """
    for side in SIDES:
        yield _clavicle(column, side, scale)
        yield _scapula(column, side, scale)
        yield _humerus(column, side, scale, _ABDUCTED if abducted else _HANGING)


def places_of(column: Column, places: Places, side: str, scale: float) -> Array:
    """Return the world points (n, 3) of places on a side."""
    mirror = scale * np.array([SIGN[side], 1.0, 1.0])
    return np.array([column.frames[level][:3, 3] + mirror * at for level, *at in places])


def _clavicle(column: Column, side: str, scale: float) -> PosedBone:
    path = places_of(column, CLAVICLE, side, scale)
    bone = limb(path, scale * np.array(_CLAVICLE_HALF), (0.0, 1.0, 0.0), REACH, blend=4.0)
    return _posed(f"clavicle_{side}", bone, path, 12.0 * scale)


def _scapula(column: Column, side: str, scale: float) -> PosedBone:
    def at(places: Places) -> Array:
        return places_of(column, places, side, scale)

    def marks(places: Places, half: ArrayLike) -> Array:
        return np.column_stack([at(places), scale * np.asarray(half)])

    def arm(places: Places, half: ArrayLike, across: ArrayLike) -> Field:
        return limb(at(places), scale * np.asarray(half, float), across, REACH, blend=3.0)

    up, ahead = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)
    blade = plate(marks(_BORDER, _BORDER_HALF), marks(_WITHIN, _WITHIN_HALF))
    spine = plate(marks(_SPINE, _SPINE_HALF), np.empty((0, 4)))
    crest, coracoid = arm(_CREST, _CREST_HALF, ahead), arm(_CORACOID, _CORACOID_HALF, up)
    glenoid = arm(_GLENOID, _GLENOID_HALF, up)
    head = at(HEAD)[0].astype(np.float32)
    socket = np.float32((HEAD_RADIUS + JOINT) * scale)

    def bone(points: Points) -> Distances:
        distance = union(blade(points), spine(points), 4.0)
        distance = union(distance, crest(points), 4.0)
        distance = union(distance, glenoid(points), 6.0)
        distance = union(distance, coracoid(points), 4.0)
        hollow = socket - np.linalg.norm(points - head, axis=1)
        found: Distances = np.maximum(distance, hollow.astype(np.float32))
        return found

    ends = np.concatenate([at(p) for p in (_BORDER, _CREST, _GLENOID, _CORACOID)])
    return _posed(f"scapula_{side}", bone, ends, 20.0 * scale)


def _humerus(column: Column, side: str, scale: float, arm: Places) -> PosedBone:
    head, shaft = (places_of(column, places, side, scale) for places in (HEAD, arm))
    bone = limb(shaft, scale * np.array(_SHAFT_HALF), (0.0, 1.0, 0.0), REACH, blend=4.0)
    middle, radius = head[0].astype(np.float32), np.float32(HEAD_RADIUS * scale)

    def whole(points: Points) -> Distances:
        ball = np.linalg.norm(points - middle, axis=1).astype(np.float32) - radius
        return union(ball, bone(points), 3.0)

    return _posed(f"humerus_{side}", whole, np.concatenate([head, shaft]), 25.0 * scale)


def _posed(id_: str, bone: Field, ends: Array, margin: float) -> PosedBone:
    def parts(points: Points) -> NDArray[np.uint8]:
        return np.zeros(len(points), np.uint8)

    return PosedBone((id_,), bone, (ends.min(axis=0) - margin, ends.max(axis=0) + margin), parts)
