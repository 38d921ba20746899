"""Sampling on points and planes agrees with the subject, voxel by voxel."""

import numpy as np
import pytest

from phantoms import phantom, slab, sphere
from spine_tutor.anatomy import TISSUE_CODE, TISSUES
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.reslice import plane_average, plane_labels, sample

CODES = np.arange(len(TISSUES), dtype=np.float32)


def nested():
    return phantom(
        (sphere(40), "muscle"),
        (sphere(12), "cortical_bone"),
        (slab(-3, 3, 0), "fat"),
        shape=(40, 40, 40),
        coarse=((40, 40, 40), 3.0),
    )


def oblique(pixels: int = 64) -> PlaneGeometry:
    return PlaneGeometry.centered((3, -2, 1), (0.3, -0.2, -1), (-1, 0.4, -0.38), 90.0, pixels)


def test_sample_is_the_subjects_own() -> None:
    body = nested()
    points = np.random.default_rng(0).uniform(-70, 70, (500, 7, 3))
    for mine, theirs in zip(sample(body, points), body.sample(points), strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == theirs.dtype
    labels, tissues = plane_labels(body, oblique())
    np.testing.assert_array_equal(labels, body.sample(oblique().points())[0])
    assert tissues.shape == (64, 64)


def test_average_far_from_edges_is_the_tissue_itself() -> None:
    body = phantom((sphere(60), "muscle"), shape=(64, 64, 64))
    square = PlaneGeometry.centered((0, 0, 0), (0, -1, 0), (-1, 0, 0), 30.0, 40)
    found = plane_average(body, square, 5.0, np.stack([CODES, -2 * CODES], axis=1))
    assert found.shape == (40, 40, 2)
    np.testing.assert_allclose(found[..., 0], TISSUE_CODE["muscle"])
    np.testing.assert_allclose(found[..., 1], -2 * TISSUE_CODE["muscle"])


def test_average_keeps_the_volume_of_a_sphere() -> None:
    body = phantom((sphere(15), "muscle"), shape=(50, 50, 50))
    values = np.zeros(len(TISSUES))
    values[TISSUE_CODE["muscle"]] = 1.0
    plane = PlaneGeometry.centered((0, 0, 0), (0, -1, 0), (-1, 0, 0), 48.0, 96)
    volume = plane_average(body, plane, 40.0, values).sum() * 0.5**2 * 40.0
    assert volume == pytest.approx((body.grids[0].labels == 1).sum(), rel=0.01)


def test_nested_grids_fill_every_place_once() -> None:
    body = phantom((sphere(200), "muscle"), shape=(20, 20, 20), coarse=((30, 30, 30), 3.0))
    found = plane_average(body, oblique(), 7.0, CODES)
    inside = np.abs(oblique().points()).max(axis=-1) < 38
    np.testing.assert_allclose(found[inside], TISSUE_CODE["muscle"], rtol=1e-6)


def test_air_where_no_grid_is() -> None:
    body = phantom((sphere(5), "muscle"), shape=(12, 12, 12))
    far = PlaneGeometry.centered((500, 0, 0), (0, -1, 0), (-1, 0, 0), 20.0, 8)
    assert (plane_average(body, far, 2.0, CODES + 7) == 7).all()


@pytest.mark.parametrize("thickness", [-1.0, float("nan"), float("inf")])
def test_impossible_thickness_is_refused(thickness: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        plane_average(nested(), oblique(), thickness, CODES)
