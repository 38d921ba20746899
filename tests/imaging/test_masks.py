"""Which pixels show a structure."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from boxes import body
from spine_tutor.imaging.masks import mm_per_pixel, place_of, structure_mask, voxel_points
from spine_tutor.imaging.modality import simulate
from spine_tutor.imaging.view import CtView, FluoroscopyView


def test_a_cut_shows_what_its_labels_say() -> None:
    image = simulate(body(), CtView(center=(0, 0, 0), field=100, pixels=200))
    area = structure_mask(image, "l4_pedicle_left").sum() * mm_per_pixel(image) ** 2
    assert area == pytest.approx(16 * 22, rel=0.03)
    both = structure_mask(image, "l4_vertebra")
    assert np.array_equal(both, np.logical_or.reduce([
        structure_mask(image, name) for name in ("l4_body", "l4_pedicle_left", "l4_pedicle_right")
    ]))  # fmt: skip


def test_a_structure_has_its_volume_and_a_place_inside() -> None:
    ((points, size),) = voxel_points(body(), "l4_pedicle_right")
    assert len(points) * np.prod(size) == pytest.approx(16 * 22 * 16, rel=0.02)
    middle = place_of(body(), "l4_vertebra")  # its centre of mass lies in the canal's muscle
    assert body().structures.whole(body().structure_at(middle).id).id == "l4_vertebra"
    assert place_of(body(), "l4_disc") is None


def test_only_the_open_field_counts() -> None:
    image = simulate(body(), FluoroscopyView(center=(0, 0, 0), field=60, pixels=128))
    assert not structure_mask(image, "muscles")[0, 0], "the corner of a round field"
    assert structure_mask(image, "muscles")[64, 64]


def test_a_projection_shows_what_its_rays_cross() -> None:
    view = FluoroscopyView(center=(0, 0, 0), field=80, pixels=160, oblique=-30, tilt=10)
    image = simulate(body(), view)  # 0.5 mm a pixel, voxels of 1 mm
    mask = structure_mask(image, "l4_pedicle_left")
    near, deep = binary_dilation(mask, iterations=2), binary_erosion(mask, iterations=2)
    agreed = 0
    pixels = np.random.default_rng(0).integers(20, 140, size=(400, 2))
    for row, column in pixels:
        crossed = "l4_pedicle_left" in {c.structure.id for c in image.structures_at(row, column)}
        assert near[row, column] if crossed else not deep[row, column], "within a voxel"
        agreed += crossed == mask[row, column]
    assert agreed > 0.97 * len(pixels)
