"""The floor of the skull above the atlas, with jaws and hyoid: coarse, but in its place.

It is shaped in the frame of the atlas (`atlas_vertebra`): origin in the middle of its ring, x
right, y anterior, z cranial. All sizes are estimates after lateral radiographs and CT of adults;
paired parts are written once, for the right side.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    bent,
    difference,
    intersection,
    limb,
    mirrored,
    moved,
    superellipse,
    union,
)
from spine_tutor.anatomy.posed import PosedBone, box_of
from spine_tutor.anatomy.skeleton import VertebraModel

FOSSA = ((0.0, -27.0, 62.0), (67.0, 59.0, 51.0))
"""Middle and half axes of the outer surface of the posterior fossa."""
SHELL = 6.0
"""Thickness of the occipital squama."""
FORAMEN_MAGNUM = (-12.0, 15.5, 18.5)
"""y of its middle, half width and half length: 31 by 37."""
CONDYLE = ((15.6, -1.5, 12.0), (7.0, 11.5, 11.0), 24.0)
"""Middle, half axes and convergence to the front, degrees, of the right occipital condyle."""
ATLANTO_OCCIPITAL_SPACE = 2.2
"""Bone to bone across the atlanto-occipital joint."""

_UP = (0.0, 0.0, 1.0)
_RIGHT = (1.0, 0.0, 0.0)
_LOW, _HIGH = (-80.0, -95.0, -75.0), (80.0, 108.0, 75.0)


def build_skull(atlas: VertebraModel, scale: float) -> Iterator[PosedBone]:
    """Yield skull base, mandible and hyoid of a body; `scale` 1 is the pooled adult."""
    frame = atlas.frame
    cranium, temporal, face = (_posed(f, frame, scale) for f in (_occiput, _temporal, _maxilla))
    space = np.float32(ATLANTO_OCCIPITAL_SPACE * scale)

    def skull(points: Points) -> Distances:
        distance = union(union(cranium(points), temporal(points), 3.0), face(points), 2.0)
        near = np.flatnonzero(distance < 6)
        distance[near] = np.maximum(distance[near], space - atlas.bone(points[near]))
        return distance

    def parts(points: Points) -> NDArray[np.uint8]:
        right = (points - frame[:3, 3]) @ frame[:3, 0] > 0
        owner = np.argmin([cranium(points), face(points), temporal(points)], axis=0)
        return (owner + ((owner == 2) & right)).astype(np.uint8)

    box = box_of(frame, scale * np.array(_LOW), scale * np.array(_HIGH))
    ids = ("occipital_bone", "maxilla", "temporal_bone_left", "temporal_bone_right")
    yield PosedBone(ids, skull, box, parts)
    for id_, shape in (("mandible", _mandible), ("hyoid_bone", _hyoid)):
        yield PosedBone((id_,), _posed(shape, frame, scale), box, _all_one)


def cavity(frame: Matrix, scale: float) -> Field:
    """Return the distance to the room for the brain, of world points, mm."""
    return _posed(_cavity, frame, scale)


def _all_one(points: Points) -> NDArray[np.uint8]:
    return np.zeros(len(points), np.uint8)


def _posed(field: Field, frame: Matrix, scale: float) -> Field:
    """Return a field of world points from one of the atlas's frame, of its right half."""
    size = np.float32(scale)
    return moved(lambda points: field(mirrored(points) / size) * size, frame)


def _ellipsoid(points: Points, middle: ArrayLike, half: ArrayLike, grown: float) -> Distances:
    """Return the distance to an ellipsoid, to first order."""
    axes = np.asarray(half, np.float32) + np.float32(grown)
    off = (points - np.asarray(middle, np.float32)) / axes
    radius = np.sqrt((off * off).sum(axis=1)) + np.float32(1e-5)
    slope = np.sqrt(((off / axes) ** 2).sum(axis=1)) + np.float32(1e-5)
    return (radius * (radius - 1) / slope).astype(np.float32)


def _cavity(points: Points) -> Distances:
    x, y, z = points.T
    fossa = _ellipsoid(points, *FOSSA, -SHELL)
    # in front of the petrous ridge the floor is that of the middle fossa
    ahead = intersection(_ellipsoid(points, (0, 8, 66), (66, 72, 60), 0.0), 46 - 0.35 * x - z, 4.0)
    clivus = (0.85 * (y - 2) - 0.55 * (z - 16)) * np.float32(0.98)
    return np.minimum(intersection(fossa, clivus, 4.0), np.maximum(ahead, 24 - y))


def _occiput(points: Points) -> Distances:
    x, y, z = points.T
    shell = difference(_ellipsoid(points, *FOSSA, 0.0), _ellipsoid(points, *FOSSA, -SHELL))
    shell = np.maximum(shell, y - np.float32(8.0))
    protuberance, clivus, condyle = (field(points) for field in _occipital_parts())
    middle, width, length = FORAMEN_MAGNUM
    hole = np.maximum(superellipse(x, y - middle, width, length, 2.0), z - 40)
    bone = union(union(shell, protuberance, 8.0), clivus, 3.0)
    bone = union(difference(bone, hole, 2.5), condyle, 2.5)
    return difference(bone, np.maximum(superellipse(x, y - middle, 9.5, length - 2, 2.0), z - 30))


@cache
def _occipital_parts() -> tuple[Field, Field, Field]:
    (x, y, z), (a, b, c), turn = CONDYLE
    along = np.array([-np.sin(np.radians(turn)), np.cos(np.radians(turn)), 0.0])
    ends = [np.array([x, y, z]) + t * (b - 4.0) * along + [0, 0, abs(t) * 1.5] for t in (-1, 0, 1)]
    return (
        limb([(0, -76, 34), (0, -82, 30)], [(9, 5), (5, 3)], _RIGHT, 12.0),
        limb([(0, 10, 20), (0, 24, 40), (0, 36, 62)], [(12, 4.5), (14, 6), (18, 12)], _RIGHT, 12.0),
        limb(ends, [(a - 1, c - 1.5), (a, c - 1), (a - 1, c - 1.5)], _RIGHT, 12.0),
    )


@cache
def _temporal_parts() -> tuple[Field, ...]:
    return (
        limb([(50, -3, 3), (52, -6, 18), (55, -6, 42)], [(5, 8), (9, 14), (8, 18)], _RIGHT, 12.0),
        limb([(52, 8, 32), (34, 16, 34), (16, 26, 36)], [(9, 10), (8, 9), (5, 6)], _UP, 12.0),
        limb([(66, -8, 60), (68, 30, 62)], [(26, 4), (26, 4)], _UP, 12.0),  # squama
        limb([(58, 14, 38), (66, 34, 38), (62, 58, 34)], [(3, 3), (5, 2.5), (7, 3)], _UP, 12.0),
        limb([(38, 10, 20), (35, 15, 2), (32, 22, -12)], [(2.4, 2.4), (1.8, 1.8), (1.2, 1.2)],
             _RIGHT, 12.0),
    )  # fmt: skip


def _temporal(points: Points) -> Distances:
    mastoid, petrous, squama, arch, styloid = (field(points) for field in _temporal_parts())
    bone = union(union(mastoid, petrous, 6.0), squama, 4.0)
    bone = difference(bone, _meatus()(points), 1.0)
    return union(union(bone, arch, 3.0), styloid, 3.0)


@cache
def _meatus() -> Field:
    return limb([(44, 12, 29), (75, 10, 27)], [(4, 4), (4, 4)], _UP, 8.0)


@cache
def _facial_parts() -> tuple[Field, ...]:
    arch, half = bent([(28, 38, -1), (25, 72, -1), (0, 84, -1)], [(9, 5), (9, 5), (9, 4.5)], 7)
    teeth, low = bent([(27, 40, -10), (24, 71, -10), (0, 83, -10)], [(5, 4), (6, 3.5), (6, 3)], 7)
    return (
        limb(arch, half, _UP, 10.0),
        limb(teeth, low, _UP, 10.0),
        limb([(0, 36, 8), (0, 78, 7)], [(22, 2.5), (16, 3)], _RIGHT, 10.0),  # hard palate
        limb([(32, 42, 12), (36, 66, 26), (34, 72, 44)], [(18, 2.2), (16, 2.2), (12, 2.5)],
             (0, 1, 0), 10.0),  # wall of the sinus and cheek bone
        limb([(10, 50, 8), (11, 74, 8), (9, 78, 50)], [(2, 1.6), (2, 1.6), (2, 2)], _UP, 10.0),
        limb([(20, 30, 0), (20, 34, 40)], [(2.0, 6), (2.5, 8)], _RIGHT, 10.0),  # pterygoid
    )  # fmt: skip


def _maxilla(points: Points) -> Distances:
    return np.minimum.reduce([field(points) for field in _facial_parts()])


@cache
def _jaw_parts() -> tuple[Field, ...]:
    body, half = bent(
        [(45, 26, -26), (35, 64, -41), (0, 86, -45)], [(13, 5), (13, 5.5), (13, 6.5)], 9
    )
    teeth, low = bent([(29, 42, -20), (25, 70, -23), (0, 82, -24)], [(6, 4), (7, 3.5), (8, 3)], 9)
    return (
        limb(body, half, _UP, 10.0),
        limb(teeth, low, _UP, 10.0),
        limb([(46, 30, -28), (48, 26, 6), (49, 26, 18)], [(16, 3.8), (15, 3.2), (12, 2.8)],
             (0, 1, 0), 10.0),  # ramus
        limb([(49, 20, 10), (50, 16, 27)], [(5, 4), (4.5, 8)], (0, 1, 0), 10.0),  # condyle
        limb([(48, 38, 10), (47, 44, 26)], [(5, 2.5), (2, 1.5)], (0, 1, 0), 10.0),  # coronoid
    )  # fmt: skip


def _mandible(points: Points) -> Distances:
    body, teeth, ramus, condyle, coronoid = (field(points) for field in _jaw_parts())
    jaw = union(union(body, ramus, 6.0), condyle, 3.0)
    return union(union(jaw, teeth, 3.0), coronoid, 3.0)


@cache
def _hyoid_parts() -> Field:
    way, half = bent([(20, 38, -34), (15, 62, -44), (0, 68, -46)], [(2, 1.4), (4, 2), (5.5, 3)], 6)
    return limb(way, half, _UP, 10.0)


def _hyoid(points: Points) -> Distances:
    return _hyoid_parts()(points)
