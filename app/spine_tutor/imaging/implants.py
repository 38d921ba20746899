"""Implants: the streaks of their shadow in an axial CT, and the signal that MRI loses around them.

Both start from the pixels that hold metal in the middle of the slice. CT projects these alone and
reconstructs the error of what is measured behind them, as for a needle. MRI empties a margin: what
lies nearer than it is moved, by the field around a screw across the main field, out of its place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter1d

from spine_tutor.anatomy import TISSUE_CODE
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.mri_sequence import GAMMA_MHZ_PER_T, Settings
from spine_tutor.imaging.needle_ct import (
    BLUR_MM,
    COARSE,
    ELEMENT_MM,
    measured_error,
    reconstructed,
    response,
    view_rays,
)

METAL = "titanium"
LEFT = 0.3
"""Share of a needle's error that is left of an implant's (E): scanners correct large metal."""
VIEWS = 180
"""Views of half a turn."""
SUSCEPTIBILITY = 182e-6 + 9e-6
"""Of titanium over that of tissue, SI (R)."""
SCREW_MM = 3.0
"""Radius of a screw or rod (E)."""


def metal_in(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the pixels of a slice that hold metal, from the tissue code of each."""
    found: NDArray[np.bool_] = codes == TISSUE_CODE[METAL]
    return found


def streaks(metal: NDArray[np.bool_], geometry: PlaneGeometry) -> NDArray[np.float32]:
    """Return what the shadow of metal adds to an axial slice, (rows, columns) HU.

    Nothing in the metal itself, whose CT number is far above what 12 bits hold.

    Args:
        metal: (rows, columns) where it is.
        geometry: the slice; the scanner turns about its normal.
    """
    step = COARSE * geometry.spacing
    at = step * np.argwhere(metal[::COARSE, ::COARSE])
    if not len(at):
        return np.zeros(geometry.shape, np.float32)
    middle = at.mean(axis=0)
    angles = np.pi * (np.arange(VIEWS) + 0.5) / VIEWS
    count = len(view_rays(geometry))
    offset = at - middle
    across = offset[:, 1] * np.cos(angles)[:, None] - offset[:, 0] * np.sin(angles)[:, None]
    ray = across / ELEMENT_MM + count // 2
    low = np.floor(ray).astype(np.int64)
    share = ray - low
    bins = np.arange(VIEWS)[:, None] * count + low
    inside = (low >= 0) & (low < count - 1)
    hit = np.bincount(bins[inside], (1.0 - share)[inside], VIEWS * count)
    hit += np.bincount(bins[inside] + 1, share[inside], VIEWS * count)
    length = hit.reshape(VIEWS, count) * (step**2 / ELEMENT_MM)
    lengths, passed, slope = response(METAL)
    sigma = BLUR_MM / ELEMENT_MM
    through = gaussian_filter1d(np.interp(length, lengths, passed), sigma, axis=1)
    true = gaussian_filter1d(slope * length, sigma, axis=1)
    weights = np.full(VIEWS, np.pi / VIEWS)
    error = LEFT * measured_error(through, true)
    added = reconstructed(error, angles, weights, middle, geometry)
    added[metal] = 0.0
    return added


def lost(
    metal: NDArray[np.bool_], geometry: PlaneGeometry, settings: Settings
) -> NDArray[np.bool_]:
    """Return where a spin echo has no signal because of metal, (rows, columns).

    Args:
        metal: (rows, columns) where it is.
        geometry: the slice.
        settings: field, bandwidth and measured pixel.
    """
    if not metal.any():
        return metal
    away: NDArray[np.float64] = distance_transform_edt(~metal) * geometry.spacing
    return away <= margin(settings)


def margin(settings: Settings) -> float:
    """Return how far beyond metal signal is lost, mm.

    The field of a cylinder of radius a across B₀ shifts frequency by ½ Δχ γB₀ (a/r)²; signal is
    lost where that moves it by more than its distance from the metal, r − a.
    """
    hertz = 0.5 * SUSCEPTIBILITY * GAMMA_MHZ_PER_T * 1e6 * settings.tesla
    moved = hertz * settings.resolution / settings.bandwidth  # at the rim, mm
    radius = np.linspace(SCREW_MM, 20 * SCREW_MM, 2000)
    stays = moved * (SCREW_MM / radius) ** 2 < radius - SCREW_MM
    return float(radius[np.argmax(stays)] - SCREW_MM)
