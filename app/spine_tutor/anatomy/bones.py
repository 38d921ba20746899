"""The whole skeleton of a case, and how it is painted into a label grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BREADTH, Column, build_column
from spine_tutor.anatomy.fields import Distances, Points, sample
from spine_tutor.anatomy.neck_bones import build_neck_bones
from spine_tutor.anatomy.pelvis import build_pelvis
from spine_tutor.anatomy.region import REGIONS, Region
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sacrum import SacrumModel, build_sacrum
from spine_tutor.anatomy.shoulder import build_shoulders
from spine_tutor.anatomy.skeleton import Box, VertebraModel, build_vertebrae
from spine_tutor.anatomy.structure import TISSUE_CODE
from spine_tutor.anatomy.thorax import Thorax, build_thorax
from spine_tutor.anatomy.workers import in_order

CORTEX = {
    "body": 0.9,
    "pedicle": 1.8,
    "pars": 3.0,
    "lamina": 2.2,
    "superior_articular_process": 1.8,
    "inferior_articular_process": 1.8,
    "transverse_process": 1.6,
    "spinous_process": 1.5,
}
"""Thickness of the cortex by part, mm (estimates; a body's shell is thinner than a voxel)."""
SACRAL_CORTEX = 1.2
ILIAC_CORTEX = 1.8
FEMORAL_CORTEX = 2.5
COSTAL_CORTEX = 1.0
"""Thickness elsewhere, mm (estimates)."""
THIN = 0.55
"""A bone whose cortex is below this share of a voxel is painted as the scanner would blur it: the
tissue of thin cortex, and for the mineral that this lacks a dense middle."""
DENSE = 0.28
"""Share of that middle: with it a rib has the mineral that it has on the fine grid (estimate)."""

FLUID = 0.6
"""Width of the fluid between the cartilages of a facet joint, mm (estimate)."""
SACROILIAC_SPACE = 2.5
"""Bone to bone across the sacroiliac joint, mm (estimate)."""


_Raster = tuple[
    tuple[slice, ...], tuple[NDArray[np.intp], ...], NDArray[np.uint8], NDArray[np.uint8]
]


class Bone(Protocol):
    """What every bone can be asked; points are in the world."""

    @property
    def part_ids(self) -> tuple[str, ...]:
        """Return the structure ids that `parts` indexes."""

    @property
    def box(self) -> Box:
        """Return the lowest and highest corner of a box around it, mm."""

    def bone(self, points: Points) -> Distances:
        """Return the signed distance to the bone, mm."""

    def parts(self, points: Points) -> NDArray[np.uint8]:
        """Return the index in `part_ids` of the part at each point."""


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The bones of one case."""

    vertebrae: Mapping[str, VertebraModel]
    sacrum: SacrumModel | None
    others: tuple[Bone, ...]
    """Bones that are neither: hip bones and femora, ribs, the base of the skull."""
    thorax: Thorax
    """Ribs and sternum, which are among the others, and the costal cartilages."""

    def bones(self) -> Iterator[Bone]:
        """Yield every bone."""
        yield from self.vertebrae.values()
        if self.sacrum is not None:
            yield self.sacrum
        yield from self.others


def build_skeleton(column: Column, case: Case) -> Skeleton:
    """Return the bones of a region of a case, fitted to each other."""
    sacrum: SacrumModel | None = None
    others: tuple[Bone, ...] = ()
    if column.region.pelvis:
        plate = column.endplate("s1", "upper")
        scale = case.height_scale * BREADTH[case.sex]
        sacrum = build_sacrum(plate, scale, 1.5 * case.facet_hypertrophy, case.sex)
        others = build_pelvis(plate, scale, sacrum.bone, SACROILIAC_SPACE * scale)
    vertebrae = build_vertebrae(column, case, sacrum)
    if "c1" in vertebrae:
        others = build_neck_bones(column, vertebrae, case)
    elif column.region.id == "thoracic":
        size = case.height_scale * BREADTH[case.sex]
        others = tuple(build_shoulders(column, size, abducted=True))
    thorax = build_thorax(column, vertebrae, case)
    breastbone = () if thorax.sternum is None else (thorax.sternum,)
    return Skeleton(vertebrae, sacrum, (*others, *thorax.ribs.values(), *breastbone), thorax)


def skeletons(case: Case) -> tuple[dict[str, VertebraModel], Skeleton]:
    """Return every free vertebra of a case by level, from above, and the skeleton of its pelvis."""
    found: dict[str, VertebraModel] = {}
    for region, first in (("cervical", "c"), ("thoracic", "t"), ("lumbar", "l")):
        skeleton = build_skeleton(build_column(case, REGIONS[region]), case)
        from_above = reversed(list(skeleton.vertebrae.items()))
        found |= {n: bone for n, bone in from_above if n.startswith(first)}
    return found, skeleton


def paint_bones(
    canvas: Canvas, skeleton: Skeleton, done: Callable[[float], None] = lambda _share: None
) -> None:
    """Paint every bone into what is free, cortex and trabecular core told apart.

    Args:
        canvas: what is painted.
        skeleton: the bones.
        done: called with the share of the bones that has been painted.
    """
    bones = list(skeleton.bones())
    rasters = in_order(partial(_rasterised, canvas), bones)
    for n, (bone, found) in enumerate(zip(bones, rasters, strict=True), start=1):
        if found is not None:
            window, places, part, tissue = found
            labels = canvas.labels[window]
            free = labels[places] == 0
            places = tuple(n[free] for n in places)
            codes = np.array([canvas.structures[i].label for i in bone.part_ids], np.uint16)
            labels[places] = codes[part[free]]
            canvas.tissues[window][places] = tissue[free]
        done(n / len(bones))


def _rasterised(canvas: Canvas, bone: Bone) -> _Raster | None:
    """Return the window of a bone, the places in it that are bone, their part and tissue."""
    window = canvas.window(*bone.box)
    axes = [axis.ravel() for axis in canvas.axes(window)]
    if min(len(axis) for axis in axes) < 2:
        return None
    distance = sample(bone.bone, axes, coarsest=max(3.0, 3.5 * canvas.spacing))
    places = np.nonzero(distance < 0)
    points = _points(axes, places)
    part = bone.parts(points)
    thickness = np.array([_cortex(id_) for id_ in bone.part_ids], np.float32)
    thin = thickness < THIN * canvas.spacing
    depth = -distance[places]
    cortical = depth < thickness[part]
    if thin.any() and len(depth):
        # as much cortex as there is, gathered where a blurred picture is brightest
        cortical = np.where(thin[part], depth > np.quantile(depth, 1 - DENSE), cortical)
    if isinstance(bone, SacrumModel):
        cortical |= bone.is_plate(points)
    core = np.where(thin, TISSUE_CODE["thin_cortical_bone"], TISSUE_CODE["trabecular_bone"])
    tissue = np.where(cortical, TISSUE_CODE["cortical_bone"], core[part]).astype(np.uint8)
    return window, places, part, tissue


def _points(axes: list[NDArray[np.float64]], places: tuple[NDArray[np.intp], ...]) -> Points:
    return np.stack([a[n] for a, n in zip(axes, places, strict=True)], 1).astype(np.float32)


def _cortex(part_id: str) -> float:
    if part_id.startswith(("ilium", "ischium", "pubis")):
        return ILIAC_CORTEX
    if part_id.startswith(("femur", "humerus")):
        return FEMORAL_CORTEX
    if part_id.startswith(("rib", "manubrium", "sternal", "xiphoid")):
        return COSTAL_CORTEX
    if part_id.startswith(("sacr", "s1", "s2", "s3", "s4", "s5", "coccyx")):
        return SACRAL_CORTEX
    name = part_id.partition("_")[2].removesuffix("_left").removesuffix("_right")
    return CORTEX.get(name, SACRAL_CORTEX)


def paint_facet_joints(canvas: Canvas, skeleton: Skeleton, region: Region) -> None:
    """Paint cartilage and fluid into the spaces between articular processes."""
    for _ in in_order(partial(_paint_facet_joints, canvas, skeleton), region.segments):
        pass


def _paint_facet_joints(canvas: Canvas, skeleton: Skeleton, segment: tuple[str, str]) -> None:
    """Paint the two joints of a segment, which share no voxel with those of another."""
    upper, lower = segment
    above = skeleton.vertebrae[upper]
    reach = np.float32(above.space + (1.6 if upper == "c1" else 0.8))
    below = skeleton.sacrum if lower == "s1" else skeleton.vertebrae[lower]
    assert below is not None  # a region with S1 has a sacrum
    window = canvas.window(
        np.maximum(above.box[0], below.box[0]), np.minimum(above.box[1], below.box[1])
    )
    axes = [axis.ravel() for axis in canvas.axes(window)]
    if min(len(axis) for axis in axes) < 2:
        return
    near = sample(below.facets, axes) < reach
    places = np.nonzero(near & (canvas.labels[window] == 0))
    points = _points(axes, places)
    to_above, to_below = above.bone(points), below.bone(points)
    end = "lateral_mass" if upper == "c1" else "inferior_articular"
    ends = [n for n, id_ in enumerate(above.part_ids) if end in id_]
    inside = (to_above + to_below < reach) & (to_above < reach)
    inside &= np.isin(above.parts(points), ends)
    where = tuple(n[inside] for n in places)
    fluid = np.abs(to_above - to_below)[inside] < FLUID
    is_left = points[inside, 0] < above.frame[0, 3]
    left, right = (canvas.structures[f"{upper}_{lower}_facet_joint_{side}"].label for side in SIDES)
    canvas.labels[window][where] = np.where(is_left, left, right)
    canvas.tissues[window][where] = np.where(
        fluid, TISSUE_CODE["synovial_fluid"], TISSUE_CODE["cartilage"]
    )
