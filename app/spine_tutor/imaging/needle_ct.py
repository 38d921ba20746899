"""The needle in CT: steel in the slice, and the streaks that its shadow leaves.

Streaks are what filtered back-projection makes of the difference between what a scanner measures
behind steel and what it should for its picture to be true. Behind steel little is left but
scatter, so the measured logarithm stays behind the length of steel, most where rays run along
the needle: the error sits on few views and comes back as streaks from the needle's ends. Only
the needle is projected, on the views and rays that meet it, so this takes milliseconds.

The scanner turns about the normal of the slice, so streaks belong to axial slices. A reformat cuts
many turns and gets none.
"""

from __future__ import annotations

from functools import lru_cache

import numba as nb
import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d, zoom

from spine_tutor.anatomy import TISSUE_CODE
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.needle import PlacedNeedle
from spine_tutor.imaging.needle_pixels import along, around
from spine_tutor.imaging.xray import attenuation, ct_beam, hounsfield_by_tissue
from spine_tutor.kernels import one_at_a_time

RAYS = 3
"""Segments across a pixel each way, through the slice."""
LEAST_SHARE = 0.03
"""Share of steel below which a pixel is not named after it."""
SCATTER = 0.03
"""Scatter and electronic offset over the primary beam behind the body (E): the floor on which the
shadow of steel ends."""
CORRECTED = 0.5
"""Share of the error that the scanner's own corrections leave (E). McWilliams et al., "Reduction of
guide needle streak artifact in CT-guided biopsy", found medians of 1145 HU (stylet out) and
3390 HU (stylet in) between 17 to 19 G and the darkest streak; these needles lie between."""
VIEWS = 128
"""Views of half a turn, closest where rays run along the needle."""
BLUR_MM = 0.5
"""Standard deviation by which focal spot, detector and a turning gantry smooth a view (E)."""
ELEMENT_MM = 0.5
"""Distance between the rays of a view."""
ROWS = 3
"""Rays through the part of the slice that the needle fills; one row of the detector adds up all."""
SMEAR_MM = 70.0
"""Views far apart are smoothed so much that they leave no gaps at this distance."""
COARSE = 2
"""Streaks are worked out on every second pixel: they are straight and smooth."""


def add_steel(
    pixels: NDArray[np.float32],
    needle: PlacedNeedle,
    geometry: PlaneGeometry,
    thickness: float,
    spread: float,
) -> NDArray[np.bool_]:
    """Put the steel of a needle into a slice, in place, and return which pixels it fills.

    Args:
        pixels: (rows, columns) HU.
        needle: where it lies.
        geometry: the slice.
        thickness: mm.
        spread: standard deviation of the kernel, mm, by which the needle seems wider than it is.
    """
    share = steel_share(needle, geometry, thickness)
    at = np.argwhere(share > 0)
    if len(at):
        wide = int(np.ceil(4 * spread / geometry.spacing))
        box = tuple(
            slice(max(0, low - wide), high + wide + 1)
            for low, high in zip(at.min(axis=0), at.max(axis=0), strict=True)
        )
        seen = gaussian_filter(share[box], spread / geometry.spacing, mode="constant", truncate=3)
        steel = hounsfield_by_tissue()[TISSUE_CODE["steel"]]
        pixels[box] += seen * (steel - pixels[box])
    return named(share)


def steel_share(
    needle: PlacedNeedle, geometry: PlaneGeometry, thickness: float
) -> NDArray[np.float32]:
    """Return how much of each pixel, through the thickness of the slice, is steel, 0 to 1."""
    share = np.zeros(geometry.shape, np.float32)
    at = near(needle, geometry, 0.5 * thickness + 0.5)
    if not len(at):
        return share
    step = (np.arange(RAYS) - 0.5 * (RAYS - 1)) / RAYS
    offsets = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
    middle = places(geometry, at[:, None, :] + offsets)
    half = 0.5 * max(thickness, 0.1) * geometry.normal
    share[tuple(at.T)] = needle.steel.lengths(middle - half, middle + half).mean(axis=1)
    return share / np.float32(max(thickness, 0.1))


def named(share: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the pixels that bear the needle's name: those of its middle in the slice."""
    return share > max(LEAST_SHARE, 0.4 * float(share.max(initial=0.0)))


def near(needle: PlacedNeedle, geometry: PlaneGeometry, reach: float) -> NDArray[np.intp]:
    """Return the pixels near a needle, (n, 2) row and column: within `reach` mm of the plane."""
    points = along(needle.line, 0.5 * geometry.spacing)
    offset = points - geometry.origin
    offset = offset[np.abs(offset @ geometry.normal) < reach + needle.radius] / geometry.spacing
    middle = np.stack([offset @ geometry.down, offset @ geometry.right], axis=1)
    return around(middle, int(np.ceil(needle.radius / geometry.spacing)) + 1, geometry.shape)


def places(geometry: PlaneGeometry, at: NDArray) -> NDArray[np.float64]:
    """Return the world position of rows and columns (..., 2), (..., 3) mm."""
    return geometry.origin + geometry.spacing * (
        at[..., :1] * geometry.down + at[..., 1:] * geometry.right
    )


# -- streaks --------------------------------------------------------------------------------------


def streaks(needle: PlacedNeedle, geometry: PlaneGeometry, thickness: float) -> NDArray[np.float32]:
    """Return what the shadow of a needle adds to an axial slice, (rows, columns) HU.

    Args:
        needle: where it lies.
        geometry: the slice; the scanner turns about its normal.
        thickness: mm.
    """
    half = 0.5 * max(thickness, 0.1)
    inside = _within(needle, geometry, half + needle.radius)
    if inside is None:
        return np.zeros(geometry.shape, np.float32)
    start, end = inside
    middle, way = 0.5 * (start + end), end - start
    angles, weights = _views(float(np.arctan2(way[1], way[0])))
    error = _error(needle, geometry, start, end, angles, view_rays(geometry), half)
    return reconstructed(error, angles, weights, middle, geometry)


def view_rays(geometry: PlaneGeometry) -> NDArray[np.float64]:
    """Return how far from the middle each ray of a view runs, mm."""
    diagonal = np.hypot(*geometry.shape) * geometry.spacing
    count = scipy.fft.next_fast_len(int(2.0 * diagonal / ELEMENT_MM), real=True)
    return ELEMENT_MM * (np.arange(count) - count // 2)


def measured_error(through: NDArray, true: NDArray) -> NDArray[np.float32]:
    """Return measured less true logarithm behind metal that lets `through` a share of the beam."""
    error = CORRECTED * (-np.log((through + SCATTER) / (1.0 + SCATTER)) - true)
    return np.asarray(error, np.float32)


def reconstructed(
    error: NDArray[np.float32],
    angles: NDArray[np.float64],
    weights: NDArray[np.float64],
    middle: NDArray[np.float64],
    geometry: PlaneGeometry,
) -> NDArray[np.float32]:
    """Return what an error of views becomes by filtered back-projection, (rows, columns) HU.

    Args:
        error: (views, rays) as `view_rays` places them.
        angles, weights: of the views, and the share of half a turn each stands for.
        middle: place in the slice that the middle rays meet, down and right, mm.
        geometry: the slice.
    """
    rows, columns = geometry.shape
    count = error.shape[1]
    frequency = scipy.fft.rfftfreq(count, ELEMENT_MM)
    smear = (0.5 * SMEAR_MM * weights)[:, None] * frequency
    ramp = (frequency * np.exp(-2.0 * (np.pi * smear) ** 2)).astype(np.float32)
    filtered = scipy.fft.irfft(scipy.fft.rfft(error, axis=1) * ramp, count, axis=1)
    few = np.zeros((-(-rows // COARSE), -(-columns // COARSE)), np.float32)
    _back_project(
        filtered, np.cos(angles), np.sin(angles), weights, ELEMENT_MM,
        middle, geometry.spacing * COARSE, few,
    )  # fmt: skip
    water = float(ct_beam().signal @ attenuation("water", ct_beam().energy))
    added = zoom(few, COARSE, order=1, grid_mode=True, mode="nearest")[:rows, :columns]
    return np.asarray(added * np.float32(1000.0 / water), np.float32)


def _within(
    needle: PlacedNeedle, geometry: PlaneGeometry, reach: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the ends of the needle's part in a slice, down and right in mm; None for no part."""
    offset = needle.line - geometry.origin
    height = offset @ geometry.normal
    flat = np.stack([offset @ geometry.down, offset @ geometry.right], axis=1)
    kept = []
    for a, b, p, q in zip(height, height[1:], flat, flat[1:], strict=False):
        cuts = [0.0, 1.0]
        if abs(b - a) > 1e-9:
            cuts += [float(np.clip((side - a) / (b - a), 0, 1)) for side in (-reach, reach)]
        kept += [p + t * (q - p) for t in sorted(cuts) if abs(a + t * (b - a)) <= reach + 1e-6]
    return (kept[0], kept[-1]) if kept else None


def _views(along: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the angles of rays in the slice over half a turn, and the share of it each stands for.

    They lie as squares do around the needle's own direction, where a tenth of a degree matters.
    """
    edges = np.linspace(-1, 1, VIEWS + 1)
    edges = 0.5 * np.pi * np.sign(edges) * edges**2
    return along + 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)


def _error(
    needle: PlacedNeedle,
    geometry: PlaneGeometry,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    angles: NDArray[np.float64],
    across: NDArray[np.float64],
    half: float,
) -> NDArray[np.float32]:
    """Return measured less true logarithm of each view and ray, (views, rays)."""
    along, aside = np.cos(angles)[:, None], np.sin(angles)[:, None]
    ways = along * geometry.down + aside * geometry.right
    sides = along * geometry.right - aside * geometry.down
    extent = float(np.linalg.norm(end - start))
    shadow = 0.5 * np.abs((along * (end - start)[1] - aside * (end - start)[0])[:, 0])
    met = np.abs(across) < (shadow + needle.make.diameter)[:, None]
    view, ray = np.nonzero(met)
    flat = 0.5 * (start + end)
    center = geometry.origin + flat[0] * geometry.down + flat[1] * geometry.right
    at = center + across[ray, None] * sides[view]
    low, high = _heights(needle, geometry, half)
    heights = low + (high - low) * (np.arange(ROWS) + 0.5) / ROWS
    at = at[:, None, :] + heights[:, None] * geometry.normal
    far = (extent + 5.0) * ways[view][:, None, :]
    steel = needle.steel.lengths(at - far, at + far)  # (rays that meet it, rows)
    lengths, passed, slope = response("steel")
    filled = (high - low) / (2.0 * half)
    through, true = np.ones(met.shape), np.zeros(met.shape)
    through[met] = 1.0 - filled * (1.0 - np.interp(steel, lengths, passed).mean(axis=1))
    true[met] = filled * slope * steel.mean(axis=1)
    near = met.any(axis=0)
    near = np.convolve(near, np.ones(2 * int(4 * BLUR_MM / ELEMENT_MM) + 1), "same") > 0
    sigma = BLUR_MM / ELEMENT_MM
    through = gaussian_filter1d(through[:, near], sigma, axis=1, mode="nearest")
    true = gaussian_filter1d(true[:, near], sigma, axis=1, mode="nearest")
    error = np.zeros(met.shape, np.float32)
    error[:, near] = measured_error(through, true)
    return error


def _heights(needle: PlacedNeedle, geometry: PlaneGeometry, half: float) -> tuple[float, float]:
    """Return from where to where the needle fills the slice, mm over its middle."""
    height = (needle.line - geometry.origin) @ geometry.normal
    lean = needle.radius * np.sqrt(max(0.0, 1.0 - float(needle.direction @ geometry.normal) ** 2))
    low, high = float(height.min() - lean), float(height.max() + lean)
    return max(low, -half), min(high, half)


@lru_cache(maxsize=2)
def response(metal: str) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return lengths of a metal in mm, what they let through of a CT beam, and its first slope."""
    beam = ct_beam()
    mu = attenuation(metal, beam.energy)
    lengths = 260.0 * np.linspace(0, 1, 200) ** 2
    return lengths, np.exp(-lengths[:, None] * mu) @ beam.signal, float(beam.signal @ mu)


@one_at_a_time
@nb.njit(cache=True, parallel=True, fastmath=True)
def _back_project(filtered, cosine, sine, weights, element, middle, spacing, picture):  # type: ignore[no-untyped-def]
    """Add each view to the pixels along its rays."""
    count = filtered.shape[1]
    for r in nb.prange(picture.shape[0]):
        down = (r + 0.5) * spacing - middle[0]
        for v in range(len(weights)):
            weight = np.float32(weights[v])
            at = (-down * sine[v] + (0.5 * spacing - middle[1]) * cosine[v]) / element + count // 2
            step = cosine[v] * spacing / element
            for c in range(picture.shape[1]):
                i = int(at)
                if at >= 0 and i < count - 1:
                    part = np.float32(at - i)
                    picture[r, c] += weight * (
                        filtered[v, i] + part * (filtered[v, i + 1] - filtered[v, i])
                    )
                at += step
