"""Implants in CT: the streaks of their shadow, in axial slices and in reformats of them.

Each axial slice of the study in which metal lies is projected, metal alone, see `metal_ct`. The
metal is all that the body holds there, in the picture or beside it, on a lattice that does not
depend on the picture; what depends on the body alone is worked out once.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import TISSUE_CODE, Subject
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.metal import METAL, metal_box
from spine_tutor.imaging.metal_ct import (
    ELEMENT_MM,
    RAYS,
    TABLE,
    Planes,
    about,
    filtered,
    levels,
    response,
)
from spine_tutor.imaging.reslice import sample
from spine_tutor.kernels import one_at_a_time

LEFT = 0.3
"""Share of a needle's error that is left of an implant's (E): scanners correct large metal."""
VIEWS = 180
"""Views of half a turn."""
LATTICE_MM = 0.5
"""Distance between the places at which metal is looked for in a slice."""
TOGETHER = 16
"""Slices that are worked out at once."""


def streaks(
    subject: Subject, geometry: PlaneGeometry, metal: NDArray[np.bool_], axial: bool
) -> NDArray[np.float32]:
    """Return what the shadow of implants adds to a picture, (rows, columns) HU.

    Nothing in the metal itself, whose CT number is far above what 12 bits hold.

    Args:
        subject: the body.
        geometry: the picture.
        metal: (rows, columns) where it shows metal.
        axial: whether it was acquired as it lies, the scanner turning about its normal.
    """
    planes = fields(subject, geometry, np.zeros(1)) if axial else reformatted(subject)
    if planes is None:
        return np.zeros(geometry.shape, np.float32)
    added = planes.picture(geometry)
    added[metal] = 0.0
    return added


def reformatted(subject: Subject) -> Planes | None:
    """Return the fields of all axial slices of a study that hold metal, kept with the subject."""
    if subject not in _STUDIES:
        box = metal_box(subject)
        study = None if box is None else fields(subject, TABLE, levels(box[0][2], box[1][2]))
        _STUDIES[subject] = study
    return _STUDIES[subject]


_STUDIES: WeakKeyDictionary[Subject, Planes | None] = WeakKeyDictionary()


def fields(subject: Subject, axial: PlaneGeometry, heights: NDArray[np.float64]) -> Planes | None:
    """Return the artefact fields of axial slices, None where none holds metal.

    Args:
        subject: the body.
        axial: the axial plane of height 0.
        heights: (planes,) of the middles of the slices, equally far apart, mm.
    """
    box = metal_box(subject)
    if box is None:
        return None
    turn = about(axial, 0.5 * (box[0] + box[1]))
    down, right = np.meshgrid(
        *(_lattice(float(np.abs(way) @ (box[1] - box[0]))) for way in (turn.down, turn.right)),
        indexing="ij",
    )
    angles = np.pi * (np.arange(VIEWS) + 0.5) / VIEWS
    weights = np.full(VIEWS, np.pi / VIEWS)
    lengths, passed, slope = response(METAL)
    places = turn.origin + down[..., None] * turn.down + right[..., None] * turn.right
    views = np.zeros((len(heights), VIEWS, RAYS), np.float32)
    some = False
    for first in range(0, len(heights), TOGETHER):
        up = heights[first : first + TOGETHER, None, None, None] * turn.normal
        found = sample(subject, places + up)[1] == TISSUE_CODE[METAL]
        plane, *at = np.nonzero(found)
        some = some or len(plane) > 0
        length = np.zeros((len(found), VIEWS, RAYS))
        starts = np.searchsorted(plane, np.arange(len(found) + 1))
        _project(
            starts, down[tuple(at)], right[tuple(at)], np.cos(angles), np.sin(angles), ELEMENT_MM,
            length,
        )  # fmt: skip
        length *= LATTICE_MM**2 / ELEMENT_MM
        for n in np.flatnonzero(np.diff(starts)):
            through, true = np.interp(length[n], lengths, passed), slope * length[n]
            views[first + n] = LEFT * filtered(through, true, weights)
    return Planes(turn, heights, views, angles, weights) if some else None


def _lattice(width: float) -> NDArray[np.float64]:
    """Return places along a line of a width around 0, mm."""
    count = int(np.ceil(width / LATTICE_MM)) + 1
    return np.linspace(-0.5, 0.5, count) * (LATTICE_MM * (count - 1))


@one_at_a_time
@nb.njit(cache=True, parallel=True)
def _project(starts, down, right, cosine, sine, element, hits):  # type: ignore[no-untyped-def]
    """Count the places of each plane that each ray of each view meets, between rays in proportion.

    Those of a plane stand one after the other, from its start to the next.
    """
    planes, views, rays = hits.shape
    for one in nb.prange(planes * views):
        p, v = one // views, one % views
        for n in range(starts[p], starts[p + 1]):
            at = (right[n] * cosine[v] - down[n] * sine[v]) / element + rays // 2
            low = int(np.floor(at))
            if 0 <= low < rays - 1:
                hits[p, v, low] += 1.0 - (at - low)
                hits[p, v, low + 1] += at - low
