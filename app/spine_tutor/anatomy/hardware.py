"""Implants: pedicle screws with the rods that join them. Painted before bone, they lie in it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.skeleton import VertebraModel

SCREW, ROD, HEAD = 3.0, 2.75, 5.0
"""Radius of a screw's shaft, of a rod and of a screw's head, mm (estimates of usual implants)."""
INTO_BODY = 0.65
"""How far a screw goes through the body, as a share of its depth (estimate)."""


def paint_hardware(
    canvas: Canvas, vertebrae: Mapping[str, VertebraModel], levels: tuple[str, ...]
) -> None:
    """Paint screws and rods of the levels that are among the vertebrae."""
    for side, sign in zip(SIDES, (-1.0, 1.0), strict=True):
        heads = []
        for level in levels:
            if level in vertebrae:
                head, tip = screw(vertebrae[level], sign)
                name = f"{level}_pedicle_screw_{side}"
                canvas.paint_tube(name, [head, tip], [SCREW, 0.6 * SCREW])
                canvas.paint_tube(name, [head - 0.1 * (tip - head), head], HEAD)
                heads.append(head - 0.12 * (tip - head))
        if len(heads) > 1:
            along = (heads[0] - heads[-1]) / np.linalg.norm(heads[0] - heads[-1])
            path = [heads[0] + 6.0 * along, *heads, heads[-1] - 6.0 * along]
            canvas.paint_tube(f"spinal_rod_{side}", path, ROD)


def screw(model: VertebraModel, sign: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return head and tip of a screw along the pedicle's axis, converging to the middle, world mm.

    Args:
        model: the vertebra.
        sign: +1 for the right pedicle, −1 for the left.
    """
    size, shape = model.size, model.shape
    across = 0.5 * (size.canal_width + shape.pedicle_width)
    back = -0.5 * size.depth
    waist = np.array([across, back - 4.0, shape.pedicle_z])
    tip = np.array([0.45 * across, back + INTO_BODY * size.depth, shape.pedicle_z - 1.0])
    head = waist + (waist - tip) * (15.0 / np.linalg.norm(waist - tip))
    places = np.stack([head, tip]) * [sign, 1.0, 1.0]
    head, tip = places @ model.frame[:3, :3].T + model.frame[:3, 3]
    return head, tip
