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

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.ndimage import binary_dilation, binary_erosion

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.contrast import (
    REACH_MM,
    RING_MM,
    Local,
    added_attenuation,
    whole_bone,
)
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.masks import mm_per_pixel, structure_mask
from spine_tutor.imaging.modality import simulate
from spine_tutor.imaging.shot import standard_shots
from spine_tutor.imaging.view import Pose
from spine_tutor.problems import ProblemError

EDGE_MM = 0.5
"""Half the width of the edge that every modality blurs; it is neither inside nor outside."""
MIN_SURFACE_MM = 3.0
"""Less of a surface than this, seen past bone by ultrasound, is not recognized."""

THRESHOLDS = {
    "fluoroscopy": (0.6, 1.2),
    "ct": (0.9, 1.8),
    "ultrasound": (0.9, 1.8),
    "mri": (0.9, 1.8),
}
"""Contrast-to-noise from which a structure is faint, and visible, by modality. Estimates: set so
that what textbooks and the eye say of the atlas holds, see tests/imaging/test_visibility.py. A
projection is measured against what lies over it rather than beside it, hence its own scale."""

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
        outline, core, ring = self._outline(mask), self._core(mask), self._ring(structure_id, mask)
        edge = self._widened(outline, EDGE_MM)
        step = self._along(outline, core, ring)
        line = self._along(outline, edge, core & ~edge, ring & ~edge)
        if line > step:
            return line, "measured on the line that its outline draws"
        return step, "measured along its outline"

    def _sounded(self, structure_id: str, mask: NDArray[np.bool_]) -> tuple[float, str]:
        assert self.image.labels is not None
        bone = {s.label for s in self.subject.structures.values() if s.kind == "bone"}
        bone -= self.subject.structures.labels_of(structure_id)
        covered = np.maximum.accumulate(np.isin(self.image.labels, list(bone)), axis=0)
        top = mask & (np.cumsum(mask, axis=0) == 1)  # where each column meets it first
        facing = top & ~covered
        if facing.sum() * self.mm_per_pixel < MIN_SURFACE_MM:
            return 0.0, "bone lies between it and the probe"
        above = self._ring(structure_id, mask) & np.maximum.accumulate(facing[::-1], axis=0)[::-1]
        if not above.any():
            return self._cut(structure_id, mask)
        band = self._widened(facing, EDGE_MM)
        surface = self._along(facing, band, above & ~band)
        body = self._along(facing, mask & ~band & ~covered, above & ~band)
        return max(surface, body), "measured along the surface that faces the probe"

    def _projected(self, structure_id: str, mask: NDArray[np.bool_]) -> tuple[float, str]:
        assert isinstance(self.image.geometry, ConeGeometry)
        outline = self._outline(mask)
        if not outline.any():
            return 0.0, "it fills the picture, no edge of it is in view"
        added = added_attenuation(self.subject, structure_id, self.image.geometry)
        reach = self._pixels(REACH_MM)
        inside = Local.of(np.abs(added), mask, reach)
        rest = Local.of(self.image.pixels - added, self._widened(mask, REACH_MM), reach)
        contrast = np.median(inside.mean[outline])
        clutter = np.median(np.sqrt(rest.variance[outline]))
        return float(contrast / max(clutter, 1e-9)), "what it adds to the shadow, against the rest"

    # -- helpers --------------------------------------------------------------------------------

    def _pixels(self, mm: float) -> int:
        return max(1, round(mm / self.mm_per_pixel))

    def _widened(self, mask: NDArray[np.bool_], mm: float) -> NDArray[np.bool_]:
        return binary_dilation(mask, iterations=self._pixels(mm))

    def _along(
        self, outline: NDArray[np.bool_], inside: NDArray[np.bool_], *others: NDArray[np.bool_]
    ) -> float:
        """Return the median contrast-to-noise ratio between regions along an outline.

        The first is compared with each other region; what counts at a place is the smaller
        difference, and nothing if it lies between the others, as a blurred edge does.
        """
        one, *rest = (
            Local.of(self.image.pixels, region, self._pixels(REACH_MM))
            for region in (inside, *others)
        )
        at = outline & (one.weight > 0)
        for other in rest:
            at &= other.weight > 0
        if not at.any():
            return 0.0
        ratios = np.array(
            [
                (one.mean[at] - other.mean[at])
                / np.sqrt(np.maximum(0.5 * (one.variance[at] + other.variance[at]), 1e-12))
                for other in rest
            ]
        )
        alike = np.all(ratios > 0, axis=0) | np.all(ratios < 0, axis=0)
        return float(np.median(np.where(alike, np.abs(ratios).min(axis=0), 0.0)))

    def _outline(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the border of a mask; where the field of the picture ends is none."""
        open_ = mask if self.image.inside is None else mask | ~self.image.inside
        return mask & ~binary_erosion(open_, border_value=1)

    def _core(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return a mask without its blurred edge, unless little else would be left of it."""
        core = binary_erosion(mask, iterations=self._pixels(EDGE_MM), border_value=1)
        return core if core.sum() > 0.25 * mask.sum() else mask

    def _ring(self, structure_id: str, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the pixels around a structure, beyond its blurred edge."""
        edge = self._widened(mask, EDGE_MM)
        ring = self._widened(edge, RING_MM) & ~edge
        assert self.image.labels is not None
        ring &= ~np.isin(self.image.labels, list(whole_bone(self.subject.structures, structure_id)))
        return ring if self.image.inside is None else ring & self.image.inside


def matrix(subject: Subject, structures: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return what each modality shows of structures, each in the usual view of it.

    Args:
        subject: the body.
        structures: ids; those of L4 on the left, and what belongs to no level, when None.

    Returns:
        a row for each structure: its id, and for each modality the verdict and the ratio, None
        where the modality cannot be posed.

    Raises:
        UnknownStructure: if the subject has no structure of that name.
    """
    rows = []
    for name in structures or _exemplary(subject):
        row: dict[str, Any] = {"structure": name}
        side = subject.structures[name].side or "left"
        place = name if name in subject.centers else None
        for modality, shot in standard_shots(subject, place, side).items():
            try:
                found = Sight(subject, shot.view, shot.settings).visibility(name)
            except ProblemError:
                row |= {modality: None, f"{modality}_cnr": None}
                continue
            row |= {modality: found.verdict, f"{modality}_cnr": round(found.cnr, 2)}
        rows.append(row)
    return rows


def _exemplary(subject: Subject) -> list[str]:
    """Return one structure of each sort: of the level L4, left of two, and those of no level."""
    level = re.compile(r"(^|_)[ctls]\d+_")
    return [
        s.id
        for s in subject.structures.values()
        if s.side != "right"
        and (s.id.startswith("l4_") or "l4_l5" in s.id or not level.search(s.id))
        and s.id in subject.centers
    ]
