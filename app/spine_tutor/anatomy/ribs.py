"""The ribs: head, neck and shaft as a limb along landmarks, kept off the vertebrae they turn on.

A rib is shaped in the frame of its own vertebra, right side; its head and tubercle lie in the
hollows of `vertebra.costal_cups`. It keeps the joint space from every vertebra it touches, so
that costovertebral and costotransverse joints are spaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.spatial import cKDTree

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BREADTH, Column, Matrix
from spine_tutor.anatomy.fields import Distances, Points, difference, limb
from spine_tutor.anatomy.fields import Field as DistanceField
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.skeleton import Box, VertebraModel
from spine_tutor.anatomy.vertebra_shape import VertebraShape, vertebra_shape
from spine_tutor.resources import assets_dir

PARTS = ("head", "neck", "shaft")
"""Parts of a rib from behind; the tubercle belongs to the neck."""
SIGN = {"left": -1.0, "right": 1.0}

JOINT_SPACE = 1.6
"""Bone to bone across the joints of a rib, cartilage included, mm (estimate)."""
HEAD_HALF = (6.0, 5.0)
NECK_HALF = (4.9, 3.3)
TUBERCLE_HALF = (4.7, 3.9)
"""Half height and half thickness of head, neck and tubercle, mm (estimates)."""
HEAD_LENGTH = 8.0
"""How much of a rib, from its medial end, is called its head, mm (estimate)."""
NECK_WITHOUT_TUBERCLE = 26.0
"""Length of the neck of the ribs that have no tubercle, mm (estimate)."""
GROOVED = range(3, 11)
"""Ribs whose costal groove is deep enough to show."""
GROOVE_RADIUS = 1.9
RAISED = {1: 0.08, 2: 0.17, 3: 0.16, 4: 0.15, 5: 0.14, 6: 0.12, 7: 0.10, 8: 0.07, 9: 0.05, 10: 0.03}
"""How much more than those of the measured man, who lies with a straighter back, the shafts rise
with every mm forwards: so that jugular notch, sternal angle and xiphisternal joint lie before
T2–T3, T4–T5 and T9 (estimate)."""
_STEPS = 48

Array = NDArray[np.float64]


class RibShape(BaseModel):
    """What the asset holds of one rib: the middle of its shaft, half widths and lean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: tuple[tuple[float, float, float], ...] = Field(min_length=4)
    half: tuple[float, float]
    lean: float


@cache
def rib_shapes() -> Mapping[int, RibShape]:
    """Return the shapes of ribs 1 to 12, from `assets/ribs.yaml`."""
    text = (assets_dir() / "ribs.yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[int, RibShape]).validate_python(yaml.safe_load(text))


@dataclass(frozen=True, eq=False)
class Axis:
    """The middle of a rib from head to anterior end, in its vertebra's frame, right side.

    Attributes:
        path: (m, 3) points, mm.
        half: (m, 2) half height and half thickness, mm.
        up: (m, 3) direction of the upper border, square to the path.
        along: (m,) way from the medial end, mm.
        tubercle: way to the middle of the tubercle, mm, None where there is none.
        neck_end: way to the lateral end of the tubercle, mm.
    """

    path: Array
    half: Array
    up: Array
    along: Array
    tubercle: float | None
    neck_end: float

    @property
    def outward(self) -> Array:
        """Return the (m, 3) directions from the chest's inside to its outside."""
        return np.cross(_tangents(self.path), self.up)


def rib_axis(number: int, vertebra: VertebraShape, case: Case) -> Axis:
    """Return the axis of a rib that fits its vertebra's costal facets, at the size of a case."""
    shape, scale = rib_shapes()[number], case.height_scale
    assert vertebra.rib_head is not None  # every thoracic row has it
    size = scale * np.array([BREADTH[case.sex], 1, 1])
    knots = [vertebra.rib_head]
    if vertebra.rib_tubercle is not None:
        knots.append(vertebra.rib_tubercle)
    corners = np.vstack([knots, size * _raised(shape.path, RAISED.get(number, 0.0))])
    ways = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
    fine = np.linspace(0, ways[-1], 400)
    curve = CubicSpline(ways, corners)(fine)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    # Short stretches where the rib is bent most and has its joints.
    along = length[-1] * np.linspace(0, 1, _STEPS) ** 1.5
    path = np.stack([np.interp(along, length, c) for c in curve.T], axis=1)

    to_tubercle = float(np.interp(ways[1], fine, length)) if len(knots) > 1 else 0.0
    middle = to_tubercle or scale * NECK_WITHOUT_TUBERCLE
    tubercle = TUBERCLE_HALF if to_tubercle else NECK_HALF
    stops = [0, 0.5 * middle, middle, 1.8 * middle, 0.9 * length[-1], length[-1]]
    slim = np.minimum(shape.half, (np.inf, 3.2))
    widths = [HEAD_HALF, NECK_HALF, tubercle, shape.half, slim, np.multiply(shape.half, 0.9)]
    # A short rib is slender from its head on.
    thin = min(1.0, shape.half[1] / 3.1)
    half = scale * PchipInterpolator(stops, np.array(widths) * [1, thin])(along)
    lean = np.radians(shape.lean) * np.clip((along - middle) / (0.3 * length[-1]), 0, 1)
    neck_end = middle + 0.7 * scale * tubercle[0]
    return Axis(path, half, _leaning(path, lean), along, to_tubercle or None, neck_end)


def _raised(path: ArrayLike, by: float) -> Array:
    """Return a path that rises `by` mm with every mm that it goes forwards from its start."""
    raised = np.array(path, float)
    raised[:, 2] += by * (raised[:, 1] - raised[0, 1])
    return raised


def _tangents(path: Array) -> Array:
    along = np.gradient(path, axis=0)
    return along / np.linalg.norm(along, axis=1, keepdims=True)


def _leaning(path: Array, lean: Array) -> Array:
    """Return the directions square to a path, upwards but leaning inwards by an angle."""
    tangent = _tangents(path)
    up = np.array([0, 0, 1.0]) - tangent[:, 2:] * tangent
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    outward = np.cross(tangent, up)
    return np.cos(lean)[:, None] * up - np.sin(lean)[:, None] * outward


@dataclass(frozen=True, eq=False)
class RibModel:
    """One posed rib.

    Attributes:
        number, side: such as 7 and ``left``.
        frame: of its own vertebra, vertebra_to_world (4×4).
        axis: its middle, in that frame, right side.
        vertebrae: what it keeps the joint space from, its own first.
        space: width of its joints, mm.
    """

    number: int
    side: str
    frame: Matrix
    axis: Axis
    vertebrae: tuple[VertebraModel, ...]
    space: float

    @property
    def id(self) -> str:
        """Return the structure id of the whole rib."""
        return f"rib_{self.number}_{self.side}"

    @property
    def part_ids(self) -> tuple[str, ...]:
        """Return the structure ids that `parts` indexes."""
        return tuple(f"rib_{self.number}_{part}_{self.side}" for part in PARTS)

    def to_world(self, points: Array) -> Array:
        """Return world points of (n, 3) points in the vertebra's frame on the right side."""
        mirrored = points * [SIGN[self.side], 1, 1]
        world: Array = mirrored @ self.frame[:3, :3].T + self.frame[:3, 3]
        return world

    def _local(self, points: Points) -> Points:
        local = (points - self.frame[:3, 3].astype(np.float32)) @ self.frame[:3, :3]
        return (local * [SIGN[self.side], 1, 1]).astype(np.float32)

    @cached_property
    def _shaft(self) -> DistanceField:
        axis = self.axis
        return limb(
            axis.path, axis.half, 0.5 * (axis.up[1:] + axis.up[:-1]), reach=25.0, blend=0.15
        )

    @cached_property
    def _groove(self) -> DistanceField:
        path, radius = self._groove_path(), GROOVE_RADIUS * self.axis.half.max() / 6.8
        return limb(path, np.full((len(path), 2), radius), (0, 0, 1), reach=6.0)

    def _groove_path(self) -> Array:
        """Return the costal groove inside the lower border, from tubercle to three quarters."""
        axis = self.axis
        half, thick = axis.half.T[:, :, None]
        inner = axis.path - (half - 1.2) * axis.up - (thick + 0.3) * axis.outward
        start, end = axis.neck_end + 6, 0.75 * axis.along[-1]
        return inner[(axis.along > start) & (axis.along < end)]

    def groove_path(self) -> Array:
        """Return (n, 3) world points along the costal groove, where nerve and vessels run."""
        return self.to_world(self._groove_path())

    @property
    def tubercle(self) -> Array | None:
        """Return the middle of the tubercle, a world point, None for ribs 11 and 12."""
        if self.axis.tubercle is None:
            return None
        at = int(np.abs(self.axis.along - self.axis.tubercle).argmin())
        return self.to_world(self.axis.path[at : at + 1])[0]

    @property
    def head(self) -> Array:
        """Return the middle of the head, a world point."""
        return self.to_world(self.axis.path[:1])[0]

    def crest_of_neck(self) -> Array:
        """Return the middle of the upper border of the neck, a world point."""
        at = int(np.abs(self.axis.along - 0.6 * self.axis.neck_end).argmin())
        top = self.axis.path[at] + self.axis.half[at, 0] * self.axis.up[at]
        return self.to_world(top[None])[0]

    def whole(self, points: Points) -> Distances:
        """Return the distance to the rib before its joints are cut, (n,) mm."""
        local = self._local(points)
        distance = self._shaft(local)
        if self.number in GROOVED:
            near = np.flatnonzero(distance < 3)
            distance[near] = difference(distance[near], self._groove(local[near]), 0.8)
        return distance

    def bone(self, points: Points) -> Distances:
        """Return the signed distance to the bone, (n,) mm, at (n, 3) world points."""
        distance = self.whole(points)
        medial = self._local(points)[:, 0] < self.axis.path[:, 0].min() + 40
        near = np.flatnonzero((distance < 6) & medial)
        for vertebra in self.vertebrae if len(near) else ():
            space = np.float32(self.space) - vertebra.bone(points[near])
            distance[near] = np.maximum(distance[near], space)
        return distance

    def parts(self, points: Points) -> NDArray[np.uint8]:
        """Return for (n, 3) world points the index in `part_ids` of the part they belong to."""
        _, nearest = cKDTree(self.axis.path).query(self._local(points))
        ends = [HEAD_LENGTH, self.axis.neck_end]
        return np.searchsorted(ends, self.axis.along[nearest]).astype(np.uint8)

    @property
    def box(self) -> Box:
        """Return the lowest and highest world corner of a box around the rib, mm."""
        path, margin = self.to_world(self.axis.path), self.axis.half.max() + 3
        return path.min(axis=0) - margin, path.max(axis=0) + margin


def build_ribs(
    column: Column,
    vertebrae: Mapping[str, VertebraModel],
    case: Case,
    numbers: Iterable[int] = range(1, 13),
) -> Mapping[str, RibModel]:
    """Return ribs of both sides by id, such as ``rib_7_left``.

    Args:
        column: where their vertebrae lie.
        vertebrae: the vertebrae by level that are built, from which the ribs keep their space.
        case: the body they belong to.
        numbers: which ribs.
    """
    ribs = (
        RibModel(
            number=number,
            side=side,
            frame=column.frames[f"t{number}"],
            axis=rib_axis(number, vertebra_shape(f"t{number}", case), case),
            vertebrae=tuple(
                vertebrae[level] for level in (f"t{number}", f"t{number - 1}") if level in vertebrae
            ),
            space=case.height_scale * JOINT_SPACE,
        )
        for number in numbers
        for side in SIDES
    )
    return {rib.id: rib for rib in ribs}
