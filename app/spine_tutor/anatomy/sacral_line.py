"""The curve through the middle of the sacral and coccygeal bodies, and places along it.

Frame: the upper endplate of S1, origin in its middle, x right, y anterior along it, z cranial.
A place has three coordinates in mm: `u` to the right, `d` in front of the line, square to it, and
`s` along it, 0 at the endplate and falling caudally.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

Array = NDArray[np.float64]

STEP = 0.25  # mm between the points of the line
ABOVE = 20.0  # mm by which the line goes on above the endplate, and below the last body


@dataclass(frozen=True, eq=False)
class SacralLine:
    """The line, as points (n, 2) of y and z from above.

    Attributes:
        s: (n,) height along the line, mm, falling.
        points: (n, 2) y and z.
        forward: (n, 2) unit vectors pointing forwards, square to the line.
        borders: `s` of the upper border of every bone along it and of the end of the last.
    """

    s: Array
    points: Array
    forward: Array
    borders: Mapping[str, float]

    def place(self, u: ArrayLike, d: ArrayLike, s: ArrayLike) -> Array:
        """Return the points (..., 3) x, y, z of places along the line, mm."""
        u, d, s = (np.asarray(value, float) for value in (u, d, s))
        y, z = (np.interp(-s, -self.s, self.points[:, i]) for i in (0, 1))
        fy, fz = (np.interp(-s, -self.s, self.forward[:, i]) for i in (0, 1))
        return np.stack(np.broadcast_arrays(u, y + d * fy, z + d * fz), axis=-1)

    def along(self, yz: ArrayLike) -> tuple[Array, Array]:
        """Return `d` and `s` of (..., 2) points y, z, mm."""
        yz = np.asarray(yz, float)
        _, nearest = cKDTree(self.points).query(yz)
        offset, ahead = yz - self.points[nearest], self.forward[nearest]
        d = offset[..., 0] * ahead[..., 0] + offset[..., 1] * ahead[..., 1]
        up = offset[..., 1] * ahead[..., 0] - offset[..., 0] * ahead[..., 1]
        return d, self.s[nearest] + up

    def middle(self, bone: str) -> float:
        """Return `s` in the middle of a bone such as ``s3``."""
        names = list(self.borders)
        return 0.5 * (self.borders[bone] + self.borders[names[names.index(bone) + 1]])

    def frame(self, bone: str) -> Array:
        """Return bone_to_endplate (4×4): origin in the middle of its body, z along the line."""
        s = self.middle(bone)
        (y, z), (fy, fz) = self.place(0, 0, s)[1:], self.place(0, 1, s)[1:]
        fy, fz = fy - y, fz - z
        return np.array([[1, 0, 0, 0], [0, fy, -fz, y], [0, fz, fy, z], [0, 0, 0, 1]])


def sacral_line(bones: Mapping[str, tuple[float, float]]) -> SacralLine:
    """Return the line through bones given by height, mm, and lean, degrees.

    Args:
        bones: from above; a bone leans by how far its axis falls backwards from the normal of
            the endplate of S1.
    """
    heights, leans = np.array(list(bones.values())).T
    steps = heights[:, None] * np.stack(
        [-np.sin(np.radians(leans)), -np.cos(np.radians(leans))], axis=-1
    )
    knots = np.vstack([[0.0, 0.0], np.cumsum(steps, axis=0)])
    down = np.concatenate([[0.0], np.cumsum(heights)])
    ends = [(1, steps[n] / heights[n]) for n in (0, -1)]  # the first and the last bone are straight
    spline = CubicSpline(down, knots, bc_type=(ends[0], ends[1]))
    at = np.arange(-ABOVE, down[-1] + ABOVE, STEP)
    inside = np.clip(at, 0, down[-1])
    slope = spline(inside, 1)
    slope /= np.linalg.norm(slope, axis=1, keepdims=True)
    points = spline(inside) + (at - inside)[:, None] * slope  # straight beyond its ends
    forward = np.stack([-slope[:, 1], slope[:, 0]], axis=-1)
    return SacralLine(-at, points, forward, dict(zip((*bones, "end"), -down, strict=True)))
