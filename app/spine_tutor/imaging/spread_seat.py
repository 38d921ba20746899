"""Where a fluid comes out: the voxel of the needle's tip, and the space that it lies in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import LabelGrid, StructureSet, Subject
from spine_tutor.imaging import spread_media
from spine_tutor.imaging.injectate import Injectate, Space
from spine_tutor.imaging.spread_media import CODE, MEDIA, RULES
from spine_tutor.problems import Problem, ProblemError

SEAT_MM = 8.0
"""How far from a named place a tip is looked for in the space that is asked for (E)."""


@dataclass(frozen=True, eq=False)
class Seat:
    """Where fluid comes out, and into what."""

    grid: LabelGrid
    voxel: NDArray[np.int64]
    space: Space
    label: int


def find_seat(
    subject: Subject, injectate: Injectate, tip: tuple[float, float, float] | None
) -> Seat:
    """Return the voxel that fluid comes out in: the tip's, or the nearest of the space asked for.

    A structure is injected where it has a voxel nearest to its centre.
    """
    place = injectate.at if injectate.at is not None else tip
    if place is None:
        raise problem("names no place, and there is no needle.", "Give `at`, or a needle.")
    try:
        point = subject.point(place)
    except KeyError as error:
        raise problem(str(error.args[0]), "Name a landmark, a structure or a point.") from error
    grid = next((g for g in subject.grids if g.voxel_of(point)[1]), None)
    if grid is None or not np.all(np.isfinite(point)):
        raise problem(f"{_name(place)} lies outside the body.", "Choose a place inside it.")
    centre = grid.voxel_of(point)[0]
    named = isinstance(place, str) and place in subject.structures
    named = named and place not in subject.landmarks
    near = _Near.around(grid, centre, (4.0 if named else 1.0) * SEAT_MM, subject.structures)
    if not near.labels[near.away == 0].all():
        raise problem(f"{_name(place)} lies outside the body.", "Choose a place inside it.")
    allowed = near.labels > 0
    if named:
        allowed = np.isin(near.labels, list(subject.structures.labels_of(str(place))))
    elif injectate.space == "auto":
        allowed = near.away == 0
    space = injectate.space
    if space == "auto":
        at = near.nearest(allowed if allowed.any() else near.away == 0)
        space = _space_of(near.media[at], near.labels[at], subject, place)
        if space == "intrathecal" and near.media[at] != CODE["csf"]:
            allowed = near.labels > 0  # a tip among roots or in the dura: fluid finds the next CSF
    rule = RULES[space]
    allowed &= np.isin(near.media, [CODE[name] for name in rule.home if name in rule.through])
    if not allowed.any():
        raise problem(
            f"{_name(place)} has no {space} space within {SEAT_MM:g} mm.",
            "Choose another place, or `space: auto`.",
        )
    at = near.nearest(allowed)
    return Seat(grid, near.voxels[at].astype(np.int64), space, int(near.labels[at]))


@dataclass(frozen=True, eq=False)
class _Near:
    """The voxels around one.

    Attributes:
        voxels: (n, 3).
        labels, media: (n,) of each.
        away: (n,) mm to the middle one.
    """

    voxels: NDArray[np.intp]
    labels: NDArray[np.uint16]
    media: NDArray[np.uint8]
    away: NDArray[np.float64]

    @classmethod
    def around(
        cls,
        grid: LabelGrid,
        centre: NDArray[np.intp],
        reach: float,
        structures: StructureSet,
    ) -> _Near:
        """Return the voxels of a box that reaches so many mm from one."""
        spacing = np.asarray(grid.spacing)
        size = np.ceil(reach / spacing).astype(int)
        low, high = np.maximum(centre - size, 0), np.minimum(centre + size + 1, grid.labels.shape)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        labels = np.asarray(grid.labels[box]).ravel()
        tissues = np.asarray(grid.tissues[box]).ravel()
        met = spread_media.media_at(structures, labels, tissues)
        voxels = np.indices(tuple(high - low)).reshape(3, -1).T + low
        return cls(voxels, labels, met, np.linalg.norm((voxels - centre) * spacing, axis=1))

    def nearest(self, allowed: NDArray[np.bool_]) -> int:
        """Return the place in the lists of the nearest voxel that is allowed."""
        return int(np.flatnonzero(allowed)[np.argmin(self.away[allowed])])


def _space_of(code: int, label: int, subject: Subject, place: object) -> Space:
    """Return the space that a tip in a medium fills."""
    name = MEDIA[code]
    structure = subject.structures.by_label(label)
    where = structure.name if structure else "nothing"
    if structure is not None and structure.tissue == "cord":
        raise problem(
            f"{_name(place)} lies in the spinal cord, where nothing is ever injected.",
            "Withdraw to the CSF or the epidural space.",
        )
    for space, rule in RULES.items():
        if name in rule.home:
            return space
    raise problem(
        f"{_name(place)} lies in {where} ({name}), which takes no fluid.",
        "Choose a place in soft tissue, a joint, a disc, a vessel or the canal.",
    )


def _name(place: object) -> str:
    if isinstance(place, str):
        return f"`{place}`"
    return "the place (" + ", ".join(f"{v:g}" for v in np.asarray(place, float)) + ")"


def problem(message: str, remedy: str) -> ProblemError:
    """Return what is wrong with the place of an injection."""
    return ProblemError(Problem("injectate", message, remedy, key="at"))
