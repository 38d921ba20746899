"""What tissue is made of below the voxel: random, but fixed in the world.

Every value is a hash of a world position, so that speckle and septa stay in the tissue while the
probe moves and come back when it does. Nothing is stored and nothing depends on the picture.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.kernels import one_at_a_time

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


@nb.njit(fastmath=True, _nrt=False)
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
                re += weight * (float(h & _LOW) + float((h >> np.uint64(16)) & _LOW) - 65535.0)
                im += weight * (
                    float((h >> np.uint64(32)) & _LOW) + float(h >> np.uint64(48)) - 65535.0
                )
    energy = (u * u + (1 - u) * (1 - u)) * (v * v + (1 - v) * (1 - v)) * (w * w + (1 - w) * (1 - w))
    scale = _NORMAL / np.sqrt(energy)
    return re * scale, im * scale


@nb.njit(fastmath=True, _nrt=False)
def smooth(x: float, y: float, z: float, salt: int) -> tuple[float, float, float, float]:
    """Return value noise on the unit lattice, in [0, 1], and its gradient."""
    i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    u, v, w = x - i, y - j, z - k
    su, sv, sw = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    du, dv, dw = 6 * u * (1 - u), 6 * v * (1 - v), 6 * w * (1 - w)
    total = gx = gy = gz = 0.0
    for a in range(2):
        wa, da = (su, du) if a else (1 - su, -du)
        for b in range(2):
            wb, db = (sv, dv) if b else (1 - sv, -dv)
            for c in range(2):
                wc, dc = (sw, dw) if c else (1 - sw, -dw)
                value = float(_hash(i + a, j + b, k + c, salt) & _LOW) * _UNIFORM
                total += wa * wb * wc * value
                gx += da * wb * wc * value
                gy += wa * db * wc * value
                gz += wa * wb * dc * value
    return total, gx, gy, gz


@nb.njit(fastmath=True, _nrt=False)
def sheets(
    x: float, y: float, z: float,
    fx: float, fy: float, fz: float,
    dx: float, dy: float, dz: float,
    across: float, along: float, thickness: float, gloss: float,
) -> float:  # fmt: skip
    """Return how much of a thin sheet of connective tissue is at a place: 1 in it, 0 between them.

    The sheets are where a smooth random field crosses one half, stretched along the fibres (or
    flattened, where `along` is the shorter): they wrap bundles of fibres, or lobules of fat. Two
    scales together keep them from looking alike. Each is as thick everywhere, and answers as it
    faces the beam: stripes in a cut along the fibres, short dashes and dots in one across.

    Args:
        x, y, z: world position, mm.
        fx, fy, fz: unit vector along the fibres.
        dx, dy, dz: unit vector of the beam.
        across, along: size of a bundle, mm.
        thickness: of a sheet, mm.
        gloss: how fast the answer falls with the angle, a power of its cosine; 0 for not at all.
    """
    best = 0.0
    stretch = 1.0 / along - 1.0 / across
    run = (x * fx + y * fy + z * fz) * stretch
    qx, qy, qz = x / across + run * fx, y / across + run * fy, z / across + run * fz
    for octave in range(2):
        scale = 1.0 if octave == 0 else 1.9
        n, gx, gy, gz = smooth(qx * scale, qy * scale, qz * scale, 2 + octave)
        # the gradient in the world: every axis shrinks by `across`, the fibre's by `along`
        turn = (gx * fx + gy * fy + gz * fz) * stretch
        gx = (gx / across + turn * fx) * scale
        gy = (gy / across + turn * fy) * scale
        gz = (gz / across + turn * fz) * scale
        slope = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-6
        wall = 1.0 - abs(n - 0.5) / (slope * thickness)
        if wall > 0.0:
            facing = abs(gx * dx + gy * dy + gz * dz) / slope
            answer = wall * (0.08 + 0.92 * facing**gloss)
            best = max(best, answer if octave == 0 else 0.7 * answer)
    if best > 0.0:  # no sheet is whole: it comes and goes over a few millimetres
        patch = smooth(0.16 * x, 0.16 * y, 0.16 * z, 4)[0]
        best *= min(1.0, max(0.05, 3.0 * patch - 0.9))
    return best


@one_at_a_time
@nb.njit(parallel=True, cache=True, fastmath=True)
def patchy(
    codes: NDArray[np.uint8],
    corner: NDArray[np.float64],
    down: NDArray[np.float64],
    right: NDArray[np.float64],
    across: NDArray[np.float64],
    along: NDArray[np.float64],
    streaks: NDArray[np.float64],
    patches: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return what comes and goes within a tissue, for each pixel of a picture.

    Args:
        codes: (rows, columns) tissue of each pixel.
        corner: (3,) world position of the first pixel, mm.
        down, right: (3,) steps to the next row and column, mm.
        across: (tissues,) mm over which each tissue changes along x and y; 0 where it does not.
        along: (tissues,) the same along z, the way of the spine and its muscles.
        streaks: (tissues,) how much of it lies in thin sheets between bundles.
        patches: (tissues,) how far it goes up and down over the patches of a tissue.
    """
    rows, columns = codes.shape
    out = np.zeros((rows, columns), np.float32)
    for r in nb.prange(rows):
        for c in range(columns):
            code = codes[r, c]
            if across[code] <= 0.0:
                continue
            x = corner[0] + r * down[0] + c * right[0]
            y = corner[1] + r * down[1] + c * right[1]
            z = corner[2] + r * down[2] + c * right[2]
            if streaks[code] > 0.0:
                out[r, c] = streaks[code] * sheets(
                    x, y, z, 0.1, 0.1, 0.99, 0.0, 0.0, 1.0, across[code], along[code], 0.6, 0.0
                )
            if patches[code] > 0.0:
                u, v, w = x / across[code], y / across[code], z / along[code]
                coarse, fine = smooth(u, v, w, 7)[0], smooth(2.3 * u, 2.3 * v, 2.3 * w, 8)[0]
                out[r, c] += patches[code] * (1.3 * coarse + 0.7 * fine - 1.0)
    return out
