"""Two ways to measure contrast: beside a place in a picture, and along a ray through the body."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from spine_tutor.anatomy import BONES, TISSUE_CODE, TISSUES, LabelGrid, StructureSet, Subject
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.masks import structure_volumes
from spine_tutor.imaging.projector import line_integrals
from spine_tutor.imaging.xray import spectrum, tissue_attenuation

REACH_MM = 2.0
"""How far from the outline the picture is looked at: about what a glance takes as one place."""

RING_MM = 4.0
"""How far the surround reaches."""


@dataclass(frozen=True, eq=False)
class Local:
    """Mean and variance of a picture over the part of a mask near each pixel."""

    weight: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: NDArray, mask: NDArray[np.bool_], reach: int) -> Local:
        """Return them with Gaussian weights of which `reach` pixels hold nearly all."""

        def blur(values: NDArray) -> NDArray[np.float64]:
            return gaussian_filter(np.where(mask, values, 0.0), reach / 2, truncate=2.0)

        weight = blur(np.ones(mask.shape))
        weight[weight < 1e-3] = 0.0
        safe = np.maximum(weight, 1e-3)
        center = float(pixels[mask].mean()) if mask.any() else 0.0  # keeps the variance exact
        mean = blur(pixels - center) / safe
        variance = np.maximum(blur((pixels - center) ** 2) / safe - mean**2, 0.0)
        return cls(weight, mean + center, variance)


def added_attenuation(
    subject: Subject, structure_id: str, geometry: ConeGeometry
) -> NDArray[np.float32]:
    """Return what a structure adds to the log attenuation of each ray.

    It is compared with the same body in which the structure is filled with its surround: the
    median of what lies within `RING_MM`, its own whole bone left out. A joint is a gap in
    bone, so its surround is bone.
    """
    structures = subject.structures
    mu = _attenuation_at_detector()
    own = whole_bone(structures, structure_id)
    bone = [TISSUE_CODE[name] for name in BONES]

    def difference(part: LabelGrid) -> NDArray[np.float64]:
        mask = np.isin(part.labels, list(structures.labels_of(structure_id)))
        near = binary_dilation(mask, iterations=max(1, round(RING_MM / float(part.spacing[0]))))
        near &= ~np.isin(part.labels, list(own))
        if structures[structure_id].kind == "joint":
            near &= np.isin(part.tissues, bone)
        return mu[part.tissues] - (np.median(mu[part.tissues[near]]) if near.any() else 0.0)

    added = np.zeros(geometry.shape, np.float32)
    for volume in structure_volumes(subject, structure_id, difference, RING_MM):
        added += line_integrals(volume, geometry)
    return added


def whole_bone(structures: StructureSet, structure_id: str) -> frozenset[int]:
    """Return the labels of a structure; of a part of a bone, those of the whole bone.

    Where a pedicle ends and the body begins is a convention that no picture shows.
    """
    if structures[structure_id].kind == "bone":
        return structures.labels_of(structures.whole(structure_id).id)
    return structures.labels_of(structure_id)


@cache
def _attenuation_at_detector() -> NDArray[np.float64]:
    """Return the attenuation of each tissue by its code for a C-arm's beam behind a body, 1/mm.

    80 kVp, 3 mm Al, 150 mm of water: one beam for all views, as only ratios matter here.
    """
    beam = spectrum(80.0, 3.0, water=150.0)
    return np.array([beam.signal @ tissue_attenuation(t, beam.energy) for t in TISSUES])
