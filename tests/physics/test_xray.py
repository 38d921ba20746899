"""Spectra and cross-sections: the numbers of the tissue table, recomputed."""

import numpy as np
import pytest

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

BONE = ("cortical_bone", "spongiosa")
DENSE = ("iohexol_300", "steel")


@pytest.mark.parametrize("name", tissue_table().materials)
def test_ct_number_of_each_material_is_what_its_composition_gives(name: str) -> None:
    stated = tissue_table().materials[name].hu
    tolerance = 0.03 * stated if name in BONE + DENSE else 5.0
    assert material_hounsfield(name) == pytest.approx(stated, abs=tolerance)


def test_reference_sheet_values_of_five_tissues() -> None:
    # imaging.md, computed there with the same beam
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
