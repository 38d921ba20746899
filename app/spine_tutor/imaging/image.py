"""The image: pixels with a unit, a place in the world, and the structures they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import Structure, Subject
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.geometry import ConeGeometry, Geometry, PlaneGeometry
from spine_tutor.imaging.needle import NEEDLE
from spine_tutor.imaging.needle_fluoroscopy import shadow_mask
from spine_tutor.imaging.raytrace import crossings
from spine_tutor.imaging.structure_map import structure_map


@dataclass(frozen=True)
class Crossing:
    """A structure on the way of a ray.

    Attributes:
        structure: what is crossed.
        start: distance from the start of the ray to where it is entered, mm.
        length: length of the ray inside it, mm; 0 for the one place a slice's pixel is.
    """

    structure: Structure
    start: float
    length: float


@dataclass(frozen=True, eq=False)
class Image:
    """One simulated picture.

    Attributes:
        modality: ``fluoroscopy``, ``ct``, ``ultrasound`` or ``mri``.
        pixels: (rows, columns) float32 in `unit`, before any window or gray map.
        unit: ``HU``, ``log attenuation``, ``dB`` or ``signal``.
        geometry: where the picture lies.
        subject: the body that was imaged.
        labels: (rows, columns) uint16 structure label of each pixel for a cut; None for a
            projection, whose pixels are rays: ask `structures_at`.
        inside: (rows, columns) True where the modality forms a picture (an ultrasound fan, a
            collimated field); None when that is everywhere.
        facts: numbers worth showing beside the picture, such as ``air_kerma_uGy``.
        additions: what was added to the body; its labels are in `labels` too.
    """

    modality: str
    pixels: NDArray[np.float32]
    unit: str
    geometry: Geometry
    subject: Subject
    labels: NDArray[np.uint16] | None = None
    inside: NDArray[np.bool_] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    additions: Additions = NOTHING

    @property
    def is_projection(self) -> bool:
        """Return whether a pixel is a ray rather than a place."""
        return isinstance(self.geometry, ConeGeometry)

    def structure(self, label: int) -> Structure | None:
        """Return what a label stands for, of the body or added to it; None for 0."""
        added = (one for one in self.additions.structures if one.label == label)
        return next(added, None) or self.subject.structures.by_label(label)

    def structures_at(self, row: float, column: float) -> tuple[Crossing, ...]:
        """Return what a pixel shows: one structure in a cut, all along the ray in a projection.

        Crossings come in the order in which the X-rays meet them; a structure met twice is
        listed twice.
        """
        r, c = round(row), round(column)
        rows, columns = self.pixels.shape
        if not (0 <= r < rows and 0 <= c < columns):
            return ()
        if isinstance(self.geometry, PlaneGeometry):
            assert self.labels is not None
            found = self.structure(int(self.labels[r, c]))
            return (Crossing(found, 0.0, 0.0),) if found else ()
        return self.structures_along(*self.geometry.ray(row, column))

    def ray_labels(self, step: int = 4, count: int = 4) -> NDArray[np.uint16]:
        """Return the labels along the rays of a projection, as `structure_map` does.

        A needle is named first, and on every ray of which a pixel nearby shows it.
        """
        assert isinstance(self.geometry, ConeGeometry)
        rays = structure_map(self.subject, self.geometry, step, count)
        needle = self.additions.needle_in(self.subject)
        if needle is not None:
            shadow = shadow_mask(needle, self.geometry)
            rows, columns = np.nonzero(shadow)
            near = np.zeros(rays.shape[:2], bool)
            near[rows // step, columns // step] = True
            rays[near, 1:] = rays[near, :-1]
            rays[near, 0] = NEEDLE.label
        return rays

    def structures_along(self, start: Any, end: Any) -> tuple[Crossing, ...]:
        """Return the structures from `start` to `end` (world, mm) in order, with lengths.

        What is added lies in structures of the body and is listed beside them.
        """
        found = []
        for label, begin, length in crossings(self.subject.grids, start, end):
            structure = self.subject.structures.by_label(label)
            if structure is not None:
                found.append(Crossing(structure, begin, length))
        needle = self.additions.needle_in(self.subject)
        if needle is not None:
            begin, length = needle.steel.span(start, end)
            if length > 0:
                found.append(Crossing(NEEDLE, begin, length))
        return tuple(sorted(found, key=lambda crossing: crossing.start))
