"""What surrounds the lumbar column and the pelvis: muscles, vessels, organs, fat and skin."""

from __future__ import annotations

import numpy as np

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.pelvic_ligaments import PelvicLigaments
from spine_tutor.anatomy.trunk import Trunk
from spine_tutor.anatomy.trunk_outlines import Array, Lattice, lines
from spine_tutor.anatomy.viscera import (
    front_of_bodies,
    liver,
    organ,
    paint_bowel,
    paint_kidneys,
    paint_pelvic_organs,
)


class LowerBack:
    """See `atlas.Surroundings`."""

    def __init__(self, coarse: Canvas, column: Column, tips: Array, case: Case):
        self.column, self.case = column, case
        nx, ny, nz = coarse.labels.shape
        middle = nx // 2  # the canvas lies evenly about the midline
        origin = coarse.origin * [0.0, 1.0, 1.0]
        lattice = Lattice(origin, coarse.spacing, (nx - middle, ny, nz))
        hip = np.isin(coarse.labels[middle:], list(coarse.structures.labels_of("hip_bone_right")))
        self.pelvis = PelvicLigaments(coarse, column, case)
        at = lines(column, tips, lattice, case.height_scale)
        self.trunk = Trunk(case, at, lattice, hip, column.endplate("s1", "upper"))

    def paint(self, canvas: Canvas) -> None:
        """Paint what is still free, from the ligaments outwards to the skin."""
        self.pelvis.paint(canvas)
        self.trunk.paint_muscles(canvas)
        if "kidney_left" in canvas.structures:
            self._paint_upper_abdomen(canvas)
        body, size = self.trunk.solids["body"], self.case.height_scale
        paint_pelvic_organs(canvas, self.column, body, size)
        paint_bowel(canvas, self.column, self.case)
        self.trunk.paint_fat_and_skin(canvas)

    def _paint_upper_abdomen(self, canvas: Canvas) -> None:
        """Paint the kidneys, and what of liver, spleen and stomach hangs below the ribs."""
        paint_kidneys(canvas, self.column, self.case)
        inside, size = self.trunk.abdomen(), self.case.height_scale
        z = inside.origin[2] + inside.spacing * np.arange(inside.values.shape[2])
        for name in ("stomach", "spleen"):
            canvas.paint_solid(name, organ(name, self.column, inside, size))
        t12 = float(self.column.frames["t12"][2, 3])
        canvas.paint_solid("liver", liver(inside, front_of_bodies(self.column, z), t12, size))
