"""The needle in CT: steel in the slice, and the streaks that its shadow leaves.

A needle's error sits on the few views whose rays run along it and comes back as streaks from its
ends, see `metal_ct`. Only the needle is projected, on the views and rays that meet it, so this
takes milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from spine_tutor.anatomy import TISSUE_CODE
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.metal_ct import (
    RAYS,
    SLICE_MM,
    TABLE,
    Planes,
    about,
    across,
    filtered,
    levels,
    response,
)
from spine_tutor.imaging.needle import PlacedNeedle
from spine_tutor.imaging.needle_pixels import along, around
from spine_tutor.imaging.xray import hounsfield_by_tissue

WITHIN = 3
"""Segments across a pixel each way, through the slice."""
LEAST_SHARE = 0.03
"""Share of steel below which a pixel is not named after it."""
VIEWS = 128
"""Views of half a turn, closest where rays run along the needle."""
ROWS = 3
"""Rays through the part of the slice that the needle fills; one row of the detector adds up all."""


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
    step = (np.arange(WITHIN) - 0.5 * (WITHIN - 1)) / WITHIN
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


def streaks(
    needle: PlacedNeedle, geometry: PlaneGeometry, thickness: float, axial: bool
) -> NDArray[np.float32]:
    """Return what the shadow of a needle adds to a picture, (rows, columns) HU.

    Args:
        needle: where it lies.
        geometry: the picture.
        thickness: of an axial slice, mm; a reformat is made of slices of `SLICE_MM`.
        axial: whether it was acquired as it lies, the scanner turning about its normal.
    """
    if axial:
        planes = fields(needle, geometry, np.zeros(1), max(thickness, 0.1))
    else:
        planes = reformatted(needle)
    return np.zeros(geometry.shape, np.float32) if planes is None else planes.picture(geometry)


@lru_cache(maxsize=4)
def reformatted(needle: PlacedNeedle) -> Planes | None:
    """Return the fields of all axial slices of a study that a needle lies in; the last are kept."""
    ends = needle.line[:, 2]
    lean = needle.radius * np.sqrt(max(0.0, 1.0 - needle.direction[2] ** 2))
    return fields(needle, TABLE, levels(ends.min() - lean, ends.max() + lean), SLICE_MM)


def fields(
    needle: PlacedNeedle, axial: PlaneGeometry, heights: NDArray[np.float64], thickness: float
) -> Planes | None:
    """Return the artefact fields of axial slices, None where the needle is in none of them.

    Args:
        needle: where it lies.
        axial: the axial plane of height 0.
        heights: (planes,) of the middles of the slices, equally far apart, mm.
        thickness: of each, mm.
    """
    half = 0.5 * thickness
    turn = about(axial, needle.tip)
    slices = [replace(turn, origin=turn.origin + h * turn.normal) for h in heights]
    parts = [_within(needle, one, half + needle.radius) for one in slices]
    met = [part.mean(axis=0) for part in parts if part is not None]
    if not met:
        return None
    middle = np.mean(met, axis=0)  # of the needle's parts, down and right of the tip
    move = middle[0] * turn.down + middle[1] * turn.right
    way = needle.line[-1] - needle.line[0]
    angles, weights = _views(float(np.arctan2(way @ turn.right, way @ turn.down)))
    shadows = {
        n: _Shadow.of(needle, replace(one, origin=one.origin + move), part - middle, angles, half)
        for n, (one, part) in enumerate(zip(slices, parts, strict=True))
        if part is not None
    }
    steel = needle.steel.lengths(  # of all at once
        np.concatenate([shadow.start for shadow in shadows.values()]),
        np.concatenate([shadow.end for shadow in shadows.values()]),
    )
    ends = np.cumsum([len(shadow.start) for shadow in shadows.values()])
    views = np.zeros((len(slices), VIEWS, RAYS), np.float32)
    for (n, shadow), lengths in zip(shadows.items(), np.split(steel, ends[:-1]), strict=True):
        views[n] = filtered(*shadow.seen(lengths), weights)
    return Planes(replace(turn, origin=turn.origin + move), heights, views, angles, weights)


def _within(
    needle: PlacedNeedle, geometry: PlaneGeometry, reach: float
) -> NDArray[np.float64] | None:
    """Return the two ends of the needle's part in a slice, down and right in mm, or None."""
    offset = needle.line - geometry.origin
    height = offset @ geometry.normal
    flat = np.stack([offset @ geometry.down, offset @ geometry.right], axis=1)
    kept = []
    for a, b, p, q in zip(height, height[1:], flat, flat[1:], strict=False):
        cuts = [0.0, 1.0]
        if abs(b - a) > 1e-9:
            cuts += [float(np.clip((side - a) / (b - a), 0, 1)) for side in (-reach, reach)]
        kept += [p + t * (q - p) for t in sorted(cuts) if abs(a + t * (b - a)) <= reach + 1e-6]
    return np.array([kept[0], kept[-1]]) if kept else None


def _views(along: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the angles of rays in the slice over half a turn, and the share of it each stands for.

    They lie as squares do around the needle's own direction, where a tenth of a degree matters.
    """
    edges = np.linspace(-1, 1, VIEWS + 1)
    edges = 0.5 * np.pi * np.sign(edges) * edges**2
    return along + 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)


@dataclass(frozen=True, eq=False)
class _Shadow:
    """The rays of a slice's views that may meet a needle.

    Attributes:
        met: (views, RAYS) which these are.
        start, end: (met rays, ROWS, 3) their ends, mm.
        filled: share of the slice's thickness that the needle fills.
    """

    met: NDArray[np.bool_]
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    filled: float

    @classmethod
    def of(
        cls,
        needle: PlacedNeedle,
        plane: PlaneGeometry,
        part: NDArray[np.float64],
        angles: NDArray[np.float64],
        half: float,
    ) -> _Shadow:
        """Return those of a slice.

        Args:
            needle: where it lies.
            plane: the slice; the middle rays meet at its origin.
            part: (2, 2) ends of the needle's part, down and right of the origin, mm.
            angles: of the views.
            half: of the slice's thickness, mm.
        """
        along, aside = np.cos(angles)[:, None], np.sin(angles)[:, None]
        ways = along * plane.down + aside * plane.right
        sides = along * plane.right - aside * plane.down
        way, flat = part[1] - part[0], part.mean(axis=0)
        shadow = 0.5 * np.abs(along * way[1] - aside * way[0])
        ray_at = across()
        met = np.abs(ray_at - (along * flat[1] - aside * flat[0])) < shadow + needle.make.diameter
        view, ray = np.nonzero(met)
        # from beside the part's own middle, so that the rays need not be long
        back = along * flat[0] + aside * flat[1]
        at = plane.origin + ray_at[ray, None] * sides[view] + back[view] * ways[view]
        low, high = _heights(needle, plane, half)
        heights = low + (high - low) * (np.arange(ROWS) + 0.5) / ROWS
        at = at[:, None, :] + heights[:, None] * plane.normal
        far = (float(np.linalg.norm(way)) + 5.0) * ways[view][:, None, :]
        return cls(met, at - far, at + far, (high - low) / (2.0 * half))

    def seen(self, steel: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what passes and the true logarithm, (views, RAYS) each.

        Args:
            steel: (met rays, ROWS) mm of it on each.
        """
        lengths, passed, slope = response("steel")
        through, true = np.ones(self.met.shape), np.zeros(self.met.shape)
        met_through = np.interp(steel, lengths, passed).mean(axis=1)
        through[self.met] = 1.0 - self.filled * (1.0 - met_through)
        true[self.met] = self.filled * slope * steel.mean(axis=1)
        return through, true


def _heights(needle: PlacedNeedle, geometry: PlaneGeometry, half: float) -> tuple[float, float]:
    """Return from where to where the needle fills the slice, mm over its middle."""
    height = (needle.line - geometry.origin) @ geometry.normal
    lean = needle.radius * np.sqrt(max(0.0, 1.0 - float(needle.direction @ geometry.normal) ** 2))
    low, high = float(height.min() - lean), float(height.max() + lean)
    return max(low, -half), min(high, half)
