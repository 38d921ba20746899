"""The muscles of neck and shoulders as solids of the straight neck.

Those of the nape lie in layers: trapezius and sternocleidomastoid under the deep fascia, splenius
under them, semispinalis capitis within, and the deep muscles behind the laminae.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from spine_tutor.anatomy import neck_outlines as outlines
from spine_tutor.anatomy.canvas import Solid
from spine_tutor.anatomy.neck_line import Array, Straight
from spine_tutor.anatomy.sections import ellipse

GAP = 0.5
"""Half the width of the fat clefts between muscles, mm (estimate)."""
MEDIAN = 1.2
"""Half the thickness of the nuchal ligament, mm (estimate)."""

MUSCLES = (
    "longus_colli", "scalenus_anterior", "scalenus_medius", "levator_scapulae", "longissimus",
    "multifidus", "suboccipital_muscles", "semispinalis_cervicis", "semispinalis_capitis",
    "sternocleidomastoid", "infrahyoid_muscles", "trapezius", "rhomboids", "splenius",
    "muscles_of_mastication", "intercostal_muscles", "pectoral_muscles", "shoulder_muscles",
)  # fmt: skip
"""Paired muscles in the order of their precedence; each is a solid of the same name."""


def muscle_solids(straight: Straight, wall: Solid) -> Iterator[tuple[str, Solid]]:
    """Yield the muscles of the right half, and what is like them, with their names.

    Args:
        straight: the straight neck.
        wall: what lies inside the deep fascia.
    """
    cut = _Cut(straight, wall)
    for group in (_nape, _sides, _shoulder, _face):
        yield from group(cut).items()


class _Cut:
    """Pieces that the muscles are cut out of."""

    def __init__(self, straight: Straight, wall: Solid):
        self.straight, self.wall, self.size = straight, wall, straight.size
        self.within = wall.grown(-GAP)
        self.off_midline = straight.solid(MEDIAN - straight.u)

    def below(self, name: str, beyond: float = 0.0) -> Solid:
        """Return what lies below a place."""
        return self.straight.solid(self.straight.s - self.straight.at(name, beyond))

    def above(self, name: str, beyond: float = 0.0) -> Solid:
        """Return what lies above it."""
        return self.straight.solid(self.straight.at(name, beyond) - self.straight.s)

    def round(self, table: Mapping[str, outlines.Ellipse]) -> Solid:
        """Return the solid of ellipses by place."""
        return self.straight.hung({name: ellipse(*row) for name, row in table.items()})

    def profile(self, table: Mapping[str, float]) -> Array:
        """Return a length given at some places along the whole line, mm."""
        places = np.array([self.straight.at(name) for name in table])
        order = np.argsort(places)
        values = self.size * np.array(list(table.values()))
        along: Array = np.interp(self.straight.s, places[order], values[order])
        return along

    def rind(self, thick: Array | float) -> Solid:
        """Return what lies within a depth of the deep fascia, mm."""
        return self.straight.solid(-self.wall.values - thick) & self.within

    def between(self, low: Array | float, high: Array | float) -> Solid:
        """Return what lies so far from the midline, mm."""
        u = self.straight.u
        return self.straight.solid(np.maximum(low - u, u - high))

    def before(self, d: Array | float) -> Solid:
        """Return what lies in front of a place, mm."""
        return self.straight.solid(d - self.straight.d)

    def behind(self, d: Array | float) -> Solid:
        """Return what lies behind it."""
        return self.straight.solid(self.straight.d - d)


def _column(table: Mapping[str, tuple[float, float]], n: int) -> dict[str, float]:
    return {name: row[n] for name, row in table.items()}


def _sterno(cut: _Cut) -> Solid:
    thick = cut.profile(outlines.STERNOMASTOID_THICK)
    return cut.round(outlines.STERNOMASTOID) & cut.rind(thick) & cut.below("oc", 6.0)


def _nape(cut: _Cut) -> dict[str, Solid]:
    """Return the muscles behind the column, by layers from within."""
    straight = cut.straight
    ends = cut.below("oc", 10.0) & cut.off_midline  # the nuchal lines
    deep = straight.hung(outlines.DEEP) & ends
    inner = straight.hung(outlines.MULTIFIDUS)
    outer = straight.hung(outlines.SEMISPINALIS_CAPITIS) & ends
    thick = cut.profile(_column(outlines.TRAPEZIUS, 0))
    cape = cut.behind(cut.profile(_column(outlines.TRAPEZIUS, 1)))
    under = straight.solid(cut.wall.values + thick + 2 * GAP)  # inside trapezius
    strap = cut.between(*(cut.profile(_column(outlines.SPLENIUS, n)) for n in (0, 1)))
    strap = strap & cut.behind(cut.profile(outlines.SPLENIUS_FRONT)) & cut.below("oc", 4.0)
    levator = cut.round(outlines.LEVATOR)
    longissimus = cut.round(outlines.LONGISSIMUS) & cut.below("oc", 6.0)
    flat = under & cut.rind(thick + outlines.RHOMBOIDS * cut.size) & cut.between(3.0, 82.0)
    flat = flat & cut.behind(-14.0) & cut.below("c7", -4.0)
    layer = cut.profile(outlines.SPLENIUS_THICK) + 2 * GAP
    strap = strap & (cut.rind(thick + 2 * GAP + layer) | straight.solid(flat.values - layer))
    return {
        "multifidus": deep & inner & cut.below("c2", -2.0),
        "semispinalis_cervicis": (deep - inner.grown(2 * GAP)) & cut.below("c2", -2.0),
        "suboccipital_muscles": deep & cut.above("c2", -2.0),
        "semispinalis_capitis": (outer - deep.grown(2 * GAP)) & under,
        "longissimus": (longissimus & under) - outer.grown(GAP),
        "levator_scapulae": (levator & under) - outer.grown(GAP),
        "splenius": (strap & under)
        - outer.grown(2 * GAP)
        - levator.grown(GAP)
        - longissimus.grown(GAP)
        - flat.grown(2 * GAP),
        "rhomboids": flat,
        "trapezius": (cut.rind(thick) & cape & ends) - _sterno(cut).grown(GAP),
        "nuchal_ligament": cut.within
        & straight.solid(straight.u - MEDIAN)
        & cut.behind(-8.0)
        & cut.above("t1")
        & cut.below("oc", 8.0),
    }


def _sides(cut: _Cut) -> dict[str, Solid]:
    """Return the muscles beside and in front of the column."""
    sterno = _sterno(cut)
    flat = cut.rind(5.0 * cut.size) & cut.between(2.0, 24.0) & cut.before(36.0)
    return {
        "scalenus_medius": cut.round(outlines.SCALENUS_MEDIUS)
        & cut.above("t2", -2.0)
        & cut.below("c2", -4.0),
        "scalenus_anterior": cut.round(outlines.SCALENUS_ANTERIOR)
        & cut.above("t2")
        & cut.below("c3", -6.0),
        "longus_colli": cut.round(outlines.LONGUS) & cut.above("t3") & cut.below("oc", 2.0),
        "sternocleidomastoid": sterno,
        "infrahyoid_muscles": (flat - sterno.grown(GAP)) & cut.below("c4", 4.0) & cut.above("t2"),
    }


def _shoulder(cut: _Cut) -> dict[str, Solid]:
    edge = outlines.SHOULDER * cut.size
    chest = cut.rind(16.0 * cut.size) & cut.below("t2", -6.0) & cut.before(28.0)
    return {
        "pectoral_muscles": chest & cut.between(6.0, edge),
        "shoulder_muscles": cut.wall.grown(-1.0) & cut.between(edge, 1e3) & cut.below("t1", 6.0),
    }


def _face(cut: _Cut) -> dict[str, Solid]:
    return {
        "muscles_of_mastication": cut.round(outlines.CHEWING) & cut.within & cut.above("c3"),
        "tongue": cut.round(outlines.TONGUE) & cut.within & cut.above("c4") & cut.below("c1", 8.0),
        "facial_muscles": cut.wall.grown(-4.0) & cut.before(40.0) & cut.above("c3", 2.0),
    }
