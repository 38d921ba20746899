"""The hip bone of each side: ilium, ischium and pubis, with the sacroiliac joint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import hip_solid
from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import Distances, Field, Points, moved
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.posed import PosedBone, box_of

WHOLE = ("hip_bone", "hip bone")
PARTS = (("ilium", "ilium"), ("ischium", "ischium"), ("pubis", "pubis"))
"""Ids and names of each side's parts, without the side, in the order of `hip_solid`."""

SIGN = {"left": -1.0, "right": 1.0}
_LOW, _HIGH = (-6.0, -72.0, -150.0), (152.0, 122.0, 62.0)


def build_ilium(side: str, plate: Matrix, scale: float, sacrum: Field, space: float) -> PosedBone:
    """Return the hip bone of a side, kept the width of the joint off the sacrum.

    Args:
        side: ``left`` or ``right``.
        plate: endplate_to_world (4×4) of the upper endplate of S1.
        scale: size, 1 is the pooled adult.
        sacrum: distance to the sacrum, of world points.
        space: width of the sacroiliac joint, bone to bone, mm; behind the joint, where the
            interosseous ligament lies, the gap widens.
    """
    shape = pelvis_shape().hip_bone
    per = (np.array([SIGN[side], 1, 1]) / scale).astype(np.float32)
    rotation = plate[:3, :3].astype(np.float32)
    origin = plate[:3, 3].astype(np.float32)

    whole = moved(lambda points: scale * hip_solid.hip_bone(points * per), plate)

    def bone(points: Points) -> Distances:
        distance = whole(points)
        near = np.flatnonzero(distance < 6)
        _, y, z = ((points[near] - origin) @ rotation / np.float32(scale)).T
        behind = np.clip(shape.joint_back[0] + shape.joint_back[1] * z - y, 0, None)
        wider = np.minimum(shape.joint_opening * behind, shape.joint_widest)
        gap = (space + scale * wider).astype(np.float32)
        distance[near] = np.maximum(distance[near], gap - sacrum(points[near]))
        return distance

    def parts(points: Points) -> NDArray[np.uint8]:
        local = (points - origin) @ rotation * per
        return hip_solid.part_of(local.astype(np.float32))

    low, high = np.array(_LOW), np.array(_HIGH)
    if side == "left":
        low[0], high[0] = -high[0], -low[0]
    ids = tuple(f"{part}_{side}" for part, _ in PARTS)
    return PosedBone(ids, bone, box_of(plate, scale * low, scale * high), parts)


def hip_center(side: str, plate: Matrix, scale: float) -> NDArray[np.float64]:
    """Return the middle of a side's acetabulum in the world, mm."""
    x, y, z = pelvis_shape().hip_bone.acetabulum
    local = scale * np.array([SIGN[side] * x, y, z])
    center: NDArray[np.float64] = plate[:3, :3] @ local + plate[:3, 3]
    return center
