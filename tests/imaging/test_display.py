"""Pictures: labelled whatever one asks, with letters where the patient's sides are."""

import io

import numpy as np
import pytest
from PIL import Image as Pil

from phantoms import phantom, sphere
from spine_tutor.imaging.display import annotate, directions, encode, pixel_mm
from spine_tutor.imaging.view import CtView, FluoroscopyView
from spine_tutor.resources import LABEL

BODY = phantom((sphere(5), "muscle"), shape=(16, 16, 16))


@pytest.mark.parametrize(
    ("view", "letters"),
    [
        (CtView(center=(0, 0, 0), plane="axial"), ("R", "L", "A", "P")),
        (CtView(center=(0, 0, 0), plane="coronal"), ("R", "L", "H", "F")),
        (CtView(center=(0, 0, 0), plane="sagittal"), ("A", "P", "H", "F")),
        (FluoroscopyView(center=(0, 0, 0)), ("L", "R", "H", "F")),
        (FluoroscopyView(center=(0, 0, 0), position="supine"), ("R", "L", "H", "F")),
        (FluoroscopyView(center=(0, 0, 0), oblique=-30), ("LA", "RP", "H", "F")),
    ],
)
def test_letters_stand_on_the_patients_sides(view, letters) -> None:
    assert directions(view.geometry(BODY)) == letters


@pytest.mark.parametrize("pixels", [32, 64, 256, 512, 1024])
def test_the_label_is_on_every_picture(pixels: int) -> None:
    geometry = CtView(center=(0, 0, 0), pixels=pixels).geometry(BODY)
    gray = np.full((pixels, pixels), 200, np.uint8)
    bare = np.asarray(annotate(gray, geometry, letters=False, scale_bar=False))
    strip = bare[-max(10, bare.shape[1] // 32) :]
    assert (strip.min(), strip.max() > 200) == (0, True)  # light letters on a dark strip
    lit = np.flatnonzero((strip.max(axis=2) > 150).any(axis=0))
    assert lit[0] > 0
    assert lit[-1] < bare.shape[1] - 1  # whole, not cut off at an edge
    assert np.ptp(lit) > 0.3 * bare.shape[1] or pixels > 256


def test_scale_bar_is_as_long_as_it_says() -> None:
    geometry = CtView(center=(0, 0, 0), field=160.0).geometry(BODY)
    gray = np.full((512, 512), 90, np.uint8)
    drawn = np.asarray(annotate(gray, geometry, letters=False)).astype(int)
    bare = np.asarray(annotate(gray, geometry, letters=False, scale_bar=False)).astype(int)
    changed = (np.abs(drawn - bare).max(axis=2) > 60).sum(axis=1)
    assert changed.max() == pytest.approx(20 / 0.3125, abs=5) or changed.max() == pytest.approx(
        50 / 0.3125, abs=5
    )


def test_a_projections_pixel_is_measured_at_the_isocentre() -> None:
    view = FluoroscopyView(center=(0, 0, 0), field=160.0, oblique=25, tilt=10)
    assert pixel_mm(view.geometry(BODY)) == pytest.approx(160 / 512)


def test_bytes_carry_the_label() -> None:
    geometry = CtView(center=(0, 0, 0)).geometry(BODY)
    drawn = annotate(np.zeros((512, 512), np.uint8), geometry)
    jpeg, png = encode(drawn), encode(drawn, "PNG")
    assert Pil.open(io.BytesIO(jpeg)).info["comment"] == LABEL.encode()
    assert Pil.open(io.BytesIO(png)).info["Description"] == LABEL
    assert Pil.open(io.BytesIO(jpeg)).size == (512, 512)
    with pytest.raises(ValueError, match="JPEG or PNG"):
        encode(drawn, "GIF")  # type: ignore[arg-type]


def test_picture_uses_the_display_of_its_modality() -> None:
    from spine_tutor.imaging.ct import Settings, simulate
    from spine_tutor.imaging.display import picture

    image = simulate(
        BODY,
        CtView(center=(0, 0, 0), field=30.0),
        Settings(without=("noise",)),
        np.random.default_rng(0),
    )
    narrow = np.asarray(picture(image, Settings(window="soft tissue"), letters=False))
    wide = np.asarray(picture(image, Settings(window="bone"), letters=False))
    assert narrow.shape == (512, 512, 3)
    assert narrow[256, 256, 0] in (128, 129, 130)  # muscle, 43 HU, in mid-window
    assert wide[256, 256, 0] < 100
