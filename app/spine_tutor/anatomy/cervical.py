"""One vertebra C3–C7 as an implicit surface: uncinate body, pillars, pierced processes.

Everything here is in the vertebra's own frame (`column`): origin in the middle of the body,
x right, y anterior, z cranial. Paired parts are written once, for the right side.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import radians, tan

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.cervical_arch import REACH, lamina, pillar, spinous, superior_process
from spine_tutor.anatomy.cervical_shape import CervicalShape, Pair, Pierced, Pillared, Point
from spine_tutor.anatomy.column import BodySize
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    boxed,
    difference,
    intersection,
    limb,
    mirrored,
    polygon,
    superellipse,
    union,
)

__all__ = [
    "PAIRED", "PARTS", "UNPAIRED", "body", "bone", "canal", "extent", "foramen",
    "medial_branch_groove", "part_of", "superior_process", "transverse_foramen",
]  # fmt: skip

UNPAIRED: Mapping[str, str] = {"body": "vertebral body", "spinous_process": "spinous process"}
PAIRED: Mapping[str, str] = {
    "pedicle": "pedicle",
    "articular_pillar": "articular pillar",
    "lamina": "lamina",
    "superior_articular_process": "superior articular process",
    "inferior_articular_process": "inferior articular process",
    "transverse_process": "transverse process",
    "anterior_tubercle": "anterior tubercle",
    "posterior_tubercle": "posterior tubercle",
    "uncinate_process": "uncinate process",
}
PARTS = (*UNPAIRED, *PAIRED)

_SADDLE = 0.9
"""How far the upper endplate rises from its middle to the uncinate processes, mm (estimate)."""
_LEDGE = 1.3
"""How far the endplates stand out behind, mm where they were as deep again (estimate)."""

_UP = (0.0, 0.0, 1.0)
_RIGHT = (1.0, 0.0, 0.0)


def body(points: Points, size: BodySize, shape: Pillared) -> Distances:
    """Return the distance to the body without its uncinate processes.

    The upper endplate is `size.width_upper` wide, between the processes to which it rises, and
    slopes down in front; the lower is hollow from front to back, bevelled at its sides, with a
    lip in front. Both have a slight ledge along their posterior rim.
    """
    x, y, z = points.T
    rise = 2 * z / size.height
    up = np.clip(0.5 + 0.5 * rise, 0, 1)
    half_width = 0.5 * (size.width_lower + up * (size.width_upper - size.width_lower))
    half_depth = 0.5 * (size.depth_lower + up * (size.depth_upper - size.depth_lower))
    edge = 0.35 * shape.rim_rounding  # rounding would take this off the endplates
    waist = np.clip(1 - rise * rise, 0, 1)
    half_width = half_width * (1 - shape.waist_side * waist) + edge
    widest = -0.12 * size.depth
    front = half_depth * (1 - shape.waist_front * waist) - widest + edge
    ahead = y > widest
    wall = superellipse(
        x,
        y - widest,
        half_width,
        np.where(ahead, front, half_depth + widest + edge),
        np.where(ahead, np.float32(shape.squareness_front), np.float32(shape.squareness_back)),
    )
    slope = tan(radians(0.5 * size.wedge))
    ring = np.clip(1 - np.hypot(2 * x / size.width_lower, 2 * y / size.depth), 0, 1)
    hollow = shape.endplate_hollow_lower * np.minimum(2.5 * ring, 1)
    forward = np.clip(2 * y / size.depth, 0, 1)
    backward = np.clip(-2 * y / size.depth - 0.4, 0, 0.6)
    sideways = np.clip(np.abs(x) - 0.3 * size.width_lower, 0, None)
    lip, ledge = shape.lip * forward * forward, _LEDGE * backward * backward
    saddle = _SADDLE * np.minimum(np.abs(2 * x / size.width_upper), 1) ** 2.5
    top = z - (0.5 * size.height + slope * y) + 0.7 * lip - ledge - saddle
    bottom = -z - (0.5 * size.height + slope * y) + hollow - lip - ledge + shape.bevel * sideways
    return intersection(wall, intersection(top, bottom), shape.rim_rounding)


def canal(points: Points, size: BodySize, shape: Pillared) -> Distances:
    """Return the distance to the vertebral canal: a rounded triangle, leaning with the laminae."""
    x, y, z = points.T
    front = -0.5 * size.depth
    depth = size.canal_depth + shape.canal_lean * np.clip(shape.canal_top - z, 0, 12)
    # Each side runs from the lateral recess to the apex, which is rounded over 3 mm.
    side = np.sqrt(x * x + 9) - 3
    # The blend with which it is cut out widens it.
    reach, run = 0.5 * size.canal_width - 0.4, shape.canal_side * size.canal_depth
    behind = ((front - depth - y) + side * (run / reach)) * (reach / np.hypot(reach, run))
    tube = intersection(np.abs(x) - reach, behind, 3.0)
    return intersection(tube, y - front, shape.canal_rounding)


@lru_cache(maxsize=32)
def _arch(size: BodySize, shape: CervicalShape) -> dict[str, Field]:
    """Return the fields of the raw parts of the right side, for folded points."""
    s = shape
    half = (0.5 * s.pedicle_width, 0.5 * s.pedicle_height)
    across = 0.5 * (size.canal_width + s.pedicle_width)
    back = -0.5 * size.depth
    return {
        "pedicle": limb(
            [(across - 4.5, back + 5, s.pedicle_z), (across, back, s.pedicle_z), s.pedicle_end],
            [half, half, half],
            _RIGHT,
            REACH,
        ),
        "pillar": pillar(s),
        "lamina": lamina(s),
        "spinous": spinous(s),
        "anterior": limb(
            [s.costal_root, s.costal_mid, s.anterior_tubercle],
            [s.costal_half, s.costal_half, s.anterior_half],
            _UP,
            REACH,
        ),
        "posterior": limb(
            [s.pedicle_end, s.posterior_mid, s.posterior_tubercle, _tip(s)],
            [s.posterior_half, s.posterior_half, s.posterior_tip_half, _narrowed(s)],
            _UP,
            REACH,
        ),
        "bridge": limb(
            [_lowered(s.anterior_tubercle, s.groove), s.bridge, s.posterior_tubercle],
            [s.bridge_half] * 3,
            _UP,
            REACH,
        ),
        "uncinate": _uncinate(size, s),
    }


def _uncinate(size: BodySize, shape: CervicalShape) -> Field:
    """Return the right uncinate process: a ridge on the side of the body, highest behind.

    Its inner face slopes up from the endplate; its outer face goes on down the side of the body,
    where it is the inner wall of the transverse foramen.
    """
    s = shape
    edge, top = 0.5 * size.width_upper, 0.5 * size.height
    section = [
        (edge - 3.5, top - 2),
        (edge - 1.5, top - 0.5),
        (edge + 0.55 * s.uncinate_width, top + s.uncinate_height - 0.8),
        (edge + 0.85 * s.uncinate_width, top + 0.3 * s.uncinate_height),
        (edge + s.uncinate_width, top - 3.0),
        (edge + s.uncinate_width, -0.35 * top),
        (0.5 * size.width_lower - 1.5, -0.75 * top),
    ]
    middle, half = -0.1 * size.depth, 0.39 * size.depth

    def field(points: Points) -> Distances:
        x, y, z = points.T
        ahead = np.clip((y - middle) / half, 0, 1)
        behind = np.clip((middle - y) / half, 0, 1)
        inwards = 2.5 * ahead * ahead + 1.8 * behind * behind  # as the outline of the body
        fall = s.uncinate_height * (0.8 * ahead * ahead + 0.4 * behind * behind)
        fall = fall * np.clip(z / top + 0.2, 0, 1)  # the crest falls, not the side
        ridge = polygon(x + inwards, z + fall, section) - np.float32(0.8)
        return intersection(ridge, np.abs(y - middle) - half, 2.0)

    reach = REACH + 3
    low = (edge - 3.5 - reach, middle - half - reach, -top - reach)
    high = (edge + s.uncinate_width + reach, middle + half + reach, top + s.uncinate_height + reach)
    return boxed(field, low, high)


def _tip(shape: CervicalShape) -> Point:
    """Return where the posterior tubercle has tapered to its end."""
    x, y, z = shape.posterior_tubercle
    return (x + 1.1, y + 0.2, z)


def _narrowed(shape: CervicalShape) -> Pair:
    """Return the half widths of the posterior tubercle at its end."""
    high, thick = shape.posterior_tip_half
    return (0.55 * high, 0.55 * thick)


def _lowered(point: Point, by: float) -> Point:
    return (point[0], point[1], point[2] - by)


def _raw(points: Points, size: BodySize, shape: CervicalShape) -> dict[str, Distances]:
    folded = mirrored(points)
    return {name: field(folded) for name, field in _arch(size, shape).items()}


def transverse_foramen(shape: Pierced) -> tuple[Point, float, Point]:
    """Return centre, radius (mm) and axis (unit) of the right transverse foramen."""
    axis = np.asarray(shape.foramen_axis) / np.linalg.norm(shape.foramen_axis)
    x, y, z = map(float, axis)
    return shape.foramen, shape.foramen_radius, (x, y, z)


def foramen(points: Points, shape: Pierced) -> Distances:
    """Return the distance to both transverse foramina, which run through the process, (n,) mm."""
    centre, radius, axis = transverse_foramen(shape)
    off = mirrored(points) - np.asarray(centre, np.float32)
    along = off @ np.asarray(axis, np.float32)
    aside = np.sqrt(np.maximum((off * off).sum(axis=1) - along * along, 0)) - np.float32(radius)
    return intersection(aside, np.abs(along) - 9, 0.5)


def medial_branch_groove(shape: CervicalShape) -> Point:
    """Return where the medial branch lies on the right pillar, mm.

    At C3–C6 it crosses the waist, the middle of the pillar's outer side; at C7 it lies higher,
    on the superior articular process (`medial_branch_rise`, as a share of the way to its tip).
    """
    s = shape
    corners = np.array([s.sap_tip, s.iap_base, s.iap_tip, s.sap_base])
    middle = corners.mean(axis=0)
    _, y, z = middle + s.medial_branch_rise * (np.array(s.sap_tip) - middle)
    x = np.arange(s.iap_tip[0], s.iap_tip[0] + 2 * s.pillar_half, 0.05)
    inside = pillar(s)(np.stack([x, 0 * x + y, 0 * x + z], axis=1).astype(np.float32)) < 0
    return float(x[inside].max()), float(y), float(z)


def bone(points: Points, size: BodySize, shape: CervicalShape) -> Distances:
    """Return the distance to the whole bone, before its facets are cut for its neighbours."""
    raw = _raw(points, size, shape)
    arch = union(raw["pillar"], raw["lamina"], 2.5)
    arch = union(union(arch, raw["spinous"], 3.0), raw["pedicle"], 2.0)
    arch = difference(arch, canal(points, size, shape), 1.5)
    process = union(union(raw["anterior"], raw["posterior"], 1.0), raw["bridge"], 2.0)
    arch = union(arch, process, 2.0)
    trunk = union(body(points, size, shape), raw["uncinate"], 2.0)
    return difference(union(trunk, arch, 3.0), foramen(points, shape), 0.8)


def part_of(points: Points, size: BodySize, shape: CervicalShape) -> NDArray[np.intp]:
    """Return the index in `PARTS` of the part that each point belongs to.

    The nearest raw part decides. The pillar is split along its facets, the transverse process
    keeps its tubercles as parts, and the uncinate processes begin at the endplate.
    """
    s = shape
    raw = _raw(points, size, shape)
    index = PARTS.index
    owners = {
        "body": body(points, size, shape),
        "spinous_process": raw["spinous"],
        "pedicle": raw["pedicle"],
        "articular_pillar": raw["pillar"],
        "lamina": raw["lamina"],
        "transverse_process": np.minimum.reduce([raw["anterior"], raw["posterior"], raw["bridge"]]),
        "uncinate_process": raw["uncinate"],
    }
    kind = np.array([index(name) for name in owners])[np.argmin(list(owners.values()), axis=0)]
    folded = mirrored(points)

    on_pillar = kind == index("articular_pillar")
    ends = [("superior_articular_process", s.sap_tip, s.sap_base),
            ("inferior_articular_process", s.iap_tip, s.iap_base)]  # fmt: skip
    for name, tip, base in ends:
        along = np.array(tip) - np.array(base)
        half_way = (folded - 0.5 * (np.array(tip) + np.array(base)).astype(np.float32)) @ along > 0
        kind[on_pillar & half_way] = index(name)

    on_process = kind == index("transverse_process")
    tubercles = [("anterior_tubercle", s.anterior_tubercle, s.anterior_half),
                 ("posterior_tubercle", s.posterior_tubercle, s.posterior_tip_half)]  # fmt: skip
    for name, tip, halves in tubercles:
        near = np.linalg.norm(folded - np.array(tip, np.float32), axis=1) < max(halves) + 1
        kind[on_process & near] = index(name)

    slope = tan(radians(0.5 * size.wedge))
    below_plate = points[:, 2] < 0.5 * size.height + slope * points[:, 1] - 0.5
    kind[(kind == index("uncinate_process")) & below_plate] = index("body")
    return kind


def extent(
    size: BodySize, shape: CervicalShape, margin: float = 6.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest corner of a box around the bone, in its own frame, mm."""
    s = shape
    ends = np.array(
        [s.posterior_tubercle, s.anterior_tubercle, s.spinous_tip, s.sap_tip, s.iap_tip]
    )
    high = np.maximum(
        ends.max(axis=0) + s.pillar_rounding,
        [
            s.iap_tip[0] + s.pillar_half,
            0.5 * max(size.depth_upper, size.depth_lower),
            0.5 * size.height + s.uncinate_height,
        ],
    )
    low = np.minimum(
        ends.min(axis=0) - s.pillar_rounding, [-high[0], 0, -0.5 * size.height - s.lip]
    )
    low[0] = -high[0]
    return low - margin, high + margin
