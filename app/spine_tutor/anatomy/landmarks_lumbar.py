"""Targets of lumbar procedures, with the way in from the skin that each view recommends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.places import Places, rounded
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.subject import Landmark

Array = NDArray[np.float64]

OBLIQUE = {"transforaminal": 30.0, "kambin": 40.0, "medial branch": 25.0, "disc": 45.0,
           "facet": 30.0, "sympathetic": 38.0}  # fmt: skip
"""How far to the side of the target's own side the needle comes from, degrees in the frame of the
vertebra, whose upper endplate is squared: 25–35 recalled (R), the rest estimates (E)."""
AIMS = ((0.0, 0.0, 0.0), (4.0, 0.0, 0.0), (4.0, 0.0, -2.0), (4.0, -4.0, -2.0), (8.0, 0.0, 0.0),
        (8.0, 0.0, -2.0), (8.0, -4.0, -2.0), (12.0, 0.0, -2.0), (12.0, -4.0, -2.0))  # fmt: skip
"""How far to the needle's own side, before and above the nucleus' middle it may aim where the iliac
crest, the sacral ala and the rim of the body leave no way to the middle itself, mm (estimate)."""
BESIDE = ((0.0, 0.0), (1.5, 0.0), (-1.5, 0.0), (0.0, 1.5), (0.0, 3.0))
"""How far to the right of and above its best place an interlaminar needle may end, mm (estimate):
a spinous process seldom stands quite straight."""
RISE = 0.25
"""How much an L5–S1 needle comes from above the plane of its disc, over the crest (estimate)."""
OVER_CREST = -14.0
"""How far from above a needle must come to pass the iliac crest at L5, degrees (estimate)."""

_SUPRANEURAL = "supraneural triangle: pedicle, exiting root, lateral border (recalled, unverified)"
_KAMBIN = "Kambin's triangle: exiting root, endplate below, superior articular process (literature)"
_BRANCH = "junction of superior articular and transverse process (literature)"
_LAMINAR = "posterior epidural space behind the dura, between the laminae (literature)"
_CONTRALATERAL = "at the ventral interlaminar line, 45° contralateral oblique (literature)"
_FACET = "lower recess of the joint, seen open at about 30° oblique (recalled, unverified)"
_DISC = "postero-lateral annulus before the superior articular process (recalled, unverified)"
_SYMPATHETIC = "antero-lateral on the body, where the trunk lies medial to psoas (estimate)"


def targets(places: Places) -> Iterator[Landmark]:
    """Yield the targets of the free vertebrae that the region holds whole."""
    column = places.column
    for upper, lower in column.segments:
        whole = column.levels.index(upper) > 0 or upper == "l5"
        for side in SIDES:
            if whole:
                yield _supraneural(places, upper, side)
                if len(column.region.levels) > 1:  # the needle comes from above the pelvis
                    yield _disc(places, upper, lower, side)
                yield facet(places, upper, lower, side)
                if lower != "s1":
                    yield _kambin(places, upper, lower, side)
            if places.has_flavum(upper, lower):
                yield _paramedian(places, upper, lower, side)
        if places.has_flavum(upper, lower):
            yield _interlaminar(places, upper, lower)
    for level in column.region.levels:
        for side in SIDES:
            if level.startswith("l") and (level != "l5" or len(column.region.levels) > 1):
                yield _branch(places, level, side)
            if level in ("l2", "l3"):
                yield _sympathetic(places, level, side)


def outward(places: Places, level: str, side: str, oblique: float, down: float = 0.0) -> Array:
    """Return the way from a target to the skin: behind, to its own side and downwards, degrees."""
    sign = 1.0 if side == "right" else -1.0
    a, b = np.radians(oblique), np.radians(down)
    local = [sign * np.sin(a) * np.cos(b), -np.cos(a) * np.cos(b), -np.sin(b)]
    way: Array = places.column.frames[level][:3, :3] @ local
    return way


def _supraneural(places: Places, level: str, side: str) -> Landmark:
    """Under the pedicle's outer half, above the root."""
    pedicle = places.local(f"{level}_pedicle_{side}", level)
    x = np.percentile(np.abs(pedicle[:, 0]), 65)
    back = -0.5 * places.column.bodies[level].depth
    near = pedicle[np.abs(pedicle[:, 1] - back) < 4.0]
    z = (near if len(near) else pedicle)[:, 2].min()
    sign = 1.0 if side == "right" else -1.0
    point = places.in_fat(places.world(level, sign * x, back - 3.0, z - 1.2))
    return places.mark(
        f"{level}_transforaminal_target_{side}",
        f"{level.upper()} {side} transforaminal target (supraneural)",
        point,
        _SUPRANEURAL,
        outward(places, level, side, OBLIQUE["transforaminal"] - 6.0, OVER_CREST)
        if level == "l5"
        else outward(places, level, side, OBLIQUE["transforaminal"], 5.0),
    )


def _kambin(places: Places, upper: str, lower: str, side: str) -> Landmark:
    """Behind the disc, before the superior articular process, above the pedicle below."""
    disc, x = _beside_process(places, upper, lower, side)
    back = -0.5 * places.column.bodies[lower].depth
    point = places.in_fat((disc @ [x, back - 1.0, -1.0, 1.0])[:3])
    return places.mark(
        f"{upper}_kambin_target_{side}",
        f"{upper.upper()}–{lower.upper()} {side} Kambin's triangle",
        point,
        _KAMBIN,
        outward(places, lower, side, OBLIQUE["kambin"]),
    )


def _beside_process(places: Places, upper: str, lower: str, side: str) -> tuple[Array, float]:
    """Return the frame of a disc, and how far from the midline the process behind it stands."""
    disc = places.column.disc_frame(f"{upper}_{lower}")
    process = places.points(f"{lower}_superior_articular_process_{side}")
    return disc, float(np.median(((process - disc[:3, 3]) @ disc[:3, :3])[:, 0]))


def _disc(places: Places, upper: str, lower: str, side: str) -> Landmark:
    """In the postero-lateral annulus, on the way to the middle of the nucleus."""
    disc = places.column.disc_frame(f"{upper}_{lower}")
    nucleus = places.points(f"{upper}_{lower}_nucleus").mean(axis=0)
    sign = 1.0 if side == "right" else -1.0
    angle = np.radians(OBLIQUE["disc"])
    rise = RISE if lower == "s1" else 0.0
    out = disc[:3, :3] @ [sign * np.sin(angle), -np.cos(angle), rise]
    free = places.way(nucleus + np.array(AIMS) * [sign, 1.0, 1.0] @ disc[:3, :3].T, out)
    way = nucleus + np.arange(0.0, 40.0, 0.5)[:, None] * out if free is None else free
    annulus = places.structures[f"{upper}_{lower}_annulus"].label
    index, inside = places.grid.voxel_of(way)
    within = np.flatnonzero(inside & (places.grid.labels[tuple(index.T)] == annulus))
    point = way[max(within[-1] - 4, 0)] if len(within) else nucleus  # 2 mm inside
    title = f"{upper.upper()}–{lower.upper()} {side} disc entry"
    id_ = f"{upper}_{lower}_disc_entry_{side}"
    if free is None:
        return places.mark(id_, title, point, _DISC, out)
    return Landmark(id_, title, rounded(point), _DISC, places.on_skin(free))


def facet(places: Places, upper: str, lower: str, side: str) -> Landmark:
    """Return the place in the lower half of a sagittal facet joint, at its posterior edge."""
    joint = places.local(f"{upper}_{lower}_facet_joint_{side}", upper)
    low = joint[joint[:, 2] < np.percentile(joint[:, 2], 40)]
    x, y, z = low[low[:, 1] < np.percentile(low[:, 1], 15)].mean(axis=0)
    near = low[np.argmin(np.linalg.norm(low - [x, y, z], axis=1))]
    oblique = OBLIQUE["facet"] + (4.0 if lower == "s1" else 0.0)
    return places.mark(
        f"{upper}_{lower}_facet_target_{side}",
        f"{upper.upper()}–{lower.upper()} {side} facet joint entry",
        places.world(upper, *near),
        _FACET,
        outward(places, upper, side, oblique, 10.0),
    )


def _branch(places: Places, level: str, side: str) -> Landmark:
    """On the upper and posterior border of the transverse process, beside the articular one."""
    process = places.local(f"{level}_superior_articular_process_{side}", level)
    transverse = places.local(f"{level}_transverse_process_{side}", level)
    top = np.percentile(transverse[:, 2], 90)
    beside = process[np.abs(process[:, 2] - top) < 3.0]
    edge = np.percentile(np.abs((beside if len(beside) else process)[:, 0]), 98)
    out = np.abs(transverse[:, 0])
    root = transverse[(out > edge) & (out < edge + 2.5)]
    if not len(root):  # the articular process overhangs: the medial end of the transverse one
        root = transverse[out < out.min() + 2.5]
    groove = root[np.argmax(root[:, 2] - 0.7 * root[:, 1])]
    return places.mark(
        f"{level}_medial_branch_target_{side}",
        f"Medial branch target on {level.upper()} {side}",
        places.world(level, *groove),
        _BRANCH,
        outward(places, level, side, OBLIQUE["medial branch"], 10.0),
    )


def _interlaminar(places: Places, upper: str, lower: str) -> Landmark:
    """In the midline epidural fat, midway between the laminae, before the flavum."""
    down = -0.35 if lower == "s1" else -0.2  # from below, under the spinous process
    return places.mark(
        f"{upper}_{lower}_interlaminar_target",
        f"{upper.upper()}–{lower.upper()} interlaminar target",
        behind_dura(places, upper, lower, 0.0),
        _LAMINAR,
        places.column.disc_frame(f"{upper}_{lower}")[:3, :3] @ [0.0, -1.0, down],
    )


def _paramedian(places: Places, upper: str, lower: str, side: str) -> Landmark:
    """Beside the midline behind the dura, for the needle seen from the other side."""
    sign = 1.0 if side == "right" else -1.0
    out = places.column.disc_frame(f"{upper}_{lower}")[:3, :3] @ [sign * 0.12, -1.0, -0.35]
    return places.mark(
        f"{upper}_{lower}_paramedian_interlaminar_target_{side}",
        f"{upper.upper()}–{lower.upper()} {side} paramedian interlaminar target",
        behind_dura(places, upper, lower, sign * 3.0),
        _CONTRALATERAL,
        out,
    )


def behind_dura(places: Places, upper: str, lower: str, x: float) -> Array:
    """Return places (n, 3) in the posterior epidural fat between two laminae, the best first.

    That is x from the midline, then a little beside it and above the border of the lower lamina.
    """
    frame = places.column.disc_frame(f"{upper}_{lower}")
    flavum = places.points(f"ligamentum_flavum_{upper}_{lower}") - frame[:3, 3]
    across = flavum @ frame[:3, 0]  # not in the world: a column may be bent to the side
    near = np.abs(across - x) < 3.0
    _, y, z = (flavum[near] if near.any() else flavum).mean(axis=0) @ frame[:3, :3]
    tips = (frame @ [x + aside, y + 3.0, z + up, 1.0] for aside, up in BESIDE)
    return np.array([places.in_fat(tip[:3]) for tip in tips])


def _sympathetic(places: Places, level: str, side: str) -> Landmark:
    """On the trunk before the lower half of the body of L2 or the upper half of L3."""
    path = places.tubes[f"sympathetic_trunk_{side}"].path
    frame, height = places.column.frames[level], places.column.bodies[level].height
    share = -0.3 if level == "l2" else 0.3
    along = (path - frame[:3, 3]) @ frame[:3, 2] - share * height
    return places.mark(
        f"{level}_sympathetic_target_{side}",
        f"{level.upper()} {side} lumbar sympathetic target",
        path[np.argmin(np.abs(along))],
        _SYMPATHETIC,
        outward(places, level, side, OBLIQUE["sympathetic"]),
    )
