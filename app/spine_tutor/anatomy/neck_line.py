"""The line that the neck hangs on: the middle of the canal, gone on into the head and the chest.

The neck leans forwards and bends, so its cross-sections are drawn square to this line, at places
named after the vertebrae, and taken into the world afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d

from spine_tutor.anatomy.canal import BEHIND_DENS, BEND, STEP, CanalLine
from spine_tutor.anatomy.canvas import Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BREADTH, Column
from spine_tutor.anatomy.sections import between, rounded, stacked
from spine_tutor.anatomy.trunk_outlines import Lattice

Array = NDArray[np.float64]

LEVELS = ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "t1", "t2", "t3", "t4", "t5", "t6")
"""Levels whose canal gives the line its course."""
ABOVE = {"oc": 22.0, "head": 46.0}
"""Places above the middle of the atlas, mm: foramen magnum, floor of the middle fossa."""
BEHIND, BEFORE = -105.0, 150.0
"""How far the deep fascia lies from the middle of the canal at most, mm."""
_BEYOND = 130.0  # how far the line goes on straight at either end, mm


def neck_size(case: Case) -> float:
    """Return the size of a neck and head, 1 in the pooled adult."""
    return case.height_scale * BREADTH[case.sex]


def neck_line(column: Column, case: Case) -> CanalLine:
    """Return the line with the places ``t6`` to ``c1`` and those of `ABOVE`."""
    size = neck_size(case)
    middles = {}
    for level in LEVELS:
        body = column.bodies[level]
        y = -0.5 * (body.depth + body.canal_depth)
        if level == "c1":
            y = BEHIND_DENS * case.height_scale
        middles[level] = (column.frames[level] @ [0.0, y, 0.0, 1.0])[1:3]
    up = column.frames["c1"][1:3, 2]
    for name, rise in ABOVE.items():
        middles[name] = middles["c1"] + size * rise * up
    knots = np.array(list(middles.values()))[np.argsort([p[1] for p in middles.values()])]
    down = (knots[0] - knots[1]) / np.linalg.norm(knots[0] - knots[1])
    knots = np.vstack([knots[0] + _BEYOND * down, knots, knots[-1] + _BEYOND * up])
    points = gaussian_filter1d(_evenly(knots), BEND / STEP, axis=0, mode="nearest")
    points = _evenly(points)
    along = np.gradient(points, STEP, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    line = CanalLine(points, np.stack([along[:, 1], -along[:, 0]], axis=-1), {}, column.region)
    places, _ = line.along(np.array(list(middles.values())))
    levels = dict(zip(middles, map(float, places), strict=True))
    return CanalLine(line.points, line.forward, levels, column.region)


def _evenly(points: Array) -> Array:
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.arange(0.0, length[-1], STEP)
    return np.stack([np.interp(even, length, points[:, i]) for i in (0, 1)], axis=-1)


class Straight:
    """The right half of the neck as if it were straight: a lattice of u, d and s along a line.

    Attributes:
        line: whose coordinates they are; see `canal.CanalLine`.
        lattice: the lattice of the world that is wanted in the end.
        size: of the body, 1 is the average adult.
        u, d, s: coordinates, shaped to broadcast, mm.
    """

    def __init__(self, line: CanalLine, lattice: Lattice, size: float):
        self.line, self.lattice, self.size = line, lattice, size
        y, z = np.meshgrid(lattice.axis(1).ravel(), lattice.axis(2).ravel(), indexing="ij")
        s, d = line.along(np.stack([y, z], axis=-1))
        d = np.clip(d, size * BEHIND, size * BEFORE)  # no solid reaches farther
        step = lattice.spacing
        self._origin = np.array([lattice.origin[0], d.min() - step, s.min() - step])
        ny, nz = (int((a.max() - a.min()) / step) + 4 for a in (d, s))
        self._shape = (lattice.shape[0], ny, nz)
        self._place = (d - self._origin[1]) / step, (s - self._origin[2]) / step
        self.u, self.d, self.s = (
            (o + step * np.arange(n)).reshape([-1 if axis == m else 1 for m in range(3)])
            for axis, (o, n) in enumerate(zip(self._origin, self._shape, strict=True))
        )

    def hung(self, table: Mapping[str, Sequence[tuple[float, float]] | Array]) -> Solid:
        """Return the solid of outlines of u and d by place, in straight coordinates."""
        return self.stacked(self.outlines(table))

    def outlines(self, table: Mapping[str, ArrayLike]) -> Array:
        """Return the outlines of a table on every slice, (ns, n, 2), mm."""
        places = [self.line.levels[name] for name in table]
        return self.size * between(places, list(table.values()), self.s.ravel())

    def stacked(self, outlines: Array) -> Solid:
        """Return the solid of one outline a slice."""
        return stacked(rounded(outlines), self._shape, self._origin, self.lattice.spacing)

    def solid(self, values: NDArray[Any]) -> Solid:
        """Return the solid of signed distances that broadcast over the lattice."""
        full = np.broadcast_to(np.asarray(values, np.float32), self._shape)  # takes no room
        return Solid(full, self._origin, self.lattice.spacing)

    def at(self, name: str, beyond: float = 0.0) -> float:
        """Return s of a place, or so far above it at the size of the body, mm."""
        return self.line.levels[name] + self.size * beyond

    def in_world(self, solid: Solid) -> Solid:
        """Return a solid of the straight neck in the world, on its right half."""
        d, s = self._place
        j, k = d.astype(int), s.astype(int)
        v, w = ((a - a.astype(int)).astype(np.float32) for a in (d, s))
        values = solid.values
        low = values[:, j, k] * (1 - v) + values[:, j + 1, k] * v
        high = values[:, j, k + 1] * (1 - v) + values[:, j + 1, k + 1] * v
        return Solid(low * (1 - w) + high * w, self.lattice.origin, self.lattice.spacing)
