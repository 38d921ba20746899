"""The intervertebral discs: nucleus and annulus between two endplates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case, Herniation
from spine_tutor.anatomy.column import Column

BULGE = 0.7
"""How far a healthy disc stands out beyond the rims of its endplates, mm (estimate)."""
NARROW_BULGE = 2.5
"""What a disc that has lost all its height bulges more, mm (estimate)."""
NUCLEUS_AREA = 0.45
"""Share of the disc's area that is nucleus (estimate; texts give 30–50 %)."""
NUCLEUS_BACK = 0.06
"""How far the nucleus lies behind the middle, as a share of the disc's depth (estimate)."""
DESICCATED = 0.5
"""Lost share of height beyond which a nucleus has dried to the signal of annulus (estimate)."""


def paint_discs(canvas: Canvas, column: Column, case: Case) -> None:
    """Paint every disc into what the vertebral bodies have left free between their endplates."""
    for upper, lower in column.region.discs:
        _paint_disc(canvas, column, case, upper, lower)


def _paint_disc(canvas: Canvas, column: Column, case: Case, upper: str, lower: str) -> None:
    segment = f"{upper}_{lower}"
    above, below = column.bodies[upper], column.bodies[lower]
    half_width = 0.25 * (above.width_lower + below.width_upper)
    half_depth = 0.25 * (above.depth_lower + below.depth_upper)
    rim_height = column.discs[segment].rim
    lost = case.disc_narrowing.get(segment, 0.0)

    middle = column.disc_frame(segment)
    bulge = BULGE + lost * NARROW_BULGE
    herniations = [one for one in case.herniations if one.segment == segment]
    out = 1.0 + bulge + max((one.size for one in herniations), default=0.0)
    reach = np.abs(middle[:3, :3]) @ [half_width + 4.0, half_depth + out, 0.5 * rim_height + 9.0]
    window = canvas.window(middle[:3, 3] - reach, middle[:3, 3] + reach)
    x, y, z = _local(canvas, window, middle)
    rim = _rim(x, y, half_width + bulge, half_depth + bulge)
    # Endplates are hollow: in the middle the disc reaches past the plane of the rims, as far as
    # the bone, painted before, leaves room.
    into_bone = 0.6 + 3.0 * np.clip(1.0 - rim, 0.0, 1.0)
    under = _local(canvas, window, column.endplate(upper, "lower"))[2] < into_bone
    over = _local(canvas, window, column.endplate(lower, "upper"))[2] > -into_bone
    disc = (rim < 1.0) & under & over
    for herniation in herniations:
        extruded = _extruded(herniation, x, y, z, half_width, half_depth + bulge)
        canvas.paint(f"{segment}_nucleus", extruded, window)

    share = np.sqrt(NUCLEUS_AREA)
    core = _rim(x, y + NUCLEUS_BACK * 2.0 * half_depth, share * half_width, share * half_depth)
    nucleus = disc & (core**4 + np.abs(z / (0.5 * rim_height + 1.2)) ** 4 < 1.0)
    dry = "disc_annulus" if lost > DESICCATED else None
    canvas.paint(f"{segment}_nucleus", nucleus, window, tissue=dry)
    canvas.paint(f"{segment}_annulus", disc, window)


def _extruded(
    herniation: Herniation,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    z: NDArray[np.float64],
    half_width: float,
    half_depth: float,
) -> NDArray[np.bool_]:
    """Return where nucleus stands out behind a disc: a half egg, hanging down a little.

    Its size is how far it stands out behind the rim of the disc, bulge and all.
    """
    beside = {"left": -0.32, "central": 0.0, "right": 0.32}[herniation.side] * half_width
    back = 0.92 * half_depth  # beside the middle the rim lies further in front
    lobe = ((x - beside) / 7.0) ** 2 + ((z + 1.5) / 6.0) ** 2
    return lobe + ((y + back) / (herniation.size + 0.08 * half_depth)) ** 2 < 1.0


def _rim(
    x: NDArray[np.float64], y: NDArray[np.float64], half_width: float, half_depth: float
) -> NDArray[np.float64]:
    """Return 0 in the middle and 1 on the rim of a body's outline: round before, flat behind."""
    a, b = np.abs(x / half_width), np.abs(y / half_depth)
    power = np.where(y < 0, 2.9, 2.25)
    return (a**power + b**power) ** (1.0 / power)


def _local(
    canvas: Canvas, window: tuple[slice, ...], frame: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates of a window's voxels in a frame given by frame_to_world, mm."""
    world_to_frame = np.linalg.inv(frame)
    axes = canvas.axes(window)
    x, y, z = (
        sum(world_to_frame[row, axis] * axes[axis] for axis in range(3)) + world_to_frame[row, 3]
        for row in range(3)
    )
    return x, y, z
