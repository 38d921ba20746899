"""Implants in MRI: the main field around titanium, whatever its shape.

A body of susceptibility χ in the main field B₀ along z is a sum of dipoles. In k-space their
field is ΔB/B₀ = (1/3 − k_z²/k²) χ̂ (Jenkinson, Wilson and Jezzard, "Perturbation method for
magnetic field calculations of nonconductive objects": a convolution with a voxel model; first
order in χ, which is below 0.0002 here). So a rod along B₀ changes the field at its ends only, a
screw across it all along, as ½ χ (a/ρ)² cos 2φ.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from spine_tutor.anatomy import TISSUE_CODE, Subject
from spine_tutor.imaging.metal import METAL, metal_box
from spine_tutor.imaging.reslice import sample

SUSCEPTIBILITY = 182e-6 + 9e-6
"""Of titanium over that of tissue, SI: 182 and −9 ppm (McRobbie, Essentials of MRI Safety, table
of susceptibilities). Alloys differ little."""
VOXEL_MM = 1.0
"""Voxel of the field; metal is counted on half of it."""
MARGIN_MM = 48.0
"""How far beyond metal the field is followed; it fades over the last quarter (at most 40 Hz for
a screw at 3 T)."""


@dataclass(frozen=True, eq=False)
class FieldMap:
    """The field around metal.

    Attributes:
        volume: (nx, ny, nz, 2) change of the main field over the main field, and the share of
            the voxel that is metal.
        origin: (3,) of the first voxel's centre, mm; voxels are `VOXEL_MM` wide.
    """

    volume: NDArray[np.float32]
    origin: NDArray[np.float64]


NO_FIELD = FieldMap(np.zeros((0, 0, 0, 2), np.float32), np.zeros(3))
"""Of a body without metal."""


def field_of(subject: Subject) -> FieldMap:
    """Return the field around the implants of a subject, kept with it; empty without any."""
    if subject not in _FIELDS:
        _FIELDS[subject] = _field_of(subject)
    return _FIELDS[subject]


_FIELDS: WeakKeyDictionary[Subject, FieldMap] = WeakKeyDictionary()


def _field_of(subject: Subject) -> FieldMap:
    box = metal_box(subject)
    if box is None:
        return NO_FIELD
    count = np.ceil((box[1] - box[0]) / VOXEL_MM).astype(int)
    beside = int(MARGIN_MM / VOXEL_MM)
    shape = tuple(scipy.fft.next_fast_len(int(n) + 2 * beside, real=True) for n in count)
    half = 0.5 * VOXEL_MM
    sides = [low + half * (np.arange(2 * n) + 0.5) for low, n in zip(box[0], count, strict=True)]
    points = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1)
    found = sample(subject, points)[1] == TISSUE_CODE[METAL]
    pairs = found.reshape(count[0], 2, count[1], 2, count[2], 2)
    metal = np.zeros(shape, np.float32)
    metal[tuple(slice(beside, beside + n) for n in count)] = pairs.mean(axis=(1, 3, 5))
    origin = box[0] + (0.5 - beside) * VOXEL_MM
    shift = field_shift(metal, SUSCEPTIBILITY) * _fading(shape, beside, count)
    return FieldMap(np.stack([shift, metal], axis=-1), origin)


def field_shift(metal: NDArray[np.float32], susceptibility: float) -> NDArray[np.float32]:
    """Return ΔB/B₀ of metal in a volume that repeats itself, B₀ along the last axis.

    Args:
        metal: (nx, ny, nz) share of each voxel that is metal.
        susceptibility: of the metal over its surround, SI.
    """
    kx, ky = (np.fft.fftfreq(n).astype(np.float32) for n in metal.shape[:2])
    kz = np.fft.rfftfreq(metal.shape[2]).astype(np.float32)
    square = kx[:, None, None] ** 2 + ky[:, None] ** 2 + kz**2
    square[0, 0, 0] = 1.0
    kernel = np.float32(1.0 / 3.0) - kz**2 / square
    kernel[0, 0, 0] = 0.0
    spectrum = scipy.fft.rfftn(metal, workers=-1) * (kernel * np.float32(susceptibility))
    return np.asarray(scipy.fft.irfftn(spectrum, metal.shape, workers=-1), np.float32)


def _fading(shape: tuple[int, ...], beside: int, count: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return 1 near metal, falling to 0 at the borders of the map."""
    whole = np.ones(shape, np.float32)
    for axis, (size, inner) in enumerate(zip(shape, count, strict=True)):
        at = np.arange(size)
        away = np.maximum(beside - at, at - (beside + inner - 1)) / beside  # 1 at the border
        ramp = np.clip(4.0 * (1.0 - away), 0.0, 1.0).astype(np.float32)
        whole *= ramp.reshape([-1 if other == axis else 1 for other in range(3)])
    return whole
