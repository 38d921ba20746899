"""Iodine in X-rays against xraylib and spekpy, summed here by hand."""

import numpy as np
import pytest
import xraylib

from spine_tutor.imaging.iodine import (
    K_EDGE_KEV,
    absorbed,
    fluid_hounsfield,
    fluid_water,
    iodine_attenuation,
)
from spine_tutor.imaging.xray import attenuation, basis, material_hounsfield, spectrum

BEAM = (75.0, 3.0, 0.1)


def test_attenuation_jumps_at_the_k_edge():
    assert xraylib.EdgeEnergy(53, xraylib.K_SHELL) == pytest.approx(K_EDGE_KEV, abs=0.01)
    below, above = iodine_attenuation(np.array([K_EDGE_KEV - 0.2, K_EDGE_KEV + 0.2]))
    assert above > 5 * below


@pytest.mark.parametrize("kvp", [50.0, 75.0, 110.0])
def test_what_iodine_absorbs_is_the_sum_over_the_spectrum(kvp):
    beam = spectrum(kvp, *BEAM[1:])
    mu = basis(beam.energy)
    rng = np.random.default_rng(1)
    water, mineral = rng.uniform(50, 350, 60), rng.uniform(0, 60, 60)
    iodine = rng.uniform(0, 60, 60) ** 2
    behind = beam.signal * np.exp(-water[:, None] * mu[0] - mineral[:, None] * mu[1])
    passed = behind * np.exp(-iodine[:, None] * iodine_attenuation(beam.energy))
    exact = -np.log(passed.sum(axis=1) / behind.sum(axis=1))
    assert absorbed(water, mineral, iodine, (kvp, *BEAM[1:])) == pytest.approx(
        exact, rel=0.003, abs=1e-5
    )


def test_two_basis_functions_alone_would_miss_the_edge():
    """Fit iodine by water and mineral as other tissues are: at 50 kV it is far off at 100 kV."""
    low, high = spectrum(50.0, 3.0, water=150), spectrum(110.0, 3.0, water=150)
    columns = (basis(low.energy) * np.sqrt(low.signal)).T
    fit = np.linalg.lstsq(
        columns, iodine_attenuation(low.energy) * np.sqrt(low.signal), rcond=None
    )[0]
    true = float(high.signal @ iodine_attenuation(high.energy))
    assert abs(float(high.signal @ (fit @ basis(high.energy))) / true - 1) > 0.15


def test_ct_number_per_milligram_of_iodine():
    slope = (fluid_hounsfield(10.0) - fluid_hounsfield(0.0)) / 10.0
    assert 25 < slope < 32
    assert fluid_hounsfield(0.0) == pytest.approx(0.0, abs=0.5)
    assert fluid_hounsfield(300.0) == pytest.approx(material_hounsfield("iohexol_300"), rel=0.01)


def test_the_fluid_beside_the_iodine_is_that_of_the_table():
    beam = spectrum(80.0, 3.0, water=150.0)
    made = fluid_water(300.0) * attenuation("water", beam.energy)
    made += 300.0 * iodine_attenuation(beam.energy)
    assert beam.signal @ made == pytest.approx(
        float(beam.signal @ attenuation("iohexol_300", beam.energy)), rel=0.01
    )
