"""Spinal nerves: each root from the sac, under its pedicle, through the foramen and beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.canal import EXIT, Sac, root_exit
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.catalogue import LEVELS, SIDES
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.viscera import smooth

Array = NDArray[np.float64]

BELOW_PEDICLE = 1.6
"""Gap between the lower border of a pedicle and the root under it, mm (estimate)."""
GANGLION_LENGTH = 11.0
"""Length of a ganglion, mm (estimate)."""
# Where the nerve goes beyond the foramen, right side: unit-free steps of world x, y, z.
_ONWARD = {
    "t12": (0.80, 0.10, -0.60),
    "l1": (0.55, 0.22, -0.80),
    "l2": (0.40, 0.32, -0.86),
    "l3": (0.36, 0.34, -0.87),
    "l4": (0.34, 0.34, -0.88),
    "l5": (0.34, 0.50, -0.80),
    "s1": (0.25, 0.75, -0.62),
}
_BEYOND = 34.0
"""Length of the nerve beyond the foramen, mm."""


@dataclass(frozen=True, eq=False)
class Pedicle:
    """Where a pedicle lies, measured on the painted bone, in the vertebra's frame, mm."""

    frame: Array
    middle: Array
    lower: float
    medial: float
    lateral: float

    def world(self, x: float, y: float, z: float) -> Array:
        """Return the world position of a point of the vertebra's frame."""
        return (self.frame @ [x, y, z, 1.0])[:3]


def measure_pedicle(canvas: Canvas, column: Column, level: str, side: str) -> Pedicle:
    """Measure a pedicle on the canvas; medial and lateral are distances from the midline.

    S1 has no free pedicle: its place is that of the bone above the first sacral foramen.
    """
    frame = column.frames[level]
    body = column.bodies[level]
    sign = 1.0 if side == "right" else -1.0
    back = -0.5 * body.depth
    if level == "s1":
        medial = 0.5 * body.canal_width - 1.0
        middle = np.array([sign * (medial + 6.0), back - 1.0, 3.0])
        return Pedicle(frame, middle, -6.0, medial, medial + 12.0)
    label = canvas.structures[f"{level}_pedicle_{side}"].label
    center = frame[:3, 3]
    window = canvas.window(center - 45.0, center + 45.0)
    index = np.argwhere(canvas.labels[window] == label)
    points = canvas.origin + canvas.spacing * (index + [part.start for part in window])
    local = (points - center) @ frame[:3, :3]
    # the waist of the pedicle, where the root passes, just behind the body
    waist = local[np.abs(local[:, 1] - (back - 3.0)) < 2.5]
    if not len(waist):
        waist = local
    low, high = np.percentile(waist, [2, 98], axis=0)
    across = sorted((abs(low[0]), abs(high[0])))
    middle = 0.5 * (low + high)
    return Pedicle(frame, middle, float(low[2]), float(across[0]), float(across[1]))


def root_path(sac: Sac, pedicle: Pedicle, level: str, side: str) -> tuple[Array, float]:
    """Return the course of a root from the sac outwards and how far along its ganglion lies.

    It leaves the sac, runs down the lateral recess medial to its pedicle, turns round the
    pedicle's lower border into the upper foramen, and goes on forwards and downwards.
    """
    sign = 1.0 if side == "right" else -1.0
    thick = _thickness(level)
    leave = root_exit(sac.line, sac.column, level)
    p = pedicle
    x, y = abs(p.middle[0]), p.middle[1]
    under = p.lower - BELOW_PEDICLE - 0.5 * thick
    ganglion_x = x + (0.35 if level == "l5" else 0.0) * (p.lateral - p.medial)
    drop = 0.5 * _ganglion(level) - 0.5 * thick
    width = float(sac.section(leave)[0])
    recess_x = max(width + 1.0, p.medial - 0.5 * thick - 0.8)
    points = [
        sac.place(leave + 2.0, sign * (EXIT[0] - 0.14), EXIT[1]),
        sac.place(leave - 3.0, sign * (1.0 + 1.0 / width), EXIT[1] + 0.05),
        p.world(sign * recess_x, y - 0.5, p.middle[2]),
        p.world(sign * (p.medial + 0.5), y - 0.2, under - 0.3 * thick),
        p.world(sign * ganglion_x, y - 0.5, under - drop - 3.0),
        p.world(sign * (p.lateral + 3.5), y + 1.0, under - drop - 7.5),
    ]
    if level == "s1":  # forwards through the first anterior sacral foramen
        points[-2:] = [p.world(sign * x, y + 4.0, under - 4.0),
                       p.world(sign * (x + 2.0), y + 16.0, under - 8.0)]  # fmt: skip
    step = np.array(_ONWARD[level]) * [sign, 1.0, 1.0]
    points += [points[-1] + 12.0 * step, points[-1] + _BEYOND * step]
    path = smooth(points, 0.5)
    target = points[4]
    at = int(np.argmin(np.linalg.norm(path - target, axis=1)))
    return path, 0.5 * at


def paint_nerves(canvas: Canvas, column: Column, sac: Sac) -> None:
    """Paint ganglia and roots under the pedicles that are on the canvas."""
    for level in (*LEVELS, "s1"):
        for side in SIDES:
            pedicle = measure_pedicle(canvas, column, level, side)
            path, ganglion_at = root_path(sac, pedicle, level, side)
            along = 0.5 * np.arange(len(path))
            radius = np.full(len(path), 0.5 * _thickness(level))
            # within the sleeve of dura it is thinner, in muscle it divides: the ends taper
            radius *= np.interp(along, [0.0, 6.0], [0.6, 1.0])
            radius *= np.interp(along[-1] - along, [0.0, 25.0], [0.65, 1.0])
            offset = (along - ganglion_at) / (0.5 * GANGLION_LENGTH)
            bulge = np.sqrt(np.clip(1.0 - offset**2, 0.0, 1.0)) * 0.5 * _ganglion(level)
            swollen = bulge > radius * 0.75
            canvas.paint_tube(
                f"{level}_dorsal_root_ganglion_{side}",
                path[swollen],
                np.maximum(bulge, radius)[swollen],
            )
            canvas.paint_tube(f"{level}_nerve_root_{side}", path, radius)


def _thickness(level: str) -> float:
    return morphometry().value("root_thickness", level)


def _ganglion(level: str) -> float:
    """Return the width of a ganglion, not below that of its root, which other sources measured."""
    return max(morphometry().value("dorsal_root_ganglion_width", level), _thickness(level) + 0.4)
