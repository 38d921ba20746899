"""Airway, gullet, thyroid and the tops of the lungs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from spine_tutor.anatomy import neck_outlines as outlines
from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.neck_line import Straight
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sections import ellipse

PLEURA = 1.0
"""Thickness of the parietal pleura as painted, mm: thinner in the body."""
INTERCOSTAL = 8.0
"""Thickness of the wall of the chest between the ribs, mm (estimate)."""
CARTILAGE = 2.8
"""Thickness of the plates of the thyroid cartilage, mm (estimate)."""
DOME = 26.0
"""Length of the rounded top of a lung, mm (estimate)."""


def organ_solids(straight: Straight, wall: Solid) -> Iterator[tuple[str, Solid]]:
    """Yield the organs as solids of the right half, with their names, in straight coordinates."""

    def round_(table: Mapping[str, outlines.Ellipse]) -> Solid:
        return straight.hung({name: ellipse(*row) for name, row in table.items()})

    def span(low: str, below: float, high: str, above: float) -> Solid:
        s = straight.s
        ends = np.maximum(straight.at(low, -below) - s, s - straight.at(high, above))
        return straight.solid(ends)

    lung = _lung(straight)
    air, larynx = round_(outlines.AIR), round_(outlines.LARYNX)
    shield = larynx - larynx.grown(-CARTILAGE * straight.size)
    before = straight.solid(40.0 * straight.size - straight.d)
    ring = round_(outlines.TRACHEA)
    neck = wall.grown(-3.0)
    chest = lung.grown(INTERCOSTAL * straight.size) & wall.grown(-4.0)
    yield "airway", air & span("t6", 60.0, "oc", 6.0)
    plates = shield & before & span("c6", 4.0, "c4", 2.0)
    yield "thyroid_cartilage", plates | (ring & span("c6", 6.0, "c6", 4.0))
    yield "larynx", larynx & neck & span("c6", 2.0, "c3", -2.0)
    yield "pharynx", round_(outlines.PHARYNX) & span("c6", 4.0, "oc", 6.0)
    yield "trachea", ring & span("t6", 60.0, "c6", -4.0)
    yield "oesophagus", round_(outlines.OESOPHAGUS) & span("t6", 60.0, "c6", -2.0)
    lobe = round_(outlines.THYROID) & span("t1", -2.0, "c5", -4.0)
    yield "thyroid_gland", lobe | (round_(outlines.ISTHMUS) & span("c7", 5.0, "c7", 6.0))
    yield "lung", lung
    yield "pleura", lung.grown(PLEURA)
    yield "intercostal_muscles", chest & span("t6", 60.0, "t1", 2.0)


def _lung(straight: Straight) -> Solid:
    """Return the lung, whose top is a dome above the first rib."""
    rows = straight.outlines({name: ellipse(*row) for name, row in outlines.LUNG.items()})
    middle = rows.mean(axis=1, keepdims=True)
    top = straight.at("t1", 6.0)
    left = np.clip((top - straight.s.ravel()) / (DOME * straight.size), 0.0, 1.0)
    share = np.sqrt(left * (2.0 - left))[:, None, None]
    dome = straight.stacked(middle + share * (rows - middle))
    return dome & straight.solid(straight.s - top)


def paint_organs(
    canvas: Canvas, whole: Callable[[str], Solid], on: Callable[[str, str], Solid]
) -> None:
    """Paint the organs into what is free, the inner before the outer.

    Args:
        canvas: what is painted.
        whole: gives a solid of both sides by name.
        on: gives the solid of one side by name and side.
    """
    for name in ("airway", "thyroid_cartilage", "trachea", "thyroid_gland", "oesophagus", "larynx",
                 "pharynx"):  # fmt: skip
        canvas.paint_solid(name, whole(name))
        canvas.drop_crumbs(name)  # between plates and tubes that leave it slits
    for name in ("lung", "pleura"):
        for side in SIDES:
            canvas.paint_solid(f"{name}_{side}", on(name, side))
