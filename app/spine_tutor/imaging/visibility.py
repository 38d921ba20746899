"""How well a picture shows a structure: the first visibility measure.

One walks along the structure's outline. At each place the picture just inside is compared with
the picture just outside, over a disc of `REACH_MM`, and the difference is divided by how much
the picture varies there (noise, texture, clutter). The median over the outline is the
contrast-to-noise ratio: half of the outline is at least as clear as that.

- Cut: inside is the structure's label, outside a ring around it.
- Ultrasound: sound shows surfaces that face the probe, so only that side of the outline counts,
  and the echo of the surface itself counts as inside.
- Projection: rays pass through all there is, so there is no outside. The contrast is what the
  structure itself adds, its path length times how its attenuation differs from its
  surround, against the variation of all the rest along the outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

from spine_tutor.anatomy import TISSUES, LabelGrid, StructureSet, Subject
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.masks import mm_per_pixel, structure_mask
from spine_tutor.imaging.modality import simulate
from spine_tutor.imaging.projector import Volume, line_integrals
from spine_tutor.imaging.view import Pose
from spine_tutor.imaging.xray import spectrum, tissue_attenuation

REACH_MM = 2.0
"""How far from the outline the picture is looked at: about what a glance takes as one place."""

THRESHOLDS = {
    "fluoroscopy": (0.7, 1.5),
    "ct": (0.7, 1.5),
    "ultrasound": (0.7, 1.5),
    "mri": (0.7, 1.5),
}
"""Contrast-to-noise from which a structure is faint, and visible, by modality. Estimates: set so
that the textbook statements in tests/imaging/test_visibility.py hold."""

MIN_AREA_MM2 = 4.0
"""What shows less than this in a picture (two millimetres square) is not in it."""

Verdict = Literal["visible", "faint", "hidden"]
RANK: dict[Verdict, int] = {"hidden": 0, "faint": 1, "visible": 2}


@dataclass(frozen=True)
class Visibility:
    """How well one picture shows one structure.

    Attributes:
        structure, modality: what, and by what.
        cnr: contrast-to-noise ratio along the outline, without unit.
        area_mm2: what the structure covers in the picture, at the isocentre in a projection.
        verdict: the ratio in a word.
        reason: why, for a person.
    """

    structure: str
    modality: str
    cnr: float
    area_mm2: float
    verdict: Verdict
    reason: str

    @property
    def rank(self) -> tuple[int, float]:
        """Return a key that sorts what is seen better behind."""
        return RANK[self.verdict], self.cnr

    def __str__(self) -> str:
        return (
            f"{self.verdict} (contrast-to-noise {self.cnr:.1f}, {self.area_mm2:.0f} mm², "
            f"{self.reason})"
        )


@dataclass(frozen=True, eq=False)
class Sight:
    """One picture, simulated once, and how it shows any structure.

    Attributes:
        subject, view, settings, seed: as `simulate` takes them.
    """

    subject: Subject
    view: Pose
    settings: BaseModel | None = None
    seed: int = 0

    @cached_property
    def image(self) -> Image:
        """Return the picture."""
        return simulate(self.subject, self.view, self.settings, self.seed)

    @property
    def modality(self) -> str:
        """Return what forms the picture."""
        return self.view.modality  # type: ignore[attr-defined]

    @property
    def mm_per_pixel(self) -> float:
        """Return the size of a pixel in the body, in a projection at its isocentre."""
        return mm_per_pixel(self.image)

    def mask(self, structure_id: str) -> NDArray[np.bool_]:
        """Return the pixels that show a structure."""
        return structure_mask(self.image, structure_id)

    def visibility(self, structure_id: str) -> Visibility:
        """Return how well the picture shows a structure.

        Raises:
            UnknownStructure: if the subject has no structure of that name.
        """
        mask = self.mask(structure_id)
        area = float(mask.sum()) * self.mm_per_pixel**2

        def found(cnr: float, reason: str) -> Visibility:
            faint, visible = THRESHOLDS[self.modality]
            verdict: Verdict = (
                "visible" if cnr >= visible else "faint" if cnr >= faint else "hidden"
            )
            return Visibility(structure_id, self.modality, cnr, area, verdict, reason)

        if structure_id not in self.subject.centers:
            return found(0.0, "the subject has none")
        if area < MIN_AREA_MM2:
            return found(0.0, "it is not in the picture")
        if self.image.is_projection:
            return found(*self._projected(structure_id, mask))
        if self.modality == "ultrasound":
            return found(*self._sounded(structure_id, mask))
        return found(*self._cut(structure_id, mask))

    # -- the three ways of forming a picture ---------------------------------------------------

    def _cut(self, structure_id: str, mask: NDArray[np.bool_]) -> tuple[float, str]:
        ring = self._ring(structure_id, mask)
        inside, outside = self._local(mask), self._local(ring)
        outline = mask & ~binary_erosion(mask) & (outside.weight > 0)
        cnr = _contrast_to_noise(inside, outside, outline)
        return cnr, "measured along its outline"

    def _sounded(self, structure_id: str, mask: NDArray[np.bool_]) -> tuple[float, str]:
        bone = _labels_of_kind(self.subject.structures, "bone")
        bone -= self.subject.structures.labels_of(structure_id)
        assert self.image.labels is not None
        covered = np.maximum.accumulate(np.isin(self.image.labels, list(bone)), axis=0)
        if covered[mask].mean() > 0.5:
            return 0.0, "bone lies between it and the probe"
        facing = mask & ~np.roll(mask, 1, axis=0) & ~covered
        if not facing.any():
            return 0.0, "nothing of its surface faces the probe"
        band = binary_dilation(facing, iterations=self._pixels(1.0))
        above = self._ring(structure_id, mask) & ~band & _above(facing)
        outside = self._local(above)
        outline = facing & (outside.weight > 0)
        surface = _contrast_to_noise(self._local(band), outside, outline)
        body = _contrast_to_noise(self._local(mask & ~band), outside, outline)
        return max(surface, body), "measured along the surface that faces the probe"

    def _projected(self, structure_id: str, mask: NDArray[np.bool_]) -> tuple[float, str]:
        assert isinstance(self.image.geometry, ConeGeometry)
        added = _added_attenuation(self.subject, structure_id, self.image.geometry)
        inside = _Local.of(np.abs(added), mask, self._pixels(REACH_MM))
        near = binary_dilation(mask, iterations=self._pixels(REACH_MM))
        rest = _Local.of(self.image.pixels - added, near, self._pixels(REACH_MM))
        outline = mask & ~binary_erosion(mask)
        contrast = np.median(inside.mean[outline])
        clutter = np.median(np.sqrt(rest.variance[outline]))
        return float(contrast / max(clutter, 1e-9)), "what it adds to the shadow, against the rest"

    # -- helpers --------------------------------------------------------------------------------

    def _pixels(self, mm: float) -> int:
        return max(1, round(mm / self.mm_per_pixel))

    def _local(self, mask: NDArray[np.bool_]) -> _Local:
        return _Local.of(self.image.pixels, mask, self._pixels(REACH_MM))

    def _ring(self, structure_id: str, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the pixels around a structure that are not of its own whole bone.

        Where a pedicle ends and the body begins is a convention that no picture shows.
        """
        wide = binary_dilation(mask, iterations=self._pixels(2 * REACH_MM)) & ~mask
        structures = self.subject.structures
        if structures[structure_id].kind == "bone":
            assert self.image.labels is not None
            own = structures.labels_of(structures.whole(structure_id).id)
            wide &= ~np.isin(self.image.labels, list(own))
        return wide if self.image.inside is None else wide & self.image.inside


@dataclass(frozen=True, eq=False)
class _Local:
    """Mean and variance of a picture over the part of a mask near each pixel."""

    weight: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: NDArray, mask: NDArray[np.bool_], reach: int) -> _Local:
        """Return them with Gaussian weights of which `reach` pixels hold nearly all."""

        def blur(values: NDArray) -> NDArray[np.float64]:
            return gaussian_filter(np.where(mask, values, 0.0), reach / 2, truncate=2.0)

        weight = np.where(binary_dilation(mask, iterations=reach), blur(np.ones(mask.shape)), 0.0)
        weight[weight < 1e-3] = 0.0
        safe = np.maximum(weight, 1e-3)
        center = float(pixels[mask].mean()) if mask.any() else 0.0  # keeps the variance exact
        mean = blur(pixels - center) / safe
        variance = np.maximum(blur((pixels - center) ** 2) / safe - mean**2, 0.0)
        return cls(weight, mean + center, variance)


def _contrast_to_noise(inside: _Local, outside: _Local, outline: NDArray[np.bool_]) -> float:
    at = outline & (inside.weight > 0) & (outside.weight > 0)
    if not at.any():
        return 0.0
    noise = np.sqrt(0.5 * (inside.variance[at] + outside.variance[at]))
    return float(np.median(np.abs(inside.mean[at] - outside.mean[at]) / np.maximum(noise, 1e-9)))


def _above(facing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels that lie above (nearer to the probe than) a marked one of their column."""
    return np.maximum.accumulate(facing[::-1], axis=0)[::-1] & ~facing


def _labels_of_kind(structures: StructureSet, kind: str) -> set[int]:
    return {s.label for s in structures.values() if s.kind == kind}


def _added_attenuation(
    subject: Subject, structure_id: str, geometry: ConeGeometry
) -> NDArray[np.float32]:
    """Return what a structure adds to the log attenuation of each ray.

    It is compared with the same body in which the structure is filled with its surround (the
    median of what lies within `2 * REACH_MM`, its own whole bone left out).
    """
    structures = subject.structures
    mu = _attenuation_at_detector()
    own = structures.labels_of(structure_id)
    if structures[structure_id].kind == "bone":
        own |= structures.labels_of(structures.whole(structure_id).id)
    added = np.zeros(geometry.shape, np.float32)
    for n, grid in enumerate(subject.grids):
        mask = subject.mask(structure_id, n)
        if not mask.any():
            continue
        margin = np.ceil(2 * REACH_MM / np.asarray(grid.spacing)).astype(int)
        box = _box(mask, margin)
        part = mask[box]
        near = binary_dilation(part, iterations=int(margin.max()))
        near &= ~np.isin(grid.labels[box], list(own))
        tissues = grid.tissues[box]
        surround = float(np.median(mu[tissues[near]])) if near.any() else 0.0
        values = np.where(part, mu[tissues] - surround, 0.0).astype(np.float32)
        origin = grid.points([s.start for s in box])
        for finer in subject.grids[:n]:
            _clear(values, origin, grid, finer)
        added += line_integrals(Volume(values, origin, np.asarray(grid.spacing, float)), geometry)
    return added


@cache
def _attenuation_at_detector() -> NDArray[np.float64]:
    """Return the attenuation of each tissue by its code for a C-arm's beam behind a body, 1/mm.

    80 kVp, 3 mm Al, 150 mm of water: one beam for all views, as only ratios matter here.
    """
    beam = spectrum(80.0, 3.0, water=150.0)
    return np.array([beam.signal @ tissue_attenuation(t, beam.energy) for t in TISSUES])


def _box(mask: NDArray[np.bool_], margin: NDArray[np.int_]) -> tuple[slice, ...]:
    found = []
    for axis in range(3):
        filled = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = filled[0] - margin[axis], filled[-1] + 1 + margin[axis]
        found.append(slice(max(0, int(low)), min(mask.shape[axis], int(high))))
    return tuple(found)


def _clear(values: NDArray, origin: NDArray, grid: LabelGrid, finer: LabelGrid) -> None:
    """Empty the voxels that a finer grid decides."""
    low, high = finer.bounds
    start = np.ceil((low - origin) / grid.spacing).astype(int)
    stop = np.floor((high - origin) / grid.spacing).astype(int) + 1
    start, stop = np.maximum(start, 0), np.maximum(stop, 0)
    values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = 0.0
