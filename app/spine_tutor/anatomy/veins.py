"""Veins along the column: the ascending lumbar vein and the internal vertebral venous plexus."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.canal import CanalWall
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.nerves import Roots
from spine_tutor.anatomy.tubes import STEP, Tube, hugging, smooth, tube

Array = NDArray[np.float64]

ASCENDING = 1.4
"""Radius of the ascending lumbar vein, mm (estimate)."""
PLEXUS = 0.8
"""Radius of a vein of the internal vertebral plexus, mm (estimate)."""
BELOW, NARROW = {"l": 6.5}, 3.5
"""How far below a nerve the vein leaves its foramen, mm: in the loins and elsewhere (estimate)."""
LATERAL = {"disc": 118.0, "body": 152.0}
"""Where the anterior veins lie round the canal, degrees from straight behind: beside the disc they
are far lateral, behind the middle of the body near each other (estimate)."""
_LEVELS = ("l1", "l2", "l3", "l4", "l5")


def ascending_lumbar_veins(skeleton: Skeleton, column: Column) -> Iterator[Tube]:
    """Yield the vein of each side: before the roots of the transverse processes, behind psoas."""
    for side, sign in (("left", -1.0), ("right", 1.0)):
        points = []
        for level in _LEVELS:
            if level not in skeleton.vertebrae:
                continue
            body, frame = column.bodies[level], column.frames[level]
            for z, y, x in ((0.5, -0.24, 0.52), (-0.05, -0.36, 0.46), (-0.5, -0.26, 0.52)):
                local = [sign * (x * body.width_upper + 1.0), y * body.depth, z * body.height, 1.0]
                points.append((frame @ local)[:3])
        s1 = column.endplate("s1", "upper")
        points.append((s1 @ [sign * 31.0, 12.0, -4.0, 1.0])[:3])
        path = smooth(points, STEP)
        at = np.zeros(len(path), bool)
        for level in _LEVELS:
            if level in skeleton.vertebrae:
                path = hugging(skeleton.vertebrae[level].bone, path, ASCENDING + 0.8, at)
        yield tube(f"ascending_lumbar_vein_{side}", path, [0.8 * ASCENDING, ASCENDING])


def epidural_veins(wall: CanalWall, roots: Roots) -> Iterator[Tube]:
    """Yield the anterior veins of the canal, their bridges, and the veins out of the foramina."""
    name, line = "epidural_veins", wall.line
    s = np.arange(wall.s[0] + 2.0, wall.s[-1] - 2.0, 1.0)
    middles = np.array(sorted(line.levels.values()))
    borders = 0.5 * (middles[1:] + middles[:-1])
    knots = np.sort(np.concatenate([middles, borders]))
    angles = [LATERAL["body" if k in middles else "disc"] for k in knots]
    around = np.radians(np.interp(s, knots, angles))
    for sign in (-1.0, 1.0):
        yield tube(name, smooth(_on_wall(wall, s, sign * around), STEP), PLEXUS)
    for middle in middles[(middles > s[0]) & (middles < s[-1])]:
        across = np.radians(np.linspace(-LATERAL["body"], LATERAL["body"] - 360.0, 9))
        wrapped = (across + np.pi) % (2 * np.pi) - np.pi
        yield tube(name, smooth(_on_wall(wall, np.full(9, middle), wrapped), STEP), PLEXUS)
    for (level, side), root in roots.items():
        if level not in line.levels or level.startswith("s"):
            continue
        # out of the lower front of the foramen, below the nerve
        own = line.levels[level]
        place = 0.5 * (own + _below(own, middles))
        sign = -1.0 if side == "left" else 1.0
        start = _on_wall(wall, np.array([place]), np.radians([sign * LATERAL["disc"]]))[0]
        out = root.at(6.0) - np.array([0.0, -1.0, BELOW.get(level[0], NARROW)])
        yield tube(name, smooth([start, 0.5 * (start + out) - [0, 0, 1.0], out], STEP), PLEXUS)


def _below(level: float, middles: Array) -> float:
    lower = middles[middles < level - 1.0]
    return float(lower[-1]) if len(lower) else level - 30.0


def _on_wall(wall: CanalWall, s: Array, angle: Array) -> Array:
    radius = wall.at(wall.closed, angle, s) - PLEXUS - 0.3
    return wall.line.place(s, radius * np.sin(angle), -radius * np.cos(angle))
