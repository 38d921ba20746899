"""The trunk around the column: body wall, skin, and the muscles, as axial outlines.

All outlines are estimates, drawn to look like axial CT of an adult lying prone; positions are
mm. They hang on two lines that follow the case's own bones: the middle of the vertebral canal,
and the line along the tips of the spinous processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.catalogue import SIDES
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.sections import between, ellipse, mirrored, rounded, stacked

SKIN = 2.0
"""Thickness of the skin of the back with its dermis, mm (estimate)."""
FASCIA = 1.0
"""Thickness of the posterior layer of the thoracolumbar fascia, mm (estimate)."""
_FASCIA_EDGE = 86.0  # mm from the midline
SEPTUM = 1.6
"""Width of the fat cleft between multifidus and longissimus, mm (estimate)."""
CLEFT = 1.0
"""Width of the fat cleft between longissimus and iliocostalis, mm (estimate)."""
ABDOMINAL_WALL = 14.0
"""Thickness of the muscles of the abdominal wall, mm (estimate)."""
USUAL_FAT = 18.0
"""The subcutaneous fat, mm, for which the outlines below are drawn."""

LEVELS_OF_OUTLINES = ("t12", "l1", "l2", "l3", "l4", "l5", "s1", "s3")
_BELOW_S1 = 52.0  # mm from the middle of S1 down to the level called s3 here

# Half outlines of the deep fascia, from behind in the midline forwards: seven points whose y is
# relative to the line of the spinous tips, then six whose y is the world's.
_BACK = {
    "t12": [(0, 0), (13, -2), (33, -6), (54, -4), (79, 4), (104, 18), (128, 42)],
    "l3": [(0, 0), (13, -3), (34, -7), (57, -5), (82, 3), (108, 18), (132, 42)],
    "l5": [(0, 0), (13, -2), (34, -5), (58, -4), (85, 2), (114, 17), (140, 42)],
    "s1": [(0, 0), (14, -1), (36, -3), (61, -4), (91, -1), (122, 13), (148, 38)],
    "s3": [(0, 0), (12, -3), (36, -10), (64, -14), (96, -11), (128, 4), (154, 32)],
}
_FRONT = {
    "t12": [(140, 40), (143, 72), (125, 104), (85, 126), (42, 134), (0, 136)],
    "l3": [(146, 40), (146, 72), (128, 104), (86, 124), (42, 131), (0, 132)],
    "l5": [(154, 36), (155, 66), (134, 98), (88, 118), (44, 125), (0, 126)],
    "s1": [(161, 30), (161, 60), (139, 92), (92, 113), (45, 120), (0, 121)],
    "s3": [(168, 22), (167, 52), (144, 80), (96, 101), (48, 109), (0, 110)],
}
# Right side; x from the midline, y from the middle of the canal:
# centre x, y, half axes across and along, turn in degrees.
_PSOAS = {
    "t12": (23, 10, 4, 6, 0),
    "l1": (28, 13, 9, 12, 0),
    "l2": (32.5, 15, 12.5, 17, -6),
    "l3": (37, 18, 16, 21, -8),
    "l4": (42, 23, 18.5, 24, -8),
    "l5": (49, 33, 20, 24, -4),
    "s1": (60, 58, 19, 22, 0),
    "s3": (70, 96, 17, 18, 0),
}
_QUADRATUS = {
    "t12": (46, -4, 9, 4, -12),
    "l1": (52, -4, 14, 5, -12),
    "l2": (60, -3, 17, 6.5, -14),
    "l3": (68, -2, 20, 8, -16),
    "l4": (74, -1, 22, 9, -18),
    "l5": (84, 6, 19, 8, -20),
}
# The space of the back muscles; what lies behind the deep fascia is cut away.
_PARASPINAL = {
    "t12": [
        (1, -9),
        (13, -8),
        (26, -6),
        (40, -9),
        (53, -15),
        (62, -22),
        (66, -31),
        (63, -46),
        (48, -70),
        (24, -80),
        (1, -80),
    ],
    "l3": [
        (1, -10),
        (17, -10),
        (33, -7),
        (48, -6),
        (62, -11),
        (73, -18),
        (79, -28),
        (76, -44),
        (58, -70),
        (30, -85),
        (1, -85),
    ],
    "l4": [
        (1, -10),
        (18, -10),
        (34, -7),
        (48, -7),
        (62, -11),
        (71, -18),
        (75, -27),
        (72, -42),
        (56, -70),
        (30, -85),
        (1, -85),
    ],
    "l5": [
        (1, -8),
        (18, -9),
        (32, -8),
        (44, -8),
        (54, -11),
        (61, -17),
        (64, -25),
        (62, -36),
        (50, -60),
        (28, -80),
        (1, -80),
    ],
    "s1": [
        (1, -5),
        (14, -5),
        (26, -6),
        (36, -8),
        (43, -12),
        (47, -17),
        (48, -23),
        (46, -30),
        (40, -45),
        (24, -60),
        (1, -60),
    ],
    "s3": [
        (1, -4),
        (8, -4),
        (14, -5),
        (20, -6),
        (25, -8),
        (28, -11),
        (29, -15),
        (28, -20),
        (24, -32),
        (14, -40),
        (1, -40),
    ],
}
# Lateral border of multifidus: x at 10 mm and at 50 mm behind the middle of the canal.
_MULTIFIDUS = {"t12": (12, 7), "l1": (15, 8), "l2": (18, 10), "l3": (21, 14), "l4": (25, 21),
               "l5": (30, 34), "s1": (44, 52), "s3": (60, 60)}  # fmt: skip
# Cleft between longissimus and iliocostalis in the same way.
_ILIOCOSTALIS = {"t12": (38, 40), "l2": (42, 46), "l4": (46, 54), "s1": (80, 90)}


_MUSCLES = {
    "multifidus": ("multifidus",),
    "erector_spinae": ("longissimus", "iliocostalis"),
    "psoas": ("psoas",),
    "quadratus_lumborum": ("quadratus_lumborum",),
}
"""What each muscle of the catalogue is painted from."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Where the solids of the trunk are known: mm, symmetric in x."""

    origin: NDArray[np.float64]
    spacing: float
    shape: tuple[int, int, int]

    @property
    def z(self) -> NDArray[np.float64]:
        """Return the heights of the slices, mm."""
        return self.origin[2] + self.spacing * np.arange(self.shape[2])


@dataclass(frozen=True, eq=False)
class Lines:
    """What the outlines hang on, at every height of a lattice, mm."""

    heights: Mapping[str, float]
    canal: NDArray[np.float64]
    tips: NDArray[np.float64]


def lines(column: Column, tips: NDArray[np.float64], lattice: Lattice) -> Lines:
    """Return the lines that the outlines hang on.

    Args:
        column: the posed vertebrae.
        tips: (n, 2) y and z along the tips of the spinous processes and the sacral crest, mm.
        lattice: where the lines are wanted.
    """
    centers = {level: _canal(column, level) for level in column.frames}
    s1 = centers["s1"]
    slope = column.frames["s1"][1:3, 2]  # the sacrum goes on down along its own axis
    centers["s3"] = s1 - _BELOW_S1 * np.array([0.0, slope[0], slope[1]])
    heights = {level: float(c[2]) for level, c in centers.items()}
    order = sorted(centers.values(), key=lambda c: c[2])
    canal = np.interp(lattice.z, [c[2] for c in order], [c[1] for c in order])
    tips = tips[np.argsort(tips[:, 1])]
    return Lines(heights, canal, np.interp(lattice.z, tips[:, 1], tips[:, 0]))


def trunk_solids(case: Case, at: Lines, lattice: Lattice) -> dict[str, Solid]:
    """Return the solids of the trunk by structure id, with the helpers ``body`` and ``fascia``.

    ``body`` ends at the surface of the skin, ``fascia`` at the deep fascia.
    """
    size = case.height_scale
    wall = _deep_fascia(case, at, lattice)
    fat = _fat(case, wall, at, lattice)
    body = stacked(
        rounded(_offset(wall, fat + SKIN)), lattice.shape, lattice.origin, lattice.spacing
    )
    fascia = stacked(rounded(wall), lattice.shape, lattice.origin, lattice.spacing)
    found = {"body": body, "fascia": fascia}

    within = fascia.grown(-FASCIA)
    back = _hung(_PARASPINAL, at, lattice, size) & within
    x = (lattice.origin[0] + lattice.spacing * np.arange(lattice.shape[0])).astype(np.float32)
    y = (lattice.origin[1] + lattice.spacing * np.arange(lattice.shape[1])).astype(np.float32)
    behind = np.clip((at.canal - y[:, None] - 10.0 * size) / (40.0 * size), 0.0, 1.2)
    sides: dict[str, Solid] = {"psoas": _hung(_ellipses(_PSOAS), at, lattice, size) & within}
    quadratus = {"s1": (88, 22, 2, 2, -20)} | _QUADRATUS
    crest = _plane(lattice, at.heights["l5"] + 6.0 * size)
    sides["quadratus_lumborum"] = _hung(_ellipses(quadratus), at, lattice, size) & within & crest
    medial = _cleft(_MULTIFIDUS, at, lattice, size, x, behind)
    lateral = _cleft(_ILIOCOSTALIS, at, lattice, size, x, behind)
    sides["multifidus"] = back & medial.grown(-0.5 * SEPTUM)
    erector = back - medial.grown(0.5 * SEPTUM)
    sides["longissimus"] = erector & lateral.grown(-0.5 * CLEFT)
    sides["iliocostalis"] = erector - lateral.grown(0.5 * CLEFT)
    for name, muscle in sides.items():
        found[f"{name}_right"] = muscle
        found[f"{name}_left"] = Solid(
            np.ascontiguousarray(muscle.values[::-1]), muscle.origin, muscle.spacing
        )
    found |= _wall(fascia, at, lattice, size)
    return found


def _wall(fascia: Solid, at: Lines, lattice: Lattice, size: float) -> dict[str, Solid]:
    """Return the body wall: abdominal muscles, gluteal muscles, fascia of the back, deep fat."""
    x = np.abs(lattice.origin[0] + lattice.spacing * np.arange(lattice.shape[0]))[:, None, None]
    y = (lattice.origin[1] + lattice.spacing * np.arange(lattice.shape[1]))[None, :, None]
    z, canal = lattice.z[None, None, :], at.canal[None, None, :]

    def half_space(values: NDArray[np.float64]) -> Solid:
        full = np.broadcast_to(values, lattice.shape).astype(np.float32)
        return Solid(full, lattice.origin, lattice.spacing)

    # the blade of the ilium runs forwards and outwards from the posterior superior spine
    blade = half_space(0.8 * (y - (canal - 22.0) - 1.15 * (x - 40.0)))
    hips = half_space(z - (at.heights["l5"] + 14.0) - 0.20 * (x - 60.0))
    # in front of the flank of the back muscles and of quadratus
    flank = half_space(canal - 30.0 + 1.2 * np.maximum(108.0 - x, 0.0) - y)
    ring = Solid(-fascia.values - np.float32(ABDOMINAL_WALL), fascia.origin, fascia.spacing)
    return {
        "gluteal_muscles": fascia & blade & hips,
        "abdominal_wall": fascia & ring & flank,
        "intermuscular_fat": fascia & half_space(y - canal + 6.0),
    }


def _deep_fascia(case: Case, at: Lines, lattice: Lattice) -> NDArray[np.float64]:
    """Return the outline of the deep fascia on every slice, (nz, n, 2), not yet rounded."""
    size, more = case.height_scale, max(0.0, case.subcutaneous_fat - USUAL_FAT)
    heights = [at.heights[level] for level in _BACK]
    back = size * between(heights, list(_BACK.values()), lattice.z)
    front = size * between(heights, list(_FRONT.values()), lattice.z)
    back[..., 1] += at.tips[:, None]
    # abdominal fat grows with the fat under the skin (estimate)
    front[..., 0] += 0.5 * more * (front[..., 0] > 0)
    front[..., 1] += 0.9 * more * np.linspace(0.2, 1.0, front.shape[1])
    back[:, 5:, 0] += 0.5 * more
    half = np.concatenate([back, front], axis=1)
    return np.stack([mirrored(outline) for outline in half])


def _fat(case: Case, wall: NDArray[np.float64], at: Lines, lattice: Lattice) -> NDArray[np.float64]:
    """Return the thickness of subcutaneous fat at every point of the outlines, (nz, n), mm.

    Thicker over the buttocks, thinner in front of the flanks (estimates).
    """
    forward = np.clip((wall[..., 1] - at.tips[:, None]) / 170.0, 0.0, 1.0)
    share = 1.0 - 0.35 * np.sin(np.pi * forward) + 0.15 * forward
    low = np.clip((at.heights["s1"] + 20.0 - lattice.z) / 70.0, 0.0, 1.0)[:, None]
    buttock = np.clip(np.abs(wall[..., 0]) / 60.0, 0.0, 1.0) * (1.0 - forward)
    return case.subcutaneous_fat * (share + 0.8 * low * buttock)


def _offset(outlines: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return outlines moved outwards along their normals by (nz, n) mm."""
    along = np.roll(outlines, -1, axis=1) - np.roll(outlines, 1, axis=1)
    normal = np.stack([along[..., 1], -along[..., 0]], axis=-1)  # outlines run counter-clockwise
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return outlines + by[..., None] * normal


def _ellipses(
    table: Mapping[str, tuple[float, ...]],
) -> dict[str, NDArray[np.float64]]:
    return {level: ellipse(*row) for level, row in table.items()}


def _hung(table: Mapping[str, object], at: Lines, lattice: Lattice, size: float) -> Solid:
    """Return the solid of outlines given relative to the middle of the canal."""
    heights = [at.heights[level] for level in table]
    outlines = size * between(heights, [np.asarray(o, float) for o in table.values()], lattice.z)
    outlines[..., 1] += at.canal[:, None]
    return stacked(rounded(outlines), lattice.shape, lattice.origin, lattice.spacing)


def _cleft(
    table: Mapping[str, tuple[float, float]],
    at: Lines,
    lattice: Lattice,
    size: float,
    x: NDArray[np.float32],
    behind: NDArray[np.float64],
) -> Solid:
    """Return the half space medial to a cleft that runs backwards and outwards."""
    heights = [at.heights[level] for level in table]
    near, far = size * between(heights, [[row] for row in table.values()], lattice.z)[:, 0].T
    border = near + (far - near) * behind  # (ny, nz)
    values = x[:, None, None] - border[None].astype(np.float32)
    return Solid(values.astype(np.float32), lattice.origin, lattice.spacing)


def _plane(lattice: Lattice, z: float) -> Solid:
    """Return the half space above a height."""
    values = np.broadcast_to((z - lattice.z).astype(np.float32), lattice.shape)
    return Solid(np.ascontiguousarray(values), lattice.origin, lattice.spacing)


def _canal(column: Column, level: str) -> NDArray[np.float64]:
    body = column.bodies[level]
    return (column.frames[level] @ [0.0, -0.5 * (body.depth + body.canal_depth), 0.0, 1.0])[:3]


def paint_trunk(canvas: Canvas, solids: Mapping[str, Solid]) -> None:
    """Paint muscles, fascia, body wall, fat and skin into what is free."""
    for muscle, heads in _MUSCLES.items():
        for side in SIDES:
            for head in heads:
                canvas.paint_solid(f"{muscle}_{side}", solids[f"{head}_{side}"])
    # the posterior layer of the fascia, from flank to flank
    low, high = [-_FASCIA_EDGE, -np.inf, -np.inf], [_FASCIA_EDGE, 0.0, np.inf]
    canvas.paint_solid("thoracolumbar_fascia", solids["fascia"], -FASCIA, low, high)
    for name in ("gluteal_muscles", "abdominal_wall", "intermuscular_fat"):
        canvas.paint_solid(name, solids[name])
    canvas.paint_solid("retroperitoneal_fat", solids["fascia"])
    canvas.paint_solid("skin", solids["body"], above=-SKIN)
    canvas.paint_solid("subcutaneous_fat", solids["body"])
