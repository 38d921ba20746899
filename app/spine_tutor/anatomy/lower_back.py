"""What surrounds the lumbar column and the pelvis: muscles, vessels, organs, fat and skin."""

from __future__ import annotations

import numpy as np

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.ligaments import paint_sacroiliac_joints
from spine_tutor.anatomy.pelvic_ligaments import PelvicLigaments
from spine_tutor.anatomy.trunk import Trunk
from spine_tutor.anatomy.trunk_outlines import Array, Lattice, lines
from spine_tutor.anatomy.viscera import paint_bowel, paint_kidneys, paint_pelvic_organs


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
        self.trunk = Trunk(case, lines(column, tips, lattice, case.height_scale), lattice, hip)

    def paint(self, canvas: Canvas) -> None:
        """Paint what is still free, from the joints outwards to the skin."""
        paint_sacroiliac_joints(canvas)
        self.pelvis.paint(canvas)
        self.trunk.paint_muscles(canvas)
        if "kidney_left" in canvas.structures:
            paint_kidneys(canvas, self.column, self.case)
        paint_pelvic_organs(canvas, self.case.height_scale)
        paint_bowel(canvas, self.column, self.case)
        self.trunk.paint_fat_and_skin(canvas)
