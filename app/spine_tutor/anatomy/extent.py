"""How far the two grids of a region reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.posture import sideways

Box = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Margins:
    """Room round the middles of a region's bodies, mm, at the size of the average adult.

    Attributes:
        fine: to either side, behind, in front, below the lowest and above the highest endplate.
        coarse: the same, down to the skin of someone without fat.
        around: how far the fine grid follows the skin of the sides and the front outwards, as a
            share of what fat there is more of than in the average adult.
    """

    fine: tuple[float, float, float, float, float]
    coarse: tuple[float, float, float, float, float]
    around: float = 0.0


MARGINS: Mapping[str, Margins] = {
    "cervical": Margins((68, 62, 48, 6, 26), (202, 84, 96, 26, 46), around=0.5),
    "thoracic": Margins((66, 72, 24, 2, 2), (166, 78, 148, 14, 14)),
    "lumbar": Margins((62, 66, 38, 40, 2), (172, 100, 128, 106, 14)),
    "sacral": Margins((78, 66, 32, 118, 6), (190, 104, 128, 190, 14)),
}
"""By region. The fine grid holds what a probe is laid on: all of the neck between jaw and
shoulders, up to the base of the skull, and elsewhere the skin of the back beside the column."""


def boxes(column: Column, case: Case) -> tuple[Box, Box]:
    """Return the lowest and highest corner of the fine and of the coarse grid, mm."""
    size, fat = case.height_scale, case.subcutaneous_fat
    more = max(0.0, fat - 18.0)  # abdominal fat grows with the fat under the skin
    bodies = np.array([column.frames[level][:3, 3] for level in column.levels])
    lowest = column.levels[-1]
    bottom = bodies[:, 2].min() if lowest == "s1" else column.endplate(lowest, "lower")[2, 3]
    crown = column.endplate(column.levels[0], "upper")[2, 3]
    behind, before = bodies[:, 1].min(), bodies[:, 1].max()
    margins = MARGINS[column.region.id]

    def box(margin: tuple[float, ...], side: float, rear: float, front: float) -> Box:
        x, b, f, d, u = size * np.array(margin)
        low = np.array([-x - side, behind - b - rear, bottom - d])
        return low, np.array([x + side, before + f + front, crown + u])

    # the fine grid holds the skin of the back; over the buttocks it lies in the coarse one
    around = margins.around * more
    fine = box(margins.fine, around, 1.2 * min(fat, 40.0), around)
    if case.scoliosis is not None:  # both the straight and the bent column
        aside = sideways(case.scoliosis, column, size)
        fine[0][0], fine[1][0] = fine[0][0] + min(aside, 0.0), fine[1][0] + max(aside, 0.0)
    return fine, box(margins.coarse, 1.6 * fat + 8.0, 2.0 * fat, 1.2 * fat + 0.9 * more)
