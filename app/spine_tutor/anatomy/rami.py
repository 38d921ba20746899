"""Dorsal rami with their medial and lateral branches, laid into their grooves on the bone.

How the branches of a stretch of the column run over its bones is told by a `Courses` function,
such as `rami_lower.courses`; what is common to all of them is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.fields import Distances, Field, Points
from spine_tutor.anatomy.nerves import Roots
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.tubes import STEP, Tube, hugging, onto, smooth, tube

Array = NDArray[np.float64]

RADIUS = {"trunk": 0.7, "medial": 0.5, "lateral": 0.5}
"""Radius of dorsal rami and of their branches, mm (estimate: they are about 1 mm across)."""
AFLOAT = 0.2
"""Gap between a branch and the bone that it runs on, mm (estimate)."""
LEAVES = 7.0
"""How far beyond the middle of the ganglion a dorsal ramus leaves its nerve, mm (estimate)."""


@dataclass(frozen=True, eq=False)
class Course:
    """The way of one branch.

    Attributes:
        structure: whose it is, such as ``l3_medial_branch_left``.
        kind: a key of `RADIUS`.
        begin: the level of the nerve that it leaves, or the world point where it begins.
        groove: (n, 3) world points on or near the bone that it runs on; it is laid on it there.
        bone: that bone.
        after: (m, 3) world points where it goes on in soft tissue.
    """

    structure: str
    kind: str
    begin: str | Array
    groove: Array = field(default_factory=lambda: np.empty((0, 3)))
    bone: Field | None = None
    after: Array = field(default_factory=lambda: np.empty((0, 3)))


Courses = Callable[[Skeleton, Column, str], Iterator[Course]]
"""Yields the courses on one side of a region."""


def dorsal_rami(
    skeleton: Skeleton, column: Column, roots: Roots, courses: Courses
) -> Iterator[Tube]:
    """Yield the branches on both sides, each in one piece and none through bone.

    Args:
        skeleton: the bones.
        column: the posed vertebrae.
        roots: the spinal nerves that they come from.
        courses: how they run in this region.
    """
    bones = [(bone.bone, *bone.box) for bone in skeleton.bones()]
    for side in SIDES:
        forks: dict[bytes, Array] = {}  # where a ramus came to end, by where it was to end
        for course in courses(skeleton, column, side):
            begin = course.begin
            if isinstance(begin, str):
                begin = roots[begin, side].at(LEAVES)
            begin = forks.get(begin.tobytes(), begin)
            points = [begin, *course.groove, *course.after]
            low, high = np.min(points, axis=0) - 8.0, np.max(points, axis=0) + 8.0
            near = [f for f, lo, hi in bones if (lo < high).all() and (hi > low).all()]
            laid = _laid(course, np.array(points), near)
            forks[np.asarray(points[-1]).tobytes()] = laid.path[-1]
            yield laid


def _laid(course: Course, points: Array, near: Sequence[Field]) -> Tube:
    gap = RADIUS[course.kind] + AFLOAT
    groove = course.groove
    if course.bone is not None:
        groove = onto(course.bone, groove, gap)
        points = np.concatenate([points[:1], groove, course.after])
    path = smooth(points, STEP)
    at = np.arange(len(path))
    if course.bone is not None:
        first, last = (
            int(np.argmin(np.linalg.norm(path - place, axis=1))) for place in groove[[0, -1]]
        )
        path = hugging(course.bone, path, gap, (at >= first) & (at <= last))
    if near:
        path = hugging(_nearest(near), path, gap, at < 0)
    return tube(course.structure, path, RADIUS[course.kind])


def _nearest(fields: Sequence[Field]) -> Field:
    """Return the distance to the nearest of some bones."""

    def nearest(points: Points) -> Distances:
        found: Distances = np.min([field(points) for field in fields], axis=0)
        return found

    return nearest
