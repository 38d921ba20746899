"""How much each ray of a C-arm passes through, in parts of the two basis functions."""

from __future__ import annotations

from dataclasses import replace

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import TISSUE_CODE, Subject
from spine_tutor.imaging.attenuation_map import LATTICE_MM, AttenuationMap
from spine_tutor.imaging.contrast import attenuation_at_detector, surround
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.masks import lengths_in
from spine_tutor.imaging.projector import Volume, line_integrals
from spine_tutor.imaging.xray import basis_by_tissue

SOFT_STEP = 4
"""A map of 2 mm or coarser is projected on every fourth pixel and interpolated."""

SLAB_MM = 200.0
"""Thickness of water that lets through about as much as a trunk (E)."""

Paths = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Parts of water and of mineral along each ray, (rows, columns) mm each."""


def path_lengths(body: AttenuationMap, geometry: ConeGeometry) -> Paths:
    """Return what the rays through a whole body pass."""
    water = _projected(body.water, geometry)
    mineral = _projected(body.soft_mineral, geometry)
    for volume in body.mineral:
        mineral += _projected(volume, geometry)
    return water, mineral


def path_lengths_alone(subject: Subject, structure_id: str, geometry: ConeGeometry) -> Paths:
    """Return what the rays pass when nothing overlaps one structure.

    It lies in a slab of the tissue that surrounds it, which attenuates as `SLAB_MM` of water do:
    what is seen then is the structure's own contrast.

    Raises:
        UnknownStructure: if the subject has no structure of that name.
    """
    parts, mu = basis_by_tissue(), attenuation_at_detector()
    around = surround(subject, structure_id)
    thickness = SLAB_MM * mu[TISSUE_CODE["csf"]] / mu[around]
    water, mineral = (
        np.full(geometry.shape, part * thickness, np.float32) for part in parts[around]
    )
    for code, length in lengths_in(subject, structure_id, geometry).items():
        more_water, more_mineral = (parts[code] - parts[around]).astype(np.float32)
        water += more_water * length
        mineral += more_mineral * length
    return water, mineral


def _projected(volume: Volume, geometry: ConeGeometry) -> NDArray[np.float32]:
    """Return line integrals, of a coarse volume on few pixels with interpolation between them."""
    if volume.spacing.min() < LATTICE_MM:
        return line_integrals(volume, geometry)
    rows, columns = geometry.shape
    few = replace(
        geometry,
        shape=(-(-(rows - 1) // SOFT_STEP) + 1, -(-(columns - 1) // SOFT_STEP) + 1),
        spacing=geometry.spacing * SOFT_STEP,
    )
    result = np.empty(geometry.shape, np.float32)
    _upsample(line_integrals(volume, few), result)
    return result


@nb.njit(cache=True, fastmath=True)
def _upsample(few, result):  # type: ignore[no-untyped-def]
    """Interpolate a picture of every fourth pixel."""
    for r in range(result.shape[0]):
        i = min(r // SOFT_STEP, few.shape[0] - 2)
        fr = np.float32(r / SOFT_STEP - i)
        for c in range(result.shape[1]):
            j = min(c // SOFT_STEP, few.shape[1] - 2)
            fc = np.float32(c / SOFT_STEP - j)
            lower = few[i, j] + fc * (few[i, j + 1] - few[i, j])
            upper = few[i + 1, j] + fc * (few[i + 1, j + 1] - few[i + 1, j])
            result[r, c] = lower + fr * (upper - lower)
