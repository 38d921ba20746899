"""MRI pictures, their gray levels, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from phantoms import box, phantom, slab
from spine_tutor.imaging import mri
from spine_tutor.imaging.mri import PRESETS, Settings
from spine_tutor.imaging.view import MriView

BODY = phantom((box((-50, -50, -50), (50, 50, 50)), "muscle"), (slab(-50, -30), "fat"))
VIEW = MriView(center=(0.0, 0.0, 0.0), plane="axial", field=140.0, pixels=128)


def image(**settings):
    return mri.simulate(BODY, VIEW, Settings(**settings), np.random.default_rng(0))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_picture(name):
    settings = Settings(**PRESETS[name].settings)
    found = mri.simulate(BODY, VIEW, settings, np.random.default_rng(0))
    assert found.pixels.dtype == np.float32
    assert np.isfinite(found.pixels).all()
    assert found.pixels.min() >= 0
    gray = mri.display(found, settings)
    assert gray.dtype == np.uint8
    assert gray[100, 64] < 20 if "stir" in name else gray[100, 64] > 180  # fat


def test_fat_is_white_on_t1_and_black_on_stir():
    row, column = 100, 64  # posterior is at the bottom
    muscle = (40, 64)
    t1, stir = image(sequence="T1"), image(sequence="STIR")
    assert t1.pixels[row, column] > 1.8 * t1.pixels[muscle]
    assert stir.pixels[row, column] < 0.4 * stir.pixels[muscle]


def test_labels_are_of_the_slice():
    found = image()
    assert found.structures_at(64, 64)[0].structure.id == "part1"
    assert found.structures_at(0, 0) == ()


def test_the_coil_hears_the_back_better():
    flat, real = image(coil=0.0), image(coil=0.5)
    ratio = real.pixels / np.maximum(flat.pixels, 1e-6)
    assert ratio[90, 64] > ratio[30, 64] + 0.1


def test_thin_slices_are_noisier():
    air = (slice(0, 14), slice(0, 128))
    thin = mri.simulate(
        BODY, VIEW.model_copy(update={"thickness": 1.0}), Settings(), np.random.default_rng(0)
    )
    assert thin.pixels[air].mean() == pytest.approx(3.0 * image().pixels[air].mean(), rel=0.1)


@pytest.mark.parametrize(
    "settings",
    [
        {"repetition_time": 0}, {"echo_time": -1}, {"signal_to_noise": float("nan")},
        {"resolution": 0}, {"bandwidth": 0}, {"sequence": "flair"}, {"field": "7 T"},
        {"inversion_time": float("inf")},
    ],
)  # fmt: skip
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValidationError):
        Settings(**settings)


def test_times_that_do_not_fit_are_refused():
    with pytest.raises(ValidationError, match="echo_time 120 ms must be shorter"):
        Settings(repetition_time=100.0, echo_time=120.0)
    with pytest.raises(ValidationError, match="do not fit into repetition_time 200 ms"):
        Settings(sequence="STIR", repetition_time=200.0, inversion_time=180.0)
