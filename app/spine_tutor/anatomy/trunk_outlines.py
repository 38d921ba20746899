"""Axial outlines of body wall and muscles, and the lines along the column that they hang on.

All outlines are estimates, drawn to look like axial CT of an adult lying prone; mm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.column import Column

Array = NDArray[np.float64]

BELOW_S1 = 52.0
"""From the middle of S1 down to the level called ``s3`` here, mm."""
TRUNK_LEVELS = ("t12", "l1", "l2", "l3", "l4", "l5", "s1")
"""Levels that the outlines are drawn at, whatever the region."""
LOWER = {"coccyx": 42.0, "ischium": 96.0, "thigh": 150.0}
"""How far the levels below lie under that one, mm; coccyx is also the height of the hip joint."""

# fmt: off
# Right half of the deep fascia, from behind in the midline forwards: seven points whose y is
# relative to the line of the spinous tips, then six whose y is the world's.
BACK = {
    "t12": [(0, 0), (13, -2), (33, -6), (54, -4), (79, 4), (104, 18), (128, 42)],
    "l3": [(0, 0), (13, -3), (34, -7), (57, -5), (82, 3), (108, 18), (132, 42)],
    "l5": [(0, 0), (13, -2), (34, -5), (58, -4), (85, 2), (114, 17), (140, 42)],
    "s1": [(0, 0), (14, -1), (36, -3), (61, -4), (91, -1), (122, 13), (148, 38)],
    "s3": [(0, 0), (12, -3), (36, -10), (64, -14), (96, -11), (128, 4), (154, 32)],
    "coccyx": [(0, 8), (12, -4), (32, -20), (60, -28), (95, -24), (128, -1), (149, 34)],
    "ischium": [(0, 40), (10, 5), (30, -16), (60, -24), (95, -20), (130, 6), (154, 40)],
    "thigh": [(0, 60), (8, 30), (28, 0), (60, -10), (95, -6), (128, 16), (150, 44)],
}
FRONT = {
    "t12": [(140, 40), (143, 72), (125, 104), (85, 126), (42, 134), (0, 136)],
    "l3": [(146, 40), (146, 72), (128, 104), (86, 124), (42, 131), (0, 132)],
    "l5": [(154, 36), (155, 66), (134, 98), (88, 118), (44, 125), (0, 126)],
    "s1": [(161, 30), (161, 60), (139, 92), (92, 113), (45, 120), (0, 121)],
    "s3": [(162, 22), (161, 52), (140, 80), (96, 101), (48, 109), (0, 110)],
    "coccyx": [(161, 10), (159, 40), (138, 74), (98, 92), (50, 100), (0, 102)],
    "ischium": [(158, 5), (154, 36), (132, 66), (92, 80), (44, 72), (0, 64)],
    "thigh": [(160, 8), (156, 36), (132, 62), (92, 74), (40, 58), (0, 36)],
}
# Right side; x from the midline, y from the middle of the canal:
# centre x, y, half axes across and along, turn in degrees.
PSOAS = {
    "t12": (23, 10, 4, 6, 0),
    "l1": (28, 13, 9, 12, 0),
    "l2": (32.5, 15, 12.5, 17, -6),
    "l3": (37, 18, 16, 21, -8),
    "l4": (42, 23, 18.5, 24, -8),
    "l5": (49, 33, 20, 24, -4),
    "s1": (60, 58, 19, 22, 0),
    "s3": (70, 96, 17, 18, 0),
    "coccyx": (90, 108, 17, 13, 0),
    "ischium": (98, 72, 10, 10, 0),
}
QUADRATUS = {
    "t12": (46, -4, 9, 4, -12),
    "l1": (52, -4, 14, 5, -12),
    "l2": (60, -3, 17, 6.5, -14),
    "l3": (68, -2, 20, 8, -16),
    "l4": (74, -1, 22, 9, -18),
    "l5": (84, 6, 19, 8, -20),
    "s1": (88, 22, 2, 2, -20),
}
# The space of the back muscles; what lies behind the deep fascia is cut away.
PARASPINAL = {
    "t12": [(2, -9), (13, -8), (26, -6), (40, -9), (53, -15), (62, -22), (66, -31), (63, -46),
            (48, -70), (24, -80), (2, -80)],
    "l3": [(2, -10), (17, -10), (33, -7), (48, -6), (62, -11), (73, -18), (79, -28), (76, -44),
           (58, -70), (30, -85), (2, -85)],
    "l4": [(2, -10), (18, -10), (34, -7), (48, -7), (62, -11), (71, -18), (75, -27), (72, -42),
           (56, -70), (30, -85), (2, -85)],
    "l5": [(2, -8), (18, -9), (32, -8), (44, -8), (54, -11), (61, -17), (64, -25), (62, -36),
           (50, -60), (28, -80), (2, -80)],
    "s1": [(2, -5), (14, -5), (26, -6), (36, -8), (43, -12), (47, -17), (48, -23), (46, -30),
           (40, -45), (24, -60), (2, -60)],
    "s3": [(2, -4), (8, -4), (14, -5), (20, -6), (25, -8), (28, -11), (29, -15), (28, -20),
           (24, -32), (14, -40), (2, -40)],
}
# How transversus and internal oblique taper from the wall to the lateral raphe.
TO_RAPHE = {
    "l1": [(70, -29), (84, -25), (104, -18), (110, -30), (86, -30)],
    "l3": [(78, -26), (90, -22), (106, -16), (112, -28), (92, -27)],
    "l4": [(74, -25), (88, -21), (106, -15), (112, -27), (90, -26)],
    "l5": [(64, -23), (84, -19), (108, -13), (114, -25), (86, -24)],
}
# Lateral border of multifidus: x at 10 mm and at 50 mm behind the middle of the canal.
MULTIFIDUS = {"t12": (12, 7), "l1": (15, 8), "l2": (18, 10), "l3": (21, 14), "l4": (25, 21),
              "l5": (30, 34), "s1": (44, 52), "s3": (60, 60)}
# Cleft between longissimus and iliocostalis in the same way.
ILIOCOSTALIS = {"t12": (38, 40), "l2": (42, 46), "l4": (46, 54), "s1": (80, 90)}
# fmt: on


@dataclass(frozen=True, eq=False)
class Lattice:
    """Where the right half of the trunk is known, every `spacing` mm; x begins at the midline."""

    origin: Array
    spacing: float
    shape: tuple[int, int, int]

    def axis(self, n: int) -> Array:
        """Return the coordinates along x, y or z, shaped to broadcast, mm."""
        shape = [1, 1, 1]
        shape[n] = -1
        return (self.origin[n] + self.spacing * np.arange(self.shape[n])).reshape(shape)


@dataclass(frozen=True, eq=False)
class Lines:
    """What the outlines hang on, mm.

    Attributes:
        heights: world z of the middle of the canal at each level.
        z: heights of the slices of a lattice.
        canal: y of the middle of the canal on each slice.
        tips: y of the line along the spinous processes on each slice.
    """

    heights: Mapping[str, float]
    z: Array
    canal: Array
    tips: Array


def lines(column: Column, tips: Array, lattice: Lattice, size: float) -> Lines:
    """Return the lines that the outlines hang on.

    Args:
        column: the posed vertebrae.
        tips: (n, 2) y and z along the tips of the spinous processes and the sacral crest, mm.
        lattice: whose slices are wanted.
        size: of the body, 1 is the average adult.
    """
    z = lattice.axis(2).ravel()
    centers = {}
    for level in TRUNK_LEVELS:
        frame = column.frames[level]
        body = column.bodies[level]
        y = -0.5 * (body.depth + body.canal_depth)
        centers[level] = (frame @ [0.0, y, 0.0, 1.0])[:3]
    # the sacrum goes on down along its own axis
    centers["s3"] = centers["s1"] - BELOW_S1 * column.frames["s1"][:3, 2]
    for level, depth in LOWER.items():  # below it all hangs where the sacrum ends
        centers[level] = centers["s3"] - [0.0, 0.0, size * depth]
    order = sorted(centers.values(), key=lambda c: float(c[2]))
    canal = np.interp(z, [c[2] for c in order], [c[1] for c in order])
    tips = tips[np.argsort(tips[:, 1])]
    tips = tips[tips[:, 1] > centers["s3"][2]]
    heights = {level: float(c[2]) for level, c in centers.items()}
    return Lines(heights, z, canal, np.interp(z, tips[:, 1], tips[:, 0]))
