"""The arch that C2 to C7 share: articular pillar, lamina and spinous process.

Everything here is in the vertebra's own frame, mm, as fields of points folded onto its right side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.cervical_shape import Pair, Pillared, Point
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    boxed,
    difference,
    intersection,
    limb,
    polygon,
    superellipse,
)

REACH = 10.0
"""How far from a part its distance counts, mm: more than twice the widest blend."""

_RIGHT = (1.0, 0.0, 0.0)


def pillar(shape: Pillared) -> Field:
    """Return the right articular pillar: a leaning prism with flat facets.

    Its section along the sagittal plane has four corners: the tips of the two articular
    processes and the far ends of their facets. Its outer side is hollow at the waist.
    """
    s = shape
    corners = np.array([s.sap_tip, s.iap_base, s.iap_tip, s.sap_base])
    (low_x, low_z), (high_x, high_z) = (s.iap_tip[0], s.iap_tip[2]), (s.sap_tip[0], s.sap_tip[2])
    middle, tall = 0.5 * (low_z + high_z), 0.5 * (high_z - low_z) + s.pillar_rounding

    def field(points: Points) -> Distances:
        x, y, z = points.T
        axis = low_x + (high_x - low_x) * np.clip((z - low_z) / (high_z - low_z), 0, 1)
        off = x - axis
        # The facets turn a little: their outer edges lie further back.
        section = polygon(y + np.float32(s.pillar_turn) * off, z, corners[:, 1:])
        waist = s.pillar_waist * np.exp(-(((z - middle) / 3.0) ** 2))
        narrow = 0.3 * s.pillar_half * np.clip(np.abs(z - middle) / tall, 0, 1) ** 4
        sides = np.abs(off) - (s.pillar_half - np.where(off > 0, waist + narrow, narrow))
        return intersection(section - np.float32(s.pillar_rounding), sides, 2.0)

    margin = np.array([s.pillar_half, s.pillar_rounding + 2, s.pillar_rounding]) + REACH
    return boxed(field, corners.min(axis=0) - margin, corners.max(axis=0) + margin)


def superior_process(shape: Pillared, reach: float = 1e3) -> Field:
    """Return the right superior articular process.

    Args:
        shape: the vertebra's.
        reach: farther than this from the process its distance may be `FAR`, mm.
    """
    s = shape
    half = (s.pillar_half, s.pillar_rounding)
    return limb([s.sap_tip, s.sap_base], [half, half], _RIGHT, reach)


def lamina(shape: Pillared) -> Field:
    """Return the right lamina: a flat plate that leans back as it descends."""
    s = shape
    across = (0.0, s.lamina_lean, 1.0)
    return plate((-1.0, *s.lamina_mid), s.lamina_end, s.lamina_half, s.lamina_end_half, across, 3.0)


def plate(
    start: Point,
    end: Point,
    half_start: Pair,
    half_end: Pair,
    across: ArrayLike,
    squareness: float,
) -> Field:
    """Return a tapering bar between two points, with flat faces and ends.

    Args:
        start, end: the middles of its ends, mm.
        half_start, half_end: half widths there, along `across` and square to it, mm.
        across: (3,) direction of the first half width; made square to the bar.
        squareness: exponent of its section: 2 for an ellipse, more for flatter faces.
    """
    a, b = np.array(start), np.array(end)
    length = float(np.linalg.norm(b - a))
    along = (b - a) / length
    first = np.asarray(across, float) - (np.asarray(across, float) @ along) * along
    first /= np.linalg.norm(first)
    axes = np.stack([first, np.cross(along, first), along], axis=1).astype(np.float32)
    origin = a.astype(np.float32)

    def field(points: Points) -> Distances:
        u, v, w = ((points - origin) @ axes).T
        share = np.clip(w / length, 0, 1)
        wide, thick = (
            np.float32(p) + share * np.float32(q - p)
            for p, q in zip(half_start, half_end, strict=True)
        )
        wall = superellipse(u, v, wide, thick, squareness)
        return intersection(wall, np.abs(w - 0.5 * length) - 0.5 * length, 1.0)

    margin = REACH + max(*half_start, *half_end)
    return boxed(field, np.minimum(a, b) - margin, np.maximum(a, b) + margin)


def spinous(shape: Pillared) -> Field:
    """Return the spinous process: a ridge above, broad below, cleft at its end into two tubercles.

    The knots of its axis are the laminae's middle, `spinous_mid`, `spinous_fork`, where the cleft
    begins, and the tips; a tip in the midline (C7) leaves it whole.
    """
    s = shape
    knots = np.array([s.lamina_mid, s.spinous_mid[1:], s.spinous_fork[1:], s.spinous_tip[1:]])
    halves = np.array(
        [s.spinous_root_half, s.spinous_mid_half, s.spinous_fork_half, s.spinous_tip_half]
    )
    end = 0.7 * halves[3, 1] * (knots[3] - knots[2]) / np.linalg.norm(knots[3] - knots[2])
    upper, lower = _edges(
        np.vstack([knots, knots[3] + end]), np.append(halves[:, 1], 0.6 * halves[3, 1]) - _EDGE
    )
    outline = np.vstack([upper, lower[::-1]])
    wide = halves[:, 0] + [0, 0, 0, s.spinous_tip[0]]
    back = -knots[:, 0]  # growing backwards
    fork, tip = back[2], back[3]
    cleft = s.spinous_tip[0] / max(tip - fork, 1.0)

    def field(points: Points) -> Distances:
        x, y, z = points.T
        profile = polygon(y, z, outline) - np.float32(_EDGE)
        axis, tall = (np.interp(-y, back, values) for values in (knots[:, 1], halves[:, 1]))
        height = np.clip(0.5 + 0.5 * (z - axis) / tall, 0, 1)
        ridge = np.interp(-y, [back[0], back[1], tip], [0.75, 0.55, 0.65])
        half = np.interp(-y, back, wide) * (1.1 + (ridge - 1.1) * height)
        whole = intersection(profile, (np.abs(x) - half).astype(np.float32), 1.5)
        if cleft == 0:
            return whole
        # deeper below than above, where the two tubercles stay joined longer
        start = fork + (0.35 + 0.35 * height) * (tip - fork)
        gap = (np.abs(x) - cleft * (-y - start)) / np.hypot(1, cleft)
        return difference(whole, gap.astype(np.float32), 1.0)

    margin = REACH + halves.max()
    low, high = outline.min(axis=0) - margin, outline.max(axis=0) + margin
    return boxed(field, [-1, *low], [wide.max() + REACH, *high])


_EDGE = 0.8
"""Rounding of the edges of a spinous process, mm (estimate)."""


def _edges(
    knots: NDArray[np.float64], halves: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the upper and the lower border of a band along (m, 2) knots y, z going backwards."""
    along = np.gradient(knots, axis=0)
    along /= np.linalg.norm(along, axis=1)[:, None]
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)  # up for a band that runs back
    return knots + halves[:, None] * normal, knots - halves[:, None] * normal
