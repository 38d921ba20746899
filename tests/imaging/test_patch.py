"""The edge of a structure: its width is that of the blur, whatever the noise and the outline."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from spine_tutor.imaging.contrast import REACH_MM
from spine_tutor.imaging.patch import Patch

SPACING = 0.2
TEN_TO_NINETY = 2.563
"""Width of a Gaussian edge from 10 to 90 % over its standard deviation."""


def disc(sigma_mm: float, noise: float = 0.0, contrast: float = 100.0) -> Patch:
    y, x = np.mgrid[-100:101, -100:101] * SPACING
    mask = np.hypot(x, y) <= 10.0
    pixels = gaussian_filter(np.where(mask, contrast, 0.0), sigma_mm / SPACING)
    pixels += noise * np.random.default_rng(0).standard_normal(mask.shape)
    return Patch(pixels, mask, np.ones_like(mask), SPACING)


def width(patch: Patch) -> float | None:
    outside = patch.ring(np.zeros_like(patch.mask))
    return patch.edge_width(patch.outline, patch.core, outside)


@pytest.mark.parametrize("sigma", [0.2, 0.3, 0.4])
@pytest.mark.parametrize("contrast", [100.0, -100.0])
def test_the_edge_is_as_wide_as_the_blur(sigma: float, contrast: float) -> None:
    # what is inside and outside is measured up to 2 mm away, which a wide blur reaches
    assert width(disc(sigma, contrast=contrast)) == pytest.approx(TEN_TO_NINETY * sigma, abs=0.15)


def test_noise_hardly_moves_it() -> None:
    assert width(disc(0.4, noise=30.0)) == pytest.approx(width(disc(0.4)), rel=0.15)


def test_what_does_not_differ_has_no_edge() -> None:
    assert width(disc(0.4, noise=10.0, contrast=0.0)) in (None, pytest.approx(REACH_MM, rel=1.0))
    flat = Patch(np.zeros((50, 50)), np.zeros((50, 50), bool), np.ones((50, 50), bool), SPACING)
    assert width(flat) is None


def test_noise_below_the_floor_does_not_count() -> None:
    patch = disc(0.0)
    around = patch.ring(np.zeros_like(patch.mask))
    assert patch.ratio(4.0, patch.outline, patch.core, around) == pytest.approx(25.0)
