"""The cervical region: what it holds, and where its taught structures lie."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from spine_tutor.anatomy import axis, cervical
from spine_tutor.anatomy.bones import build_skeleton
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.extent import boxes
from spine_tutor.anatomy.landmarks_neck import ROOTS
from spine_tutor.anatomy.neck_line import Straight, neck_line
from spine_tutor.anatomy.neck_vessels import THROUGH, VERTEBRAL, vertebral_artery
from spine_tutor.anatomy.region import REGIONS
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.subject import Subject
from spine_tutor.anatomy.trunk_outlines import Lattice

NECK = REGIONS["cervical"]
PILLARS = ("c3", "c4", "c5", "c6", "c7")


@pytest.fixture(scope="module")
def neck() -> Subject:
    from spine_tutor.anatomy.library import open_subject

    return open_subject("average-cervical")


@pytest.fixture(scope="module")
def posed():
    case = Case()
    column = build_column(case, NECK)
    return column, build_skeleton(column, case)


def points(subject, name, grid=0):
    return subject.grids[grid].points(np.argwhere(subject.mask(name, grid)))


def local(subject, name, level):
    frame = subject.frames[level]
    return (points(subject, name) - frame[:3, 3]) @ frame[:3, :3]


def sign(side):
    return -1.0 if side == "left" else 1.0


def share_in_one_piece(subject, name, grid=0):
    mask = subject.mask(name, grid)
    (box,) = ndimage.find_objects(mask.view(np.uint8))
    parts, _ = ndimage.label(mask[box], np.ones((3, 3, 3)))
    return np.bincount(parts.ravel())[1:].max() / mask.sum()


# -- the whole ------------------------------------------------------------------------------------


def test_every_structure_of_the_catalogue_is_there(neck):
    assert [id_ for id_ in neck.structures if id_ not in neck.centers] == []


def test_sides_are_on_their_sides(neck):
    for structure in neck.structures.values():
        if structure.side:
            assert neck.centers[structure.id][0] * sign(structure.side) > 0, structure.id


def test_the_skin_has_no_hole(neck):
    labels = neck.grids[1].labels
    outside, _ = ndimage.label(np.pad(labels == 0, [(1, 1), (1, 1), (0, 0)], constant_values=True))
    beyond = outside == outside[0, 0, labels.shape[2] // 2]
    rim = ndimage.binary_dilation(beyond, np.ones((3, 3, 1)))[1:-1, 1:-1] & (labels > 0)
    skin = labels == neck.structures["skin"].label  # as thin as these voxels: one may be missed
    assert skin[rim].mean() > 0.95
    assert ndimage.binary_dilation(skin, np.ones((3, 3, 3)))[rim].mean() > 0.999


def test_skin_to_epidural_space_is_as_published(neck):
    """57 mm at C6–T1 in the reference sheet, no spread given: within 20 %."""
    target = neck.point("c7_t1_interlaminar_target")
    skin = target - np.arange(0.0, 120.0, 0.5)[:, None] * [0.0, 1.0, 0.0]
    depth = 0.5 * np.flatnonzero(neck.sample(skin)[0])[-1]
    assert depth == pytest.approx(57.0, rel=0.2)


# -- canal and roots ------------------------------------------------------------------------------


@pytest.mark.parametrize(("segment", "depth"), [("c6_c7", 3.0), ("c7_t1", 4.0), ("t1_t2", 5.0)])
def test_posterior_epidural_fat_is_as_deep_as_published(neck, segment, depth):
    assert epidural_depth(neck, segment) == pytest.approx(depth, abs=1.0)


def test_posterior_epidural_fat_is_thin_above_c6(neck):
    assert epidural_depth(neck, "c3_c4") < 2.5


def epidural_depth(subject, segment):
    """Return the most room between dura and flava in the midline of a segment, mm."""
    frame = subject.frames[segment.split("_")[0]]
    flavum = points(subject, f"ligamentum_flavum_{segment}")
    middle = flavum[np.abs(flavum[:, 0]) < 3.0].mean(axis=0) * [0, 1, 1]
    fat = subject.structures["epidural_fat"].label
    found = []
    for up in np.arange(-3.0, 3.5, 0.5):
        way = middle + up * frame[:3, 2] + np.arange(-4.0, 9.0, 0.25)[:, None] * frame[:3, 1]
        found.append(0.25 * (subject.sample(way)[0] == fat).sum())
    return np.percentile(found, 75)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("root", NECK.roots)
def test_a_root_is_one_piece_from_the_sac_to_beyond_its_foramen(neck, root, side):
    name = f"{root}_nerve_root_{side}"
    assert share_in_one_piece(neck, name) > 0.97
    sac = cKDTree(points(neck, "thecal_sac"))
    mine = points(neck, name)
    assert sac.query(mine)[0].min() < 1.0
    under = neck.frames[NECK.roots[root]]
    assert (np.abs((mine - under[:3, 3]) @ under[:3, 0])).max() > 27.0


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("root", PILLARS)
def test_a_root_leaves_forwards_over_its_own_transverse_process(neck, root, side):
    nerve = local(neck, f"{root}_nerve_root_{side}", root)
    out = np.abs(nerve[:, 0])
    inner = nerve[np.abs(out - 14.0) < 1.5].mean(axis=0)
    outer = nerve[np.abs(out - 22.0) < 1.5].mean(axis=0)
    way = (outer - inner) * [sign(side), 1, 1]
    from_straight_ahead = np.degrees(np.arctan2(way[0], way[1]))
    assert 40.0 < from_straight_ahead < 72.0
    anterior = local(neck, f"{root}_anterior_tubercle_{side}", root).mean(axis=0)
    posterior = local(neck, f"{root}_posterior_tubercle_{side}", root).mean(axis=0)
    assert posterior[1] - 1 < outer[1] < anterior[1] + 1


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("upper", "lower"), [s for s in NECK.discs if s[0] != "t1"])
def test_the_foramina_are_open(neck, upper, lower, side):
    """From the sac outwards there is a way of 3 mm that meets neither bone nor disc."""
    root = {under: root for root, under in NECK.roots.items()}[upper]
    hard = np.zeros(1 << 16, bool)
    for structure in neck.structures.values():
        hard[structure.label] = structure.kind in ("bone", "disc", "joint")
    nerve = points(neck, f"{root}_nerve_root_{side}")
    grid = neck.grids[0]
    low = np.floor((nerve.min(axis=0) - 6 - grid.origin) / 0.5).astype(int)
    high = np.ceil((nerve.max(axis=0) + 6 - grid.origin) / 0.5).astype(int)
    window = tuple(slice(max(a, 0), b) for a, b in zip(low, high, strict=True))
    free = ndimage.distance_transform_edt(~hard[grid.labels[window]]) * 0.5
    wide, _ = ndimage.label(free > 1.4)
    index = grid.voxel_of(nerve)[0] - [s.start for s in window]
    met = np.unique(wide[tuple(index.T)])
    x = np.abs(nerve[:, 0])
    ends = [set(np.unique(wide[tuple(index[part].T)])) - {0} for part in (x < 12.5, x > 25)]
    assert ends[0] & ends[1], met


def test_the_cord_is_as_wide_as_in_the_template(neck):
    """PAM50: 12.5 by 7.4 at C5."""
    cord = local(neck, "spinal_cord", "c5")
    cord = cord[np.abs(cord[:, 2]) < 1.0]
    width, depth = np.ptp(cord[:, 0]) + 0.5, np.ptp(cord[:, 1]) + 0.5
    assert width == pytest.approx(12.5, abs=1.0)
    assert depth == pytest.approx(7.4, abs=1.0)


# -- vessels --------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_the_vertebral_artery_passes_c6_to_c1_and_stays_outside_c7(posed, side):
    column, skeleton = posed
    path = vertebral_artery(skeleton, neck_line(column, Case()), side, 1.0).path
    for level in (*THROUGH, "c7"):
        model = skeleton.vertebrae[level]
        centre, radius, along = cervical.transverse_foramen(model.shape)
        mine = ((path - model.frame[:3, 3]) @ model.frame[:3, :3]) * [sign(side), 1, 1]
        off = mine - centre
        height = off @ np.array(along)
        beside = np.linalg.norm(off - height[:, None] * np.array(along), axis=1)
        crossing = beside[np.argmin(np.abs(height))]
        if level == "c7":
            assert crossing > radius + VERTEBRAL
        else:
            assert crossing < radius - 0.5


@pytest.mark.parametrize("side", SIDES)
def test_the_vertebral_artery_is_one_piece_and_meets_no_bone(neck, posed, side):
    assert share_in_one_piece(neck, f"vertebral_artery_{side}") > 0.97
    column, skeleton = posed
    path = vertebral_artery(skeleton, neck_line(column, Case()), side, 1.0).path
    for bone in skeleton.bones():
        assert bone.bone(path.astype(np.float32)).min() > 0.0


# -- dorsal rami ----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("level", PILLARS)
def test_a_medial_branch_lies_in_its_groove(neck, posed, level, side):
    model = posed[1].vertebrae[level]
    groove = np.array(cervical.medial_branch_groove(model.shape)) * [sign(side), 1, 1]
    branch = local(neck, f"{level}_medial_branch_{side}", level)
    assert np.linalg.norm(branch - groove, axis=1).min() < 1.0
    assert share_in_one_piece(neck, f"{level}_medial_branch_{side}") > 0.97


@pytest.mark.parametrize("side", SIDES)
def test_the_third_occipital_nerve_crosses_the_joint_of_c2_and_c3(neck, posed, side):
    model = posed[1].vertebrae["c2"]
    place = np.array(axis.third_occipital_nerve(model.shape)) * [sign(side), 1, 1]
    nerve = local(neck, f"third_occipital_nerve_{side}", "c2")
    assert np.linalg.norm(nerve - place, axis=1).min() < 1.5
    joint = cKDTree(points(neck, f"c2_c3_facet_joint_{side}"))
    assert joint.query(points(neck, f"third_occipital_nerve_{side}"))[0].min() < 1.5


# -- bones and joints -----------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_chassaignac_is_at_c6_only(neck, side):
    """The anterior tubercle is the largest at C6; C7 has hardly one."""
    ahead = {}
    for level in ("c5", "c6", "c7"):
        place = local(neck, f"{level}_anterior_tubercle_{side}", level)
        ahead[level] = len(place)
    assert ahead["c6"] > 1.2 * ahead["c5"] > ahead["c7"]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("upper", "lower"), [*NECK.segments, ("occiput", "c1")])
def test_facet_joints_are_spaces(posed, upper, lower, side):
    """The bones keep their distance along the whole joint."""
    _, skeleton = posed
    below = skeleton.vertebrae[lower]
    if upper == "occiput":
        (above,) = (b for b in skeleton.others if "occipital_bone" in b.part_ids)
    else:
        above = skeleton.vertebrae[upper]
    low, high = np.maximum(above.box[0], below.box[0]), np.minimum(above.box[1], below.box[1])
    rng = np.random.default_rng(1)
    cloud = rng.uniform(low, high, (40_000, 3)).astype(np.float32)
    cloud = cloud[cloud[:, 0] * sign(side) > 0]
    together = above.bone(cloud) + below.bone(cloud)
    assert 1.2 < together.min() < 3.0


# -- what fluoroscopy shows -----------------------------------------------------------------------


def seen_through(subject, level, side, oblique):
    """Return the area, mm², of rays through a foramen at an oblique that meet no bone near it."""
    frame = subject.frames[level]
    nerve = local(subject, f"{level}_nerve_root_{side}", level)
    middle = nerve[np.abs(np.abs(nerve[:, 0]) - 14.0) < 1.0].mean(axis=0)
    angle = np.radians(oblique)
    along = np.array([sign(side) * np.sin(angle), np.cos(angle), 0.0])
    across = np.array([along[1], -along[0], 0.0])
    u, w = (a.ravel() for a in np.meshgrid(np.arange(-9, 9.5, 0.5), np.arange(-9, 9.5, 0.5)))
    rays = middle + u[:, None] * across + w[:, None] * [0, 0, 1.0]
    path = rays[:, None] + np.arange(-16.0, 16.5, 0.5)[None, :, None] * along
    world = path @ frame[:3, :3].T + frame[:3, 3]
    hard = np.zeros(1 << 16, bool)
    for structure in subject.structures.values():
        hard[structure.label] = structure.kind in ("bone", "disc")
    return 0.25 * (~hard[subject.sample(world)[0]].any(axis=1)).sum()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("root", ["c4", "c5", "c6", "c7"])
def test_the_foramina_open_at_about_sixty_degrees(neck, root, side):
    """From all round, an oblique of 45–70° shows the most, as much as a foramen of 8 by 5.5 mm."""
    areas = {a: seen_through(neck, root, side, a) for a in range(-90, 95, 5)}
    assert 45 <= max(areas, key=areas.get) <= 70
    assert areas[60] > 0.85 * max(areas.values())
    assert areas[60] > 3 * areas[15]
    assert areas[60] > np.pi / 4 * 8.0 * 5.5


@pytest.mark.parametrize("side", SIDES)
def test_the_foramen_under_the_axis_opens_a_little_earlier(neck, side):
    """The transverse process of C2 hangs before it."""
    areas = {a: seen_through(neck, "c3", side, a) for a in range(0, 95, 5)}
    assert 30 <= max(areas, key=areas.get) <= 60
    assert max(areas.values()) > 35.0


@pytest.mark.parametrize("level", PILLARS)
def test_a_true_ap_shows_pillars_on_either_side_of_the_spinous_process(neck, level):
    spine = points(neck, f"{level}_spinous_process")[:, 0].mean()
    left, right = (points(neck, f"{level}_articular_pillar_{side}")[:, 0].mean() for side in SIDES)
    assert abs(spine) < 0.5
    assert left + right == pytest.approx(0.0, abs=0.5)
    body = np.abs(points(neck, f"{level}_body")[:, 0]).max()
    assert right > body


@pytest.mark.parametrize("level", ["c4", "c5", "c6"])
def test_a_lateral_shows_squared_endplates(neck, level):
    """Both halves of the lower endplate project onto one line."""
    body = local(neck, f"{level}_body", level)
    edges = [
        np.percentile(body[(body[:, 0] * sign(side) > 3) & (np.abs(body[:, 1]) < 3)][:, 2], 1)
        for side in SIDES
    ]
    assert edges[0] == pytest.approx(edges[1], abs=0.3)


# -- targets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_every_target_is_where_its_needle_belongs(neck, side):
    for level in PILLARS:
        assert neck.structure_at(neck.point(f"{level}_medial_branch_target_{side}")).id.startswith(
            f"{level}_medial_branch"
        )
    for segment in ("c3_c4", "c5_c6", "c7_t1"):
        id_ = f"{segment}_facet_target_{side}"
        assert neck.structure_at(neck.point(id_)).id.startswith(f"{segment}_facet")
    for root, level in ROOTS.items():
        point = neck.point(f"{root}_transforaminal_target_{side}")
        assert neck.structure_at(point).kind != "bone"
        middle = np.median(np.abs(points(neck, f"{level}_superior_articular_process_{side}")[:, 0]))
        assert abs(point[0]) > middle - 2.6  # not medial to the middle of the pillar


def test_procedures_have_a_way_in(neck):
    wanted = [id_ for id_ in neck.landmarks if "_target" in id_]
    without = [id_ for id_ in wanted if neck.landmarks[id_].entry is None]
    assert without == []


def test_the_probe_finds_the_side_of_the_neck(neck):
    from spine_tutor.imaging.us_probe import place
    from spine_tutor.imaging.view import UltrasoundView

    for side in SIDES:
        view = UltrasoundView(
            probe="lateral-transverse", level="c6", side=side, transducer="linear", depth=45
        )
        probe = place(neck, view)
        assert probe.down[0] * sign(side) < -0.8
        assert neck.structure_at(probe.face + 1.0 * probe.down).id in ("skin", "subcutaneous_fat")


@pytest.mark.parametrize("level", ["c3", "c4", "c5", "c6", "c7"])
def test_a_probe_beside_the_neck_lies_on_the_fine_grid(neck, level):
    """On the coarse one skin and fascia would show as stairs."""
    from spine_tutor.imaging.us_probe import place
    from spine_tutor.imaging.view import UltrasoundView

    for across in (-25.0, 0.0):  # further in front, over the carotid
        view = UltrasoundView(
            probe="lateral-transverse", level=level, transducer="linear", across=across
        )
        probe = place(neck, view)
        start, direction = probe.lines(9)
        for depth in (0.0, 10.0):
            assert neck.grids[0].voxel_of(start + depth * direction)[1].all()


# -- other bodies ---------------------------------------------------------------------------------


def test_the_grid_has_room_for_fat():
    thin, thick = (
        boxes(build_column(case, NECK), case)[1]
        for case in (Case(subcutaneous_fat=6), Case(subcutaneous_fat=50))
    )
    assert thick[1][0] - thin[1][0] > 44
    assert thick[1][1] - thin[1][1] > 44
    assert thin[0][1] - thick[0][1] > 44


def test_what_lies_in_the_straight_neck_lies_where_the_line_says(posed):
    """A solid round the line itself comes to lie round it in the world."""
    column, _ = posed
    line = neck_line(column, Case())
    lattice = Lattice(np.array([0.0, -20.0, 380.0]), 2.0, (60, 120, 90))
    straight = Straight(line, lattice, 1.0)
    rod = straight.in_world(straight.solid(np.hypot(straight.u, straight.d - 20.0) - 6.0))
    inside = np.argwhere(rod.values < 0) * 2.0 + lattice.origin
    s, d = line.along(inside[:, 1:])
    assert np.hypot(inside[:, 0], d - 20.0).max() < 7.0
    assert np.ptp(s) > 120.0
