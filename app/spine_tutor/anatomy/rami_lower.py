"""Courses of the dorsal rami from T11 to S3.

A medial branch crosses the junction of superior articular and transverse process of the vertebra
below, passes under the mamillo-accessory ligament and goes over the lamina to the joint below
(Bogduk's description; the targets are those of the reference sheet). So do the branches of T11,
in an osteofibrous canal, and T12 (Koutp 2022, Pain Med 23:1863). The dorsal ramus of L5 lies
in the notch between the ala and the superior articular process of S1; the lateral branches of S1
to S3 go from the posterior foramina over the sacrum to the sacroiliac joint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.bones import Skeleton
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.rami import Course
from spine_tutor.anatomy.sacrum import FORAMINA, SacrumModel
from spine_tutor.anatomy.skeleton import VertebraModel

Array = NDArray[np.float64]

CROSSES: Mapping[str, str] = {
    "t11": "t12", "t12": "l1", "l1": "l2", "l2": "l3", "l3": "l4", "l4": "l5",
}  # fmt: skip
"""By nerve, the vertebra over which its medial branch runs."""
SACRAL = ("s1", "s2", "s3")
"""Sacral nerves whose lateral branches supply the sacroiliac joint."""


def courses(skeleton: Skeleton, column: Column, side: str) -> Iterator[Course]:
    """Yield the courses of a side; see `rami.Courses`."""
    for nerve, level in CROSSES.items():
        if nerve in column.region.roots and level in skeleton.vertebrae:
            yield from _lumbar(nerve, skeleton.vertebrae[level], side)
    if skeleton.sacrum is not None:
        yield _fifth(skeleton.sacrum, side)
        for level in SACRAL:
            yield from _sacral(skeleton.sacrum, level, side)


def _lumbar(nerve: str, model: VertebraModel, side: str) -> Iterator[Course]:
    """Yield dorsal ramus, medial and lateral branch, over the vertebra below the nerve."""
    shape = model.shape
    x = shape.sap_mid[0] + shape.sap_half[1]  # the lateral face of the articular process
    _, y, z = shape.pillar
    (pars_x, pars_y, pars_z), (joint_x, joint_y, joint_z) = shape.pars, shape.iap_base
    back = joint_y - shape.iap_half[1]
    at = _placed(model.frame, side)
    fork = at((x + 3.5, y - 0.5, z + 10.0))[0]
    yield Course(f"{nerve}_dorsal_ramus_{side}", "trunk", nerve, after=fork[None])
    groove = at(
        (x + 2.0, y - 1.5, z + 6.5),
        (x + 2.5, y - 4.0, z + 3.0),
        (x + 0.5, y - 6.5, z - 2.0),
        (pars_x + 4.0, pars_y - 5.0, pars_z + 1.0),
        (pars_x, pars_y - 6.0, pars_z - 3.0),
    )
    after = at(
        (max(joint_x - 4.0, 6.5), back - 3.0, joint_z + 1.0),
        (max(joint_x - 5.0, 6.5), back - 7.0, joint_z - 6.0),
    )
    yield Course(f"{nerve}_medial_branch_{side}", "medial", fork, groove, model.bone, after)
    middle = 0.5 * (np.array(shape.tp_tip) + shape.tp_mid)
    over = [(0, 2.0, 6.0), (2.0, -5.0, 1.0), (4.0, -12.0, -12.0), (6.0, -18.0, -26.0)]
    after = at(*(middle + step for step in np.array(over)))
    yield Course(f"{nerve}_lateral_branch_{side}", "lateral", fork, after=after)


def _fifth(sacrum: SacrumModel, side: str) -> Course:
    """Return the dorsal ramus of L5, from its foramen to beside the first posterior foramen."""
    shape = pelvis_shape().sacrum
    (x, y, z), thin = shape.sap[1], shape.sap_half[1][1]
    fx, fy, fz = FORAMINA["s1"][4]
    at = _placed(sacrum.frame, side, sacrum.scale)
    notch = at(
        (x + thin + 4.0, y + 5.0, z - 3.0),
        (x + thin + 4.0, y - 1.0, z - 5.0),
        (x + thin + 1.0, y - 6.0, z - 9.0),
    )
    after = at((fx + 6.0, fy - 5.0, fz - 5.0), (fx + 3.0, fy - 9.0, fz - 13.0))
    return Course(f"l5_dorsal_ramus_{side}", "trunk", "l5", notch, sacrum.bone, after)


def _sacral(sacrum: SacrumModel, level: str, side: str) -> Iterator[Course]:
    """Yield two lateral branches of a sacral nerve, fanning out from its posterior foramen."""
    mouth = np.array(FORAMINA[level][4])
    at = _placed(sacrum.frame, side, sacrum.scale)
    begin = at(mouth + np.array([1.0, -1.5, 0.0]))[0]
    for steps in (((8, -2, 2), (14, -1, 4), (21, 0, 5)), ((8, -2, -3), (14, -1, -6), (20, 0, -8))):
        groove = at(*(mouth + step for step in np.array(steps, float)))
        yield Course(f"{level}_lateral_branches_{side}", "lateral", begin, groove, sacrum.bone)


def _placed(frame: Array, side: str, scale: float = 1.0) -> Callable[..., Array]:
    """Return what takes points of the right half of a bone's frame to the world, (n, 3)."""
    mirror = scale * np.array([-1.0 if side == "left" else 1.0, 1.0, 1.0])

    def at(*points: Sequence[float] | Array) -> Array:
        placed: Array = (np.array(points) * mirror) @ frame[:3, :3].T + frame[:3, 3]
        return placed

    return at
