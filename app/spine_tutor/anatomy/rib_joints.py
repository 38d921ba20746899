"""The joints of the ribs and their cartilages, painted into a label grid after the bones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.bones import FLUID
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.fields import sample
from spine_tutor.anatomy.posed import PosedBone
from spine_tutor.anatomy.ribs import RibModel
from spine_tutor.anatomy.structure import TISSUE_CODE
from spine_tutor.anatomy.workers import in_order

Array = NDArray[np.float64]

JOINT_REACH = 9.0
"""How far a joint of a rib reaches from the middle of its head or tubercle, mm (estimate)."""


def rib_joints(rib: RibModel) -> Iterator[tuple[str, Array]]:
    """Yield the id and the middle, in the world, of each joint of a rib with the column."""
    yield f"costovertebral_joint_t{rib.number}_{rib.side}", rib.head
    if rib.tubercle is not None:
        yield f"costotransverse_joint_t{rib.number}_{rib.side}", rib.tubercle


def paint_rib_joints(canvas: Canvas, ribs: Mapping[str, RibModel]) -> None:
    """Paint cartilage and fluid into the spaces between ribs and vertebrae.

    Only structures that the canvas knows are painted, after the bones.
    """
    with_column = [rib for rib in ribs.values() if rib.vertebrae]
    for _ in in_order(partial(_paint_joints, canvas), with_column):
        pass


def _paint_joints(canvas: Canvas, rib: RibModel) -> None:
    reach = np.float32(rib.space + 0.8)
    for id_, middle in rib_joints(rib):
        if id_ not in canvas.structures:
            continue
        window = canvas.window(middle - JOINT_REACH, middle + JOINT_REACH)
        axes = [axis.ravel() for axis in canvas.axes(window)]
        if min(len(axis) for axis in axes) < 2:
            continue
        near = sample(rib.whole, axes) < reach
        places = np.nonzero(near & (canvas.labels[window] == 0))
        points = np.stack([a[n] for a, n in zip(axes, places, strict=True)], 1).astype(np.float32)
        to_rib = rib.bone(points)
        to_column = np.min([vertebra.bone(points) for vertebra in rib.vertebrae], axis=0)
        inside = (to_rib + to_column < reach) & (to_column < reach)
        inside &= np.linalg.norm(points - middle, axis=1) < JOINT_REACH
        where = tuple(n[inside] for n in places)
        fluid = np.abs(to_rib - to_column)[inside] < FLUID
        canvas.labels[window][where] = canvas.structures[id_].label
        canvas.tissues[window][where] = np.where(
            fluid, TISSUE_CODE["synovial_fluid"], TISSUE_CODE["cartilage"]
        )


def paint_cartilages(canvas: Canvas, cartilages: Mapping[str, PosedBone]) -> None:
    """Paint those costal cartilages that the canvas knows into what is free."""
    for id_, cartilage in cartilages.items():
        if id_ not in canvas.structures:
            continue
        window = canvas.window(*cartilage.box)
        axes = [axis.ravel() for axis in canvas.axes(window)]
        if min(len(axis) for axis in axes) < 2:
            continue
        places = np.nonzero((sample(cartilage.bone, axes) < 0) & (canvas.labels[window] == 0))
        canvas.labels[window][places] = canvas.structures[id_].label
        canvas.tissues[window][places] = TISSUE_CODE["cartilage"]
