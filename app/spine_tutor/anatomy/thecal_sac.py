"""The thecal sac with what lies in it: cord and cauda equina."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

from spine_tutor.anatomy.canal import END, WALL_STEP, CanalLine, CanalWall
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.column import Column

Array = NDArray[np.float64]

# Half width, most half depth and gap to the discs, mm. C5, T6 and T12 after the PAM50 template
# (sac 18.4 × 12.6, 13.7 × 12.3, 17.4 × 15.7); the rest are estimates.
SAC: Mapping[str, tuple[float, float, float]] = {
    "c1": (10.5, 8.5, 1.0),
    "c2": (9.8, 7.6, 0.8),
    "c5": (9.2, 6.3, 0.6),
    "c7": (9.0, 6.3, 0.6),
    "t2": (7.4, 6.2, 0.8),
    "t6": (6.85, 6.15, 0.8),
    "t10": (7.6, 6.8, 0.4),
    "t12": (8.6, 7.8, 0.3),
    "l1": (8.7, 7.0, 0.4),
    "l2": (8.6, 6.6, 0.5),
    "l3": (8.4, 6.3, 0.6),
    "l4": (8.2, 6.1, 1.0),
    "l5": (7.6, 5.6, 1.6),
    "s1": (5.8, 4.2, 2.5),
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
CORD: Mapping[str, tuple[float, float]] = {
    "c1": (5.3, 4.1),
    "c3": (5.9, 3.8),
    "c5": (6.25, 3.7),
    "c7": (5.6, 3.5),
    "t2": (4.4, 3.1),
    "t6": (4.1, 2.95),
    "t9": (4.1, 3.0),
    "t11": (4.4, 3.3),
    "t12": (3.8, 2.85),
}
"""Half width and half depth of the cord, mm: C5, T6 and T12 after the PAM50 template, the rest
estimates. The enlargements are C4–T1 and T10–L1."""
STRAND = 0.55
"""Radius of a root of the cauda equina, mm (estimate; 1–1.5 mm across)."""


@dataclass(frozen=True, eq=False)
class Sac:
    """The shape of the thecal sac along a canal line: an ellipse at every place, mm.

    Attributes:
        line: along which it lies.
        column: the posed vertebrae.
        s: places along the line where the shape is known.
        half_width, half_depth: half axes at these places.
        middle: how far the middle of the sac is before the line at these places.
    """

    line: CanalLine
    column: Column
    s: Array
    half_width: Array
    half_depth: Array
    middle: Array

    @property
    def end(self) -> float:
        """Return where the sac ends: the middle of S2, the commonest level, or out of sight."""
        return self.line.levels.get("s2", -1e3)

    def section(self, s: ArrayLike) -> tuple[Array, Array, Array]:
        """Return half width, half depth and `d` of the middle of the sac at places `s`."""
        s = np.asarray(s, float)
        width = np.interp(s, self.s, self.half_width)
        depth = np.interp(s, self.s, self.half_depth)
        near = np.clip((s - self.end) / 6.0, 0.0, 1.0)
        taper = np.sqrt(near * (2.0 - near)) + 1e-3  # the end is round
        return width * taper, depth * taper, np.interp(s, self.s, self.middle)

    def place(self, s: ArrayLike, across: ArrayLike, ahead: ArrayLike) -> Array:
        """Return world points inside the sac; `across` and `ahead` are shares of its half axes."""
        width, depth, middle = self.section(s)
        return self.line.place(s, np.asarray(across) * width, middle + np.asarray(ahead) * depth)


def fit_sac(wall: CanalWall, column: Column) -> Sac:
    """Return the sac that lies on the back of the discs and fits between the laminae.

    It sags a little into the hollow backs of the bodies, and keeps what room the canal leaves it.
    """
    line, s = wall.line, wall.s
    near = wall.closest(150.0, 180.0)
    front = (1.0 - SAG) * _narrowest(near, 30.0) + SAG * _narrowest(near, 8.0)
    back = _narrowest(wall.closest(0.0, 25.0), 26.0)
    width, depth, gap = (
        line.along_column({level: row[n] for level, row in SAC.items()}, s) for n in range(3)
    )
    room = 0.5 * (front + back - gap - BEHIND_SAC)
    depth = np.minimum(depth, room)
    return Sac(line, column, s, width, depth, front - gap - depth)


def _narrowest(distance: Array, over: float) -> Array:
    """Return the least of a distance given every `WALL_STEP` mm, over a length, smoothed."""
    least = minimum_filter1d(distance, round(over / WALL_STEP))
    return gaussian_filter1d(least, 0.25 * over / WALL_STEP)


def paint_sac(canvas: Canvas, sac: Sac, rng: np.random.Generator) -> None:
    """Paint dura and cerebrospinal fluid, then cord and cauda equina into the fluid."""
    line = sac.line
    low = np.r_[-12.0, line.points.min(axis=0) - 12.0]
    high = np.r_[12.0, line.points.max(axis=0) + 12.0]
    window = canvas.window(low, high)
    u, d, s = line.coordinates(canvas, window)
    # single precision: in a bent column the window is large
    single = (a.astype(np.float32) for a in (u, d, *sac.section(s)))
    u, d, width, depth, middle = cast(tuple[Array, ...], tuple(single))
    radius = np.sqrt((u / width) ** 2 + ((d - middle) / depth) ** 2)
    outside = (radius - 1.0) * np.minimum(width, depth)
    outside = np.maximum(outside, np.float32(sac.end) - s.astype(np.float32))
    inside = outside < 0
    if "c1" in line.levels:  # at the foramen magnum it opens into the skull
        inside &= s < line.levels["c1"] + END + INTO_SKULL
    canvas.paint("dura", inside & (outside > -DURA), window)
    canvas.paint("cerebrospinal_fluid", inside, window)
    if "spinal_cord" in canvas.structures:
        _paint_cord(canvas, sac, window, u, d, s)
    if "cauda_equina" in canvas.structures:
        _paint_cauda(canvas, sac, rng)


def conus_tip(sac: Sac) -> float:
    """Return `s` of the tip of the conus: the lower third of L1, the mean of 504 people.

    Far below or above where the region does not hold L1.
    """
    if "l1" not in sac.line.levels:
        return -1e3 if sac.column.region.levels[0] != "l5" else 1e3
    return sac.line.levels["l1"] - sac.column.bodies["l1"].height / 3.0


def _paint_cord(
    canvas: Canvas, sac: Sac, window: tuple[slice, ...], u: Array, d: Array, s: Array
) -> None:
    tip = conus_tip(sac)
    middle = sac.section(s)[2]
    size = np.clip((s - tip) / 24.0, 0.0, 1.0) ** 0.6 + 1e-3  # the conus is some 24 mm long
    half_width, half_depth = (
        size * sac.line.along_column({level: row[n] for level, row in CORD.items()}, s)
        for n in range(2)
    )
    cord = ((u / half_width) ** 2 + ((d - middle) / half_depth) ** 2 < 1.0) & (s > tip)
    labels = canvas.labels[window]
    label, tissue = canvas.code("spinal_cord")
    fluid = canvas.structures["cerebrospinal_fluid"].label
    cord &= labels == fluid
    labels[cord] = label
    canvas.tissues[window][cord] = tissue


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


def _paint_cauda(canvas: Canvas, sac: Sac, rng: np.random.Generator) -> None:
    """Paint a ventral and a dorsal strand a root, and the sacral ones and the filum to the end.

    The roots that leave next lie at the side, those that leave later behind and medially, spread
    over the back half of the sac as in a person at rest.
    """
    line = sac.line
    tip = conus_tip(sac)
    top = tip + 10.0
    start_at = min(top, float(sac.s[-1]) + 4.0)
    leaving = [("l2", 0), ("l3", 1), ("l4", 2), ("l5", 3), ("s1", 4), ("s2", 5), ("s3", 6),
               ("s4", 7)]  # fmt: skip
    for level, order in leaving:
        if level in sac.column.frames and level not in line.levels:
            continue  # it leaves above the region
        exit_ = root_exit(line, sac.column, level) if level in sac.column.frames else sac.end + 5.0
        for side in (-1.0, 1.0):
            for dorsal in (True, False):
                # rest: the angle from straight behind, in the section of the sac
                rest = np.radians(108.0 - 13.5 * order - (0.0 if dorsal else -7.0))
                far = (0.80 if dorsal else 0.52) + rng.uniform(-0.05, 0.05)
                t = np.linspace(0.0, 1.0, 60)
                s = start_at + (exit_ - start_at) * t
                settle = np.clip((top - s) / 35.0, 0.0, 1.0)
                wave = 0.05 * np.sin(2 * np.pi * (s / rng.uniform(40, 70) + rng.uniform()))
                start = np.radians(55.0 if dorsal else 125.0)
                angle = start + (rest - start) * settle + wave
                reach = (0.42 + 0.0 * t) * (1 - settle) + far * settle
                across, ahead = side * reach * np.sin(angle), -reach * np.cos(angle)
                if order < 5:  # to the side, and out
                    leave = np.clip((exit_ + 22.0 - s) / 22.0, 0.0, 1.0) ** 2
                    across += leave * (side * EXIT[0] - across)
                    ahead += leave * (EXIT[1] + (0.12 if dorsal else -0.12) - ahead)
                canvas.paint_tube(
                    "cauda_equina", sac.place(s, across, ahead), STRAND, into="cerebrospinal_fluid"
                )
    s = np.linspace(min(tip, start_at), sac.end + 4.0, 80)
    canvas.paint_tube("cauda_equina", sac.place(s, 0.0, -0.78), 0.5, into="cerebrospinal_fluid")
