"""The part of a picture around a structure, and how it differs across the structure's outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

from spine_tutor.imaging.contrast import REACH_MM, RING_MM, Local, grown
from spine_tutor.imaging.image import Image

EDGE_MM = 0.5
"""Half the width of the edge that every modality blurs; it is neither inside nor outside."""
EDGE_STEP_MM = 0.25
"""Width of the bins in which the picture is averaged along an outline."""
EDGE_SHARES = (0.1, 0.9)
"""Shares of the contrast between which an edge is measured."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Patch:
    """A picture cropped to what lies around a mask.

    Attributes:
        pixels: (rows, columns) of the picture.
        mask: where the structure shows.
        field: where there is a picture at all.
        spacing: size of a pixel in the body, mm.
    """

    pixels: NDArray[np.floating]
    mask: Mask
    field: Mask
    spacing: float

    @classmethod
    def around(cls, mask: Mask, image: Image, spacing: float) -> tuple[Patch, tuple[slice, slice]]:
        """Return the patch of a picture around a mask that holds any pixel, and where it lies."""
        margin = int(np.ceil((RING_MM + 2 * REACH_MM) / spacing)) + 2
        at = tuple(
            slice(max(0, int(filled[0]) - margin), min(size, int(filled[-1]) + margin + 1))
            for filled, size in (
                (np.flatnonzero(mask.any(axis=1 - axis)), mask.shape[axis]) for axis in range(2)
            )
        )
        field = np.ones(mask.shape, bool) if image.inside is None else image.inside
        return cls(image.pixels[at], mask[at], field[at], spacing), (at[0], at[1])

    # -- regions ----------------------------------------------------------------------------------

    @property
    def outline(self) -> Mask:
        """Return the border of the mask; where the field of the picture ends is none."""
        return self.mask & ~binary_erosion(self.mask | ~self.field, border_value=1)

    @property
    def core(self) -> Mask:
        """Return the mask without its blurred edge, unless little else would be left of it."""
        core = ~grown(~self.mask, self.count(EDGE_MM))
        return core if core.sum() > 0.25 * self.mask.sum() else self.mask

    def ring(self, leave_out: Mask) -> Mask:
        """Return what lies around the mask, beyond its blurred edge, in the field."""
        edge = self.widened(self.mask, EDGE_MM)
        return self.widened(edge, RING_MM) & ~edge & ~leave_out & self.field

    def count(self, mm: float) -> int:
        """Return a distance in pixels, at least one."""
        return max(1, round(mm / self.spacing))

    def widened(self, mask: Mask, mm: float) -> Mask:
        """Return a mask grown by a distance."""
        return grown(mask, self.count(mm))

    def local(self, region: Mask, at: Mask) -> Local:
        """Return mean and variance of the picture near the pixels `at`, over a region."""
        return Local.of(self.pixels, region, self.count(REACH_MM), at)

    # -- measures ---------------------------------------------------------------------------------

    def ratio(self, floor: float, outline: Mask, inside: Mask, *others: Mask) -> float:
        """Return the median contrast-to-noise ratio between regions along an outline.

        The first is compared with each other region; what counts at a place is the smaller
        difference, and nothing if it lies between the others, as a blurred edge does.

        Args:
            floor: the least noise that counts, a standard deviation.
            outline: where it is looked at.
            inside: the first region; `others`: what it is compared with.
        """
        one, *rest = (self.local(region, outline) for region in (inside, *others))
        at = np.all([local.weight > 0 for local in (one, *rest)], axis=0)
        if not at.any():
            return 0.0
        ratios = np.array(
            [
                (one.mean[at] - other.mean[at])
                / np.sqrt(np.maximum(0.5 * (one.variance[at] + other.variance[at]), floor**2))
                for other in rest
            ]
        )
        alike = np.all(ratios > 0, axis=0) | np.all(ratios < 0, axis=0)
        return float(np.median(np.where(alike, np.abs(ratios).min(axis=0), 0.0)))

    def edge_width(self, outline: Mask, inside: Mask, outside: Mask) -> float | None:
        """Return over how many mm the picture rises across an outline, 10 to 90 % of its contrast.

        Pixels are sorted by their distance along the outline's normal and averaged along it, each
        against the contrast at the nearest place of the outline; strong contrast counts more.

        Returns:
            the width, at most twice `REACH_MM`; None if the picture has no step there.
        """
        one, other = self.local(inside, outline), self.local(outside, outline)
        known_at = (one.weight > 0) & (other.weight > 0)
        if not known_at.any():
            return None
        use, step, base = (np.zeros(outline.shape, kind) for kind in (bool, float, float))
        use[outline], step[outline], base[outline] = known_at, one.mean - other.mean, other.mean
        away, nearest = distance_transform_edt(~outline, return_indices=True)
        signed = np.where(self.mask, away + 0.5, 0.5 - away) * self.spacing
        rows, columns = nearest
        near = (np.abs(signed) <= REACH_MM) & use[rows, columns] & self.field
        r, c = rows[near], columns[near]
        weight = step[r, c]
        bins = np.floor((signed[near] + REACH_MM) / EDGE_STEP_MM).astype(int)
        total = np.bincount(bins, weight**2)
        risen = np.bincount(bins, weight * (self.pixels[near] - base[r, c]))
        known = np.flatnonzero(total > 0)
        place = (known + 0.5) * EDGE_STEP_MM
        share = np.maximum.accumulate(risen[known] / total[known])  # from outside inwards
        low, high = EDGE_SHARES
        if not len(known) or share[0] >= 0.5 or share[-1] < high:
            return None
        start, end = np.interp((low, high), share, place)
        return float(end - start)
