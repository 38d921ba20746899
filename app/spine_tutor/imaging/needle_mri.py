"""The needle in MRI: no signal of its own, and a field around it that puts others' elsewhere.

A long cylinder in the main field B₀ at an angle θ changes the field around it by
ΔB = ½ Δχ B₀ sin²θ (a/ρ)² cos 2φ (ρ and φ around the axis, φ from the part of B₀ across it): not
at all where the needle runs along B₀. Its ends stay visible even there, as two poles of the
strength Δχ B₀ cosθ π a² (the "blooming ball" of Liu 1998, 10.1002/jmri.1880080136).

A spin echo refocuses the phase, so nothing is lost by dephasing; but frequency is place. Along the
read direction signal moves by ΔB over the bandwidth, which empties one place and piles up at
another, and through the slice by ΔB over the slice gradient, so that what is excited beside a
needle is another slice. A gradient echo would lose more; there is none among the sequences.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.mri_sequence import GAMMA_MHZ_PER_T, Settings
from spine_tutor.imaging.needle import PlacedNeedle
from spine_tutor.kernels import one_at_a_time

SUSCEPTIBILITY = 920e-6 + 9e-6
"""Of the needle over that of tissue, SI: cobalt-chromium-molybdenum, which MR-compatible needles
are made of, 920 ppm, and tissue −9 ppm (McRobbie, Essentials of MRI Safety, table of
susceptibilities). Austenitic steel has up to several times as much (R) and ordinary needles are
drawn cold and magnetic: they must not enter the scanner, and are not what is drawn here."""
PULSE_HZ = 1000.0
"""Bandwidth of the slice-selective pulses (E): it sets how far a frequency moves a slice."""
SUB_SLICES = 9
"""Layers, over three times the thickness, that are followed to where they appear."""
SPREAD = 2
"""Parts of a pixel along the read direction, so that what is moved leaves no gaps."""
REACH_HZ = 10.0
"""Field change below which a picture is left as it is."""


def displace(
    truth: NDArray[np.float32],
    needle: PlacedNeedle,
    geometry: PlaneGeometry,
    thickness: float,
    settings: Settings,
    read: int,
) -> None:
    """Put a needle into a slice, in place: its void and what its field does around it.

    Args:
        truth: (rows, columns) signal before it is measured.
        needle: where it lies.
        geometry: the slice.
        thickness: mm.
        settings: field, bandwidth and measured pixel.
        read: axis along which frequency is place: 0 for columns, 1 for rows.
    """
    strength = GAMMA_MHZ_PER_T * 1e6 * settings.tesla * SUSCEPTIBILITY  # Hz
    hertz_mm = settings.bandwidth / settings.resolution
    reach = float(np.sqrt(0.5 * strength / REACH_HZ)) * needle.radius
    box = _box(needle, geometry, reach, thickness)
    if box is None:
        return
    rows, columns = box
    part = truth[rows, columns]
    corner = geometry.pixel_to_world(rows.start, columns.start)
    across, along = geometry.down, geometry.right
    if read == 0:
        part, across, along = part.T, along, across
    layers = 3.0 * thickness * ((np.arange(SUB_SLICES) + 0.5) / SUB_SLICES - 0.5)
    found = np.zeros_like(part, order="C")
    _move(
        np.ascontiguousarray(part), found, corner, across * geometry.spacing,
        along * geometry.spacing, geometry.normal, layers, thickness, thickness / PULSE_HZ,
        needle.line, needle.radius, reach + 1.5 * thickness, strength,
        1.0 / (hertz_mm * geometry.spacing),
    )  # fmt: skip
    truth[rows, columns] = found.T if read == 0 else found


def _box(
    needle: PlacedNeedle, geometry: PlaneGeometry, reach: float, thickness: float
) -> tuple[slice, slice] | None:
    """Return the rows and columns that a needle can change; None for none."""
    way = needle.line[-1] - needle.line[0]
    points = needle.line[0] + np.linspace(0, 1, 200)[:, None] * way
    offset = points - geometry.origin
    points = points[np.abs(offset @ geometry.normal) < reach + thickness]
    if not len(points):
        return None
    offset = (points - geometry.origin) / geometry.spacing
    wide = reach / geometry.spacing
    found = []
    sides = (offset @ geometry.down, offset @ geometry.right)
    for at, size in zip(sides, geometry.shape, strict=True):
        low, high = int(max(0, at.min() - wide)), int(min(size, at.max() + wide + 1))
        if low >= high:
            return None
        found.append(slice(low, high))
    return found[0], found[1]


@one_at_a_time
@nb.njit(cache=True, parallel=True, fastmath=True)
def _move(  # type: ignore[no-untyped-def]
    part, found, corner, across, along, normal, layers, thickness, mm_hertz,
    line, radius, reach, strength, pixels_hertz,
):  # fmt: skip
    """Move the signal of every pixel and layer along its row to where its frequency puts it."""
    columns = part.shape[1]
    pitch = layers[1] - layers[0]
    whole = SPREAD * thickness / pitch
    for r in nb.prange(part.shape[0]):
        for c in range(columns):
            px = corner[0] + r * across[0] + c * along[0]
            py = corner[1] + r * across[1] + c * along[1]
            pz = corner[2] + r * across[2] + c * along[2]
            if _far(px, py, pz, line, reach):
                found[r, c] += part[r, c]
                continue
            for layer in layers:
                for s in range(SPREAD):
                    shift = (s + 0.5) / SPREAD - 0.5
                    hertz, inside = _offset(
                        px + shift * along[0] + layer * normal[0],
                        py + shift * along[1] + layer * normal[1],
                        pz + shift * along[2] + layer * normal[2],
                        line, radius, strength,
                    )  # fmt: skip
                    if inside:
                        continue
                    # the share of this layer that the pulse excites
                    excited = (0.5 * thickness - abs(layer + hertz * mm_hertz)) / pitch + 0.5
                    if excited <= 0.0:
                        continue
                    value = min(excited, 1.0) * part[r, c] / whole
                    at = c + shift + hertz * pixels_hertz
                    low = int(np.floor(at))
                    share = at - low
                    if 0 <= low < columns:
                        found[r, low] += value * (1.0 - share)
                    if 0 <= low + 1 < columns:
                        found[r, low + 1] += value * share


@nb.njit(cache=True, fastmath=True)
def _far(x, y, z, line, reach):  # type: ignore[no-untyped-def]
    """Return whether a place is farther than `reach` from a needle and from its ends."""
    last = len(line) - 1
    wx, wy, wz = x - line[0, 0], y - line[0, 1], z - line[0, 2]
    ux, uy, uz = line[last, 0] - line[0, 0], line[last, 1] - line[0, 1], line[last, 2] - line[0, 2]
    t = (wx * ux + wy * uy + wz * uz) / (ux * ux + uy * uy + uz * uz)
    t = min(max(t, 0.0), 1.0)
    dx, dy, dz = wx - t * ux, wy - t * uy, wz - t * uz
    return dx * dx + dy * dy + dz * dz > reach * reach


@nb.njit(cache=True, fastmath=True)
def _offset(x, y, z, line, radius, strength):  # type: ignore[no-untyped-def]
    """Return the change of frequency at a place, Hz, and whether it lies in the needle.

    The needle is taken as straight from hub to tip; B₀ runs along z.
    """
    last = len(line) - 1
    ux, uy, uz = line[last, 0] - line[0, 0], line[last, 1] - line[0, 1], line[last, 2] - line[0, 2]
    length = np.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / length, uy / length, uz / length
    wx, wy, wz = x - line[last, 0], y - line[last, 1], z - line[last, 2]
    along = wx * ux + wy * uy + wz * uz  # 0 at the tip, −length at the hub
    rx, ry, rz = wx - along * ux, wy - along * uy, wz - along * uz
    rho2 = rx * rx + ry * ry + rz * rz
    if rho2 < radius * radius and -length < along < 0.0:
        return 0.0, True
    a2 = radius * radius
    rho2 = max(rho2, 0.25 * a2)
    sine2 = 1.0 - uz * uz
    # the part of B₀ across the needle is z − (z·u) u; its cosine with ρ gives cos 2φ
    across = rz / np.sqrt(rho2 * sine2) if sine2 > 1e-9 else 0.0
    double = 2.0 * across * across - 1.0
    # a line that ends: its dipoles add up to half the cosines of the ends it is seen under
    tip = np.sqrt(rho2 + along * along)
    hub = np.sqrt(rho2 + (along + length) * (along + length))
    whole = 0.5 * ((along + length) / hub - along / tip)
    hertz = 0.5 * strength * sine2 * a2 / rho2 * double * whole
    # poles at the ends, of what B₀ magnetises along the needle
    wz_hub = wz + length * uz
    poles = wz / max(tip, radius) ** 3 - wz_hub / max(hub, radius) ** 3
    hertz += 0.25 * strength * uz * a2 * poles
    return hertz, False
