"""The vertebral canal along its own bent line: thecal sac, cord and cauda equina."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.column import Column

Array = NDArray[np.float64]

STEP = 0.25  # mm between the points of a canal line

# Half width, half depth and gap to the back of the bodies, mm. T12 and the cord after the PAM50
# template (sac 17.4 × 15.7, cord 7.6 × 5.7); the rest are estimates that leave the posterior
# epidural depth of the table behind them.
SAC: Mapping[str, tuple[float, float, float]] = {
    "t12": (8.6, 6.9, 1.2),
    "l1": (8.7, 6.7, 1.2),
    "l2": (8.6, 6.4, 1.3),
    "l3": (8.4, 6.2, 1.3),
    "l4": (8.2, 6.1, 1.5),
    "l5": (7.4, 5.6, 2.2),
    "s1": (5.6, 4.2, 4.0),
    "s2": (3.6, 2.9, 4.0),
}
DURA = 0.7
"""Thickness of dura and arachnoid as painted, mm: a voxel or more, so that it has no holes."""
SACRAL_SPACING = 25.0
"""From the middle of one sacral vertebra to the next, mm (estimate)."""
SACRAL_CURVE = 9.0
"""Bend of the sacral canal from one sacral vertebra to the next, degrees (estimate)."""
CORD = (3.8, 2.85)
"""Half width and half depth of the cord at T12, mm (PAM50 template)."""
STRAND = 0.55
"""Radius of a root of the cauda equina, mm (estimate; 1–1.5 mm across)."""


@dataclass(frozen=True, eq=False)
class CanalLine:
    """The middle of the canal: a line in the mid-sagittal plane, with places measured along it.

    A point near it has three coordinates in mm: `u` to the right, `d` in front of the line,
    and `s` along the line, growing cranially.

    Attributes:
        points: (n, 2) y and z every `STEP` mm from below.
        forward: (n, 2) unit vectors y, z pointing forwards, square to the line.
        levels: `s` at the middle of each level's body, with ``s2`` and ``s3``.
    """

    points: Array
    forward: Array
    levels: Mapping[str, float]

    def place(self, s: ArrayLike, u: ArrayLike, d: ArrayLike) -> Array:
        """Return the world points, (..., 3) mm, of places along the line."""
        s, u, d = np.broadcast_arrays(np.asarray(s, float), u, d)
        known = STEP * np.arange(len(self.points))
        y, z = (np.interp(s, known, self.points[:, i]) for i in (0, 1))
        fy, fz = (np.interp(s, known, self.forward[:, i]) for i in (0, 1))
        return np.stack([u, y + d * fy, z + d * fz], axis=-1)

    def along(self, points: ArrayLike) -> tuple[Array, Array]:
        """Return `s` and `d` of (..., 2) points y, z, mm."""
        points = np.asarray(points, float)
        _, nearest = cKDTree(self.points).query(points)
        offset = points - self.points[nearest]
        ahead = self.forward[nearest]
        d = offset[..., 0] * ahead[..., 0] + offset[..., 1] * ahead[..., 1]
        return STEP * nearest, d

    def coordinates(self, canvas: Canvas, window: tuple[slice, ...]) -> tuple[Array, Array, Array]:
        """Return `u`, `d` and `s` of a window's voxels, shaped to broadcast."""
        x, y, z = canvas.axes(window)
        yz = np.stack(np.broadcast_arrays(y[0], z[0]), axis=-1)
        s, d = self.along(yz)
        return x, d[None], s[None]

    def at_levels(self, table: Mapping[str, float], s: ArrayLike) -> Array:
        """Return a quantity given by level anywhere along the line, linear between levels."""
        known = sorted((self.levels[level], value) for level, value in table.items())
        return np.interp(s, [k for k, _ in known], [v for _, v in known])


def canal_line(column: Column) -> CanalLine:
    """Return the line through the middle of the bony canal, down to S3."""
    knots = []
    middles = {}
    for level, frame in column.frames.items():
        body = column.bodies[level]
        y = -0.5 * (body.depth + body.canal_depth)
        middles[level] = (frame @ [0.0, y, 0.0, 1.0])[1:3]
        for z in (-0.3 * body.height, 0.3 * body.height):
            knots.append((frame @ [0.0, y, z, 1.0])[1:3])
    up = column.frames["s1"][1:3, 2]
    place = middles["s1"]
    lean = np.arctan2(up[0], up[1])
    for level in ("s2", "s3", "s4"):
        lean -= np.radians(SACRAL_CURVE)
        place = place - SACRAL_SPACING * np.array([np.sin(lean), np.cos(lean)])
        middles[level] = place
        knots.append(place)
    ordered = np.array(sorted(knots, key=lambda p: p[1]))
    chord = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(ordered, axis=0), axis=1))])
    curve = CubicSpline(chord, ordered)
    fine = curve(np.linspace(-5.0, chord[-1] + 25.0, 20000))
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    even = np.arange(0.0, length[-1], STEP)
    points = np.stack([np.interp(even, length, fine[:, i]) for i in (0, 1)], axis=-1)
    tangent = np.gradient(points, STEP, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    forward = np.stack([tangent[:, 1], -tangent[:, 0]], axis=-1)
    _, nearest = cKDTree(points).query(list(middles.values()))
    levels = dict(zip(middles, STEP * nearest, strict=True))
    return CanalLine(points, forward, levels)


@dataclass(frozen=True, eq=False)
class Sac:
    """The shape of the thecal sac along a canal line, mm."""

    line: CanalLine
    column: Column

    @property
    def end(self) -> float:
        """Return where the sac ends: the middle of S2, the commonest level."""
        return self.line.levels["s2"]

    def section(self, s: ArrayLike) -> tuple[Array, Array, Array]:
        """Return half width, half depth and `d` of the middle of the sac at places `s`."""
        s = np.asarray(s, float)
        width, depth, gap = (
            self.line.at_levels({level: row[n] for level, row in SAC.items()}, s) for n in range(3)
        )
        bodies = self.column.bodies
        canal = self.line.at_levels({v: bodies[v].canal_depth for v in bodies}, s)
        taper = np.sqrt(
            np.clip((s - self.end) / 6.0, 0.0, 1.0) * (2 - np.clip((s - self.end) / 6.0, 0.0, 1.0))
        )
        return width * taper + 1e-3, depth * taper + 1e-3, 0.5 * canal - gap - depth

    def place(self, s: ArrayLike, across: ArrayLike, ahead: ArrayLike) -> Array:
        """Return world points inside the sac; `across` and `ahead` are shares of its half axes."""
        width, depth, middle = self.section(s)
        return self.line.place(s, np.asarray(across) * width, middle + np.asarray(ahead) * depth)


def paint_sac(canvas: Canvas, sac: Sac, rng: np.random.Generator) -> None:
    """Paint dura and cerebrospinal fluid, then cord and cauda equina into the fluid."""
    line = sac.line
    low = np.r_[-12.0, line.points.min(axis=0) - 12.0]
    high = np.r_[12.0, line.points.max(axis=0) + 12.0]
    window = canvas.window(low, high)
    u, d, s = line.coordinates(canvas, window)
    width, depth, middle = sac.section(s)
    radius = np.sqrt((u / width) ** 2 + ((d - middle) / depth) ** 2)
    outside = (radius - 1.0) * np.minimum(width, depth)
    canvas.paint("dura", (outside < 0) & (outside > -DURA), window)
    canvas.paint("cerebrospinal_fluid", outside < 0, window)
    _paint_cord(canvas, sac, window, u, d, s)
    _paint_cauda(canvas, sac, rng)


def conus_tip(sac: Sac) -> float:
    """Return `s` of the tip of the conus: the lower third of L1, the mean of 504 people."""
    return sac.line.levels["l1"] - sac.column.bodies["l1"].height / 3.0


def _paint_cord(
    canvas: Canvas, sac: Sac, window: tuple[slice, ...], u: Array, d: Array, s: Array
) -> None:
    tip = conus_tip(sac)
    middle = sac.section(s)[2]
    size = np.clip((s - tip) / 24.0, 0.0, 1.0) ** 0.6 + 1e-3  # the conus is some 24 mm long
    half_width, half_depth = CORD[0] * size, CORD[1] * size
    cord = ((u / half_width) ** 2 + ((d - middle) / half_depth) ** 2 < 1.0) & (s > tip)
    labels = canvas.labels[window]
    label, tissue = canvas.code("spinal_cord")
    fluid = canvas.structures["cerebrospinal_fluid"].label
    cord &= labels == fluid
    labels[cord] = label
    canvas.tissues[window][cord] = tissue


def root_exit(line: CanalLine, column: Column, level: str) -> float:
    """Return `s` where a root leaves the sac.

    Upper roots leave at their own pedicle, lower ones higher: L5 and S1 near the disc above
    (estimates).
    """
    above = {"t12": 5.0, "l1": 6.0, "l2": 7.5, "l3": 9.5, "l4": 12.0, "l5": 15.0, "s1": 17.0}
    return line.levels[level] + above[level] * column.bodies[level].height / 27.0


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
    leaving = [("l2", 0), ("l3", 1), ("l4", 2), ("l5", 3), ("s1", 4), ("s2", 5), ("s3", 6),
               ("s4", 7)]  # fmt: skip
    for level, order in leaving:
        exit_ = root_exit(line, sac.column, level) if level in sac.column.frames else sac.end + 5.0
        for side in (-1.0, 1.0):
            for dorsal in (True, False):
                # rest: the angle from straight behind, in the section of the sac
                rest = np.radians(108.0 - 13.5 * order - (0.0 if dorsal else -7.0))
                far = (0.80 if dorsal else 0.52) + rng.uniform(-0.05, 0.05)
                t = np.linspace(0.0, 1.0, 60)
                s = top + (exit_ - top) * t
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
    s = np.linspace(tip, sac.end + 4.0, 80)
    canvas.paint_tube("cauda_equina", sac.place(s, 0.0, -0.78), 0.5, into="cerebrospinal_fluid")
