"""The thecal sac: an ellipse where it has room, squeezed by what narrows its canal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

from spine_tutor.anatomy.canal import (
    ANGLES,
    END,
    WALL_STEP,
    CanalLine,
    CanalWall,
    by_angle,
    free_around,
)
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column

Array = NDArray[np.float64]

# Half width, most half depth and gap to the discs, mm. C5, T6 and T12 after the PAM50 template
# (sac 18.4 × 12.6, 13.7 × 12.3, 17.4 × 15.7); the rest are estimates.
SAC: Mapping[str, tuple[float, float, float]] = {
    "c1": (10.5, 8.5, 1.0),
    "c2": (9.8, 7.6, 0.8),
    "c5": (9.2, 6.3, 0.6),
    "c7": (9.0, 6.3, 0.6),
    "t2": (7.4, 6.4, 0.8),
    "t6": (6.85, 6.15, 0.8),
    "t10": (7.6, 6.8, 0.4),
    "t12": (8.6, 7.8, 0.3),
    "l1": (8.7, 5.9, 0.4),
    "l2": (8.6, 6.0, 0.5),
    "l3": (8.4, 6.3, 0.6),
    "l4": (8.2, 6.1, 1.0),
    "l5": (7.6, 5.6, 1.6),
    "s1": (6.4, 4.7, 2.5),
    "s2": (3.6, 2.9, 2.5),
}
BEHIND_SAC = 0.3
"""Least gap between the sac and the laminae, mm (estimate)."""
SAG = 0.6
"""Share of the hollow backs of the bodies that the sac, and not fat, fills (estimate)."""
DURA = 0.7
"""Thickness of dura and arachnoid as painted, mm: a voxel or more, so that it has no holes."""
INTO_SKULL = 3.0
"""How far beyond the canal of the atlas the sac goes on to the fluid round the brain, mm (E)."""
SNUG = 0.4
"""Least gap between a squeezed sac and what squeezes it, mm: a film of fat (estimate)."""
GROWTH = np.arange(1.0, 1.16, 0.03)
"""By how much a squeezed sac may become wider: fluid moves aside and fat gives way, until the dura
is taut (estimate)."""
RELEASED = (0.12, 1.2)
"""What the sac gains where a laminectomy has opened the canal: share of its depth, and mm that it
moves back (estimate)."""
TAUT = (17, 5)
"""Narrowest slit between its surroundings into which the sac bulges: angles and places (estimate:
34°, 5 mm)."""
ABREAST = np.radians(12.0)
"""What stands straight behind or before a sac moves it; what stands beside that dents it (E)."""
FIELD = 14.0
"""How far from the line of the canal the sac may reach, mm."""


@dataclass(frozen=True, eq=False)
class Sac:
    """The shape of the thecal sac along a canal line, mm.

    Attributes:
        line: along which it lies.
        column: the posed vertebrae.
        s: even places along the line where the shape is known.
        half_width, half_depth: half axes of the ellipse that it is where it has room.
        middle: how far its middle is before the line at these places.
        aside: how far its middle is to the right of the line.
        reach: (angles, places) how far its wall is from its middle.
    """

    line: CanalLine
    column: Column
    s: Array
    half_width: Array
    half_depth: Array
    middle: Array
    aside: Array
    reach: Array

    @property
    def end(self) -> float:
        """Return where the sac ends: the middle of S2, the commonest level, or out of sight."""
        return self.line.levels.get("s2", -1e3)

    def section(self, s: ArrayLike) -> tuple[Array, Array, Array]:
        """Return half width and half depth, as where it has room, and `d` of its middle."""
        s = np.asarray(s, float)
        width = np.interp(s, self.s, self.half_width)
        depth = np.interp(s, self.s, self.half_depth)
        taper = self._taper(s)
        return width * taper, depth * taper, np.interp(s, self.s, self.middle)

    def wall(self, angle: ArrayLike, s: ArrayLike) -> Array:
        """Return how far its wall is from its middle at angles from straight behind."""
        return by_angle(self.reach, self.s, angle, s) * self._taper(s)

    def beside(self, s: ArrayLike) -> Array:
        """Return how far its middle is to the right of the line."""
        return np.interp(np.asarray(s, float), self.s, self.aside)

    def place(self, s: ArrayLike, across: ArrayLike, ahead: ArrayLike) -> Array:
        """Return world points in the sac; `across` and `ahead` are shares of the way to its wall.

        They are those of the half axes where it is an ellipse.
        """
        width, depth, middle = self.section(s)
        angle = np.arctan2(np.asarray(across) * width, -np.asarray(ahead) * depth)
        far = np.hypot(across, ahead) * self.wall(angle, s)
        u, d = far * np.sin(angle), -far * np.cos(angle)
        return self.line.place(s, self.beside(s) + u, middle + d)

    def _taper(self, s: ArrayLike) -> Array:
        near = np.clip((np.asarray(s, float) - self.end) / 6.0, 0.0, 1.0)
        return np.sqrt(near * (2.0 - near)) + 1e-3  # the end is round


def fit_sac(wall: CanalWall, column: Column, case: Case) -> Sac:
    """Return the sac that lies on the back of the discs and fits between the laminae.

    It sags a little into the hollow backs of the bodies, and keeps what room the bones leave it.
    """
    line, s = wall.line, wall.s
    near = wall.closest(150.0, 180.0)
    front = (1.0 - SAG) * _narrowest(near, 30.0) + SAG * _narrowest(near, 8.0)
    back = _narrowest(wall.closest(0.0, 25.0), 26.0)
    width, depth, gap = (
        line.along_column({level: row[n] for level, row in SAC.items()}, s) for n in range(3)
    )
    room = 0.5 * (front + back - gap - BEHIND_SAC)
    depth = np.minimum(case.height_scale * depth, room)
    released = _released(line, column, case, s)
    depth = depth * (1.0 + RELEASED[0] * released)
    middle = front - gap - depth - RELEASED[1] * released
    width = case.height_scale * width
    reach = 1.0 / np.hypot(np.sin(ANGLES)[:, None] / width, np.cos(ANGLES)[:, None] / depth)
    return Sac(line, column, s, width, depth, middle, np.zeros_like(s), reach)


def _released(line: CanalLine, column: Column, case: Case, s: Array) -> Array:
    """Return 1 where the lamina of a level is gone, 0 away from there."""
    share = np.zeros_like(s)
    for level in set(case.laminectomy) & set(column.region.levels):
        height = column.bodies[level].height
        off = (s - line.levels[level] + 0.5 * height) / (0.8 * height)  # it hangs below its body
        share = np.maximum(share, np.clip(1.0 - off**2, 0.0, 1.0))
    return share


def squeezed(sac: Sac, room: Array) -> Sac:
    """Return a sac as the walls of its canal leave it.

    Where bone, disc or a thick flavum stand in its ellipse it gives way: it becomes a little wider
    where there is fat, and is smaller where there is none, flat or like a clover leaf.

    Args:
        sac: as it is where it has room.
        room: (angles, places) how far from the line of the canal its walls are, mm.
    """
    middle = sac.middle + _pushed(sac, room)
    s, width, depth, middle = (a[::2] for a in (sac.s, sac.half_width, sac.half_depth, middle))

    def within(u: Array, d: Array) -> Array:
        """Return how far a place is inside the walls, mm."""
        return by_angle(room, sac.s, np.arctan2(u, -d), s) - np.hypot(u, d) - SNUG

    # what is left of the ellipse, and a place in it from which all of it can be seen
    q = np.arange(-FIELD, FIELD + 0.1, 0.5)
    u, d = np.broadcast_arrays(q[:, None, None], middle + q[:, None])
    left = (np.hypot(u / width, (d - middle) / depth) < 1.0) & (within(u, d) > 0)
    aside = (u * left).sum(axis=(0, 1)) / np.maximum(left.sum(axis=(0, 1)), 1)
    column = np.rint((aside + FIELD) / 0.5).astype(int)
    seen = left.sum(axis=0) * left[column, :, np.arange(len(s))].T  # where it is wide
    ahead = (d[0] * seen).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    aside, ahead = (gaussian_filter1d(a, 2.0) for a in (aside, ahead))

    far = np.arange(0.0, FIELD, 0.25)
    across, along = np.sin(ANGLES)[:, None], -np.cos(ANGLES)[:, None]
    inside = within(aside + far[:, None] * across[:, None], ahead + far[:, None] * along[:, None])
    inside[:, -1] = -1.0
    first = np.maximum((inside < 0).argmax(axis=1), 1)[:, None]
    before, after = (np.take_along_axis(inside, n, axis=1)[:, 0] for n in (first - 1, first))
    before = np.maximum(before, 0.0)
    free = far[first[:, 0] - 1] + 0.25 * before / np.maximum(before - after, 1e-6)

    def shape(k: Array | float) -> Array:
        """Return how far the wall of a sac is that is `k` times as wide, mm."""
        a, b = k * width, depth
        # where a way from the middle meets the ellipse
        p = (across / a) ** 2 + (along / b) ** 2
        h = (across * aside / a**2) + along * (ahead - middle) / b**2
        c = (aside / a) ** 2 + ((ahead - middle) / b) ** 2 - 1.0
        ellipse = np.maximum((np.sqrt(np.maximum(h * h - p * c, 0.0)) - h) / p, 0.1)
        # taut: it does not follow into a slit, and bends gently
        share = np.minimum(free / ellipse, 1.0)
        taut = ndimage.grey_opening(share, TAUT, mode=("wrap", "nearest"))
        eased = ndimage.gaussian_filter(taut, (2.0, 1.5), mode=("wrap", "nearest"))
        return ellipse * np.minimum(taut, eased)

    # as much wider as gives it back its area, if any width does
    area = np.stack([(shape(k) ** 2).mean(axis=0) for k in GROWTH])
    k = np.array([np.interp(w, a, GROWTH) for w, a in zip(width * depth, area.T, strict=True)])
    return replace(
        sac, s=s, half_width=width, half_depth=depth, middle=ahead, aside=aside,
        reach=shape(gaussian_filter1d(k, 2.0)),
    )  # fmt: skip


def _pushed(sac: Sac, room: Array) -> Array:
    """Return how far forwards what is behind a sac pushes it, less what is before it, mm.

    It gives way as far as there is fat on the other side, then comes to lie halfway.
    """
    off_axis = np.abs(np.cos(ANGLES))[:, None]
    behind, before = np.abs(ANGLES) < ABREAST, np.abs(ANGLES) > np.pi - ABREAST
    back, front = ((room * off_axis)[way].min(axis=0) - SNUG for way in (behind, before))
    # how far it stands out behind and before
    out_behind = sac.half_depth - sac.middle - back
    out_before = sac.half_depth + sac.middle - front
    halfway = 0.5 * (out_behind - out_before)
    pushed = np.clip(halfway, -np.maximum(out_before, 0.0), np.maximum(out_behind, 0.0))
    return gaussian_filter1d(pushed, 3.0 / WALL_STEP)


def _narrowest(distance: Array, over: float) -> Array:
    """Return the least of a distance given every `WALL_STEP` mm, over a length, smoothed."""
    least = minimum_filter1d(distance, round(over / WALL_STEP))
    return gaussian_filter1d(least, 0.25 * over / WALL_STEP)


def paint_sac(canvas: Canvas, sac: Sac) -> None:
    """Paint dura and cerebrospinal fluid into what is free."""
    line = sac.line
    window, where, u, d, s = free_around(canvas, line, FIELD)
    u, d = u - sac.beside(s), d - sac.section(s)[2]
    outside = np.hypot(u, d) - sac.wall(np.arctan2(u, -d), s)
    outside = np.maximum(outside, sac.end - s)
    inside, shell = (np.zeros(canvas.labels[window].shape, bool) for _ in range(2))
    inside[where] = outside < 0
    shell[where] = outside > -DURA
    shell |= ~ndimage.binary_erosion(inside, border_value=1)  # whole where it is steep, too
    if "c1" in line.levels:  # at the foramen magnum it opens into the skull
        top = s > line.levels["c1"] + END + INTO_SKULL
        inside[tuple(n[top] for n in where)] = False
    canvas.paint("dura", inside & shell, window)
    canvas.paint("cerebrospinal_fluid", inside, window)


def root_exit(line: CanalLine, column: Column, level: str, under: str | None = None) -> float:
    """Return `s` where a root leaves the sac.

    Cervical roots leave straight to their foramen, upper lumbar ones at their own pedicle, lower
    ones higher: L5 and S1 near the disc above (estimates).
    """
    if level.startswith("c"):
        return line.levels[under or level] - 0.3 * column.bodies[under or level].height
    if level in SACRAL_EXITS:
        return line.levels["s2"] + SACRAL_EXITS[level]
    above = {"l1": 6.0, "l2": 7.5, "l3": 9.5, "l4": 12.0, "l5": 15.0, "s1": 17.0}
    return line.levels[level] + above.get(level, 5.0) * column.bodies[level].height / 27.0


SACRAL_EXITS = {"s2": 9.0, "s3": 4.5, "s4": 2.5}
"""How far above the end of the sac the last roots leave it, mm (estimate)."""
EXIT = (0.86, 0.12)
"""Where in the section of the sac a root leaves it: shares of the half axes, across and ahead."""
