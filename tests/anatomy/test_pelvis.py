import numpy as np
import pytest

from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.ilium import hip_center
from spine_tutor.anatomy.pelvis import build_pelvis, pelvic_places
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.sacrum import build_sacrum

PLATE = np.eye(4)
SPACE = 2.5


@pytest.fixture(scope="module")
def sacrum():
    return build_sacrum(PLATE, 1.0, 0.0)


@pytest.fixture(scope="module")
def bones(sacrum):
    return {b.part_ids[0]: b for b in build_pelvis(PLATE, 1.0, sacrum.bone, SPACE)}


def lattice(low, high, step):
    axes = [np.arange(a, b, step) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)


def test_no_two_bones_overlap(sacrum, bones):
    everyone = [sacrum, *bones.values()]
    for n, bone in enumerate(everyone):
        points = lattice(*bone.box, 2.0)
        inside = points[bone.bone(points) < 0]
        assert len(inside)
        for other in everyone[n + 1 :]:
            assert other.bone(inside).min() > 0.8, (bone.part_ids[0], other.part_ids[0])


def facing(side, sacrum, bones, step=0.75):
    """Return points of the sacrum's surface that face the hip bone, the gap there, and normals."""
    low, high = np.array([28.0, -45.0, -70.0]), np.array([66.0, 30.0, 2.0])
    if side == "left":
        low[0], high[0] = -high[0], -low[0]
    points = lattice(low, high, step)
    to_sacrum = sacrum.bone(points)
    shell = points[np.abs(to_sacrum) < 0.5 * step]
    normal = np.stack(
        [
            sacrum.bone(shell + 0.5 * e) - sacrum.bone(shell - 0.5 * e)
            for e in np.eye(3, dtype=np.float32)
        ],
        axis=-1,
    )
    return shell, bones[f"ilium_{side}"].bone(shell), normal


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_sacroiliac_joint_is_an_even_space(sacrum, bones, side):
    """Of 1138 mm² in men and 993 mm² in women; nowhere a contact."""
    _, gap, _ = facing(side, sacrum, bones)
    assert gap.min() > 1.0
    area = ((gap > 1.0) & (gap < 3.0)).sum() * 0.75**2  # a shell one step thick
    assert 800.0 < area < 1600.0


def test_the_joint_line_opens_10_to_20_degrees_to_the_other_side(sacrum, bones):
    """The lower posterior joint runs from anterolateral to posteromedial."""
    points, gap, normal = facing("right", sacrum, bones)
    end = np.array(pelvis_shape().sacrum.joint_end)
    low = (gap < 3.0) & (np.linalg.norm(points - end, axis=1) < 18.0)
    nx, ny = normal[low, 0].mean(), normal[low, 1].mean()
    assert -25.0 < np.degrees(np.arctan2(ny, nx)) < -4.0


def test_behind_the_joint_the_gap_widens_for_the_ligament(sacrum, bones):
    points, gap, _ = facing("right", sacrum, bones)
    behind = points[:, 1] < pelvis_shape().hip_bone.joint_back[0] + 0.3 * points[:, 2] - 8.0
    near = (points[:, 2] > -40) & (points[:, 2] < -8) & (points[:, 0] > 44)
    assert np.median(gap[behind & near]) > 4.0


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_hip_joint_is_a_space(bones, side):
    center = hip_center(side, PLATE, 1.0)
    shape = pelvis_shape()
    assert 3.0 <= shape.hip_bone.acetabular_radius - shape.femur.head_radius <= 5.0
    rng = np.random.default_rng(0)
    turn = rng.normal(size=(4000, 3))
    turn /= np.linalg.norm(turn, axis=1, keepdims=True)
    on_head = (center + shape.femur.head_radius * turn).astype(np.float32)
    hip = bones[f"ilium_{side}"].bone(on_head)
    assert hip.min() > 2.5
    covered = (hip < 5.0).mean()
    assert 0.3 < covered < 0.7  # a socket that holds about half of the head


def test_the_obturator_foramen_and_the_sciatic_notch_are_open(bones):
    bone = bones["ilium_right"].bone
    sight = lattice((20, 50, -110), (60, 95, -65), 1.0)
    assert bone(sight).max() > 8.0
    notch = np.array([[60, 0, -62], [58, -5, -60]], np.float32)
    assert bone(notch).min() > 3.0


def test_coccyx_hangs_below_the_sacrum(sacrum, bones):
    coccyx = bones["coccyx"]
    points = lattice(*coccyx.box, 1.0)
    inside = points[coccyx.bone(points) < 0]
    assert 1.5 < sacrum.bone(inside).min() < 3.0
    assert 25.0 < np.linalg.norm(np.ptp(inside[:, 1:], axis=0)) < 55.0
    assert 24.0 < np.ptp(inside[:, 0]) < 40.0


def test_parts_are_known_and_on_their_sides(bones):
    for bone in bones.values():
        points = lattice(*bone.box, 3.0)
        points = points[bone.bone(points) < 0]
        part = bone.parts(points)
        for n, id_ in enumerate(bone.part_ids):
            assert id_ in structures()
            x = points[part == n, 0]
            assert len(x)
            if id_.endswith("_left"):
                assert x.max() < 0
            if id_.endswith("_right"):
                assert x.min() > 0


def test_every_named_place_lies_on_its_side_and_near_bone(sacrum, bones):
    places = pelvic_places(PLATE, 1.0)
    everyone = [sacrum, *bones.values()]
    for name, point in places.items():
        gap = min(float(b.bone(point[None].astype(np.float32))[0]) for b in everyone)
        assert gap < 9.0, name
        if name.endswith("_left"):
            assert point[0] < 0
            mirror = places[name.replace("_left", "_right")]
            assert np.allclose(mirror, point * [-1, 1, 1])


def test_places_scale_with_the_body():
    small, large = pelvic_places(PLATE, 1.0), pelvic_places(PLATE, 1.1)
    for name, point in small.items():
        assert np.allclose(large[name], 1.1 * point)
