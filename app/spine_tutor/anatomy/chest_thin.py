"""Thin nerves, vessels and ligaments of the chest, in order of precedence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import rami_lower
from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.chest_vessels import great_vessels, in_groove, intercostal_vessels
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.core import Core
from spine_tutor.anatomy.rami import Course, dorsal_rami
from spine_tutor.anatomy.ribs import SIGN
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sympathetic import trunk
from spine_tutor.anatomy.thorax import costotransverse_ligament, medial_branch_crossing
from spine_tutor.anatomy.tubes import STEP, Tube, smooth, tube
from spine_tutor.anatomy.veins import epidural_veins
from spine_tutor.anatomy.vessels import adamkiewicz, artery_of_adamkiewicz

Array = NDArray[np.float64]

INTERCOSTAL = 0.9
"""Radius of an intercostal nerve, mm (estimate)."""
LIGAMENT = 1.0
"""Half thickness of a superior costotransverse ligament, mm (estimate)."""
FIBRES = (-4.0, -2.0, 0.0, 2.0, 4.0)
"""Where across the strands of the ligament lie, mm: a sheet some 10 mm broad (estimate)."""
OFF_BONE = ("t6", "t7", "t8", "t9")
"""Vertebrae whose corner the medial branch passes above (Chua and Bogduk 1995)."""
TRUNK_ON_HEAD = (2.0, 6.0, -1.0)
"""Where the sympathetic trunk lies from the head of a rib: outwards, forwards, up, mm (E)."""


def thin_structures(core: Core) -> Iterator[Tube]:
    """Yield what the thoracic region has; see `core.ThinStructures`."""
    skeleton, column, roots, size = core.skeleton, core.column, core.roots, core.case.height_scale
    yield from great_vessels(column, size)
    yield from dorsal_rami(skeleton, column, roots, courses)
    yield from ligaments(skeleton)
    if adamkiewicz(core.case) in roots:
        yield from artery_of_adamkiewicz(core.sac, roots, core.case)
    for (level, side), root in roots.items():
        if level.startswith("t") and level != "t12":
            rib = skeleton.thorax.ribs[f"rib_{level[1:]}_{side}"]
            path = in_groove(rib, root.path[-1], "nerve", INTERCOSTAL)
            yield tube(f"intercostal_nerve_{level}_{side}", path, [1.3, INTERCOSTAL, INTERCOSTAL])
    yield from sympathetic_trunks(skeleton, column)
    yield from intercostal_vessels(skeleton, column, roots, size)
    yield from epidural_veins(core.wall, roots)


def courses(skeleton: Skeleton, column: Column, side: str) -> Iterator[Course]:
    """Yield the courses of the dorsal rami on a side; see `rami.Courses`.

    A medial branch turns over the superolateral corner of the transverse process below, down to
    that of T10 on T11, and goes back medially to multifidus; the lateral branch runs on between the
    long muscles. Those of T11 and T12 run as in the loins (`rami_lower`).
    """
    for number in range(1, 11):
        nerve, level = f"t{number}", f"t{number + 1}"
        yield from _courses(skeleton, nerve, level, side)
    yield from rami_lower.courses(skeleton, column, side)


def _courses(skeleton: Skeleton, nerve: str, level: str, side: str) -> Iterator[Course]:
    model = skeleton.vertebrae[level]
    x, y, z = (model.frame[:3, :3] * (SIGN[side], 1.0, 1.0)).T
    crossing = medial_branch_crossing(model, side)

    def off(right: float, ahead: float, up: float) -> Array:
        return crossing + right * x * 1.0 + ahead * y + up * z

    fork = off(-6.0, 5.0, 7.0)
    yield Course(f"{nerve}_dorsal_ramus_{side}", "trunk", nerve, after=fork[None])
    over = np.array([off(-2.5, 2.5, 2.5), crossing, off(-1.0, -4.0, -1.5), off(-5.0, -6.5, -4.0)])
    on = np.array([off(-9.0, -8.0, -7.0), off(-14.0, -11.0, -11.0)])
    name = f"{nerve}_medial_branch_{side}"
    if level in OFF_BONE:
        yield Course(name, "medial", fork, after=np.concatenate([over[:2], over[3:], on]))
    else:
        yield Course(name, "medial", fork, over[:3], model.bone, np.concatenate([over[3:], on]))
    after = np.array([off(4.0, -5.0, 4.0), off(9.0, -14.0, -6.0), off(13.0, -20.0, -20.0)])
    yield Course(f"{nerve}_lateral_branch_{side}", "lateral", fork, after=after)


def ligaments(skeleton: Skeleton) -> Iterator[Tube]:
    """Yield the superior costotransverse ligaments, strand beside strand from neck to process."""
    for number in range(2, 13):
        for side in SIDES:
            rib = skeleton.thorax.ribs[f"rib_{number}_{side}"]
            above = skeleton.vertebrae[f"t{number - 1}"]
            upper, lower = costotransverse_ligament(above, rib)
            across = SIGN[side] * above.frame[:3, 0] - 0.5 * above.frame[:3, 1]
            for at in FIBRES:
                path = smooth([upper + at * across, lower + at * across], STEP)
                name = f"superior_costotransverse_ligament_t{number}_{side}"
                yield tube(name, path, LIGAMENT)


def sympathetic_trunks(skeleton: Skeleton, column: Column) -> Iterator[Tube]:
    """Yield the trunk of each side, before the heads of the ribs, with a ganglion at each."""
    for side in SIDES:
        points = []
        for number in range(1, 13):
            frame = column.frames[f"t{number}"]
            at = np.array(TRUNK_ON_HEAD) * [SIGN[side], 1.0, 1.0]
            points.append(skeleton.thorax.ribs[f"rib_{number}_{side}"].head + frame[:3, :3] @ at)
        top = points[0] + [0.0, 2.0, 18.0]
        low = column.frames["l1"]
        last = (low @ [SIGN[side] * 0.42 * column.bodies["l1"].width_upper, 8.0, -10.0, 1.0])[:3]
        ganglia = {
            f"t{n + 1}": float(
                (point - column.frames[f"t{n + 1}"][:3, 3]) @ column.frames[f"t{n + 1}"][:3, 2]
            )
            / column.bodies[f"t{n + 1}"].height
            - 0.1
            for n, point in enumerate(points)
        }
        yield from trunk(skeleton, column, side, [top, *points, last], ganglia)
