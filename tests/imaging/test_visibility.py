"""The measure of visibility: it follows its definition, and agrees with the textbook."""

from functools import cache

import numpy as np
import pytest
from boxes import body
from scipy.ndimage import gaussian_filter

from spine_tutor.anatomy import Subject, UnknownStructure
from spine_tutor.imaging import ct
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.view import CtView, FluoroscopyView
from spine_tutor.imaging.visibility import THRESHOLDS, Sight, _Local

SLICE = CtView(center=(0, -10, 0), field=100)
AP = FluoroscopyView(center=(0, 0, 0), field=100, pixels=256)


# -- the definition -----------------------------------------------------------------------------


def test_every_modality_has_thresholds_in_order() -> None:
    assert set(THRESHOLDS) == set(MODALITIES)
    assert all(0 < faint < visible for faint, visible in THRESHOLDS.values())


def test_bone_is_seen_and_a_nerve_in_muscle_is_not() -> None:
    low = CtView(center=(-22, -2, -12), field=100)
    assert Sight(body(), SLICE).visibility("l4_pedicle_left").verdict == "visible"
    assert Sight(body(), low).visibility("l4_nerve_root_left").verdict == "hidden"
    assert Sight(body(), AP).visibility("l4_pedicle_left").verdict == "visible"
    assert Sight(body(), AP).visibility("l4_nerve_root_left").verdict == "hidden"
    assert Sight(body(), AP).visibility("thecal_sac").verdict == "hidden"


def test_more_noise_is_less_visible() -> None:
    ratios = [
        Sight(body(), SLICE, ct.Settings(kernel="standard", dose=dose)).visibility("thecal_sac").cnr
        for dose in (20, 1, 0.05)
    ]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 2 * ratios[2]


def test_what_is_not_there_is_hidden_and_why_is_said() -> None:
    sight = Sight(body(), SLICE)
    absent = sight.visibility("l4_disc")
    assert (absent.verdict, absent.area_mm2) == ("hidden", 0)
    assert "has none" in absent.reason
    outside = Sight(body(), CtView(center=(0, 30, 0), field=20)).visibility("thecal_sac")
    assert outside.verdict == "hidden"
    assert "not in the picture" in outside.reason
    with pytest.raises(UnknownStructure, match="Did you mean"):
        sight.visibility("thecal_sak")


def test_the_area_is_that_of_the_structure() -> None:
    found = Sight(body(), SLICE).visibility("l4_pedicle_left")
    assert found.area_mm2 == pytest.approx(16 * 22, rel=0.03)
    assert "352 mm²" in str(found) or "35" in str(found)


def test_local_statistics_are_those_of_the_mask_alone() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.normal(1000, 3, (200, 200))
    pixels[:, 100:] = 0  # far away, and outside of the mask
    mask = np.zeros((200, 200), bool)
    mask[:, :100] = True
    local = _Local.of(pixels, mask, 12)
    assert local.mean[100, 95] == pytest.approx(1000, abs=1.5)
    assert np.sqrt(local.variance[20:180, 20:80].mean()) == pytest.approx(3, rel=0.1)
    assert local.weight[100, 150] == 0
    whole = _Local.of(pixels, np.ones_like(mask), 12)
    assert np.allclose(whole.mean, gaussian_filter(pixels, 6, truncate=2), atol=1e-6)


# -- the textbook, on the atlas -------------------------------------------------------------------
