"""Nerves of the neck beside the roots: C2, brachial plexus, sympathetic trunk, dorsal rami.

Ways are given as in `neck_vessels`; right side, estimates unless a source is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import axis, cervical
from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.canal import CanalLine
from spine_tutor.anatomy.catalogue_neck import TRUNKS
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.core import Core
from spine_tutor.anatomy.neck_line import neck_size
from spine_tutor.anatomy.neck_vessels import Way, along
from spine_tutor.anatomy.rami import Course
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.skeleton import VertebraModel
from spine_tutor.anatomy.thorax import medial_branch_crossing
from spine_tutor.anatomy.tubes import STEP, Tube, hugging, smooth, tube

Array = NDArray[np.float64]
Steps = Sequence[tuple[float, float, float]]

PLEXUS = 2.3
"""Radius of a trunk of the brachial plexus, mm (estimate)."""
MEETS = 9.0
"""How far along a trunk a root joins it, from where it comes nearest, mm (estimate)."""
GANGLION_C2 = (2.4, 5.5)
"""Radius and half length of the ganglion of C2, mm (estimate: about 5 mm high)."""
SUPERIOR, STELLATE = (2.2, 13.0), (3.2, 9.0)
"""Radius and half length of the superior cervical and the stellate ganglion, mm (estimate)."""
TRUNK = 0.8
"""Radius of the sympathetic trunk, mm (estimate)."""

# fmt: off
# From the interscalene groove over the first rib, where the trunks pass below the clavicle.
_TRUNKS: Mapping[str, Way] = {
    "upper": [(36, 17, "c6", 0), (46, 25, "c7", 2), (62, 32, "t1", 0), (88, 38, "t2", -2)],
    "middle": [(42, 19, "c7", 0), (54, 27, "t1", 4), (66, 33, "t1", -5), (89, 35, "t2", -7)],
    "lower": [(46, 22, "t1", 2), (56, 28, "t1", -4), (68, 31, "t2", 5), (90, 31, "t2", -12)],
}
# In front of longus capitis and colli, to the neck of the first rib, and on the heads of the ribs.
_SYMPATHETIC: Way = [(16, 33, "c1", -4), (17, 34, "c2", 0), (18, 33.5, "c3", 0),
                     (19, 32.5, "c4", 0), (19.5, 32, "c5", 0), (20, 31.5, "c6", 0),
                     (16.5, 26.5, "c7", 0), (20, 17, "t1", 4), (22, 12, "t1", -6),
                     (21, 11, "t2", 0)]
_VAGUS: Way = [(30, 22, "oc", 0), (31, 23, "c1", 0), (30.2, 21.3, "c3", 0), (30, 26.2, "c5", 0),
               (30, 30, "c6", 0), (28.6, 34, "c7", -2), (24, 50, "t1", 0), (19, 70, "t2", -2)]
_PHRENIC: Way = [(28, 21, "c4", 0), (31.5, 25.5, "c5", -4), (35.5, 27.2, "c6", 0),
                 (40, 32.5, "c7", 0), (37, 41, "t1", 0), (28, 54, "t2", 0), (22, 60, "t3", 0)]
_OCCIPITAL: Way = [(23, -20, "c2", 5), (20, -26, "c2", 2), (16, -34, "c2", 0),
                   (12, -46, "c1", -4), (16, -54, "c1", 14), (24, -60, "oc", 6),
                   (30, -64, "oc", 20)]
# fmt: on


# -- C2 and the plexus ---------------------------------------------------------------------------


def second_roots(core: Core, line: CanalLine) -> Iterator[Tube]:
    """Yield ganglion and root of C2, behind the lateral atlanto-axial joint."""
    size = neck_size(core.case)
    bone = [core.skeleton.vertebrae[level].bone for level in ("c1", "c2")]
    for side in SIDES:
        way: Way = [(6, -1, "c1", -6), (11, -4, "c1", -9), (17, -7, "c1", -12.5),
                    (22, -8, "c1", -13), (25, -14, "c1", -13), (23, -20, "c2", 5)]  # fmt: skip
        path = smooth(along(line, way, side, size), STEP)
        for field in bone:
            path = hugging(field, path, GANGLION_C2[0], np.zeros(len(path), bool), ease=2.0)
        middle = along(line, way[2:3], side, size)[0]
        into = ("cerebrospinal_fluid", "dura", "epidural_fat")
        swollen, radius = _bulge(path, middle, *GANGLION_C2)
        yield Tube(f"c2_dorsal_root_ganglion_{side}", path[swollen], radius, into[2:])
        yield tube(f"c2_nerve_root_{side}", path, [1.0, 1.5, 1.3, 0.9], into)


def brachial_plexus(core: Core, line: CanalLine) -> Iterator[Tube]:
    """Yield the trunks between the scalenes, each joined by its roots."""
    roots, size = core.roots, neck_size(core.case)
    for side in SIDES:
        for name, way in _TRUNKS.items():
            path = _free(core.skeleton, smooth(along(line, way, side, size), STEP), PLEXUS)
            yield tube(
                f"{name}_trunk_{side}", path, [0.6 * PLEXUS, PLEXUS, 1.1 * PLEXUS, 1.2 * PLEXUS]
            )
            for level in TRUNKS[name]:
                end = roots[level, side].path[-1]
                nearest = int(np.argmin(np.linalg.norm(path - end, axis=1)))
                meets = path[min(nearest + round(MEETS / STEP), len(path) - 1)]
                joins = _free(core.skeleton, smooth([end, meets], STEP), PLEXUS)
                yield tube(f"{name}_trunk_{side}", joins, [1.4, PLEXUS])


def long_nerves(core: Core, line: CanalLine) -> Iterator[Tube]:
    """Yield vagus, phrenic and sympathetic trunk with its ganglia."""
    size = neck_size(core.case)
    for side in SIDES:
        trunk = _free(core.skeleton, smooth(along(line, _SYMPATHETIC, side, size), STEP), 1.8)
        for name, place, shape in (
            ("superior_cervical", ("c2", -6.0), SUPERIOR),
            ("stellate", ("t1", 7.0), STELLATE),
        ):
            s, _ = line.along(trunk[:, 1:])
            middle = trunk[np.argmin(np.abs(s - line.levels[place[0]] - size * place[1]))]
            swollen, radius = _bulge(trunk, middle, *shape)
            yield Tube(f"{name}_ganglion_{side}", trunk[swollen], radius)
        yield tube(f"sympathetic_trunk_{side}", trunk, TRUNK)
        yield tube(f"vagus_nerve_{side}", smooth(along(line, _VAGUS, side, size), STEP), 1.1)
        yield tube(f"phrenic_nerve_{side}", smooth(along(line, _PHRENIC, side, size), STEP), 0.7)


def _free(skeleton: Skeleton, path: Array, radius: float) -> Array:
    """Return a path pushed aside where it would meet bone."""
    path = path.copy()
    for bone in skeleton.bones():
        near = ((path > bone.box[0]) & (path < bone.box[1])).all(axis=1)
        if near.sum() > 1:
            nowhere = np.zeros(int(near.sum()), bool)
            path[near] = hugging(bone.bone, path[near], radius + 0.4, nowhere, ease=4.0)
    return path


def _bulge(path: Array, middle: Array, radius: float, half: float) -> tuple[Array, Array]:
    """Return which points of a path lie in a ganglion, and its radius there."""
    n = int(np.argmin(np.linalg.norm(path - middle, axis=1)))
    offset = STEP * (np.arange(len(path)) - n) / half
    swollen = np.abs(offset) < 0.95
    return swollen, radius * np.sqrt(1.0 - offset[swollen] ** 2)


# -- dorsal rami ---------------------------------------------------------------------------------


def courses(skeleton: Skeleton, column: Column, side: str) -> Iterator[Course]:
    """Yield medial branches, third and greater occipital nerve of a side; see `rami.Courses`.

    C3 to C6 cross the waist of the pillar of their own vertebra, C7 lies higher, on its superior
    articular process, C8 on the transverse process of T1 (Bogduk's description).
    """
    for nerve in ("c3", "c4", "c5", "c6", "c7"):
        model = skeleton.vertebrae[nerve]
        yield _over_pillar(nerve, model, side)
    yield _third_occipital(skeleton.vertebrae["c2"], side)
    first = skeleton.vertebrae["t1"]
    crossing = medial_branch_crossing(first, side)
    x, y, z = first.frame[:3, :3].T
    sign = -1.0 if side == "left" else 1.0
    groove = np.array([crossing + 3.0 * y - sign * 4.0 * x, crossing - sign * 5.0 * x - 4.0 * y])
    after = np.array([crossing - sign * 14.0 * x - 10.0 * y - 3.0 * z])
    yield Course(f"c8_medial_branch_{side}", "medial", "c8", groove, first.bone, after)


def _over_pillar(nerve: str, model: VertebraModel, side: str) -> Course:
    """Return the way round the outer side of a pillar, through its groove, to the lamina."""
    groove = np.array(cervical.medial_branch_groove(model.shape))
    over = [(-1.0, 4.5, 0.8), (0.3, 2.0, 0.3), (0.3, 0, 0), (0.3, -2.5, -0.3), (-1.5, -6.0, -1.0)]
    after = [(-7.0, -9.5, -3.0), (-10.0, -13.0, -7.0)]
    return Course(
        f"{nerve}_medial_branch_{side}",
        "medial",
        nerve,
        _steps(model, side, groove, over),
        model.bone,
        _steps(model, side, groove, after),
    )


def _third_occipital(model: VertebraModel, side: str) -> Course:
    """Return the way over the outer side of the C2–C3 joint and up to the skin of the occiput."""
    groove = np.array(axis.third_occipital_nerve(model.shape))
    over = [(-0.5, 4.0, -1.5), (0.3, 0, 0), (-1.0, -4.0, 1.5)]
    after = [(-5.0, -10.0, 4.0), (-9.0, -20.0, 10.0), (-12.0, -34.0, 20.0), (-10.0, -44.0, 36.0)]
    return Course(
        f"third_occipital_nerve_{side}",
        "trunk",
        "c3",
        _steps(model, side, groove, over),
        model.bone,
        _steps(model, side, groove, after),
    )


def greater_occipital(line: CanalLine, size: float) -> Iterator[Tube]:
    """Yield the nerve from under obliquus inferior through semispinalis to the occiput."""
    for side in SIDES:
        path = smooth(along(line, _OCCIPITAL, side, size), STEP)
        yield tube(f"greater_occipital_nerve_{side}", path, 1.1)


def _steps(model: VertebraModel, side: str, start: Array, steps: Steps) -> Array:
    """Return the world points (n, 3) so far from a point of a vertebra's right half."""
    mirror = np.array([-1.0 if side == "left" else 1.0, 1.0, 1.0])
    points: Array = (start + np.array(steps)) * mirror
    return points @ model.frame[:3, :3].T + model.frame[:3, 3]
