"""Metal in MRI: a field around it that puts signal elsewhere, in the slice and through it.

A spin echo refocuses the phase, so nothing is lost by dephasing; but frequency is place. Along the
read direction signal moves by the change of frequency over the bandwidth, which empties one place
and piles up at another, and through the slice by the change over the slice gradient: what is
excited beside metal is another slice, so that metal outside the slice distorts it too. A gradient
echo would lose more; there is none among the sequences.

Layers of three times the thickness are followed to where they appear. What they hold is taken
from the slice itself (E), tissue that lies behind one another being mostly alike.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging import needle_mri
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.implants_mri import NO_FIELD, VOXEL_MM, FieldMap
from spine_tutor.imaging.mri_sequence import GAMMA_MHZ_PER_T, Settings
from spine_tutor.imaging.needle import PlacedNeedle
from spine_tutor.imaging.needle_mri import far, offset
from spine_tutor.kernels import one_at_a_time

PULSE_HZ = 1000.0
"""Bandwidth of the slice-selective pulses (E): it sets how far a frequency moves a slice."""
SUB_SLICES = 9
"""Layers, over three times the thickness, that are followed to where they appear."""
REACH_HZ = 2.0
"""Field change below which a picture is left as it is: a hundredth of a pixel."""
LEAST_TISSUE = 0.25
"""Share of tissue in a slice below which its signal says no more what tissue beside it gives."""


def displace(
    truth: NDArray[np.float32],
    geometry: PlaneGeometry,
    thickness: float,
    settings: Settings,
    read: int,
    needle: PlacedNeedle | None = None,
    implants: FieldMap = NO_FIELD,
) -> NDArray[np.float32]:
    """Return a slice with metal in it: its void and what its field does around it.

    Args:
        truth: (rows, columns) signal before it is measured.
        geometry: the slice.
        thickness: mm.
        settings: field, bandwidth and measured pixel.
        read: axis along which frequency is place: 0 for columns, 1 for rows.
        needle: a needle, if there is one.
        implants: the field around implants.
    """
    if needle is None and not implants.volume.size:
        return truth
    larmor = GAMMA_MHZ_PER_T * 1e6 * settings.tesla
    strength = larmor * needle_mri.SUSCEPTIBILITY  # Hz
    hertz_mm = settings.bandwidth / settings.resolution
    line = np.zeros((0, 3)) if needle is None else needle.line
    radius = 1.0 if needle is None else needle.radius
    reach = float(np.sqrt(0.5 * strength / REACH_HZ)) * radius
    across, along = geometry.down, geometry.right
    if read == 0:
        truth, across, along = truth.T, along, across
    layers = 3.0 * thickness * ((np.arange(SUB_SLICES) + 0.5) / SUB_SLICES - 0.5)
    found = np.zeros(truth.shape, np.float32)
    _move(
        np.ascontiguousarray(truth), found, np.asarray(geometry.origin, float),
        across * geometry.spacing, along * geometry.spacing, geometry.normal, layers, thickness,
        thickness / PULSE_HZ, line, radius, reach + 1.5 * thickness, strength,
        implants.volume, implants.origin, larmor, 1.0 / (hertz_mm * geometry.spacing),
    )  # fmt: skip
    return found.T if read == 0 else found


@one_at_a_time
@nb.njit(cache=True, parallel=True, fastmath=True)
def _move(  # type: ignore[no-untyped-def]
    part, found, corner, across, along, normal, layers, thickness, mm_hertz,
    line, radius, reach, strength, volume, origin, larmor, pixels_hertz,
):  # fmt: skip
    """Move the signal of every pixel and layer along its row to where its frequency puts it.

    Each pixel is two halves. What lies between two neighbouring places is spread evenly over what
    lies between the two where they appear: nothing is lost on the way, and it is brighter where
    they come closer.
    """
    columns, depth = part.shape[1], len(layers)
    pitch = layers[1] - layers[0]
    whole = 2.0 * thickness / pitch
    for r in nb.prange(part.shape[0]):
        x, y, z = corner[0] + r * across[0], corner[1] + r * across[1], corner[2] + r * across[2]
        # change of frequency and share of metal at the start, middle and end of a pixel, by layer
        hertz, solid = np.zeros((depth, 3)), np.zeros((depth, 3))
        follows = False  # whether the last pixel's end is at hand
        for c in range(columns):
            px, py, pz = x + c * along[0], y + c * along[1], z + c * along[2]
            touched = len(line) > 0 and not far(px, py, pz, line, reach)
            tissue = 1.0
            if volume.shape[0] > 0:
                for n in range(depth):
                    value, share = _map_at(
                        px + layers[n] * normal[0], py + layers[n] * normal[1],
                        pz + layers[n] * normal[2], volume, origin,
                    )  # fmt: skip
                    hertz[n, 1], solid[n, 1] = larmor * value, share
                    touched = touched or share > 0.0 or abs(hertz[n, 1]) > REACH_HZ
                    if abs(layers[n]) < 0.5 * thickness:
                        tissue -= share * pitch / thickness
            if not touched:
                found[r, c] += part[r, c]
                follows = False
                continue
            signal = part[r, c] / max(tissue, LEAST_TISSUE) / whole
            for n in range(depth):
                if follows:
                    hertz[n, 0], solid[n, 0] = hertz[n, 2], solid[n, 2]
                for s in range(1 if follows else 0, 3):
                    off = 0.5 * s - 0.5
                    wx = px + off * along[0] + layers[n] * normal[0]
                    wy = py + off * along[1] + layers[n] * normal[1]
                    wz = pz + off * along[2] + layers[n] * normal[2]
                    if s != 1:
                        value, share = _map_at(wx, wy, wz, volume, origin)
                        hertz[n, s], solid[n, s] = larmor * value, share
                    elif volume.shape[0] == 0:
                        hertz[n, s], solid[n, s] = 0.0, 0.0
                    if len(line) > 0:
                        value, inside = offset(wx, wy, wz, line, radius, strength)
                        hertz[n, s] += value
                        solid[n, s] = 1.0 if inside else solid[n, s]
                for s in range(2):
                    share = 1.0 - 0.5 * (solid[n, s] + solid[n, s + 1])
                    mean = 0.5 * (hertz[n, s] + hertz[n, s + 1])
                    # the share of this layer that the pulse excites
                    excited = (0.5 * thickness - abs(layers[n] + mean * mm_hertz)) / pitch + 0.5
                    if excited > 0.0 and share > 0.0:
                        a = c + 0.5 * s - 0.5 + hertz[n, s] * pixels_hertz
                        b = c + 0.5 * s + hertz[n, s + 1] * pixels_hertz
                        _lay(found, r, min(a, b), max(a, b), min(excited, 1.0) * share * signal)
            follows = True


@nb.njit(cache=True, fastmath=True)
def _lay(found, r, a, b, value):  # type: ignore[no-untyped-def]
    """Spread a value evenly over a row from `a` to `b`, columns; pixels reach half a column out."""
    low, high = int(np.floor(a + 0.5)), int(np.floor(b + 0.5))
    if low == high:
        if 0 <= low < found.shape[1]:
            found[r, low] += value
        return
    each = value / (b - a)
    for c in range(max(low, 0), min(high, found.shape[1] - 1) + 1):
        found[r, c] += each * (min(b, c + 0.5) - max(a, c - 0.5))


@nb.njit(cache=True, fastmath=True)
def _map_at(x, y, z, volume, origin):  # type: ignore[no-untyped-def]
    """Return the change of the main field and the share of metal at a place; 0 off the map."""
    x, y, z = (x - origin[0]) / VOXEL_MM, (y - origin[1]) / VOXEL_MM, (z - origin[2]) / VOXEL_MM
    nx, ny, nz, _ = volume.shape
    if not (0.0 <= x < nx - 1 and 0.0 <= y < ny - 1 and 0.0 <= z < nz - 1):
        return 0.0, 0.0
    i, j, k = int(x), int(y), int(z)
    fx, fy, fz = x - i, y - j, z - k
    shift, metal = 0.0, 0.0
    for a in range(2):
        for b in range(2):
            weight = (fx if a else 1.0 - fx) * (fy if b else 1.0 - fy)
            u, v = i + a, j + b  # element by element: a slice of an array costs more
            shift += weight * ((1.0 - fz) * volume[u, v, k, 0] + fz * volume[u, v, k + 1, 0])
            metal += weight * ((1.0 - fz) * volume[u, v, k, 1] + fz * volume[u, v, k + 1, 1])
    return shift, metal
