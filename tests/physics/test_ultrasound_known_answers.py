"""Ultrasound against cases whose answer is known (reference/imaging.md)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phantoms import box, phantom, slab
from spine_tutor.anatomy import TISSUE_CODE, StructureSet
from spine_tutor.imaging import ultrasound
from spine_tutor.imaging.tissues import tissue_table
from spine_tutor.imaging.ultrasound import Echoes, Settings
from spine_tutor.imaging.us_acoustics import acoustics
from spine_tutor.imaging.us_probe import place
from spine_tutor.imaging.view import UltrasoundView

SKIN = -50.0
QUIET = ("noise", "speckle", "reverberation")


def listen(
    *layers: tuple[str, float], transducer: str = "linear", depth: float = 60.0, **console
) -> Echoes:
    """Return the echoes of flat layers (tissue, thickness in mm) under the probe."""
    parts, top = [], SKIN
    for tissue, thickness in layers:
        parts.append((slab(top, top + thickness), tissue))
        top += thickness
    subject = replace(
        phantom(*parts, shape=(160, 160, 160), spacing=0.75), frames={"l4": np.eye(4)}
    )
    view = UltrasoundView(
        level="l4", probe="transverse", center=(0.0, 0.0, 0.0), transducer=transducer, depth=depth
    )
    return ultrasound.echoes(
        subject, place(subject, view), Settings(**console), np.random.default_rng(0)
    )


def middle(found: Echoes) -> np.ndarray:
    return found.amplitude[len(found.amplitude) // 2]


def tissue(name: str, quantity: str) -> float:
    return getattr(tissue_table().tissues[name], quantity).value


@pytest.mark.parametrize(
    ("above", "below"), [("muscle", "cortical_bone"), ("fat", "muscle"), ("csf", "dura")]
)
def test_an_interface_reflects_by_its_impedances(above, below):
    found = listen((above, 20.0), (below, 20.0), without=(*QUIET, "attenuation", "sound speed"))
    a, b = tissue(above, "impedance"), tissue(below, "impedance")
    at = round(20.0 / found.step)
    peak = middle(found)[at - 5 : at + 6].max()
    assert peak == pytest.approx((b - a) / (b + a), rel=0.03)


@pytest.mark.parametrize("name", ["fat", "muscle"])
def test_depth_is_drawn_with_1540_metres_a_second(name):
    found = listen((name, 25.5), ("cortical_bone", 70.0), without=(*QUIET, "attenuation"))
    shown = found.depth[np.argmax(middle(found)[found.depth < 40])]  # before the bone's far side
    assert shown == pytest.approx(25.5 * 1540.0 / tissue(name, "sound_speed"), abs=found.step)


@pytest.mark.parametrize(("transducer", "frequency"), [("curved", 2.0), ("curved", 5.0)])
def test_speckle_fades_by_twice_attenuation_times_frequency(transducer, frequency):
    found = listen(("liver", 100.0), transducer=transducer, frequency=frequency, without=("noise",))
    usable = (found.depth > 8) & (found.depth < 55)
    power = 10 * np.log10((found.amplitude[:, usable] ** 2).mean(axis=0))
    slope = np.polyfit(found.depth[usable] / 10.0, power, 1)[0]
    true_path = tissue("liver", "sound_speed") / 1540.0
    expected = -2 * tissue("liver", "attenuation") * frequency * true_path
    assert slope == pytest.approx(expected, rel=0.05)


def test_three_millimetres_of_cortex_cast_a_shadow_of_20_db():
    console = {"transducer": "curved", "frequency": 5.0}
    bare = listen(("muscle", 100.0), **console)
    hidden = listen(("muscle", 20.0), ("cortical_bone", 3.0), ("muscle", 77.0), **console)
    lines = slice(80, 112)  # those that meet the bone squarely
    behind = (bare.depth > 22) & (bare.depth < 30)  # before the bone's echo comes twice
    level = [10 * np.log10((e.amplitude[lines][:, behind] ** 2).mean()) for e in (bare, hidden)]
    assert level[0] - level[1] >= 20.0


@pytest.mark.parametrize("transducer", ["curved", "linear"])
def test_developed_speckle_has_the_signal_to_noise_of_rayleigh(transducer):
    found = listen(("liver", 100.0), transducer=transducer, without=("noise", "attenuation"))
    usable = (found.depth > 10) & (found.depth < 55)
    field = found.amplitude[:, usable]
    ratio = field.mean() / field.std()
    assert ratio == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), abs=0.1)


@pytest.mark.parametrize("transducer", ["curved", "linear"])
def test_speckle_is_as_strong_as_the_table_says_at_every_depth(transducer):
    found = listen(("liver", 100.0), transducer=transducer, without=("noise", "attenuation"))
    power = 10 * np.log10((found.amplitude**2).mean(axis=0))
    blocks = [part.mean() for part in np.array_split(power[found.depth > 5], 5)]
    assert np.ptp(blocks) < 1.5
    assert np.mean(blocks) == pytest.approx(-49.0, abs=1.0)


def test_reverberation_comes_from_multiples_of_the_depth():
    found = listen(("muscle", 12.0), ("air", 30.0), without=("noise", "speckle", "attenuation"))
    line = middle(found)
    first = int(np.argmax(line))
    for k in (2, 3):
        window = line[k * first - 5 : k * first + 6]
        assert abs(int(np.argmax(window)) - 5) <= 1
        expected = line[first] ** k * ultrasound.FACE ** (k - 1)
        assert 20 * np.log10(window.max() / expected) == pytest.approx(0.0, abs=1.0)


def test_a_mirror_image_lies_as_far_beyond_the_pleura_as_its_original_before():
    """Fat to muscle at 8 mm, a mirror at 20 mm: the border is drawn again at 32 mm."""
    quiet = (*QUIET, "attenuation", "sound speed")
    layers = (("fat", 8.0), ("muscle", 12.0), ("lung", 60.0))
    real, plain = (
        middle(found)
        for found in (
            listen(*layers, without=quiet),
            listen(*layers, without=(*quiet, "mirror images")),
        )
    )
    depth = 60.0 / len(real) * np.arange(len(real))
    first, at = (int(np.argmax(np.where(np.abs(depth - d) < 3.0, real, 0.0))) for d in (8, 20))
    # scattered sound stands across the phase of interfaces
    added = np.sqrt(np.maximum(real**2 - plain**2, 0.0))
    image = int(np.argmax(added[: at + 2 * (at - first)]))
    assert abs(image - (2 * at - first)) <= 1
    fat, muscle, strong = (tissue(n, "impedance") for n in ("fat", "muscle", "lung"))
    r = (muscle - fat) / (muscle + fat)
    rough = acoustics(StructureSet([]), 10.0).rough[TISSUE_CODE["muscle"]]  # the stiffer side
    smooth = (1.0 - rough) * (muscle - strong) / (strong + muscle)
    expected = (1.0 - r**2) * smooth**2 * r
    assert 20 * np.log10(added[image] / expected) == pytest.approx(0.0, abs=1.0)


def test_a_slanted_mirror_shows_what_lies_beside_the_line():
    """A plane at 45° turns the line by 90°: the rod beside it is drawn straight below."""
    rod = (box((14.0, -36.0, -60.0), (18.0, -28.0, 60.0)), "cortical_bone")
    mirror = (lambda x, y, z: (y - x > -32.0) & (z == z), "air")
    subject = replace(phantom((slab(SKIN, 60.0), "csf"), mirror, rod), frames={"l4": np.eye(4)})
    view = UltrasoundView(
        level="l4", probe="transverse", center=(0.0, 0.0, 0.0), transducer="linear", depth=60.0
    )

    def line(*off: str) -> np.ndarray:
        settings = Settings(without=(*QUIET, "attenuation", "sound speed", *off))
        return middle(
            ultrasound.echoes(subject, place(subject, view), settings, np.random.default_rng(0))
        )

    added = line() - line("mirror images")
    step = 60.0 / len(added)
    # the line meets the mirror 18 mm deep and the rod 14 mm to the side of it
    assert step * np.argmax(added) == pytest.approx(18.0 + 14.0, abs=1.5)


def test_beyond_the_critical_angle_bone_lets_nothing_in():
    """A flat bone met at 30° hides even what attenuation would leave."""
    lit = listen(
        ("muscle", 20.0), ("cortical_bone", 3.0), ("muscle", 40.0),
        transducer="curved", without=("noise", "attenuation", "reverberation"),
    )  # fmt: skip
    behind = lit.amplitude[:, (lit.depth > 35) & (lit.depth < 50)]
    assert behind[len(behind) // 2].mean() > 100 * behind[3].mean()


def test_higher_frequency_resolves_finer_and_reaches_less_deep():
    low, high = (listen(("muscle", 100.0), frequency=f) for f in (6.0, 13.0))
    assert high.width.min() < 0.6 * low.width.min()
    deep = [10 * np.log10((e.amplitude[:, e.depth > 20] ** 2).mean()) for e in (low, high)]
    assert deep[0] - deep[1] > 20.0


def test_the_slice_is_thick():
    """A rod beside the scan plane is seen unless thickness is switched off."""
    rod = (box((-40, -32, 1.0), (40, -30, 3.0)), "cortical_bone")
    body = (slab(SKIN, 50.0), "csf")
    subject = replace(phantom(body, rod), frames={"l4": np.eye(4)})
    view = UltrasoundView(level="l4", probe="transverse", center=(0.0, 0.0, 0.0), depth=60.0)

    def brightest(*off: str) -> float:
        settings = Settings(without=("noise", "reverberation", *off))
        found = ultrasound.echoes(subject, place(subject, view), settings, np.random.default_rng(0))
        return float(middle(found)[(found.depth > 15) & (found.depth < 25)].max())

    assert brightest() > 0.02
    assert brightest("thickness") < 1e-3
