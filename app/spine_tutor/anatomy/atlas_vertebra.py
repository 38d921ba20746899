"""The atlas, C1, as an implicit surface: a ring of two arches and two lateral masses.

Own frame: origin in the middle of the ring, between the lateral masses, level with the fovea
for the dens; x right, y anterior, z cranial. Paired parts are written once, for the right side.
The atlas has no body: functions take a `BodySize` only to be asked like every other vertebra.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

from spine_tutor.anatomy.cervical import foramen, transverse_foramen
from spine_tutor.anatomy.cervical_arch import REACH
from spine_tutor.anatomy.cervical_shape import AtlasShape, Pair, Point
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
    superellipse,
    union,
)

__all__ = [
    "PAIRED", "PARTS", "UNPAIRED", "bone", "extent", "part_of", "superior_process",
    "transverse_foramen",
]  # fmt: skip

UNPAIRED: Mapping[str, str] = {
    "anterior_arch": "anterior arch of atlas",
    "posterior_arch": "posterior arch of atlas",
}
PAIRED: Mapping[str, str] = {
    "lateral_mass": "lateral mass of atlas",
    "transverse_process": "transverse process",
}
PARTS = (*UNPAIRED, *PAIRED)

_UP = (0.0, 0.0, 1.0)


def superior_process(shape: AtlasShape, reach: float = REACH) -> Field:
    """Return the right lateral mass, for folded points: hollow above for the occipital condyle.

    Its length converges forwards. The upper facet rises at both ends and to the side; the lower
    falls to the side.

    Args:
        shape: the atlas's.
        reach: farther than this from it the distance may be `FAR`, mm.
    """
    s = shape
    turn = radians(s.mass_turn)
    across, along = (np.float32(t) for t in (cos(turn), sin(turn)))
    x0, y0, z0 = np.array(s.mass, np.float32)
    a, b = s.mass_half

    def field(points: Points) -> Distances:
        x, y, z = points[:, 0] - x0, points[:, 1] - y0, points[:, 2] - z0
        u, v = across * x + along * y, across * y - along * x
        wall = superellipse(u, v, a, b, 2.4)
        rim = (u / a) ** 2 * s.mass_rim[0] + (v / b) ** 2 * s.mass_rim[1]
        top = z - (s.mass_top + s.mass_top_slope * u + rim)
        bottom = -z - (s.mass_bottom + s.mass_bottom_slope * u)
        slope = np.float32(0.85)  # of the rim, for the distance
        return intersection(wall, intersection(slope * top, 0.95 * bottom, 1.0), 3.0)

    box = max(a, b) + s.mass_rim[1] + min(reach, 1e2)
    centre = np.array(s.mass, np.float32)
    return boxed(field, centre - box, centre + box)


def _curved(
    path: Sequence[Point], half_widths: Sequence[Pair]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return path and half widths of a `limb` whose knots are joined by a smooth curve."""
    knots = np.arange(len(path))
    at = np.linspace(0, len(path) - 1, 6 * len(path) - 5)
    return CubicSpline(knots, path)(at), PchipInterpolator(knots, half_widths)(at)


@lru_cache(maxsize=16)
def _ring(shape: AtlasShape) -> dict[str, Field]:
    """Return the fields of the raw parts, for folded points."""
    s = shape
    return {
        "front": limb(*_curved(s.anterior_arch, s.anterior_arch_half), _UP, REACH),
        "front_tubercle": limb(s.anterior_tubercle, s.anterior_tubercle_half, _UP, REACH),
        "back": limb(*_curved(s.posterior_arch, s.posterior_arch_half), _UP, REACH),
        "mass": superior_process(s),
        "ligament_tubercle": limb([s.ligament_tubercle, s.mass], [(2.0, 2.0)] * 2, _UP, REACH),
        "process_front": limb(*_curved(s.transverse_front, s.transverse_front_half), _UP, REACH),
        "process_back": limb(*_curved(s.transverse_back, s.transverse_back_half), _UP, REACH),
        "sulcus": limb(*_curved(s.sulcus, [(s.sulcus_radius,) * 2] * len(s.sulcus)), _UP, REACH),
    }  # fmt: skip


def bone(points: Points, size: BodySize, shape: AtlasShape) -> Distances:
    """Return the distance to the whole bone, before its facets are cut for the axis."""
    folded = mirrored(points)
    raw = {name: field(folded) for name, field in _ring(shape).items()}
    ring = union(union(raw["front"], raw["front_tubercle"], 2.0), raw["mass"], 4.0)
    ring = union(ring, raw["ligament_tubercle"], 1.5)
    back = difference(raw["back"], raw["sulcus"], 1.5)
    process = union(raw["process_front"], raw["process_back"], 1.5)
    ring = union(union(ring, back, 3.0), process, 2.5)
    return difference(ring, foramen(points, shape), 0.8)


def part_of(points: Points, size: BodySize, shape: AtlasShape) -> NDArray[np.intp]:
    """Return the index in `PARTS` of the part that each point belongs to: the nearest raw part."""
    folded = mirrored(points)
    raw = {name: field(folded) for name, field in _ring(shape).items()}
    owners = {
        "anterior_arch": np.minimum(raw["front"], raw["front_tubercle"]),
        "posterior_arch": raw["back"],
        "lateral_mass": np.minimum(raw["mass"], raw["ligament_tubercle"]),
        "transverse_process": np.minimum(raw["process_front"], raw["process_back"]),
    }
    assert tuple(owners) == PARTS
    return np.argmin(list(owners.values()), axis=0)


def extent(
    size: BodySize, shape: AtlasShape, margin: float = 6.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest corner of a box around the bone, in its own frame, mm."""
    s = shape
    x = s.transverse_front[-1][0]
    down = s.mass[2] - s.mass_bottom - s.mass_bottom_slope * s.mass_half[0]
    up = s.mass[2] + s.mass_top + s.mass_top_slope * s.mass_half[0] + sum(s.mass_rim)
    low = np.array([-x, s.posterior_arch[0][1], down])
    return low - margin, np.array([x, s.anterior_tubercle[-1][1], up]) + margin
