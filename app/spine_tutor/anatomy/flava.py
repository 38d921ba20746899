"""Ligamenta flava: fitted to the bones behind the canal, the posterior epidural recess before them.

From the facet joints each ligament runs along the laminae; near the midline both leave the bone
and meet at an angle, so that between two laminae a triangular recess opens behind the sac. It is
as deep as the table says where the bones leave room, and closes towards the upper border of each
lamina, to which the dura lies close.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.canal import ANGLES, REACH, CanalWall, free_around
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.thecal_sac import Sac
from spine_tutor.anatomy.variants import LAMINECTOMY

Array = NDArray[np.float64]

FLAVUM_REACH = 78.0
"""How far round from the midline the flavum goes, to the facet joints, degrees (estimate)."""
HYPERTROPHY = 0.8
"""Share by which a severely thickened flavum is thicker (estimate)."""
BUCKLED = 1.8
"""What a flavum is thicker that bulges forwards over a disc without height, mm (estimate)."""
FLAVUM_GAP = 0.6
"""Half the width of the gap between the two flava, mm (estimate)."""
MEET = 1.0
"""How far from the midline their inner faces reach its depth, mm (estimate)."""
LAMINA = 14.0
"""Bone of a lower vertebra farther from the middle is its spinous process, mm (estimate)."""
NEAR = 3.0
"""How far above and below a flavum the recess before it may reach, mm (estimate)."""
VAULT = np.radians(26.0)
"""From there to the midline the flava leave the bone and meet, from straight behind (estimate)."""


@dataclass(frozen=True, eq=False)
class Flavum:
    """Both ligaments of one segment, by angle round the canal and place along it.

    Attributes:
        segment: such as ``l4_l5``.
        low, high: (angles,) where it ends on the lower and the upper lamina, mm along the canal.
        front: (angles, places) distance of its inner face from the middle of the canal, mm.
        recess: (angles, places) how far the space before it reaches where no bone is in the way.
        thick: (angles, places) mm, 0 where a laminectomy has taken it.
    """

    segment: str
    low: Array
    high: Array
    front: Array
    recess: Array
    thick: Array


def fit_flava(wall: CanalWall, sac: Sac, case: Case) -> tuple[Flavum, ...]:
    """Return the flava of every segment of a region, behind the sac and between the laminae."""
    return tuple(_fit(wall, sac, case, *pair) for pair in wall.line.region.segments)


def _fit(wall: CanalWall, sac: Sac, case: Case, upper: str, lower: str) -> Flavum:
    segment = f"{upper}_{lower}"
    high, low, edge = _range(wall, upper, lower)
    healthy = morphometry().value("ligamentum_flavum_thickness", segment)
    thicker = healthy * HYPERTROPHY * case.flavum_hypertrophy
    thicker += BUCKLED * case.disc_narrowing.get(segment, 0.0)
    # thin before the joint in health; what it gains, it gains there too
    thick = healthy * np.clip(1.5 * np.cos(ANGLES) - 0.2, 0.45, 1.0)
    thick += thicker * np.clip(1.3 * np.cos(ANGLES) + 0.35, 0.45, 1.0)
    # before the upper lamina the whole ligament lies in the canal; towards the lower lamina,
    # on whose upper border it ends, it comes to lie in line with the bone
    share = (wall.s - low[:, None]) / np.maximum(edge - low, 1.0)[:, None]
    along_bone = wall.closed - thick[:, None] * (0.3 + 0.7 * np.clip(share, 0.0, 1.0))
    depth = case.height_scale * morphometry().value("posterior_epidural_depth", segment)
    recess = _vault(wall, sac, along_bone, depth - thicker)
    front = np.minimum(along_bone, recess)
    taken = _taken(wall, sac, case, (upper, lower), front, edge)
    if {upper, lower} & set(case.laminectomy):
        recess[:] = np.inf  # the fat goes on to the muscle
    front = np.where(taken, REACH, front)
    return Flavum(segment, low, high, front, recess, np.where(taken, 0.0, thick[:, None]))


def _taken(
    wall: CanalWall, sac: Sac, case: Case, levels: tuple[str, str], front: Array, edge: Array
) -> NDArray[np.bool_]:
    """Return, by angle and place, where a laminectomy has taken a flavum with its lamina.

    Between the joints all of it goes with the upper lamina, from which it hangs; with the lower
    one what stands above that, free of the upper one.
    """
    across = front * np.abs(np.sin(ANGLES))[:, None]
    half = [
        LAMINECTOMY * sac.column.bodies[level].canal_width * (level in case.laminectomy)
        for level in levels
    ]
    return (across < half[0]) | ((across < half[1]) & (wall.s < edge[:, None]))


def _vault(wall: CanalWall, sac: Sac, along_bone: Array, depth: float) -> Array:
    """Return, by angle and place, planes from the bone on either side to the midline.

    They meet `depth` behind the sac, as wide apart as the gap between the flava; beyond the
    planes' feet there is no limit.
    """
    _, half_depth, middle = sac.section(wall.s)
    ridge = half_depth - middle + depth
    limit = np.full_like(along_bone, np.inf)
    for sign in (-1.0, 1.0):
        foot = along_bone[int(np.abs(ANGLES - sign * VAULT).argmin())]
        rise = (ridge - foot * np.cos(VAULT)) / (foot * np.sin(VAULT) - MEET)
        here = (sign * ANGLES >= 0) & (np.abs(ANGLES) < VAULT)
        across = np.abs(ANGLES[here, None])
        plane = (ridge + rise * MEET) / (np.cos(across) + rise * np.sin(across))
        limit[here] = np.where(plane * np.sin(across) < MEET, ridge / np.cos(across), plane)
    return limit


def _range(wall: CanalWall, upper: str, lower: str) -> tuple[Array, Array, Array]:
    """Return, by angle, the top and bottom of a flavum and the lower border of the upper lamina."""
    above = wall.line.region.levels.index(upper)
    middle = 0.5 * (wall.line.levels[upper] + wall.line.levels[lower])
    of_upper, of_lower = wall.owner == above, wall.owner == above + 1
    of_lower &= wall.radius < LAMINA
    s = np.broadcast_to(wall.s, wall.owner.shape)
    border = np.where(of_upper.any(axis=1), np.where(of_upper, s, np.inf).min(axis=1), middle)
    stop = np.where(of_lower.any(axis=1), np.where(of_lower, s, -np.inf).max(axis=1), middle)
    behind = np.abs(ANGLES) < np.radians(35.0)
    border = np.where(behind, border, np.median(border[behind]))
    stop = np.where(behind, stop, np.median(stop[behind]))
    # half of the height of the upper lamina, as far as it faces the canal
    tall = np.median(np.where(of_upper, s, -np.inf).max(axis=1)[behind] - border[behind])
    start = border + 0.4 * np.clip(tall, 8.0, 24.0)
    start = np.maximum(start, np.median(start[behind]))  # where the border runs down to the joint
    smooth = (ndimage.gaussian_filter1d(a, 2.0, mode="wrap") for a in (start, stop, border))
    start, stop, border = smooth
    return start, np.minimum(stop, border - 1.0), border


def paint_flava(canvas: Canvas, wall: CanalWall, flava: tuple[Flavum, ...]) -> None:
    """Paint both ligamenta flava of every segment."""
    window, where, u, d, s = free_around(canvas, wall.line, REACH)
    every, radius, angle = np.array(where), np.hypot(u, d), np.arctan2(u, -d)
    near = (np.abs(angle) < np.radians(FLAVUM_REACH)) & (np.abs(u) > FLAVUM_GAP)
    for flavum in flava:
        level = np.flatnonzero(near & (s < flavum.high.max()) & (s > flavum.low.min() - 1.0))
        at = angle[level], s[level]
        low, high, thick = (
            wall.at(edge, *at)
            for edge in (
                flavum.low[:, None] + 0 * wall.s,
                flavum.high[:, None] + 0 * wall.s,
                flavum.thick,
            )
        )
        beyond = radius[level] - wall.at(flavum.front, *at)
        here = (s[level] < high) & (s[level] > low - 1.0) & (beyond > 0) & (beyond < thick)
        for side, on in (("left", u[level] < 0), ("right", u[level] > 0)):
            places = tuple(every[:, level[here & on]])
            canvas.paint_places(f"ligamentum_flavum_{flavum.segment}_{side}", places, window)


def room(wall: CanalWall, flava: tuple[Flavum, ...]) -> Array:
    """Return, by angle and place, how far it is to bone, disc or the inner face of a flavum, mm."""
    found, s = wall.closed.copy(), wall.s
    around = np.abs(ANGLES[:, None]) < np.radians(FLAVUM_REACH)
    for flavum in flava:
        here = around & (s > flavum.low[:, None]) & (s < flavum.high[:, None])
        found = np.where(here, np.minimum(found, flavum.front), found)
    return found


def lining(wall: CanalWall, flava: tuple[Flavum, ...], behind: bool = False) -> Array:
    """Return, by angle and place, how far the canal reaches: to its bone or to the flava, mm.

    Near the midline, where the flava leave the bone, that is to their inner face, or with `behind`
    to their outer one.
    """
    found, s = wall.closed + 0.3, wall.s
    vaulted = (np.abs(ANGLES) < VAULT)[:, None]
    for flavum in flava:
        thick = flavum.thick * behind
        between = (s > flavum.low[:, None]) & (s < flavum.high[:, None])
        face = np.where(between, flavum.front, flavum.recess) + thick
        near = vaulted & (s > flavum.low.min() - NEAR) & (s < flavum.high.max() + NEAR)
        found = np.where(near, np.minimum(found, face), found)
    return found
