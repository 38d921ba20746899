"""Targets of cervical procedures, with the way in from the skin that each view recommends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.landmarks_lumbar import behind_dura, outward
from spine_tutor.anatomy.places import Places, middle, nearest
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.subject import Landmark

Array = NDArray[np.float64]

PILLARS = ("c3", "c4", "c5", "c6", "c7")
"""Levels with a medial branch on their own pillar."""
ROOTS = {"c3": "c3", "c4": "c4", "c5": "c5", "c6": "c6", "c7": "c7", "c8": "t1"}
"""By root, the vertebra whose superior articular process is behind its foramen."""
INTERLAMINAR = {("c6", "c7"): -0.8, ("c7", "t1"): -0.5, ("t1", "t2"): -0.5}
"""Segments whose posterior epidural space is deep enough to be entered from behind, and how steeply
from below a needle passes between the spinous processes (estimate)."""
FORAMEN = 120.0
"""Way to the skin from a foramen, degrees from straight behind to its own side: 60° oblique from
in front, along the axis of the foramen (literature)."""
OVER_SHOULDER = (102.0, -16.0)
"""The same to the foramen of C8, and how far downwards, degrees: from above, behind the plexus
(estimate)."""
BEFORE_PROCESS = 1.2
"""How far before the superior articular process the tip lies, mm (estimate)."""
BEFORE_TUBERCLE = 2.5
"""How far before the bone the tip of a stellate block lies, on longus colli, mm (estimate)."""
MEDIAL = (2.0, 6.0)
"""How far medial to the base of C7's transverse process longus colli is met instead where the
vertebral artery covers that base, mm (estimate)."""
STEEPEST = 35.0
"""How steeply from below a needle enters a cervical facet joint at most, degrees (estimate)."""
BESIDE_CAROTID = 118.0
"""Way to the skin from a stellate target in the plane of the probe, behind the carotid and before
the roots, degrees from straight behind (estimate)."""

_BRANCH = "middle of the pillar's outer side, on its waist; C7 higher (recalled, unverified)"
_THIRD = "outer side of the C2–C3 joint, where the third occipital nerve crosses (recalled)"
_FACET = "posterior lower edge of the joint, along its slope (recalled, unverified)"
_FORAMEN = "posterior foramen against the superior articular process, about 60° oblique, not medial to mid-pillar (foramen view: literature, tip: recalled)"  # noqa: E501
_LAMINAR = "posterior epidural space behind the dura, between the laminae (literature)"
_CONTRALATERAL = "at the ventral interlaminar line, 45–60° contralateral oblique (literature)"
_TUBERCLE = "on longus colli before Chassaignac's tubercle of C6 (recalled, unverified)"
_STELLATE = "before the base of C7's transverse process, by the ganglion; the vertebral artery is unprotected here (literature)"  # noqa: E501
_ROOT = "beside the root between its tubercles; C6 has a sharp anterior one, C7 none (literature)"
_OCCIPITAL = "on obliquus inferior under semispinalis capitis at C2 (recalled, unverified)"
_SKIN = "measured on the subject"


def targets(places: Places) -> Iterator[Landmark]:
    """Yield the targets from C2 to T2."""
    between = [pair for pair in INTERLAMINAR if places.has_flavum(*pair)]
    for side in SIDES:
        for level in PILLARS:
            yield _branch(places, level, side)
        yield _third_occipital(places, side)
        for upper, lower in places.column.segments[1:]:
            yield _facet(places, upper, lower, side)
        for root, level in ROOTS.items():
            yield _foramen(places, root, level, side)
        for upper, lower in between:
            yield _paramedian(places, upper, lower, side)
        yield from _stellate(places, side)
        for level in ("c5", "c6", "c7"):
            yield _root(places, level, side)
        for level in PILLARS:
            yield _lateral_skin(places, level, side)
        yield _occipital(places, side)
    for upper, lower in between:
        yield _interlaminar(places, upper, lower)


def _sign(side: str) -> float:
    return 1.0 if side == "right" else -1.0


def _branch(places: Places, level: str, side: str) -> Landmark:
    """On the nerve where it is farthest out on the pillar."""
    path = _local(places, places.tubes[f"{level}_medial_branch_{side}"].path, level)
    pillar = places.local(f"{level}_articular_pillar_{side}", level)
    low, high = np.percentile(pillar[:, 1], [15, 85])
    waist = path[(path[:, 1] > low) & (path[:, 1] < high)]
    waist = waist if len(waist) else path
    point = waist[np.argmax(_sign(side) * waist[:, 0])]
    return places.mark(
        f"{level}_medial_branch_target_{side}",
        f"{level.upper()} {side} medial branch target",
        places.world(level, *point),
        _BRANCH,
        outward(places, level, side, 75.0),
    )


def _third_occipital(places: Places, side: str) -> Landmark:
    joint = places.points(f"c2_c3_facet_joint_{side}").mean(axis=0)
    path = places.tubes[f"third_occipital_nerve_{side}"].path
    point = nearest(path, joint)
    title = f"{side.capitalize()} third occipital nerve target"
    out = outward(places, "c2", side, 75.0)
    return places.mark(f"third_occipital_nerve_target_{side}", title, point, _THIRD, out)


def _facet(places: Places, upper: str, lower: str, side: str) -> Landmark:
    joint = places.local(f"{upper}_{lower}_facet_joint_{side}", lower)
    slope = joint - joint.mean(axis=0)
    along = np.linalg.svd(slope[:, 1:], full_matrices=False)[2][0]
    along = along / -along[0]  # backwards and down
    behind = slope[:, 1:] @ along
    along[1] = max(along[1], -np.tan(np.radians(STEEPEST)))
    edge = joint[behind > np.percentile(behind, 92)]
    return places.mark(
        f"{upper}_{lower}_facet_target_{side}",
        f"{upper.upper()}–{lower.upper()} {side} facet joint entry",
        places.world(lower, *middle(edge)),
        _FACET,
        places.column.frames[lower][:3, :3] @ [0.08 * _sign(side), *along],
    )


def _foramen(places: Places, root: str, level: str, side: str) -> Landmark:
    """Before the superior articular process, beyond the middle of the pillar."""
    process = places.local(f"{level}_superior_articular_process_{side}", level)
    half = np.median(np.abs(process[:, 0]))
    near = process[np.abs(np.abs(process[:, 0]) - half) < 1.5]
    z = np.percentile(near[:, 2], 45)
    front = near[np.abs(near[:, 2] - z) < 1.5][:, 1].max()
    point = places.world(level, _sign(side) * half, front + BEFORE_PROCESS, z)
    point = places.in_fat(point, reach=2.5)
    return places.mark(
        f"{root}_transforaminal_target_{side}",
        f"{root.upper()} {side} transforaminal target",
        point,
        _FORAMEN,
        outward(places, level, side, *(OVER_SHOULDER if root == "c8" else (FORAMEN, 0.0))),
    )


def _interlaminar(places: Places, upper: str, lower: str) -> Landmark:
    """In the midline, where the needle passes between the spinous processes."""
    frame = places.column.disc_frame(f"{upper}_{lower}")[:3, :3]
    way = frame @ [0.0, -1.0, INTERLAMINAR[upper, lower]]
    return places.mark(
        f"{upper}_{lower}_interlaminar_target",
        f"{upper.upper()}–{lower.upper()} interlaminar target",
        behind_dura(places, upper, lower, 0.0),
        _LAMINAR,
        way,
    )


def _paramedian(places: Places, upper: str, lower: str, side: str) -> Landmark:
    frame = places.column.disc_frame(f"{upper}_{lower}")[:3, :3]
    return places.mark(
        f"{upper}_{lower}_paramedian_interlaminar_target_{side}",
        f"{upper.upper()}–{lower.upper()} {side} paramedian interlaminar target",
        behind_dura(places, upper, lower, 2.5 * _sign(side)),
        _CONTRALATERAL,
        frame @ [0.12 * _sign(side), -1.0, -0.5],
    )


def _stellate(places: Places, side: str) -> Iterator[Landmark]:
    tubercle = places.points(f"c6_anterior_tubercle_{side}")
    peak = tubercle[np.argmax(tubercle @ places.column.frames["c6"][:3, 1])]
    name = "Chassaignac's tubercle (anterior tubercle of C6)"
    title = f"{side.capitalize()} {name}"
    yield places.mark(f"c6_chassaignac_tubercle_{side}", title, peak, _SKIN)
    frame = places.column.frames["c6"]
    point = peak + BEFORE_TUBERCLE * frame[:3, 1] - 3.0 * _sign(side) * frame[:3, 0]
    point = places.in_fat(point, where=f"longus_colli_{side}")
    yield places.mark(
        f"stellate_c6_target_{side}",
        f"{side.capitalize()} stellate block target at C6",
        point,
        _TUBERCLE,
        outward(places, "c6", side, BESIDE_CAROTID),
    )
    process = places.local(f"c7_transverse_process_{side}", "c7")
    medial = process[np.abs(process[:, 0]) < np.percentile(np.abs(process[:, 0]), 35)]
    x, y, z = medial[np.argmax(medial[:, 1])]
    aside = (places.world("c7", x - _sign(side) * nearer, y + 5.5, z) for nearer in MEDIAL)
    muscle = [places.in_fat(point, 3.0, f"longus_colli_{side}") for point in aside]
    yield places.mark(
        f"stellate_c7_target_{side}",
        f"{side.capitalize()} stellate block target at C7",
        np.array([places.world("c7", x, y + BEFORE_TUBERCLE, z), *muscle]),
        _STELLATE,
        outward(places, "c7", side, BESIDE_CAROTID),
    )


def _root(places: Places, level: str, side: str) -> Landmark:
    """Behind the nerve in its groove, for a needle from behind in the plane of the probe."""
    tubercle = places.local(f"{level}_posterior_tubercle_{side}", level)
    x, y, z = tubercle[np.argmax(tubercle[:, 1])]
    nerve = places.local(f"{level}_nerve_root_{side}", level)
    off = np.linalg.norm(nerve - [x, y, z], axis=1)
    close = nerve[np.argmin(off)]
    return places.mark(
        f"{level}_root_ultrasound_target_{side}",
        f"{level.upper()} {side} root under ultrasound",
        places.world(level, *close),
        _ROOT,
        outward(places, level, side, 80.0),
    )


def _lateral_skin(places: Places, level: str, side: str) -> Landmark:
    """On the side of the neck, over the tip of the transverse process."""
    tubercle = places.points(f"{level}_posterior_tubercle_{side}")
    start = tubercle[np.argmax(_sign(side) * tubercle[:, 0])]
    way = start + np.arange(0.0, 150.0, 0.5)[:, None] * [_sign(side), 0.0, 0.0]
    labels = places.labels(way)
    skin = np.flatnonzero(labels)[-1]
    name = f"Skin beside {level.upper()}, {side}"
    return places.mark(f"{level}_skin_lateral_{side}", name, way[skin - 2], _SKIN)


def _occipital(places: Places, side: str) -> Landmark:
    """Where the nerve leaves the back of the muscles under the occiput."""
    path = places.tubes[f"greater_occipital_nerve_{side}"].path
    deep = places.structures[f"suboccipital_muscles_{side}"].label
    before = places.labels(path + 2.5 * places.column.frames["c2"][:3, 1])
    point = path[np.flatnonzero(before == deep)[-1]]
    title = f"{side.capitalize()} greater occipital nerve target"
    out = outward(places, "c2", side, 5.0)
    return places.mark(f"greater_occipital_nerve_target_{side}", title, point, _OCCIPITAL, out)


def _local(places: Places, points: Array, level: str) -> Array:
    frame = places.column.frames[level]
    return (points - frame[:3, 3]) @ frame[:3, :3]
