"""The sympathetic trunk with its ganglia, from the last thoracic body down the sacrum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sacrum import FORAMINA
from spine_tutor.anatomy.tubes import STEP, Tube, hugging, smooth, tube

Array = NDArray[np.float64]

TRUNK = 0.8
"""Radius of the trunk, mm (estimate)."""
GANGLION = (1.9, 7.0)
"""Radius and half length of a lumbar ganglion, mm (estimate)."""
OFF_BONE = 1.5
"""Gap between the trunk and the bodies, mm (estimate)."""
PLACES = {"t12": (0.36, 0.26), "l1": (0.38, 0.26), "l2": (0.40, 0.26), "l3": (0.41, 0.26),
          "l4": (0.41, 0.28), "l5": (0.38, 0.32)}  # fmt: skip
"""Where it lies on a body, medial to psoas: x and y as shares of width and depth (estimate)."""
GANGLIA = ("l2", "l3", "l4")
"""Lumbar levels at which a ganglion lies, the commonest arrangement (estimate)."""


def sympathetic_trunks(skeleton: Skeleton, column: Column) -> Iterator[Tube]:
    """Yield the ganglia, then the trunk of each side."""
    for side in SIDES:
        sign = -1.0 if side == "left" else 1.0
        points = []
        for level, (x, y) in PLACES.items():
            if level not in skeleton.vertebrae:
                continue
            body, frame = column.bodies[level], column.frames[level]
            for z in (0.3, -0.3):
                place = [sign * x * body.width_upper, y * body.depth + 2.0, z * body.height, 1.0]
                points.append((frame @ place)[:3])
        if skeleton.sacrum is not None:
            frame, scale = skeleton.sacrum.frame, skeleton.sacrum.scale
            for level, (_, _, front, *_) in FORAMINA.items():
                x, y, z = front
                inward = 7.0 if level in ("s1", "s2") else 5.0
                inwards = scale * np.array([sign * (x - inward), y + 5.0, z])
                points.append((frame @ [*inwards, 1.0])[:3])
        yield from trunk(skeleton, column, side, points, dict.fromkeys(GANGLIA, -0.2))


def trunk(
    skeleton: Skeleton,
    column: Column,
    side: str,
    points: Sequence[Array],
    ganglia: Mapping[str, float],
) -> Iterator[Tube]:
    """Yield the ganglia, then the trunk that runs through points, kept off the bones.

    Args:
        skeleton: the bones.
        column: the posed vertebrae.
        side: which trunk.
        points: world points from above.
        ganglia: by level how high on the body its ganglion lies, as a share of its height.
    """
    path = smooth(points, STEP)
    gap = TRUNK + OFF_BONE
    for bone in skeleton.bones():
        inside = ((path > bone.box[0]) & (path < bone.box[1])).all(axis=1)
        if inside.any():
            nowhere = np.zeros(inside.sum(), bool)
            path[inside] = hugging(bone.bone, path[inside], gap, nowhere, ease=6.0)
    path = ndimage.gaussian_filter1d(path, 3.0 / STEP, axis=0, mode="nearest")
    for level, height in ganglia.items():
        if level in skeleton.vertebrae:
            frame = column.frames[level]
            along = (path - frame[:3, 3]) @ frame[:3, 2] - height * column.bodies[level].height
            n = np.argmin(np.abs(along))
            radius, half = GANGLION
            offset = STEP * (np.arange(len(path)) - n) / half
            swollen = np.abs(offset) < 0.95
            bulge = radius * np.sqrt(1.0 - offset[swollen] ** 2)
            yield Tube(f"{level}_sympathetic_ganglion_{side}", path[swollen], bulge)
    yield tube(f"sympathetic_trunk_{side}", path, [TRUNK, TRUNK, 0.6 * TRUNK])
