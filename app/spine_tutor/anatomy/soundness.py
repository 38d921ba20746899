"""A last look at a built body: what a case has torn apart or squeezed away is refused by name.

What can be told from a case's numbers is refused before anything is built (`case`, `column`). The
rest shows only once every structure has its place: a vertebra that a curve has turned into its
neighbour, a root that has lost its way, or a sac that is pinched off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.region import Region
from spine_tutor.anatomy.structure import Structure, StructureSet
from spine_tutor.problems import Problem, ProblemError

REMEDY = (
    "Bring the case nearer to the average: less slip, curve, rotation or hypertrophy, smaller "
    "herniations, or fewer of them at once."
)
_TAKEN = ("lamina", "spinous_process")
"""What a laminectomy takes."""


def refuse_broken(
    labels: NDArray[np.uint16], known: StructureSet, case: Case, region: Region
) -> None:
    """Refuse a body whose bones, nerve roots or dura are gone or torn.

    Args:
        labels: of the fine grid.
        known: its structures.
        case: which body it is.
        region: which stretch of it.

    Raises:
        ProblemError: naming every such structure.
    """
    boxes = ndimage.find_objects(labels, max(one.label for one in known.values()))
    faults = []
    for one in known.values():
        if not _expected(one, case, region):
            continue
        members = sorted(known.labels_of(one.id))  # with its parts: a root has a ganglion
        spans = [box for box in (boxes[label - 1] for label in members) if box is not None]
        if not spans:
            faults.append(f"{one.name} has no room.")
        elif "_nerve_root_" in one.id or one.id == "dura":
            around = tuple(
                slice(min(s.start for s in axis), max(s.stop for s in axis))
                for axis in zip(*spans, strict=True)
            )
            _, pieces = ndimage.label(np.isin(labels[around], members), np.ones((3, 3, 3)))
            if pieces > 1:
                faults.append(f"{one.name} is torn into {pieces} pieces.")
    if faults:
        raise ProblemError([Problem(f"case {case.id}", fault, REMEDY) for fault in faults])


def _expected(one: Structure, case: Case, region: Region) -> bool:
    """Return whether every body of a region has a structure: bone's part, root, or dura."""
    level, _, part = one.id.partition("_")
    if one.id == "dura":
        return True
    if "_nerve_root_" in one.id:
        return level in region.levels and level in region.roots
    if level not in (region.levels[1:] if region.pelvis else region.levels[1:-1]):
        return False  # where a region ends, its grid may cut a vertebra
    taken = level in case.laminectomy and part.startswith(_TAKEN)
    return one.kind == "bone" and one.parent == f"{level}_vertebra" and not taken
