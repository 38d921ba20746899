"""The hip joint: two cartilages with a film of fluid between, and the capsule round the neck."""

from __future__ import annotations

import numpy as np

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.femur import neck_axis
from spine_tutor.anatomy.ilium import SIGN, hip_center
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.structure import TISSUE_CODE

EVEN = 1.2
"""By how much the gap may be wider than the joint before it is none, mm (estimate)."""
FILM = 0.5
"""Width of the fluid between the cartilages, mm (estimate)."""
CAPSULE = 4.5
"""Thickness of the capsule with its ligaments and the synovia, mm (estimate)."""
ATTACHED = 0.75
"""How far along the neck the capsule reaches, as a share of the neck's length (estimate)."""


def paint_hip_joints(canvas: Canvas, skeleton: Skeleton, column: Column) -> None:
    """Paint both joints and their capsules into what is free round the heads of the femora."""
    known, plate, scale = canvas.structures, column.endplate("s1", "upper"), column.sacral_scale
    shape = pelvis_shape()
    gap = scale * (shape.hip_bone.acetabular_radius - shape.femur.head_radius)
    bones = {bone.part_ids[0]: bone for bone in skeleton.others}
    around = scale * (shape.hip_bone.acetabular_radius + shape.femur.neck_length)
    for side in SIDES:
        center = hip_center(side, plate, scale)
        window = canvas.window(center - around, center + around)
        labels = canvas.labels[window]
        if not labels.size:
            continue
        places = np.nonzero(labels == 0)
        corner = canvas.origin + canvas.spacing * np.array([part.start for part in window])
        points = (corner + canvas.spacing * np.stack(places, axis=1)).astype(np.float32)
        to_femur = bones[f"femur_{side}"].bone(points)
        near = to_femur < scale * CAPSULE
        points, to_femur = points[near], to_femur[near]
        places = tuple(n[near] for n in places)
        to_hip = bones[f"ilium_{side}"].bone(points)
        joint = to_femur + to_hip < gap + EVEN
        offset = (points - center.astype(np.float32)) / np.float32(scale)
        ahead = offset @ (neck_axis() * [SIGN[side], 1.0, 1.0]).astype(np.float32)
        capsule = ~joint & (ahead > 0.0) & (ahead < ATTACHED * shape.femur.neck_length)
        film = np.abs(to_femur - to_hip)[joint] < FILM
        where = tuple(n[joint] for n in places)
        labels[where] = known[f"hip_joint_{side}"].label
        canvas.tissues[window][where] = np.where(
            film, TISSUE_CODE["synovial_fluid"], TISSUE_CODE["cartilage"]
        )
        where = tuple(n[capsule] for n in places)
        canvas.paint_places(f"hip_capsule_{side}", where, window)
