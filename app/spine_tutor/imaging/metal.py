"""Where the metal of implants lies in a body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import TISSUE_CODE, Subject
from spine_tutor.imaging.masks import part_around

METAL = "titanium"
"""The tissue that implants are made of."""


def metal_box(subject: Subject) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the lowest and highest corner of what is metal, mm; None where there is none."""
    parts = [
        part.bounds
        for structure in subject.structures.values()
        if structure.tissue == METAL
        for n in range(len(subject.grids))
        if (part := part_around(subject, structure.id, n, 0.0)) is not None
    ]
    if not parts:
        return None
    return np.min([low for low, _ in parts], axis=0), np.max([high for _, high in parts], axis=0)


def metal_in(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the pixels of a slice that hold metal, from the tissue code of each."""
    found: NDArray[np.bool_] = codes == TISSUE_CODE[METAL]
    return found
