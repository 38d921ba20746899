"""What a needle looks like, against formulas and findings."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import spearmanr

from phantoms import phantom, slab
from spine_tutor.imaging import ct, fluoroscopy, mri, ultrasound
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.attenuation_map import attenuation_map
from spine_tutor.imaging.fluoroscopy import path_lengths
from spine_tutor.imaging.needle import MAKES, NEEDLE, Needle
from spine_tutor.imaging.needle_fluoroscopy import absorbed
from spine_tutor.imaging.needle_mri import SUSCEPTIBILITY
from spine_tutor.imaging.view import CtView, FluoroscopyView, MriView, UltrasoundView
from spine_tutor.imaging.xray import attenuation, basis, spectrum

TIP = (0.0, 0.0, 0.0)


@cache
def water():
    return phantom((slab(-60, 60), "csf"), shape=(40, 64, 130), spacing=2.0)


@cache
def muscle():
    whole = phantom((slab(-40, 60), "muscle"), shape=(60, 70, 60), spacing=2.0)
    object.__setattr__(whole, "frames", {"l4": np.eye(4)})
    return whole


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def with_needle(**fields) -> Additions:
    return Additions(needle=Needle(**{"tip": TIP, **fields}))


# -- fluoroscopy ----------------------------------------------------------------------------------

TUBE = (75.0, 3.0, 0.1)
PLAIN = fluoroscopy.Settings(without=("noise", "blur", "scatter"), field_shape="square")


def test_steel_behind_a_body_follows_the_spectrum() -> None:
    beam = spectrum(*TUBE)
    for w, m, s in ((0, 0, 0.3), (180, 0, 0.7), (140, 12, 1.2), (200, 30, 5.0), (150, 5, 60.0)):
        mu = basis(beam.energy)
        body = beam.signal * np.exp(-w * mu[0] - m * mu[1])
        steel = np.exp(-s * attenuation("steel", beam.energy))
        expected = -np.log((body * steel).sum() / body.sum())
        found = absorbed(np.array([float(w)]), np.array([float(m)]), np.array([float(s)]), TUBE)
        assert found[0] == pytest.approx(expected, rel=0.01)


def test_a_shaft_shows_the_chord_of_each_ray() -> None:
    view = FluoroscopyView(center=TIP, oblique=90, pixels=256, field=20)
    needle = with_needle(kind="tuohy", advance=20.0)  # from behind, across a lateral beam
    bare = fluoroscopy.simulate(water(), view, PLAIN, rng()).pixels
    image = fluoroscopy.simulate(water(), view, PLAIN, rng(), needle)
    row = (image.pixels - bare)[:, 40]
    lengths = path_lengths(attenuation_map(water(), "labels"), image.geometry)
    placed = needle.needle_in(water())
    ends = np.array([image.geometry.pixel_to_detector(r, 40) for r in range(256)])
    chord = placed.steel.lengths(image.geometry.source, ends)
    assert chord.max() == pytest.approx(1.2, rel=0.02)
    expected = absorbed(lengths[0][:, 40], lengths[1][:, 40], chord, TUBE)
    inside = chord > 0.75
    np.testing.assert_allclose(row[inside], expected[inside], rtol=0.03)


@pytest.mark.parametrize("axis_mm", [500.0, 800.0])
def test_a_shaft_is_as_wide_as_magnification_makes_it(axis_mm: float) -> None:
    view = FluoroscopyView(center=TIP, oblique=90, pixels=512, field=20, source_to_axis=axis_mm)
    needle = with_needle(kind="tuohy", advance=20.0)
    bare = fluoroscopy.simulate(water(), view, PLAIN, rng()).pixels
    image = fluoroscopy.simulate(water(), view, PLAIN, rng(), needle)
    width = (image.pixels - bare > 1e-3)[:, 80].sum()
    magnified = MAKES["tuohy"].diameter * view.source_to_detector / axis_mm
    assert width == pytest.approx(magnified / image.geometry.spacing, abs=1.5)


def test_a_needle_along_the_beam_is_a_dot() -> None:
    view = FluoroscopyView(center=TIP, oblique=-25, tilt=10, pixels=256, field=60)
    bare = fluoroscopy.simulate(water(), view, PLAIN, rng()).pixels
    end_on, across = (
        fluoroscopy.simulate(water(), view, PLAIN, rng(), with_needle(**way)).pixels - bare
        for way in ({"oblique": -25, "tilt": 10}, {"oblique": 35, "tilt": 10})
    )
    rows, columns = np.nonzero(end_on > 0.5)
    assert np.ptp(rows) < 10
    assert np.ptp(columns) < 10
    assert abs(rows.mean() - 127.5) < 5
    assert end_on.max() > 3 * across.max()
    assert np.ptp(np.nonzero(across > 0.2)[1]) > 100


def test_fluoroscopy_shows_a_needle_with_all_its_noise() -> None:
    view = FluoroscopyView(center=TIP, oblique=30)
    bare = fluoroscopy.simulate(muscle(), view, fluoroscopy.Settings(), rng())
    image = fluoroscopy.simulate(
        muscle(), view, fluoroscopy.Settings(), rng(), with_needle(kind="25G", oblique=-40)
    )
    shadow = (image.ray_labels(step=1, count=1)[..., 0] == NEEDLE.label) & image.inside
    contrast = np.median((image.pixels - bare.pixels)[shadow])
    noise = np.std(np.diff(bare.pixels[200:300, 200:300], axis=1)) / np.sqrt(2)
    assert contrast > 3 * noise


# -- CT -------------------------------------------------------------------------------------------

QUIET = ct.Settings(without=("noise",), uneven=False)


def _slice(settings: ct.Settings = QUIET, thickness: float = 1.0, **needle):
    view = CtView(center=TIP, pixels=256, field=100, thickness=thickness)
    bare = ct.simulate(water(), view, settings, rng())
    image = ct.simulate(water(), view, settings, rng(), with_needle(**needle))
    return image, image.pixels - bare.pixels


def test_a_needle_in_the_slice_reaches_the_end_of_the_range() -> None:
    image, _ = _slice(oblique=-30)
    needle = with_needle(oblique=-30).needle_in(water())
    row, column = map(round, image.geometry.world_to_pixel(needle.tip - 20 * needle.direction))
    assert image.pixels[row - 1 : row + 2, column - 1 : column + 2].max() == ct.HU_RANGE[1]
    assert image.labels[row, column] == NEEDLE.label


def test_a_thick_slice_dilutes_the_steel() -> None:
    view = CtView(center=TIP, pixels=256, field=100)
    from spine_tutor.imaging.needle_ct import steel_share

    needle = with_needle().needle_in(water())
    area = [
        t * float(steel_share(needle, view.geometry(water()), t)[140:180].sum()) for t in (2, 4)
    ]
    assert area[0] == pytest.approx(area[1], rel=0.01)  # as much steel, in more millimetres
    cross = area[0] * view.geometry(water()).spacing ** 2
    length = 40 * view.geometry(water()).spacing
    assert cross == pytest.approx(np.pi * needle.radius**2 * length, rel=0.05)


@pytest.mark.parametrize("oblique", [-50.0, 0.0, 30.0])
def test_the_dark_streak_goes_on_from_the_tip(oblique: float) -> None:
    image, added = _slice(oblique=oblique)
    needle = with_needle(oblique=oblique).needle_in(water())
    ahead = np.arctan2(needle.direction[1], needle.direction[0])
    angles = ahead + np.deg2rad(np.arange(-100, 101, 2))
    ring = []
    for angle in angles:  # around the tip at 20 mm, where no steel is
        way = np.array([np.cos(angle), np.sin(angle), 0.0])
        row, column = map(round, image.geometry.world_to_pixel(needle.tip + 20 * way))
        ring.append(added[row, column])
    assert abs(angles[int(np.argmin(ring))] - ahead) < np.deg2rad(4)
    assert min(ring) < -80
    aside = np.abs(angles - ahead) > 1
    assert np.abs(np.array(ring)[aside]).max() < 0.4 * abs(min(ring))


def test_thicker_needles_and_thinner_slices_streak_more() -> None:
    def dark(**fields) -> float:
        image, added = _slice(oblique=-30, **fields)
        needle = with_needle(oblique=-30).needle_in(water())
        row, column = map(round, image.geometry.world_to_pixel(needle.tip + 10 * needle.direction))
        return float(added[row - 3 : row + 4, column - 3 : column + 4].min())

    assert dark(kind="tuohy", thickness=3.0) < dark(kind="22G", thickness=3.0) < -20
    assert dark(thickness=1.0) < dark(thickness=4.0)


def test_streaks_can_be_switched_off() -> None:
    plain = QUIET.model_copy(update={"without": ("noise", "streaks")})
    _, added = _slice(plain, oblique=-30)
    assert added.min() > -1
    assert (added != 0).mean() < 0.05


# -- ultrasound -----------------------------------------------------------------------------------


def _echo(lean: float, kind: str = "22G", **view) -> tuple[float, np.ndarray]:
    """Return the brightness of a shaft in the scan plane that leans by so many degrees, dB."""
    pose = UltrasoundView(
        probe="transverse", transducer="linear", level="l4", center=TIP, depth=60, **view
    )
    settings = ultrasound.Settings(without=("noise", "speckle", "reverberation"))
    needle = with_needle(kind=kind, oblique=90 - lean, tip=(0.0, -15.0, 0.0))
    bare = ultrasound.simulate(muscle(), pose, settings, rng())
    image = ultrasound.simulate(muscle(), pose, settings, rng(), needle)
    placed = needle.needle_in(muscle())
    row, column = image.geometry.world_to_pixel(placed.tip - 8 * placed.direction)
    near = np.s_[round(row) - 8 : round(row) + 9, round(column) - 4 : round(column) + 5]
    return float(image.pixels[near].max()), image.pixels - bare.pixels


def test_a_needle_fades_with_the_angle_of_insertion() -> None:
    leans = [10, 20, 30, 40, 50, 60]
    seen = [_echo(lean)[0] for lean in leans]
    assert spearmanr(leans, seen).statistic < -0.9
    assert seen[0] - seen[-1] > 12
    assert seen[0] > -20  # nearly white


def test_a_needle_beside_the_slice_is_lost() -> None:
    seen = [_echo(20, along=off)[0] for off in (0.35, 0.85, 5.0)]  # the shaft lies beside its point
    assert seen[0] > seen[1] + 2
    assert seen[1] > seen[2] + 10
    assert _echo(20, along=6.0)[1].max() < 1


def test_a_needle_across_the_slice_is_a_dot() -> None:
    pose = UltrasoundView(probe="transverse", transducer="linear", level="l4", center=TIP, depth=60)
    settings = ultrasound.Settings(without=("noise", "speckle", "reverberation"))
    needle = with_needle(tip=(0.0, -12.0, -8.0), tilt=50)
    bare = ultrasound.simulate(muscle(), pose, settings, rng())
    image = ultrasound.simulate(muscle(), pose, settings, rng(), needle)
    rows, columns = np.nonzero((image.pixels - bare.pixels > 10) & (image.pixels > -50))
    mm = image.geometry.spacing
    assert rows.size
    assert np.ptp(columns) * mm < 5
    assert np.ptp(rows) * mm < 8


def test_a_needle_throws_a_shadow_and_rings() -> None:
    quiet = _echo(10)[1]
    assert quiet.min() < -0.5  # less comes from behind it
    pose = UltrasoundView(probe="transverse", transducer="linear", level="l4", center=TIP, depth=60)
    ringing = ultrasound.Settings(without=("noise", "speckle"))
    needle = with_needle(oblique=85, tip=(0.0, -15.0, 0.0))
    image = ultrasound.simulate(muscle(), pose, ringing, rng(), needle)
    still = ultrasound.Settings(without=("noise", "speckle", "reverberation"))
    mute = ultrasound.simulate(muscle(), pose, still, rng(), needle)
    placed = needle.needle_in(muscle())
    row, column = map(round, image.geometry.world_to_pixel(placed.tip - 8 * placed.direction))
    below = np.s_[row + 8 : row + 20, column]
    assert (image.pixels[below] - mute.pixels[below]).max() > 6


# -- MRI ------------------------------------------------------------------------------------------


def _void(field: str = "1.5 T", tilt: float = 0.0, kind: str = "22G", **settings) -> float:
    """Return the area of the void of a shaft over its length in a sagittal slice, mm."""
    view = MriView(center=(0.0, -25.0, 0.0), pixels=256, field=60, thickness=3)
    chosen = mri.Settings(field=field, without=("noise",), coil=0, **settings)
    bare = mri.simulate(water(), view, chosen, rng())
    image = mri.simulate(water(), view, chosen, rng(), with_needle(tilt=tilt, kind=kind, advance=8))
    dark = image.pixels < 0.5 * bare.pixels
    mm = image.geometry.spacing
    strip = np.abs(np.arange(256) * mm - 30) < 10  # the middle of the picture, across y
    length = 20 / np.cos(np.deg2rad(tilt))
    return float(dark[:, strip].sum() * mm**2 / length)


def test_the_void_is_wider_than_the_needle_and_grows_with_the_field() -> None:
    low, high = _void("1.5 T"), _void("3 T")
    assert low > 1.8 * MAKES["22G"].diameter
    assert high > 1.1 * low
    assert _void("3 T", bandwidth=880.0) < high


def test_the_void_shrinks_as_the_needle_turns_to_the_field() -> None:
    widths = [_void(tilt=tilt) for tilt in (0.0, 25.0, 45.0, 58.0)]
    assert spearmanr([0, 25, 45, 58], widths).statistic < -0.9
    assert widths[0] > 1.5 * widths[-1]


def test_a_thicker_needle_leaves_a_wider_void() -> None:
    assert _void(kind="25G") < _void(kind="22G") < _void(kind="tuohy")


def test_signal_that_moves_piles_up_beside_the_void() -> None:
    view = MriView(center=(0.0, -25.0, 0.0), pixels=256, field=60)
    chosen = mri.Settings(without=("noise",), coil=0)
    image = mri.simulate(water(), view, chosen, rng(), with_needle(advance=8))
    bare = mri.simulate(water(), view, chosen, rng())
    assert image.pixels.max() > 1.3 * bare.pixels.max()


def test_the_field_around_a_needle_is_that_of_a_cylinder() -> None:
    from spine_tutor.imaging.needle_mri import offset

    needle = with_needle().needle_in(water())
    middle = needle.line[0] + 45 * needle.direction
    strength = 1e6
    for rho in (2.0, 5.0):
        along_b0, _ = offset(
            *(middle + np.array([0, 0, rho])), needle.line, needle.radius, strength
        )
        across, _ = offset(*(middle + np.array([rho, 0, 0])), needle.line, needle.radius, strength)
        expected = 0.5 * strength * (needle.radius / rho) ** 2
        assert along_b0 == pytest.approx(expected, rel=0.02)
        assert across == pytest.approx(-expected, rel=0.02)
    assert 1e-4 < SUSCEPTIBILITY < 1e-2


def test_a_needle_along_the_field_leaves_it_alone_but_for_its_ends() -> None:
    from spine_tutor.imaging.needle_mri import offset

    line = np.array([[0.0, 0.0, 90.0], [0.0, 0.0, 0.0]])
    beside, _ = offset(3.0, 0.0, 45.0, line, 0.35, 1e6)
    tip, _ = offset(0.0, 0.0, -3.0, line, 0.35, 1e6)
    assert abs(beside) < 50  # across it would be 6800
    assert abs(tip) > 1000
