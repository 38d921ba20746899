"""The sacroiliac joint: two cartilages with a cleft between, closed in front by its capsule.

Only the ear-shaped part in front, where the gap is even, is a joint. Behind and above it the gap
widens and is bridged by the interosseous ligament (`pelvic_ligaments`): a syndesmosis.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from spine_tutor.anatomy.bones import SACROILIAC_SPACE, Skeleton
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.structure import TISSUE_CODE

EVEN = 0.4
"""By how much the gap may be wider than the joint before it is ligament, mm (estimate)."""
CLEFT = 0.6
"""Width of the cleft with its fluid, mm (estimate)."""
THICKER = 0.4
"""By how much the sacrum's cartilage is thicker than the ilium's, mm (estimate)."""
CAPSULE = 2.0
"""Thickness of the anterior sacroiliac ligament with the capsule, mm (estimate)."""
_DIAGONAL = 1.75  # steps along the axes that a millimetre in any direction takes


def paint_sacroiliac_joints(canvas: Canvas, skeleton: Skeleton) -> None:
    """Paint cartilage and fluid into the even part of the gap between sacrum and ilium."""
    sacrum = skeleton.sacrum
    assert sacrum is not None  # a region with a pelvis has one
    known = canvas.structures
    reach = SACROILIAC_SPACE * sacrum.scale + EVEN
    steps = int(np.ceil(_DIAGONAL * reach / canvas.spacing))
    sacral = np.zeros(1 << 16, bool)
    sacral[list(known.labels_of("sacrum"))] = True
    boxes = ndimage.find_objects(canvas.labels)
    hips = {bone.part_ids[0]: bone for bone in skeleton.others}
    for side in SIDES:
        ilium = known[f"ilium_{side}"].label
        window = boxes[ilium - 1] if ilium <= len(boxes) else None
        if window is None:
            continue
        labels = canvas.labels[window]
        near = ndimage.binary_dilation(labels == ilium, iterations=steps) & (labels == 0)
        near &= ndimage.binary_dilation(sacral[labels], iterations=steps)
        places = np.nonzero(near)
        corner = canvas.origin + canvas.spacing * np.array([part.start for part in window])
        points = (corner + canvas.spacing * np.stack(places, axis=1)).astype(np.float32)
        to_sacrum, to_ilium = sacrum.bone(points), hips[f"ilium_{side}"].bone(points)
        even = to_sacrum + to_ilium < reach
        even &= np.maximum(to_sacrum, to_ilium) < reach
        where = tuple(n[even] for n in places)
        cleft = np.abs(to_sacrum - to_ilium - THICKER)[even] < CLEFT
        labels[where] = known[f"sacroiliac_joint_{side}"].label
        canvas.tissues[window][where] = np.where(
            cleft, TISSUE_CODE["synovial_fluid"], TISSUE_CODE["cartilage"]
        )


def paint_sacroiliac_capsules(canvas: Canvas) -> None:
    """Paint the anterior sacroiliac ligament over what of the joints is still bare."""
    inner = {f"anterior_sacroiliac_ligament_{side}": f"sacroiliac_joint_{side}" for side in SIDES}
    canvas.paint_shells(inner, CAPSULE)
