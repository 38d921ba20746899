"""Iodine and X-rays: a third function of energy, since its K edge lies in the beam."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import xraylib
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from spine_tutor.imaging.xray import attenuation, basis, ct_beam, spectrum

K_EDGE_KEV = 33.17
"""K edge of iodine, keV (xraylib: 33.1694)."""
_Z = 53
MOST_WATER, MOST_MINERAL, MOST_IODINE = 700.0, 280.0, 24_000.0
"""What the table reaches to: mm of water and mineral; mg/mL · mm of iodine, which is 80 mm of
undiluted contrast of 300 mg/mL."""
NODES = (36, 57, 96)
"""Nodes of the table; those of iodine lie as squares do, since a beam hardens at the surface."""


def iodine_attenuation(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the attenuation of 1 mg iodine in a mL at energies in keV, 1/mm (xraylib)."""
    return 1e-4 * np.array([xraylib.CS_Total(_Z, float(e)) for e in energy])


@cache
def _rest() -> float:
    """Return the parts of water in contrast medium of 300 mg/mL beside its iodine."""
    beam = ct_beam()
    rest = attenuation("iohexol_300", beam.energy) - 300.0 * iodine_attenuation(beam.energy)
    water = attenuation("water", beam.energy)
    return float((beam.signal * rest) @ water / ((beam.signal * water) @ water))


def fluid_water(iodine: float) -> float:
    """Return the parts of water in a contrast medium diluted to `iodine` mg/mL."""
    return 1.0 + (_rest() - 1.0) * iodine / 300.0


@lru_cache(maxsize=64)
def fluid_hounsfield(iodine: float) -> float:
    """Return the CT number of a fluid with `iodine` mg/mL, HU, not clipped."""
    beam = ct_beam()
    water = attenuation("water", beam.energy)
    mu = fluid_water(iodine) * water + iodine * iodine_attenuation(beam.energy)
    return 1000.0 * (float(beam.signal @ mu) / float(beam.signal @ water) - 1.0)


def absorbed(
    water: ArrayLike, mineral: ArrayLike, iodine: ArrayLike, beam: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Return −ln of what iodine lets through behind water and mineral, for an integrating detector.

    Args:
        water, mineral: (n,) mm along each ray.
        iodine: (n,) mg/mL · mm.
        beam: kVp, mm aluminium and mm copper.
    """
    water, mineral, iodine = (np.asarray(a, float) for a in (water, mineral, iodine))
    at = np.stack(
        [
            np.clip(water / MOST_WATER, 0, 1) * (NODES[0] - 1),
            np.clip(mineral / MOST_MINERAL, 0, 1) * (NODES[1] - 1),
            np.sqrt(np.clip(iodine / MOST_IODINE, 0, 1)) * (NODES[2] - 1),
        ]
    )
    slope = map_coordinates(_table(*beam), at, order=1, mode="nearest")
    return np.asarray(slope * iodine, np.float32)


@lru_cache(maxsize=16)
def _table(kvp: float, aluminium: float, copper: float) -> NDArray[np.float64]:
    """Return −ln of the share that iodine lets through, for 1 mg/mL · mm, over the three."""
    beam = spectrum(kvp, aluminium, copper)
    seen = beam.signal > 1e-8
    energy, share = beam.energy[seen], beam.signal[seen]
    water = np.linspace(0, MOST_WATER, NODES[0])
    mineral = np.linspace(0, MOST_MINERAL, NODES[1])
    iodine = MOST_IODINE * np.linspace(0, 1, NODES[2]) ** 2
    mu, mu_iodine = basis(energy), iodine_attenuation(energy)
    body = np.exp(-water[:, None, None] * mu[0] - mineral[:, None] * mu[1]) * share
    whole = body.sum(axis=-1)
    table = -np.log(body @ np.exp(-iodine[:, None] * mu_iodine).T / whole[..., None])
    table[..., 1:] /= iodine[1:]
    table[..., 0] = (body @ mu_iodine) / whole
    return table
