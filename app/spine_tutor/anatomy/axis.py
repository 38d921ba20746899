"""The axis, C2, as an implicit surface: body and dens, shoulders for the atlas, arch.

Own frame: origin in the middle of the body, which reaches from the lower endplate to the base
of the dens; x right, y anterior, z cranial. Paired parts are written once, for the right side.
Below its shoulders it is built as the levels under it (`cervical`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import cervical
from spine_tutor.anatomy.cervical import canal, foramen, transverse_foramen
from spine_tutor.anatomy.cervical_arch import REACH, lamina, pillar, spinous
from spine_tutor.anatomy.cervical_shape import AxisShape, Point
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
    "PAIRED", "PARTS", "UNPAIRED", "body", "bone", "canal", "extent", "part_of",
    "superior_process", "third_occipital_nerve", "transverse_foramen",
]  # fmt: skip

UNPAIRED: Mapping[str, str] = {
    "body": "vertebral body",
    "dens": "dens",
    "spinous_process": "spinous process",
}
PAIRED: Mapping[str, str] = {
    "pedicle": "pedicle and pars interarticularis",
    "lamina": "lamina",
    "superior_articular_process": "superior articular process",
    "inferior_articular_process": "inferior articular process",
    "transverse_process": "transverse process",
}
PARTS = (*UNPAIRED, *PAIRED)

_UP = (0.0, 0.0, 1.0)
_RIGHT = (1.0, 0.0, 0.0)


def body(points: Points, size: BodySize, shape: AxisShape) -> Distances:
    """Return the distance to the body, whose ridged front leans back towards the dens."""
    x, y, z = points.T
    lean, ridge = shape.body_lean, shape.body_ridge
    front = y - 0.5 * size.depth_lower + lean * (z + 0.5 * size.height) + ridge * np.abs(x)
    front = front / np.float32(np.sqrt(1 + lean * lean + ridge * ridge))
    return intersection(cervical.body(points, size, shape), front, 2.5)


def superior_process(shape: AxisShape, reach: float = REACH) -> Field:
    """Return the right shoulder, for folded points: a plate that slopes sideways and backwards.

    Args:
        shape: the axis's.
        reach: farther than this from it the distance may be `FAR`, mm.
    """
    s = shape
    (a, b), thick = s.shoulder_half, s.shoulder_thickness
    side, back = radians(s.shoulder_side_slope), radians(s.shoulder_back_slope)
    normal = np.array([sin(side), -sin(back), 0])
    normal[2] = np.sqrt(1 - normal @ normal)
    outward = np.array([cos(side), 0, -sin(side)])
    ahead = np.cross(normal, outward)
    axes = np.stack([outward, ahead, normal], axis=1).astype(np.float32)
    centre = np.array(s.shoulder, np.float32)

    def field(points: Points) -> Distances:
        u, v, w = ((points - centre) @ axes).T
        rim = superellipse(u, v, a, b, 2.3)
        crown = s.shoulder_crown * ((u / a) ** 2 + (v / b) ** 2)
        return intersection(rim, intersection(w + crown, -thick - w, 1.0), 1.5)

    box = max(a, b) + thick + min(reach, 1e2)
    return boxed(field, centre - box, centre + box)


@lru_cache(maxsize=16)
def _arch(size: BodySize, shape: AxisShape) -> dict[str, Field]:
    """Return the fields of the raw parts besides the body, for folded points."""
    s = shape
    half = (0.5 * s.pedicle_width, 0.5 * s.pedicle_height)
    return {
        "dens": limb(s.dens, s.dens_half, _RIGHT, REACH),
        "shoulder": superior_process(s),
        "pedicle": limb([s.pedicle_front, s.pedicle_end], [half, half], _RIGHT, REACH),
        "pillar": pillar(s),
        "lamina": lamina(s),
        "spinous": spinous(s),
        "anterior": limb([s.costal_root, s.costal_mid, s.transverse_tip],
                         [s.costal_root_half, s.costal_half, s.transverse_tip_half], _UP, REACH),
        "posterior": limb([s.posterior_root, s.transverse_tip],
                          [s.posterior_half, s.transverse_tip_half], _UP, REACH),
    }  # fmt: skip


def bone(points: Points, size: BodySize, shape: AxisShape) -> Distances:
    """Return the distance to the whole bone, before its facets are cut for its neighbours."""
    folded = mirrored(points)
    raw = {name: field(folded) for name, field in _arch(size, shape).items()}
    arch = union(raw["pillar"], raw["lamina"], 3.0)
    arch = union(arch, raw["spinous"], 3.0)
    arch = union(union(arch, raw["pedicle"], 3.0), raw["shoulder"], 2.5)
    arch = difference(arch, canal(points, size, shape), 1.5)
    process = union(raw["anterior"], raw["posterior"], 1.5)
    trunk = union(body(points, size, shape), raw["dens"], 3.0)
    trunk = union(union(trunk, arch, 3.0), process, 4.0)
    return difference(trunk, foramen(points, shape), 0.8)


def part_of(points: Points, size: BodySize, shape: AxisShape) -> NDArray[np.intp]:
    """Return the index in `PARTS` of the part that each point belongs to: the nearest raw part.

    The dens begins at the upper end of the body, the inferior articular process in the lower
    half of the pillar; what lies above that is pars.
    """
    folded = mirrored(points)
    raw = {name: field(folded) for name, field in _arch(size, shape).items()}
    index = PARTS.index
    owners = {
        "body": body(points, size, shape),
        "dens": raw["dens"],
        "spinous_process": raw["spinous"],
        "pedicle": np.minimum(raw["pedicle"], raw["pillar"]),
        "lamina": raw["lamina"],
        "superior_articular_process": raw["shoulder"],
        "transverse_process": np.minimum(raw["anterior"], raw["posterior"]),
    }
    kind = np.array([index(name) for name in owners])[np.argmin(list(owners.values()), axis=0)]
    low = points[:, 2] < 0.5 * size.height
    kind[low & (kind == index("dens"))] = index("body")
    kind[~low & (kind == index("body"))] = index("dens")
    base, tip = (np.array(p, np.float32) for p in (shape.iap_base, shape.iap_tip))
    is_inferior = (folded - 0.5 * (base + tip)) @ (tip - base) > 0
    kind[is_inferior & (kind == index("pedicle"))] = index("inferior_articular_process")
    return kind


def third_occipital_nerve(shape: AxisShape) -> Point:
    """Return where the third occipital nerve crosses the right C2–C3 joint, on C2, mm.

    It lies on the outer side of the joint: here beside the middle of the inferior facet.
    """
    base, tip = np.array(shape.iap_base), np.array(shape.iap_tip)
    _, y, z = 0.35 * base + 0.65 * tip
    x = np.arange(tip[0], tip[0] + 2 * shape.pillar_half, 0.05)
    inside = pillar(shape)(np.stack([x, 0 * x + y, 0 * x + z], axis=1).astype(np.float32)) < 0
    return float(x[inside].max()), float(y), float(z)


def extent(
    size: BodySize, shape: AxisShape, margin: float = 6.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest corner of a box around the bone, in its own frame, mm."""
    s = shape
    ends = np.array([s.transverse_tip, s.spinous_tip, s.dens[-1], s.iap_tip])
    x = max(s.transverse_tip[0], s.shoulder[0] + s.shoulder_half[0])
    front = 0.5 * size.depth + s.lip
    low = np.array([-x, ends[:, 1].min(), min(ends[:, 2].min(), -0.5 * size.height - s.lip)])
    return low - margin, np.array([x, front, ends[:, 2].max()]) + margin
