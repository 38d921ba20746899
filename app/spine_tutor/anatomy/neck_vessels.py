"""Vessels of the neck: carotids and jugular, subclavian, and the vertebral arteries.

Positions are u and d, mm, at places along the line of the neck (`neck_line`), right side;
estimates after CT of adults unless a source is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.canal import CanalLine
from spine_tutor.anatomy.cervical import transverse_foramen
from spine_tutor.anatomy.nerves import Roots
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.skeleton import VertebraModel
from spine_tutor.anatomy.tubes import STEP, Tube, hugging, smooth, tube

Array = NDArray[np.float64]
Way = Sequence[tuple[float, float, str, float]]
"""Points u, d, place and how far above it."""

VERTEBRAL = 1.75
"""Radius of a vertebral artery, mm (recalled: 3 to 4 across)."""
RADICULAR = 0.4
"""Radius of a radicular artery, mm (estimate)."""
SMALL = 0.9
"""Radius of the ascending and the deep cervical artery, mm (estimate)."""
THROUGH = ("c6", "c5", "c4", "c3", "c2", "c1")
"""Foramina that the vertebral artery passes, from below; it stays outside that of C7."""
WITH_ROOT: Mapping[str, str] = {"c5": "vertebral", "c6": "ascending", "c7": "deep"}
"""By root, whence its radicular artery comes (estimate: all three feed them)."""

# fmt: off
_GREAT: Mapping[str, tuple[Way, Sequence[float]]] = {
    "subclavian_artery": (
        [(15, 72, "t3", 0), (19, 60, "t2", -4), (27, 44, "t1", -8), (36, 33, "t1", -5),
         (50, 30, "t1", -6), (68, 34, "t2", 2), (92, 34, "t3", 8), (126, 24, "t3", -4)],
        (5.0, 4.5, 4.0)),
    "common_carotid_artery": (
        [(13, 74, "t3", 0), (15, 62, "t2", -2), (19, 50, "t1", 0), (25, 38, "c7", 0),
         (27, 35, "c6", 0), (27, 32, "c5", 0), (27, 30, "c4", 2)], (3.8, 3.4, 4.0)),
    "internal_carotid_artery": (
        [(27, 30, "c4", 2), (28, 27, "c3", 0), (27, 25, "c2", 0), (27, 25, "c1", 0),
         (25, 27, "oc", 4)], (3.4, 2.4, 2.4)),
    "external_carotid_artery": (
        [(27, 30, "c4", 2), (29, 35, "c3", 2), (34, 34, "c2", 2), (41, 28, "c1", 2),
         (45, 26, "oc", 0)], (2.8, 2.0, 1.6)),
    "internal_jugular_vein": (
        [(30, 13, "oc", 4), (34, 17, "c1", 0), (35, 21, "c2", 0), (35.5, 25, "c3", 0),
         (35, 26.5, "c4", 0), (35, 28.5, "c5", 0), (35.8, 32.5, "c6", 0),
         (34.8, 37.3, "c7", 0), (31, 54, "t1", 0), (24, 76, "t2", 0)], (3.8, 4.4, 4.9, 5.8)),
    "subclavian_vein": (
        [(24, 78, "t2", -4), (38, 66, "t1", -10), (56, 54, "t2", 0), (80, 46, "t2", -4),
         (124, 36, "t3", -8)], (6.0, 5.0, 4.5)),
}
_ASCENDING: Way = [(28, 31, "t1", -2), (20, 27, "c7", 0), (20.5, 22.5, "c6", 0),
                   (20.5, 21.5, "c5", 0), (20, 22, "c4", 0)]
_DEEP: Way = [(38, 22, "t1", -4), (31, 2, "t1", 4), (27, -12, "c7", 0), (24, -19, "c6", 0),
              (21, -23, "c5", 0), (18, -26, "c4", 0)]
# fmt: on


def great_vessels(line: CanalLine, size: float) -> Iterator[Tube]:
    """Yield carotids, jugular and subclavian vessels of both sides."""
    for name, (way, radius) in _GREAT.items():
        for side in SIDES:
            more = 1.12 if side == "right" and name.endswith("vein") else 1.0
            path = smooth(along(line, way, side, size))
            yield tube(f"{name}_{side}", path, [more * size * r for r in radius])


def brain_stem(line: CanalLine, size: float) -> Iterator[Tube]:
    """Yield medulla and pons, where the cord goes on into the skull."""
    way: Way = [(0, 1, "c1", 12), (0, 3, "oc", 0), (0, 9, "head", -4), (0, 16, "head", 20)]
    path = smooth(along(line, way, "right", size))
    yield tube("brain", path, [5.2 * size, 7.0 * size, 11.0 * size, 14.0 * size])


def along(line: CanalLine, way: Way, side: str, size: float) -> Array:
    """Return the world points (n, 3) of a way on one side."""
    sign = -1.0 if side == "left" else 1.0
    u, d, s = (
        np.array(values)
        for values in zip(
            *((size * u, size * d, line.levels[place] + size * up) for u, d, place, up in way),
            strict=True,
        )
    )
    return line.place(s, sign * u, d)


# -- the vertebral artery ------------------------------------------------------------------------


def vertebral_artery(skeleton: Skeleton, line: CanalLine, side: str, size: float) -> Tube:
    """Return the artery from the subclavian through the foramina of C6 to C1 into the skull."""
    before: Way = [(26, 43, "t1", -5), (22, 32, "t1", 6), (19.5, 24.5, "c7", -2)]
    points = list(along(line, before, side, size))
    for level in THROUGH:
        points += through_foramen(skeleton.vertebrae[level], side)
    atlas = skeleton.vertebrae["c1"]
    mirror = np.array([-1.0 if side == "left" else 1.0, 1.0, 1.0])
    rise = atlas.shape.sulcus_radius
    # it lies on the floor of the sulcus, behind the lateral mass
    sulcus = np.array(atlas.shape.sulcus[:3]) + np.array([0.0, 0.0, 0.25 * rise])
    over = (mirror * sulcus) @ atlas.frame[:3, :3].T + atlas.frame[:3, 3]
    inside: Way = [(8.5, -4, "c1", 9), (7, 4, "c1", 18), (4, 12, "oc", 8), (2, 17, "oc", 16)]
    points += [*over, *along(line, inside, side, size)]
    path = smooth(points, STEP)
    into = ("cerebrospinal_fluid", "dura", "epidural_fat")
    return tube(f"vertebral_artery_{side}", path, VERTEBRAL * size, into)


def through_foramen(model: VertebraModel, side: str) -> list[Array]:
    """Return three world points, from below, in the middle of a transverse foramen."""
    centre, _, axis = transverse_foramen(model.shape)
    mirror = np.array([-1.0 if side == "left" else 1.0, 1.0, 1.0])
    return [
        (mirror * (np.array(centre) + t * np.array(axis))) @ model.frame[:3, :3].T
        + model.frame[:3, 3]
        for t in (-2.5, 0.0, 2.5)
    ]


# -- small arteries ------------------------------------------------------------------------------


def small_arteries(
    skeleton: Skeleton, line: CanalLine, roots: Roots, vertebral: Mapping[str, Tube], size: float
) -> Iterator[Tube]:
    """Yield ascending and deep cervical arteries and the radicular ones, free of bone."""
    for side in SIDES:
        feeders = {"vertebral": vertebral[side].path}
        for name, way in (("ascending", _ASCENDING), ("deep", _DEEP)):
            path = smooth(along(line, way, side, size), STEP)
            for model in skeleton.vertebrae.values():
                path = hugging(model.bone, path, SMALL + 0.4, np.zeros(len(path), bool), ease=3.0)
            feeders[name] = path
            yield tube(f"{name}_cervical_artery_{side}", path, [SMALL, 0.7 * SMALL])
        for level, feeder in WITH_ROOT.items():
            yield _radicular(roots, level, side, feeders[feeder], line)


def _radicular(roots: Roots, level: str, side: str, feeder: Array, line: CanalLine) -> Tube:
    """Return the way from a feeder into the foramen, on the front of the root, to the sac."""
    root = roots[level, side]
    at = np.arange(6.0, -root.ganglion, -2.0)
    beside = np.array([root.at(p) for p in at])
    s, d = line.along(beside[:, 1:])
    off = 2.6 - 0.4 * np.linspace(0.0, 1.0, len(at))
    beside = line.place(s + 0.3 * off, beside[:, 0], d + off)
    start = feeder[np.argmin(np.linalg.norm(feeder - beside[0], axis=1))]
    path = smooth([start, 0.5 * (start + beside[0]), *beside], STEP)
    into = ("cerebrospinal_fluid", "dura", "epidural_fat")
    return tube(f"radicular_artery_{level}_{side}", path, RADICULAR, into)
