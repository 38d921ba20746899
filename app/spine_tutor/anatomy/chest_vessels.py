"""Vessels and airways of the chest: great vessels, oesophagus, intercostal vessels.

Positions and sizes are estimates after axial CT of adults, mm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.nerves import Roots
from spine_tutor.anatomy.ribs import SIGN, RibModel
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.tubes import STEP, Tube, hugging, smooth, tube
from spine_tutor.anatomy.vessels import (
    RADICULAR,
    SEGMENTAL,
    before_bodies,
    beside_root,
    foramen_mouth,
    round_body,
)

Array = NDArray[np.float64]

AORTA = (15.0, 14.0, 12.0, 10.5)
"""Radius of the aorta from the heart to the diaphragm, mm."""
OFF_AORTA = 5.0
"""From the bodies to the wall of the aorta, mm: the hemiazygos vein crosses behind it (E)."""
AZYGOS = 4.0
HEMIAZYGOS = (2.8, 2.8, 2.0)
"""Radius of the veins along the column, mm; the left one is flat behind the aorta (E)."""
INTERCOSTAL_VEIN = 1.1
FIRST_AORTIC = 3
"""The first level whose intercostal artery comes from the aorta."""
FIRST_HEMIAZYGOS = 9
"""The first level whose left vein goes to the hemiazygos vein."""
IN_GROOVE = {"vein": 1.2, "artery": -0.8, "nerve": -2.8}
"""Height of vein, artery and nerve in the costal groove, from its middle, mm: from above down."""

Places = tuple[tuple[str, float, float, float], ...]
"""Places of a way as x, y, z from the middle of a body, at the size of the case."""
_WAYS: Mapping[str, tuple[Places, tuple[float, ...]]] = {
    "superior_vena_cava": (
        (("t3", 30, 63, -6), ("t4", 33, 66, 0), ("t5", 38, 70, 0),
         ("t6", 37, 77, 0), ("t7", 34, 86, 0)), (8.5, 9.5)),
    "brachiocephalic_vein_right": (
        (("t1", 38, 50, -2), ("t2", 33, 59, 0), ("t3", 30, 63, -4)), (7.0, 8.0)),
    "brachiocephalic_vein_left": (
        (("t1", -38, 50, -4), ("t2", -33, 62, -6), ("t3", -16, 72, 2), ("t3", 4, 75, -2),
         ("t3", 18, 70, -4), ("t3", 29, 64, -6)), (7.0, 7.0)),
    "pulmonary_arteries": (
        (("t7", -19, 110, 2), ("t6", -20, 97, 0), ("t6", -28, 66, 10), ("t6", -48, 50, 8)),
        (13.0, 12.0, 9.0)),
    "inferior_vena_cava": (
        (("t8", 22, 78, -8), ("t9", 26, 64, 0), ("t10", 27, 50, 0), ("t12", 26, 38, 0),
         ("l1", 24, 32, 0), ("l1", 24, 34, -40)), (11.0, 11.0)),
    "oesophagus": (
        (("c7", -2, 17.5, 22), ("c7", -3, 17.5, 0), ("t1", -4, 18, 0), ("t3", -4, 20, 0),
         ("t5", -2, 24, 0), ("t7", 2, 28, 0), ("t9", 6, 37, 0), ("t10", -3, 52, 0),
         ("t11", -30, 56, 8)), (6.0, 6.0, 7.0, 7.0)),
}  # fmt: skip
_RIGHT_PULMONARY: Places = (("t6", -20, 90, 0), ("t6", 10, 62, -4), ("t6", 44, 56, -6))
_WINDPIPE: Places = (("c7", 0, 34, 24), ("c7", 0, 34, 0), ("t1", 0, 37, 0), ("t3", 1, 40, 0),
             ("t5", 2, 41, 4))  # fmt: skip
_BRONCHI: tuple[Places, ...] = (
    (("t5", 2, 41, 5), ("t5", 16, 38, -12), ("t6", 32, 36, -8), ("t7", 44, 36, -12)),
    (("t5", 2, 41, 5), ("t5", -18, 45, -21), ("t6", -38, 44, -20), ("t7", -52, 40, -18)),
)
_BRANCHES: tuple[Places, ...] = (
    (("t4", 6, 64, 8), ("t3", 13, 55, 0), ("t1", 24, 42, 0), ("c7", 32, 36, 8)),
    (("t4", -7, 62, 10), ("t3", -13, 50, 0), ("t1", -22, 38, 0), ("c7", -28, 36, 20)),
    (("t4", -22, 46, 10), ("t3", -25, 34, 0), ("t1", -34, 34, 0), ("c7", -50, 40, -8)),
)
_ARCH: Places = (("t7", 10, 91, 4), ("t6", 13, 90, 0), ("t5", 13, 72, 0), ("t4", 7, 66, -5),
                 ("t4", -8, 66, -1), ("t4", -22, 54, 2), ("t4", -27, 38, 2),
                 ("t4", -27, 24, -4))  # fmt: skip


def great_vessels(column: Column, size: float) -> Iterator[Tube]:
    """Yield airways, aorta, oesophagus and great veins."""
    pipes = [(_WINDPIPE, (8.0, 8.0)), *((rows, (7.0, 5.0)) for rows in _BRONCHI)]
    for name, wall in (("airway", 0.0), ("trachea", 1.6)):
        for way, inside in pipes:
            yield tube(name, _way(column, way, size), [size * (r + wall) for r in inside])
    yield tube("aorta", aorta_path(column, size), [size * r for r in AORTA])
    for branch in _BRANCHES:
        yield tube("supra_aortic_arteries", _way(column, branch, size), [5.5 * size, 4.0 * size])
    for name, (way, radius) in _WAYS.items():
        yield tube(name, _way(column, way, size), [size * r for r in radius])
    to_right = _way(column, _RIGHT_PULMONARY, size)
    yield tube("pulmonary_arteries", to_right, [10.0 * size, 8.0 * size])
    yield tube("azygos_vein", azygos_path(column, size), AZYGOS * size)
    left = [size * r for r in HEMIAZYGOS]
    yield tube("hemiazygos_vein", hemiazygos_path(column, size), left)


def _way(column: Column, places: Places, size: float) -> Array:
    points = [column.frames[level][:3, 3] + size * np.array(at) for level, *at in places]
    return smooth(points)


def aorta_path(column: Column, size: float) -> Array:
    """Return the middle of the aorta from the heart over its arch to L1, (n, 3) mm.

    It rises right of the pulmonary trunk, arches before and left of the trachea over the left
    bronchus, and descends left of the bodies of T5 to T8 and from there to the midline.
    """
    down = _descent(column, size)
    rise = [column.frames[level][:3, 3] + size * np.array(at) for level, *at in _ARCH]
    return smooth([*rise, *down, down[-1] - [0.0, 0.0, 40.0 * size]])


def descending_aorta(column: Column, size: float) -> Array:
    """Return the stretch of `aorta_path` that lies on the bodies, from the lower end of T4 down."""
    path = aorta_path(column, size)
    level, *at = _ARCH[-1]
    top = column.frames[level][:3, 3] + size * np.array(at)
    return path[int(np.argmin(np.linalg.norm(path - top, axis=1))) :]


def _descent(column: Column, size: float) -> list[Array]:
    places = {"t5": -25.0, "t6": -24.0, "t7": -23.0, "t8": -20.0, "t9": -16.0, "t10": -11.0,
              "t11": -7.0, "t12": -4.0, "l1": -5.0}  # fmt: skip
    at = {level: (size * x, 0.0) for level, x in places.items()}
    return before_bodies(column, AORTA[2] * size, at, OFF_AORTA)


def azygos_path(column: Column, size: float) -> Array:
    """Return the azygos vein from below, right before the bodies, over the bronchus to the cava."""
    places = {"l1": 10.0, "t12": 9.0, "t10": 9.0, "t8": 10.0, "t6": 12.0, "t5": 14.0}
    up = before_bodies(column, AZYGOS * size, {k: (size * x, 0.0) for k, x in places.items()})
    over = [(18, 26, 6), (26, 44, 8), (25, 60, 2)]
    top = column.frames["t4"][:3, 3]
    return smooth([*up, *(top + size * np.array(at) for at in over)])


def hemiazygos_path(column: Column, size: float) -> Array:
    """Return the hemiazygos vein from below, left of the bodies, across the disc below T8 to the
    azygos vein.
    """
    thick, flat = HEMIAZYGOS[0] * size, HEMIAZYGOS[-1] * size
    places = {"l1": -21.0, "t12": -20.0, "t10": -19.0, "t9": -19.5}
    up = before_bodies(column, thick, {k: (size * x, 0.0) for k, x in places.items()}, 2.0)
    # below the arteries of the level, before the disc
    across = [before_bodies(column, flat, {"t8": (x * size, z * size)}, 1.2)[0]
              for x, z in ((-16.0, -15.0), (-8.0, -12.0), (0.0, -11.5), (9.0, -10.0))]  # fmt: skip
    return smooth([*up, *across])


def intercostal_vessels(
    skeleton: Skeleton, column: Column, roots: Roots, size: float
) -> Iterator[Tube]:
    """Yield posterior intercostal arteries and veins and the radicular arteries.

    The first two arteries come down from the neck before the necks of the ribs; the others leave
    the aorta and go round the bodies. Veins go to the azygos and hemiazygos veins.
    """
    aorta = descending_aorta(column, size)
    veins = {
        "azygos": (azygos_path(column, size), AZYGOS * size),
        "hemiazygos": (hemiazygos_path(column, size), HEMIAZYGOS[0] * size),
    }
    for number in range(1, 12):
        level = f"t{number}"
        for side in SIDES:
            rib, sign = skeleton.thorax.ribs[f"rib_{number}_{side}"], SIGN[side]
            root = roots.get((level, side))
            mouth = foramen_mouth(column, root, level, sign)
            for near in (rib, skeleton.thorax.ribs[f"rib_{number + 1}_{side}"]):
                off = np.zeros(1, bool)
                mouth = hugging(near.whole, mouth[None], SEGMENTAL + 0.6, off)[0]
            artery = f"posterior_intercostal_artery_{level}_{side}"
            yield tube(artery, in_groove(rib, mouth, "artery", SEGMENTAL), [SEGMENTAL, 0.7])
            if number >= FIRST_AORTIC:
                trunk = aorta, AORTA[2] * size
                path = round_body(skeleton, column, level, sign, trunk, mouth)
                yield tube(artery, path, [SEGMENTAL, 0.8 * SEGMENTAL])
            else:
                neck = rib.crest_of_neck() + np.array([0.0, 7.0, -9.0])
                top = neck + np.array([0.0, 6.0, 22.0])
                yield tube(artery, smooth([top, neck, mouth], STEP), SEGMENTAL)
            if root is not None:
                inwards = smooth([mouth, *beside_root(column, root, level)], STEP)
                yield tube(f"radicular_artery_{level}_{side}", inwards, RADICULAR)
            vein = f"posterior_intercostal_vein_{level}_{side}"
            above = mouth + 2.6 * column.frames[level][:3, 2] + 1.2 * column.frames[level][:3, 1]
            yield tube(vein, in_groove(rib, above, "vein", INTERCOSTAL_VEIN), INTERCOSTAL_VEIN)
            if number > FIRST_AORTIC:
                into = "hemiazygos" if side == "left" and number >= FIRST_HEMIAZYGOS else "azygos"
                path = round_body(skeleton, column, level, sign, veins[into], above)
                lift = 2.6 * column.frames[level][:3, 2]
                upto = int(np.argmin(np.linalg.norm(path - above, axis=1))) + 1
                yield tube(vein, path[:upto] + lift, INTERCOSTAL_VEIN)


def in_groove(rib: RibModel, start: Array, what: str, radius: float) -> Array:
    """Return a way from the paravertebral space into the costal groove and along it.

    Args:
        rib: under which it runs.
        start: world point where it begins.
        what: a key of `IN_GROOVE`.
        radius: of what runs there, mm; it is kept off the bone.
    """
    groove = rib.groove_path()[::3] + np.array([0.0, 0.0, IN_GROOVE[what]])
    path = smooth([start, *groove], STEP)
    return hugging(rib.whole, path, radius + 0.3, np.zeros(len(path), bool))
