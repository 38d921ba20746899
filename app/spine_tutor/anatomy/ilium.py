"""The ilium: two relief surfaces, medial and lateral, within the outline of the wing.

Frame: the upper endplate of S1, as for the sacrum. The numbers are landmarks measured on one
adult hip bone (BodyParts3D), to the millimetre; below the greater sciatic notch it is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    intersection,
    moved,
    polygon,
    relief,
    rounded,
)

_Y = (-55, -35, -15, 5, 25, 45, 65)
_Z = (-60, -45, -30, -15, 5, 25, 45)
# Distance x from the midline: a row per depth y, from below to the crest.
_MEDIAL = (
    (42, 42, 40, 44, 58, 72, 86),
    (48, 46, 40, 47, 56, 75, 98),
    (44, 42, 45, 54, 76, 102, 114),
    (46, 44, 51, 62, 101, 117, 124),
    (60, 61, 64, 92, 110, 121, 130),
    (57, 60, 78, 99, 113, 123, 131),
    (56, 70, 94, 101, 115, 124, 131),
)
_LATERAL = (
    (50, 50, 53, 62, 64, 80, 96),
    (50, 50, 61, 65, 75, 95, 117),
    (60, 61, 67, 76, 92, 114, 126),
    (66, 74, 81, 90, 113, 131, 137),
    (94, 93, 100, 111, 122, 137, 138),
    (95, 108, 109, 116, 122, 130, 137),
    (90, 100, 105, 111, 119, 129, 137),
)
_WING = (
    (-59, -22), (-57, -2), (-49, 18), (-36, 34), (-18, 46), (2, 49), (22, 47), (42, 41),
    (58, 33), (67, 20), (64, 0), (63, -30), (58, -58), (38, -60), (24, -58), (13, -38),
    (2, -44), (-10, -51), (-28, -50), (-42, -45), (-53, -36),
)  # fmt: skip
"""Outline (y, z), from the posterior superior spine along the crest to the notch and back."""


@dataclass(frozen=True, eq=False)
class IliumModel:
    """One posed ilium; see `skeleton.VertebraModel` for what its methods mean."""

    side: str
    bone: Field
    box: tuple[NDArray[np.float64], NDArray[np.float64]]

    @property
    def part_ids(self) -> tuple[str, ...]:
        """Return its one structure id."""
        return (f"ilium_{self.side}",)

    def parts(self, points: Points) -> NDArray[np.uint8]:
        """Return zeros: the ilium is one part."""
        return np.zeros(len(points), np.uint8)


def build_ilium(side: str, frame: Matrix, scale: float, sacrum: Field, space: float) -> IliumModel:
    """Return the ilium of a side.

    Args:
        side: ``left`` or ``right``.
        frame: endplate_to_world (4×4) of the upper endplate of S1.
        scale: size, 1 is the average adult.
        sacrum: distance to the sacrum, of world points.
        space: width of the sacroiliac joint, mm.
    """
    sign = {"left": -1.0, "right": 1.0}[side]
    medial, lateral = relief(_Y, _Z, _MEDIAL, scale), relief(_Y, _Z, _LATERAL, scale)
    outline = scale * rounded(_WING, between=2)

    def local(points: Points) -> Distances:
        x, y, z = (points * np.array([sign, 1, 1], np.float32)).T
        inner, inner_cosine = medial(y, z)
        outer, outer_cosine = lateral(y, z)
        plate = intersection((inner - x) * inner_cosine, (x - outer) * outer_cosine, 3.0)
        # The outline is drawn on a plane that the wing leaves by half a right angle and more.
        return intersection(plate, polygon(y, z, outline), 4.0)

    whole = moved(local, frame)

    def bone(points: Points) -> Distances:
        distance = whole(points)
        near = np.flatnonzero(distance < 5)
        distance[near] = np.maximum(distance[near], space - sacrum(points[near]))
        return distance

    corners = np.array(
        [[sign * x, y, z, 1] for x in (32, 145) for y in (-66, 74) for z in (-68, 56)], float
    )
    corners[:, :3] *= scale
    world = (corners @ frame.T)[:, :3]
    return IliumModel(side, bone, (world.min(axis=0), world.max(axis=0)))
