"""T1–T12 and the ribs: sizes, joints that are spaces, and points on them."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import label
from scipy.spatial import cKDTree

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case, shipped_cases
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.fields import sample
from spine_tutor.anatomy.measure import measure
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.region import REGIONS, Region
from spine_tutor.anatomy.rib_joints import paint_cartilages, paint_rib_joints, rib_joints
from spine_tutor.anatomy.skeleton import build_vertebrae
from spine_tutor.anatomy.structure import TISSUE_CODE, Structure, StructureSet
from spine_tutor.anatomy.thorax import (
    build_thorax,
    costotransverse_facet,
    costotransverse_ligament,
    medial_branch_crossing,
    transverse_tip,
)

LEVELS = tuple(f"t{n}" for n in range(1, 13))
CHEST = Region("chest", "T1 to T12", LEVELS, False, "t7")
BENT = Case(kyphosis=55.0, height_scale=0.95, sex="female")
INCHES = (5.25, 9, 11, 12.25, 12.5, 12.6, 12.25, 12.1, 11.5, 10.5, 8.25, 4.5)
"""Absolute length of ribs 1–12 (Hutchinson, Cyclopædia of Anatomy and Physiology, Thorax)."""


def made(case):
    column = build_column(case, CHEST)
    vertebrae = build_vertebrae(column, case, None)
    return column, vertebrae, build_thorax(column, vertebrae, case)


@pytest.fixture(scope="module")
def average():
    return made(Case())


@pytest.fixture(scope="module", params=[Case(kyphosis=26.0), BENT], ids=["26", "55"])
def body(request):
    return made(request.param)


def lattice(low, high, step):
    axes = [np.arange(a, b, step) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    return points.astype(np.float32)


def inside_of(bone, step):
    """Return the points of a lattice inside a bone."""
    axes = [np.arange(a, b, step) for a, b in zip(*bone.box, strict=True)]
    places = np.nonzero(sample(bone.bone, axes) < 0)
    return np.stack([a[n] for a, n in zip(axes, places, strict=True)], 1).astype(np.float32)


def about(middle, reach, step):
    return lattice(middle - reach, middle + reach, step)


@pytest.mark.parametrize("level", LEVELS)
def test_vertebrae_keep_to_the_table_within_ten_percent(average, level):
    table = morphometry()
    off = {
        name: (value, table.value(name, level))
        for name, value in measure(average[1][level]).items()
        if abs(value / table.value(name, level) - 1) > 0.10
    }
    assert not off


def test_neighbours_never_overlap_and_keep_their_space(body):
    _, vertebrae, _ = body
    for upper, lower in pairwise(LEVELS):
        above, below = vertebrae[upper], vertebrae[lower]
        points = lattice(
            np.maximum(above.box[0], below.box[0]), np.minimum(above.box[1], below.box[1]), 1.3
        )
        inside = above.bone(points) < 0
        assert below.bone(points[inside]).min() > 0.9 * above.space


@pytest.mark.parametrize("number", range(2, 13))
@pytest.mark.parametrize("side", ["left", "right"])
def test_facet_joints_are_spaces_that_face_backwards(average, number, side):
    _, vertebrae, _ = average
    above, below = vertebrae[f"t{number - 1}"], vertebrae[f"t{number}"]
    sign = {"left": -1, "right": 1}[side]
    at = below.frame[:3, :3] @ (np.array(below.shape.sap_mid) * [sign, 1, 1])
    points = about(at + below.frame[:3, 3], 12.0, 0.5)
    d_above, d_below = above.bone(points), below.bone(points)
    near = below.facets(points) < above.space + 0.6
    on_above = points[near & (np.abs(d_above) < 0.25) & (np.abs(d_below - above.space) < 0.4)]
    on_below = points[np.abs(d_below) < 0.25]
    assert len(on_above) * 0.25 > 30  # mm² of facet
    width, nearest = cKDTree(on_below).query(on_above)
    assert np.percentile(width, 1) > 1.0
    assert np.percentile(width, 99) < 3.0
    if number < 12:  # the facet of the lower bone looks backwards more than to a side
        facing = (on_above - on_below[nearest]).mean(axis=0) @ below.frame[:3, :3]
        assert facing[1] < -0.6 * np.linalg.norm(facing)


@pytest.mark.parametrize(("upper", "lower"), list(pairwise(LEVELS)))
def test_foramen_lets_a_4_mm_ball_out_of_the_canal(average, upper, lower):
    column, vertebrae, thorax = average
    back = -0.5 * column.bodies[upper].depth - 0.5
    axes = [np.arange(-4, 34, 1.0), np.arange(back - 16, back + 2, 1.0), np.arange(-14, 22, 1.0)]
    local = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    frame = column.disc_frame(f"{upper}_{lower}")
    points = (local.reshape(-1, 3) @ frame[:3, :3].T + frame[:3, 3]).astype(np.float32)
    ribs = (thorax.ribs[f"rib_{level[1:]}_right"] for level in (upper, lower))
    bones = [vertebrae[upper], vertebrae[lower], *ribs]
    free = np.min([bone.bone(points) for bone in bones], axis=0).reshape(local.shape[:3]) > 2.0
    regions, _ = label(free)
    inside = set(np.unique(regions[np.abs(axes[0]) < 3])) - {0}
    assert inside & set(np.unique(regions[axes[0] > 30]))


def test_rib_joints_are_spaces(body):
    _, _, thorax = body
    for rib in [rib for id_, rib in thorax.ribs.items() if id_.endswith("left")]:
        for id_, middle in rib_joints(rib):
            points = about(middle, 9.0, 0.6)
            to_rib = rib.bone(points)
            to_column = np.min([v.bone(points) for v in rib.vertebrae], axis=0)
            assert not ((to_rib < 0) & (to_column < 0.8 * rib.space)).any(), id_
            on_rib, on_column = points[np.abs(to_rib) < 0.3], points[np.abs(to_column) < 0.3]
            width = cKDTree(on_column).query(on_rib)[0]
            assert 1.0 < np.percentile(width, 1) < 3.0, id_


def test_ribs_touch_neither_vertebrae_nor_each_other(average):
    _, vertebrae, thorax = average
    inside = {}
    for id_, rib in thorax.ribs.items():
        inside[id_] = inside_of(rib, 2.0)
        for level in (f"t{rib.number - 1}", f"t{rib.number}", f"t{rib.number + 1}"):
            if level in vertebrae:
                assert vertebrae[level].bone(inside[id_]).min() > 1.0, (id_, level)
    for number in range(1, 12):
        for side in ("left", "right"):
            next_one = thorax.ribs[f"rib_{number + 1}_{side}"]
            assert next_one.bone(inside[f"rib_{number}_{side}"]).min() > 3.0, number


def test_ribs_are_as_long_as_ribs(average):
    for rib in average[2].ribs.values():
        assert rib.axis.along[-1] == pytest.approx(25.4 * INCHES[rib.number - 1], rel=0.2)


def test_parts_of_a_rib_follow_each_other_on_its_side(average):
    for rib in average[2].ribs.values():
        points = inside_of(rib, 2.0)
        sign = {"left": -1, "right": 1}[rib.side]
        part = rib.parts(points)
        assert set(part) == {0, 1, 2}
        assert (sign * points[:, 0]).min() > 5
        head, neck, shaft = (sign * points[part == n, 0].mean() for n in range(3))
        assert head < neck < shaft


def test_chest_is_as_wide_as_a_chest(average):
    ends = np.vstack([rib.to_world(rib.axis.path) for rib in average[2].ribs.values()])
    assert 230 < np.ptp(ends[:, 0]) < 300


def test_costal_groove_lies_inside_the_lower_border(average):
    rib = average[2].ribs["rib_7_left"]
    groove = rib.groove_path()
    assert np.abs(rib.bone(groove.astype(np.float32))).max() < 2.5
    middle = rib.to_world(rib.axis.path)
    _, nearest = cKDTree(middle).query(groove)
    below = groove - middle[nearest]
    assert (below[:, 2] < 0).all()
    assert (np.linalg.norm(groove[:, :2], axis=1)[len(groove) // 2]) > 40


def test_points_lie_on_their_bones(average):
    _, vertebrae, thorax = average
    for number in range(1, 13):
        vertebra = vertebrae[f"t{number}"]
        for side, sign in (("left", -1), ("right", 1)):
            tip = transverse_tip(vertebra, side)
            assert sign * tip[0] > 15
            assert abs(vertebra.bone(tip[None].astype(np.float32))[0]) < 0.3
            nerve = medial_branch_crossing(vertebra, side)
            assert 0.2 < vertebra.bone(nerve[None].astype(np.float32))[0] < 4.0
            facet = costotransverse_facet(vertebra, side)
            assert (facet is None) == (number > 10)
            if facet is not None:
                assert abs(vertebra.bone(facet[None].astype(np.float32))[0]) < 1.0
            if number < 12:
                rib = thorax.ribs[f"rib_{number + 1}_{side}"]
                upper, lower = costotransverse_ligament(vertebra, rib)
                assert upper[2] > lower[2]
                assert 3 < np.linalg.norm(upper - lower) < 28


@pytest.fixture(scope="module")
def painted(average):
    _, _, thorax = average
    rib = thorax.ribs["rib_7_left"]
    ids = [id_ for id_, _ in rib_joints(rib)] + ["costal_cartilage_3_left"]
    structures = StructureSet(
        Structure(id_, n, id_, "joint", "cartilage", "#7fc8d8", None)
        for n, id_ in enumerate(ids, start=1)
    )
    low = np.min([middle for _, middle in rib_joints(rib)], axis=0) - 12
    canvas = Canvas(structures, tuple(low), 0.7, (60, 60, 60))
    paint_rib_joints(canvas, {rib.id: rib})
    return canvas, rib


def test_painted_rib_joints_lie_about_head_and_tubercle(painted):
    canvas, rib = painted
    for id_, middle in rib_joints(rib):
        places = np.argwhere(canvas.labels == canvas.structures[id_].label)
        assert len(places) * 0.7**3 > 20
        at = np.array(canvas.origin) + 0.7 * places.mean(axis=0)
        assert np.linalg.norm(at - middle) < 8
        found = set(np.unique(canvas.tissues[canvas.labels == canvas.structures[id_].label]))
        assert found == {TISSUE_CODE["cartilage"], TISSUE_CODE["synovial_fluid"]}


def test_cartilage_runs_from_rib_to_sternum(average):
    _, _, thorax = average
    for id_, cartilage in thorax.cartilages.items():
        inside = inside_of(cartilage, 1.5)
        number, side = id_.split("_")[2:]
        assert 0 < thorax.ribs[f"rib_{number}_{side}"].bone(inside).min() < 3
        if int(number) <= 7:
            assert 0 < thorax.sternum.bone(inside).min() < 4, id_


def test_sternum_is_one_bone_of_three_parts(average):
    sternum = average[2].sternum
    points = inside_of(sternum, 1.5)
    part = sternum.parts(points)
    assert set(part) == {0, 1, 2}
    height = np.ptp(points[:, 2])
    assert 140 < height < 190


@pytest.mark.parametrize("case_id", ["average", "woman", "man"])
def test_the_sternum_stands_before_the_levels_that_anatomy_names(case_id):
    """Jugular notch at T2–T3, sternal angle at T4–T5, xiphisternal joint at T9."""
    case = shipped_cases()[case_id]
    column = build_column(case, REGIONS["thoracic"])
    bone = build_thorax(column, {}, case).sternum
    points = inside_of(bone, 1.5)
    part = bone.parts(points)
    inside = np.abs(points[:, 0]) < 3.0
    angle = points[inside & (part == 0), 2]
    joint = points[inside & (part == 1), 2].min()
    levels = [f"t{n}" for n in range(1, 13)]
    heights = [-column.frames[level][2, 3] for level in levels]
    for z, number, near in ((angle.max(), 2.5, 0.6), (angle.min(), 4.5, 0.6), (joint, 9.0, 0.6)):
        assert np.interp(-z, heights, range(1, 13)) == pytest.approx(number, abs=near)


def test_painted_cartilage_is_cartilage(average):
    thorax = average[2]
    id_ = "costal_cartilage_3_left"
    structures = StructureSet([Structure(id_, 1, id_, "joint", "cartilage", "#7fc8d8", None)])
    low, high = thorax.cartilages[id_].box
    canvas = Canvas(structures, tuple(low), 1.5, tuple(((high - low) / 1.5).astype(int)))
    paint_cartilages(canvas, {id_: thorax.cartilages[id_]})
    assert (canvas.labels == 1).sum() * 1.5**3 > 1000
    assert set(np.unique(canvas.tissues[canvas.labels == 1])) == {TISSUE_CODE["cartilage"]}


def test_a_rib_is_sampled_within_its_box(average):
    rib = average[2].ribs["rib_9_right"]
    low, high = rib.box
    axes = [np.arange(a, b, 2.0) for a, b in zip(low, high, strict=True)]
    inside = sample(rib.bone, axes) < 0
    for axis in range(3):
        assert not inside.take([0, -1], axis).any()


@pytest.mark.parametrize("level", ["t3", "t7", "t11"])
def test_vertebrae_lie_near_another_man(average, level):
    from spine_tutor.anatomy.compare import bone_surface, surface_distance

    pv = pytest.importorskip("pyvista")
    path = Path(f"/work/shared/reference/meshes/bodyparts3d/{level.upper()}.ply")
    if not path.exists():
        pytest.skip("the reference meshes are not here")
    found = surface_distance(
        level, bone_surface(average[1][level], 1.2), pv.read(path).triangulate(), points=2000
    )
    assert found.mean < 2.0
    assert found.p95 < 6.0
