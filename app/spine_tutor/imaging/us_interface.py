"""What tissues do to sound, and what happens where two of them meet."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging.us_volumes import KERNEL, Volumes, grid_at, voxel_tissue_at

SOUND_SPEED = 1540.0
"""m/s, the speed every scanner assumes."""
SMOOTH = 0.6
"""mm: the least size of the box that the slope of an interface is taken over."""


class Acoustics(NamedTuple):
    """Per tissue code, as arrays; see `us_acoustics.acoustics`."""

    impedance: NDArray[np.float64]  # MRayl
    speed: NDArray[np.float64]  # m/s
    loss: NDArray[np.float64]  # nepers a mm, one way, across the fibres
    loss_along: NDArray[np.float64]  # the same along the fibres
    backscatter: NDArray[np.float64]  # amplitude of the speckle, 1 for a perfect mirror
    anisotropy: NDArray[np.float64]  # share of it that is lost along the fibres
    sheet: NDArray[np.float64]  # amplitude added on sheets of connective tissue
    across: NDArray[np.float64]  # size of fibre bundles across, mm; 0 without any
    along: NDArray[np.float64]  # and along the fibres, mm
    rough: NDArray[np.float64]  # part of an interface's echo that is diffuse
    gloss: NDArray[np.float64]  # power of the cosine of the rest
    dirty: NDArray[np.float64]  # amplitude of the clutter behind the interface of a gas
    shadow: bool  # whether interfaces take from the sound that goes on
    fibres: NDArray[np.float64]  # (labels, 3) unit vector along the fibres of each structure


@nb.njit(**KERNEL)
def interface(acoustics: Acoustics, was: int, code: int, cos: float) -> tuple[float, float, float]:
    """Return what an interface does to sound, as shares of its amplitude.

    R = |Z₂ − Z₁| / (Z₂ + Z₁) comes back when the surface faces the beam; aslant, its smooth part
    sends the sound elsewhere and its rough part answers with the cosine. Both ways through let
    1 − R² pass, and nothing beyond the critical angle of a stiffer tissue.

    Returns:
        The echo, what goes on there and back, and what a mirror sends on to where it points.
    """
    za, zb = acoustics.impedance[was], acoustics.impedance[code]
    r = abs(zb - za) / (zb + za)
    stiffer = code if zb > za else was
    rough = acoustics.rough[stiffer]
    smooth = r * (1.0 - rough)
    echo = r * rough * cos + smooth * cos ** acoustics.gloss[stiffer]
    if not acoustics.shadow:
        return echo, 1.0, smooth
    sine = np.sqrt(max(0.0, 1.0 - cos * cos))
    if zb > 2.0 * za and sine * acoustics.speed[code] > acoustics.speed[was]:
        return echo, 0.0, smooth
    return echo, 1.0 - r * r, smooth


@nb.njit(**KERNEL)
def normal_at(
    v: Volumes, impedance: NDArray, x: float, y: float, z: float
) -> tuple[float, float, float]:
    """Return the unit normal of the interface at a place; zero where no slope is to be seen.

    It is the gradient of impedance over the corners and faces of two boxes of voxel size around
    the point: the small one sees sheets, the large one evens out the voxels' steps.
    """
    g = max(grid_at(v, x, y, z), 0)
    rx = max(SMOOTH, 1.0 / v.inverse[g, 0])
    ry = max(SMOOTH, 1.0 / v.inverse[g, 1])
    rz = max(SMOOTH, 1.0 / v.inverse[g, 2])
    gx = gy = gz = 0.0
    for size in (0.8, 2.0):
        for a in range(-1, 2):
            for b in range(-1, 2):
                for c in range(-1, 2):
                    if a * a + b * b + c * c == 2 or (a == 0 and b == 0 and c == 0):
                        continue
                    px, py, pz = x + a * rx * size, y + b * ry * size, z + c * rz * size
                    value = impedance[voxel_tissue_at(v, px, py, pz)]
                    gx += a * value
                    gy += b * value
                    gz += c * value
    gx, gy, gz = gx / rx, gy / ry, gz / rz
    length = np.sqrt(gx * gx + gy * gy + gz * gz)
    if length < 1e-3:
        return 0.0, 0.0, 0.0
    return gx / length, gy / length, gz / length


@nb.njit(**KERNEL)
def facing(
    v: Volumes, impedance: NDArray, x: float, y: float, z: float, dx: float, dy: float, dz: float
) -> float:
    """Return |cos| of the angle between a line and the normal of the interface it meets."""
    nx, ny, nz = normal_at(v, impedance, x, y, z)
    if nx == 0.0 and ny == 0.0 and nz == 0.0:
        return 0.7  # neither facing nor grazing
    return abs(nx * dx + ny * dy + nz * dz)
