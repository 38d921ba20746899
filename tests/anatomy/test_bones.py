import numpy as np
import pytest
from scipy.ndimage import label

from spine_tutor.anatomy.bones import (
    build_skeleton,
    paint_bones,
    paint_facet_joints,
)
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.region import LUMBAR
from spine_tutor.anatomy.structure import TISSUE_CODE

SEGMENTS = LUMBAR.segments
HARD = Case(
    lordosis=52.0, disc_narrowing={"l4_l5": 0.8, "l5_s1": 0.6}, facet_hypertrophy=0.7, sex="female"
)


def lattice(low, high, step):
    axes = [np.arange(a, b, step) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1)


def ask(field, points):
    shape = points.shape[:-1]
    return field(points.reshape(-1, 3).astype(np.float32)).reshape(shape)


def in_world(frame, points):
    return points @ frame[:3, :3].T + frame[:3, 3]


def below_of(skeleton, lower):
    return skeleton.sacrum if lower == "s1" else skeleton.vertebrae[lower]


@pytest.fixture(scope="module", params=[Case(), HARD], ids=["average", "degenerative"])
def body(request):
    column = build_column(request.param)
    return column, build_skeleton(column, request.param)


@pytest.mark.parametrize(("upper", "lower"), SEGMENTS)
def test_neighbours_never_overlap_and_keep_their_space(body, upper, lower):
    column, skeleton = body
    local = lattice((-32, -62, -32), (32, 24, 20), 1.0)
    points = in_world(column.disc_frame(f"{upper}_{lower}"), local)
    above = ask(skeleton.vertebrae[upper].bone, points)
    below = ask(below_of(skeleton, lower).bone, points)
    assert not ((above < 0) & (below < 0)).any()
    assert below[above < 0].min() > 0.9 * skeleton.vertebrae[upper].space


@pytest.mark.parametrize(("upper", "lower"), SEGMENTS)
@pytest.mark.parametrize("side", [-1, 1])
def test_facet_joint_is_a_space_of_even_width(body, upper, lower, side):
    """True width, measured between the two surfaces, not read off the fields that made it."""
    from scipy.spatial import cKDTree

    column, skeleton = body
    above, below = skeleton.vertebrae[upper], below_of(skeleton, lower)
    low, high = sorted((side * 2.0, side * 34.0))
    local = lattice((low, -50, -20), (high, -14, 14), 0.5)
    points = in_world(column.disc_frame(f"{upper}_{lower}"), local)
    near = ask(below.facets, points) < skeleton.vertebrae[upper].space + 0.6
    d_above, d_below = ask(above.bone, points), ask(below.bone, points)
    on_above = points[
        near & (np.abs(d_above) < 0.25) & (np.abs(d_below - skeleton.vertebrae[upper].space) < 0.4)
    ]
    on_below = points[np.abs(d_below) < 0.25]
    assert len(on_above) > 150  # more than 40 mm² of facet
    width, _ = cKDTree(on_below).query(on_above)
    assert np.percentile(width, 1) > 1.0
    assert np.percentile(width, 99) < 3.0


@pytest.mark.parametrize(("upper", "lower"), SEGMENTS)
@pytest.mark.parametrize("side", [-1, 1])
def test_foramen_lets_a_ball_out_of_the_canal(body, upper, lower, side):
    """6 mm in the average adult; narrowing and hypertrophy leave 4.5 mm."""
    column, skeleton = body
    ball = 6.0 if column.discs[f"{upper}_{lower}"].rim > 4.0 else 4.5
    size = column.bodies[upper]
    low, high = sorted((side * -4.0, side * 34.0))
    # Behind the disc, from the pedicle above to the one below.
    back = -0.5 * size.depth - 0.5
    local = lattice((low, back - 16, -14), (high, back, 26), 1.0)
    points = in_world(column.disc_frame(f"{upper}_{lower}"), local)
    bones = [skeleton.vertebrae[upper], below_of(skeleton, lower)]
    free = np.minimum(*(ask(bone.bone, points) for bone in bones)) > 0.5 * ball
    regions, _ = label(free)
    x = local[:, 0, 0, 0]
    inside = set(np.unique(regions[np.abs(x) < 3])) - {0}
    outside = set(np.unique(regions[np.abs(x) > 32])) - {0}
    assert inside & outside


def test_left_parts_lie_left(skeleton):
    for bone in skeleton.bones():
        low, high = bone.box
        points = lattice(low, high, 2.5).reshape(-1, 3).astype(np.float32)
        points = points[bone.bone(points) < 0]
        part = bone.parts(points)
        for n, id_ in enumerate(bone.part_ids):
            x = points[part == n, 0]
            if id_.endswith("_left"):
                assert len(x)
                assert x.max() <= 1e-3
            elif id_.endswith("_right"):
                assert len(x)
                assert x.min() >= -1e-3


def test_every_part_is_in_the_catalogue(skeleton):
    known = structures()
    for bone in skeleton.bones():
        assert set(bone.part_ids) <= set(known)


@pytest.mark.parametrize("level", ["l3", "l4"])
def test_oblique_order_of_the_scotty_dog(skeleton, column, level):
    """On the oblique view: ear above eye, neck below it, front leg lowest, nose lateral."""
    model = skeleton.vertebrae[level]
    points = lattice(*model.box, 1.0).reshape(-1, 3).astype(np.float32)
    points = points[model.bone(points) < 0]
    part = model.parts(points)
    local = (points - model.frame[:3, 3]) @ model.frame[:3, :3]
    middle = {id_: local[part == n].mean(axis=0) for n, id_ in enumerate(model.part_ids)}

    def seen(name):
        x, y, z = middle[f"{level}_{name}_left"]
        turn = np.radians(-30)  # LPO: the left facets open
        return x * np.cos(turn) + y * np.sin(turn), z

    ear, eye, nose, neck, leg = (
        seen(n)
        for n in (
            "superior_articular_process",
            "pedicle",
            "transverse_process",
            "pars",
            "inferior_articular_process",
        )
    )
    assert ear[1] > eye[1] > neck[1] > leg[1]
    assert nose[0] < eye[0] + 2
    assert eye[0] < leg[0] - 6


@pytest.fixture(scope="module")
def painted(skeleton):
    canvas = Canvas(structures(), (-50, -62, 15), 1.0, (101, 105, 85))
    paint_bones(canvas, skeleton)
    paint_facet_joints(canvas, skeleton, LUMBAR)
    return canvas


def test_painting_gives_the_same_bytes_again(painted, skeleton):
    again = Canvas(painted.structures, painted.origin, 1.0, painted.labels.shape)
    paint_bones(again, skeleton)
    paint_facet_joints(again, skeleton, LUMBAR)
    assert again.labels.tobytes() == painted.labels.tobytes()
    assert again.tissues.tobytes() == painted.tissues.tobytes()


def test_painted_joint_lies_between_its_processes(painted):
    for side, sign in (("left", -1), ("right", 1)):
        joint = painted.structures[f"l3_l4_facet_joint_{side}"].label
        places = np.argwhere(painted.labels == joint)
        assert len(places) > 100
        assert np.all(sign * (places[:, 0] + painted.origin[0]) > 0)
        assert set(np.unique(painted.tissues[painted.labels == joint])) == {
            TISSUE_CODE["cartilage"],
            TISSUE_CODE["synovial_fluid"],
        }


def test_body_is_a_thin_shell_round_a_core_and_pars_is_cortical(painted):
    cortical = painted.tissues == TISSUE_CODE["cortical_bone"]

    def share(id_):
        return cortical[painted.labels == painted.structures[id_].label].mean()

    assert share("l4_body") < 0.3
    assert share("l4_pars_left") > 0.7
