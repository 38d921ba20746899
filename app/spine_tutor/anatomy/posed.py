"""A bone in the world that needs no methods of its own; see `bones.Bone`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import Field, Points

Box = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class PosedBone:
    """One posed bone.

    Attributes:
        part_ids: the structure ids that `parts` indexes.
        bone: signed distance to it, mm, of world points.
        box: lowest and highest world corner of a box around it, mm.
        parts: index in `part_ids` of the part at each world point.
    """

    part_ids: tuple[str, ...]
    bone: Field
    box: Box
    parts: Callable[[Points], NDArray[np.uint8]]


def box_of(frame: Matrix, low: ArrayLike, high: ArrayLike) -> Box:
    """Return the world corners of the box around a box of a local frame (4×4), mm."""
    ends = np.stack([np.asarray(low, float), np.asarray(high, float)])
    corners = np.array([[ends[i, 0], ends[j, 1], ends[k, 2]] for i, j, k in np.ndindex(2, 2, 2)])
    world = corners @ frame[:3, :3].T + frame[:3, 3]
    return world.min(axis=0), world.max(axis=0)
