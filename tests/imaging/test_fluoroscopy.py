"""Fluoroscopy: geometry, physics, dose and names."""

import numpy as np
import pytest
from pydantic import ValidationError

from phantoms import box, phantom, slab, sphere
from spine_tutor.anatomy import Subject
from spine_tutor.imaging import fluoroscopy
from spine_tutor.imaging.attenuation_map import attenuation_map
from spine_tutor.imaging.fluoroscopy import (
    SCATTER_SPREAD_MM,
    Settings,
    simulate,
    structure_map,
    with_scatter,
)
from spine_tutor.imaging.view import FluoroscopyView
from spine_tutor.imaging.xray import spectrum, tissue_attenuation

PLAIN = Settings(without=("noise", "blur", "scatter"))
AP = {"center": (0, 0, 0), "pixels": 64, "field": 20.0}


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def layers() -> Subject:
    """Return 20 mm fat, 60 mm muscle, 20 mm trabecular and 4 mm cortical bone across the beam."""
    return phantom(
        (slab(-52, -32), "fat"),
        (slab(-32, 28), "muscle"),
        (slab(28, 48), "trabecular_bone"),
        (slab(48, 52), "cortical_bone"),
        shape=(60, 120, 60),
    )


@pytest.mark.parametrize("kvp", [60.0, 75.0, 110.0])
def test_polychromatic_attenuation_of_layers(kvp: float) -> None:
    view = FluoroscopyView(**AP)
    settings = PLAIN.model_copy(update={"kvp": kvp})
    image = simulate(layers(), view, settings, rng())
    beam = spectrum(kvp, settings.aluminium, settings.copper)
    lengths = {"fat": 20, "muscle": 60, "trabecular_bone": 20, "cortical_bone": 4}
    way = sum(length * tissue_attenuation(t, beam.energy) for t, length in lengths.items())
    expected = (beam.signal * np.exp(-way)).sum()
    assert np.exp(-image.pixels[32, 32]) == pytest.approx(expected, rel=0.01)


def test_magnification_is_source_to_detector_over_source_to_object() -> None:
    body = phantom(
        (slab(-10, 10), "muscle"),
        (box((-12, -3, -3), (-9, 3, 3)), "cortical_bone"),
        (box((9, -3, -3), (12, 3, 3)), "cortical_bone"),
        shape=(120, 40, 60),
        spacing=0.5,
    )
    view = FluoroscopyView(center=(0, 0, 0), pixels=256, field=40.0)
    image = simulate(body, view, PLAIN, rng())
    profile = image.pixels[124:132].mean(axis=0).astype(float)
    profile -= np.median(profile)
    column = np.arange(256)
    left, right = profile * (column < 128), profile * (column >= 128)
    distance = (right @ column) / right.sum() - (left @ column) / left.sum()
    expected = 21.0 * view.source_to_detector / view.source_to_axis / image.geometry.spacing
    assert distance == pytest.approx(expected, abs=0.5)
    assert image.facts["magnification"] == pytest.approx(1000 / 650)


def test_fine_grid_in_a_coarse_one_leaves_no_seam() -> None:
    # one block of bone and one of muscle reach from the fine grid far into the coarse one
    parts = ((slab(-24, 24), "muscle"), (slab(-12, 12), "trabecular_bone"))
    body = phantom(*parts, shape=(40, 80, 40), coarse=((60, 40, 60), 2.0))
    image = simulate(body, FluoroscopyView(center=(0, 0, 0), pixels=256, field=80.0), PLAIN, rng())
    whole = phantom(*parts, shape=(120, 80, 120))
    expected = simulate(
        whole, FluoroscopyView(center=(0, 0, 0), pixels=256, field=80.0), PLAIN, rng()
    )
    assert np.abs(image.pixels - expected.pixels).max() < 0.01 * expected.pixels.max()


def test_noise_follows_the_dose() -> None:
    body, view = layers(), FluoroscopyView(center=(0, 0, 0), pixels=128, field=20.0)
    clean = simulate(body, view, PLAIN, rng()).pixels
    spread = {}
    for dose in ("low", "normal", "high"):
        settings = PLAIN.model_copy(update={"without": ("blur", "scatter"), "dose": dose})
        image = simulate(body, view, settings, rng())
        spread[dose] = (image.pixels - clean).std()
        quanta = image.facts["quanta_in_air"] * np.exp(-clean.mean())
        assert spread[dose] == pytest.approx(1 / np.sqrt(quanta), rel=0.05)
        target = fluoroscopy.DOSE_NGY[dose]
        assert image.facts["detector_kerma_nGy"] == pytest.approx(target, rel=1e-6)
    assert spread["low"] > spread["normal"] > spread["high"]


def test_a_thicker_body_costs_more_kerma_for_the_same_picture() -> None:
    view = FluoroscopyView(**AP)
    thin = phantom((slab(-30, 30), "muscle"), shape=(60, 120, 60))
    thick = phantom((slab(-55, 55), "muscle"), shape=(60, 120, 60))
    kerma = [simulate(b, view, PLAIN, rng()).facts["air_kerma_uGy"] for b in (thin, thick)]
    assert kerma[1] > 2 * kerma[0]


def test_scatter_lowers_contrast_and_blur_softens_edges() -> None:
    body = phantom(
        (slab(-30, 30), "muscle"),
        (box((0, -5, -40), (40, 5, 40)), "cortical_bone"),
        shape=(80, 80, 80),
    )
    view = FluoroscopyView(center=(0, 0, 0), pixels=128, field=40.0)

    def contrast(settings: Settings) -> float:
        pixels = simulate(body, view, settings, rng()).pixels
        return float(pixels[:, 100].mean() - pixels[:, 20].mean())

    def steepest(settings: Settings) -> float:
        return float(np.abs(np.diff(simulate(body, view, settings, rng()).pixels[64])).max())

    scattered = PLAIN.model_copy(update={"scatter_fraction": 0.4, "without": ("noise", "blur")})
    assert contrast(scattered) < 0.9 * contrast(PLAIN)
    assert steepest(PLAIN.model_copy(update={"without": ("noise", "scatter")})) < steepest(PLAIN)


@pytest.mark.parametrize("radius_mm", [20.0, 50.0, 120.0])
def test_a_smaller_field_has_less_scatter(radius_mm: float) -> None:
    """In the middle of an even circle: 1 − exp(−R²/2s²) of what a wide field scatters."""
    pixel = 0.5
    y, x = np.ogrid[-255.5:256, -255.5:256]
    inside = pixel**2 * (x**2 + y**2) <= radius_mm**2
    even = np.full((512, 512), 0.1, np.float32)
    middle = with_scatter(even, inside, 0.25, pixel)[254:258, 254:258].mean()
    expected = 0.1 * (1 + (1 - np.exp(-(radius_mm**2) / (2 * SCATTER_SPREAD_MM**2))) / 3)
    assert middle == pytest.approx(expected, rel=0.01)


def test_collimating_lowers_kerma_area_and_scatter() -> None:
    body, view = layers(), FluoroscopyView(center=(0, 0, 0), pixels=256, field=55.0)
    wide, narrow = (
        simulate(body, view, Settings(collimation=share), np.random.default_rng(0))
        for share in (1.0, 0.4)
    )
    assert narrow.facts["kerma_area_mGy_cm2"] < 0.6 * wide.facts["kerma_area_mGy_cm2"]
    assert narrow.pixels[120:136, 120:136].mean() > wide.pixels[120:136, 120:136].mean() + 0.02


def test_same_seed_same_picture() -> None:
    view, body = FluoroscopyView(**AP), layers()
    first, second = (simulate(body, view, Settings(), rng()).pixels for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_field_is_collimated_and_black_outside() -> None:
    view, settings = FluoroscopyView(**AP), Settings(collimation=0.5)
    image = simulate(layers(), view, settings, rng())
    assert image.inside is not None
    assert not image.inside[0, 0]
    assert image.inside[32].sum() == 32
    gray = fluoroscopy.display(image, settings)
    assert gray.dtype == np.uint8
    assert gray[~image.inside].max() == 0


def test_a_blade_shuts_off_what_lies_beyond_the_ends_of_a_subject() -> None:
    body = layers()
    low, high = (float(corner[2]) for corner in body.grids[-1].bounds)
    view = FluoroscopyView(center=(0, 0, 0), pixels=100, field=100.0)
    image = simulate(body, view, Settings(field_shape="square"), rng())
    assert image.inside is not None
    shown = image.inside.any(axis=1)
    assert shown.sum() == pytest.approx(high - low, abs=2)  # 1 mm a row at the isocentre
    assert image.inside[shown].all()
    assert fluoroscopy.display(image, Settings())[~shown].max() == 0


def test_beyond_the_ends_of_a_subject_no_structure_is_drawn_on() -> None:
    body = phantom(
        (slab(-20, 20), "muscle"), (box((-6, -8, -40), (6, 8, 40)), "air"), shape=(80, 40, 40)
    )
    view = FluoroscopyView(center=(0, 0, 0), pixels=100, field=100.0)
    signal = np.exp(-simulate(body, view, PLAIN, rng()).pixels)
    inside, beyond = signal[50, 20:80], signal[15, 20:80]  # 35 mm above the middle
    assert np.ptp(inside) > 0.2 * inside.mean()
    assert np.ptp(beyond) < 0.3 * np.ptp(inside)


def test_bones_are_dark_unless_inverted() -> None:
    body = phantom((slab(-30, 30), "muscle"), (sphere(10), "cortical_bone"), shape=(80, 80, 80))
    view = FluoroscopyView(center=(0, 0, 0), pixels=128, field=50.0)
    for invert in (False, True):
        settings = PLAIN.model_copy(update={"invert": invert})
        gray = fluoroscopy.display(simulate(body, view, settings, rng()), settings).astype(int)
        assert bool(gray[64, 64] > gray[64, 110]) is invert


@pytest.mark.parametrize("half_width", [38, 64], ids=["air beside it", "fills the field"])
@pytest.mark.parametrize("collimation", [1.0, 0.5])
def test_brightness_of_the_spine_is_held(half_width: int, collimation: float) -> None:
    trunk = box((-half_width, -50, -64), (half_width, 50, 64))
    spine = box((-12, -20, -64), (12, 10, 64))
    body = phantom((trunk, "muscle"), (spine, "trabecular_bone"))
    settings = Settings(collimation=collimation)
    view = FluoroscopyView(center=(0, 0, 0), pixels=128, field=110.0)
    gray = fluoroscopy.display(simulate(body, view, settings, rng()), settings)
    edges = gray[40:88, 40:88]
    assert 90 < np.median(edges) < 165
    assert edges[:, 24].mean() + 30 < edges[:, [0, -1]].mean()


def test_crossings_have_the_lengths_of_the_layers() -> None:
    body = layers()
    image = simulate(body, FluoroscopyView(**AP), PLAIN, rng())
    met = image.structures_at(32, 32)
    # prone, the tube lies in front of the patient: +y is met first
    assert [c.structure.id for c in met] == ["part4", "part3", "part2", "part1"]
    assert [c.length for c in met] == pytest.approx([4, 20, 60, 20], rel=1e-3)


def test_structure_map_names_bones_first_and_agrees_with_the_exact_rays() -> None:
    body = layers()
    view = FluoroscopyView(**AP)
    image = simulate(body, view, PLAIN, rng())
    names = structure_map(body, image.geometry, step=4, count=4)
    assert names.shape == (16, 16, 4)
    assert names.dtype == np.uint16
    for r, c in ((0, 0), (8, 8), (15, 3)):
        exact = {x.structure.label for x in image.structures_at(4 * r, 4 * c)}
        assert set(names[r, c]) - {0} == exact
    with pytest.raises(ValueError, match="at least 1"):
        structure_map(body, image.geometry, step=0)


def test_map_is_kept_for_a_subject_and_measured_needs_a_measurement() -> None:
    body = layers()
    assert attenuation_map(body) is attenuation_map(body)
    with pytest.raises(ValueError, match="no measured CT numbers"):
        simulate(body, FluoroscopyView(**AP), Settings(source="measured"), rng())


def test_measured_ct_gives_the_picture_of_its_tissues() -> None:
    from dataclasses import replace

    from spine_tutor.imaging.xray import hounsfield_by_tissue

    body = layers()
    hu = np.rint(hounsfield_by_tissue()).clip(-1024, 3071).astype(np.int16)
    measured = replace(body, hounsfield=hu[body.grids[0].tissues], content_hash="measured")
    view = FluoroscopyView(**AP)
    image = simulate(measured, view, PLAIN, rng())
    assert image.facts["source"] == "measured"
    expected = simulate(body, view, PLAIN, rng())
    assert np.abs(image.pixels - expected.pixels)[20:44, 20:44].max() < 0.02 * expected.pixels.max()


@pytest.mark.parametrize(
    "bad",
    [
        {"kvp": 0},
        {"kvp": float("nan")},
        {"kvp": 400},
        {"copper": -1},
        {"scatter_fraction": 1.0},
        {"dose": "none"},
        {"collimation": 0},
        {"volts": 80},
    ],
)
def test_impossible_settings_are_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        Settings(**bad)


def test_impossible_pose_is_refused() -> None:
    view = FluoroscopyView(center=(0, 0, 0), source_to_detector=700, source_to_axis=800)
    with pytest.raises(ValueError, match="must exceed"):
        simulate(layers(), view, Settings(), rng())


def test_view_that_misses_the_body_is_an_even_field() -> None:
    image = simulate(layers(), FluoroscopyView(center=(0, 0, 900)), PLAIN, rng())
    assert np.isfinite(image.pixels).all()
    assert np.ptp(image.pixels) < 1e-3
    assert np.isfinite(fluoroscopy.display(image, Settings())).all()
