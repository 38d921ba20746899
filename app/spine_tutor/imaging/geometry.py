"""Where a picture lies in the world: a plane that is cut, or a cone that is projected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PlaneGeometry:
    """A picture cut from the body: every pixel is one place.

    Attributes:
        shape: rows and columns.
        origin: (3,) world position of the centre of pixel (0, 0), the top left, mm.
        down: (3,) unit vector along a column, towards higher rows.
        right: (3,) unit vector along a row, towards higher columns.
        spacing: pixel size, mm, the same both ways.
    """

    shape: tuple[int, int]
    origin: Vector
    down: Vector
    right: Vector
    spacing: float

    @classmethod
    def centered(
        cls, center: ArrayLike, down: ArrayLike, right: ArrayLike, field: float, pixels: int
    ) -> PlaneGeometry:
        """Return a square picture of `field` mm and `pixels`² around `center`."""
        down, right = _unit(down), _unit(right)
        spacing = field / pixels
        corner = np.asarray(center, float) - 0.5 * (pixels - 1) * spacing * (down + right)
        return cls((pixels, pixels), corner, down, right, spacing)

    @property
    def normal(self) -> Vector:
        """Return the unit vector that points from the picture towards who looks at it."""
        return np.cross(self.down, self.right)

    def points(self) -> NDArray[np.float64]:
        """Return the world position of every pixel, (rows, columns, 3) mm."""
        rows = np.arange(self.shape[0])[:, None, None] * self.spacing
        columns = np.arange(self.shape[1])[None, :, None] * self.spacing
        return self.origin + rows * self.down + columns * self.right

    def pixel_to_world(self, row: float, column: float) -> Vector:
        """Return the world position of a pixel, mm."""
        return self.origin + self.spacing * (row * self.down + column * self.right)

    def world_to_pixel(self, point: ArrayLike) -> tuple[float, float]:
        """Return row and column of the foot of the perpendicular from a world point."""
        offset = (np.asarray(point, float) - self.origin) / self.spacing
        return float(offset @ self.down), float(offset @ self.right)

    def distance(self, point: ArrayLike) -> float:
        """Return how far a world point lies in front of the plane (towards the viewer), mm."""
        return float((np.asarray(point, float) - self.origin) @ self.normal)

    def move(self, row: float, column: float, keep: ArrayLike) -> Vector:
        """Return where a cross-hair at `keep` goes when it is put on this pixel: into the plane."""
        del keep  # a slice shows one place only
        return self.pixel_to_world(row, column)


@dataclass(frozen=True, eq=False)
class ConeGeometry:
    """A projection from a point source onto a flat detector: every pixel is one ray.

    Attributes:
        shape: rows and columns of the detector.
        source: (3,) world position of the focal spot, mm.
        origin: (3,) world position of the centre of detector pixel (0, 0), mm.
        down: (3,) unit vector along a detector column, towards higher rows.
        right: (3,) unit vector along a detector row, towards higher columns.
        spacing: detector pixel size, mm.
        isocenter: (3,) world position about which the C-arm turns, mm.
    """

    shape: tuple[int, int]
    source: Vector
    origin: Vector
    down: Vector
    right: Vector
    spacing: float
    isocenter: Vector

    @property
    def direction(self) -> Vector:
        """Return the unit vector of the central ray, from source to detector."""
        rows, columns = self.shape
        middle = self.pixel_to_detector(0.5 * (rows - 1), 0.5 * (columns - 1))
        return _unit(middle - self.source)

    def pixel_to_detector(self, row: float, column: float) -> Vector:
        """Return the world position of a detector pixel, mm."""
        return self.origin + self.spacing * (row * self.down + column * self.right)

    def window(self, rows: slice, columns: slice) -> ConeGeometry:
        """Return the part of the detector that slices with start and stop leave."""
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        return replace(self, shape=shape, origin=self.pixel_to_detector(rows.start, columns.start))

    def heights(self) -> NDArray[np.float64]:
        """Return z where each pixel's ray passes the isocentre's depth, (rows, columns) mm."""
        normal = np.cross(self.right, self.down)
        nearer = (self.isocenter - self.source) @ normal / ((self.origin - self.source) @ normal)
        row, column = np.indices(self.shape, sparse=True)
        offset = self.spacing * (row * self.down[2] + column * self.right[2])
        heights: NDArray[np.float64] = self.source[2] + nearer * (
            self.origin[2] + offset - self.source[2]
        )
        return heights

    def ray(self, row: float, column: float) -> tuple[Vector, Vector]:
        """Return the two ends of a pixel's ray: the source and the detector pixel, mm."""
        return self.source, self.pixel_to_detector(row, column)

    def world_to_pixel(self, point: ArrayLike) -> tuple[float, float]:
        """Return the row and column where the ray through a world point meets the detector."""
        normal = np.cross(self.right, self.down)
        away = np.asarray(point, float) - self.source
        reach = ((self.origin - self.source) @ normal) / (away @ normal)
        offset = (self.source + reach * away - self.origin) / self.spacing
        return float(offset @ self.down), float(offset @ self.right)

    def move(self, row: float, column: float, keep: ArrayLike) -> Vector:
        """Return where a cross-hair at `keep` goes when it is put on this pixel.

        A projection does not tell depth, so the point keeps its own: it moves in the plane
        through `keep` parallel to the detector.
        """
        normal = np.cross(self.right, self.down)
        along = self.pixel_to_detector(row, column) - self.source
        reach = ((np.asarray(keep, float) - self.source) @ normal) / (along @ normal)
        return self.source + reach * along


Geometry = PlaneGeometry | ConeGeometry


def _unit(vector: ArrayLike) -> Vector:
    vector = np.asarray(vector, float)
    length = np.linalg.norm(vector)
    if not np.isfinite(length) or length == 0:
        raise ValueError(f"a direction must be finite and not zero, got {vector}")
    return vector / length
