"""What age, growth and surgery do to a vertebra: osteophytes, a transitional L5, laminectomy.

Everything is in the vertebra's own frame, mm. Sizes are estimates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BodySize
from spine_tutor.anatomy.fields import Distances, Points, difference, limb, mirrored, union

OSTEOPHYTE = 5.0
"""How far the rim of a body stands out when osteophytes are severe, mm."""
LAMINECTOMY = 0.42
"""Half of what is taken of the arch, as a share of the width of the canal: the joints remain."""
_UP = (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Variant:
    """How a vertebra differs from a healthy one.

    Attributes:
        osteophyte: how far the rims of its body stand out, mm.
        wing: whether its transverse processes are wings that reach the sacrum (L5 only).
        opened: whether its laminae and spinous process are gone.
    """

    osteophyte: float = 0.0
    wing: bool = False
    opened: bool = False


def variant_of(level: str, case: Case) -> Variant:
    """Return how a level of a case differs from a healthy vertebra."""
    return Variant(
        osteophyte=case.height_scale * OSTEOPHYTE * case.osteophytes if level != "c1" else 0.0,
        wing=case.transitional_l5 and level == "l5",
        opened=level in case.laminectomy,
    )


def varied(distance: Distances, points: Points, size: BodySize, variant: Variant) -> Distances:
    """Return the distance to a bone changed by its variant.

    Args:
        distance: to the healthy bone at `points`, (n,) mm.
        points: (n, 3) in the vertebra's frame, mm.
        size: of its body and canal.
        variant: what differs.
    """
    if variant.osteophyte:
        distance = union(distance, _osteophytes(points, size, variant.osteophyte), 2.0)
    if variant.wing:
        distance = union(distance, _wing(points, size), 4.0)
    if variant.opened:
        distance = difference(distance, _opening(points, size), 1.0)
    return distance


def _osteophytes(points: Points, size: BodySize, out: float) -> Distances:
    """Return the distance to lips round both rims, largest in front and at the sides."""
    x, y, z = points.T
    wide, deep = 0.5 * size.width_upper, 0.5 * size.depth
    rim = (np.hypot(x / wide, y / deep) - 1.0) * min(wide, deep)
    behind = np.clip(0.7 + y / deep, 0.0, 1.0)  # the canal keeps its wall
    height = np.abs(z) - (0.5 * size.height - 0.45 * out)
    return (np.hypot(rim, 1.4 * height) - 0.75 * out * behind + 0.4).astype(np.float32)


def _wing(points: Points, size: BodySize) -> Distances:
    """Return the distance to the wings: broad processes that come down upon the ala."""
    root, tip = 0.5 * size.canal_width + 6.0, 0.85 * size.width_lower
    back = -0.5 * size.depth
    path = [(root, back + 4.0, 0.0), (0.8 * tip, back + 8.0, -6.0), (tip - 2.0, back + 10.0, -24.0)]
    return limb(path, [(9.0, 7.0), (9.0, 8.0), (9.0, 9.0)], _UP)(mirrored(points))


def _opening(points: Points, size: BodySize) -> Distances:
    """Return the distance to what a laminectomy takes: the arch between the joints."""
    x, y, _ = points.T
    behind = -0.5 * size.depth - 0.45 * size.canal_depth - y
    beside = np.abs(x) - LAMINECTOMY * size.canal_width
    return np.maximum(-behind, beside).astype(np.float32)
