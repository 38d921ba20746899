"""Streaks of metal: in the axial planes that hold it, and in reformats across them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from metal_phantoms import screws
from spine_tutor.imaging import implants_ct, needle_ct
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.metal_ct import ELEMENT_MM, RAYS, SLICE_MM, TABLE, Planes, levels
from spine_tutor.imaging.needle import Needle
from spine_tutor.imaging.shot import Shot

DOWN, RIGHT, UP = np.array([0, -1.0, 0]), np.array([-1.0, 0, 0]), np.array([0, 0, 1.0])


def ct(subject, **settings) -> np.ndarray:
    quiet = {"without": ["noise"], "uneven": False} | settings
    view = {"modality": "ct", "center": (0, 0, 0), "field": 100, "pixels": 200, "thickness": 1}
    return Shot.parse(view | {"settings": quiet}).simulate(subject).pixels


def test_streaks_are_darkest_along_a_screw_and_none_without_metal() -> None:
    streaked = ct(screws())
    clean = ct(screws(), without=["noise", "streaks"])
    added = streaked - clean
    assert np.array_equal(ct(screws(False)), ct(screws(False), without=["noise", "streaks"]))
    middle, quarter = 100, 50
    beyond = added[quarter - 20 : quarter + 1, 58:63].mean()  # before the left screw's end
    far = np.abs(added[middle - 5 : middle + 5, :8]).mean()  # beside it, where no long ray runs
    assert beyond < -50
    assert abs(beyond) > 3 * far


def reference(planes: Planes, points: np.ndarray) -> np.ndarray:
    """Return the artefact at world points, view by view: what `Planes.picture` is held to."""
    at = points - planes.turn.origin
    down, right, height = (
        at @ way for way in (planes.turn.down, planes.turn.right, planes.turn.normal)
    )
    rays = ELEMENT_MM * (np.arange(RAYS) - RAYS // 2)
    found = np.zeros(height.shape)
    for n, level in enumerate(planes.heights):
        share = np.clip(1 - np.abs(height - level) / SLICE_MM, 0, 1)
        for view, angle, weight in zip(planes.views[n], planes.angles, planes.weights, strict=True):
            across = right * np.cos(angle) - down * np.sin(angle)
            found += weight * share * np.interp(across, rays, view)
    return found


@pytest.mark.parametrize("turn", ["axial", "sagittal", "oblique"])
def test_the_fast_path_is_the_readable_one(turn: str) -> None:
    planes = implants_ct.reformatted(screws())
    tilted = (UP + 0.3 * RIGHT) / np.linalg.norm(UP + 0.3 * RIGHT)
    down, right = {"axial": (DOWN, RIGHT), "sagittal": (-UP, DOWN), "oblique": (-tilted, DOWN)}[
        turn
    ]
    geometry = PlaneGeometry.centered((14, 4, 0.3), down, right, 60, 120)
    fast, slow = planes.picture(geometry), reference(planes, geometry.points())
    assert np.sqrt(np.mean(slow**2)) > 10
    # worked out on every second pixel, hence no closer
    assert np.sqrt(np.mean((fast - slow) ** 2)) < 0.1 * np.sqrt(np.mean(slow**2))
    every = fast.reshape(60, 2, 60, 2).mean(axis=(1, 3))
    assert np.corrcoef(every.ravel(), slow.reshape(60, 2, 60, 2).mean(axis=(1, 3)).ravel())[
        0, 1
    ] == pytest.approx(1, abs=5e-3)


def _streaks(kind: str, geometry: PlaneGeometry, axial: bool) -> np.ndarray:
    if kind == "implants":
        nothing = np.zeros(geometry.shape, bool)
        return implants_ct.streaks(screws(), geometry, nothing, axial)
    needle = Needle(tip=(0, 0, 0), tilt=30).placed(screws())
    return needle_ct.streaks(needle, geometry, SLICE_MM, axial)


@pytest.mark.parametrize("kind", ["implants", "needle"])
@pytest.mark.parametrize("plane", ["sagittal", "coronal"])
def test_a_reformat_is_cut_from_stacked_axial_slices(kind: str, plane: str) -> None:
    heights = np.arange(-12, 13) * SLICE_MM
    stack = np.array(
        [
            _streaks(kind, PlaneGeometry.centered((0, 0, z), DOWN, RIGHT, 60, 240), True)
            for z in heights
        ]
    )
    center = (12.0, 5.0, 0.0) if kind == "implants" else (1.2, 3.0, -1.0)
    right = DOWN if plane == "sagittal" else RIGHT
    reformat = PlaneGeometry.centered(center, -UP, right, 20, 80)
    points = reformat.points()
    corner = PlaneGeometry.centered((0, 0, 0), DOWN, RIGHT, 60, 240).origin
    index = [
        (points[..., 2] - heights[0]) / SLICE_MM,
        (corner[1] - points[..., 1]) / 0.25,
        (corner[0] - points[..., 0]) / 0.25,
    ]
    stacked = map_coordinates(stack, index, order=1)
    found = _streaks(kind, reformat, False)
    assert np.abs(stacked).max() > 5
    assert np.corrcoef(stacked.ravel(), found.ravel())[0, 1] > 0.98
    assert np.sqrt(np.mean((stacked - found) ** 2)) < 0.25 * np.sqrt(np.mean(stacked**2))


def test_bands_lie_at_the_levels_of_metal_only() -> None:
    view = {"modality": "ct", "center": (14, 0, 0), "plane": "sagittal", "field": 38, "pixels": 128}
    on, off = (
        Shot.parse(view | {"settings": {"uneven": False, "without": o}}).simulate(screws()).pixels
        for o in (["noise"], ["noise", "streaks"])
    )
    height = 0.5 * 38 * (1 - 2 * (np.arange(128) + 0.5) / 128)
    band = np.abs(on - off).mean(axis=1)
    assert band[np.abs(height) < 2.5].min() > 5
    assert band[np.abs(height) > 4.6].max() == 0
    tilted = Shot.parse(view | {"align": "l4", "settings": {"without": ["noise"]}})
    assert np.ptp(tilted.simulate(screws()).pixels) > 0


def test_metal_beside_the_picture_streaks_into_it() -> None:
    view = {"modality": "ct", "center": (0, 0, 0), "field": 30, "pixels": 64}
    on, off = (
        Shot.parse(view | {"settings": {"without": o}}).simulate(screws()).pixels
        for o in (["noise"], ["noise", "streaks"])
    )
    assert np.abs(on - off).max() > 3


def test_slices_of_a_study_hold_every_height() -> None:
    assert levels(-0.2, 0.2).tolist() == [0.0]
    assert levels(-1.6, 2.4).tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert replace(TABLE, origin=np.ones(3)).normal.tolist() == [0, 0, 1]
