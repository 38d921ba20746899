"""Two ways to measure contrast: beside a place in a picture, and along a ray through the body."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from weakref import WeakKeyDictionary

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import BONES, TISSUE_CODE, TISSUES, StructureSet, Subject
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.masks import among, lengths_in, part_around
from spine_tutor.imaging.xray import spectrum, tissue_attenuation

REACH_MM = 2.0
"""How far from the outline the picture is looked at: about what a glance takes as one place."""

RING_MM = 4.0
"""How far the surround reaches."""

SURROUND_MM = 1.0
"""Distance between the places at which a surround is looked at, where voxels are finer."""


@dataclass(frozen=True, eq=False)
class Local:
    """Weight, mean and variance of a picture over the part of a mask near some pixels, (n,) each.

    The weight is the share of what lies near that is in the mask, 0 where next to none is.
    """

    weight: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    @classmethod
    def of(
        cls, pixels: NDArray, mask: NDArray[np.bool_], reach: int, at: NDArray[np.bool_]
    ) -> Local:
        """Return them with Gaussian weights of which `reach` pixels hold nearly all.

        Args:
            pixels, mask: (rows, columns) the picture and the part of it that counts.
            reach: pixels.
            at: (rows, columns) near which pixels one looks; an outline is much less than a patch.
        """
        side = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (reach / 2)) ** 2)
        center = float(pixels[mask].mean()) if mask.any() else 0.0  # keeps the variance exact
        places = np.argwhere(at)
        found = np.zeros((3, len(places)))
        _moments(np.ascontiguousarray(pixels), mask, center, places, side / side.sum(), found)
        weight, first, second = found
        weight[weight < 1e-3] = 0.0
        safe = np.maximum(weight, 1e-3)
        mean = first / safe
        return cls(weight, mean + center, np.maximum(second / safe - mean**2, 0.0))


@nb.njit(cache=True, nogil=True)
def _moments(pixels, mask, center, places, side, found):  # type: ignore[no-untyped-def]
    """Add up weight, value and square of what lies near each place; a border reflects."""
    rows, columns = mask.shape
    reach = len(side) // 2
    for n in range(len(places)):
        for i in range(len(side)):
            r = places[n, 0] + i - reach
            r = -r - 1 if r < 0 else 2 * rows - 1 - r if r >= rows else r
            if not 0 <= r < rows:
                continue
            for j in range(len(side)):
                c = places[n, 1] + j - reach
                c = -c - 1 if c < 0 else 2 * columns - 1 - c if c >= columns else c
                if 0 <= c < columns and mask[r, c]:
                    weight, value = side[i] * side[j], pixels[r, c] - center
                    found[0, n] += weight
                    found[1, n] += weight * value
                    found[2, n] += weight * value * value


def added_attenuation(
    subject: Subject, structure_id: str, geometry: ConeGeometry
) -> NDArray[np.float32]:
    """Return what a structure adds to the log attenuation of each ray.

    It is compared with the same body in which the structure is filled with its `surround`.
    """
    mu = attenuation_at_detector()
    differs = mu - mu[surround(subject, structure_id)]
    added = np.zeros(geometry.shape, np.float32)
    for code, length in lengths_in(subject, structure_id, geometry).items():
        added += np.float32(differs[code]) * length
    return added


def surround(subject: Subject, structure_id: str) -> int:
    """Return the code of the tissue that surrounds a structure, as X-rays see it.

    It is the median by attenuation of what lies within `RING_MM` of the structure, its own whole
    bone and the air outside the body left out. A joint is a gap in bone, so its surround is bone.

    Raises:
        UnknownStructure: if the subject has no structure of that name.
    """
    known = _SURROUNDS.setdefault(subject, {})
    if structure_id not in known:
        order = np.argsort(attenuation_at_detector())
        volume = _tissues_around(subject, structure_id)[order].cumsum()
        known[structure_id] = int(order[np.searchsorted(volume, 0.5 * volume[-1])])
    return known[structure_id]


_SURROUNDS: WeakKeyDictionary[Subject, dict[str, int]] = WeakKeyDictionary()


def _tissues_around(subject: Subject, structure_id: str) -> NDArray[np.float64]:
    """Return the volume of each tissue by code around a structure, mm³."""
    structures = subject.structures
    own = structures.labels_of(structure_id)
    left_out = [0, *whole_bone(structures, structure_id)]
    bone = [TISSUE_CODE[name] for name in BONES]
    found = np.zeros(len(TISSUES))
    for n in range(len(subject.grids)):
        part = part_around(subject, structure_id, n, RING_MM)
        if part is None:
            continue
        thin = max(1, int(SURROUND_MM / float(part.spacing[0])))  # every voxel is not needed
        labels, tissues = (codes[::thin, ::thin, ::thin] for codes in (part.labels, part.tissues))
        spacing = thin * np.asarray(part.spacing)
        near = grown(among(labels, own), max(1, round(RING_MM / float(spacing[0]))))
        near &= ~among(labels, left_out)
        if structures[structure_id].kind == "joint":
            near &= among(tissues, bone)
        found += float(np.prod(spacing)) * np.bincount(tissues[near], minlength=len(TISSUES))
    return found if found.any() else np.eye(len(TISSUES))[TISSUE_CODE["muscle"]]


def grown(mask: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """Return a mask, of two or three dimensions, with all that is at most so many steps from it.

    A step goes to the next pixel or voxel along an axis.
    """
    if not mask.any():
        return mask
    away = np.where(mask, np.int16(0), np.int16(steps + 1))
    _count_steps(away.reshape(-1, *mask.shape[-2:]))
    return away <= steps


@nb.njit(cache=True, nogil=True)
def _count_steps(away):  # type: ignore[no-untyped-def]
    """Turn 0 and many into the number of steps to the next 0: there and back along each axis."""
    nx, ny, nz = away.shape
    for way in range(2):
        for n in range(nx):
            i = nx - 1 - n if way else n
            for m in range(ny):
                j = ny - 1 - m if way else m
                for o in range(nz):
                    k = nz - 1 - o if way else o
                    least = away[i, j, k]
                    if n:
                        least = min(least, away[i + 2 * way - 1, j, k] + 1)
                    if m:
                        least = min(least, away[i, j + 2 * way - 1, k] + 1)
                    if o:
                        least = min(least, away[i, j, k + 2 * way - 1] + 1)
                    away[i, j, k] = least


def whole_bone(structures: StructureSet, structure_id: str) -> frozenset[int]:
    """Return the labels of a structure; of a part of a bone, those of the whole bone.

    Where a pedicle ends and the body begins is a convention that no picture shows.
    """
    if structures[structure_id].kind == "bone":
        return structures.labels_of(structures.whole(structure_id).id)
    return structures.labels_of(structure_id)


@cache
def attenuation_at_detector() -> NDArray[np.float64]:
    """Return the attenuation of each tissue by its code for a C-arm's beam behind a body, 1/mm.

    80 kVp, 3 mm Al, 150 mm of water: one beam for all views, as only ratios matter here.
    """
    beam = spectrum(80.0, 3.0, water=150.0)
    return np.array([beam.signal @ tissue_attenuation(t, beam.energy) for t in TISSUES])
