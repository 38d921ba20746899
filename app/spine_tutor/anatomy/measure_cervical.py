"""Measuring C1–C7 as an anatomist measures a bone, to hold the model to the table."""

from __future__ import annotations

import numpy as np

from spine_tutor.anatomy import cervical
from spine_tutor.anatomy.cervical_shape import AtlasShape, CervicalShape, Pierced, Pillared
from spine_tutor.anatomy.column import BodySize
from spine_tutor.anatomy.fields import Distances, Field, Points
from spine_tutor.anatomy.ruler import outside, run

_X, _Y, _Z = np.eye(3)


def measure_cervical(bone: Field, size: BodySize, shape: Pierced) -> dict[str, float]:
    """Return the measures of the morphometry table that a level has, in mm.

    Args:
        bone: distance to the bone, of points in its own frame.
        size: the sizes of its body and canal.
        shape: what tells the atlas, the axis and the levels below apart.
    """
    found = {"transverse_process_span": _span(bone, shape)}
    if isinstance(shape, AtlasShape):
        return found | _ring(bone)
    assert isinstance(shape, Pillared)
    found |= _body(size, shape) | _canal(bone, size, shape) | _spinous(bone, size, shape)
    if isinstance(shape, CervicalShape):
        found |= _pedicle(bone, size, shape) | _foramen(bone, size, shape)
    else:
        # where the dens stands, the axis has no upper endplate
        found = {n: v for n, v in found.items() if n not in _OF_UPPER_ENDPLATE}
    return found


_OF_UPPER_ENDPLATE = ("endplate_width_upper", "endplate_depth_upper")


def _span(bone: Field, shape: Pierced) -> float:
    """Return the breadth of the whole bone, which is that of its transverse processes."""
    x, y, z = (
        a.ravel()
        for a in np.meshgrid(
            np.arange(18, 48, 0.5), np.arange(-16, 8, 1.0), np.arange(-12, 8, 1.0), indexing="ij"
        )
    )
    points = np.stack([x, y, z], axis=1).astype(np.float32)
    return 2 * float(x[bone(points) < 0].max() + 0.25)


def _ring(bone: Field) -> dict[str, float]:
    """Return breadth and depth of the opening of the atlas."""
    free = outside(bone)
    return {
        "canal_width": max(run(free, (0, y, -1), _X) for y in np.arange(-18, -4, 1.0)),
        "canal_depth": min(run(free, (0, 0, z), _Y) for z in (-4, -3, -2, -1, 0)),
    }


def _body(size: BodySize, shape: Pillared) -> dict[str, float]:
    """Return the sizes of the body between its uncinate processes."""

    def body(points: Points) -> Distances:
        return cervical.body(points, size, shape)

    half, back = 0.5 * size.height, -0.5 * size.depth
    slope = (size.height_anterior - size.height_posterior) / (2 * size.depth)
    rims, inset = np.arange(0.5, 3.5, 0.5), np.arange(1.0, 3.5, 0.5)
    found: dict[str, float] = {}
    for side, sign in (("upper", 1), ("lower", -1)):
        found[f"endplate_width_{side}"] = max(
            run(body, (0, y, sign * (half + slope * y - rim)), _X)
            for rim in rims
            for y in np.arange(-4, 2, 1.0)
        )
        found[f"endplate_depth_{side}"] = max(
            run(body, (0, 0, sign * (half - rim)), _Y) for rim in rims
        )
    found["body_height_anterior"] = max(run(body, (0, -back - i, 0), _Z) for i in inset)
    found["body_height_posterior"] = max(
        run(body, (x, back + i, 0), _Z) for i in inset for x in (0, 3, 6)
    )
    return found


def _canal(bone: Field, size: BodySize, shape: Pillared) -> dict[str, float]:
    free, middle = outside(bone), -0.5 * size.depth - 0.4 * size.canal_depth
    top = shape.canal_top
    return {
        "canal_width": min(
            max(run(free, (0, y, z), _X) for y in middle + np.arange(-3, 6, 1.0))
            for z in top + np.arange(-2, 3, 1.0)
        ),
        "canal_depth": min(run(free, (0, middle, z), _Y) for z in top + np.arange(-6, 3, 1.0)),
    }


def _pedicle(bone: Field, size: BodySize, shape: CervicalShape) -> dict[str, float]:
    """Return the least width, square to its slanting axis, and height of the pedicle."""
    end = np.array(shape.pedicle_end)
    start = np.array([0.5 * (size.canal_width + shape.pedicle_width) - 4.5, 0, shape.pedicle_z])
    start[1] = -0.5 * size.depth + 5
    ahead = (end - start) * (1, 1, 0)
    ahead /= np.linalg.norm(ahead)
    aside = np.cross(ahead, _Z)
    through = [start + t * (end - start) for t in np.arange(0.35, 0.8, 0.05)]
    widths = [run(bone, point, aside) for point in through]
    heights = [run(bone, point, _Z) for point in through]
    return {
        "pedicle_width": min(w for w in widths if w > 0),
        "pedicle_height": min(h for h in heights if h > 0),
    }


def _spinous(bone: Field, size: BodySize, shape: Pillared) -> dict[str, float]:
    """Return the way from the upper posterior corner of the body to the farthest tip."""
    slope = (size.height_anterior - size.height_posterior) / (2 * size.depth)
    corner = np.array([0, -0.5 * size.depth, 0.5 * (size.height - slope * size.depth)])
    x, y, z = (
        a.ravel()
        for a in np.meshgrid(np.arange(0, 7, 1.0), np.arange(-65, -24, 0.5), np.arange(-35, 5, 0.5))
    )
    points = np.stack([x, y, z], axis=1).astype(np.float32)
    tip = points[bone(points) < 0] * (0, 1, 1)  # as seen from the side
    return {"spinous_process_length": float(np.linalg.norm(tip - corner, axis=1).max() + 0.25)}


def _foramen(bone: Field, size: BodySize, shape: CervicalShape) -> dict[str, float]:
    """Return the width of the transverse foramen and its way to the uncinate process."""
    (x, y, z), _, _ = cervical.transverse_foramen(shape)
    free, floor = outside(bone), shape.bridge[2]  # the groove for the root lies above it
    width = min(run(free, (x, y, floor + dz), _X) for dz in np.arange(-0.5, 1.0, 0.25))
    inner = x
    while bone(np.array([[inner, y, z]], np.float32))[0] > 0 and inner > 0:
        inner -= 0.1
    return {
        "transverse_foramen_width": width,
        "uncinate_to_transverse_foramen": inner - 0.5 * size.width_upper,
    }
