from __future__ import annotations

import numpy as np
import pytest

from spine_tutor.anatomy.sections import FAR, between, ellipse, mirrored, rounded, stacked


def test_outlines_change_linearly_between_levels_and_stay_beyond():
    small, large = ellipse(0, 0, 1, 1, 0), ellipse(0, 0, 3, 3, 0)
    found = between([0, 10], [small, large], [-5, 5, 20])
    assert np.allclose(found[0], small)
    assert np.allclose(found[1], 2 * small)
    assert np.allclose(found[2], large)


def test_a_mirrored_outline_is_symmetric():
    outline = mirrored([(0, -2), (2, 0), (0, 2)])
    assert outline.tolist() == [[0, -2], [2, 0], [0, 2], [-2, 0]]


def test_an_ellipse_turns_towards_its_angle():
    far = ellipse(0, 0, 5, 1, 30)
    far = far[np.linalg.norm(far, axis=1).argmax()]
    assert abs(np.degrees(np.arctan2(far[1], far[0])) % 180) == pytest.approx(30)


def test_the_distance_to_a_round_outline_is_true():
    outline = rounded(ellipse(1, 2, 8, 8, 0, n=24)[None])
    solid = stacked(outline, (21, 25, 1), [-9.0, -10.0, 0.0], 1.0)
    x = -9.0 + np.arange(21)[:, None]
    y = -10.0 + np.arange(25)[None]
    assert np.abs(solid.values[..., 0] - (np.hypot(x - 1, y - 2) - 8)).max() < 0.05


def test_far_from_the_outline_distances_are_rough_but_on_their_side():
    outline = rounded(ellipse(0, 0, 60, 60, 0, n=72)[None])
    solid = stacked(outline, (101, 101, 1), [-100.0, -100.0, 0.0], 2.0)
    axis = -100.0 + 2.0 * np.arange(101)
    error = np.abs(solid.values[..., 0] - (np.hypot(axis[:, None], axis) - 60))
    near = np.abs(np.hypot(axis[:, None], axis) - 60) < FAR
    assert error[near].max() < 0.1
    assert 1.0 < error.max() < 12.0
    assert np.all((solid.values[..., 0] < 0) == (np.hypot(axis[:, None], axis) < 60))
