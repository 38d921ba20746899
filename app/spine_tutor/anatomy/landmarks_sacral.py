"""Targets on the sacrum: foramina, lateral branches, sacroiliac joint and hiatus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.pelvis import pelvic_places
from spine_tutor.anatomy.places import Places
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.subject import Landmark

Array = NDArray[np.float64]

LATERAL_BRANCHES = ("s1", "s2", "s3")
CEPHALAD = 20.0
"""Angle between a caudal needle and the sacral canal, degrees (literature)."""
INTO_CANAL = 6.0
"""How far above the apex of the hiatus the tip of a caudal needle lies, mm (estimate)."""
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
        yield _on_branch(places, f"l5_dorsal_ramus_{side}", f"L5 {side} dorsal ramus", _NOTCH)
        for level in LATERAL_BRANCHES:
            name = f"{level.upper()} {side} lateral branch"
            yield _on_branch(places, f"{level}_lateral_branches_{side}", name, _LATERAL)
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


def _on_branch(places: Places, tube: str, name: str, source: str) -> Landmark:
    """On the bone beside a branch, a third along it."""
    path = places.tubes[tube].path
    point = path[len(path) // 3]
    stem, side = tube.rsplit("_", 1)
    return places.mark(f"{stem}_target_{side}", f"{name} target", point, source, [0, -1, -0.15])


def _joint(places: Places, side: str) -> Landmark:
    """At the posterior edge of the lower joint."""
    joint = places.points(f"sacroiliac_joint_{side}")
    above = joint[:, 2] - np.percentile(joint[:, 2], 1)
    low = joint[(above > JOINT[0]) & (above < JOINT[1])]
    edge = low[low[:, 1] < np.percentile(low[:, 1], 5)]
    point = edge[np.argmin(np.linalg.norm(edge - edge.mean(axis=0), axis=1))]
    sign = 1.0 if side == "right" else -1.0
    return places.mark(
        f"sacroiliac_joint_target_{side}",
        f"{side.capitalize()} sacro-iliac joint entry",
        point,
        _JOINT,
        [-0.2 * sign, -1.0, -0.25],
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
