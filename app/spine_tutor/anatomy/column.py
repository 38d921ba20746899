"""Where each vertebra lies: sizes from the table, stacked with their discs upon S1.

A vertebra's own frame has its origin in the middle of the body, x right, y anterior and z
cranial. Its endplates lie at ±height/2, tilted against each other by the wedge of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import atan2, cos, degrees, radians, sin

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.catalogue import LEVELS, motion_segments
from spine_tutor.anatomy.morphometry import Morphometry, morphometry

BREADTH = {"female": 0.97, "pooled": 1.0, "male": 1.03}
"""Breadth and depth of bones at equal height, by sex (estimate)."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class BodySize:
    """Size of one vertebral body and of its canal, mm."""

    width_upper: float
    width_lower: float
    depth_upper: float
    depth_lower: float
    height_anterior: float
    height_posterior: float
    canal_width: float
    canal_depth: float

    @property
    def height(self) -> float:
        """Return the height in the middle of the body, mm."""
        return 0.5 * (self.height_anterior + self.height_posterior)

    @property
    def depth(self) -> float:
        """Return the mean depth of the endplates, mm."""
        return 0.5 * (self.depth_upper + self.depth_lower)

    @property
    def wedge(self) -> float:
        """Return the angle between the endplates, degrees, positive if higher in front."""
        return degrees(atan2(self.height_anterior - self.height_posterior, self.depth))


@dataclass(frozen=True)
class DiscSize:
    """Size of one disc: height in the middle, mm, and wedge, degrees, positive if open in front."""

    height: float
    wedge: float


@dataclass(frozen=True, eq=False)
class Column:
    """The posed lumbar column of one case.

    Attributes:
        bodies: sizes by level, ``t12`` to ``l5`` and ``s1``.
        discs: sizes by segment, such as ``l4_l5``.
        frames: vertebra_to_world (4×4) by level.
    """

    bodies: Mapping[str, BodySize]
    discs: Mapping[str, DiscSize]
    frames: Mapping[str, Matrix]

    def endplate(self, level: str, side: str) -> Matrix:
        """Return endplate_to_world (4×4) of the ``upper`` or ``lower`` endplate of a level.

        The origin is the endplate's centre; x right, y anterior along it, z cranial off it.
        """
        body = self.bodies[level]
        sign = {"upper": 1.0, "lower": -1.0}[side]
        # In front the upper endplate rises and the lower falls by half of the wedge.
        return (
            self.frames[level] @ _shift(0.5 * sign * body.height) @ _tilt(-0.5 * sign * body.wedge)
        )

    def disc_frame(self, segment: str) -> Matrix:
        """Return disc_to_world (4×4): origin in the middle of the disc, z cranial."""
        upper, lower = segment.split("_")
        above, below = self.endplate(upper, "lower"), self.endplate(lower, "upper")
        frame = below @ _tilt(-0.5 * self.discs[segment].wedge)
        frame[:3, 3] = 0.5 * (above[:3, 3] + below[:3, 3])
        return frame


def _shift(z: float) -> Matrix:
    matrix = np.eye(4)
    matrix[2, 3] = z
    return matrix


def _tilt(angle: float) -> Matrix:
    """Return the turn about x that leans the cranial axis forward by `angle` degrees."""
    c, s = cos(radians(angle)), sin(radians(angle))
    return np.array([[1, 0, 0, 0], [0, c, s, 0], [0, -s, c, 0], [0, 0, 0, 1]], float)


def build_column(case: Case, table: Morphometry | None = None) -> Column:
    """Stack the vertebrae of a case upon the endplate of S1, which is the world's origin."""
    table = table or morphometry()
    scale = case.height_scale
    bodies = {level: _body_size(table, level, case) for level in (*LEVELS, "s1")}
    wedges = _disc_wedges(table, bodies, case.lordosis)
    discs = {}
    for upper, lower in motion_segments():
        segment = f"{upper}_{lower}"
        left_over = 1.0 - 0.7 * case.disc_narrowing.get(segment, 0.0)
        discs[segment] = DiscSize(
            scale * left_over * table.value("disc_height", segment), left_over * wedges[segment]
        )

    below = _tilt(case.sacral_slope)  # the upper endplate met so far, going up
    s1 = bodies["s1"]
    frames = {"s1": below @ _tilt(0.5 * s1.wedge) @ _shift(-0.5 * s1.height)}
    for upper, lower in reversed(motion_segments()):
        body, disc = bodies[upper], discs[f"{upper}_{lower}"]
        half = _tilt(-0.5 * disc.wedge)
        plate = below @ half @ _shift(disc.height) @ half
        half = _tilt(-0.5 * body.wedge)
        frames[upper] = plate @ half @ _shift(0.5 * body.height)
        below = frames[upper] @ _shift(0.5 * body.height) @ half
    return Column(bodies, discs, frames)


def _body_size(table: Morphometry, level: str, case: Case) -> BodySize:
    scale = case.height_scale
    across = scale * BREADTH[case.sex]

    def mm(name: str, factor: float) -> float:
        return factor * table.value(name, level)

    lower = "upper" if level == "s1" else "lower"  # S1 has no free lower endplate
    return BodySize(
        width_upper=mm("endplate_width_upper", across),
        width_lower=mm(f"endplate_width_{lower}", across),
        depth_upper=mm("endplate_depth_upper", across),
        depth_lower=mm(f"endplate_depth_{lower}", across),
        height_anterior=mm("body_height_anterior", scale),
        height_posterior=mm("body_height_posterior", scale),
        canal_width=mm("canal_width", scale),
        canal_depth=mm("canal_depth", scale),
    )


def _disc_wedges(
    table: Morphometry, bodies: Mapping[str, BodySize], lordosis: float
) -> dict[str, float]:
    """Share among the discs what the bodies L1–L5 leave of the lordosis, degrees by segment."""
    left = lordosis - sum(bodies[f"l{n}"].wedge for n in range(1, 6))
    shares = {
        f"{a}_{b}": table.value("disc_wedge_share", f"{a}_{b}")
        for a, b in motion_segments()
        if a != "t12"
    }
    return {"t12_l1": 0.0} | {s: left * share / sum(shares.values()) for s, share in shares.items()}
