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

from spine_tutor.anatomy import LabelGrid
from spine_tutor.imaging.us_texture import scatter, sheets, smooth

SOUND_SPEED = 1540.0
"""m/s, the speed every scanner assumes."""

SMOOTH = 0.6
"""mm: the least size of the box that the slope of an interface is taken over."""

WORKERS = os.cpu_count() or 1
_POOL = ThreadPoolExecutor(WORKERS, thread_name_prefix="ultrasound")


class Volumes(NamedTuple):
    """Label grids as the kernels read them, from fine to coarse."""

    tissues: tuple[NDArray[np.uint8], ...]
    labels: tuple[NDArray[np.uint16], ...]
    origin: NDArray[np.float64]  # (grids, 3) mm
    inverse: NDArray[np.float64]  # (grids, 3) voxels a mm

    @classmethod
    def of(cls, grids: tuple[LabelGrid, ...]) -> Volumes:
        """Return the grids' arrays, read-only so that mapped and owned ones compile alike."""
        return cls(
            tuple(_readonly(g.tissues) for g in grids),
            tuple(_readonly(g.labels) for g in grids),
            np.array([g.origin for g in grids], float),
            1.0 / np.array([g.spacing for g in grids], float),
        )


class Acoustics(NamedTuple):
    """Per tissue code, as arrays; see `ultrasound.acoustics`."""

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


class Lines(NamedTuple):
    """Scan lines and how they are sampled."""

    start: NDArray[np.float64]  # (lines, 3) on the face of the probe, mm
    direction: NDArray[np.float64]  # (lines, 3) unit
    skin: NDArray[np.float64]  # (lines,) mm from the face to the resting skin; NaN off the skin
    elevation: NDArray[np.float64]  # (3,) unit vector across the picture
    thickness: NDArray[np.float64]  # (samples,) standard deviation of the slice, mm
    offsets: NDArray[np.float64]  # (planes,) in standard deviations; the middle one is 0
    weights: NDArray[np.float64]  # (planes,) sum 1
    step: float  # mm of picture depth a sample
    cell: float  # mm, side of a speckle cell
    wall: float  # mm, thickness at which sheets of connective tissue are drawn


PRESS = 25.0
"""mm over which tissue gives way under the probe: it fits the skin to the face and leaves what
lies deeper where it was. E: no source, a convex face sinks in about half its own height."""


def _readonly(array: NDArray) -> NDArray:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


@nb.njit(fastmath=True)
def tissue_at(v: Volumes, x: float, y: float, z: float) -> int:
    """Return the tissue code at a place, its border drawn between voxels.

    The eight voxels around the point vote with their trilinear weights, which turns the steps
    of a slanted border into slopes and leaves sheets one voxel thick whole.
    """
    for g in range(len(v.tissues)):
        volume = v.tissues[g]
        fx = (x - v.origin[g, 0]) * v.inverse[g, 0]
        fy = (y - v.origin[g, 1]) * v.inverse[g, 1]
        fz = (z - v.origin[g, 2]) * v.inverse[g, 2]
        nx, ny, nz = volume.shape
        if not (-0.5 <= fx < nx - 0.5 and -0.5 <= fy < ny - 0.5 and -0.5 <= fz < nz - 0.5):
            continue
        i0, j0, k0 = int(np.floor(fx)), int(np.floor(fy)), int(np.floor(fz))
        u, w, t = fx - i0, fy - j0, fz - k0
        i1, j1, k1 = min(i0 + 1, nx - 1), min(j0 + 1, ny - 1), min(k0 + 1, nz - 1)
        i0, j0, k0 = max(i0, 0), max(j0, 0), max(k0, 0)
        a, b = volume[i0, j0, k0], volume[i0, j0, k1]
        c, d = volume[i0, j1, k0], volume[i0, j1, k1]
        e, f = volume[i1, j0, k0], volume[i1, j0, k1]
        h, q = volume[i1, j1, k0], volume[i1, j1, k1]
        if a == b and a == c and a == d and a == e and a == f and a == h and a == q:
            return a
        codes = (a, b, c, d, e, f, h, q)
        shares = (
            (1 - u) * (1 - w) * (1 - t), (1 - u) * (1 - w) * t,
            (1 - u) * w * (1 - t), (1 - u) * w * t,
            u * (1 - w) * (1 - t), u * (1 - w) * t,
            u * w * (1 - t), u * w * t,
        )  # fmt: skip
        best, most = a, -1.0
        for m in range(8):
            share = 0.0
            for n in range(8):
                if codes[n] == codes[m]:
                    share += shares[n]
            if share > most:
                best, most = codes[m], share
        return best
    return 0


@nb.njit
def label_at(v: Volumes, x: float, y: float, z: float) -> int:
    """Return the structure label of the voxel a place lies in, 0 outside every grid."""
    for g in range(len(v.labels)):
        volume = v.labels[g]
        i = int(np.rint((x - v.origin[g, 0]) * v.inverse[g, 0]))
        j = int(np.rint((y - v.origin[g, 1]) * v.inverse[g, 1]))
        k = int(np.rint((z - v.origin[g, 2]) * v.inverse[g, 2]))
        nx, ny, nz = volume.shape
        if 0 <= i < nx and 0 <= j < ny and 0 <= k < nz:
            return volume[i, j, k]
    return 0


@nb.njit(cache=True, nogil=True)
def first_body(
    v: Volumes, start: NDArray[np.float64], direction: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """Return how far along each (n, 3) line its first tissue that is not air lies, NaN for none.

    Found in steps of 1 mm, then halved to a hundredth: nothing of the back is thinner.
    """
    found = np.full(len(start), np.nan)
    for n in range(len(start)):
        ox, oy, oz = start[n]
        dx, dy, dz = direction[n]
        for m in range(int(reach) + 1):
            if tissue_at(v, ox + m * dx, oy + m * dy, oz + m * dz) == 0:
                continue
            high = float(m)
            low = max(high - 1.0, 0.0)
            while high - low > 0.01:
                s = 0.5 * (low + high)
                if tissue_at(v, ox + s * dx, oy + s * dy, oz + s * dz) == 0:
                    low = s
                else:
                    high = s
            found[n] = high
            break
    return found


@nb.njit(fastmath=True)
def _facing(
    v: Volumes, impedance: NDArray, x: float, y: float, z: float, dx: float, dy: float, dz: float
) -> float:
    """Return |cos| of the angle between a line and the normal of the interface it meets.

    The normal is the gradient of impedance over the corners and faces of two boxes of voxel size
    around the point: the small one sees sheets, the large one evens out the voxels' steps.
    """
    g = 0
    while g + 1 < len(v.tissues) and not _inside(v, g, x, y, z):
        g += 1
    rx = max(SMOOTH, 1.0 / v.inverse[g, 0])
    ry = max(SMOOTH, 1.0 / v.inverse[g, 1])
    rz = max(SMOOTH, 1.0 / v.inverse[g, 2])
    gx = gy = gz = 0.0
    for scale in (0.8, 2.0):
        for a in range(-1, 2):
            for b in range(-1, 2):
                for c in range(-1, 2):
                    if a * a + b * b + c * c == 2 or (a == 0 and b == 0 and c == 0):
                        continue
                    value = impedance[
                        tissue_at(v, x + a * rx * scale, y + b * ry * scale, z + c * rz * scale)
                    ]
                    gx += a * value
                    gy += b * value
                    gz += c * value
    gx, gy, gz = gx / rx, gy / ry, gz / rz
    length = np.sqrt(gx * gx + gy * gy + gz * gz)
    if length < 1e-3:
        return 0.7  # no slope to be seen: neither facing nor grazing
    return abs(gx * dx + gy * dy + gz * dz) / length


@nb.njit(fastmath=True)
def _inside(v: Volumes, g: int, x: float, y: float, z: float) -> bool:
    nx, ny, nz = v.tissues[g].shape
    return (
        -0.5 <= (x - v.origin[g, 0]) * v.inverse[g, 0] < nx - 0.5
        and -0.5 <= (y - v.origin[g, 1]) * v.inverse[g, 1] < ny - 0.5
        and -0.5 <= (z - v.origin[g, 2]) * v.inverse[g, 2] < nz - 0.5
    )


def march(
    v: Volumes, acoustics: Acoustics, lines: Lines, angle: bool, speckle: bool
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Follow the sound down every line and back, on all cores.

    Args:
        v: label grids.
        acoustics: what each tissue does to sound.
        lines: the scan lines.
        angle: whether an interface answers by its angle; if not, all face the probe.
        speckle: whether scatterers interfere; if not, they answer with their mean.

    Returns:
        (lines, samples) float32 each: real and imaginary part of the scattered sound, and the
        echo of interfaces, all as amplitude over what was sent; and the uint16 labels.
    """
    shape = (len(lines.start), len(lines.thickness))
    echoes = np.zeros((3, *shape), np.float32)
    labels = np.zeros(shape, np.uint16)
    # numba's own parallel loops take no tuples of arrays; threads do, and share between sessions
    parts = np.linspace(0, shape[0], 4 * WORKERS + 1).astype(int)
    jobs = [
        _POOL.submit(_march, v, acoustics, lines, angle, speckle, a, b, *echoes, labels)
        for a, b in pairwise(parts)
    ]
    for job in jobs:
        job.result()
    return echoes[0], echoes[1], echoes[2], labels


@nb.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _march(
    v: Volumes, acoustics: Acoustics, lines: Lines, angle: bool, speckle: bool,
    first: int, last: int,
    real: NDArray, imaginary: NDArray, mirror: NDArray, labels: NDArray,
) -> None:  # fmt: skip
    samples, planes = len(lines.thickness), len(lines.offsets)
    middle = planes // 2
    for n in range(first, last):
        if np.isnan(lines.skin[n]):
            continue
        dx, dy, dz = lines.direction[n]
        power = np.zeros(samples)  # of the scatterers, over the thickness of the slice
        for p in range(planes):
            weight = lines.weights[p]
            depth = 0.0  # true depth under the pressed face, mm
            there_and_back = 1.0
            was = 0
            touched = False
            clutter = 0.0
            away = 1.0
            for m in range(samples):
                s = depth + lines.skin[n] * max(0.0, 1.0 - depth / PRESS)
                out = lines.offsets[p] * lines.thickness[m]
                x = lines.start[n, 0] + s * dx + out * lines.elevation[0]
                y = lines.start[n, 1] + s * dy + out * lines.elevation[1]
                z = lines.start[n, 2] + s * dz + out * lines.elevation[2]
                code = tissue_at(v, x, y, z)
                if not touched:
                    if code == 0:  # gel fills what is left between face and skin
                        depth += lines.step
                        continue
                    touched = True
                    was = code
                if code != was:
                    za, zb = acoustics.impedance[was], acoustics.impedance[code]
                    r = abs(zb - za) / (zb + za)
                    cos = 1.0
                    if angle:
                        cos = _facing(v, acoustics.impedance, x, y, z, dx, dy, dz)
                    rigid = code if zb > za else was
                    rough = acoustics.rough[rigid]
                    answer = rough * cos + (1.0 - rough) * cos ** acoustics.gloss[rigid]
                    if speckle:  # no surface of the body is a mirror all over
                        uneven = smooth(0.4 * x, 0.4 * y, 0.4 * z, 5)[0]
                        answer *= 0.3 + 0.9 * uneven
                    mirror[n, m] += weight * there_and_back * r * answer
                    sine = np.sqrt(max(0.0, 1.0 - cos * cos))
                    if acoustics.shadow:
                        there_and_back *= 1.0 - r * r
                        if sine * acoustics.speed[code] > acoustics.speed[was] and zb > 2.0 * za:
                            there_and_back = 0.0  # beyond the critical angle
                    if acoustics.dirty[code] > 0.0:
                        clutter = max(clutter, there_and_back * acoustics.dirty[code])
                        away = 1.0
                    was = code
                structure = 0
                along = 0.0
                fibre = acoustics.fibres[0]
                if p == middle or acoustics.across[code] > 0.0:
                    structure = label_at(v, x, y, z)
                if acoustics.across[code] > 0.0:
                    fibre = acoustics.fibres[structure]
                    along = (dx * fibre[0] + dy * fibre[1] + dz * fibre[2]) ** 2
                ds = lines.step * acoustics.speed[code] / SOUND_SPEED
                loss = acoustics.loss[code]
                loss += (acoustics.loss_along[code] - loss) * along
                half = np.exp(-loss * ds)  # one step there and back is this squared
                amplitude = acoustics.backscatter[code]
                # fibres scatter most when the beam meets them squarely
                amplitude *= 1.0 - acoustics.anisotropy[code] * min(1.0, 2.0 * along)
                level = there_and_back * half * amplitude + clutter * away
                power[m] += weight * level * level
                if p == middle and speckle and acoustics.sheet[code] > 0.0:
                    mirror[n, m] += acoustics.sheet[code] * there_and_back * sheets(
                        x, y, z, fibre[0], fibre[1], fibre[2], dx, dy, dz,
                        acoustics.across[code], acoustics.along[code], lines.wall,
                    )  # fmt: skip
                if clutter > 0.0:
                    away *= np.exp(-0.06 * lines.step)
                if p == middle:
                    labels[n, m] = structure
                    if speckle:
                        re, im = scatter(x, y, z, 1.0 / lines.cell)
                        real[n, m] = re
                        imaginary[n, m] = im
                    else:  # their mean, which is neither in nor against the phase of interfaces
                        imaginary[n, m] = 1.0
                there_and_back *= half * half
                depth += ds
                if there_and_back < 1e-7 and clutter * away < 1e-7 and p != middle:
                    break
        for m in range(samples):
            root = np.sqrt(power[m])
            real[n, m] *= root
            imaginary[n, m] *= root
