"""Spectra and cross-sections: the numbers of the tissue table, recomputed."""

from collections.abc import ItemsView
from functools import cache

import numpy as np
import pytest
import spekpy
import xraylib

from spine_tutor.anatomy import TISSUES
from spine_tutor.imaging.tissues import tissue_table
from spine_tutor.imaging.xray import (
    basis,
    basis_by_tissue,
    ct_beam,
    hounsfield_by_tissue,
    material_hounsfield,
    spectrum,
    tissue_attenuation,
)

SHEET = {
    "air": -999, "skin": 74, "adipose": -81, "muscle": 43, "cortical_bone": 1680,
    "spongiosa": 317, "red_marrow": 10, "yellow_marrow": -54, "cartilage": 106,
    "connective": 99, "saline": 12, "brain": (34 + 41) / 2, "blood": 57, "kidney": 44,
    "intestine": 23, "iohexol_300": 8569,
}  # fmt: skip
"""The HU column of the reference sheet, by material; brain is the mean of white and grey."""


def tolerance(hu: float) -> float:
    """Return 5 HU, and 3 % for what is as dense as bone."""
    return 0.03 * hu if hu > 150 else 5.0


@cache
def water_and(name: str) -> float:
    """Return the CT number of a material from spekpy and xraylib alone, without the tutor."""
    beam = spekpy.Spek(kvp=120, th=12, dk=0.5).filter("Al", 6).filter("Water, Liquid", 200)
    energy, fluence = beam.get_spectrum(diff=False)
    material = tissue_table().materials[name]

    def mean(density: float, composition: ItemsView[str, float]) -> float:
        per_mass = [
            sum(w * xraylib.CS_Total(xraylib.SymbolToAtomicNumber(s), e) for s, w in composition)
            for e in energy
        ]
        return density * float(np.average(per_mass, weights=fluence * energy))

    water = mean(1.0, {"H": 0.111894, "O": 0.888106}.items())
    return 1000 * (mean(material.density.value, material.composition.items()) / water - 1)


@pytest.mark.parametrize("name", tissue_table().materials)
def test_ct_number_of_each_material_is_what_its_composition_gives(name: str) -> None:
    stated = tissue_table().materials[name].hu
    assert material_hounsfield(name) == pytest.approx(stated, abs=tolerance(stated))


@pytest.mark.parametrize("name", SHEET)
def test_ct_number_is_that_of_the_reference_sheet(name: str) -> None:
    assert water_and(name) == pytest.approx(SHEET[name], abs=tolerance(SHEET[name]))


@pytest.mark.parametrize("name", tissue_table().materials)
def test_the_tutor_computes_what_spekpy_and_xraylib_give(name: str) -> None:
    expected = water_and(name)
    assert material_hounsfield(name) == pytest.approx(expected, abs=0.2 * tolerance(expected))


def test_tissues_have_the_ct_number_of_their_mixture() -> None:
    found = dict(zip(TISSUES, hounsfield_by_tissue(), strict=True))
    for tissue, hu in {"muscle": 43, "fat": -81, "blood": 57, "csf": 12, "lung": -741}.items():
        assert found[tissue] == pytest.approx(hu, abs=5)
    assert found["cortical_bone"] == pytest.approx(1680, rel=0.03)


def test_trabecular_bone_is_what_is_measured_in_living_lumbar_vertebrae() -> None:
    # Jang 2019: 226 HU below 30 years, 89 HU from 90 years
    found = dict(zip(TISSUES, hounsfield_by_tissue(), strict=True))["trabecular_bone"]
    assert 89 < found < 226


def test_ct_beam_has_the_mean_energy_of_the_reference() -> None:
    beam = ct_beam()
    assert beam.signal @ beam.energy == pytest.approx(76.5, abs=0.5)


def test_two_functions_carry_every_body_tissue() -> None:
    beam = spectrum(75.0, 3.0, copper=0.1, water=200.0)
    for tissue, parts in zip(TISSUES, basis_by_tissue(), strict=True):
        if tissue in ("contrast", "steel"):
            continue
        exact = beam.signal @ tissue_attenuation(tissue, beam.energy)
        assert beam.signal @ (parts @ basis(beam.energy)) == pytest.approx(exact, rel=0.005), tissue


def test_more_filter_hardens_and_weakens_the_beam() -> None:
    soft, hard = spectrum(75.0, 2.5), spectrum(75.0, 2.5, copper=0.3)
    assert hard.signal @ hard.energy > soft.signal @ soft.energy + 3
    assert hard.kerma < soft.kerma


@pytest.mark.parametrize("kvp", [0.0, 39.0, 151.0, float("nan")])
def test_impossible_voltage_is_refused(kvp: float) -> None:
    with pytest.raises(ValueError, match="between 40 and 150"):
        spectrum(kvp, 3.0)


@pytest.mark.parametrize("filter_mm", [-1.0, float("nan"), float("inf")])
def test_impossible_filter_is_refused(filter_mm: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        spectrum(80.0, filter_mm)


def test_attenuation_is_per_mm() -> None:
    # water at 60 keV: 0.2059 cm²/g (NIST XCOM)
    from spine_tutor.imaging.xray import attenuation

    assert attenuation("water", np.array([60.0]))[0] == pytest.approx(0.02059, rel=0.01)
