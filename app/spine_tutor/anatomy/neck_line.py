"""The line that the neck hangs on: the middle of the canal, gone on into the head and the chest.

The neck leans forwards and bends, so its cross-sections are drawn square to this line, at places
named after the vertebrae, and taken into the world afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.canal import BEHIND_DENS, BEND, STEP, CanalLine
from spine_tutor.anatomy.canvas import Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.fields import Points

Array = NDArray[np.float64]

LEVELS = ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "t1", "t2", "t3", "t4", "t5", "t6")
"""Levels whose canal gives the line its course."""
ABOVE = {"oc": 22.0, "head": 46.0}
"""Names of places above the middle of the atlas: foramen magnum, floor of the skull; mm."""
_ON, _DOWN = 150.0, 120.0  # how far the line goes on straight beyond its ends, mm


def neck_line(column: Column, case: Case) -> CanalLine:
    """Return the line with places ``t6`` to ``c1`` and those of `ABOVE`."""
    size = case.height_scale
    middles = {}
    for level in LEVELS:
        body = column.bodies[level]
        y = BEHIND_DENS * size if level == "c1" else -0.5 * (body.depth + body.canal_depth)
        middles[level] = (column.frames[level] @ [0.0, y, 0.0, 1.0])[1:3]
    up = column.frames["c1"][1:3, 2]
    for name, rise in ABOVE.items():
        middles[name] = middles["c1"] + size * rise * up
    ordered = np.array(sorted(middles.values(), key=lambda p: float(p[1])))
    down = ordered[0] - ordered[1]
    down *= _DOWN / np.linalg.norm(down)
    knots = np.vstack([ordered[0] + down, ordered, ordered[-1] + _ON * up])
    points = _smoothed(knots)
    tangent = np.gradient(points, STEP, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    forward = np.stack([tangent[:, 1], -tangent[:, 0]], axis=-1)
    line = CanalLine(points, forward, {}, column.region)
    s, _ = line.along(np.array(list(middles.values())))
    levels = {name: float(place) for name, place in zip(middles, s, strict=True)}
    return CanalLine(points, forward, levels, column.region)


def _smoothed(knots: Array) -> Array:
    """Return points every `STEP` mm along a polyline whose corners are rounded."""
    from scipy.ndimage import gaussian_filter1d

    for _ in range(2):
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
        even = np.arange(0.0, length[-1], STEP)
        knots = np.stack([np.interp(even, length, knots[:, i]) for i in (0, 1)], axis=-1)
        if _ == 0:
            knots = gaussian_filter1d(knots, BEND / STEP, axis=0, mode="nearest")
    return knots


def heights(line: CanalLine, rise: float, x: float, y: float) -> Points:
    raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Straight:
    """A lattice in the coordinates of a line: u ≥ 0 to the right, d in front of it, s along it.

    Attributes:
        line: whose coordinates.
        spacing: mm, the same in all three.
        origin: (3,) the first u, d and s, mm.
        shape: numbers of values.
    """
