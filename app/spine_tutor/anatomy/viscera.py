"""Great vessels, kidneys and bowel: what lies before the column and shows in every picture.

Positions and sizes are estimates after axial CT of adults, mm.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column

AORTA = 9.0
"""Radius of the infrarenal aorta, mm."""
CAVA = 10.5
"""Radius of the inferior vena cava, mm."""
ILIAC = (5.0, 6.0)
"""Radius of a common iliac artery and vein, mm."""
KIDNEY = (25.0, 24.0, 53.0)
"""Half width, depth and length of a kidney, mm."""


def paint_vessels(canvas: Canvas, column: Column) -> None:
    """Paint aorta and inferior vena cava with the common iliac vessels."""
    # the aorta divides before the lower part of L4, the veins join before the upper part of L5
    aorta = _path(column, AORTA, [("t12", -4, 0), ("l1", -6, 0), ("l2", -9, 0), ("l3", -10, 0),
                                  ("l4", -6, -4)])  # fmt: skip
    aorta.insert(0, aorta[0] + np.array([1.0, 0.0, 40.0]))
    canvas.paint_tube("aorta", smooth(aorta), AORTA)
    cava = _path(column, CAVA - 3.0, [("l1", 24, 0), ("l2", 20, 0), ("l3", 19, 0), ("l4", 18, 0),
                                      ("l5", 10, 8)])  # fmt: skip
    cava.insert(0, cava[0] + np.array([1.0, 8.0, 70.0]))
    canvas.paint_tube("inferior_vena_cava", smooth(cava), CAVA)
    fork, joint = aorta[-1], cava[-1]
    for side in (-1.0, 1.0):
        ends = [np.array([side * 30.0, 38.0, 0.0]), np.array([side * 52.0, 40.0, -45.0]),
                np.array([side * 66.0, 62.0, -110.0])]  # fmt: skip
        path = smooth([fork, *(e + np.array([0.0, 10.0, 0.0]) for e in ends)])
        canvas.paint_tube("aorta", path, np.linspace(ILIAC[0] + 1.0, ILIAC[0], len(path)))
        path = smooth([joint, *(e + np.array([0.0, -4.0, -2.0]) for e in ends)])
        canvas.paint_tube("inferior_vena_cava", path, np.linspace(8.0, ILIAC[1], len(path)))


def paint_kidneys(canvas: Canvas, column: Column, case: Case) -> None:
    """Paint the kidneys with the fat of their sinus: T12 to L3, the left a little higher."""
    middle = 0.5 * (column.frames["l1"][:3, 3] + column.frames["l2"][:3, 3])
    half = case.height_scale * np.array(KIDNEY)
    for side, sign, lift in (("left", -1.0, 6.0), ("right", 1.0, -8.0)):
        center = middle + np.array([sign * 66.0, -2.0, lift])
        window = canvas.window(center - 70.0, center + 70.0)
        x, y, z = canvas.axes(window)
        # the long axis runs parallel to psoas: downwards, outwards and forwards
        p = sign * (x - center[0]) + 0.22 * (z - center[2])
        q = (y - center[1]) + 0.18 * (z - center[2])
        r = z - center[2]
        hilum = ((p + half[0]) / 15.0) ** 2 + (q / 11.0) ** 2 + (r / 26.0) ** 2
        body = (p / half[0]) ** 2 + (q / half[1]) ** 2 + (r / half[2]) ** 2
        canvas.paint(f"kidney_{side}", (body < 1.0) & (hilum > 1.0), window)


def paint_bowel(canvas: Canvas, column: Column, case: Case) -> None:
    """Paint colon and small bowel; gas, which rises to the back in a prone person, and wall."""
    rng = np.random.default_rng([case.seed, 2])
    belly = 0.6 * max(0.0, case.subcutaneous_fat - 18.0)
    top = column.frames["l1"][2, 3]
    colon: list[tuple[NDArray[np.float64], float]] = [
        (smooth([[104, 44, -40], [112, 46, 20], [114, 48, 70], [104, 60, 112]]), 19.0),
        (smooth([[-104, 60, 128], [-118, 44, 90], [-120, 42, 40], [-112, 48, -20], [-92, 62, -60]]),
         12.0),
        (smooth([[98, 84, top - 20], [50, 106, top - 42], [0, 108, top - 52], [-50, 104, top - 36],
                 [-98, 82, top - 12]]), 16.0),
    ]  # fmt: skip
    loops = []
    for row, z in enumerate(np.arange(-75.0, top - 62.0, 21.0)):
        for y in (78.0, 101.0):
            xs = np.linspace(-80, 80, 13) * (1 if row % 2 else -1)
            wave = np.stack([0 * xs, 7.0 * np.sin(0.07 * xs + row), 6.0 * np.cos(0.09 * xs + y)], 1)
            y_here = y - 0.2 * max(0.0, 20.0 - z)  # the belly grows flatter towards the pelvis
            path = np.stack([xs, np.full(13, y_here), np.full(13, z)], 1) + wave
            path += rng.uniform(-1, 1, (13, 3)) * [3.0, 3.0, 4.0]
            loops.append((smooth(path), rng.uniform(9.0, 12.0)))
    for path, radius in [*colon, *loops]:
        path = path + np.array([0.0, belly, 0.0])
        for start in np.flatnonzero(rng.random(len(path) // 8) < (0.5 if radius > 12 else 0.12)):
            gas = path[8 * start : 8 * start + 7] - [0.0, 0.25 * radius, 0.0]
            canvas.paint_tube("bowel_gas", gas, 0.62 * radius * rng.uniform(0.6, 1.0))
        canvas.paint_tube("bowel", path, radius)


def smooth(points: Iterable[ArrayLike], step: float = 2.0) -> NDArray[np.float64]:
    """Return a smooth path through points, one every `step` mm."""
    from scipy.interpolate import PchipInterpolator

    known = np.asarray(list(points), float)
    chord = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(known, axis=0), axis=1))])
    return PchipInterpolator(chord, known)(np.arange(0.0, chord[-1] + 1e-9, step))


def _path(
    column: Column, radius: float, places: Iterable[tuple[str, float, float]]
) -> list[NDArray[np.float64]]:
    """Return places of a vessel that lies on the front of bodies, 2 mm of ligament between.

    Args:
        column: the posed vertebrae.
        radius: of the vessel, mm.
        places: level, and x and z in the vertebra's frame, mm.
    """
    found = []
    for level, x, z in places:
        body = column.bodies[level]
        round_ = max(0.0, 1.0 - (2 * x / body.width_upper) ** 2) ** 0.4
        y = 0.5 * body.depth * round_ + 2.0 + radius
        found.append((column.frames[level] @ [x, y, z, 1.0])[:3])
    return found
