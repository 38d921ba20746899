"""The upper end of the femur: head, neck, trochanters and shaft, legs straight."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import Distances, Field, Points, limb, moved, union
from spine_tutor.anatomy.ilium import SIGN, hip_center
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.posed import PosedBone, box_of

PARTS = (("femur", "femur"),)
"""Ids and names, without the side."""

_REACH = 10.0


@cache
def _pieces() -> tuple[Field, ...]:
    """Return neck, trochanters and shaft of the right femur, from the middle of its head, mm."""
    shape = pelvis_shape().femur
    base = _base()
    neck = np.linspace(0.25, 1.0, len(shape.neck_half))[:, None] * base
    turn = _anteversion()
    greater, lesser = (
        base + np.asarray(path) @ turn.T for path in (shape.trochanter, shape.lesser)
    )
    down = np.linspace(-5.0, -shape.shaft_length, len(shape.shaft_half))
    shaft = base + np.stack([0 * down, 0 * down, down], axis=-1)
    across = (0, 1, 0)
    return (
        limb(neck, shape.neck_half, across, reach=_REACH),
        limb(greater, shape.trochanter_half, across, reach=_REACH),
        limb(lesser, shape.lesser_half, across, reach=_REACH),
        limb(shaft, shape.shaft_half, across, reach=_REACH),
    )


def _anteversion() -> NDArray[np.float64]:
    angle = np.radians(pelvis_shape().femur.anteversion)
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def neck_axis() -> NDArray[np.float64]:
    """Return the unit vector from the middle of the right head along the neck, in the world."""
    base = _base()
    axis: NDArray[np.float64] = base / np.linalg.norm(base)
    return axis


def _base() -> NDArray[np.float64]:
    """Return where the axes of neck and shaft meet, from the middle of the head, mm."""
    shape = pelvis_shape().femur
    angle = np.radians(180.0 - shape.neck_shaft_angle)
    along = np.array([np.sin(angle), 0.0, -np.cos(angle)])
    base: NDArray[np.float64] = shape.neck_length * (_anteversion() @ along)
    return base


def _femur(points: Points) -> Distances:
    shape = pelvis_shape().femur
    distance = _pieces()[3](points)
    for piece in _pieces()[:3]:
        distance = union(distance, piece(points), 6.0)
    head = np.sqrt((points * points).sum(axis=1)) - np.float32(shape.head_radius)
    distance = union(distance, head, 4.0)
    # the shaft is cut off square
    return np.maximum(distance, np.float32(_base()[2] - shape.shaft_length) - points[:, 2])


def build_femur(side: str, plate: Matrix, scale: float) -> PosedBone:
    """Return the upper end of a side's femur, its shaft parallel to the world's z axis.

    Args:
        side: ``left`` or ``right``.
        plate: endplate_to_world (4×4) of the upper endplate of S1, by which the pelvis lies.
        scale: size, 1 is the pooled adult.
    """
    frame = np.eye(4)
    frame[:3, 3] = hip_center(side, plate, scale)
    per = (np.array([SIGN[side], 1, 1]) / scale).astype(np.float32)
    bone = moved(lambda points: scale * _femur(points * per), frame)
    low, high = np.array([-30.0, -60.0, -145.0]), np.array([85.0, 32.0, 32.0])
    if side == "left":
        low[0], high[0] = -high[0], -low[0]
    box = box_of(frame, scale * low, scale * high)
    return PosedBone((f"femur_{side}",), bone, box, _only)


def _only(points: Points) -> NDArray[np.uint8]:
    return np.zeros(len(points), np.uint8)
