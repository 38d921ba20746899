"""Scoliosis: a straight body bent to the side and turned, everything in it together.

The column bends as a beam does: cross-sections stay plane and square to the curve, so that
vertebrae keep their shape to within a tenth. Near the skin bend and turn fade,
because a trunk yields less than its column. The curve is half a wave long on either side of the
apex, its Cobb angle that between its steepest places.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, radians, tan

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Scoliosis
from spine_tutor.anatomy.column import Column, Matrix

Array = NDArray[np.float64]

LENGTH = 280.0
"""From end to end of a curve in a person of average height, mm (estimate: some eight levels)."""
NEAR = 55.0
"""Distance from the column, mm, within which everything turns with the vertebrae (estimate)."""
FADING = 0.35
"""Share of the vertebrae's turn that the surface of the trunk follows (estimate)."""
KNOT = 4.0  # mm between the places where the bend is worked out; between them it is linear


@dataclass(frozen=True)
class Bend:
    """A curve to the side, in the world.

    Attributes:
        apex: height of its apex, mm.
        length: from end to end, mm.
        out: how far the apex stands out to the patient's right, mm.
        turn: turn of the apex about the long axis, degrees; + takes the front to the right.
        pivot: y of the axis about which levels turn, by height: (n, 2) z and y, mm.
    """

    apex: float
    length: float
    out: float
    turn: float
    pivot: Array

    def _wave(self, z: Array) -> Array:
        """Return 1 at the apex, 0 beyond the ends."""
        phase = np.clip((z - self.apex) / (0.5 * self.length), -1.0, 1.0)
        return 0.5 * (1.0 + np.cos(pi * phase))

    def _slope(self, z: Array) -> Array:
        phase = np.clip((z - self.apex) / (0.5 * self.length), -1.0, 1.0)
        return -self.out * pi / self.length * np.sin(pi * phase)

    def straight(self, points: ArrayLike) -> Array:
        """Return where (..., 3) places of the bent body lie in the straight one, mm."""
        x, y, z = np.moveaxis(np.asarray(points, float), -1, 0)
        height = z.copy()
        for _ in range(6):  # the height of the cross-section that holds the point
            beside = x - self.out * self._wave(height)
            lever = NEAR * np.tanh(beside / NEAR)
            height = z + lever * self._slope(height)
        beside = (x - self.out * self._wave(height)) * np.sqrt(1.0 + self._slope(height) ** 2)
        ahead = y - np.interp(height, self.pivot[:, 0], self.pivot[:, 1])
        far = np.clip((np.hypot(beside, ahead) - NEAR) / 80.0, 0.0, 1.0)
        angle = np.radians(self.turn) * self._wave(height) * (1.0 - (1.0 - FADING) * far)
        c, s = np.cos(angle), np.sin(angle)
        return np.stack([c * beside - s * ahead, y - ahead + s * beside + c * ahead, height], -1)

    def placed(self, points: Array) -> Array:
        """Return where (..., 3) points of the straight body lie in the bent one, mm."""
        found = points.copy()
        for _ in range(20):
            found = found + points - self.straight(found)
        return found

    def bent(self, frame: Matrix) -> Matrix:
        """Return a vertebra's frame (4×4) in the bent body: found where it maps back to itself."""
        point = self.placed(frame[:3, 3])
        step = 2.0
        back = np.stack(
            [self.straight(point + d) - self.straight(point - d) for d in step * np.eye(3)], axis=1
        ) / (2 * step)
        u, _, vt = np.linalg.svd(np.linalg.inv(back) @ frame[:3, :3])
        found = np.eye(4)
        found[:3, :3], found[:3, 3] = u @ vt, point
        return found


def bend_of(scoliosis: Scoliosis, column: Column, size: float) -> Bend:
    """Return the curve of a case in its straight column; `size` is the case's height scale."""
    length = LENGTH * size
    out = length / pi * tan(radians(0.5 * scoliosis.cobb))
    sign = 1.0 if scoliosis.convex == "right" else -1.0
    middle = [frame @ [0.0, -0.5 * column.bodies[level].depth, 0.0, 1.0]
              for level, frame in column.frames.items()]  # fmt: skip
    pivot = np.array(sorted((p[2], p[1]) for p in middle))
    apex = float(column.frames[scoliosis.apex][2, 3])
    return Bend(apex, length, sign * out, sign * scoliosis.rotation, pivot)


def sideways(scoliosis: Scoliosis, column: Column, size: float) -> float:
    """Return how far a case's curve takes the vertebrae of a straight column to the right, mm."""
    bend = bend_of(scoliosis, column, size)
    middles = np.array([column.frames[level][:3, 3] for level in column.levels])
    shift = bend.placed(middles)[:, 0] - middles[:, 0]
    return float(shift[np.abs(shift).argmax()])


def bend_column(column: Column, bend: Bend) -> Column:
    """Return the column in the bent body."""
    return replace(column, frames={level: bend.bent(f) for level, f in column.frames.items()})


def bend_canvas(canvas: Canvas, bend: Bend, around: Canvas | None = None) -> None:
    """Bend all that has been painted; each voxel takes what lies at its place in the straight body.

    Args:
        canvas: what is bent.
        bend: the curve.
        around: a straight canvas that knows what lies beyond; without it, and beyond it too, the
            nearest voxel is taken.
    """
    around = around or canvas
    low = canvas.origin
    high = low + canvas.spacing * (np.array(canvas.labels.shape) - 1)
    # a knot beyond the last voxel, too, even where that lies on a knot
    axes = [np.arange(a, b + 1.5 * KNOT, KNOT) for a, b in zip(low, high, strict=True)]
    knots = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    source = (bend.straight(knots) - low) / canvas.spacing
    labels, tissues = np.empty_like(canvas.labels), np.empty_like(canvas.tissues)
    _take(canvas.labels, canvas.tissues, source.astype(np.float32), KNOT / canvas.spacing,
          around.labels, around.tissues, canvas.spacing / around.spacing,
          (low - around.origin) / around.spacing, labels, tissues)  # fmt: skip
    canvas.labels, canvas.tissues = labels, tissues


@njit(nogil=True, cache=True)
def _take(
    labels: NDArray[np.uint16],
    tissues: NDArray[np.uint8],
    source: NDArray[np.float32],
    step: float,
    far_labels: NDArray[np.uint16],
    far_tissues: NDArray[np.uint8],
    ratio: float,
    offset: NDArray[np.float64],
    new_labels: NDArray[np.uint16],
    new_tissues: NDArray[np.uint8],
) -> None:
    nx, ny, nz = labels.shape
    at = np.empty(3, np.float64)
    for i in range(nx):
        a = int(i / step)
        fx = i / step - a
        for j in range(ny):
            b = int(j / step)
            fy = j / step - b
            for k in range(nz):
                c = int(k / step)
                fz = k / step - c
                for axis in range(3):
                    lower = (1 - fx) * ((1 - fy) * source[a, b, c, axis]
                                        + fy * source[a, b + 1, c, axis]) \
                        + fx * ((1 - fy) * source[a + 1, b, c, axis]
                                + fy * source[a + 1, b + 1, c, axis])  # fmt: skip
                    upper = (1 - fx) * ((1 - fy) * source[a, b, c + 1, axis]
                                        + fy * source[a, b + 1, c + 1, axis]) \
                        + fx * ((1 - fy) * source[a + 1, b, c + 1, axis]
                                + fy * source[a + 1, b + 1, c + 1, axis])  # fmt: skip
                    at[axis] = (1 - fz) * lower + fz * upper
                u, v, w = int(np.rint(at[0])), int(np.rint(at[1])), int(np.rint(at[2]))
                if 0 <= u < nx and 0 <= v < ny and 0 <= w < nz:
                    new_labels[i, j, k] = labels[u, v, w]
                    new_tissues[i, j, k] = tissues[u, v, w]
                    continue
                u = min(max(int(np.rint(ratio * at[0] + offset[0])), 0), far_labels.shape[0] - 1)
                v = min(max(int(np.rint(ratio * at[1] + offset[1])), 0), far_labels.shape[1] - 1)
                w = min(max(int(np.rint(ratio * at[2] + offset[2])), 0), far_labels.shape[2] - 1)
                new_labels[i, j, k] = far_labels[u, v, w]
                new_tissues[i, j, k] = far_tissues[u, v, w]
