"""Which pixels show a structure."""

import numpy as np
import pytest

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
