"""What surrounds the cervical column: muscles, airway, organs, vessels, fat and skin.

Cross-sections are drawn square to the line of the neck on a straight lattice, and taken from it
into the world (`neck_line`).
"""

from __future__ import annotations

from itertools import chain

import numpy as np

from spine_tutor.anatomy import neck_outlines as outlines
from spine_tutor.anatomy import skull_base
from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.fields import sample
from spine_tutor.anatomy.halves import cropped, on_both, on_side, signed_distance
from spine_tutor.anatomy.neck_line import Array, Straight, neck_line, neck_size
from spine_tutor.anatomy.neck_muscles import MUSCLES, muscle_solids
from spine_tutor.anatomy.neck_organs import organ_solids, paint_organs
from spine_tutor.anatomy.neck_vessels import brain_stem, great_vessels
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sections import mirrored
from spine_tutor.anatomy.trunk_outlines import Lattice

SKIN = 2.0
"""Thickness of the skin with its dermis, mm (estimate)."""
FAT = {
    "t6": (0.80, 0.70), "t3": (0.75, 0.60), "t1": (0.80, 0.40), "c7": (0.75, 0.28),
    "c5": (0.58, 0.25), "c3": (0.40, 0.30), "c1": (0.38, 0.30), "head": (0.30, 0.25),
}  # fmt: skip
"""Subcutaneous fat behind and before as shares of that behind L3 (estimates)."""
PAIRED = (*MUSCLES, "lung", "pleura")
"""Solids of one side that need not reach the midline."""


class Neck:
    """See `atlas.Surroundings`."""

    def __init__(self, coarse: Canvas, column: Column, tips: Array, case: Case):
        self.column, self.case, self.size = column, case, neck_size(case)
        nx, ny, nz = coarse.labels.shape
        middle = nx // 2  # the canvas lies evenly about the midline
        origin = coarse.origin * [0.0, 1.0, 1.0]
        self.lattice = Lattice(origin, coarse.spacing, (nx - middle, ny, nz))
        self.line = neck_line(column, case)
        self.straight = Straight(self.line, self.lattice, self.size)
        wall = self._wall(tips)
        solids = chain(muscle_solids(self.straight, wall), organ_solids(self.straight, wall))
        self.solids = {name: self._bent(name, solid) for name, solid in solids}
        fascia = _true(self.straight.in_world(wall))
        fat = self.straight.in_world(self.straight.solid(self._fat()))
        self.solids |= {
            "fascia": fascia,
            "body": Solid(
                fascia.values - fat.values - np.float32(SKIN), fascia.origin, fascia.spacing
            ),
        }

    def paint(self, canvas: Canvas) -> None:
        """Paint what is still free, from the joints outwards to the skin."""
        self._paint_brain(canvas)
        for tube in great_vessels(self.line, self.size):
            tube.paint(canvas)
        paint_organs(canvas, self._whole, self._on)
        canvas.paint_solid("nuchal_ligament", self._whole("nuchal_ligament"))
        for muscle in MUSCLES:
            for side in SIDES:
                canvas.paint_solid(f"{muscle}_{side}", self._on(muscle, side))
        for name in ("tongue", "facial_muscles"):
            canvas.paint_solid(name, self._whole(name))
        canvas.paint_solid("intermuscular_fat", self._whole("fascia"))
        # no thinner than its voxels, so that it has no holes
        rind = max(SKIN, 1.3 * canvas.spacing)
        canvas.paint_solid("skin", self._whole("body"), above=-rind)
        canvas.paint_solid("subcutaneous_fat", self._whole("body"))

    # -- making the solids --------------------------------------------------------------------

    def _bent(self, name: str, straight: Solid) -> Solid:
        """Return a solid in the world; of what is paired only where it is."""
        solid = self.straight.in_world(straight)
        return cropped(solid) if name in PAIRED else solid

    def _wall(self, tips: Array) -> Solid:
        """Return the solid inside the deep fascia."""
        straight = self.straight
        s, d = self.line.along(tips)
        order = np.argsort(s)
        # below the lowest spinous process of the region the line goes on evenly
        known = np.maximum(straight.s.ravel(), straight.at("t2", -16.0))
        behind = np.interp(known, s[order], d[order])
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
        forward = np.clip((straight.d / self.size + 45.0) / 45.0, 0.0, 1.0)
        return self.case.subcutaneous_fat * (rear + forward * (front - rear))

    def _paint_brain(self, canvas: Canvas) -> None:
        """Paint brain and the fluid round it into the skull, above the end of the sac."""
        for tube in brain_stem(self.line, self.size):
            tube.paint(canvas)
        frame = self.column.frames["c1"]
        room = skull_base.cavity(frame, self.size)
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
        return on_side(self.solids[name], side)

    def _whole(self, name: str) -> Solid:
        return on_both(self.solids[name])


def _true(solid: Solid) -> Solid:
    """Return a solid whose distances are true in space, not only in the plane of its sections."""
    return Solid(signed_distance(solid.values < 0, solid.spacing), solid.origin, solid.spacing)
