"""The inner surface of the rib cage, spanned between the posed ribs and the sternum.

Seen from an axis in the middle of the chest it is a radius by angle and height, so that lungs,
pleura, intercostal muscles and chest wall follow every case's own ribs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import gaussian_filter, map_coordinates

from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.sternum import sternal_frames
from spine_tutor.anatomy.thorax import Thorax

Array = NDArray[np.float64]
Volume = NDArray[np.float32]

BEFORE_BODY = {"c7": 10.0, "t1": 15.0, "t3": 30.0, "t7": 40.0, "t10": 45.0, "l1": 45.0}
"""How far before the middles of the bodies the axis of the chest lies, mm."""
ANGLES = np.arange(0.0, 181.0, 3.0)
"""Degrees from straight behind to straight in front, right side."""
_STEP = 3.0  # mm between heights
_BEHIND_STERNUM = 5.0  # mm from the middle of the sternum to its back
_BELOW_XIPHOID = (30.0, 60.0, 100.0, 150.0)  # mm; there the wall of the abdomen goes on
_CAP = ((5.0, 0.80), (10.0, 0.5), (15.0, 0.15))  # mm above the first ribs, share of their radius


@dataclass(frozen=True, eq=False)
class Cage:
    """The inner surface of a rib cage; all lengths mm.

    Attributes:
        z: heights that the tables are known at, rising.
        middle: y of the axis at these heights.
        radius: (angles, heights) from the axis to the inside of ribs and sternum.
        between: (angles, heights) 0 at a rib, 1 midway between two.
        margin: (angles,) height of the lowest rib or of the costal margin.
        wall: thickness of the ribs.
    """

    z: Array
    middle: Array
    radius: Array
    between: Array
    margin: Array
    wall: float

    def seen(self, x: Volume, y: Volume, z: Volume) -> tuple[Volume, Volume, Volume, Volume]:
        """Return angle, distance from the axis, `radius` and `between` of points with x ≥ 0."""
        ahead = (y - np.interp(z, self.z, self.middle)).astype(np.float32)
        x = x.astype(np.float32)
        angle = np.degrees(np.arctan2(x, -ahead))
        height = ((z - self.z[0]) / (self.z[1] - self.z[0])).astype(np.float32)
        place = np.broadcast_arrays(angle / np.float32(ANGLES[1] - ANGLES[0]), height)
        radius, between = (
            map_coordinates(table.astype(np.float32), place, order=1, mode="nearest")
            for table in (self.radius, self.between)
        )
        return angle, np.hypot(x, ahead), radius, between


def build_cage(column: Column, thorax: Thorax, low: float, high: float, scale: float) -> Cage:
    """Return the cage of twelve ribs between two heights, mm; `scale` 1 is the pooled adult."""
    z = np.arange(low - _STEP, high + 2 * _STEP, _STEP)
    middle = _middle(column, z, scale)
    curves = [_inside(thorax, number) for number in range(1, 13)]
    sternum = _behind_sternum(thorax, scale)
    front = [sternum[-1] + [0.0, 0.12 * drop, -drop] for drop in scale * np.array(_BELOW_XIPHOID)]
    known = np.concatenate([*curves, sternum, front, _along_spine(column, low)])
    angle, radius = _polar(known, z, middle)
    top_angle, top_radius = _polar(curves[0], z, middle)
    cap = [(top_angle, share * top_radius, curves[0][:, 2] + scale * up) for up, share in _CAP]
    angle = np.concatenate([angle, *(c[0] for c in cap)])
    radius = np.concatenate([radius, *(c[1] for c in cap)])
    height = np.concatenate([known[:, 2], *(c[2] for c in cap)])
    grid = np.stack(np.meshgrid(ANGLES, z, indexing="ij"), axis=-1).reshape(-1, 2)
    # mirrored, so that it is even in the midline
    places = np.column_stack([np.r_[angle, -angle, 360.0 - angle], np.tile(height, 3)])
    places, first = np.unique(places.round(1), axis=0, return_index=True)
    fit = RBFInterpolator(
        places, np.tile(radius, 3)[first], neighbors=24, smoothing=2.0, kernel="linear"
    )
    table = gaussian_filter(fit(grid).reshape(len(ANGLES), len(z)), 0.7, mode="nearest")
    wall = 2.0 * float(np.median([rib.axis.half[24, 1] for rib in thorax.ribs.values()]))
    between, margin = _between(curves, z, middle)
    margin = np.interp(
        ANGLES, [*ANGLES[ANGLES < 150], 180], [*margin[ANGLES < 150], sternum[-1, 2]]
    )
    return Cage(z, middle, np.maximum(table, 1.0), between, margin, wall)


def _middle(column: Column, z: Array, scale: float) -> Array:
    levels = sorted(column.levels, key=lambda level: column.frames[level][2, 3])
    number = [column.levels.index(level) for level in levels]
    known = sorted((column.levels.index(level), ahead) for level, ahead in BEFORE_BODY.items())
    ahead = scale * np.interp(number, [k for k, _ in known], [a for _, a in known])
    bodies = np.array([column.frames[level][:3, 3] for level in levels])
    return np.interp(z, bodies[:, 2], bodies[:, 1] + ahead)


def _inside(thorax: Thorax, number: int) -> Array:
    """Return (n, 3) world points along the inside of a right rib."""
    rib = thorax.ribs[f"rib_{number}_right"]
    axis = rib.axis
    return rib.to_world(axis.path - axis.half[:, 1:] * axis.outward)


def _along_spine(column: Column, low: float) -> Array:
    """Return points that close the cage along the bodies and below the last rib."""
    rows = [
        (column.frames[level] @ [0.0, -0.3 * column.bodies[level].depth, 0.0, 1.0])[:3]
        for level in column.levels
    ]
    last = np.array([(column.frames["l1"] @ [x, -18.0, 0.0, 1.0])[:3] for x in (22.0, 40.0, 60.0)])
    drops = np.array([[0.0, 0.0, z - last[0, 2]] for z in (last[0, 2], low)])
    return np.concatenate([rows, [rows[-1] + drops[1]], *(last + drop for drop in drops)])


def _behind_sternum(thorax: Thorax, scale: float) -> Array:
    upper, lower = sternal_frames(thorax.ribs, scale)
    rows = [(upper, 44), (upper, 22), (lower, 0), (lower, -35), (lower, -70), (lower, -105)]
    return np.array(
        [(frame @ [0, -_BEHIND_STERNUM * scale, h * scale, 1.0])[:3] for frame, h in rows]
    )


def _polar(points: Array, z: Array, middle: Array) -> tuple[Array, Array]:
    ahead = points[:, 1] - np.interp(points[:, 2], z, middle)
    return np.degrees(np.arctan2(points[:, 0], -ahead)), np.hypot(points[:, 0], ahead)


def _between(curves: list[Array], z: Array, middle: Array) -> tuple[Array, Array]:
    """Return `Cage.between`, and the height of the lowest rib at each angle."""
    rows = []
    for points in curves:
        angle = np.maximum.accumulate(_polar(points, z, middle)[0])
        past = angle[-1] + 3.0 < ANGLES  # ribs that end before an angle are not met there
        rows.append(np.where(past, np.nan, np.interp(ANGLES, angle, points[:, 2])))
    table = np.empty((len(ANGLES), len(z)))
    heights = np.array(rows)
    last = heights[:, np.isfinite(heights).any(axis=0)][:, -1]  # in front no rib is met
    for n, at in enumerate(heights.T):
        at = at if np.isfinite(at).any() else last
        order = np.minimum.accumulate(at[np.isfinite(at)])[::-1]  # rising
        share = np.interp(z, order + 1e-3 * np.arange(len(order)), np.arange(len(order))) % 1.0
        table[n] = 4.0 * share * (1.0 - share)
    return table, np.fmin.reduce(heights, axis=0)
