import numpy as np
import pytest
from scipy.ndimage import label

from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.pelvis import pelvic_places, sacral_frames
from spine_tutor.anatomy.sacral_solid import VERTEBRAE, line
from spine_tutor.anatomy.sacrum import CANAL_LEVELS, FORAMINA, build_sacrum

PLATE = np.eye(4)


@pytest.fixture(scope="module")
def sacrum():
    return build_sacrum(PLATE, 1.0, 0.0)


def ask(field, points):
    points = np.asarray(points, np.float32)
    return field(points.reshape(-1, 3)).reshape(points.shape[:-1])


def lattice(low, high, step):
    axes = [np.arange(a, b, step) for a, b in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1)


@pytest.mark.parametrize("level", FORAMINA)
@pytest.mark.parametrize("side", [-1, 1])
def test_a_foramen_opens_from_the_canal_to_both_mouths(sacrum, level, side):
    start, bend, front, _, behind, _ = FORAMINA[level]
    for ends in ((start, bend), (bend, front), (bend, behind)):
        a, b = (np.array(end) * [side, 1, 1] for end in ends)
        way = a + np.linspace(0, 1, 40)[:, None] * (b - a)
        assert ask(sacrum.bone, way).min() > 1.5
    (y, z), canal = CANAL_LEVELS[level], np.array(start) * [side, 1, 1]
    axis = canal + np.linspace(0, 1, 20)[:, None] * (np.array([0, y, z]) - canal)
    assert ask(sacrum.bone, axis).min() > 1.0  # the tunnel begins in the canal itself


@pytest.mark.parametrize("level", FORAMINA)
@pytest.mark.parametrize("mouth", ["front", "behind"])
def test_a_mouth_is_ringed_by_bone(sacrum, level, mouth):
    _, _, front, radius, behind, radius_behind = FORAMINA[level]
    point, wide = (front, radius) if mouth == "front" else (behind, radius_behind)
    d, s = line().along(np.array(point[1:]))
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    reach = 1.4 * wide + 2.0
    u, along = point[0] + reach * np.cos(turn), s + reach * np.sin(turn)
    depths = d + np.arange(-9.0, 9.5, 0.5)[:, None]
    assert (ask(sacrum.bone, line().place(u, depths, along)).min(axis=0) < 0).mean() > 0.7


@pytest.mark.parametrize("level", ["s1", "s2", "s3"])
def test_the_canal_is_closed_behind(sacrum, level):
    following = VERTEBRAE[VERTEBRAE.index(level) + 1]
    s = line().borders[following] + 1.0  # higher at S1 lies the lumbosacral window
    canal = line().place(0.0, np.linspace(-45.0, 0.0, 181), s)
    inside = ask(sacrum.bone, canal) < 0
    walls = label(inside)[0]
    assert walls.max() == 2  # lamina, canal, body
    assert 2.5 < inside[walls == 1].sum() * 0.25 < 16.0


def free_behind(sacrum):
    """Return heights along the line at which the midline is open behind the canal, and the rest."""
    heights = np.arange(line().borders["co1"], line().borders["s2"], 0.5)
    open_ = []
    for s in heights:
        way = line().place(0.0, np.linspace(-40.0, -6.0, 120), s)
        open_.append(ask(sacrum.bone, way).min() > 0)
    return heights, np.array(open_)


def test_the_hiatus_has_the_published_size(sacrum):
    """Height 19 ± 8.7, apex at S4, depth there 5.4 ± 1.8, apex to S2 foramen 34.7 ± 7.1."""
    heights, is_open = free_behind(sacrum)
    assert is_open[heights < heights[is_open].max()].all()
    apex = heights[is_open].max()
    assert line().borders["s5"] < apex < line().borders["s4"]
    top, bottom = (line().place(0.0, -9.0, s) for s in (apex, line().borders["co1"]))
    assert np.linalg.norm(top - bottom) == pytest.approx(19.0, abs=8.7)
    way = line().place(0.0, np.arange(-20.0, 4.0, 0.1), apex + 1.0)
    free = ask(sacrum.bone, way) > 0
    runs = label(free)[0]
    canal = runs[np.flatnonzero(free & (np.arange(-20.0, 4.0, 0.1) > -9))[0]]
    assert (runs == canal).sum() * 0.1 == pytest.approx(5.4, abs=1.8)
    foramen = np.array(FORAMINA["s2"][4]) * [0, 1, 1]
    assert np.linalg.norm(top - foramen) == pytest.approx(34.7, abs=7.1)


def test_cornua_flank_the_hiatus(sacrum):
    places = pelvic_places(PLATE, 1.0)
    left, right = (places[f"sacral_cornu_{side}"] for side in ("left", "right"))
    assert right[0] > 0 > left[0]
    assert np.linalg.norm(right - left) == pytest.approx(12.4, abs=3.2)
    for point, side in ((left, "left"), (right, "right")):
        assert ask(sacrum.bone, [point])[0] < 0
        part = sacrum.parts(np.array([point], np.float32))[0]
        assert sacrum.part_ids[part] == f"sacral_cornu_{side}"
    assert ask(sacrum.bone, [0.5 * (left + right)])[0] > 0


def test_size_and_curve(sacrum):
    points = lattice(*sacrum.box, 1.0).reshape(-1, 3).astype(np.float32)
    bone = points[sacrum.bone(points) < 0]
    assert 105.0 < np.ptp(bone[:, 0]) < 118.5
    frames = sacral_frames(PLATE, 1.0)
    lean = {name: np.degrees(np.arctan2(f[1, 2], f[2, 2])) for name, f in frames.items()}
    assert lean["s1"] > 10.0
    assert -10.0 > lean["s5"] > lean["coccyx"]
    assert all(abs(np.linalg.det(frame[:3, :3]) - 1) < 1e-9 for frame in frames.values())
    for level in VERTEBRAE:
        assert ask(sacrum.bone, [frames[level][:3, 3]])[0] < -2


def test_parts_lie_where_their_names_say(sacrum):
    points = lattice(*sacrum.box, 1.0).reshape(-1, 3).astype(np.float32)
    points = points[sacrum.bone(points) < 0]
    part = sacrum.parts(points)
    middle = {}
    for n, id_ in enumerate(sacrum.part_ids):
        mine = points[part == n]
        assert len(mine) > 40, id_
        middle[id_] = mine.mean(axis=0)
        if id_.endswith(("_left", "_right")):
            assert (mine[:, 0] <= 0).all() if id_.endswith("_left") else (mine[:, 0] >= 0).all()
    heights = [middle[f"{level}_body"][2] for level in VERTEBRAE]
    assert heights == sorted(heights, reverse=True)
    assert middle["median_sacral_crest"][1] < middle["s2_body"][1] - 10
    assert set(sacrum.part_ids) <= set(structures())


def test_a_womans_sacrum_is_wider_for_its_length():
    def breadth(sex):
        bone = build_sacrum(PLATE, 1.0, 0.0, sex)
        points = lattice(*bone.box, 1.5).reshape(-1, 3).astype(np.float32)
        return np.ptp(points[bone.bone(points) < 0, 0])

    assert breadth("female") > breadth("pooled") > breadth("male")
