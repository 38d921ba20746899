"""Sound along scan lines: what comes back from each depth, before it is blurred by the beam.

Deterministic rays after Bürger 2013 (see reference/imaging.md): each line is marched in equal
steps of *time*, so that depth in the picture is 1540 m/s × time / 2 whatever the tissue. At an
interface the reflected part comes back as far as the surface faces the probe; the rest goes on,
weakened by attenuation. Lines are straight: refraction bends none, but beyond the critical
angle nothing enters.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging.texture import scatter, sheets, smooth
from spine_tutor.imaging.us_interface import SOUND_SPEED, Acoustics, facing, interface
from spine_tutor.imaging.us_mirror import STRONG, Mirror, reflect
from spine_tutor.imaging.us_volumes import KERNEL, Volumes, inner_gas_at, label_at, tissue_run

FADING = 0.08
"""Nepers a mm that the clutter behind gas fades by. E"""
SILENT = 3e-7
"""Amplitude, below the noise of any receiver, from which a line is not followed further."""
SHEET_GLOSS = 6.0
"""Power of the cosine by which sheets of connective tissue answer aslant. E"""

WORKERS = os.cpu_count() or 1
_POOL = ThreadPoolExecutor(WORKERS, thread_name_prefix="ultrasound")


class Lines(NamedTuple):
    """Scan lines and how they are sampled."""

    start: NDArray[np.float64]  # (lines, 3) on the face of the probe, mm
    direction: NDArray[np.float64]  # (lines, 3) unit
    touching: NDArray[np.bool_]  # (lines,) whether it meets skin
    elevation: NDArray[np.float64]  # (3,) unit vector across the picture
    thickness: NDArray[np.float64]  # (samples,) standard deviation of the slice, mm
    offsets: NDArray[np.float64]  # (planes,) in standard deviations; the first is 0
    jitter: NDArray[np.float64]  # (lines,) added to the others
    weights: NDArray[np.float64]  # (planes,) sum 1
    step: float  # mm of picture depth a sample
    cell: float  # mm, side of a speckle cell
    wall: float  # mm, thickness at which sheets of connective tissue are drawn


FOLDS = 25.0
"""mm under the face within which air is a fold of the skin that gel fills. E"""


def march(
    v: Volumes, acoustics: Acoustics, lines: Lines, angle: bool, speckle: bool, images: bool
) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray, NDArray]:
    """Follow the sound down every line and back, on all cores.

    Args:
        v: label grids.
        acoustics: what each tissue does to sound.
        lines: the scan lines.
        angle: whether an interface answers by its angle; if not, all face the probe.
        speckle: whether scatterers interfere; if not, they answer with their mean.
        images: whether strong reflectors make mirror images.

    Returns:
        (lines, samples) each: real and imaginary part of the scattered sound, and the echo of
        interfaces, all as float32 amplitude over what was sent; the uint16 labels; the float32
        amplitude that is left of the sound on its way there and back; and how far from the face
        each sample truly is, float32 mm.
    """
    shape = (len(lines.start), len(lines.thickness))
    echoes = np.zeros((5, *shape), np.float32)
    scratch = np.zeros((2, *shape))
    labels = np.zeros(shape, np.uint16)
    # numba's own parallel loops take no tuples of arrays; threads do, and share between sessions
    parts = np.linspace(0, shape[0], 4 * WORKERS + 1).astype(int)
    jobs = [
        _POOL.submit(
            _march, v, acoustics, lines, angle, speckle, images, a, b, echoes, scratch, labels
        )
        for a, b in pairwise(parts)
    ]
    for job in jobs:
        job.result()
    return echoes[0], echoes[1], echoes[2], labels, echoes[3], echoes[4]


@nb.njit(cache=True, nogil=True, **KERNEL)
def _march(
    v: Volumes, acoustics: Acoustics, lines: Lines, angle: bool, speckle: bool, images: bool,
    first: int, last: int, echoes: NDArray, scratch: NDArray, labels: NDArray,
) -> None:  # fmt: skip
    for n in range(first, last):
        if not lines.touching[n]:
            continue
        power, slant = scratch[0, n], scratch[1, n]
        real, imaginary, mirror = echoes[0, n], echoes[1, n], echoes[2, n]
        way, place = echoes[3, n], echoes[4, n]
        for p in range(len(lines.offsets)):
            met = _ray(
                v, acoustics, lines, n, p, angle, speckle,
                power, slant, real, imaginary, mirror, labels[n], way, place,
            )  # fmt: skip
            if images and p == 0 and met.sample >= 0:
                d = lines.direction[n]
                reflect(
                    v, acoustics, met, d[0], d[1], d[2], lines.step, lines.cell, angle, speckle,
                    power, real, imaginary, mirror,
                )  # fmt: skip
        for m in range(len(power)):
            root = np.sqrt(power[m])
            real[m] *= root
            imaginary[m] *= root


@nb.njit(**KERNEL)
def _ray(
    v: Volumes, acoustics: Acoustics, lines: Lines, n: int, p: int, angle: bool, speckle: bool,
    power: NDArray, slant: NDArray, real: NDArray, imaginary: NDArray, mirror: NDArray,
    labels: NDArray, way: NDArray, place: NDArray,
) -> Mirror:  # fmt: skip
    """Follow line `n` in plane `p` of the slice, and return the first strong reflector it meets.

    The thickness of the slice adds up the *power* of scatterers in its planes. Their phases, the
    labels and the slant of fibres to the beam (squared cosine) are taken in the middle plane,
    which comes first.
    """
    middle = p == 0
    weight = lines.weights[p]
    # neighbouring lines, which the beam averages, look at places between each other's planes
    offset = lines.offsets[p] + (0.0 if middle else lines.jitter[n])
    dx, dy, dz = lines.direction[n, 0], lines.direction[n, 1], lines.direction[n, 2]
    fading = np.exp(-FADING * lines.step)
    depth = 0.0  # true depth under the face, mm: only the speed of sound draws it elsewhere
    left = 1.0  # amplitude, of the way there and back
    clutter = 0.0  # behind gas
    touched, was, code = False, 0, 0
    known = 0  # the sample up to which the tissue is known to hold
    met = Mirror(-1, 0.0, 0.0, 0.0, 0, 0.0)
    fx, fy, fz = 0.0, 0.0, 1.0
    ds = half = scattered = 0.0
    for m in range(len(power)):
        out = offset * lines.thickness[m]
        way[m] += weight * left
        if middle:
            place[m] = depth
        x = lines.start[n, 0] + depth * dx + out * lines.elevation[0]
        y = lines.start[n, 1] + depth * dy + out * lines.elevation[1]
        z = lines.start[n, 2] + depth * dz + out * lines.elevation[2]
        new = m >= known
        if new:
            code, run = tissue_run(v, x, y, z, dx, dy, dz)
            known = m + 1 + int(0.6 * run / lines.step)  # less: sound may run faster than drawn
        if code == 0 and (not touched or (depth < FOLDS and not inner_gas_at(v, x, y, z))):
            depth += lines.step  # gel fills what is left between face and skin, and its folds
            continue
        if not touched:
            touched, was = True, code
        if code != was:
            if left > SILENT:
                cos = facing(v, acoustics.impedance, x, y, z, dx, dy, dz) if angle else 1.0
                echo, passed, smooth_part = interface(acoustics, was, code, cos)
                if smooth_part > STRONG and met.sample < 0:
                    met = Mirror(m, x, y, z, was, left * smooth_part * smooth_part)
                if speckle:  # no surface of the body is a mirror all over
                    echo *= 0.3 + 0.9 * smooth(0.4 * x, 0.4 * y, 0.4 * z, 5)[0]
                mirror[m] += weight * left * echo
                clutter = max(clutter, left * acoustics.dirty[code])
                left *= passed
            was = code
        if middle:
            labels[m] = label_at(v, x, y, z)  # what lies in the dark can still be named
        elif left < SILENT and clutter < SILENT:
            break
        if new:
            along = 0.0
            if acoustics.across[code] > 0.0:
                if middle:
                    at = labels[m]
                    fx = acoustics.fibres[at, 0]
                    fy = acoustics.fibres[at, 1]
                    fz = acoustics.fibres[at, 2]
                    for k in range(m, min(known, len(slant))):
                        slant[k] = (dx * fx + dy * fy + dz * fz) ** 2
                along = slant[m]
            ds = lines.step * acoustics.speed[code] / SOUND_SPEED
            loss = acoustics.loss[code]
            loss += (acoustics.loss_along[code] - loss) * along
            half = np.exp(-loss * ds)  # one step there and back is this squared
            # fibres scatter most when the beam meets them squarely
            scattered = acoustics.backscatter[code]
            scattered *= 1.0 - acoustics.anisotropy[code] * min(1.0, 2.0 * along)
        depth += ds
        if left < SILENT and clutter < SILENT:
            continue
        if middle and speckle:
            real[m], imaginary[m] = scatter(x, y, z, 1.0 / lines.cell)
            if acoustics.sheet[code] * left > SILENT:
                mirror[m] += acoustics.sheet[code] * left * sheets(
                    x, y, z, fx, fy, fz, dx, dy, dz,
                    acoustics.across[code], acoustics.along[code], lines.wall, SHEET_GLOSS,
                )  # fmt: skip
        elif middle:  # the mean of scatterers is neither in nor against the phase of interfaces
            imaginary[m] = 1.0
        level = left * half * scattered + clutter
        power[m] += weight * level * level
        left *= half * half
        clutter *= fading
    return met
