"""The thecal sac in a narrow canal: what squeezes it, and how much of it is left."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from spine_tutor.anatomy.bones import build_skeleton, paint_bones, paint_facet_joints
from spine_tutor.anatomy.canal import ANGLES, CanalWall, by_angle, canal_line
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case, Herniation, shipped_cases
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.discs import paint_discs
from spine_tutor.anatomy.flava import fit_flava, room
from spine_tutor.anatomy.region import LUMBAR
from spine_tutor.anatomy.thecal_sac import SNUG, Sac, fit_sac, squeezed

COARSE = 0.8  # mm; half as many voxels a side as in a built body, and only L3 to S1


class Canal:
    """Sac and walls of the canal of one case from L3 to S1, without painting them."""

    def __init__(self, **changed):
        case = Case(**changed)
        self.column = build_column(case)
        skeleton = build_skeleton(self.column, case)
        ends = [self.column.frames[level][:3, 3] for level in ("l3", "s1")]
        low = np.min(ends, axis=0) - np.array([32, 70, 15])
        high = np.max(ends, axis=0) + np.array([32, 25, 25])
        canvas = Canvas(structures(), low, COARSE, tuple(((high - low) / COARSE).astype(int)))
        paint_bones(canvas, skeleton)
        paint_discs(canvas, self.column, case)
        paint_facet_joints(canvas, skeleton, LUMBAR)
        self.wall = CanalWall(canvas, canal_line(self.column, case), case.laminectomy)
        self.resting = fit_sac(self.wall, self.column, case)
        self.room = room(self.wall, fit_flava(self.wall, self.resting, case))
        self.sac: Sac = squeezed(self.resting, self.room)

    def span(self, upper: str, lower: str):
        """Return the places within 6 mm of a disc."""
        levels = self.wall.line.levels
        return np.abs(self.sac.s - 0.5 * (levels[upper] + levels[lower])) < 6.0

    def least(self, upper: str, lower: str) -> float:
        """Return the least area of the sac within 6 mm of a disc, mm²."""
        area = np.pi * (self.sac.reach**2).mean(axis=0)
        return float(area[self.span(upper, lower)].min())


@cache
def canal(**changed) -> Canal:
    return Canal(**changed)


@cache
def least(name: str, share: float, upper: str = "l4", lower: str = "l5") -> float:
    value = {f"{upper}_{lower}": share} if name == "disc_narrowing" else share
    return Canal(**{name: value} if share else {}).least(upper, lower)


@pytest.mark.parametrize("name", ["disc_narrowing", "facet_hypertrophy", "flavum_hypertrophy"])
def test_what_narrows_the_canal_narrows_the_sac(name):
    """Facets first fill the lateral recess; a voxel more or less is 1 % of the sac."""
    areas = [least(name, 0.0), least(name, 0.5), least(name, 1.0)]
    assert 1.01 * areas[0] > areas[1] > areas[2]
    assert areas[2] < 0.94 * areas[0]


def test_worn_facets_narrow_the_lateral_recess():
    beside = np.abs(np.abs(np.degrees(ANGLES)) - 85.0) < 20.0
    wide = []
    for share in (0.0, 0.5, 1.0):
        of = canal(facet_hypertrophy=share)
        levels = of.wall.line.levels
        here = np.abs(of.wall.s - 0.5 * (levels["l4"] + levels["l5"])) < 10.0
        wide.append(float(np.median(of.wall.closed[beside][:, here])))
    assert wide[0] > wide[1] + 0.3
    assert wide[1] > wide[2] + 0.3


def test_a_narrow_disc_narrows_the_sac_at_its_own_level_only():
    narrow = Canal(disc_narrowing={"l3_l4": 0.8})
    assert narrow.least("l3", "l4") < 0.93 * canal().least("l3", "l4")
    assert narrow.least("l4", "l5") == pytest.approx(canal().least("l4", "l5"), rel=0.05)


def test_the_sac_has_a_healthy_area_in_health_and_is_stenotic_in_the_degenerative_case():
    """Dural sac at L4–L5 by MRI: 152 ± 54 mm² in 130 controls, 80 ± 35 in 135 with stenosis.

    PMC5728944 (Medicine 2017). Thresholds of 100 and 75 mm² are recalled.
    """
    for segment in ("l3_l4", "l4_l5"):
        assert 125 < canal().least(*segment.split("_")) < 190, segment
    worn = shipped_cases()["degenerative"].model_dump(exclude={"id", "title"})
    assert 55 < Canal(**worn).least("l4", "l5") < 98


@pytest.mark.parametrize("changed", [{}, {"flavum_hypertrophy": 1.0, "facet_hypertrophy": 1.0}])
def test_the_sac_keeps_within_bone_disc_and_flava(changed):
    """Its wall never passes theirs, seen from the line of the canal."""
    of = canal(**changed)
    sac = of.sac
    u = sac.aside + sac.reach * np.sin(ANGLES)[:, None]
    d = sac.middle - sac.reach * np.cos(ANGLES)[:, None]
    free = by_angle(of.room, of.wall.s, np.arctan2(u, -d), sac.s) - np.hypot(u, d)
    assert free[:, of.span("l4", "l5")].min() > SNUG - 0.5


def test_a_place_is_a_share_of_the_way_to_the_wall():
    sac = canal(flavum_hypertrophy=1.0, facet_hypertrophy=1.0).sac
    s = np.full(9, sac.line.levels["l4"] - 16.0)
    turn = np.radians(np.arange(0, 360, 40))
    inside = sac.place(s, 0.9 * np.sin(turn), 0.9 * np.cos(turn))
    along, d = sac.line.along(inside[:, 1:])
    u, d = inside[:, 0] - sac.beside(along), d - sac.section(along)[2]
    share = np.hypot(u, d) / sac.wall(np.arctan2(u, -d), along)
    assert share == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize(("side", "sign"), [("left", -1.0), ("right", 1.0), ("central", 0.0)])
def test_a_herniation_dents_the_sac_on_its_side(side, sign):
    of = Canal(herniations=(Herniation(segment="l4_l5", side=side, size=6.0),))
    here = of.span("l4", "l5")
    front = np.radians(sign * 125.0 if sign else 178.0)
    way = int(np.abs(ANGLES - front).argmin())
    other = int(np.abs(ANGLES + front).argmin())
    dent = (of.sac.reach[way] - canal().sac.reach[way][: len(of.sac.s)])[here].min()
    assert dent < -0.8
    if sign:
        assert of.sac.reach[way][here].min() < of.sac.reach[other][here].min() - 0.8
    assert of.least("l4", "l5") < canal().least("l4", "l5")


def test_a_laminectomy_lets_the_sac_go_backwards():
    of = Canal(laminectomy=("l4",))
    here = of.span("l4", "l5")
    back = of.sac.reach[len(ANGLES) // 2] - of.sac.middle
    before = canal().sac.reach[len(ANGLES) // 2] - canal().sac.middle
    assert (back[here] - before[here]).max() > 1.0
    assert of.least("l4", "l5") >= canal().least("l4", "l5")
