"""The coccyx: Co1 with its cornua and transverse processes, and Co2 to Co4 fused below it."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import Distances, Field, Points, limb, mirrored, moved, union
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.posed import PosedBone, box_of
from spine_tutor.anatomy.sacral_solid import line

PARTS = (("coccyx", "Coccyx"),)
"""Structure ids and names."""

_REACH = 6.0


@cache
def _pieces() -> tuple[Field, ...]:
    shape, at = pelvis_shape().coccyx, line()
    pieces = []
    for name, bone in shape.vertebrae.items():
        # broad above, narrower at the waist; the sacrococcygeal joint is cut later
        s = at.middle(name) + bone.height * np.array([0.3, 0.0, -0.3])
        half = np.array([(bone.half_width, bone.half_depth)]) * [[1, 1], [0.8, 0.9], [0.85, 0.95]]
        pieces.append(limb(at.place(0.0, 0.0, s), half, (1, 0, 0), reach=_REACH))
        if bone.reach > bone.half_width + 2.0:
            high = at.middle(name) + 0.15 * bone.height
            process = at.place([0.6 * bone.half_width, bone.reach - 3.5], [0.0, -0.5], high)
            pieces.append(limb(process, [(6.0, 4.0), (3.5, 2.5)], (0, 0, 1), reach=_REACH))
    cornu = np.array([at.place(u, d, s) for s, u, d in shape.cornu])
    half = np.array([shape.cornu_half] * 2)
    pieces.append(limb(cornu, half * [[1.2], [0.8]], (1, 0, 0), reach=_REACH))
    return tuple(pieces)


def _bone(points: Points) -> Distances:
    folded = mirrored(points)
    distance = _pieces()[0](folded)
    for piece in _pieces()[1:]:
        distance = union(distance, piece(folded), 4.0)
    return distance


def build_coccyx(plate: Matrix, scale: float, sacrum: Field) -> PosedBone:
    """Return the coccyx, kept the width of the sacrococcygeal joint off the sacrum.

    Args:
        plate: endplate_to_world (4×4) of the upper endplate of S1.
        scale: size, 1 is the pooled adult.
        sacrum: distance to the sacrum, of world points.
    """
    space = np.float32(scale * pelvis_shape().coccyx.space)
    whole = moved(lambda points: scale * _bone(points / np.float32(scale)), plate)

    def bone(points: Points) -> Distances:
        distance = whole(points)
        near = np.flatnonzero(distance < 5)
        distance[near] = np.maximum(distance[near], space - sacrum(points[near]))
        return distance

    ends = line().place(0.0, 0.0, np.array([line().borders["co1"], line().borders["end"]]))
    margin = np.array([20.0, 12.0, 10.0])
    low, high = ends.min(axis=0) - margin, ends.max(axis=0) + margin
    return PosedBone((PARTS[0][0],), bone, box_of(plate, scale * low, scale * high), _only)


def _only(points: Points) -> NDArray[np.uint8]:
    return np.zeros(len(points), np.uint8)
