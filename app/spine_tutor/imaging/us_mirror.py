"""Mirror images: what a smooth, strong reflector shows beyond itself of the tissue before it.

Sound that such a surface (the pleura, gas) sends on sideways or straight back meets tissue, and
what that answers returns by the same way. The scanner draws it on the straight line, as deep
beyond the surface as the tissue lies before it. One bounce is followed, in the middle of the
slice. Bone makes none: it reflects less, and half of that its rough surface scatters.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging.texture import scatter
from spine_tutor.imaging.us_interface import SOUND_SPEED, Acoustics, facing, interface, normal_at
from spine_tutor.imaging.us_volumes import KERNEL, Volumes, tissue_run

STRONG = 0.5
"""Amplitude from which a reflector is a mirror: 0.66 at the pleura, 0.29 at bone. E"""
FAINT = 1e-5
"""Amplitude from which sound in a mirror is not followed further: −100 dB, E."""


class Mirror(NamedTuple):
    """The first strong reflector on a line."""

    sample: int  # at which the line meets it; -1 for none
    x: float  # where, mm
    y: float
    z: float
    tissue: int  # code before it
    left: float  # amplitude that has come there and back, both bounces counted


@nb.njit(**KERNEL)
def reflect(
    v: Volumes, acoustics: Acoustics, at: Mirror, dx: float, dy: float, dz: float,
    step: float, cell: float, angle: bool, speckle: bool,
    power: NDArray, real: NDArray, imaginary: NDArray, mirror: NDArray,
) -> None:  # fmt: skip
    """Follow the sound that a reflector sends on, and add what comes back to one line.

    Args:
        v: label grids.
        acoustics: what each tissue does to sound.
        at: the reflector.
        dx, dy, dz: unit vector of the line.
        step: mm of picture depth a sample.
        cell: side of a speckle cell, mm.
        angle: whether surfaces answer by their angle; if not, all face the probe.
        speckle: whether scatterers interfere.
        power, real, imaginary, mirror: (samples,) of the line, as in `us_rays`.
    """
    x, y, z = at.x, at.y, at.z
    if angle:
        nx, ny, nz = normal_at(v, acoustics.impedance, x, y, z)
        cos = dx * nx + dy * ny + dz * nz
        if cos == 0.0:
            return
        dx, dy, dz = dx - 2.0 * cos * nx, dy - 2.0 * cos * ny, dz - 2.0 * cos * nz
    else:
        dx, dy, dz = -dx, -dy, -dz
    left, was, code, known = at.left, at.tissue, at.tissue, at.sample
    away = True  # still at the reflector, whose own surface the voxels may show again
    ds = half = scattered = 0.0
    for m in range(at.sample, len(power)):
        if m >= known:
            code, run = tissue_run(v, x, y, z, dx, dy, dz)
            known = m + 1 + int(0.6 * run / step)
            if away and code != was:
                code = was
            else:
                away = False
            ds = step * acoustics.speed[code] / SOUND_SPEED
            half = np.exp(-acoustics.loss[code] * ds)
            scattered = acoustics.backscatter[code]
        if code == 0:  # gas, or out of the skin: what the face sends back is `reverberate`'s
            return
        if code != was:
            cos = facing(v, acoustics.impedance, x, y, z, dx, dy, dz) if angle else 1.0
            echo, passed, _ = interface(acoustics, was, code, cos)
            mirror[m] += left * echo
            left *= passed
            was = code
        if left < FAINT:
            return
        if real[m] == 0.0 and imaginary[m] == 0.0:  # nothing came from there yet
            if speckle:
                real[m], imaginary[m] = scatter(x, y, z, 1.0 / cell)
            else:
                imaginary[m] = 1.0
        level = left * half * scattered
        power[m] += level * level
        left *= half * half
        x, y, z = x + ds * dx, y + ds * dy, z + ds * dz
