"""How well a picture shows a structure.

One walks along the structure's outline. At each place the picture just inside is compared with
the picture just outside, over a disc of `REACH_MM`, and the difference is divided by how much
the picture varies there (noise, texture, clutter). The median over the outline is the
contrast-to-noise ratio: half of the outline is at least as clear as that. How sharp the outline
is drawn is told beside it, as the width of the edge.

- Cut: inside is the structure's label, outside a ring around it.
- Ultrasound: sound shows surfaces that face the probe, so only that side of the outline counts,
  and the echo of the surface itself counts as inside. What lies behind bone or gas on its scan
  line is not counted.
- Projection: rays pass through all there is, so there is no outside. The contrast is what the
  structure itself adds, its path length times how its attenuation differs from its
  surround, against the variation of all the rest along the outline.

A structure of which one part is most in a cut is seen as well as that part: one knows the thecal
sac by its CSF.

Why a structure is hidden is `visibility_reasons`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.contrast import REACH_MM, Local, added_attenuation, whole_bone
from spine_tutor.imaging.descriptor import Kind, Modality
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.masks import among, mm_per_pixel, structure_mask
from spine_tutor.imaging.modality import MODALITIES, simulate
from spine_tutor.imaging.patch import EDGE_MM, Patch
from spine_tutor.imaging.view import Pose

MIN_SURFACE_MM = 3.0
"""Less of a surface than this, seen past bone by ultrasound, is not recognized."""

MIN_AREA_MM2 = 4.0
"""What shows less than this in a picture (two millimetres square) is too small to be judged."""

MOST = 0.5
"""Share of a structure that stands for all of it."""

Verdict = Literal["visible", "faint", "hidden"]
RANK: dict[Verdict, int] = {"hidden": 0, "faint": 1, "visible": 2}


@dataclass(frozen=True)
class Visibility:
    """How well one picture shows one structure.

    Attributes:
        structure, modality: what, and by what.
        cnr: contrast-to-noise ratio along the outline, without unit.
        edge_mm: width of the edge from 10 to 90 % of its contrast; None where nothing is drawn.
        area_mm2: what the structure covers in the picture, at the isocentre in a projection.
        verdict: the ratio in a word.
        measured: where it was measured, for a person.
        known: why it is not seen better, where that is plain without any trial.
    """

    structure: str
    modality: str
    cnr: float
    edge_mm: float | None
    area_mm2: float
    verdict: Verdict
    measured: str
    known: Kind | None = None

    @property
    def rank(self) -> tuple[int, float]:
        """Return a key that sorts what is seen better behind."""
        return RANK[self.verdict], self.cnr

    def __str__(self) -> str:
        edge = "" if self.edge_mm is None else f"edge {self.edge_mm:.1f} mm, "
        return (
            f"{self.verdict} (contrast-to-noise {self.cnr:.1f}, {edge}{self.area_mm2:.0f} mm², "
            f"{self.measured})"
        )


Found = tuple[float, Callable[[], float | None], str, Kind | None]
"""Contrast-to-noise ratio, how to measure the edge, where, and what is known to stand before it."""


def _no_edge() -> None:
    """Return the edge of what is not seen."""


TOO_SMALL: Found = (0.0, _no_edge, "too little of it to be judged", "resolution")
"""What is found of a structure of which hardly anything is in the picture."""


@dataclass(frozen=True, eq=False)
class Sight:
    """One picture, simulated once, and how it shows any structure.

    Attributes:
        subject, view, settings, seed, additions: as `simulate` takes them; settings are the
            modality's defaults when None.
    """

    subject: Subject
    view: Pose
    settings: BaseModel | None = None
    seed: int = 0
    additions: Additions = NOTHING
    _places: dict[str, Any] = field(default_factory=dict, repr=False)

    def changed(self, changes: Mapping[str, Any]) -> Sight:
        """Return the same view with other settings; what lies where is not asked again."""
        settings = self.settings or self.kind.settings()
        return replace(self, settings=settings.model_copy(update=dict(changes)))

    @cached_property
    def image(self) -> Image:
        """Return the picture."""
        return simulate(self.subject, self.view, self.settings, self.seed, self.additions)

    @property
    def modality(self) -> str:
        """Return what forms the picture."""
        return self.view.modality  # type: ignore[attr-defined]

    @property
    def kind(self) -> Modality:
        """Return what is known of its modality."""
        return MODALITIES[self.modality]

    @cached_property
    def off(self) -> frozenset[str]:
        """Return the effects that are switched off."""
        settings = self.settings or self.kind.settings()
        return frozenset(settings.without)  # type: ignore[attr-defined]

    @property
    def mm_per_pixel(self) -> float:
        """Return the size of a pixel in the body, in a projection at its isocentre."""
        return mm_per_pixel(self.image)

    def mask(self, structure_id: str) -> NDArray[np.bool_]:
        """Return the pixels that show a structure."""
        found: NDArray[np.bool_] = self._placed(
            f"mask of {structure_id}", lambda: structure_mask(self.image, structure_id)
        )
        return found

    def has(self, structure_id: str) -> bool:
        """Return whether there is such a thing in the body, or added to it."""
        return structure_id in self.added or structure_id in self.subject.centers

    @property
    def added(self) -> dict[str, int]:
        """Return the labels of what is added to the body, by id."""
        return {structure.id: structure.label for structure in self.additions.structures}

    def _placed(self, key: str, find: Callable[[], Any]) -> Any:
        """Return what depends on the view alone, found once for all settings."""
        if key not in self._places:
            self._places[key] = find()
        return self._places[key]

    def visibility(self, structure_id: str, edge: bool = True) -> Visibility:
        """Return how well the picture shows a structure.

        Args:
            structure_id: of the subject.
            edge: whether to measure the width of its edge too.

        Raises:
            UnknownStructure: if the subject has no structure of that name.
        """
        mask = self.mask(structure_id)
        cnr, find_width, measured, known = self._found(structure_id, mask)
        faint, visible = self.kind.thresholds
        verdict: Verdict = "visible" if cnr >= visible else "faint" if cnr >= faint else "hidden"
        # what is not seen has no edge
        width = find_width() if edge and verdict != "hidden" else None
        area = float(mask.sum()) * self.mm_per_pixel**2
        seen = Visibility(structure_id, self.modality, cnr, width, area, verdict, measured, known)
        main = self._main_part(structure_id, mask)
        if main is None:
            return seen
        part = self.visibility(main, edge)
        where = f"{part.measured} of its main part, {self.subject.structures[main].name}"
        whole = replace(part, structure=structure_id, area_mm2=area, measured=where)
        return max(seen, whole, key=lambda one: one.rank)

    def _found(self, structure_id: str, mask: NDArray[np.bool_]) -> Found:
        if not self.has(structure_id):
            return 0.0, _no_edge, "the subject has none", "absent"
        if not mask.any():
            return 0.0, _no_edge, "it is not in the picture", "out of field"
        small = float(mask.sum()) * self.mm_per_pixel**2 < MIN_AREA_MM2
        if small and self.kind.formation != "sound":
            return TOO_SMALL
        ways = {"projection": self._projected, "sound": self._sounded, "slice": self._cut}
        found = ways[self.kind.formation](structure_id, mask)
        return TOO_SMALL if small and found[-1] is None else found

    def _main_part(self, structure_id: str, mask: NDArray[np.bool_]) -> str | None:
        """Return the part that most of a structure in a cut is; a projection adds up all parts."""
        if self.kind.formation == "projection" or structure_id in self.added:
            return None
        parts = self.subject.structures.parts(structure_id)
        needed = max(1.0, MOST * float(mask.sum()))
        return next((p.id for p in parts if self.mask(p.id).sum() > needed), None)

    # -- the three ways of forming a picture ---------------------------------------------------

    def _cut(self, structure_id: str, mask: NDArray[np.bool_]) -> Found:
        floor = self.kind.floor
        patch, at = Patch.around(mask, self.image, self.mm_per_pixel)
        outline, core, ring, edge = self._placed(
            f"regions of {structure_id}",
            lambda: (
                patch.outline,
                patch.core,
                patch.ring(self._own(structure_id)[at]),
                patch.widened(patch.outline, EDGE_MM),
            ),
        )
        step = patch.ratio(floor, outline, core, ring)
        line = patch.ratio(floor, outline, edge, core & ~edge, ring & ~edge)
        width = partial(patch.edge_width, outline, core, ring)
        if line > step:
            return line, width, "measured on the line that its outline draws", None
        return step, width, "measured along its outline", None

    def _sounded(self, structure_id: str, mask: NDArray[np.bool_]) -> Found:
        covered = self._placed(f"behind bone: {structure_id}", lambda: self._behind(structure_id))
        if "shadow" in self.off:
            covered = np.zeros_like(mask)
        top = mask.copy()  # where each column meets it first
        top[1:] &= ~np.maximum.accumulate(mask, axis=0)[:-1]
        facing = top & ~covered
        known: Kind | None = "shadow" if facing.sum() < (1.0 - MOST) * top.sum() else None
        if known and facing.sum() * self.mm_per_pixel < MIN_SURFACE_MM:
            return 0.0, _no_edge, "bone lies between it and the probe", known
        patch, at = Patch.around(mask, self.image, self.mm_per_pixel)
        facing, covered, floor = facing[at], covered[at], self.kind.floor
        around = patch.ring(self._own(structure_id)[at])
        above = around & np.maximum.accumulate(facing[::-1], axis=0)[::-1]
        if not above.any():
            return self._cut(structure_id, mask)
        band = patch.widened(facing, EDGE_MM)
        surface = patch.ratio(floor, facing, band, above & ~band)
        body = patch.ratio(floor, facing, patch.mask & ~band & ~covered, above & ~band)
        inside = band if surface > body else patch.mask & ~covered
        width = partial(patch.edge_width, facing, inside, above & ~band)
        return max(surface, body), width, "measured along the surface that faces the probe", known

    def _behind(self, structure_id: str) -> NDArray[np.bool_]:
        """Return the pixels that lie behind bone or gas, not a structure's own, on a scan line."""
        assert self.kind.behind is not None
        stops = {
            s.label
            for s in self.subject.structures.values()
            if s.kind == "bone" or s.tissue in ("air", "lung")
        }
        if structure_id not in self.added:
            stops -= self.subject.structures.labels_of(structure_id)
        return self.kind.behind(self.image, self.view, stops)

    def _projected(self, structure_id: str, mask: NDArray[np.bool_]) -> Found:
        cone = self.image.geometry
        assert isinstance(cone, ConeGeometry)
        patch, at = Patch.around(mask, self.image, self.mm_per_pixel)
        outline, near, added, contrast = self._placed(
            f"regions of {structure_id}", lambda: self._shadow_of(structure_id, patch, at, cone)
        )
        if not outline.any():
            return 0.0, _no_edge, "it fills the picture, no edge of it is in view", "out of field"
        rest = Local.of(patch.pixels - added, near, patch.count(REACH_MM), outline)
        clutter = np.median(np.sqrt(rest.variance))
        cnr = float(contrast / max(clutter, self.kind.floor))

        def width() -> float | None:
            return patch.edge_width(outline, patch.core, patch.ring(~patch.field))

        return cnr, width, "what it adds to the shadow, against the rest", None

    def _shadow_of(
        self, structure_id: str, patch: Patch, at: tuple[slice, slice], cone: ConeGeometry
    ) -> tuple[Any, ...]:
        """Return the outline of a shadow, what is near, what it adds and its contrast there."""
        outline, near = patch.outline, patch.widened(patch.mask, REACH_MM)
        if structure_id in self.added:
            quiet = self.changed({"without": tuple(self.off | {"noise"})})
            bare = replace(quiet, additions=NOTHING)
            added = (quiet.image.pixels - bare.image.pixels)[at]
        else:
            added = added_attenuation(self.subject, structure_id, cone)[at]
        inside = Local.of(np.abs(added), patch.mask, patch.count(REACH_MM), outline)
        contrast = np.median(inside.mean) if outline.any() else 0.0
        return outline, near, added, contrast

    def _own(self, structure_id: str) -> NDArray[np.bool_]:
        """Return the pixels of a structure, of a part of a bone those of the whole bone."""
        if structure_id in self.added:
            own = frozenset({self.added[structure_id]})
        else:
            own = whole_bone(self.subject.structures, structure_id)
        assert self.image.labels is not None
        return among(self.image.labels, own)
