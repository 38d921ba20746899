"""Label grids: which structure and which tissue each voxel is, on axes parallel to the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class LabelGrid:
    """Structure and tissue per voxel on a regular grid.

    Axes are parallel to the world's (RAS, mm), so that `voxel_to_world` is a spacing and an
    origin; import resamples volumes that lie obliquely.

    Attributes:
        labels: (nx, ny, nz) uint16 structure labels, 0 where there is no structure.
        tissues: (nx, ny, nz) uint8 tissue codes, the place in `structure.TISSUES`.
        origin: (3,) world position of the centre of voxel (0, 0, 0), mm.
        spacing: (3,) voxel size, mm, positive.
    """

    labels: NDArray[np.uint16]
    tissues: NDArray[np.uint8]
    origin: NDArray[np.float64]
    spacing: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.labels.shape != self.tissues.shape or self.labels.ndim != 3:
            raise ValueError(
                f"labels {self.labels.shape} and tissues {self.tissues.shape} must share one "
                "3-D shape"
            )
        if not np.all(np.asarray(self.spacing) > 0):
            raise ValueError(f"spacing must be positive, got {self.spacing}")

    @property
    def voxel_to_world(self) -> NDArray[np.float64]:
        """Return the 4×4 affine, as nibabel writes it."""
        affine = np.diag([*self.spacing, 1.0])
        affine[:3, 3] = self.origin
        return affine

    @property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lowest and highest world corner of the voxels, faces included, mm."""
        half = 0.5 * np.asarray(self.spacing)
        low = np.asarray(self.origin) - half
        return low, low + np.asarray(self.labels.shape) * self.spacing

    def voxel_of(self, points: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return the nearest voxel of each world point and whether it lies inside.

        Args:
            points: (..., 3) world positions, mm.

        Returns:
            (..., 3) indices, clipped into the grid, and (...) True where the point was inside.
        """
        index = np.rint((np.asarray(points, float) - self.origin) / self.spacing).astype(np.intp)
        top = np.asarray(self.labels.shape) - 1
        inside = np.all((index >= 0) & (index <= top), axis=-1)
        return np.clip(index, 0, top), inside

    def points(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return the world position of voxel centres, (..., 3) mm."""
        return np.asarray(index, float) * self.spacing + self.origin

    def axes(self) -> tuple[NDArray[np.float64], ...]:
        """Return the world coordinates of the voxel centres along x, y and z, mm."""
        return tuple(
            o + s * np.arange(n)
            for o, s, n in zip(self.origin, self.spacing, self.labels.shape, strict=True)
        )
