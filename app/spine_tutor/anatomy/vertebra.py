"""One vertebra as an implicit surface: body, pedicles, arch and processes.

Everything here is in the vertebra's own frame (`column`): origin in the middle of the body,
x right, y anterior, z cranial. Paired parts are written once, for the right side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import radians, tan

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from spine_tutor.anatomy.column import BodySize
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    bent,
    boxed,
    difference,
    intersection,
    limb,
    mirrored,
    polygon,
    rounded,
    superellipse,
    union,
)
from spine_tutor.anatomy.vertebra_shape import VertebraShape

UNPAIRED: Mapping[str, str] = {"body": "vertebral body", "spinous_process": "spinous process"}
PAIRED: Mapping[str, str] = {
    "pedicle": "pedicle",
    "pars": "pars interarticularis",
    "lamina": "lamina",
    "superior_articular_process": "superior articular process",
    "inferior_articular_process": "inferior articular process",
    "transverse_process": "transverse process",
}
PARTS = ("body", *PAIRED, "spinous_process")

REACH = 12.0
"""How far from a part of the arch its distance counts, mm.

More than twice the widest blend, 5 mm, for distances off the surface are only of first order.
"""

_UP = (0.0, 0.0, 1.0)
_RIGHT = (1.0, 0.0, 0.0)


def body(points: Points, size: BodySize, shape: VertebraShape) -> Distances:
    """Return the distance to the vertebral body: waisted, hollow behind, with rims on top."""
    x, y, z = points.T
    rise = 2 * z / size.height  # −1 at the lower endplate, 1 at the upper
    up = np.clip(0.5 + 0.5 * rise, 0, 1)
    half_width = 0.5 * (size.width_lower + up * (size.width_upper - size.width_lower))
    half_depth = 0.5 * (size.depth_lower + up * (size.depth_upper - size.depth_lower))
    # The rounding of the rim and the waist below it would take this off the endplates.
    lip = 0.35 * shape.rim_rounding
    waist = np.clip(1 - np.abs(rise) ** np.float32(2.5), 0, 1)
    half_width = half_width * (1 - shape.waist_side * waist) + lip
    # The body is widest somewhat behind its middle and flatter behind than in front.
    widest = -shape.widest * size.depth
    front = half_depth * (1 - shape.waist_front * waist) - widest + lip
    back = half_depth + widest + lip + shape.wings
    ahead = y > widest
    wall = superellipse(
        x,
        y - widest,
        half_width,
        np.where(ahead, front, back),
        np.where(ahead, np.float32(shape.squareness_front), np.float32(shape.squareness_back)),
    )
    middle = np.exp(-((x / (0.3 * size.width_upper)) ** 2))
    hollow = shape.hollow_back * (0.15 + 0.85 * waist) * middle - shape.wings * (1 - middle)
    wall = intersection(wall, -half_depth - lip + hollow - y, 2.0)
    slope = tan(radians(0.5 * size.wedge))
    ring = np.hypot(2 * x / size.width_upper, 2 * y / size.depth)
    inward = np.clip((1 - ring) / 0.4, 0, 1)  # the rim takes the outer part
    dish = inward * inward * (3 - 2 * inward)
    top = z - (0.5 * size.height + slope * y) + shape.endplate_hollow_upper * dish
    bottom = -z - (0.5 * size.height + slope * y) + shape.endplate_hollow_lower * dish
    return intersection(wall, intersection(top, bottom), shape.rim_rounding)


def canal(points: Points, size: BodySize, shape: VertebraShape) -> Distances:
    """Return the distance to the vertebral canal: a triangle that widens downwards."""
    x, y, z = points.T
    front = -0.5 * size.depth - 0.35 * shape.rim_rounding + shape.hollow_back
    below = np.maximum(shape.pedicle_z - z, 0)
    flare = shape.canal_flare * below * below
    depth = size.canal_depth
    # Each side runs from the lateral recess to the apex, which is rounded over 3 mm.
    side = np.sqrt(x * x + 9) - 3
    reach, run = 0.5 * size.canal_width, shape.canal_side * depth
    length = np.hypot(reach, run)
    behind = (front - depth - flare) - y + side * (run / length) * (length / reach)
    behind = behind * (reach / length)
    return intersection(np.abs(x) - reach, behind, shape.canal_rounding)


def parts(points: Points, size: BodySize, shape: VertebraShape) -> NDArray[np.float32]:
    """Return the distances to the raw parts, (8, n) in the order of `PARTS`.

    Farther than `REACH` from a part of the arch its distance may be `FAR`.
    """
    folded = mirrored(points)
    pieces = [body(points, size, shape)]
    pieces.extend(part(folded) for part in _arch(size, shape))
    return np.stack(pieces)


@lru_cache(maxsize=32)
def _arch(size: BodySize, shape: VertebraShape) -> tuple[Field, ...]:
    """Return the fields of what follows the body in `PARTS`, for folded points."""
    s = shape
    across = 0.5 * (size.canal_width + s.pedicle_width)
    back = -0.5 * size.depth
    pedicle = limb(
        [(across - 1, back + 7, s.pedicle_z), (across, back - 4, s.pedicle_z), s.pillar],
        [(0.5 * s.pedicle_width, 0.5 * s.pedicle_height)] * 2
        + [(0.5 * s.pedicle_width, 0.46 * s.pedicle_height)],
        _RIGHT,
        REACH,
    )
    pars = limb(
        *bent([s.pillar, s.pars, s.iap_base], [s.pillar_half, s.pars_half, s.pars_half], 4),
        _RIGHT,
        REACH,
    )
    lamina = limb(
        [(0, *s.lamina_mid), s.pars],
        [s.lamina_half, s.lamina_half],
        (0, s.lamina_lean, 1),
        REACH,
    )
    iap = limb(
        [s.pars, s.iap_base, s.iap_tip], [s.pars_half, s.iap_half, s.iap_half], _RIGHT, REACH
    )
    transverse = limb(
        [s.pillar, s.tp_mid, s.tp_tip], [s.tp_root_half, s.tp_mid_half, s.tp_tip_half], _UP, REACH
    )
    if s.sap_tip_half is None:  # from T12 down
        transverse = _joined(transverse, _accessory(s), 2.0)
    return pedicle, pars, lamina, superior_process(s, REACH), iap, transverse, _spinous(s)


def _joined(a: Field, b: Field, blend: float) -> Field:
    return lambda points: union(a(points), b(points), blend)


def _accessory(shape: VertebraShape) -> Field:
    """Return the accessory process: a tubercle behind and below on the root of the transverse one.

    Between it and the mamillary process is the notch of the medial branch.
    """
    root = 0.5 * (np.array(shape.pillar) + shape.tp_mid)
    up, deep = 0.5 * (np.array(shape.tp_root_half) + shape.tp_mid_half)
    return _ball(np.add(root, (0, 0.4 - deep, -0.5 * up)), 0.42 * up)


def superior_process(shape: VertebraShape, reach: float = 1e3) -> Field:
    """Return the right superior articular process, folded points.

    A lumbar one is a plate bent round its facet, the mamillary process on its back edge; a
    thoracic one is a flat blade, three-sided.
    """
    s = shape
    half, thin = s.sap_half
    if s.sap_tip_half is not None:
        return _blade(s, s.sap_tip_half, reach)
    path, widths = bent(
        [s.sap_front, s.sap_mid, s.sap_back],
        [(0.7 * half, thin), (half, thin), (0.75 * half, thin)],
        8,
    )
    mamillary = np.add(s.sap_back, (0.5 * thin, -0.5 * thin, 0.1 * half))
    return _joined(limb(path, widths, (0, s.sap_lean, 1), reach), _ball(mamillary, 0.8 * thin), 2.0)


def _blade(shape: VertebraShape, tip_half: float, reach: float) -> Field:
    """Return a superior articular process whose flat facet looks back, broad below, narrow on top.

    The landmarks `sap_front` and `sap_back` are the medial and lateral edges of its facet.
    """
    medial, lateral, mid = (np.array(p) for p in (shape.sap_front, shape.sap_back, shape.sap_mid))
    half, thin = shape.sap_half
    across = (lateral - medial) * [1, 1, 0]
    base_half = 0.5 * float(np.linalg.norm(across)) + 1.15 * thin
    middle = np.append(0.25 * (medial + lateral)[:2] + 0.5 * mid[:2], mid[2])
    lean = np.array([0, -shape.sap_lean, 1])
    below, above = -0.3 * half, 1.05 * half - np.sqrt(tip_half * thin)
    path = middle + np.outer([below, above], lean)
    return limb(path, [(base_half, 1.2 * thin), (tip_half, 0.8 * thin)], across, reach)


def _spinous(shape: VertebraShape) -> Field:
    """Return the field of the spinous process: a hatchet, thick behind and below."""
    outline = np.asarray(shape.spinous_outline)
    corners = rounded(outline)
    root, tip = outline[:, 0].max(), outline[:, 0].min()
    at_root, waist, at_tip = shape.spinous_half
    along = PchipInterpolator(
        [tip, tip + 6, 0.45 * tip + 0.55 * root, root], [at_tip, at_tip, waist, at_root]
    )

    def field(points: Points) -> Distances:
        x, y, z = points.T
        profile = polygon(y, z, corners) - np.float32(shape.spinous_margin)
        half = along(np.clip(y, tip, root)).astype(np.float32)
        low = np.clip((outline[:, 1].mean() - z) / 10, -1, 1)
        # its border is a thickened lip about hollow sides
        hollow = np.clip((-3.5 - profile) / 5, 0, 1)
        return intersection(profile, np.abs(x) - half * (1 + 0.2 * low - 0.25 * hollow), 4.0)

    margin = shape.spinous_margin + REACH
    low, high = corners.min(axis=0) - margin, corners.max(axis=0) + margin
    wide = 1.2 * max(shape.spinous_half) + REACH
    return boxed(field, [-wide, *low], [wide, *high])


def bone(points: Points, size: BodySize, shape: VertebraShape) -> Distances:
    """Return the distance to the whole bone, before its facets are cut for its neighbours."""
    body_, pedicle, pars, lamina, sap, iap, transverse, spinous = parts(points, size, shape)
    arch = union(union(pars, lamina, 3.0), iap, 3.0)
    arch = union(arch, spinous, 5.0)
    arch = union(arch, sap, 3.0)
    arch = union(arch, transverse, 3.0)
    arch = union(arch, pedicle, 3.0)
    arch = difference(arch, canal(points, size, shape), 1.5)
    whole = union(arch, body_, 5.0)
    for cup in costal_cups(shape):
        whole = difference(whole, cup(points), 1.0)
    return whole


def costal_cups(shape: VertebraShape) -> Iterator[Field]:
    """Yield the hollows in which the ribs turn, spheres about their heads and tubercles."""
    for middle, radius in (
        (shape.rib_head, shape.head_radius),
        (shape.rib_head_below, shape.head_radius),
        (shape.rib_tubercle, shape.tubercle_radius),
    ):
        if middle is not None:
            yield _ball(np.array(middle, np.float32), radius)


def _ball(middle: NDArray[np.floating], radius: float) -> Field:
    """Return the field of a sphere, for points of either side."""

    def field(points: Points) -> Distances:
        x, y, z = (
            np.abs(points[:, 0]) - middle[0],
            points[:, 1] - middle[1],
            points[:, 2] - middle[2],
        )
        return np.sqrt(x * x + y * y + z * z) - np.float32(radius)

    return field


def part_of(points: Points, size: BodySize, shape: VertebraShape) -> NDArray[np.intp]:
    """Return the index in `PARTS` of the part that each point belongs to.

    The nearest raw part decides, but for the plate of the arch, which is one piece of bone: its
    lower corners are inferior articular processes, the isthmus above these is the pars, and
    what lies between the two sides is lamina.
    """
    pieces = parts(points, size, shape)
    kind = pieces.argmin(axis=0)
    pars, lamina, inferior = (
        PARTS.index(p) for p in ("pars", "lamina", "inferior_articular_process")
    )
    arch = np.flatnonzero(np.isin(kind, (pars, lamina, inferior)))
    x, z = np.abs(points[arch, 0]), points[arch, 2]
    (top_x, _, top_z), (base_x, _, base_z) = shape.pillar, shape.iap_base
    border = np.interp(z, [base_z, top_z], [base_x, top_x])
    low = min(base_z + 4, shape.iap_tip[2] + 12)  # the long process of T12 begins as lamina
    is_inferior = (z < low) & (x > shape.iap_base[0] - shape.iap_half[0])
    is_pars = (z >= low) & (x > border - 2.5)
    kind[arch] = np.where(is_inferior, inferior, np.where(is_pars, pars, lamina))
    return kind


def extent(
    size: BodySize, shape: VertebraShape, margin: float = 8.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest corner of a box around the bone, in its own frame, mm."""
    s = shape
    outline = np.asarray(s.spinous_outline)
    x = max(s.tp_tip[0], 0.5 * max(size.width_upper, size.width_lower))
    top = max(0.5 * size.height, s.sap_mid[2] + s.sap_half[0])
    low = [-x, outline[:, 0].min(), min(s.iap_tip[2], outline[:, 1].min())]
    high = [x, 0.5 * max(size.depth_upper, size.depth_lower), top]
    return np.array(low) - margin, np.array(high) + margin
