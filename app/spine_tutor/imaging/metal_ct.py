"""Streaks of metal in CT: what the error of its shadow becomes in every slice and reformat.

Streaks are what filtered back-projection makes of the difference between what a scanner measures
behind metal and what it should for its picture to be true. Behind metal little is left but
scatter, so the measured logarithm stays behind the length of metal, most where rays run along it.

The scanner turns about the axis of the table, so streaks lie in axial planes. Every axial plane
that holds metal has an artefact field of its own, kept here as its filtered views. An axial
picture is one such plane. A sagittal or coronal picture cuts many: each of its pixels takes what
the planes above and below it have there, as a reformat of axial slices does, which shows the
streaks as bands across the levels where metal lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numba as nb
import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, zoom

from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.xray import attenuation, ct_beam
from spine_tutor.kernels import one_at_a_time

SCATTER = 0.03
"""Scatter and electronic offset over the primary beam behind the body (E): the floor on which the
shadow of metal ends."""
CORRECTED = 0.5
"""Share of the error that the scanner's own corrections leave (E). McWilliams et al., "Reduction of
guide needle streak artifact in CT-guided biopsy", found medians of 1145 HU (stylet out) and
3390 HU (stylet in) between 17 to 19 G and the darkest streak; these needles lie between."""
BLUR_MM = 0.5
"""Standard deviation by which focal spot, detector and a turning gantry smooth a view (E)."""
SLICE_MM = 1.0
"""Thickness and distance of the axial slices that a reformat is made of (E: usual of a spine)."""
ELEMENT_MM = 0.5
"""Distance between the rays of a view."""
RAYS = 1024
"""Rays of a view: streaks reach half as many elements, 256 mm, from the middle of the metal."""
SMEAR_MM = 70.0
"""Views far apart are smoothed so much that they leave no gaps at this distance."""
COARSE = 2
"""Streaks are worked out on every second pixel: they are straight and smooth."""


def across() -> NDArray[np.float64]:
    """Return how far from the middle of the metal each ray of a view runs, (RAYS,) mm."""
    return (np.arange(RAYS, dtype=float) - RAYS // 2) * ELEMENT_MM


TABLE = PlaneGeometry(
    (1, 1), np.zeros(3), np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0]), 1.0
)
"""The axial plane across the table at height 0, its normal up: the slices that reformats are made
of lie along it. An axial picture is acquired in its own plane, even tilted with the gantry."""


def about(plane: PlaneGeometry, middle: NDArray[np.float64]) -> PlaneGeometry:
    """Return a plane with its origin at the foot of the perpendicular from a place (3,)."""
    foot = middle - ((middle - plane.origin) @ plane.normal) * plane.normal
    return replace(plane, origin=foot)


def levels(low: float, high: float) -> NDArray[np.float64]:
    """Return the heights of the axial slices of a study that reach from `low` to `high`, mm."""
    first, last = np.floor(low / SLICE_MM + 0.5), np.ceil(high / SLICE_MM - 0.5)
    return SLICE_MM * np.arange(first, max(first, last) + 1)


@dataclass(frozen=True, eq=False)
class Planes:
    """The artefact fields of neighbouring axial planes, as views that are filtered.

    Attributes:
        turn: the axial plane of the heights' zero; its origin is where the middle rays meet.
        heights: (planes,) mm along its normal, equally far apart.
        views: (planes, views, RAYS) HU/mm, filtered.
        angles, weights: (views,) rad, and the share of half a turn each stands for.
    """

    turn: PlaneGeometry
    heights: NDArray[np.float64]
    views: NDArray[np.float32]
    angles: NDArray[np.float64]
    weights: NDArray[np.float64]

    def picture(self, geometry: PlaneGeometry) -> NDArray[np.float32]:
        """Return what the fields add to a picture, (rows, columns) HU."""
        rows, columns = geometry.shape
        few = np.zeros((-(-rows // COARSE), -(-columns // COARSE)), np.float32)
        corner = geometry.pixel_to_world(0.5 * (COARSE - 1), 0.5 * (COARSE - 1)) - self.turn.origin
        frame = np.stack([self.turn.down, self.turn.right, self.turn.normal])
        step = geometry.spacing * COARSE
        pitch = self.heights[1] - self.heights[0] if len(self.heights) > 1 else SLICE_MM
        start = frame @ corner - [0.0, 0.0, self.heights[0]]
        scale = np.array([1.0, 1.0, 1.0 / pitch])
        _back_project(
            self.views, np.cos(self.angles), np.sin(self.angles), self.weights, ELEMENT_MM,
            start * scale, frame @ geometry.down * step * scale,
            frame @ geometry.right * step * scale, few,
        )  # fmt: skip
        return zoom(few, COARSE, order=1, grid_mode=True, mode="nearest")[:rows, :columns]


def filtered(
    through: NDArray[np.float64], true: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the views of a plane's artefact field, (views, RAYS) HU/mm, from what rays meet.

    Args:
        through: (views, RAYS) share of the beam that metal lets pass.
        true: (views, RAYS) the logarithm that would have been true.
        weights: (views,) share of half a turn each stands for.
    """
    error = np.zeros(through.shape, np.float32)
    met = np.flatnonzero(true.any(axis=0))
    if len(met):  # most rays pass beside metal
        wide = int(4 * BLUR_MM / ELEMENT_MM) + 1
        near = slice(max(0, met[0] - wide), met[-1] + wide + 1)
        blur = BLUR_MM / ELEMENT_MM
        error[:, near] = measured_error(
            gaussian_filter1d(through[:, near], blur, axis=1, mode="nearest"),
            gaussian_filter1d(true[:, near], blur, axis=1, mode="nearest"),
        )
    frequency = scipy.fft.rfftfreq(RAYS, ELEMENT_MM)
    smear = (0.5 * SMEAR_MM * weights)[:, None] * frequency
    water = float(ct_beam().signal @ attenuation("water", ct_beam().energy))
    ramp = frequency * np.exp(-2.0 * (np.pi * smear) ** 2) * (1000.0 / water)
    spectrum = scipy.fft.rfft(error, axis=1) * ramp.astype(np.float32)
    return np.asarray(scipy.fft.irfft(spectrum, RAYS, axis=1), np.float32)


def measured_error(through: NDArray, true: NDArray) -> NDArray[np.float32]:
    """Return measured less true logarithm behind metal that lets `through` a share of the beam."""
    error = CORRECTED * (-np.log((through + SCATTER) / (1.0 + SCATTER)) - true)
    return np.asarray(error, np.float32)


@lru_cache(maxsize=2)
def response(metal: str) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return lengths of a metal in mm, what they let through of a CT beam, and its first slope."""
    beam = ct_beam()
    mu = attenuation(metal, beam.energy)
    lengths = 260.0 * np.linspace(0, 1, 200) ** 2
    return lengths, np.exp(-lengths[:, None] * mu) @ beam.signal, float(beam.signal @ mu)


@one_at_a_time
@nb.njit(cache=True, parallel=True, fastmath=True)
def _back_project(views, cosine, sine, weights, element, start, down, right, picture):  # type: ignore[no-untyped-def]
    """Add each view to the pixels along its rays, between planes in proportion.

    `start`, `down` and `right` are the first pixel and the steps to the next, (3,): mm down and
    right in the planes, and planes upwards.
    """
    planes, _, count = views.shape
    columns = picture.shape[1]
    for r in nb.prange(picture.shape[0]):
        # a row's planes: none, one or two of them for each pixel
        low = np.empty(columns, np.int64)
        above = np.empty(columns, np.float32)
        some = False
        for c in range(columns):
            height = start[2] + r * down[2] + c * right[2]
            near = np.rint(height)
            if abs(height - near) < 1e-6:
                height = near
            low[c] = int(np.floor(height))
            above[c] = height - low[c]
            some = some or (-1 <= low[c] < planes)
        if not some:
            continue
        for v in range(len(weights)):
            weight = np.float32(weights[v])
            at = (
                -(start[0] + r * down[0]) * sine[v] + (start[1] + r * down[1]) * cosine[v]
            ) / element + count // 2
            step = (-right[0] * sine[v] + right[1] * cosine[v]) / element
            for c in range(columns):
                i = int(at)
                if at >= 0 and i < count - 1:
                    part = np.float32(at - i)
                    n, share = low[c], above[c]
                    if 0 <= n < planes:
                        value = views[n, v, i] + part * (views[n, v, i + 1] - views[n, v, i])
                        picture[r, c] += weight * (np.float32(1.0) - share) * value
                    if share > 0 and -1 <= n < planes - 1:
                        n += 1
                        value = views[n, v, i] + part * (views[n, v, i + 1] - views[n, v, i])
                        picture[r, c] += weight * share * value
                at += step
