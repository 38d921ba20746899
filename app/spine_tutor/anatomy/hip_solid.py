"""The right hip bone as a field, at the size of the pooled adult.

The wing is a plate through landmarks, the acetabulum a cup, the rest limbs between them.
Frame: the upper endplate of S1, origin in its middle, x right, y anterior along it, z cranial.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    difference,
    intersection,
    limb,
    union,
)
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.plate import plate

ILIUM, ISCHIUM, PUBIS = 0, 1, 2
_BLEND = 7.0  # mm over which the parts flow together
_REACH = 10.0


@cache
def pieces() -> tuple[tuple[int, Field], ...]:
    """Return the fields that the bone is joined from, each with the part it belongs to."""
    shape = pelvis_shape().hip_bone
    wing = plate(list(shape.border.values()), list(shape.inner.values()))
    limbs = (
        (ISCHIUM, shape.quadrilateral, shape.quadrilateral_half),
        (ISCHIUM, shape.ischium, shape.ischium_half),
        (ISCHIUM, shape.spine, shape.spine_half),
        (PUBIS, shape.pubic_ramus, shape.pubic_ramus_half),
        (PUBIS, shape.pubic_body, shape.pubic_body_half),
        (PUBIS, shape.inferior_ramus, shape.inferior_ramus_half),
    )
    joined = [(part, limb(path, half, (1, 0, 0), reach=_REACH)) for part, path, half in limbs]
    return ((ILIUM, wing), *joined)


def hip_bone(points: Points) -> Distances:
    """Return the distance to the right hip bone before its joint with the sacrum is cut."""
    shape = pelvis_shape().hip_bone
    distance = pieces()[0][1](points)
    for _, piece in pieces()[1:]:
        distance = union(distance, piece(points), _BLEND)
    offset = points - np.array(shape.acetabulum, np.float32)
    radius = np.sqrt((offset * offset).sum(axis=1))
    axis = np.array(shape.opening, np.float32)
    ahead = offset @ (axis / np.linalg.norm(axis))
    cup = intersection(
        radius - (shape.acetabular_radius + shape.wall), ahead - np.float32(shape.rim), 4.0
    )
    distance = union(distance, cup, _BLEND)
    # What lies in front of the rim is cut as well: a cone that opens like the socket.
    ball = np.minimum(radius, np.where(ahead > 0, radius - 0.6 * ahead, radius))
    return difference(distance, ball - np.float32(shape.acetabular_radius), 1.5)


def part_of(points: Points) -> NDArray[np.uint8]:
    """Return for points of the right bone whether they are ilium, ischium or pubis."""
    parts = np.array([part for part, _ in pieces()], np.uint8)
    nearest = np.stack([piece(points) for _, piece in pieces()]).argmin(axis=0)
    found: NDArray[np.uint8] = parts[nearest]
    return found
