"""Spinal nerves: each root from the sac, under its pedicle, through the foramen and beyond."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.catalogue import SACRAL_ROOTS
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.passage import (
    CLEARANCE,
    HARD,
    clear_of_bone,
    labels_of_kinds,
    led_round,
)
from spine_tutor.anatomy.roots_cervical import over_transverse_process
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sacrum import FORAMINA
from spine_tutor.anatomy.skeleton import VertebraModel
from spine_tutor.anatomy.thecal_sac import EXIT, Sac, root_exit
from spine_tutor.anatomy.tubes import STEP, smooth

Array = NDArray[np.float64]
Vertebrae = Mapping[str, VertebraModel]

BELOW_PEDICLE = 1.6
"""Gap between the lower border of a pedicle and the root under it, mm (estimate)."""
CRUMB = 9
"""Fewer voxels than this are no piece of a root, but left over from its edge."""
GANGLION_LENGTH = 11.0
"""Length of a ganglion, mm (estimate)."""
# Where the nerve goes beyond the foramen, right side: unit-free steps of world x, y, z.
_ONWARD = {
    "c": (0.70, 0.25, -0.62),
    "t": (0.95, -0.15, -0.25),
    "t12": (0.80, 0.10, -0.60),
    "l1": (0.55, 0.22, -0.80),
    "l2": (0.40, 0.32, -0.86),
    "l3": (0.36, 0.34, -0.87),
    "l4": (0.34, 0.34, -0.88),
    "l5": (0.34, 0.50, -0.80),
    "s1": (0.42, 0.15, -0.90),
    "s2": (0.58, 0.10, -0.81),
    "s3": (0.66, 0.10, -0.74),
    "s4": (0.40, 0.45, -0.80),
}
_BEYOND = {"c": 20.0, "t": 14.0, "t12": 34.0, "s": 14.0}
"""Length of the nerve beyond the foramen, mm; plexus and intercostal nerves begin early."""


@dataclass(frozen=True, eq=False)
class Root:
    """The course of a root and its nerve.

    Attributes:
        path: (n, 3) world points from the sac outwards, every `STEP` mm.
        ganglion: how far along it its ganglion lies, mm.
        radius: (n,) mm.
    """

    path: Array
    ganglion: float
    radius: Array

    def at(self, beyond: float) -> Array:
        """Return the point so far beyond the middle of the ganglion, mm."""
        n = round((self.ganglion + beyond) / STEP)
        return self.path[min(max(n, 0), len(self.path) - 1)]


Roots = Mapping[tuple[str, str], Root]
"""By level and side."""


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
    """Measure a pedicle on the canvas; medial and lateral are distances from the midline."""
    frame = column.frames[level]
    body = column.bodies[level]
    back = -0.5 * body.depth
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


def root_path(
    canvas: Canvas, sac: Sac, level: str, side: str, under: str | None, bones: Vertebrae
) -> tuple[Array, float]:
    """Return the course of a root from the sac outwards and how far along its ganglion lies.

    Args:
        canvas: on which the pedicle is measured.
        sac: where the root leaves.
        level, side: which root.
        under: the vertebra under whose pedicle it leaves, None for a root of the sacrum.
        bones: the vertebrae.

    Returns:
        (n, 3) world points every `STEP` mm, and a length in mm.
    """
    sign = 1.0 if side == "right" else -1.0
    leave = root_exit(sac.line, sac.column, level, under)
    thick = _thickness(level)
    width = float(sac.section(leave - 3.0)[0])
    beside = max(width + 1.0, 0.5 * thick + CLEARANCE)  # and not across the midline
    points = [
        sac.place(leave + 2.0, sign * (EXIT[0] - 0.14), EXIT[1]),
        sac.place(leave - 3.0, sign * beside / width, EXIT[1] + 0.05),
    ]
    if under is None:
        way = _through_sacrum(sac.column, level, sign)
    elif level in bones and level.startswith("c"):
        way = over_transverse_process(bones[level], _thickness(level), sign)
    else:
        way = _under_pedicle(measure_pedicle(canvas, sac.column, under, side), level, sign)
    onward = np.array(_ONWARD.get(level) or _ONWARD[level[0]]) * [sign, 1.0, 1.0]
    beyond = _BEYOND.get(level) or _BEYOND.get(level[0], 34.0)
    points += [*way, way[-1] + 0.4 * beyond * onward, way[-1] + beyond * onward]
    path = clear_of_bone(canvas, smooth(points, STEP), 0.5 * _thickness(level))
    # a bone right across the way, such as the head of the next rib, is not to be pushed past
    taken = labels_of_kinds(canvas, (*HARD, "nerve"))
    led = led_round(canvas, taken, path, 0.5 * _thickness(level))
    if led is not path:
        path = clear_of_bone(canvas, led, 0.5 * _thickness(level))
    path = path[_leaves_sac(canvas, path) :]
    ganglion = way[1] if under is None else way[2]
    nearest = int(np.argmin(np.linalg.norm(path - ganglion, axis=1)))
    return path, STEP * nearest


def _leaves_sac(canvas: Canvas, path: Array) -> int:
    """Return where a path leaves the sac for good, a little before: it may run in its wall."""
    index, inside = canvas.grid().voxel_of(path)
    sac = list(canvas.structures.labels_of("thecal_sac"))
    within = inside & np.isin(canvas.labels[tuple(index.T)], sac)
    return max(0, int(np.flatnonzero(within)[-1]) - round(1.5 / STEP)) if within.any() else 0


def _under_pedicle(pedicle: Pedicle, level: str, sign: float) -> list[Array]:
    """Return a lumbar root's way: lateral recess, under the pedicle, foramen, beyond."""
    p, thick = pedicle, _thickness(level)
    x, y = abs(p.middle[0]), p.middle[1]
    under = p.lower - BELOW_PEDICLE - 0.5 * thick
    # the ganglion lies in the medial foramen from L1 to L4, in the lateral one at L5
    ganglion_x = x + (0.30 if level == "l5" else -0.05) * (p.lateral - p.medial)
    drop = 0.5 * (_ganglion(level) - thick)
    return [
        p.world(sign * (p.medial - 0.5 * thick - 0.8), y - 0.5, p.middle[2]),
        p.world(sign * (p.medial + 0.5), y - 0.2, under - 0.3 * thick),
        p.world(sign * ganglion_x, y - 0.5, under - drop - 3.0),
        p.world(sign * (p.lateral + 3.5), y + 1.0, under - drop - 7.5),
    ]


def _through_sacrum(column: Column, level: str, sign: float) -> list[Array]:
    """Return the way of a sacral root through its anterior foramen."""
    plate = column.endplate("s1", "upper")
    scale = column.sacral_scale
    return [(plate @ [*(scale * np.array([sign * x, y, z])), 1.0])[:3]
            for x, y, z in FORAMINA[level][:3]]  # fmt: skip


def paint_nerves(canvas: Canvas, sac: Sac, bones: Vertebrae) -> Roots:
    """Paint ganglia and roots of the region, among its vertebrae, and return their courses."""
    region = sac.column.region
    sacral = dict.fromkeys(SACRAL_ROOTS[region.id] if region.pelvis else ())
    roots = {}
    for level, under in (region.roots | sacral).items():
        for side in SIDES:
            root = _root(canvas, sac, level, side, under, bones)
            offset = (STEP * np.arange(len(root.path)) - root.ganglion) / (0.5 * GANGLION_LENGTH)
            bulge = np.sqrt(np.clip(1.0 - offset**2, 0.0, 1.0)) * 0.5 * _ganglion(level)
            swollen = bulge > 0.75 * root.radius
            ganglion = f"{level}_dorsal_root_ganglion_{side}"
            canvas.paint_tube(ganglion, root.path[swollen], np.maximum(bulge, root.radius)[swollen])
            canvas.paint_tube(f"{level}_nerve_root_{side}", root.path, root.radius)
            _free_crumbs(canvas, f"{level}_nerve_root_{side}", root.path)
            roots[level, side] = root
    return roots


def _free_crumbs(canvas: Canvas, name: str, path: Array) -> None:
    """Free the few voxels of a root that the wall of the sac or a bone cuts off beside it."""
    window = canvas.window(path.min(axis=0) - 5.0, path.max(axis=0) + 5.0)
    labels = canvas.labels[window]
    root = np.isin(labels, sorted(canvas.structures.labels_of(name)))
    pieces, count = ndimage.label(root, np.ones((3, 3, 3)))
    if count > 1:
        crumbs = np.bincount(pieces.ravel()) < CRUMB
        labels[crumbs[pieces] & root] = 0
        canvas.tissues[window][crumbs[pieces] & root] = 0


def _root(
    canvas: Canvas, sac: Sac, level: str, side: str, under: str | None, bones: Vertebrae
) -> Root:
    path, ganglion_at = root_path(canvas, sac, level, side, under, bones)
    along = STEP * np.arange(len(path))
    # within the sleeve of dura it is thinner, in muscle it divides: the ends taper
    radius = 0.5 * _thickness(level) * np.interp(along, [0.0, 6.0], [0.6, 1.0])
    radius *= np.interp(along[-1] - along, [0.0, 25.0], [0.65, 1.0])
    return Root(path, ganglion_at, radius)


def _thickness(level: str) -> float:
    return morphometry().value("root_thickness", level)


def _ganglion(level: str) -> float:
    """Return the width of a ganglion, not below that of its root, which other sources measured."""
    return max(morphometry().value("dorsal_root_ganglion_width", level), _thickness(level) + 0.4)
