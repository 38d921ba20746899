"""Reading lengths off a field, as a caliper does on a bone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spine_tutor.anatomy.fields import Field

STEP = 0.1
"""Fineness of every reading, mm."""


def outside(field: Field) -> Field:
    """Return the field of all that a shape leaves free."""
    return lambda points: -field(points)


def run(field: Field, start: ArrayLike, along: ArrayLike) -> float:
    """Return how far one stays inside a field from `start`, both ways along an axis, mm.

    Args:
        field: the shape.
        start: (3,) point, mm.
        along: (3,) direction of length 1.
    """
    total = 0.0
    for sign in (1.0, -1.0):
        steps = np.arange(0.0, 45.0, STEP)
        points = np.asarray(start) + sign * steps[:, None] * np.asarray(along, float)
        free = np.flatnonzero(field(points.astype(np.float32)) > 0)
        total += steps[free[0]] if len(free) else steps[-1]
    return total
