"""MRI against cases whose answer is known (reference/imaging.md)."""

from __future__ import annotations

import numpy as np
import pytest

from phantoms import box, phantom, slab
from spine_tutor.anatomy import TISSUE_CODE
from spine_tutor.imaging import mri
from spine_tutor.imaging.mri_sequence import (
    Settings,
    fat_shift,
    inversion_recovery,
    noise_ratio,
    null_time,
    spin_echo,
    spin_echo_exact,
    tissue_signals,
)
from spine_tutor.imaging.view import MriView

NOISELESS = {"signal_to_noise": 10000.0, "coil": 0.0}
VIEW = MriView(center=(0.0, 0.0, 0.0), plane="axial", field=100.0, pixels=256)


def image(subject, view=VIEW, **settings):
    return mri.simulate(
        subject, view, Settings(**{**NOISELESS, **settings}), np.random.default_rng(0)
    )


def total(settings: Settings, tissue: str) -> float:
    water, fat = tissue_signals(settings, 3.0)
    return float(abs(water + fat)[TISSUE_CODE[tissue]])


def test_spin_echo_follows_its_formula():
    pd, t1, t2, tr, te = 0.9, 856.0, 27.0, 550.0, 10.0
    expected = pd * (1 - np.exp(-tr / t1)) * np.exp(-te / t2)
    assert spin_echo(pd, t1, t2, tr, te) == pytest.approx(expected, rel=1e-9)
    exact = pd * (1 - 2 * np.exp(-(tr - te / 2) / t1) + np.exp(-tr / t1)) * np.exp(-te / t2)
    assert spin_echo_exact(pd, t1, t2, tr, te) == pytest.approx(exact, rel=1e-9)


def test_spin_echo_agrees_with_bloch_rotations():
    """Follow one magnetisation through 90°–180° pulses until it repeats itself."""
    t1, t2, tr, te = 900.0, 70.0, 600.0, 30.0
    m, echo = 1.0, 0.0
    for _ in range(60):
        transverse, along = m, 0.0  # 90°
        along = 1 + (along - 1) * np.exp(-(te / 2) / t1)
        along = -along  # 180°
        echo = transverse * np.exp(-te / t2)
        m = 1 + (along - 1) * np.exp(-(tr - te / 2) / t1)
    assert spin_echo_exact(1.0, t1, t2, tr, te) == pytest.approx(echo, rel=1e-9)


@pytest.mark.parametrize("field", ["1.5 T", "3 T"])
def test_stir_nulls_fat(field):
    settings = Settings(sequence="STIR", field=field)
    _, fat = tissue_signals(settings, 3.0)
    full = Settings(sequence="T1", field=field, repetition_time=20000.0, echo_time=1.0)
    _, reference = tissue_signals(full, 3.0)
    code = TISSUE_CODE["fat"]
    assert abs(fat[code]) < 0.02 * reference[code]


def test_the_null_time_formula():
    t1, tr = 288.0, 4000.0
    ti = null_time(t1, tr)
    assert ti == pytest.approx(-t1 * np.log((1 + np.exp(-tr / t1)) / 2), rel=1e-9)
    # the formula knows nothing of the refocusing pulse
    assert inversion_recovery(1.0, t1, 80.0, tr, 0.0, ti) == pytest.approx(0.0, abs=1e-12)
    assert inversion_recovery(1.0, t1, 80.0, tr, 40.0, ti) == pytest.approx(0.0, abs=1e-6)


def test_inversion_recovery_agrees_with_bloch_rotations():
    t1, t2, tr, te, ti = 900.0, 70.0, 2000.0, 60.0, 150.0
    m, echo = 1.0, 0.0
    for _ in range(20):
        along = 1 + (-m - 1) * np.exp(-ti / t1)  # 180°, then TI
        echo, along = along * np.exp(-te / t2), 0.0  # 90°
        along = -(1 + (along - 1) * np.exp(-(te / 2) / t1))  # 180°
        m = 1 + (along - 1) * np.exp(-(tr - ti - te / 2) / t1)
    assert inversion_recovery(1.0, t1, t2, tr, te, ti) == pytest.approx(echo, rel=1e-9)


@pytest.mark.parametrize("field", ["1.5 T", "3 T"])
@pytest.mark.parametrize(
    ("sequence", "order"),
    [
        ("T1", ("cortical_bone", "csf", "disc_nucleus", "muscle", "trabecular_bone", "fat")),
        ("T2", ("cortical_bone", "muscle", "disc_annulus", "disc_nucleus", "csf")),
        ("T2", ("muscle", "trabecular_bone", "fat")),
        ("T2", ("ligament", "cord", "csf")),
        ("STIR", ("fat", "muscle", "disc_nucleus", "csf")),
        ("STIR", ("trabecular_bone", "disc_nucleus")),
    ],
)
def test_tissues_stand_in_the_order_radiologists_know(field, sequence, order):
    settings = Settings(sequence=sequence, field=field)
    signals = [total(settings, tissue) for tissue in order]
    assert signals == sorted(signals)


def test_a_pixel_in_a_uniform_tissue_has_its_signal():
    subject = phantom((box((-60, -60, -60), (60, 60, 60)), "disc_nucleus"))
    settings = Settings(sequence="T2")
    found = image(subject, sequence="T2")
    assert found.pixels[100:150, 100:150].mean() == pytest.approx(
        total(settings, "disc_nucleus"), rel=1e-3
    )


def test_noise_is_rician():
    """In air the magnitude is Rayleigh: mean σ √(π/2); in tissue its deviation is σ."""
    subject = phantom((box((-60, -60, -60), (60, 0, 60)), "kidney"))
    settings = Settings(sequence="T1", signal_to_noise=20.0, coil=0.0)
    found = mri.simulate(subject, VIEW, settings, np.random.default_rng(3))
    brightest = total(settings, "fat")
    sigma = brightest / 20.0
    air = found.pixels[:100]  # anterior is at the top
    assert air.mean() == pytest.approx(sigma * np.sqrt(np.pi / 2), rel=0.05)
    assert found.pixels[160:240].std() == pytest.approx(sigma, rel=0.07)


@pytest.mark.parametrize(
    ("changed", "factor"),
    [
        ({"bandwidth": 880.0}, 0.5),
        ({"resolution": 1.4}, 4.0),
        ({"field": "3 T"}, 2.0),
        ({"field": "3 T", "bandwidth": 440.0}, np.sqrt(2)),
    ],
)
def test_noise_follows_field_voxel_and_bandwidth(changed, factor):
    """Equal time: ∝ B₀ · volume / √bandwidth, read off the air of two pictures."""
    subject = phantom((box((-60, -60, -60), (60, 0, 60)), "kidney"))
    usual, other = Settings(coil=0.0), Settings(coil=0.0, **changed)
    ratio = noise_ratio(other, 3.0) / noise_ratio(usual, 3.0)
    assert ratio == pytest.approx(factor)
    air = []
    for settings in (usual, other):
        found = mri.simulate(subject, VIEW, settings, np.random.default_rng(3))
        air.append(found.pixels[:100].mean() / total(settings, "csf"))
    signal = total(other, "csf") / total(usual, "csf")
    brightest = mri._brightest(other) / mri._brightest(usual)
    assert air[0] / air[1] == pytest.approx(factor * signal / brightest, rel=0.1)


def test_fat_moves_along_the_read_direction_by_its_chemical_shift():
    subject = phantom(
        (box((-10, -10, -60), (10, 10, 60)), "fat"), shape=(256, 256, 64), spacing=0.5
    )
    settings = {"sequence": "T1", "resolution": 0.8, "bandwidth": 50.0}
    moved = image(subject, **settings)
    columns = moved.pixels.sum(axis=0)
    center = (columns * np.arange(columns.size)).sum() / columns.sum()
    shift = (center - 127.5) * moved.geometry.spacing
    hertz = 3.4 * 42.577 * 1.5
    assert fat_shift(Settings(**settings)) == pytest.approx(hertz / 50.0 * 0.8)
    # 95 % of the table's fat is fat: the rest stays
    assert shift == pytest.approx(0.95 * hertz / 50.0 * 0.8, rel=0.1)


def test_the_shift_doubles_with_the_field_and_halves_with_the_bandwidth():
    assert fat_shift(Settings(field="3 T")) == pytest.approx(2 * fat_shift(Settings()))
    assert fat_shift(Settings(bandwidth=440.0)) == pytest.approx(0.5 * fat_shift(Settings()))


def test_partial_volume_of_a_thick_slice():
    """Half of the slice in CSF, half in air: half the signal."""
    subject = phantom((slab(0.0, 60.0, axis=2), "csf"), spacing=0.5)
    inside = image(subject, MriView(**{**VIEW.model_dump(), "shift": 20.0}))
    border = image(subject, MriView(**{**VIEW.model_dump(), "thickness": 4.0}))
    middle = (slice(120, 136), slice(120, 136))
    assert border.pixels[middle].mean() == pytest.approx(
        0.5 * inside.pixels[middle].mean(), rel=0.1
    )


def test_resolution_blurs_an_edge():
    subject = phantom((slab(-60, 0.0), "csf"), spacing=0.5)

    def rise(resolution: float) -> float:
        line = image(subject, resolution=resolution, sequence="T2").pixels[:, 128]
        line = line / line[200]
        return float(
            np.interp(0.9, line[100:156], np.arange(56))
            - np.interp(0.1, line[100:156], np.arange(56))
        )

    assert rise(2.0) > 1.6 * rise(0.8)


def test_blood_that_flows_leaves_a_void_in_late_echoes():
    late, early = Settings(sequence="T2"), Settings(sequence="T1")
    assert total(late, "blood") < 0.02
    assert total(early, "blood") > 0.1


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        (spin_echo_exact(0.9, 856.0, 27.0, 550.0, 10.0), 0.290751),
        (spin_echo_exact(0.95, 288.0, 165.0, 550.0, 10.0), 0.757055),
        (spin_echo_exact(0.73, 1165.0, 102.0, 600.0, 30.0), 0.210538),
        (spin_echo_exact(1.0, 4300.0, 2000.0, 4000.0, 95.0), 0.569091),
        (inversion_recovery(0.9, 856.0, 27.0, 4000.0, 45.0, 199.6), -0.097604),
        (inversion_recovery(0.73, 1165.0, 102.0, 4000.0, 45.0, 199.6), -0.305965),
        (inversion_recovery(1.0, 4300.0, 2000.0, 4000.0, 45.0, 199.6), -0.499321),
    ],
)
def test_signals_are_those_of_mrzero(signal, expected):
    """Magnitudes that MRzeroCore 1.2.0 gave; `spine-tutor bench --peers` computes them anew."""
    assert signal == pytest.approx(expected, abs=1e-4)
