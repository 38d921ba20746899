"""Measuring the room between vertebral bodies, to hold the discs to the table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spine_tutor.anatomy.bones import Bone
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.fields import Distances, Field, Points
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.ruler import run

INSET = 1.5
"""How far within the border of the endplates a disc is measured in front and behind, mm."""


def measure_discs(column: Column, bones: Mapping[str, Bone]) -> dict[str, dict[str, float]]:
    """Return the height of every disc from bone to bone in the mid-sagittal plane, mm.

    Args:
        column: the posed column.
        bones: by level, ``s1`` for the sacrum.
    """
    known = morphometry().measurements
    found = {}
    for segment in column.discs:
        upper, lower = segment.split("_")
        frame, between = column.disc_frame(segment), _between(bones[upper], bones[lower])
        border = 0.25 * (column.bodies[upper].depth_lower + column.bodies[lower].depth_upper)
        places = {
            "disc_height": 0.0,
            "disc_height_anterior": border - INSET,
            "disc_height_posterior": INSET - border,
        }
        found[segment] = {
            name: run(between, frame[:3, :3] @ (0, y, 0) + frame[:3, 3], frame[:3, 2])
            for name, y in places.items()
            if segment in known[name].known()
        }
    return found


def _between(upper: Bone, lower: Bone) -> Field:
    """Return the field of what two bones leave free."""

    def field(points: Points) -> Distances:
        nearest: Distances = -np.minimum(upper.bone(points), lower.bone(points))
        return nearest

    return field
