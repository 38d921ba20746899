"""CT: tissues have their CT number, slices their thickness, pixels their name."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from phantoms import phantom, slab, sphere
from spine_tutor.anatomy import TISSUE_CODE, Subject
from spine_tutor.imaging import ct
from spine_tutor.imaging.ct import Settings, simulate
from spine_tutor.imaging.view import CtView
from spine_tutor.imaging.xray import hounsfield_by_tissue

PLAIN = Settings(uneven=False, without=("noise",))
VIEW = {"center": (0, 0, 0), "pixels": 64, "field": 40.0}


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def ball() -> Subject:
    return phantom((sphere(18), "muscle"), (sphere(8), "trabecular_bone"), shape=(48, 48, 48))


@pytest.mark.parametrize("plane", ["axial", "sagittal", "coronal"])
def test_tissues_have_their_ct_number_in_every_plane(plane) -> None:
    image = simulate(ball(), CtView(plane=plane, **VIEW), PLAIN, rng())
    table = hounsfield_by_tissue()
    assert image.pixels[32, 32] == pytest.approx(table[TISSUE_CODE["trabecular_bone"]], abs=1)
    assert image.pixels[32, 32 + 20] == pytest.approx(table[TISSUE_CODE["muscle"]], abs=1)
    assert image.pixels[0, 0] == pytest.approx(-999, abs=2)
    assert image.labels is not None
    assert (image.labels[32, 32], image.labels[32, 52], image.labels[0, 0]) == (2, 1, 0)


def test_spongy_bone_is_uneven_about_its_ct_number() -> None:
    uneven = simulate(ball(), CtView(**VIEW), Settings(without=("noise",)), rng())
    inside = uneven.pixels[26:39, 26:39]  # half of the inner ball's width
    wanted = hounsfield_by_tissue()[TISSUE_CODE["trabecular_bone"]]
    assert inside.std() > 15
    assert inside.mean() == pytest.approx(wanted, abs=25)


def test_a_slice_that_straddles_two_tissues_is_their_mean() -> None:
    body = phantom(
        (slab(-20, 0, axis=2), "fat"), (slab(0, 20, axis=2), "muscle"), shape=(40, 40, 40)
    )
    table = hounsfield_by_tissue()
    fat, muscle = table[TISSUE_CODE["fat"]], table[TISSUE_CODE["muscle"]]
    for shift, share in ((0.0, 0.5), (-2.0, 0.25), (6.0, 1.0)):
        view = CtView(thickness=8.0, shift=shift, center=(0, 0, 0), pixels=32, field=20.0)
        found = simulate(body, view, PLAIN, rng()).pixels[16, 16]
        assert found == pytest.approx(fat + share * (muscle - fat), abs=3)


def test_noise_falls_with_thickness_and_dose_and_has_texture() -> None:
    body = phantom((sphere(40), "muscle"), shape=(64, 64, 64))

    def noise(thickness: float, dose: float) -> np.ndarray:
        view = CtView(center=(0, 0, 0), pixels=128, field=40.0, thickness=thickness)
        settings = Settings(window="soft tissue", dose=dose, uneven=False)
        pixels = simulate(body, view, settings, rng()).pixels
        return pixels - simulate(body, view, PLAIN, rng()).pixels

    one = noise(1.0, 1.0)
    assert one.std() == pytest.approx(ct.NOISE_HU["standard"], rel=0.05)
    assert noise(4.0, 1.0).std() == pytest.approx(one.std() / 2, rel=0.05)
    assert noise(1.0, 4.0).std() == pytest.approx(one.std() / 2, rel=0.05)
    assert np.corrcoef(one[:, :-1].ravel(), one[:, 1:].ravel())[0, 1] > 0.2


def test_numbers_stay_within_twelve_bits() -> None:
    body = phantom((sphere(10), "steel"), shape=(32, 32, 32))
    image = simulate(body, CtView(**VIEW), Settings(), rng())
    assert image.pixels.max() <= 3071
    assert image.pixels.min() >= -1024


def test_windows() -> None:
    image = simulate(ball(), CtView(**VIEW), PLAIN, rng())
    image = replace(image, pixels=np.array([[-160.0, 40.0, 240.0, 1300.0]], np.float32))
    assert ct.display(image, Settings(window="soft tissue")).tolist() == [[0, 128, 255, 255]]
    assert ct.display(image, Settings(window="bone"))[0, 3] == 255
    assert 0 < ct.display(image, Settings(window="bone"))[0, 0] < 128


def test_a_measured_ct_is_shown_as_it_is_by_default() -> None:
    body = ball()
    rising = np.broadcast_to(10 * np.arange(48, dtype=np.int16), (48, 48, 48)).copy()
    body = replace(body, hounsfield=rising)
    view = CtView(plane="sagittal", **VIEW)
    image = simulate(body, view, Settings(), rng())
    assert image.facts["source"] == "measured"
    z = image.geometry.points()[..., 2]
    inside = np.abs(z) < 19
    expected = 10 * (z - body.grids[0].origin[2])
    assert np.abs(image.pixels - expected)[inside].max() < 0.6
    made = simulate(body, view, Settings(source="labels", without=("noise",)), rng())
    assert made.facts["source"] == "labels"
    with pytest.raises(ValueError, match="no measured"):
        simulate(ball(), view, Settings(source="measured"), rng())


@pytest.mark.parametrize(
    "bad", [{"dose": 0}, {"dose": float("nan")}, {"window": "brain"}, {"x": 1}]
)
def test_impossible_settings_are_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        Settings(**bad)


@pytest.mark.parametrize("bad", [{"thickness": 0}, {"field": -1}, {"thickness": float("inf")}])
def test_impossible_slices_are_refused(bad: dict) -> None:
    with pytest.raises(ValidationError):
        CtView(**{**VIEW, **bad})
