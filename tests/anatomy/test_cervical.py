import numpy as np
import pytest
from scipy.ndimage import label

from spine_tutor.anatomy import atlas_vertebra, axis, cervical
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.cervical_shape import atlas_shape, axis_shape, cervical_shape
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.fields import sample
from spine_tutor.anatomy.measure_cervical import measure_cervical
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.region import REGIONS

LEVELS = ("c1", "c2", "c3", "c4", "c5", "c6", "c7")
BELOW_AXIS = LEVELS[2:]
AVERAGE = Case(id="average", title="Average")


class Vertebra:
    """A vertebra in its own frame, alone."""

    def __init__(self, level, case=AVERAGE):
        self.level = level
        self.module = {"c1": atlas_vertebra, "c2": axis}.get(level, cervical)
        self.size = build_column(case, REGIONS["cervical"]).bodies[level]
        shapes = {"c1": atlas_shape, "c2": axis_shape}
        self.shape = shapes[level](case) if level in shapes else cervical_shape(level, case)

    def bone(self, points):
        points = np.atleast_2d(np.asarray(points, np.float32))
        return self.module.bone(points, self.size, self.shape)

    def grid(self, spacing=0.6):
        low, high = self.module.extent(self.size, self.shape)
        axes = [np.arange(a, b, spacing) for a, b in zip(low, high, strict=True)]
        return axes, sample(self.bone, axes)


@pytest.fixture(scope="module")
def vertebrae():
    return {level: Vertebra(level) for level in LEVELS}


@pytest.fixture(scope="module")
def grids(vertebrae):
    return {level: v.grid() for level, v in vertebrae.items()}


@pytest.mark.parametrize("level", LEVELS)
def test_is_one_piece_inside_its_box(grids, level):
    _, distance = grids[level]
    assert label(distance < 0)[1] == 1
    edges = [distance.take(end, axis=n).min() for n in range(3) for end in (0, -1)]
    assert min(edges) > 1


@pytest.mark.parametrize("level", LEVELS)
def test_left_mirrors_right(vertebrae, level):
    v = vertebrae[level]
    low, high = v.module.extent(v.size, v.shape)
    points = np.random.default_rng(0).uniform(low, high, (2000, 3))
    np.testing.assert_allclose(v.bone(points), v.bone(points * (-1, 1, 1)), atol=1e-3)


@pytest.mark.parametrize("level", LEVELS)
def test_keeps_to_the_table(vertebrae, level):
    """Within one published standard deviation, or 10 % where none is published."""
    v, table = vertebrae[level], morphometry()
    off = {}
    for name, value in measure_cervical(v.bone, v.size, v.shape).items():
        wanted = table.value(name, level)
        spreads = [r.sd for r in table.measurements[name].rows if level in r.values and r.sd]
        if abs(value - wanted) > max([0.1 * wanted, *spreads]):
            off[name] = (value, wanted)
    assert not off


@pytest.mark.parametrize("level", LEVELS)
def test_transverse_foramina_are_open_and_closed_around(vertebrae, level):
    v = vertebrae[level]
    centre, radius, along = v.module.transverse_foramen(v.shape)
    way = np.asarray(centre) + np.linspace(-7, 7, 57)[:, None] * np.asarray(along)
    for side in (1, -1):
        assert (v.bone(way * (side, 1, 1)) > 0.7 * radius).all()
    # Every way out of it meets bone, the root's groove above or below.
    across = np.linalg.svd(np.asarray(along)[None])[2][1:]
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1) @ across * (radius + 1.7)
    walls = np.array([v.bone(point + ring) < 0 for point in way])
    assert walls.any(axis=0).all()


def test_transverse_foramina_of_the_atlas_lie_farthest_out(vertebrae):
    out = [v.module.transverse_foramen(v.shape)[0][0] for v in vertebrae.values()]
    assert out[0] > max(out[1:]) + 8


@pytest.mark.parametrize("level", LEVELS)
def test_canal_is_open(vertebrae, level):
    v = vertebrae[level]
    back = 0.0 if level == "c1" else -0.5 * v.size.depth - 0.45 * v.size.canal_depth
    way = [(x, back - 2, z) for x in (-4, 0, 4) for z in np.arange(-30, 30, 0.5)]
    assert v.bone(way).min() > 1.5


@pytest.mark.parametrize("level", LEVELS)
def test_every_part_is_somewhere_on_the_bone(vertebrae, grids, level):
    v = vertebrae[level]
    axes, distance = grids[level]
    inside = np.argwhere(distance < 0)
    points = np.stack([a[n] for a, n in zip(axes, inside.T, strict=True)], axis=1)
    kinds = v.module.part_of(points.astype(np.float32), v.size, v.shape)
    counts = np.bincount(kinds, minlength=len(v.module.PARTS)) * 0.6**3  # mm³
    named = dict(zip(v.module.PARTS, counts, strict=True))
    least = 5 if level == "c7" else 15  # its anterior tubercle is rudimentary
    assert min(named.values()) > least, named


def volume_of(v, grid, part):
    axes, distance = grid
    inside = np.argwhere(distance < 0)
    points = np.stack([a[n] for a, n in zip(axes, inside.T, strict=True)], axis=1)
    kinds = v.module.part_of(points.astype(np.float32), v.size, v.shape)
    return int((kinds == v.module.PARTS.index(part)).sum())


def test_carotid_tubercle_stands_out_at_c6_and_is_missing_at_c7(vertebrae, grids):
    sizes = {n: volume_of(vertebrae[n], grids[n], "anterior_tubercle") for n in BELOW_AXIS}
    assert sizes["c6"] > 1.4 * max(sizes[n] for n in ("c3", "c4", "c5"))
    assert sizes["c7"] < 0.6 * min(sizes[n] for n in ("c3", "c4", "c5"))


@pytest.mark.parametrize("level", LEVELS[1:])
def test_spinous_process_is_forked_but_at_c7(vertebrae, level):
    v = vertebrae[level]
    tip = np.array(v.shape.spinous_tip)
    assert v.bone(tip) < 0
    assert (v.bone(tip * (0, 1, 1)) < 0) == (level == "c7")


@pytest.mark.parametrize("level", BELOW_AXIS)
def test_uncinate_processes_rise_beside_the_endplate(vertebrae, level):
    v = vertebrae[level]
    above = 0.5 * v.size.height + 0.5 * v.shape.uncinate_height
    x = np.arange(0, 20, 0.1)
    inside = v.bone(np.stack([x, 0 * x - 3, 0 * x + above], axis=1)) < 0
    assert 0.5 * v.size.width_upper - 1 < x[inside].min() < 0.5 * v.size.width_upper + 3


@pytest.mark.parametrize("level", BELOW_AXIS)
def test_superior_facets_look_back_and_up(vertebrae, level):
    """At some 45° to the axial plane, steeper towards the chest."""
    v = vertebrae[level]
    middle = 0.5 * (np.array(v.shape.sap_tip) + np.array(v.shape.sap_base))
    out = middle + np.linspace(0, 6, 61)[:, None] * (0, -1, 1) / np.sqrt(2)
    point = out[np.abs(v.bone(out)).argmin()]
    step = 0.3 * np.eye(3)
    normal = v.bone(point + step) - v.bone(point - step)
    normal /= np.linalg.norm(normal)
    lean = np.degrees(np.arctan2(-normal[1], normal[2]))  # 0 flat, 90 upright
    assert 38 < lean < 70
    assert abs(normal[0]) < 0.4


@pytest.mark.parametrize("level", BELOW_AXIS)
def test_medial_branch_lies_on_the_pillar(vertebrae, level):
    v = vertebrae[level]
    x, y, z = cervical.medial_branch_groove(v.shape)
    assert abs(v.bone((x, y, z))[0]) < 0.8
    assert v.bone((x + 3, y, z)) > 1.5
    tip, low = v.shape.sap_tip[2], v.shape.iap_tip[2]
    height = (z - low) / (tip - low)
    assert 0.6 < height < 0.95 if level == "c7" else 0.35 < height < 0.65


def test_third_occipital_nerve_lies_on_the_side_of_the_joint(vertebrae):
    v = vertebrae["c2"]
    point = axis.third_occipital_nerve(v.shape)
    assert abs(v.bone(point)[0]) < 0.8
    assert point[2] < -8


def test_dens_stands_on_the_axis_and_leaves_the_ring_of_the_atlas_free(vertebrae):
    c1, c2 = vertebrae["c1"], vertebrae["c2"]
    dens = np.array(c2.shape.dens)
    assert (c2.bone(dens) < -2).all()
    assert 14 < dens[-1, 2] + c2.shape.dens_half[-1][1] - 0.5 * c2.size.height < 20
    # The fovea lies behind the anterior arch: free where the dens goes, bone in front.
    assert c1.bone((0, 3, 0)) > 3
    y = np.arange(0, 16, 0.1)
    inside = c1.bone(np.stack([0 * y, y, 0 * y], axis=1)) < 0
    assert 7 < y[inside].min() < 10


def test_atlas_has_hollow_facets_and_a_sulcus(vertebrae):
    v = vertebrae["c1"]
    x, y, _ = v.shape.mass
    heights = []
    for ahead in (-8, 0, 8):
        z = np.arange(0, 14, 0.1)
        turned = np.radians(v.shape.mass_turn)
        px, py = x - np.sin(turned) * ahead, y + np.cos(turned) * ahead
        inside = v.bone(np.stack([0 * z + px, 0 * z + py, z], axis=1)) < 0
        heights.append(z[inside].max())
    assert heights[1] < min(heights[0], heights[2]) - 0.8
    arch = np.array(v.shape.posterior_arch)
    z = np.arange(-10, 10, 0.1)
    thickness = [
        0.1 * (v.bone(np.stack([0 * z + px, 0 * z + py, z], axis=1)) < 0).sum()
        for px, py, _ in (arch[0], arch[3])
    ]
    assert thickness[1] < 0.75 * thickness[0]


def test_size_and_hypertrophy_of_a_case_reach_the_shape():
    tall = AVERAGE.model_copy(update={"height_scale": 1.1})
    worn = AVERAGE.model_copy(update={"facet_hypertrophy": 1.0})
    plain = cervical_shape("c5", AVERAGE)
    assert cervical_shape("c5", tall).sap_tip[0] > plain.sap_tip[0]
    assert cervical_shape("c5", tall).medial_branch_rise == plain.medial_branch_rise
    assert cervical_shape("c5", worn).pillar_half == plain.pillar_half + 1
