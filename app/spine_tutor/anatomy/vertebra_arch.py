"""The arch of a thoracic or lumbar vertebra: what springs from its body, piece by piece.

Everything here is in the vertebra's own frame (`column`), mm, and for folded points: paired parts
are written once, for the right side. What is broad and thin in a bone is a `plate` through its
landmarks: the laminae with the inferior articular processes, the lumbar superior articular
processes, the transverse processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from spine_tutor.anatomy.column import BodySize
from spine_tutor.anatomy.fields import (
    Distances,
    Field,
    Points,
    limb,
    union,
)
from spine_tutor.anatomy.plate import plate
from spine_tutor.anatomy.vertebra_shape import VertebraShape

PIECES = (
    "pedicle",
    "lamina",
    "superior_articular_process",
    "transverse_process",
    "spinous_process",
)
"""The order of `arch`; the lamina's piece is all of its plate, with pars and lower process."""

REACH = 12.0
"""How far from a piece of the arch its distance counts, mm.

More than twice the widest blend, 5 mm, for distances off the surface are only of first order.
"""

EDGE = 2.0
"""Rounding of the borders of plates, mm (estimate, by eye)."""

Array = NDArray[np.float64]
_RIGHT = (1.0, 0.0, 0.0)


@lru_cache(maxsize=32)
def arch(size: BodySize, shape: VertebraShape) -> tuple[Field, ...]:
    """Return the fields of `PIECES`; farther than `REACH` from one it may be `FAR`."""
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
    return pedicle, _lamina(s), superior_process(s), _transverse(s), _spinous(s)


def _lamina(shape: VertebraShape) -> Field:
    """Return lamina, pars and inferior articular process: one plate, narrow at the isthmus.

    Its lower border is notched between the process and the root of the spinous
    one. The two sides meet as a roof, whose ridge the spinous process covers. The facet is what
    the process below cuts off in front.
    """
    s = shape
    pillar, pars, base, tip = (np.array(p) for p in (s.pillar, s.pars, s.iap_base, s.iap_tip))
    top, bottom = (np.array([0, *p]) for p in (s.lamina_top, s.lamina_bottom))
    (thick_top, thick_bottom), (wide, deep) = s.lamina_half, s.iap_half
    out, up = np.eye(3)[0], np.eye(3)[2]
    notch = bottom + (tip - bottom) * s.lamina_notch[0] / tip[0]
    notch[2] = s.lamina_notch[1]
    # flat behind: where the plate thins towards its borders its middle lies further back
    flush = np.array([0, -0.25 * deep, 0])
    waist = s.pars_half[0] * out
    border = [
        (*_beyond(top, pars), thick_top),
        (*(0.55 * top + 0.45 * pillar + 0.5 * up), thick_top),
        (*(pillar + 4 * up), s.pillar_half[1]),
        (*(0.5 * (pillar + pars) + waist + 0.5 * out), 0.85 * s.pars_half[1]),
        (*(pars + waist), 0.75 * s.pars_half[1]),
        (*(base + wide * out + flush), 0.75 * deep),
        (*(tip + 0.9 * wide * out + flush), 0.65 * deep),
        (*(tip + 0.5 * wide * out + flush - s.iap_end * up), 0.5 * deep),
        (*(tip - 0.4 * wide * out + flush - s.iap_end * up), 0.5 * deep),
        (*notch, 0.5 * (0.65 * deep + thick_bottom)),
        (*_beyond(bottom, base), thick_bottom),
    ]
    inner = [
        (*pars, s.pars_half[1]),
        (*base, deep),
        (*tip, 0.85 * deep),
        (*(0.5 * (top + bottom)), 0.5 * (thick_top + thick_bottom)),
    ]
    return plate(border, inner, EDGE)


def _beyond(middle: Array, side: Array) -> Array:
    """Return a place 4 mm past the midline, on the line from one beside it."""
    past: Array = middle + 4.0 / side[0] * (middle - side) * [1, 1, 0]
    return past


@lru_cache(maxsize=64)
def superior_process(shape: VertebraShape) -> Field:
    """Return the right superior articular process, folded points.

    A lumbar one is a plate bent round its facet, the mamillary process on its back edge; a
    thoracic one is a flat blade, three-sided.
    """
    s = shape
    if s.sap_tip_half is not None:
        return _blade(s, s.sap_tip_half)
    front, mid, back = (np.array(p) for p in (s.sap_front, s.sap_mid, s.sap_back))
    half, thin = s.sap_half
    up = half * np.array([0, s.sap_lean, 1]) / np.hypot(1, s.sap_lean)
    ahead = 0.8 * thin * _unit((front - mid)[:2])
    behind = 0.8 * thin * _unit((back - mid)[:2])
    border = [
        (*(front + ahead), 0.7 * thin),
        (*(front + 0.75 * up), 0.65 * thin),
        (*(mid + up), 0.65 * thin),
        (*(back + 0.85 * up), 0.8 * thin),
        (*(back + behind + 0.3 * up), 0.9 * thin),
        (*(back + 0.7 * behind - 0.5 * up), 0.9 * thin),
        (*(0.5 * (mid + back) - up), thin),
        (*(0.5 * (front + mid) - 0.9 * up), thin),
    ]
    inner = [(*p, thin) for p in (front, mid, back)]
    mamillary = np.add(s.sap_back, (0.5 * thin, -0.5 * thin, 0.1 * half))
    return _joined(plate(border, inner, EDGE), ball(mamillary, 0.75 * thin), 4.0)


def _blade(shape: VertebraShape, tip_half: float) -> Field:
    """Return a superior articular process whose flat facet looks back, broad below, narrow on top.

    The landmarks `sap_front` and `sap_back` are the medial and lateral edges of its facet.
    """
    medial, lateral, mid = (np.array(p) for p in (shape.sap_front, shape.sap_back, shape.sap_mid))
    half, thin = shape.sap_half
    across = _unit((lateral - medial)[:2])
    base_half = 0.5 * float(np.hypot(*(lateral - medial)[:2])) + 1.15 * thin
    middle = np.append(0.25 * (medial + lateral)[:2] + 0.5 * mid[:2], mid[2])
    up = half * np.array([0, -shape.sap_lean, 1])
    rows = [(-0.7, base_half, 1.2), (0.0, base_half, 1.2), (0.65, tip_half, 0.8),
            (1.03, 0.55 * tip_half, 0.6)]  # fmt: skip
    sides = [
        [(*(middle + h * up + sign * wide * across), t * thin) for h, wide, t in rows]
        for sign in (-1, 1)
    ]
    ridge = [(*(middle - 0.5 * up), 1.2 * thin), (*(middle + 0.5 * up), thin)]
    return plate(sides[0] + sides[1][::-1], ridge, EDGE)


def _transverse(shape: VertebraShape) -> Field:
    """Return the transverse process: a flat stalk with a broader end, cut off square.

    From T11 down an accessory process sits behind and below on its root; between it and the
    mamillary process is the notch of the medial branch.
    """
    s = shape
    root, mid, tip = (np.array(p) for p in (s.pillar, s.tp_mid, s.tp_tip))
    (root_up, root_deep), (mid_up, mid_deep), (tip_up, tip_deep) = (
        s.tp_root_half, s.tp_mid_half, s.tp_tip_half,
    )  # fmt: skip
    out = np.sqrt(tip_up * tip_deep) * _unit(tip - mid)
    up = np.array([0, 0, 1.0])
    between, thick = 0.5 * (root + mid), 0.4 * (root_deep + mid_deep)
    border = [
        (*(root - root_up * up), root_deep),
        (*(between - 0.48 * (root_up + mid_up) * up), thick),
        (*(mid - 0.95 * mid_up * up), 0.65 * mid_deep),
        (*(tip - 0.3 * out - 0.95 * tip_up * up), 0.65 * tip_deep),
        (*(tip + 0.6 * out - 0.75 * tip_up * up), 0.6 * tip_deep),
        (*(tip + out), 0.6 * tip_deep),
        (*(tip + 0.5 * out + 0.75 * tip_up * up), 0.6 * tip_deep),
        (*(tip - 0.3 * out + 0.95 * tip_up * up), 0.65 * tip_deep),
        (*(mid + 0.9 * mid_up * up), 0.65 * mid_deep),
        (*(between + 0.48 * (root_up + mid_up) * up), 0.8 * thick),
        (*(root + root_up * up), 0.5 * root_deep),
    ]
    inner = [(*root, root_deep), (*mid, mid_deep), (*tip, tip_deep)]
    stalk = plate(border, inner, EDGE)
    return _joined(stalk, _accessory(s), 4.0) if s.rib_tubercle is None else stalk


def _unit(way: ArrayLike) -> Array:
    """Return a direction of length 1; one of the axial plane may lack its z."""
    full = np.zeros(3)
    full[: len(np.asarray(way))] = way
    return full / np.linalg.norm(full)


def _joined(a: Field, b: Field, blend: float) -> Field:
    return lambda points: union(a(points), b(points), blend)


def _accessory(shape: VertebraShape) -> Field:
    """Return the accessory process: a tubercle behind and below on the root of the transverse."""
    root = 0.5 * (np.array(shape.pillar) + shape.tp_mid)
    up, deep = 0.5 * (np.array(shape.tp_root_half) + shape.tp_mid_half)
    return ball(np.add(root, (0, 0.8 - deep, -0.5 * up)), 0.4 * up)


def _spinous(shape: VertebraShape) -> Field:
    """Return the spinous process: a hatchet, hollow at its sides, thick behind and below."""
    border = np.asarray(shape.spinous_outline)
    middle = border.mean(axis=0)
    root, tip = border[:, 0].max(), border[:, 0].min()
    along = PchipInterpolator(
        [tip, tip + 6, 0.45 * tip + 0.55 * root, root],
        [shape.spinous_half[n] for n in (2, 2, 1, 0)],
    )
    low = np.clip((middle[1] - border[:, 1]) / 10, -1, 1)
    sides = middle + 0.4 * (border - middle)

    def marks(places: Array, half: Array) -> Array:
        return np.column_stack([0 * half, places, half])

    return plate(
        marks(border, along(border[:, 0]) * (1 + 0.2 * low)),
        marks(sides, 0.85 * along(sides[:, 0])),
        EDGE,
    )


def ball(middle: Sequence[float] | NDArray[np.floating], radius: float) -> Field:
    """Return the field of a sphere, for points of either side."""

    def field(points: Points) -> Distances:
        x, y, z = (
            np.abs(points[:, 0]) - middle[0],
            points[:, 1] - middle[1],
            points[:, 2] - middle[2],
        )
        return np.sqrt(x * x + y * y + z * z) - np.float32(radius)

    return field
