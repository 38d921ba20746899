"""One vertebra as an implicit surface: body, pedicles, arch and processes.

Everything here is in the vertebra's own frame (`column`): origin in the middle of the body,
x right, y anterior, z cranial. Paired parts are written once, for the right side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import radians, tan

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.column import BodySize
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    difference,
    intersection,
    mirrored,
    superellipse,
    union,
)
from spine_tutor.anatomy.vertebra_arch import PIECES, arch, ball
from spine_tutor.anatomy.vertebra_arch import superior_process as superior_process
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


def pieces(points: Points, size: BodySize, shape: VertebraShape) -> list[Distances]:
    """Return the distances to the raw pieces: the body, then `vertebra_arch.PIECES`.

    Farther than `vertebra_arch.REACH` from a piece of the arch its distance may be `FAR`.
    """
    folded = mirrored(points)
    return [body(points, size, shape), *(piece(folded) for piece in arch(size, shape))]


def bone(points: Points, size: BodySize, shape: VertebraShape) -> Distances:
    """Return the distance to the whole bone, before its facets are cut for its neighbours."""
    body_, pedicle, lamina, sap, transverse, spinous = pieces(points, size, shape)
    whole = union(lamina, spinous, 7.0)
    whole = union(whole, sap, 3.0)
    whole = union(whole, transverse, 4.0)
    whole = union(whole, pedicle, 3.0)
    tube = canal(points, size, shape)
    whole = difference(whole, tube, 1.5)
    if shape.encroach:  # worn joints grow into the canal
        medial = np.float32(shape.iap_base[0] - shape.iap_half[0])
        joints = union(sap, intersection(lamina, medial - np.abs(points[:, 0]), 1.0), 1.0)
        whole = union(whole, difference(joints, tube + shape.encroach, 1.5), 1.5)
    whole = union(whole, body_, 5.0)
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
            yield ball(np.array(middle, np.float32), radius)


def part_of(points: Points, size: BodySize, shape: VertebraShape) -> NDArray[np.intp]:
    """Return the index in `PARTS` of the part that each point belongs to.

    The nearest raw part decides, but for the plate of the arch, which is one piece of bone: its
    lower corners are inferior articular processes, the isthmus above these is the pars, and
    what lies between the two sides is lamina.
    """
    nearest = np.stack(pieces(points, size, shape)).argmin(axis=0)
    kind = np.array([PARTS.index(name) for name in ("body", *PIECES)])[nearest]
    pars, lamina, inferior = (
        PARTS.index(p) for p in ("pars", "lamina", "inferior_articular_process")
    )
    plate = np.flatnonzero(kind == lamina)
    x, z = np.abs(points[plate, 0]), points[plate, 2]
    (top_x, _, top_z), (base_x, _, base_z) = shape.pillar, shape.iap_base
    border = np.interp(z, [base_z, top_z], [base_x, top_x])
    low = min(base_z + 4, shape.iap_tip[2] + 12)  # the long process of T12 begins as lamina
    is_inferior = (z < low) & (x > shape.iap_base[0] - shape.iap_half[0])
    is_pars = (z >= low) & (x > border - 2.5)
    kind[plate] = np.where(is_inferior, inferior, np.where(is_pars, pars, lamina))
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
