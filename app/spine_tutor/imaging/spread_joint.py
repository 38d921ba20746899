"""The room in a joint: its capsule lets out two recesses until they hold what the joint takes.

In the body as it is drawn a facet joint is a slit of a few tenths of a mL. Fluid parts its facets
and blows up the recesses at its upper and lower pole, which press fat and muscle aside (Xu 1990,
10.1148/radiology.177.2.2217778). So the soft tissue next to the poles counts as joint, as much of
it as brings the joint to its capacity; only what goes on from there has left the joint.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_propagation, generate_binary_structure

from spine_tutor.anatomy import TISSUE_CODE, LabelGrid, Subject
from spine_tutor.imaging import spread_media
from spine_tutor.imaging.spread_media import CODE, RULES
from spine_tutor.imaging.spread_seat import Seat

CAPACITY_ML = {"c": 0.8, "t": 0.6, "l": 1.2, "": 2.0}
"""mL that a joint holds within its capsule, by the letter of its level; the last is that of a large
joint such as the sacroiliac. R: 1–1.5 mL in lumbar facets, less above, 1–2.5 mL sacroiliac."""
RECESS_MM = 9.0
"""How far from its pole of the joint a recess reaches at most (E)."""
POLE = 0.04
"""Share of the joint, its highest or lowest, whose middle is a pole (E)."""
YIELDING = ("fat", "muscle", "ligament", "flavum")
"""What a recess presses aside."""


def capacity_ml(joint: str) -> float:
    """Return how much a joint holds within its capsule, mL.

    Args:
        joint: id of a joint, such as ``l4_l5_facet_joint_left``.
    """
    level = re.match(r"([ctl])\d", joint)
    return CAPACITY_ML[level[1] if level else ""]


def distended(subject: Subject, seat: Seat, ml: float) -> Seat:
    """Return a seat in the part of its grid around a joint, in which the recesses are joint.

    Args:
        subject: the body.
        seat: in a joint, or in its cartilage.
        ml: to be injected, by which the part that is looked at grows.
    """
    here = subject.structures.by_label(seat.label)
    assert here is not None  # a seat is a voxel of the body
    joint = subject.structures.whole(here.id)
    near, more = RULES["joint"].half_size
    size = np.ceil((near + more * ml) / np.asarray(seat.grid.spacing)).astype(int)
    low = np.maximum(seat.voxel - size, 0)
    box = tuple(slice(a, b) for a, b in zip(low, seat.voxel + size + 1, strict=True))
    labels, tissues = np.array(seat.grid.labels[box]), np.array(seat.grid.tissues[box])
    grid = LabelGrid(labels, tissues, seat.grid.points(low), seat.grid.spacing)
    home = np.isin(labels, list(subject.structures.labels_of(joint.id)))
    media = spread_media.media_at(subject.structures, labels, tissues)
    porosity = np.zeros(len(CODE))
    for name, through in RULES["joint"].through.items():
        porosity[CODE[name]] = through.porosity
    voxel = float(np.prod(grid.spacing))
    room = 1000.0 * capacity_ml(joint.id) - voxel * float(porosity[media[home]].sum())
    yielding = np.isin(media, [CODE[name] for name in YIELDING]) & ~home
    for recess in _recesses(grid, home, yielding, round(room / voxel)):
        labels[tuple(recess.T)] = joint.label
        tissues[tuple(recess.T)] = TISSUE_CODE["synovial_fluid"]
    return replace(seat, grid=grid, voxel=seat.voxel - low)


def _recesses(
    grid: LabelGrid, home: NDArray[np.bool_], yielding: NDArray[np.bool_], count: int
) -> list[NDArray[np.int64]]:
    """Return the voxels of the upper and the lower recess, (n, 3) each, about `count` in all."""
    inside = np.argwhere(home)
    places = inside * np.asarray(grid.spacing)
    order = np.argsort(places[:, 2])
    few = max(1, round(POLE * len(order)))
    poles = [places[ends].mean(axis=0) for ends in (order[-few:], order[:few])]
    open_ = np.argwhere(yielding)
    away = [np.linalg.norm(open_ * grid.spacing - pole, axis=1) for pole in poles]
    found = []
    for own, other in (away, away[::-1]):
        ball = np.zeros(home.shape, bool)
        near = (own < RECESS_MM) & (own <= other)
        ball[tuple(open_[near].T)] = True
        joined = binary_propagation(home, generate_binary_structure(3, 1), mask=home | ball)
        kept = near & joined[tuple(open_.T)]
        nearest = np.argsort(own[kept], kind="stable")[: max(0, count // 2)]
        found.append(open_[kept][nearest])
    return found
