"""What surrounds the cervical column: muscles, airway, organs, vessels, fat and skin.

Cross-sections are drawn square to the line of the neck on a straight lattice, and taken from it
into the world (`neck_line`).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spine_tutor.anatomy import neck_outlines as outlines
from spine_tutor.anatomy import skull_base
from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BREADTH, Column
from spine_tutor.anatomy.fields import sample
from spine_tutor.anatomy.neck_line import Array, Straight, neck_line
from spine_tutor.anatomy.neck_organs import organ_solids, paint_organs
from spine_tutor.anatomy.neck_vessels import brain_stem, great_vessels
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sections import ellipse, mirrored
from spine_tutor.anatomy.trunk_outlines import Lattice

SKIN = 2.0
"""Thickness of the skin with its dermis, mm (estimate)."""
GAP = 0.5
"""Half the width of the fat clefts between muscles, mm (estimate)."""
MEDIAN = 1.2
"""Half the thickness of the nuchal ligament, mm (estimate)."""
SAG = 7.0
"""How far the nape lies before the straight line from C7 to the occiput, mm (estimate)."""
FAT = {
    "t6": (0.80, 0.70), "t3": (0.75, 0.60), "t1": (0.80, 0.40), "c7": (0.80, 0.28),
    "c5": (0.50, 0.25), "c3": (0.40, 0.30), "c1": (0.38, 0.30), "head": (0.30, 0.25),
}  # fmt: skip
"""Subcutaneous fat behind and before as shares of that behind L3 (estimates)."""

_MUSCLES = (
    "longus_colli", "scalenus_anterior", "scalenus_medius", "levator_scapulae", "longissimus",
    "multifidus", "suboccipital_muscles", "semispinalis_cervicis", "semispinalis_capitis",
    "sternocleidomastoid", "infrahyoid_muscles", "trapezius", "rhomboids", "splenius", "muscles_of_mastication",
    "intercostal_muscles", "pectoral_muscles", "shoulder_muscles",
)  # fmt: skip
"""Paired muscles in the order of their precedence; each is a solid of the same name."""


class Neck:
    """See `atlas.Surroundings`."""

    def __init__(self, coarse: Canvas, column: Column, tips: Array, case: Case):
        self.column, self.case, self.size = column, case, case.height_scale
        nx, ny, nz = coarse.labels.shape
        middle = nx // 2  # the canvas lies evenly about the midline
        origin = coarse.origin * [0.0, 1.0, 1.0]
        self.lattice = Lattice(origin, coarse.spacing, (nx - middle, ny, nz))
        self.line = neck_line(column, case)
        self.straight = Straight(self.line, self.lattice, self.size)
        wall = self._wall(tips)
        solids = {**_muscles(self.straight, wall), **organ_solids(self.straight, wall)}
        self.solids = {name: self.straight.in_world(solid) for name, solid in solids.items()}
        fascia = _true(self.straight.in_world(wall))
        fat = self.straight.in_world(self.straight.solid(self._fat()))
        self.solids |= {
            "fascia": fascia,
            "body": Solid(fascia.values - fat.values - np.float32(SKIN), *_place(fascia)),
        }

    def paint(self, canvas: Canvas) -> None:
        """Paint what is still free, from the joints outwards to the skin."""
        self._paint_brain(canvas)
        for tube in great_vessels(self.line, self.size):
            tube.paint(canvas)
        paint_organs(canvas, self._whole, self._on)
        canvas.paint_solid("nuchal_ligament", self._whole("nuchal_ligament"))
        for muscle in _MUSCLES:
            for side in SIDES:
                canvas.paint_solid(f"{muscle}_{side}", self._on(muscle, side))
        for name in ("tongue", "facial_muscles"):
            canvas.paint_solid(name, self._whole(name))
        canvas.paint_solid("intermuscular_fat", self._whole("fascia"))
        canvas.paint_solid("skin", self._whole("body"), above=-SKIN)
        canvas.paint_solid("subcutaneous_fat", self._whole("body"))

    # -- making the solids --------------------------------------------------------------------

    def _wall(self, tips: Array) -> Solid:
        """Return the solid inside the deep fascia."""
        straight, size = self.straight, self.size
        s, d = self.line.along(tips)
        order = np.argsort(s)
        # below the lowest spinous process of the region the line goes on evenly
        known = np.maximum(straight.s.ravel(), straight.at("t2", -16.0))
        behind = np.interp(known, s[order], d[order])
        at = (straight.at("c7"), straight.at("c3"), straight.at("oc"))
        behind += SAG * size * np.interp(straight.s.ravel(), at, (0.0, 1.0, 0.0))
        back = straight.outlines(outlines.BACK)
        back[..., 1] += behind[:, None]
        front = straight.outlines(outlines.FRONT)
        # fat lies between the muscles of the face and the throat too (estimate)
        more = max(0.0, self.case.subcutaneous_fat - 18.0)
        front[:, 1:, 1] += 0.15 * more
        half = np.concatenate([back, front], axis=1)
        return straight.stacked(np.stack([mirrored(outline) for outline in half]))

    def _fat(self) -> Array:
        """Return the thickness of subcutaneous fat by d and s, mm."""
        straight = self.straight
        places = [straight.at(name) for name in FAT]
        order = np.argsort(places)
        rear, front = (
            np.interp(straight.s, np.array(places)[order], np.array(shares)[order])
            for shares in zip(*FAT.values(), strict=True)
        )
        forward = np.clip((straight.d / self.size + 30.0) / 60.0, 0.0, 1.0)
        return self.case.subcutaneous_fat * (rear + forward * (front - rear))

    def _paint_brain(self, canvas: Canvas) -> None:
        """Paint brain and the fluid round it into the skull, above the end of the sac."""
        for tube in brain_stem(self.line, self.size):
            tube.paint(canvas)
        frame = self.column.frames["c1"]
        room = skull_base.cavity(frame, self.size * BREADTH[self.case.sex])
        low = canvas.origin.copy()
        low[2] = frame[2, 3]
        window = canvas.window(low, canvas.origin + canvas.spacing * np.array(canvas.labels.shape))
        axes = [axis.ravel() for axis in canvas.axes(window)]
        if min(len(axis) for axis in axes) < 2:
            return
        inside = sample(room, axes)
        canvas.paint("brain", inside < -3.0 * self.size, window)
        canvas.paint("cerebrospinal_fluid", inside < 0, window)

    def _on(self, name: str, side: str) -> Solid:
        solid = self.solids[name]
        if side == "right":
            return solid
        origin = solid.origin.copy()
        origin[0] = -(self.lattice.shape[0] - 1) * solid.spacing
        return Solid(np.ascontiguousarray(solid.values[::-1]), origin, solid.spacing)

    def _whole(self, name: str) -> Solid:
        right, left = self.solids[name], self._on(name, "left")
        values = np.concatenate([left.values[:-1], right.values])
        return Solid(values, left.origin, right.spacing)


def _place(solid: Solid) -> tuple[Array, float]:
    return solid.origin, solid.spacing


def _true(solid: Solid) -> Solid:
    """Return a solid whose distances are true in space, not only in the plane of its sections."""
    whole = np.concatenate([solid.values[:0:-1], solid.values])
    inside = whole < 0
    distance = ndimage.distance_transform_edt(~inside) - ndimage.distance_transform_edt(inside)
    distance = ndimage.gaussian_filter(distance, 1.2)[len(solid.values) - 1 :]
    return Solid((distance * solid.spacing).astype(np.float32), *_place(solid))


def _muscles(straight: Straight, wall: Solid) -> dict[str, Solid]:
    """Return the muscles as solids, by name, in straight coordinates."""
    off_midline = straight.solid(MEDIAN - straight.u)
    within = wall.grown(-GAP)

    def level(name: str, beyond: float = 0.0) -> Solid:
        """Return what lies below a place."""
        return straight.solid(straight.s - straight.at(name, beyond))

    def above(name: str, beyond: float = 0.0) -> Solid:
        return straight.solid(straight.at(name, beyond) - straight.s)

    def round_(table: dict[str, outlines.Ellipse]) -> Solid:
        return straight.hung({name: ellipse(*row) for name, row in table.items()})

    def profile(table: dict[str, tuple[float, float]], n: int) -> Array:
        places = np.array([straight.at(name) for name in table])
        values = straight.size * np.array([row[n] for row in table.values()])
        order = np.argsort(places)
        return np.interp(straight.s, places[order], values[order])

    ends = level("oc", 10.0)  # the nuchal lines
    deep = straight.hung(outlines.DEEP) & off_midline & ends
    inner = straight.hung(outlines.MULTIFIDUS)
    outer = straight.hung(outlines.SEMISPINALIS_CAPITIS) & off_midline & ends
    thick, front = profile(outlines.TRAPEZIUS, 0), profile(outlines.TRAPEZIUS, 1)
    cape = straight.solid(straight.d - front)
    trapezius = within & straight.solid(-wall.values - thick) & cape & off_midline & ends
    under = straight.solid(wall.values + thick + 2 * GAP)  # inside trapezius
    from_, to = profile(outlines.SPLENIUS, 0), profile(outlines.SPLENIUS, 1)
    strap = straight.solid(np.maximum(from_ - straight.u, straight.u - to)) & level("oc", 4.0)
    strap = strap & straight.solid(straight.d - profile({"t2": (-14, 0), "c5": (-8, 0),
                                                         "c2": (-2, 0), "oc": (4, 0)}, 0))  # fmt: skip
    levator = round_(outlines.LEVATOR)
    longissimus = round_(outlines.LONGISSIMUS) & level("oc", 6.0)
    rind = profile({name: (t, 0) for name, t in outlines.STERNOMASTOID_THICK.items()}, 0)
    sterno = round_(outlines.STERNOMASTOID) & within & level("oc", 6.0)
    sterno = sterno & straight.solid(-wall.values - rind)
    medius, anterior = round_(outlines.SCALENUS_MEDIUS), round_(outlines.SCALENUS_ANTERIOR)
    rhomboids = under & straight.solid(-wall.values - thick - outlines.RHOMBOIDS * straight.size)
    rhomboids = rhomboids & straight.solid(np.maximum(3.0 - straight.u, straight.u - 82.0))
    rhomboids = rhomboids & straight.solid(straight.d + 14.0) & level("c7", -4.0)
    strap_front = within & straight.solid(-wall.values - 5.0 * straight.size)
    strap_front = strap_front & straight.solid(np.maximum(2.0 - straight.u, straight.u - 24.0))
    strap_front = strap_front & straight.solid(36.0 - straight.d)
    chest = straight.solid(straight.u - 105.0 * straight.size)
    shoulder = wall.grown(-1.0) & straight.solid(104.0 * straight.size - straight.u)
    pectoral = within & straight.solid(-wall.values - 16.0) & level("t2", -6.0)
    pectoral = pectoral & straight.solid(28.0 - straight.d) & straight.solid(6.0 - straight.u)
    return {
        "multifidus": deep & inner & level("c2", -2.0),
        "semispinalis_cervicis": (deep - inner.grown(2 * GAP)) & level("c2", -2.0),
        "suboccipital_muscles": deep & above("c2", -2.0),
        "semispinalis_capitis": (outer - deep.grown(2 * GAP)) & under,
        "longissimus": (longissimus & under) - outer.grown(GAP),
        "levator_scapulae": (levator & under) - outer.grown(GAP),
        "splenius": (strap & under) - outer.grown(2 * GAP) - levator.grown(GAP)
        - longissimus.grown(GAP) - rhomboids.grown(2 * GAP),
        "rhomboids": rhomboids,
        "trapezius": trapezius - sterno.grown(GAP),
        "scalenus_medius": medius & above("t2", -2.0) & level("c2", -4.0),
        "scalenus_anterior": anterior & above("t2") & level("c3", -6.0),
        "longus_colli": round_(outlines.LONGUS) & above("t3") & level("oc", 2.0),
        "sternocleidomastoid": sterno,
        "muscles_of_mastication": round_(outlines.CHEWING) & within & above("c3"),
        "infrahyoid_muscles": (strap_front - sterno.grown(GAP)) & level("c4", 4.0) & above("t2"),
        "facial_muscles": wall.grown(-4.0) & straight.solid(40.0 - straight.d) & above("c3", 2.0),
        "pectoral_muscles": pectoral & chest,
        "shoulder_muscles": shoulder & level("t1", 6.0),
        "tongue": round_(outlines.TONGUE) & within & above("c4") & level("c1", 8.0),
        "nuchal_ligament": within & straight.solid(straight.u - MEDIAN)
        & straight.solid(straight.d + 8.0) & above("t1") & level("oc", 8.0),
    }  # fmt: skip
