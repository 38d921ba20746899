"""What titanium does to an MRI: its field against closed forms, and what that does to a slice."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from metal_phantoms import rod
from spine_tutor.imaging.implants_mri import NO_FIELD, SUSCEPTIBILITY, field_of, field_shift
from spine_tutor.imaging.metal_mri import PULSE_HZ, SUB_SLICES, displace
from spine_tutor.imaging.mri_sequence import Settings
from spine_tutor.imaging.shot import Shot

CHI = 1e-4


def _lattice(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    side = np.arange(n) - n // 2
    return np.meshgrid(side, side, side, indexing="ij")


def test_the_field_of_a_sphere_is_a_dipole() -> None:
    x, y, z = _lattice(128)
    r = np.sqrt(x**2 + y**2 + z**2)
    shift = field_shift(np.clip(8.5 - r, 0, 1).astype(np.float32), CHI)
    ball = np.clip(8.5 - r, 0, 1).sum()
    outside = (r > 12) & (r < 24)
    expected = CHI * ball / (4 * np.pi * r[outside] ** 3) * (3 * (z[outside] / r[outside]) ** 2 - 1)
    error = shift[outside] - expected
    assert np.abs(error).max() < 0.05 * np.abs(expected).max()


@pytest.mark.parametrize("along", ["x", "z"])
def test_the_field_of_a_cylinder_is_that_of_its_angle(along: str) -> None:
    """½ χ sin²θ (a/ρ)² cos 2φ: along B₀ none at all."""
    x, y, z = _lattice(96)
    first = y if along == "x" else x
    second = z if along == "x" else y
    rho = np.sqrt(first**2 + second**2)
    disc = np.clip(5.5 - rho, 0, 1).astype(np.float32)
    shift = field_shift(disc, CHI)
    area = disc[48].sum() if along == "x" else disc[:, :, 48].sum()
    outside = (rho > 8) & (rho < 16)
    double = (z[outside] ** 2 - y[outside] ** 2) / rho[outside] ** 2
    expected = 0.5 * CHI * area / np.pi / rho[outside] ** 2 * double * (along == "x")
    assert np.abs(shift[outside] - expected).max() < 0.05 * 0.5 * CHI * (5 / 8) ** 2


def test_the_field_of_implants_fades_before_its_map_ends() -> None:
    field = field_of(rod(1))
    shift, metal = field.volume[..., 0], field.volume[..., 1]
    assert metal.sum() == pytest.approx(np.pi * 9 * 40, rel=0.05)
    assert max(np.abs(shift[[0, -1]]).max(), np.abs(shift[:, :, [0, -1]]).max()) == 0
    places = np.array([[0, 0, 8], [8, 0, 0]]) - field.origin
    above, beside = map_coordinates(shift, places.T, order=1)
    expected = 0.5 * SUSCEPTIBILITY * (3 / 8) ** 2  # of a rod without end
    assert above == pytest.approx(expected, rel=0.15)
    assert beside == pytest.approx(-expected, rel=0.15)
    assert field_of(rod(None)) is NO_FIELD


def _reference(truth, geometry, thickness, settings, field) -> np.ndarray:
    """Return a slice of uniform water displaced along its rows, point by point."""
    fine = 16
    rows, columns = truth.shape
    row, column = np.meshgrid(
        np.arange(rows), (np.arange(columns * fine) + 0.5) / fine - 0.5, indexing="ij"
    )
    points = geometry.origin + geometry.spacing * (
        row[..., None] * geometry.down + column[..., None] * geometry.right
    )
    found = np.zeros(truth.shape)
    pitch = 3 * thickness / SUB_SLICES
    for layer in pitch * (np.arange(SUB_SLICES) - SUB_SLICES // 2):
        at = np.moveaxis(points + layer * geometry.normal - field.origin, -1, 0)
        hertz = 42.577e6 * settings.tesla * map_coordinates(field.volume[..., 0], at, order=1)
        share = 1 - map_coordinates(field.volume[..., 1], at, order=1)
        middle = layer + hertz * thickness / PULSE_HZ
        excited = np.clip((0.5 * thickness - np.abs(middle)) / pitch + 0.5, 0, 1)
        pixels = hertz * settings.resolution / settings.bandwidth / geometry.spacing
        to = np.rint(column + pixels).astype(int)
        inside = (to >= 0) & (to < columns)
        weight = share * excited * pitch / thickness / fine
        np.add.at(found, (row[inside], to[inside]), weight[inside])
    return found


def test_the_fast_path_is_the_readable_one() -> None:
    shot = Shot.parse({"modality": "mri", "center": (0, 0, 5), "plane": "axial", "field": 60,
                       "pixels": 120})  # fmt: skip
    geometry = shot.view.geometry(rod(1))  # beside the rod: no metal in the slice
    truth, field = np.ones((120, 120), np.float32), field_of(rod(1))
    fast = displace(truth.copy(), geometry, 3.0, Settings(), 1, implants=field)
    slow = _reference(truth, geometry, 3.0, Settings(), field)
    fast, slow = gaussian_filter(fast, 0.7), gaussian_filter(slow, 0.7)
    inner = np.s_[:, 10:-10]
    assert slow.min() < 0.7  # a shadow of metal that is not in the slice
    assert slow[inner].max() > 1.5
    assert np.sqrt(np.mean((fast - slow)[inner] ** 2)) < 0.03


def _picture(axis: int | None, plane: str = "sagittal", center=(0, 0, 0), **settings) -> np.ndarray:
    view = {"modality": "mri", "center": center, "plane": plane, "field": 100, "pixels": 200}
    chosen = {"without": ["noise", "chemical shift"], "coil": 0} | settings
    return Shot.parse(view | {"settings": chosen}).simulate(rod(axis)).pixels


def _void(axis: int, plane: str = "sagittal", center=(0, 0, 0), **settings) -> np.ndarray:
    bare = _picture(None, plane, center, **settings)
    return _picture(axis, plane, center, **settings) < 0.5 * bare


def test_the_void_grows_with_the_field_and_shrinks_with_bandwidth() -> None:
    usual, strong, fast = (
        _void(1, field=f, bandwidth=b).sum() * 0.25
        for f, b in (("1.5 T", 220), ("3 T", 220), ("1.5 T", 880))
    )
    metal = 6 * 40  # mm²
    assert metal < fast < usual < strong


def test_a_rod_across_the_field_hides_more_than_one_along_it() -> None:
    across, along = (_void(axis)[:, 100] if axis == 1 else _void(axis)[100] for axis in (1, 2))
    assert 0.5 * along.sum() == pytest.approx(6, abs=2)  # as wide as it is
    assert across.sum() > 1.5 * along.sum()


def test_a_screw_looks_two_to_four_times_as_wide() -> None:
    """Petersilge 1996 (AJR 166:1213): 231 to 364 % at 1.5 T, fast spin echo least."""
    width = 0.5 * _void(1)[:, 100].sum() / 6
    assert 1.8 < width < 3.64


def test_reading_along_a_screw_makes_it_longer_and_thinner() -> None:
    """Frazzini 1997 (Radiology 204:268)."""
    settings, thickness = Settings(field="1.5 T"), 3.0
    shot = Shot.parse({"modality": "mri", "center": (0, 0, 0), "plane": "axial", "field": 100,
                       "pixels": 200})  # fmt: skip
    geometry = shot.view.geometry(rod(1))
    sizes = []
    for read in (0, 1):  # the rod runs along columns
        truth = np.ones((200, 200), np.float32)
        dark = displace(truth, geometry, thickness, settings, read, implants=field_of(rod(1))) < 0.5
        sizes.append((dark[:, 95:105].any(axis=1).sum(), dark[100].sum(), dark.sum()))
    (long, thin, small), (short, wide, large) = sizes
    assert long > short
    assert thin < wide
    assert small < large


def test_signal_piles_up_beside_the_void() -> None:
    bare, metal = _picture(None), _picture(1)
    assert metal.max() > 1.4 * bare.max()
    assert bare.sum() > 0.9 * metal.sum()  # none of it comes from nowhere


def test_metal_beside_the_slice_distorts_it() -> None:
    for away, least in ((7.0, 0.2), (40.0, 0.0)):
        bare, metal = (_picture(axis, "axial", (0, 0, away)) for axis in (None, 1))
        changed = np.abs(metal - bare)[50:150, 50:150].max() / bare[50:150, 50:150].max()
        assert changed >= least
        assert away < 10 or changed < 0.02
