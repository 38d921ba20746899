"""What differs within one tissue: fat in muscle and marrow, trabeculae. The same in every picture.

Each is fixed in the world, so that the streak of fat that CT shows dark is the one that MRI shows
bright. Used by the modalities that measure tissue voxel by voxel; ultrasound has its own scatterers
and septa, which are finer.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import TISSUE_CODE, TISSUES
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.texture import patchy

FAT: Mapping[str, tuple[float, float, float, float]] = {
    "muscle": (6.0, 60.0, 0.14, 0.03),
    "trabecular_bone": (5.0, 5.0, 0.0, 0.12),
    "sparse_trabecular_bone": (5.0, 5.0, 0.0, 0.12),
}
"""Fat that comes and goes in a tissue: over how many mm across and along the body; its share in
thin streaks; how far the share varies over patches. E: an adult's muscles and marrow."""

TRABECULAE: Mapping[str, tuple[float, float, float, float]] = {
    "trabecular_bone": (1.1, 2.2, 0.0, 1.0),
    "sparse_trabecular_bone": (1.1, 2.2, 0.0, 1.0),
}
"""The mesh of trabeculae as a clinical scanner blurs it, about 1 mm across and longer along the
body, where the weight-bearing plates stand. E."""


def fat_share(codes: NDArray[np.uint8], geometry: PlaneGeometry) -> NDArray[np.float32]:
    """Return the share of fat that each pixel has above its tissue's mean.

    Args:
        codes: (rows, columns) tissue of each pixel.
        geometry: where the picture lies.
    """
    return _field(FAT, codes, geometry)


def trabeculae(codes: NDArray[np.uint8], geometry: PlaneGeometry) -> NDArray[np.float32]:
    """Return how much more bone a pixel of trabecular bone holds than its mean, about ±1."""
    return _field(TRABECULAE, codes, geometry)


def _field(
    table: Mapping[str, tuple[float, float, float, float]],
    codes: NDArray[np.uint8],
    geometry: PlaneGeometry,
) -> NDArray[np.float32]:
    columns = np.zeros((4, len(TISSUES)))
    for name, row in table.items():
        columns[:, TISSUE_CODE[name]] = row
    step = geometry.spacing
    found: NDArray[np.float32] = patchy(
        codes, geometry.origin, step * geometry.down, step * geometry.right, *columns
    )
    return found
