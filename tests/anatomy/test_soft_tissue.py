"""Thin nerves and vessels, muscles and ligaments of the lower back and the pelvis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from spine_tutor.anatomy.bones import build_skeleton
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.nerves import Root
from spine_tutor.anatomy.rami import dorsal_rami
from spine_tutor.anatomy.rami_lower import CROSSES, SACRAL, courses
from spine_tutor.anatomy.region import LUMBAR, REGIONS
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.subject import Subject
from spine_tutor.anatomy.tube_mesh import tube_meshes
from spine_tutor.anatomy.tubes import tube
from spine_tutor.anatomy.vessels import ADAMKIEWICZ_LEVEL, adamkiewicz

BOTH = ("lumbar", "sacral")
CROSSED = {nerve: level for nerve, level in CROSSES.items() if nerve in LUMBAR.roots}


@pytest.fixture(scope="module")
def pelvis() -> Subject:
    from spine_tutor.anatomy.library import open_subject

    return open_subject("average-sacral")


@pytest.fixture
def body(request, atlas, pelvis) -> Subject:
    return {"lumbar": atlas, "sacral": pelvis}[request.param]


@pytest.fixture(scope="module")
def skeleton():
    case = Case()
    return build_skeleton(build_column(case), case)


def points(subject, name, grid=0):
    return subject.grids[grid].points(np.argwhere(subject.mask(name, grid)))


def pieces(subject, name, grid=0):
    """Return the share of a structure's voxels that hang together."""
    mask = subject.mask(name, grid)
    (box,) = ndimage.find_objects(mask.view(np.uint8))
    parts, _ = ndimage.label(mask[box], np.ones((3, 3, 3)))
    return np.bincount(parts.ravel())[1:].max() / mask.sum()


# -- tubes ----------------------------------------------------------------------------------------


def test_a_tube_thinner_than_a_voxel_is_painted_in_one_piece():
    canvas = Canvas(structures(), [0.0, 0.0, 0.0], 1.0, (30, 30, 30))
    way = np.stack([np.linspace(2, 27, 60), np.linspace(3, 20, 60), np.linspace(25, 4, 60)], 1)
    tube("l3_medial_branch_left", way, 0.2).paint(canvas)
    _, count = ndimage.label(canvas.labels, np.ones((3, 3, 3)))
    assert count == 1
    assert canvas.labels.any(axis=(1, 2)).sum() > 24


def test_the_mesh_of_a_tube_has_its_thickness_and_faces_outwards():
    way = np.stack([np.zeros(80), np.zeros(80), np.linspace(0, 40, 80)], axis=1)
    mesh = tube_meshes([tube("aorta", way, 8.0)], structures())["aorta"]
    a, b, c = (mesh.vertices[mesh.faces[:, n]].astype(float) for n in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert volume == pytest.approx(np.pi * 64 * 40, rel=0.04)


def test_what_of_a_tube_lies_outside_is_cut_off():
    way = np.stack([np.zeros(41), np.zeros(41), np.linspace(-20, 20, 41)], axis=1)
    part = tube("aorta", way, 1.0).within(np.array([-1, -1, -5]), np.array([1, 1, 9]))
    assert part is not None
    assert (part.path[0, 2], part.path[-1, 2]) == (-5, 9)
    assert tube("aorta", way, 1.0).within(np.full(3, 50.0), np.full(3, 60.0)) is None


# -- nerves ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def laid(skeleton):
    """Return course and path of every branch by name, all nerves being one straight root."""
    column = build_column(Case())
    path = np.linspace([0.0, 0.0, 60.0], [20.0, 0.0, 50.0], 30)
    root = Root(path, 0.0, np.ones(30))
    roots = {(nerve, side): root for nerve in (*CROSSED, "l5") for side in SIDES}
    ways = [course for side in SIDES for course in courses(skeleton, column, side)]
    tubes = dorsal_rami(skeleton, column, roots, courses)
    return {course.structure: (course, t.path) for course, t in zip(ways, tubes, strict=True)}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("nerve", list(CROSSED))
def test_a_medial_branch_crosses_its_groove_on_the_bone(atlas, skeleton, laid, nerve, side):
    course, path = laid[f"{nerve}_medial_branch_{side}"]
    ends = [int(cKDTree(path).query(course.groove[n])[1]) for n in (0, -1)]
    gap = skeleton.vertebrae[CROSSED[nerve]].bone(path.astype(np.float32))
    assert gap[ends[0] + 2 : ends[1] - 2].max() < 1.0
    assert gap.min() > 0.2
    # at the junction of superior articular and transverse process
    level = CROSSED[nerve]
    near = [
        cKDTree(points(atlas, f"{level}_{part}_{side}")).query(path)[0]
        for part in ("superior_articular_process", "transverse_process")
    ]
    assert (np.maximum(*near) < 3.5).any()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("nerve", list(CROSSED))
def test_a_dorsal_ramus_with_its_branches_is_one_piece(atlas, nerve, side):
    assert pieces(atlas, f"{nerve}_dorsal_ramus_{side}") == 1.0
    assert pieces(atlas, f"{nerve}_medial_branch_{side}") == 1.0
    root = cKDTree(points(atlas, f"{nerve}_nerve_root_{side}"))
    assert root.query(points(atlas, f"{nerve}_dorsal_ramus_{side}"))[0].min() < 1.0


@pytest.mark.parametrize("side", SIDES)
def test_the_fifth_dorsal_ramus_lies_between_ala_and_process(atlas, side):
    ramus = points(atlas, f"l5_dorsal_ramus_{side}")
    process = cKDTree(points(atlas, f"s1_superior_articular_process_{side}")).query(ramus)[0]
    sacrum = cKDTree(points(atlas, "sacrum")).query(ramus)[0]
    assert process.min() < 2.0
    assert (sacrum < 1.6).mean() > 0.25  # before and behind the notch it leaves the bone


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("level", SACRAL)
def test_lateral_branches_lie_on_the_back_of_the_sacrum(pelvis, level, side):
    branch = points(pelvis, f"{level}_lateral_branches_{side}")
    gap = cKDTree(points(pelvis, "sacrum")).query(branch)[0]
    assert np.percentile(gap, 55) < 2.0  # the rest is still over the mouth of its foramen
    sacrum = points(pelvis, "sacrum")
    assert np.median(branch[:, 1]) < np.median(sacrum[:, 1])


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("level", ["s1", "s2", "s3", "s4"])
def test_a_sacral_root_is_one_piece_out_of_its_anterior_foramen(pelvis, level, side):
    name = f"{level}_nerve_root_{side}"
    assert pieces(pelvis, name) > 0.98
    root = points(pelvis, name)
    ganglion = np.array(pelvis.centers[f"{level}_dorsal_root_ganglion_{side}"])
    assert root[:, 1].max() > ganglion[1] + 8


@pytest.mark.parametrize("body", BOTH, indirect=True)
@pytest.mark.parametrize("side", SIDES)
def test_the_sympathetic_trunk_is_one_piece_before_the_column(body, side):
    trunk = f"sympathetic_trunk_{side}"
    assert pieces(body, trunk) == 1.0
    top = points(body, trunk)
    top = top[top[:, 2] > 60] if body.id == "atlas-average" else top
    if body.id == "atlas-average":
        psoas = points(body, f"psoas_{side}", grid=1)
        assert np.abs(top[:, 0]).max() < np.abs(psoas[psoas[:, 2] > 60][:, 0]).mean()


@pytest.mark.parametrize("side", SIDES)
def test_the_sciatic_nerve_passes_under_piriformis_into_the_thigh(pelvis, side):
    nerve = points(pelvis, f"sciatic_nerve_{side}", grid=1)
    piriformis = points(pelvis, f"piriformis_{side}", grid=1)
    assert nerve[:, 2].min() < -150
    crossing = nerve[np.abs(nerve[:, 0]) < 70]
    assert cKDTree(piriformis).query(crossing)[0].min() < 8
    assert pieces(pelvis, f"sacral_plexus_{side}") > 0.98


@pytest.mark.parametrize("side", SIDES)
def test_the_hip_joint_fills_the_gap_between_socket_and_head(pelvis, side):
    joint = points(pelvis, f"hip_joint_{side}", grid=1)
    assert 8 < len(joint) * 8e-3 < 20  # mL
    head, socket = (
        cKDTree(np.concatenate([points(pelvis, f"{name}_{side}", grid=1) for name in names]))
        for names in (("femur",), ("ilium", "ischium", "pubis"))
    )
    assert head.query(joint)[0].max() < 6
    assert socket.query(joint)[0].max() < 6
    assert pieces(pelvis, f"hip_joint_{side}", grid=1) > 0.95


@pytest.mark.parametrize("side", SIDES)
def test_iliacus_ends_on_the_brim_and_obturator_internus_lines_the_lesser_pelvis(pelvis, side):
    plate = np.linalg.inv(pelvis.frames["s1"])
    iliacus, obturator = (
        points(pelvis, f"{name}_{side}", grid=1) @ plate[:3, :3].T + plate[:3, 3]
        for name in ("iliacus", "obturator_internus")
    )
    assert np.percentile(iliacus[:, 2], 5) > np.percentile(obturator[:, 2], 75)
    assert 25 < len(obturator) * 8e-3 < 80  # mL
    assert 25 < len(points(pelvis, f"piriformis_{side}", grid=1)) * 8e-3 < 40


# -- vessels --------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("level", ["l1", "l2", "l3", "l4"])
def test_a_lumbar_artery_hugs_the_waist_from_the_aorta_to_the_foramen(atlas, skeleton, level, side):
    artery = points(atlas, f"lumbar_artery_{level}_{side}")
    gap = skeleton.vertebrae[level].bone(artery.astype(np.float32))
    assert (gap < 4.0).mean() > 0.35
    assert cKDTree(points(atlas, "aorta")).query(artery)[0].min() < 1.5
    assert pieces(atlas, f"lumbar_artery_{level}_{side}") > 0.95
    radicular = points(atlas, f"radicular_artery_{level}_{side}")
    ganglion = np.array(atlas.centers[f"{level}_dorsal_root_ganglion_{side}"])
    frame = atlas.frames[level]
    ahead, above = ((radicular - ganglion) @ frame[:3, n] for n in (1, 2))
    assert ahead.mean() > 0  # before and above the nerve
    assert above.mean() > 0


def test_level_and_side_of_the_artery_of_adamkiewicz_follow_the_seed():
    found = [adamkiewicz(Case(seed=n)) for n in range(400)]
    assert found == [adamkiewicz(Case(seed=n)) for n in range(400)]
    left = np.mean([side == "left" for _, side in found])
    assert left == pytest.approx(0.766, abs=0.06)
    levels = {level for level, _ in found}
    assert levels <= set(ADAMKIEWICZ_LEVEL)
    within = np.mean([level in ("t8", "t9", "t10", "t11", "t12", "l1") for level, _ in found])
    assert within == pytest.approx(0.89, abs=0.05)
    assert sum(ADAMKIEWICZ_LEVEL.values()) == pytest.approx(1.0)


def test_the_artery_of_adamkiewicz_lies_before_the_cord(atlas):
    artery, cord = points(atlas, "artery_of_adamkiewicz"), points(atlas, "spinal_cord")
    assert cKDTree(cord).query(artery)[0].max() < 4.0
    assert artery[:, 1].mean() > cord[:, 1].mean()


def test_iliac_vessels_are_structures_of_their_own(atlas):
    for side, sign in (("left", -1), ("right", 1)):
        for vessel in ("artery", "vein"):
            for which in ("common", "external", "internal"):
                assert sign * atlas.centers[f"{which}_iliac_{vessel}_{side}"][0] > 5


# -- muscles and ligaments ------------------------------------------------------------------------


@pytest.mark.parametrize("body", BOTH, indirect=True)
def test_every_structure_of_the_region_is_there_and_on_its_side(body):
    region = REGIONS["lumbar" if body.id == "atlas-average" else "sacral"]
    assert not set(structures(region)) - set(body.centers)
    for name, center in body.centers.items():
        if name.endswith(SIDES):
            assert (center[0] < 0) == name.endswith("left"), name


def test_the_columns_of_erector_spinae_make_up_the_whole(atlas):
    for side in SIDES:
        parts = {s.id for s in atlas.structures.parts(f"erector_spinae_{side}")}
        assert parts == {f"longissimus_{side}", f"iliocostalis_{side}"}
        medial, lateral = (abs(atlas.centers[name][0]) for name in sorted(parts, reverse=True))
        assert medial < lateral
        assert abs(atlas.centers[f"multifidus_{side}"][0]) < medial


@pytest.mark.parametrize("segment", ["_".join(pair) for pair in LUMBAR.segments])
def test_a_capsule_wraps_its_joint_in_a_thin_shell(atlas, segment):
    for side in SIDES:
        capsule = points(atlas, f"{segment}_facet_capsule_{side}")
        joint = cKDTree(points(atlas, f"{segment}_facet_joint_{side}"))
        assert joint.query(capsule)[0].max() < 2.0


def test_the_hiatus_is_closed_by_its_ligament(pelvis):
    ligament = points(pelvis, "sacrococcygeal_ligament")
    assert pieces(pelvis, "sacrococcygeal_ligament") > 0.95
    assert np.ptp(ligament[:, 2]) > 19  # the hiatus is 19 ± 8.7 mm high
    cornua = [np.array(pelvis.centers[f"sacral_cornu_{side}"]) for side in SIDES]
    assert np.abs(ligament[:, 0]).max() > 0.5 * np.linalg.norm(cornua[0] - cornua[1])


def test_organs_of_the_abdomen_lie_before_their_levels(atlas):
    """Kidneys T12 to L3, the right one lower; liver on the right down to L2–L3; vessels part."""
    z = {level: atlas.frames[level][2, 3] for level in atlas.frames}
    span = {}
    for name in ("kidney_left", "kidney_right", "liver", "spleen"):
        found = points(atlas, name, 1)
        span[name] = found[:, 2].min(), found[:, 2].max()
    for side in SIDES:
        low, high = span[f"kidney_{side}"]
        assert z["l4"] < low < z["l2"]
        assert z["l1"] < high < z["t12"] + 20.0
        assert 90.0 < high - low < 120.0
    assert span["kidney_right"][0] < span["kidney_left"][0] - 5.0
    assert z["l3"] - 5.0 < span["liver"][0] < z["l2"] + 5.0
    assert span["spleen"][0] > z["l1"] - 10.0
    liver = points(atlas, "liver", 1)
    assert (liver[:, 0] > 0).mean() > 0.8
    assert points(atlas, "spleen", 1)[:, 0].max() < -40.0
    split = (
        points(atlas, "aorta", 1)[:, 2].min(),
        points(atlas, "inferior_vena_cava", 1)[:, 2].min(),
    )
    assert split[0] == pytest.approx(z["l4"], abs=15.0)
    assert split[1] == pytest.approx(z["l5"], abs=15.0)


@pytest.mark.parametrize("side", SIDES)
def test_ligaments_fill_the_space_behind_the_sacroiliac_joint(pelvis, side):
    behind = np.array(pelvis.centers[f"interosseous_sacroiliac_ligament_{side}"])
    joint = np.array(pelvis.centers[f"sacroiliac_joint_{side}"])
    assert behind[1] < joint[1] - 5
    ligament = points(pelvis, f"interosseous_sacroiliac_ligament_{side}")
    for bone in ("sacrum", f"ilium_{side}"):
        assert cKDTree(points(pelvis, bone)).query(ligament)[0].max() < 11


# -- landmarks ------------------------------------------------------------------------------------


def meets(subject, mark):
    """Return the structures on the straight way from skin to target, but for the last 3 mm."""
    length = np.linalg.norm(np.subtract(mark.point, mark.entry))
    way = np.linspace(mark.entry, mark.point, round(4 * length))[: -round(4 * 3.0)]
    labels = np.unique(subject.sample(way)[0])
    return [subject.structures.by_label(int(n)) for n in labels if n]


@pytest.mark.parametrize("body", BOTH, indirect=True)
def test_the_way_to_a_target_starts_on_the_skin_and_harms_nothing(body):
    marks = [mark for mark in body.landmarks.values() if mark.entry is not None]
    assert len(marks) > (60 if body.id == "atlas-average" else 14)
    for mark in marks:
        skin = body.structure_at(mark.entry)
        assert skin is not None, mark.id
        assert skin.id == "skin", mark.id
        met = [s for s in meets(body, mark) if s.kind in ("bone", "organ") or "root" in s.id]
        assert not met, (mark.id, [s.id for s in met])
        assert mark.direction @ [0, 1, 0] > 0, mark.id  # a person lies prone


@pytest.mark.parametrize("side", SIDES)
def test_targets_lie_in_what_they_are_named_after(atlas, pelvis, side):
    at = {name: atlas.structure_at(mark.point).id for name, mark in atlas.landmarks.items()}
    assert at["caudal_target"] == "epidural_fat"
    assert at[f"s1_transforaminal_target_{side}"] == "epidural_fat"
    assert at[f"sacroiliac_joint_target_{side}"] == f"sacroiliac_joint_{side}"
    assert at[f"l4_l5_facet_target_{side}"] == f"l4_l5_facet_joint_{side}"
    assert at[f"l4_l5_disc_entry_{side}"] == "l4_l5_annulus"
    assert at[f"l5_dorsal_ramus_target_{side}"] == f"l5_dorsal_ramus_{side}"
    for level in ("l2", "l3"):
        whole = atlas.structures.whole(at[f"{level}_sympathetic_target_{side}"]).id
        assert whole == f"sympathetic_trunk_{side}"
    nerve = cKDTree(points(atlas, f"l3_medial_branch_{side}"))
    assert nerve.query(atlas.landmarks[f"l4_medial_branch_target_{side}"].point)[0] < 4.0
    joint = points(pelvis, f"sacroiliac_joint_{side}")[:, 2].min()
    height = pelvis.landmarks[f"sacroiliac_joint_target_{side}"].point[2] - joint
    assert 8 < height < 25


def test_a_caudal_needle_goes_up_the_canal(pelvis):
    mark = pelvis.landmarks["caudal_target"]
    assert mark.direction[2] > 0.5
    assert any(s.id == "sacrococcygeal_ligament" for s in meets(pelvis, mark))
