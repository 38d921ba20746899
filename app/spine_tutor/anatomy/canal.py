"""The vertebral canal: its bent middle line, and how far its walls are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d, grey_opening, map_coordinates
from scipy.spatial import cKDTree

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.catalogue import disc_id
from spine_tutor.anatomy.column import BREADTH, Column
from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.region import COLUMN, Region
from spine_tutor.anatomy.sacrum import CANAL as SACRAL_CANAL
from spine_tutor.anatomy.sacrum import CANAL_LEVELS as SACRAL_LEVELS
from spine_tutor.anatomy.vertebra_shape import hollow_back
from spine_tutor.anatomy.workers import in_order

Array = NDArray[np.float64]

STEP = 0.25  # mm between the points of a canal line
BEND = 7.0  # mm over which the line is smoothed

ANGLES = np.radians(np.arange(-180.0, 180.0, 2.0))  # 0 is straight behind, + to the right
REACH = 24.0  # mm; no wall of the canal is farther from its middle
_RADII = np.arange(0.5, REACH, 0.25)  # a large herniation comes near the middle
FAR = 1e3  # mm: no bone
WALL_STEP = 0.5  # mm between places
MIDLINE = np.radians(16.0)
"""From straight behind, where a laminectomy leaves no bone (estimate)."""
SCAR = 2.0
"""How far behind the laminae muscle lies where some are gone, mm: the rest is scar (estimate)."""
BEHIND_DENS = -12.0  # y of the middle of the canal in the ring of the atlas, mm (estimate)
END = 16.0  # mm beyond the middle of its last vertebra, where a region's canal ends


@dataclass(frozen=True, eq=False)
class CanalLine:
    """The middle of the canal: a line in the mid-sagittal plane, with places measured along it.

    A point near it has three coordinates in mm: `u` to the right, `d` in front of the line,
    and `s` along the line, growing cranially.

    Attributes:
        points: (n, 2) y and z every `STEP` mm from below.
        forward: (n, 2) unit vectors y, z pointing forwards, square to the line.
        levels: `s` at the middle of each level's body, with ``s2`` and ``s3`` below ``s1``, and
            of the neighbours of the region.
        region: the stretch of the column that it runs through.
    """

    points: Array
    forward: Array
    levels: Mapping[str, float]
    region: Region

    def place(self, s: ArrayLike, u: ArrayLike, d: ArrayLike) -> Array:
        """Return the world points, (..., 3) mm, of places along the line."""
        s, u, d = (np.asarray(value, float) for value in (s, u, d))
        known = STEP * np.arange(len(self.points))
        y, z = (np.interp(s, known, self.points[:, i]) for i in (0, 1))
        fy, fz = (np.interp(s, known, self.forward[:, i]) for i in (0, 1))
        return np.stack(np.broadcast_arrays(u, y + d * fy, z + d * fz), axis=-1)

    def along(self, points: ArrayLike) -> tuple[Array, Array]:
        """Return `s` and `d` of (..., 2) points y, z, mm."""
        points = np.asarray(points, float)
        _, nearest = cKDTree(self.points).query(points)
        offset = points - self.points[nearest]
        ahead = self.forward[nearest]
        d = offset[..., 0] * ahead[..., 0] + offset[..., 1] * ahead[..., 1]
        return STEP * nearest, d

    def coordinates(self, canvas: Canvas, window: tuple[slice, ...]) -> tuple[Array, Array, Array]:
        """Return `u`, `d` and `s` of a window's voxels, shaped to broadcast."""
        x, y, z = canvas.axes(window)
        yz = np.stack(np.broadcast_arrays(y[0], z[0]), axis=-1)
        s, d = self.along(yz)
        return x, d[None], s[None]

    def along_column(self, table: Mapping[str, float], s: ArrayLike) -> Array:
        """Return a quantity given for some levels anywhere along the line, linear between them."""
        order = (*COLUMN, *SACRAL_LEVELS)
        known = sorted((order.index(level), value) for level, value in table.items())
        value = np.interp(
            [order.index(level) for level in self.levels],
            [k for k, _ in known],
            [v for _, v in known],
        )
        places = sorted(zip(self.levels.values(), value, strict=True))
        return np.interp(np.asarray(s, float), [k for k, _ in places], [v for _, v in places])


def canal_line(column: Column, case: Case) -> CanalLine:
    """Return the line through the middle of the bony canal, a vertebra beyond the region's ends."""
    knots: list[Array] = []
    middles: dict[str, Array] = {}
    region = column.region
    first, last = (COLUMN.index(region.levels[n]) for n in (0, -1))
    for level in COLUMN[max(0, first - 1) : last + 2]:
        frame, body = column.frames[level], column.bodies[level]
        y = -0.5 * (body.depth + body.canal_depth) + hollow_back(level, case)
        if level == "c1":
            y = BEHIND_DENS * case.height_scale
        middles[level] = (frame @ [0.0, y, 0.0, 1.0])[1:3]
        knots.extend((frame @ [0.0, y, z * body.height, 1.0])[1:3] for z in (-0.3, 0.3))
    if region.pelvis:
        plate = column.endplate("s1", "upper")
        scale = case.height_scale * BREADTH[case.sex]  # as the sacrum itself
        sacral = scale * np.array([p for p in SACRAL_CANAL if p[1] < 0])
        knots.extend((plate @ [0.0, y, z, 1.0])[1:3] for y, z in sacral)
        for level, (y, z) in SACRAL_LEVELS.items():
            middles[level] = (plate @ [0.0, scale * y, scale * z, 1.0])[1:3]

    ordered = np.array(sorted(knots, key=lambda p: p[1]))
    upwards = ordered[-1] - ordered[-4]  # two vertebrae give the direction
    upwards *= 40.0 / np.linalg.norm(upwards)
    ends = [ordered[0] - 2.0 * (ordered[1] - ordered[0]), ordered[-1] + upwards]
    ordered = np.vstack([ends[0], ordered, ends[1]])
    points = _evenly(ordered)
    points = gaussian_filter1d(points, BEND / STEP, axis=0, mode="nearest")
    rim = round(3 * BEND / STEP)  # where the filter has met the end
    points = _evenly(points[rim:-rim])
    tangent = np.gradient(points, STEP, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    forward = np.stack([tangent[:, 1], -tangent[:, 0]], axis=-1)
    _, nearest = cKDTree(points).query(list(middles.values()))
    levels = dict(zip(middles, STEP * nearest, strict=True))
    return CanalLine(points, forward, levels, region)


def _evenly(points: Array) -> Array:
    """Return points every `STEP` mm along a polyline."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.arange(0.0, length[-1], STEP)
    return np.stack([np.interp(even, length, points[:, i]) for i in (0, 1)], axis=-1)


class CanalWall:
    """How far the wall of the canal is from its middle, measured on the painted bones and discs.

    Attributes:
        s: places along the canal line, mm.
        radius: (angles, places) distance to the first bone, NaN where the wall is open.
        owner: (angles, places) index in the region's levels of the bone met, their number for the
            sacrum, one more for a disc, −1 where the wall is open.
        closed: `radius` with the openings between laminae and pedicles bridged.
        sight: `radius` to bone only, `FAR` where none is met or a disc first: a herniation
            hides no foramen. Slits narrower than a nerve are closed.
    """

    def __init__(self, canvas: Canvas, line: CanalLine, opened: Collection[str] = ()):
        """Measure it; `opened` are the levels without laminae, where muscle closes the canal."""
        grid = canvas.grid()
        top = float(line.along(grid.bounds[1][1:])[0])
        self.line = line
        levels = line.region.levels
        floor = line.levels[levels[-1]] - END
        if line.region.pelvis:  # as far down the sacrum as the canvas goes
            floor = max(line.levels["s5"] - END, float(line.along(grid.bounds[0][1:])[0]))
        self.s = np.arange(floor, min(top, line.levels[levels[0]] + END), WALL_STEP)
        owners = _owners(canvas, line.region)
        rows = in_order(partial(self._first_met, grid, owners), ANGLES)
        radius, owner = zip(*rows, strict=True)
        self.radius, self.owner = np.stack(radius), np.stack(owner)
        self.closed = self._bridged()
        bone = (self.owner >= 0) & (self.owner <= len(levels))
        far = np.where(bone, self.radius, FAR)
        self.sight = grey_opening(far, (7, 7), mode=("wrap", "nearest"))
        for level in set(opened) & set(levels):
            self._close_behind(level)

    def _first_met(
        self, grid: LabelGrid, owners: NDArray[np.int16], angle: float
    ) -> tuple[Array, NDArray[np.int16]]:
        """Return by place how far the wall is in one direction, and whose it is."""
        u, d = _RADII * np.sin(angle), -_RADII * np.cos(angle)
        points = self.line.place(self.s, u[:, None], d[:, None])
        index, inside = grid.voxel_of(points)
        owner = owners[grid.labels[tuple(np.moveaxis(index, -1, 0))]]
        bone = (owner >= 0) & inside
        hit = bone.any(axis=0)
        first = bone.argmax(axis=0)
        radius = np.where(hit, _RADII[first], np.nan)
        return radius, np.where(hit, owner[first, np.arange(len(first))], -1)

    def _bridged(self) -> Array:
        closed = np.empty_like(self.radius)
        for n, row in enumerate(self.radius):
            known = np.isfinite(row)
            closed[n] = np.interp(self.s, self.s[known], row[known]) if known.any() else REACH
        return gaussian_filter(closed, (1.0, 1.5), mode=("wrap", "nearest"))

    def _close_behind(self, level: str) -> None:
        """Close the canal behind a level without laminae: flat, between those of its neighbours."""
        behind = np.abs(ANGLES) < MIDLINE
        met = ((self.owner >= 0) & (self.owner <= len(self.line.region.levels)))[behind].any(axis=0)
        middle = int(np.searchsorted(self.s, self.line.levels[level]))
        below, above = np.flatnonzero(met[:middle]), np.flatnonzero(met[middle:])
        ends = [below[-1] if len(below) else 0, middle + above[0] if len(above) else -1]
        depth = SCAR + (self.closed * np.cos(ANGLES)[:, None])[behind][:, ends].min(axis=0)
        flat = np.interp(self.s, self.s[ends], depth) / np.maximum(np.cos(ANGLES), 0.2)[:, None]
        gone = (self.s >= self.s[ends[0]]) & (self.s <= self.s[ends[1]])
        self.closed = np.where(gone, np.minimum(self.closed, flat), self.closed)

    def at(self, table: Array, angle: Array, s: Array) -> Array:
        """Return a quantity known by angle and place at other angles and places."""
        return by_angle(table, self.s, angle, s)

    def closest(self, low: float, high: float) -> Array:
        """Return by place the least distance to the wall within angles from straight behind."""
        angle = np.abs(np.degrees(ANGLES))
        among = self.closed[(angle >= low) & (angle <= high)]
        return among.min(axis=0)


def by_angle(table: Array, places: Array, angle: ArrayLike, s: ArrayLike) -> Array:
    """Return a quantity, known at all `ANGLES` and at even places, at other angles and places."""
    i = (np.asarray(angle, float) - ANGLES[0]) / (ANGLES[1] - ANGLES[0])
    k = (np.asarray(s, float) - places[0]) / (places[1] - places[0])
    i, k = np.broadcast_arrays(i, k)
    at = [i.ravel(), k.ravel()]
    found = map_coordinates(np.vstack([table, table[:1]]), at, order=1, mode="nearest")
    return found.reshape(i.shape)


def _owners(canvas: Canvas, region: Region) -> NDArray[np.int16]:
    """Return by label the index of the vertebra it belongs to, −1 for what is no wall."""
    owner = np.full(1 << 16, -1, np.int16)
    known = canvas.structures
    for n, level in enumerate(region.levels):
        owner[list(known.labels_of(f"{level}_vertebra"))] = n
    if region.pelvis:
        for closed in ("sacrum", "sacrococcygeal_ligament"):
            owner[list(known.labels_of(closed))] = len(region.levels)
    for upper, lower in region.discs:
        owner[list(known.labels_of(disc_id(upper, lower)))] = len(region.levels) + 1
    return owner


def free_around(
    canvas: Canvas, line: CanalLine, reach: float, across: tuple[float, float] = (-1e3, 1e3)
) -> tuple[tuple[slice, ...], tuple[NDArray[np.intp], ...], Array, Array, Array]:
    """Return a window, its free places within reach of a canal line, and their coordinates.

    With `across` only those between two planes to the right of the midline, mm.
    """
    left, right = np.clip(across, -reach, reach)
    low = np.r_[left, line.points.min(axis=0) - REACH]
    high = np.r_[right, line.points.max(axis=0) + REACH]
    window = canvas.window(low, high)
    u, d, s = line.coordinates(canvas, window)
    chord = np.sqrt(np.maximum(reach * reach - d * d, 0.0))
    free = (canvas.labels[window] == 0) & (np.abs(u) < chord)
    where = np.nonzero(free)
    u, d, s = (np.broadcast_to(values, free.shape)[where] for values in (u, d, s))
    return window, where, u, d, s
