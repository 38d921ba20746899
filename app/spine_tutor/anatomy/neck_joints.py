"""The atlanto-occipital joints: cartilage between the condyles and the atlas."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.rows import SIDES

REACH = 3.0
"""How far from both bones the tissue of the joint reaches, mm (estimate)."""


def paint_atlanto_occipital_joints(canvas: Canvas) -> None:
    """Paint the narrow spaces between lateral masses and occipital condyles."""
    structures = canvas.structures
    occiput = structures["occipital_bone"].label
    steps = max(1, round(0.5 * REACH / canvas.spacing))
    boxes = ndimage.find_objects(canvas.labels)
    for side in SIDES:
        mass = structures[f"c1_lateral_mass_{side}"].label
        box = boxes[mass - 1] if mass <= len(boxes) else None
        if box is None:
            continue
        window = tuple(slice(max(0, s.start - steps), s.stop + steps) for s in box)
        labels = canvas.labels[window]
        near_mass = ndimage.binary_dilation(labels == mass, iterations=steps)
        near_occiput = ndimage.binary_dilation(labels == occiput, iterations=steps)
        canvas.paint(f"atlanto_occipital_joint_{side}", np.logical_and(near_mass, near_occiput),
                     window)  # fmt: skip
