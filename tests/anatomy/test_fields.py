import numpy as np
import pytest

from spine_tutor.anatomy import fields


def ball(radius, center=(0, 0, 0)):
    c = np.asarray(center, np.float32)
    return lambda p: (np.linalg.norm(p - c, axis=1) - radius).astype(np.float32)


def points(*rows):
    return np.array(rows, np.float32)


def test_union_and_difference_of_balls():
    a, b = ball(2), ball(2, (3, 0, 0))
    p = points((0, 0, 0), (3, 0, 0), (1.5, 0, 0), (9, 0, 0))
    assert (fields.union(a(p), b(p)) < 0).tolist() == [True, True, True, False]
    assert (fields.difference(a(p), b(p)) < 0).tolist() == [True, False, False, False]


def test_blend_only_adds_and_only_near():
    a, b = np.float32([0.0, 5.0]), np.float32([0.0, 0.0])
    np.testing.assert_allclose(fields.union(a, b, 2.0), [-0.5, 0.0])


def test_limb_with_round_section_is_a_capsule():
    limb = fields.limb([(0, 0, 0), (0, 0, 10)], [(2, 2), (2, 2)], (1, 0, 0))
    p = points((2, 0, 5), (0, -2, 0), (4, 0, 5), (0, 0, 12), (0, 0, 14))
    np.testing.assert_allclose(limb(p), [0, 0, 2, 0, 2], atol=1e-5)


def test_limb_keeps_its_half_widths():
    limb = fields.limb([(0, 0, 0), (0, 0, 10)], [(5, 2), (5, 2)], (1, 0, 0))
    np.testing.assert_allclose(limb(points((5, 0, 5), (0, 2, 5))), 0, atol=1e-5)


def test_limb_is_deepest_on_its_axis():
    limb = fields.limb([(0, 0, 0), (0, 0, 10)], [(5, 2), (5, 2)], (1, 0, 0))
    np.testing.assert_allclose(limb(points((0, 0, 5), (0.01, 0, 5), (0, 0.01, 5))), -2, atol=3.1)
    assert limb(points((0, 0, 5)))[0] == pytest.approx(-2, abs=0.05)


def test_limb_is_far_only_beyond_its_reach():
    bent = [(0, 0, 0), (0, 2, 10), (0, 8, 18)], [(5, 2), (4, 2), (2, 2)], (1, 0, 0)
    everywhere, within = fields.limb(*bent), fields.limb(*bent, reach=6.0)
    p = np.random.default_rng(1).uniform(-25, 40, (500, 3)).astype(np.float32)
    known = within(p) < fields.FAR
    assert 0 < known.sum() < len(p)
    assert within(p)[known].tolist() == everywhere(p)[known].tolist()
    assert everywhere(p)[~known].min() > 4.0  # to first order what is beyond 6 mm


def test_superellipse_is_true_on_a_circle():
    angle = np.linspace(0, 6, 20)
    x, y = np.float32(13 * np.cos(angle)), np.float32(13 * np.sin(angle))
    np.testing.assert_allclose(fields.superellipse(x, y, 10, 10, 2), 3, atol=1e-3)


@pytest.mark.parametrize("turn", [1, -1])
def test_polygon_distance_either_way_round(turn):
    square = [(0, 0), (4, 0), (4, 4), (0, 4)][::turn]
    u, v = np.float32([2, 5, -3]), np.float32([2, 2, -4])
    np.testing.assert_allclose(fields.polygon(u, v, square), [-2, 1, 5], atol=1e-5)


def test_moved_takes_world_points():
    frame = np.eye(4)
    frame[:3, 3] = 5, 0, 0
    assert fields.moved(ball(1), frame)(points((5, 0, 0)))[0] == pytest.approx(-1)


@pytest.mark.parametrize("count", [49, 50, 51, 52])
def test_sample_equals_the_field_near_the_surface(count):
    axes = [-12 + 0.5 * np.arange(count)] * 3
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    true = ball(8)(grid.reshape(-1, 3).astype(np.float32)).reshape(grid.shape[:3])
    found = fields.sample(ball(8), axes)
    near = np.abs(true) < 1.0
    np.testing.assert_allclose(found[near], true[near], atol=1e-5)
    np.testing.assert_allclose(found, true, atol=1.2)
    assert np.array_equal(found < 0, true < 0)
