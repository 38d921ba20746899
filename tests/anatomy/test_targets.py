"""Targets and trajectories of every procedure that the reference sheet names."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree

from spine_tutor.anatomy.landmarks_chest import PARAVERTEBRAL
from spine_tutor.anatomy.library import open_subject
from spine_tutor.anatomy.region import REGIONS, subject_id
from spine_tutor.anatomy.rows import SIDES

LUMBAR = ("l1", "l2", "l3", "l4", "l5")
THORACIC = [f"t{n}" for n in range(1, 13)]


def segments(levels):
    return [f"{upper}_{lower}" for upper, lower in pairwise(levels)]


SACRAL = ["l5_transforaminal_target", "l5_s1_facet_target", "l5_s1_paramedian_interlaminar_target",
          "l5_dorsal_ramus_target", "s1_transforaminal_target", "sacroiliac_joint_target",
          *(f"s{n}_lateral_branches_target" for n in (1, 2, 3))]  # fmt: skip
NAMED = {
    "cervical": [
        *(f"c{n}_medial_branch_target" for n in range(3, 8)),
        *(f"c{n}_transforaminal_target" for n in range(3, 9)),
        *(f"c{n}_root_ultrasound_target" for n in (5, 6, 7)),
        *(f"{pair}_facet_target" for pair in segments([*(f"c{n}" for n in range(2, 8)), "t1"])),
        *(f"{pair}_paramedian_interlaminar_target" for pair in ("c6_c7", "c7_t1", "t1_t2")),
        "third_occipital_nerve_target",
        "greater_occipital_nerve_target",
        "stellate_c6_target",
        "stellate_c7_target",
        "c6_chassaignac_tubercle",
    ],
    "thoracic": [
        *(f"{level}_medial_branch_target" for level in THORACIC),
        *(f"{level}_transforaminal_target" for level in THORACIC),
        *(f"{level}_paravertebral_target" for level in THORACIC[:-1]),
        *(f"{level}_intercostal_target" for level in THORACIC[:-1]),
        *(f"{level}_costotransverse_target" for level in THORACIC[:-2]),
        *(f"{pair}_facet_target" for pair in segments(["c7", *THORACIC, "l1"])),
        *(f"{pair}_paramedian_interlaminar_target" for pair in segments(["c7", *THORACIC, "l1"])),
    ],
    "lumbar": [
        *(f"{level}_medial_branch_target" for level in LUMBAR),
        *(f"{level}_transforaminal_target" for level in LUMBAR),
        *(f"{level}_kambin_target" for level in LUMBAR[:4]),
        *(f"{pair}_disc_entry" for pair in segments([*LUMBAR, "s1"])),
        *(f"{pair}_facet_target" for pair in segments([*LUMBAR, "s1"])),
        *(f"{pair}_paramedian_interlaminar_target" for pair in segments(["t12", *LUMBAR, "s1"])),
        "l2_sympathetic_target",
        "l3_sympathetic_target",
        *SACRAL,
    ],
    "sacral": SACRAL,
}
"""By region what the sheet's procedures aim at on either side (`reference/anatomy.md`, "Views and
targets") and what lies next to it. T12 has no paravertebral wedge: no rib hangs under it. The disc
of L5–S1 is the lumbar region's: its needle comes over the iliac crest, above the pelvis' skin."""
MIDLINE = {
    "cervical": [f"{pair}_interlaminar_target" for pair in ("c6_c7", "c7_t1", "t1_t2")],
    "thoracic": [f"{pair}_interlaminar_target" for pair in segments(["c7", *THORACIC, "l1"])
                 if pair[:2] not in ("t5", "t6", "t7", "t8")],  # spinous processes overhang
    "lumbar": ["caudal_target", *(f"{pair}_interlaminar_target"
                                  for pair in segments(["t12", *LUMBAR, "s1"]))],
    "sacral": ["caudal_target", "l5_s1_interlaminar_target"],
}  # fmt: skip
BLOCKED: dict[str, dict[str, str]] = {"cervical": {}, "thoracic": {}, "lumbar": {}, "sacral": {}}
"""By region the targets of the average adult that no straight needle reaches, and why."""
WITHOUT_WAY = ("c6_chassaignac_tubercle",)  # a mere place


@pytest.fixture(scope="module", params=list(NAMED))
def region(request):
    return request.param


@pytest.fixture(scope="module")
def subject(region):
    return open_subject(subject_id("average", REGIONS[region]))


def near(subject, structure, point):
    index = np.argwhere(subject.mask(structure))
    return float(cKDTree(subject.grids[0].points(index)).query(point)[0])


def test_every_procedure_has_a_target_a_side_with_source_and_way(subject, region):
    for name in NAMED[region]:
        for side in SIDES:
            mark = subject.landmarks[f"{name}_{side}"]
            assert mark.source
            assert (mark.point[0] < 0) == (side == "left")
            assert (mark.entry is not None) == (name not in WITHOUT_WAY), mark.id
    for name in MIDLINE[region]:
        assert subject.landmarks[name].entry is not None, name
        assert abs(subject.landmarks[name].point[0]) < 4.0  # past a bent spinous process


def test_no_target_is_blocked_but_those_that_anatomy_forbids(subject, region):
    blocked = {mark.id: mark.blocked for mark in subject.landmarks.values() if mark.blocked}
    assert blocked.keys() == BLOCKED[region].keys(), blocked


def test_a_way_is_free_or_what_blocks_it_is_told(subject):
    """Nothing that must be spared is met but bone that the tip lies on."""
    for mark in subject.landmarks.values():
        assert not (mark.entry and mark.blocked)
        if mark.entry is None:
            continue
        length = float(np.linalg.norm(np.subtract(mark.point, mark.entry)))
        labels = subject.sample(np.linspace(mark.point, mark.entry, round(4 * length)))[0]
        own = subject.structures.whole(subject.structures.by_label(int(labels[0])).id).id
        for label, count in zip(*np.unique(labels[labels > 0], return_counts=True), strict=True):
            met = subject.structures.by_label(int(label))
            if subject.structures.whole(met.id).id == own or met.kind == "bone":
                continue  # bone: held by another test
            grazed = count <= 4  # 1 mm: the entry is rounded
            assert grazed or met.kind not in ("organ", "joint"), (mark.id, met.id)
            assert grazed or not re.search("artery|root|ganglion", met.id), (mark.id, met.id)


@pytest.mark.parametrize("region", ["lumbar"], indirect=True)
def test_tips_lie_by_the_landmarks_that_define_them(subject, region):
    at = {name: np.array(mark.point) for name, mark in subject.landmarks.items()}
    for side in SIDES:
        for upper, lower in pairwise(LUMBAR):
            branch = at[f"{upper}_medial_branch_target_{side}"]
            assert near(subject, f"{upper}_superior_articular_process_{side}", branch) < 3.0
            assert near(subject, f"{upper}_transverse_process_{side}", branch) < 1.0
            kambin = at[f"{upper}_kambin_target_{side}"]
            assert 2.0 < near(subject, f"{upper}_nerve_root_{side}", kambin) < 7.3
            assert near(subject, f"{lower}_superior_articular_process_{side}", kambin) < 7.3
        ramus = at[f"l5_dorsal_ramus_target_{side}"]
        for bone in (f"sacral_ala_{side}", f"s1_superior_articular_process_{side}"):
            assert near(subject, bone, ramus) < 3.5
        for level in ("s1", "s2", "s3"):
            assert near(subject, "sacrum", at[f"{level}_lateral_branches_target_{side}"]) < 1.6


def test_paravertebral_needles_enter_farther_out_in_men():
    for women, pooled, men in zip(*(PARAVERTEBRAL[s] for s in ("female", "pooled", "male")),
                                  strict=True):  # fmt: skip
        assert women < pooled < men


@pytest.mark.parametrize("region", ["thoracic"], indirect=True)
def test_paravertebral_tips_lie_before_the_ligament(subject, region):
    """The wedge has the superior costotransverse ligament behind it."""
    for n in range(1, 12):
        for side in SIDES:
            mark = subject.landmarks[f"t{n}_paravertebral_target_{side}"]
            assert subject.structure_at(mark.point).id == f"paravertebral_fat_{side}", mark.id
            labels = subject.sample(np.linspace(mark.point, mark.entry, 600))[0]
            ligament = subject.structures[f"superior_costotransverse_ligament_t{n + 1}_{side}"]
            assert ligament.label in labels, mark.id


@pytest.mark.parametrize("region", ["thoracic"], indirect=True)
def test_intercostal_tips_stay_off_the_pleura(subject, region):
    for n in range(1, 12):
        for side in SIDES:
            point = np.array(subject.landmarks[f"t{n}_intercostal_target_{side}"].point)
            kind = subject.structure_at(point).kind
            assert kind == "muscle", (n, side, kind)
