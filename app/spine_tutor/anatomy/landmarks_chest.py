"""Targets of thoracic procedures, with the way in from the skin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spine_tutor.anatomy.landmarks_lumbar import behind_dura, facet, outward
from spine_tutor.anatomy.places import Places, middle
from spine_tutor.anatomy.ribs import SIGN
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.subject import Landmark

Array = NDArray[np.float64]

PARAVERTEBRAL = {
    "female": (25.0, 22.0, 18.0),
    "male": (27.0, 25.0, 20.0),
    "pooled": (26.0, 23.5, 19.0),
}
"""From the midline to the entry at upper, middle and lower levels, mm, by sex (literature)."""
TRIED, STRIDE = 1500, 60
"""Voxels of the paravertebral fat, the nearest first, of which every 60th is tried for a tip
that a needle can reach without touching the intercostal artery."""
OFF_PLEURA = 2.0
"""How far before an intercostal nerve, which lies on the pleura, the tip is held, mm (estimate)."""
ANGLE = 62.0
"""From the midline to the angle of a rib, lateral to the long muscles, mm (estimate)."""
NEARER = (0.0, 6.0, 12.0, 18.0)
"""How much nearer to the midline a nerve is met where the shoulder blade covers the angle of its
rib, mm (estimate)."""
STEEP = {"t1": 0.5, "t2": 0.7, "t3": 0.8, "t4": 0.9, "t5": 1.1, "t8": 1.1, "t9": 0.8, "t10": 0.5,
         "t12": 0.3}  # fmt: skip
"""How steeply from below an interlaminar needle rises, mm up a mm forwards (estimate)."""
ROUND_CORNER = 1.5
"""How far along its turn round a corner a nerve is met, where it is nearest to the bone, mm (E)."""
UPPER = ("t1", "t2", "t3", "t4")
"""Levels whose facet joints stand beside the foramen, so that it is entered from the side
(estimate)."""
LUMBAR_LIKE = ("t12", "l1")
"""The segment whose facet joints stand sagittally and are entered from behind and aside
(recalled, unverified)."""
MIDLINE_OUT = ("t5", "t6", "t7", "t8")
"""Levels whose spinous processes overhang, so that the way in is paramedian only (estimate)."""

_BLOCK = "paravertebral space below the transverse process; distance from the midline (literature)"
_BRANCH = "superolateral corner of the transverse process, T6–T9 above it (Chua and Bogduk 1995)"
_TIP = "superolateral tip of the transverse process, crossed in 28 of 40 sides (Koutp 2022)"
_JUNCTION = "junction of superior articular and transverse process, as in the loins (Koutp 2022)"
_RIB_JOINT = "posterior edge of the costotransverse joint (estimate)"
_FACET = "lower end of the joint, which lies in the coronal plane (recalled, unverified)"
_LAMINAR = "posterior epidural space behind the dura, between the laminae (literature)"
_FORAMEN = "upper foramen behind the root, under the pedicle (estimate)"
_RIB = "costal groove at the angle of the rib (recalled, unverified)"


def targets(places: Places) -> Iterator[Landmark]:
    """Yield the targets of the levels that the region holds whole."""
    for number in range(1, 13):
        level = f"t{number}"
        for side in SIDES:
            yield _branch(places, level, side)
            yield _foramen(places, level, side)
            if number < 12:
                yield _paravertebral(places, number, side)
                yield _intercostal(places, level, side)
            if number < 11:
                yield _rib_joint(places, level, side)
    for upper, lower in places.column.segments:
        for side in SIDES:
            joint = facet if (upper, lower) == LUMBAR_LIKE else _facet
            yield joint(places, upper, lower, side)
            if places.has_flavum(upper, lower):
                yield _interlaminar(places, upper, lower, side)
        if upper not in MIDLINE_OUT and places.has_flavum(upper, lower):
            yield _interlaminar(places, upper, lower, None)


def _title(level: str, side: str) -> str:
    return f"{level.upper()} {side}"


def _paravertebral(places: Places, number: int, side: str) -> Landmark:
    """In the fat between the pleura and the ligament under a transverse process, off its artery."""
    level = f"t{number}"
    process = places.local(f"{level}_transverse_process_{side}", level)
    across = PARAVERTEBRAL[places.sex][(number > 4) + (number > 8)]
    near = process[np.abs(np.abs(process[:, 0]) - across) < 3.0]
    near = near if len(near) else process
    point = places.world(level, SIGN[side] * across, near[:, 1].min() + 18.0, near[:, 2].min() - 4)
    out = outward(places, level, side, 0.0, 8.0)
    fat = places.fat_near(point, 14.0, f"paravertebral_fat_{side}")[:TRIED:STRIDE]
    ligament = places.structures[f"superior_costotransverse_ligament_t{number + 1}_{side}"].label
    before = [tip for tip in fat if (places.labels(places.straight(tip, out)) == ligament).any()]
    return places.mark(
        f"{level}_paravertebral_target_{side}",
        f"{_title(level, side)} paravertebral block",
        np.array(before or [*fat, point]),
        _BLOCK,
        out,
        each=0.1,
    )


def _branch(places: Places, level: str, side: str) -> Landmark:
    """On the nerve at the superolateral corner of the transverse process, or on that corner.

    On T12 it is where the nerve is nearest to both the transverse and the articular process.
    """
    process = places.local(f"{level}_transverse_process_{side}", level)
    corner = process[np.argmax(np.abs(process[:, 0]) + process[:, 2])]
    point, source, oblique, down = places.world(level, *corner), _BRANCH, 5.0, 10.0
    nerve = places.tubes.get(f"t{int(level[1:]) - 1}_medial_branch_{side}")
    if nerve is not None:
        off = np.linalg.norm(nerve.path - point, axis=1)
        turn = nerve.path[off < off.min() + ROUND_CORNER]
        gap = cKDTree(places.points(f"{level}_transverse_process_{side}")).query(turn)[0]
        point = turn[np.argmin(gap)]
    if nerve is not None and level == "t12":
        bones = (f"t12_{part}_process_{side}" for part in ("transverse", "superior_articular"))
        far = [cKDTree(places.points(bone)).query(nerve.path)[0] for bone in bones]
        point = nerve.path[np.argmin(np.maximum(*far))]
        source, oblique, down = _JUNCTION, 30.0, -10.0
    elif level == "t11":
        source = _TIP
    return places.mark(
        f"{level}_medial_branch_target_{side}",
        f"Medial branch target on {_title(level, side)}",
        point,
        source,
        outward(places, level, side, oblique, down),
    )


def _foramen(places: Places, level: str, side: str) -> Landmark:
    """Behind and above the ganglion."""
    ganglion = places.points(f"{level}_dorsal_root_ganglion_{side}").mean(axis=0)
    frame = places.column.frames[level]
    point = ganglion + 2.5 * frame[:3, 2] - 2.0 * frame[:3, 1]
    return places.mark(
        f"{level}_transforaminal_target_{side}",
        f"{_title(level, side)} transforaminal target",
        places.in_fat(point),
        _FORAMEN,
        outward(places, level, side, 65.0 if level in UPPER else 35.0, 0.0),
    )


def _intercostal(places: Places, level: str, side: str) -> Landmark:
    """In the muscle behind the nerve, as far from the midline as the angle of its rib."""
    path = places.tubes[f"intercostal_nerve_{level}_{side}"].path
    frame = places.column.frames[level]
    off = np.abs((path - frame[:3, 3]) @ frame[:3, 0])
    across = min(ANGLE, 0.9 * float(off.max())) - np.array(NEARER)
    nerve = path[np.argmin(np.abs(off - across[:, None]), axis=1)]
    out = np.array([0.1 * SIGN[side], -1.0, -0.35])
    if level in ("t1", "t2"):  # over the rib below, behind the shoulder blade
        out = np.array([0.4 * SIGN[side], -1.0, 0.6])
    muscle = f"intercostal_muscles_{side}"
    tips = [places.in_fat(point, 3.0, muscle) for point in nerve + OFF_PLEURA * out]
    return places.mark(
        f"{level}_intercostal_target_{side}",
        f"{_title(level, side)} intercostal block at the angle of the rib",
        np.array(tips),
        _RIB,
        out,
    )


def _rib_joint(places: Places, level: str, side: str) -> Landmark:
    joint = places.local(f"costotransverse_joint_{level}_{side}", level)
    back = joint[joint[:, 1] < np.percentile(joint[:, 1], 10)]
    return places.mark(
        f"{level}_costotransverse_target_{side}",
        f"{_title(level, side)} costotransverse joint",
        places.world(level, *middle(back)),
        _RIB_JOINT,
        outward(places, level, side, *((65.0, 0.0) if level in ("t1", "t2") else (10.0, 15.0))),
    )


def _facet(places: Places, upper: str, lower: str, side: str) -> Landmark:
    """At the lower end of the joint."""
    joint = places.local(f"{upper}_{lower}_facet_joint_{side}", upper)
    low = joint[joint[:, 2] < np.percentile(joint[:, 2], 12)]
    return places.mark(
        f"{upper}_{lower}_facet_target_{side}",
        f"{upper.upper()}–{lower.upper()} {side} facet joint entry",
        places.world(upper, *middle(low)),
        _FACET,
        outward(places, upper, side, 5.0, 55.0),
    )


def _interlaminar(places: Places, upper: str, lower: str, side: str | None) -> Landmark:
    """Behind the dura between the laminae, in the midline or a little beside it."""
    sign = SIGN[side] if side else 0.0
    frame = places.column.disc_frame(f"{upper}_{lower}")
    numbers = [int(level[1:]) for level in STEEP]
    number = int(upper[1:]) if upper.startswith("t") else 0
    steep = float(np.interp(number, numbers, list(STEEP.values())))
    which = f"{side} paramedian interlaminar" if side else "interlaminar"
    id_ = f"paramedian_interlaminar_target_{side}" if side else "interlaminar_target"
    return places.mark(
        f"{upper}_{lower}_{id_}",
        f"{upper.upper()}–{lower.upper()} {which} target",
        behind_dura(places, upper, lower, 3.0 * sign),
        _LAMINAR,
        frame[:3, :3] @ [0.25 * sign, -1.0, -steep],
    )
