"""Arteries and great veins: aorta and vena cava, segmental and radicular arteries, Adamkiewicz.

Positions and sizes are estimates after axial CT of adults, mm, unless a source is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.cord import CORD, conus_tip
from spine_tutor.anatomy.nerves import Root, Roots
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.thecal_sac import EXIT, Sac
from spine_tutor.anatomy.tubes import STEP, Tube, hugging, smooth, tube

Array = NDArray[np.float64]

AORTA = {"t12": 11.3, "l1": 10.8, "l2": 10.3, "l3": 9.8, "l4": 9.3}
"""Radius of the abdominal aorta before the bodies, mm: it tapers below its great branches."""
CAVA = 10.5
"""Radius of the inferior vena cava, mm."""
JOINED = 9.0
"""The same where the common iliac veins join, mm: flat behind the right artery (estimate)."""
CROSSES = (-7.0, 18.5, 7.0)
"""Where the right common iliac artery lies from the lower end of the vena cava, world mm (E)."""
ILIAC = (5.5, 6.5)
"""Radius of a common iliac artery and vein, mm."""
OFF_BODY = 3.0
"""From the front of a body to the wall of a great vessel: ligament, fat, segmental vessels (E)."""
SEGMENTAL = 1.2
"""Radius of a lumbar or posterior intercostal artery, mm."""
RADICULAR = 0.4
"""Radius of a radicular artery, mm."""
GREAT_RADICULAR = 0.5
"""Radius of the artery of Adamkiewicz, mm: 1 mm across (Taterra 2019)."""
SEGMENTAL_LEVELS = ("l1", "l2", "l3", "l4")

ADAMKIEWICZ_LEFT = 0.766
"""Share of people in whom it comes from the left (Taterra 2019, 60 studies)."""
ADAMKIEWICZ_LEVEL: Mapping[str, float] = {
    "t5": 0.02, "t6": 0.03, "t7": 0.03, "t8": 0.10, "t9": 0.20, "t10": 0.22, "t11": 0.17,
    "t12": 0.13, "l1": 0.07, "l2": 0.03,
}  # fmt: skip
"""Share of people by level: T8 to L1 sum to 0.89 (Taterra 2019), how they share it is estimate."""
_STREAM = 16  # of random numbers; with it the average adult's comes from the left of T9
CLIMB = 38.0
"""How far the artery of Adamkiewicz climbs with its root before it turns down, mm (estimate)."""


def great_vessels(column: Column) -> Iterator[Tube]:
    """Yield aorta, vena cava and iliac vessels of lower back and pelvis."""
    aorta, cava = aorta_path(column), cava_path(column)
    if "l4" in column.levels:
        yield Tube("aorta", aorta, aorta_radius(column, aorta))
    yield tube("inferior_vena_cava", cava, [CAVA, CAVA, JOINED])
    starts = {"artery": aorta[-1], "vein": cava[-1] + [0.0, 0.0, 2.0]}
    over = cava[-1] + column.sacral_scale * np.array(CROSSES)
    for name, size in zip(starts, ILIAC, strict=True):
        for side in SIDES:
            right = [over] if (name, side) == ("artery", "right") else []
            yield from _iliac(column, name, side, [starts[name], *right], size)


def _iliac(column: Column, name: str, side: str, start: list[Array], size: float) -> Iterator[Tube]:
    """Yield common, external and internal iliac vessel; veins lie behind the arteries."""
    plate = column.endplate("s1", "upper")
    mirror = column.sacral_scale * np.array([-1.0 if side == "left" else 1.0, 1.0, 1.0])

    def way(key: str) -> Array:
        return (np.array(_ILIAC_WAYS[key]) * mirror) @ plate[:3, :3].T

    common = way(f"common_iliac_{name}_{side}")
    yield tube(f"common_iliac_{name}_{side}", smooth([*start, *common]), [size + 1.0, size])
    for branch, widths in (("external", (1.0, 0.85)), ("internal", (0.8, 0.5))):
        path = smooth([common[-1], *way(f"{branch}_iliac_{name}")])
        radius = [size * share for share in widths]
        yield tube(f"{branch}_iliac_{name}_{side}", path, radius)


# In the frame of the endplate of S1, mirrored on the left: to the pelvic brim before the sacroiliac
# joint, on to the inguinal ligament, and down along the wall of the pelvis.
# The right artery crosses before the vena cava; the veins end behind their arteries.
_ILIAC_WAYS: Mapping[str, tuple[tuple[float, float, float], ...]] = {
    "common_iliac_artery_left": ((14, 25, 45), (22, 33, 26), (31, 34, 9), (37, 34, -5)),
    "common_iliac_artery_right": ((19, 37, 34), (30, 37, 11), (37, 34, -5)),
    "common_iliac_vein_left": ((9, 25, 25), (20, 28, 3), (31, 25, -14), (37, 27, -22)),
    "common_iliac_vein_right": ((22, 24, 19), (31, 24, -10), (37, 27, -22)),
    "external_iliac_artery": ((52, 53, -20), (68, 80, -33), (80, 101, -57), (82, 103, -91)),
    "external_iliac_vein": ((44, 43, -32), (56, 73, -37), (63, 95, -44), (69, 105, -60),
        (71, 107, -88)),
    "internal_iliac_artery": ((31, 41, -24), (37, 36, -47), (43, 16, -66)),
    "internal_iliac_vein": ((41, 26, -38), (44, 16, -50), (47, -3, -64)),
}  # fmt: skip


def aorta_path(column: Column) -> Array:
    """Return the middle of the abdominal aorta from above, (n, 3) mm.

    It divides before the lower part of L4; the veins join before its disc with L5.
    """
    places = {"t12": (-4.0, 0.0), "l1": (-6.0, 0.0), "l2": (-9.0, 0.0), "l3": (-10.0, 0.0),
              "l4": (-6.0, -4.0)}  # fmt: skip
    path = [
        before_bodies(column, AORTA[level], {level: place})[0] for level, place in places.items()
    ]
    return smooth([path[0] + [1.0, 0.0, 40.0], *path])


def aorta_radius(column: Column, path: Array) -> Array:
    """Return the radius of the abdominal aorta at the points of its path, (n,) mm."""
    heights = [column.frames[level][2, 3] for level in AORTA]
    return np.interp(-path[:, 2], np.negative(heights), list(AORTA.values()))


def cava_path(column: Column) -> Array:
    """Return the middle of the inferior vena cava from above, (n, 3) mm."""
    places = {"l1": (24.0, 0.0), "l2": (20.0, 0.0), "l3": (19.0, 0.0), "l4": (18.0, 0.0)}
    path = before_bodies(column, CAVA, places)
    end = before_bodies(column, JOINED, {"l5": (12.0, 17.0)})
    return smooth([path[0] + [1.0, 8.0, 70.0], *path, *end])


def before_bodies(
    column: Column, radius: float, places: Mapping[str, tuple[float, float]], off: float = OFF_BODY
) -> list[Array]:
    """Return places of a vessel that lies on the front of bodies and touches none.

    Args:
        column: the posed vertebrae.
        radius: of the vessel, mm.
        places: by level, x and z in the vertebra's frame, mm; beside a body it lies no further
            back than its middle.
        off: from the bone to the wall of the vessel, mm.
    """
    found = []
    edge = np.sin(np.linspace(-0.5 * np.pi, 0.5 * np.pi, 61))
    for level, (x, z) in places.items():
        body = column.bodies[level]
        aside = x - 0.5 * body.width_upper * edge
        ahead = 0.5 * body.depth * (1.0 - edge**2) ** 0.4
        # as far before each point of the outline as a circle needs that touches it
        reach = (radius + off) ** 2 - aside**2
        y = float(np.where(reach > 0, ahead + np.sqrt(np.maximum(reach, 0.0)), 0.0).max())
        found.append((column.frames[level] @ [x, y, z, 1.0])[:3])
    return found


# -- segmental arteries --------------------------------------------------------------------------


def segmental_arteries(
    skeleton: Skeleton,
    column: Column,
    roots: Roots,
    aorta: tuple[Array, float],
    names: Mapping[str, str],
) -> Iterator[Tube]:
    """Yield the arteries that go round the waists of bodies from the aorta, and their branches.

    At the foramen of its level each gives a dorsal branch, which goes on with it, and a radicular
    artery that enters the foramen above and before the nerve.

    Args:
        skeleton: the bones.
        column: the posed vertebrae.
        roots: the nerves of the foramina.
        aorta: its path and radius, mm.
        names: by level the artery's name without side.
    """
    for level, name in names.items():
        if level not in skeleton.vertebrae:
            continue
        for side, sign in (("left", -1.0), ("right", 1.0)):
            mouth = foramen_mouth(column, roots.get((level, side)), level, sign)
            path = round_body(skeleton, column, level, sign, aorta, mouth)
            yield tube(f"{name}_{side}", path, [SEGMENTAL, 0.8 * SEGMENTAL])
            root = roots.get((level, side))
            if root is not None:
                inwards = smooth([mouth, *beside_root(column, root, level)], STEP)
                yield tube(f"radicular_artery_{level}_{side}", inwards, RADICULAR)


def foramen_mouth(column: Column, root: Root | None, level: str, sign: float) -> Array:
    """Return where a segmental artery divides: before and above the nerve that comes out."""
    body, frame = column.bodies[level], column.frames[level]
    if root is None:
        x, y = 0.5 * body.canal_width + 9.0, -0.5 * body.depth + 1.0
        return (frame @ [sign * x, y, -0.15 * body.height, 1.0])[:3]
    return root.at(5.0) + 4.0 * frame[:3, 1] + 3.5 * frame[:3, 2] + sign * 2.0 * frame[:3, 0]


def round_body(
    skeleton: Skeleton,
    column: Column,
    level: str,
    sign: float,
    aorta: tuple[Array, float],
    mouth: Array,
) -> Array:
    """Return the way from the wall of the aorta round the body to the foramen, and behind.

    Args:
        skeleton: the bones.
        column: the posed vertebrae.
        level: whose body it goes round.
        sign: 1 on the right, -1 on the left.
        aorta: path and radius, mm, of the stretch that lies on the bodies; where it does not
            reach the level, the way climbs from its upper end.
        mouth: of the foramen; see `foramen_mouth`.
    """
    model, body, frame = skeleton.vertebrae[level], column.bodies[level], column.frames[level]
    path, radius = aorta
    origin = path[int(np.argmin(np.linalg.norm(path - frame[:3, 3] - frame[:3, 2], axis=1)))]
    start = (origin - frame[:3, 3]) @ frame[:3, :3]
    first = np.arctan2(sign * start[0] / body.width_upper, start[1] / body.depth)
    angle = np.linspace(first + 0.25, np.radians(118.0), 7)
    x = sign * (0.46 * body.width_upper + 1.5) * np.sin(angle)
    y = (0.46 * body.depth + 1.5) * np.cos(angle)
    # the uppermost climb on the bodies below
    z = np.linspace(min(start[2], 0.0), -0.06 * body.height, len(angle))
    ring = np.stack([x, y, z], axis=-1) @ frame[:3, :3].T + frame[:3, 3]
    # out of the back of the aorta
    out = origin + 0.8 * radius * (ring[0] - origin) / np.linalg.norm(ring[0] - origin)
    behind = [
        mouth - 9.0 * frame[:3, 1] + sign * 3.0 * frame[:3, 0] - 1.0 * frame[:3, 2],
        mouth - 18.0 * frame[:3, 1] + sign * 1.0 * frame[:3, 0] - 6.0 * frame[:3, 2],
        mouth - 28.0 * frame[:3, 1] + sign * 2.0 * frame[:3, 0] - 10.0 * frame[:3, 2],
    ]
    if level.startswith("t"):  # in the chest it goes on in the groove of the rib
        behind = []
    way = smooth([out, *ring, mouth, *behind], STEP)
    near = [int(np.argmin(np.linalg.norm(way - p, axis=1))) for p in (ring[1], ring[-1])]
    at = np.arange(len(way))
    climbs = (way - frame[:3, 3]) @ frame[:3, 2] < -0.5 * body.height
    hugs = (at >= near[0]) & (at <= near[1]) & ~climbs
    gap, free = SEGMENTAL + 0.6, np.zeros(len(way), bool)
    for other in skeleton.vertebrae.values():
        if other is not model and climbs.any():
            way = hugging(other.bone, way, gap, free)
    return hugging(model.bone, way, gap, hugs)


def beside_root(column: Column, root: Root, level: str, to: float = -12.0) -> Array:
    """Return a way into the foramen on the front and upper side of a root, to beside the sac."""
    frame = column.frames[level]
    places = np.arange(4.0, to, -2.0)
    off = 0.9 + np.array([np.interp(p, [-14, 0, 8], [2.0, 2.8, 2.2]) for p in places])
    away = 0.75 * frame[:3, 1] + 0.65 * frame[:3, 2]
    return np.array([root.at(p) for p in places]) + off[:, None] * away


# -- the artery of Adamkiewicz -------------------------------------------------------------------


def adamkiewicz(case: Case) -> tuple[str, str]:
    """Return level and side at which the artery of Adamkiewicz enters in a case, by its seed."""
    rng = np.random.default_rng([case.seed, _STREAM])
    levels, shares = list(ADAMKIEWICZ_LEVEL), np.array(list(ADAMKIEWICZ_LEVEL.values()))
    level = levels[int(rng.choice(len(levels), p=shares / shares.sum()))]
    return level, "left" if rng.random() < ADAMKIEWICZ_LEFT else "right"


def artery_of_adamkiewicz(sac: Sac, roots: Roots, case: Case) -> Iterator[Tube]:
    """Yield the artery with its hairpin: in with its root, up to the cord, down before the cord.

    Where it enters above the region only the limb is there that descends to the conus.
    """
    name, column = "artery_of_adamkiewicz", sac.column
    through = ("cerebrospinal_fluid", "cauda_equina", "dura")
    level, side = adamkiewicz(case)
    tip, ceiling = conus_tip(sac), float(sac.s[-1]) - 1.0
    top = ceiling
    root = roots.get((level, side))
    if root is not None:
        sign = -1.0 if side == "left" else 1.0
        enters = float(sac.line.along(root.path[0][1:])[0])
        top = min(enters + CLIMB, ceiling)
        outside = smooth(beside_root(column, root, level, -1e-3 - root.ganglion), STEP)
        s = np.linspace(enters, top, 24)
        share = (s - enters) / (top - enters)
        across = sign * 0.82 * EXIT[0] * (1.0 - share) ** 0.7
        depth, middle = sac.section(s)[1:]
        before = (_before_cord(sac, s) - middle) / depth
        ahead = (1 - share) * (EXIT[1] + 0.25) + share * before
        inside = sac.place(s, across, ahead)
        yield tube(name, smooth([*outside[::6], *inside], STEP), GREAT_RADICULAR, through)
    s = np.arange(tip + 2.0, top, 2.0)
    if len(s) > 1:
        down = sac.line.place(s[::-1], 0.0, _before_cord(sac, s[::-1]))
        yield tube(name, smooth(down, STEP), [GREAT_RADICULAR, 0.6 * GREAT_RADICULAR], through)


def _before_cord(sac: Sac, s: Array) -> Array:
    """Return how far before the canal line the front of the cord is, with room for an artery."""
    size = np.clip((s - conus_tip(sac)) / 24.0, 0.0, 1.0) ** 0.6
    half = sac.line.along_column({level: row[1] for level, row in CORD.items()}, s)
    return sac.section(s)[2] + size * half + 0.5 + GREAT_RADICULAR
