"""Targets on the sacrum: foramina, lateral branches, sacroiliac joint and hiatus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spine_tutor.anatomy.pelvis import pelvic_places
from spine_tutor.anatomy.places import Places, middle
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.subject import Landmark

Array = NDArray[np.float64]

LATERAL_BRANCHES = ("s1", "s2", "s3")
CEPHALAD = 20.0
"""Angle between a caudal needle and the sacral canal, degrees (literature)."""
INTO_CANAL = 6.0
"""How far above the apex of the hiatus the tip of a caudal needle lies, mm (estimate)."""
LATERAL = (5.0, 12.0)
"""How far lateral to the middle of its foramen a lateral branch is met, mm (estimate)."""
REACH = 15.0
"""Farther from a lateral branch, mm, the sacrum is not looked for; it lies on it."""
CEPHALAD_VIEW = 12.0
"""Tilt of the view in which the lower joint line is seen, degrees cephalad: 10–15 (literature)."""
JOINT = (10.0, 20.0)
"""How far above the lower margin of the sacroiliac joint it is entered, mm (literature)."""

_FORAMEN = "first posterior sacral foramen, antero-posterior or with caudal tilt (literature)"
_NOTCH = "notch of sacral ala and superior articular process of S1 (recalled, unverified)"
_LATERAL = "lateral to the posterior sacral foramen (recalled, unverified)"
_JOINT = "lower posterior joint, 1–2 cm above its margin, 10–20° contralateral oblique (literature)"
_CAUDAL = "sacral canal above the hiatus between the cornua, needle 20° cephalad (literature)"


def targets(places: Places) -> Iterator[Landmark]:
    """Yield the targets that lie within the region's fine grid."""
    column = places.column
    known = pelvic_places(column.endplate("s1", "upper"), column.sacral_scale)
    for side in SIDES:
        yield _first_foramen(places, known, side)
        name = f"L5 {side} dorsal ramus"
        yield _on_branch(places, "l5_dorsal_ramus", side, _in_notch(places, side), name, _NOTCH)
        for level in LATERAL_BRANCHES:
            name, stem = f"{level.upper()} {side} lateral branch", f"{level}_lateral_branches"
            point = _beside_foramen(places, known, stem, side)
            yield _on_branch(places, stem, side, point, name, _LATERAL)
        yield _joint(places, side)
    yield _caudal(places, known)


def _first_foramen(places: Places, known: Mapping[str, Array], side: str) -> Landmark:
    """In the fat of the first sacral foramen, through its posterior mouth."""
    behind, front = (known[f"s1_{mouth}_foramen_{side}"] for mouth in ("posterior", "anterior"))
    return places.mark(
        f"s1_transforaminal_target_{side}",
        f"S1 {side} transforaminal target",
        places.in_fat(behind + 0.35 * (front - behind)),
        _FORAMEN,
        behind - front,
    )


def _in_notch(places: Places, side: str) -> Array:
    """Return where the fifth dorsal ramus is nearest to both the ala and the process of S1."""
    path = places.tubes[f"l5_dorsal_ramus_{side}"].path
    bones = (f"sacral_ala_{side}", f"s1_superior_articular_process_{side}")
    far = [cKDTree(places.points(bone)).query(path)[0] for bone in bones]
    point: Array = path[np.argmin(np.maximum(*far))]
    return point


def _beside_foramen(places: Places, known: Mapping[str, Array], stem: str, side: str) -> Array:
    """Return where a branch lies nearest to the bone lateral to its foramen."""
    foramen = known[f"{stem[:2]}_posterior_foramen_{side}"]
    path = places.tubes[f"{stem}_{side}"].path
    off = np.abs(path[:, 0]) - abs(foramen[0])
    beside = path[(off > LATERAL[0]) & (off < LATERAL[1])]
    bone = places.points("sacrum")  # millions, of which a tree takes long
    low, high = beside.min(axis=0) - REACH, beside.max(axis=0) + REACH
    gap = cKDTree(bone[((bone > low) & (bone < high)).all(axis=1)]).query(beside)[0]
    point: Array = beside[np.argmin(gap)]
    return point


def _on_branch(
    places: Places, stem: str, side: str, point: Array, name: str, source: str
) -> Landmark:
    """On the bone beside a branch."""
    return places.mark(f"{stem}_target_{side}", f"{name} target", point, source, [0, -1, -0.15])


def _joint(places: Places, side: str) -> Landmark:
    """At the posterior edge of the lower joint."""
    joint = places.points(f"sacroiliac_joint_{side}")
    above = joint[:, 2] - np.percentile(joint[:, 2], 1)
    low = joint[(above > JOINT[0]) & (above < JOINT[1])]
    edge = low[low[:, 1] < np.percentile(low[:, 1], 5)]
    point = middle(edge)
    sign = 1.0 if side == "right" else -1.0
    return places.mark(
        f"sacroiliac_joint_target_{side}",
        f"{side.capitalize()} sacro-iliac joint entry",
        point,
        _JOINT,
        [-0.27 * sign, -1.0, np.tan(np.radians(CEPHALAD_VIEW))],
    )


def _caudal(places: Places, known: Mapping[str, Array]) -> Landmark:
    """In the canal just above the apex of the hiatus."""
    apex, base = known["sacral_hiatus_apex"], known["sacral_hiatus_base"]
    down = (base - apex) / np.linalg.norm(base - apex)
    behind = np.array([0.0, -1.0, 0.0]) + down[1] * down
    behind /= np.linalg.norm(behind)
    angle = np.radians(CEPHALAD)
    return places.mark(
        "caudal_target",
        "Caudal target: sacral canal above the hiatus",
        places.in_fat(apex - INTO_CANAL * down),
        _CAUDAL,
        np.cos(angle) * down + np.sin(angle) * behind,
    )
