"""What lies in the thecal sac: cord and cauda equina."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.thecal_sac import EXIT, FIELD, Sac, root_exit

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


def paint_contents(canvas: Canvas, sac: Sac, rng: np.random.Generator) -> None:
    """Paint cord and cauda equina of the region into the fluid."""
    if "spinal_cord" in canvas.structures:
        _paint_cord(canvas, sac)
    if "cauda_equina" in canvas.structures:
        _paint_cauda(canvas, sac, rng)


def conus_tip(sac: Sac) -> float:
    """Return `s` of the tip of the conus: the lower third of L1, the mean of 504 people.

    Far below or above where the region does not hold L1.
    """
    if "l1" not in sac.line.levels:
        return -1e3 if sac.column.region.levels[0] != "l5" else 1e3
    return sac.line.levels["l1"] - sac.column.bodies["l1"].height / 3.0


def _paint_cord(canvas: Canvas, sac: Sac) -> None:
    line, tip = sac.line, conus_tip(sac)
    low = np.r_[-FIELD, line.points.min(axis=0) - FIELD]
    high = np.r_[FIELD, line.points.max(axis=0) + FIELD]
    window = canvas.window(low, high)
    labels = canvas.labels[window]
    where = np.nonzero(labels == canvas.structures["cerebrospinal_fluid"].label)
    u, d, s = (np.broadcast_to(a, labels.shape)[where] for a in line.coordinates(canvas, window))
    size = np.clip((s - tip) / 24.0, 0.0, 1.0) ** 0.6 + 1e-3  # the conus is some 24 mm long
    half_width, half_depth = (
        size * line.along_column({level: row[n] for level, row in CORD.items()}, s)
        for n in range(2)
    )
    u, d = u - sac.beside(s), d - sac.section(s)[2]
    cord = ((u / half_width) ** 2 + (d / half_depth) ** 2 < 1.0) & (s > tip)
    places = tuple(n[cord] for n in where)
    labels[places], canvas.tissues[window][places] = canvas.code("spinal_cord")


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
