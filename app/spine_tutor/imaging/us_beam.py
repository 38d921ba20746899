"""The beam: how wide it is where, and what that does to the echoes on their way to a picture."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))
"""Width at half height of a Gaussian over its standard deviation."""


def lateral_width(
    depth: NDArray[np.float64], wavelength: float, aperture: float, focus: float
) -> NDArray[np.float64]:
    """Return the two-way beam width at half amplitude in the scan plane, mm.

    Diffraction gives 1.2 λ z / D at a focus; before and behind it the sent beam also has the
    shadow of its aperture. What is received is focused at every depth, with an aperture that
    opens as f/2 until all elements listen. Sent and received widths multiply as Gaussians.

    Args:
        depth: mm.
        wavelength: mm.
        aperture: of all elements, mm.
        focus: depth of the focus that is sent, mm.
    """
    z = np.maximum(depth, 1.0)
    sent_aperture = min(aperture, focus / 2.0)
    sent = np.hypot(1.2 * wavelength * z / sent_aperture, 0.6 * sent_aperture * (1 - z / focus))
    received = 1.2 * wavelength * z / np.minimum(aperture, z / 2.0)
    return 1.0 / np.sqrt(1.0 / sent**2 + 1.0 / received**2)


def slice_width(
    depth: NDArray[np.float64], wavelength: float, height: float, focus: float
) -> NDArray[np.float64]:
    """Return the two-way thickness of the slice at half amplitude, mm: one fixed lens."""
    z = np.maximum(depth, 1.0)
    one_way = np.hypot(1.2 * wavelength * z / height, 0.6 * height * (1 - z / focus))
    return one_way / np.sqrt(2.0)


def kernels(
    sigma: NDArray[np.float64], distance: NDArray[np.float64], cell: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return Gaussian weights over neighbouring samples.

    Args:
        sigma: (n,) standard deviation, mm.
        distance: (n,) from one sample to the next, mm.
        cell: side of a speckle cell, mm; the field is correlated like a triangle over it.

    Returns:
        (2 reach + 1, n) float32 weights of sum 1, which keep the echo of a plane; and (n,) the
        factor that makes up for what they take from the root mean square of speckle.
    """
    reach = max(1, int(np.ceil(3.0 * float(np.max(sigma / distance)))))
    at = np.arange(-reach, reach + 1)[:, None]
    weights = np.exp(-0.5 * (at * distance / sigma) ** 2)
    weights /= weights.sum(axis=0)
    energy = np.zeros(len(distance))
    for lag in range(2 * reach + 1):
        # correlation of linearly interpolated noise `lag` samples apart, mean over the phase
        alike = _correlation(lag * distance / cell)
        if not alike.any():
            break
        pair = (weights[lag:] * weights[: len(weights) - lag]).sum(axis=0)
        energy += (1 if lag == 0 else 2) * alike * pair
    return weights.astype(np.float32), (1.0 / np.sqrt(energy)).astype(np.float32)


def _correlation(lag: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of linearly interpolated white noise, in lattice cells: a B-spline."""
    a = np.abs(lag)
    near = 2.0 / 3.0 - a**2 + 0.5 * a**3
    far = np.maximum(0.0, 2.0 - a) ** 3 / 6.0
    return np.where(a < 1, near, far) * 1.5


@nb.njit(cache=True, nogil=True, fastmath=True)
def blur_lines(field: NDArray, weights: NDArray) -> NDArray:
    """Return (lines, samples) averaged over neighbouring lines; weights differ by depth."""
    count, samples = field.shape
    reach = len(weights) // 2
    out = np.zeros_like(field)
    for n in range(count):
        for m in range(-reach, reach + 1):
            other = min(max(n + m, 0), count - 1)
            for s in range(samples):
                out[n, s] += weights[m + reach, s] * field[other, s]
    return out


@nb.njit(cache=True, nogil=True, fastmath=True)
def blur_depth(field: NDArray, weights: NDArray) -> NDArray:
    """Return (lines, samples) convolved along depth with one set of weights."""
    count, samples = field.shape
    reach = len(weights) // 2
    out = np.zeros_like(field)
    for n in range(count):
        for m in range(-reach, reach + 1):
            weight = weights[m + reach]
            for s in range(max(0, -m), min(samples, samples - m)):
                out[n, s] += weight * field[n, s + m]
    return out


@nb.njit(cache=True, nogil=True, fastmath=True)
def reverberate(mirror: NDArray, face: float, echoes: int) -> NDArray:
    """Return interface echoes together with those that the face of the probe sent back again.

    Sound that comes home with amplitude a from depth d is reflected at the face, goes the same
    way again and comes home from 2 d with a · face · a; and so on.
    """
    count, samples = mirror.shape
    out = mirror.copy()
    for n in range(count):
        for s in range(1, samples):
            a = mirror[n, s]
            if a < 1e-3:
                continue
            again = a
            for k in range(2, echoes + 2):
                again *= face * a
                if k * s >= samples or again < 1e-6:
                    break
                out[n, k * s] += again
    return out


@nb.njit(cache=True, nogil=True, fastmath=True)
def scan_convert(
    beam: NDArray, labels: NDArray, line: NDArray, sample: NDArray, inside: NDArray, floor: float
) -> tuple[NDArray, NDArray]:
    """Return picture and label map from (lines, samples): bilinear in dB, nearest for labels."""
    rows, columns = line.shape
    count, samples = beam.shape
    picture = np.full((rows, columns), floor, np.float32)
    found = np.zeros((rows, columns), np.uint16)
    for r in range(rows):
        for c in range(columns):
            if not inside[r, c]:
                continue
            x, y = line[r, c], sample[r, c]
            i, j = min(int(x), count - 2), min(int(y), samples - 2)
            u, w = x - i, y - j
            top = (1 - w) * beam[i, j] + w * beam[i, j + 1]
            low = (1 - w) * beam[i + 1, j] + w * beam[i + 1, j + 1]
            picture[r, c] = max(floor, (1 - u) * top + u * low)
            found[r, c] = labels[min(int(x + 0.5), count - 1), min(int(y + 0.5), samples - 1)]
    return picture, found
