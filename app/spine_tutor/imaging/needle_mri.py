"""The needle in MRI: no signal of its own, and a field around it, in closed form.

A long cylinder in the main field B₀ at an angle θ changes the field around it by
ΔB = ½ Δχ B₀ sin²θ (a/ρ)² cos 2φ (ρ and φ around the axis, φ from the part of B₀ across it): not
at all where the needle runs along B₀. Its ends stay visible even there, as two poles of the
strength Δχ B₀ cosθ π a² (the "blooming ball" of Liu 1998, 10.1002/jmri.1880080136). What the
field does to a picture is `metal_mri`.
"""

from __future__ import annotations

import numba as nb
import numpy as np

SUSCEPTIBILITY = 920e-6 + 9e-6
"""Of the needle over that of tissue, SI: cobalt-chromium-molybdenum, which MR-compatible needles
are made of, 920 ppm, and tissue −9 ppm (McRobbie, Essentials of MRI Safety, table of
susceptibilities). Austenitic steel has up to several times as much (R) and ordinary needles are
drawn cold and magnetic: they must not enter the scanner, and are not what is drawn here."""


@nb.njit(cache=True, fastmath=True)
def far(x, y, z, line, reach):  # type: ignore[no-untyped-def]
    """Return whether a place is farther than `reach` from a needle and from its ends."""
    last = len(line) - 1
    wx, wy, wz = x - line[0, 0], y - line[0, 1], z - line[0, 2]
    ux, uy, uz = line[last, 0] - line[0, 0], line[last, 1] - line[0, 1], line[last, 2] - line[0, 2]
    t = (wx * ux + wy * uy + wz * uz) / (ux * ux + uy * uy + uz * uz)
    t = min(max(t, 0.0), 1.0)
    dx, dy, dz = wx - t * ux, wy - t * uy, wz - t * uz
    return dx * dx + dy * dy + dz * dz > reach * reach


@nb.njit(cache=True, fastmath=True)
def offset(x, y, z, line, radius, strength):  # type: ignore[no-untyped-def]
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
