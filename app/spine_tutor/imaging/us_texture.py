"""What tissue is made of below the voxel: random, but fixed in the world.

Every value is a hash of a world position, so that speckle and septa stay in the tissue while the
probe moves and come back when it does. Nothing is stored and nothing depends on the picture.
"""

from __future__ import annotations

import numba as nb
import numpy as np

_A = np.uint64(0x9E3779B97F4A7C15)  # odd constants of splitmix64 and of its finaliser
_B = np.uint64(0xC2B2AE3D27D4EB4F)
_C = np.uint64(0x165667B19E3779F9)
_D = np.uint64(0xBF58476D1CE4E5B9)
_E = np.uint64(0x94D049BB133111EB)
_LOW = np.uint64(0xFFFF)
_UNIFORM = 1.0 / 65536.0
# two 16-bit uniforms summed have variance 2·65536²/12; scaled so that re and im have 1/2 each
_NORMAL = float(np.sqrt(0.5 / (2.0 * 65536.0**2 / 12.0)))


@nb.njit(inline="always")
def _hash(i: int, j: int, k: int, salt: int) -> np.uint64:
    h = np.uint64(i) * _A ^ np.uint64(j) * _B ^ np.uint64(k) * _C ^ np.uint64(salt) * _D
    h ^= h >> np.uint64(30)
    h *= _D
    h ^= h >> np.uint64(27)
    h *= _E
    return h ^ (h >> np.uint64(31))


@nb.njit(fastmath=True)
def scatter(x: float, y: float, z: float, inverse_cell: float) -> tuple[float, float]:
    """Return the complex scattering amplitude at a place: zero mean, mean square 1.

    Each lattice cell holds a random phasor: the sum over its many scatterers, whose phases are
    uniform because the cell is not smaller than half a wavelength. Between cells the field is
    interpolated and divided by the root of the squared weights, which keeps its variance 1
    everywhere, so that the lattice cannot be seen.
    """
    x, y, z = x * inverse_cell, y * inverse_cell, z * inverse_cell
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    u, v, w = x - i, y - j, z - k
    re = 0.0
    im = 0.0
    for a in range(2):
        wa = u if a else 1.0 - u
        for b in range(2):
            wb = wa * (v if b else 1.0 - v)
            for c in range(2):
                weight = wb * (w if c else 1.0 - w)
                h = _hash(i + a, j + b, k + c, 1)
                re += weight * (
                    float(h & _LOW) + float((h >> np.uint64(16)) & _LOW) - 65535.0
                )
                im += weight * (
                    float((h >> np.uint64(32)) & _LOW) + float(h >> np.uint64(48)) - 65535.0
                )
    energy = (u * u + (1 - u) * (1 - u)) * (v * v + (1 - v) * (1 - v)) * (w * w + (1 - w) * (1 - w))
    scale = _NORMAL / np.sqrt(energy)
    return re * scale, im * scale


@nb.njit(fastmath=True)
def smooth(x: float, y: float, z: float, salt: int) -> float:
    """Return value noise on the unit lattice, in [0, 1], with continuous slope."""
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    u, v, w = x - i, y - j, z - k
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    w = w * w * (3.0 - 2.0 * w)
    total = 0.0
    for a in range(2):
        wa = u if a else 1.0 - u
        for b in range(2):
            wb = wa * (v if b else 1.0 - v)
            for c in range(2):
                weight = wb * (w if c else 1.0 - w)
                total += weight * float(_hash(i + a, j + b, k + c, salt) & _LOW)
    return total * _UNIFORM


@nb.njit(fastmath=True)
def sheets(
    x: float, y: float, z: float, fx: float, fy: float, fz: float, across: float, along: float
) -> float:
    """Return 1 on thin sheets of connective tissue that wrap bundles of fibres, 0 between them.

    The sheets are where value noise crosses one half; stretching the noise along the fibres
    makes them tubes: nets or dots in a cut across the fibres, long stripes in a cut along them.

    Args:
        x, y, z: world position, mm.
        fx, fy, fz: unit vector along the fibres.
        across: size of a bundle across the fibres, mm.
        along: size along them, mm.
    """
    run = (x * fx + y * fy + z * fz) * (1.0 / along - 1.0 / across)
    n = smooth(x / across + run * fx, y / across + run * fy, z / across + run * fz, 2)
    ridge = 1.0 - abs(n - 0.5) * 9.0
    return ridge if ridge > 0.0 else 0.0
