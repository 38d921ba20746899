"""The bones of one case, posed and fitted to each other: what every other structure rests on.

Fields here take world points. A vertebra keeps the joint space from the bone below it, so that
facet joints are spaces of even width and no two bones overlap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import BodySize, Column, Matrix
from spine_tutor.anatomy.fields import Distances, Field, Points, intersection, mirrored, moved
from spine_tutor.anatomy.kinds import KINDS, Kind
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sacrum import SacrumModel
from spine_tutor.anatomy.variants import Variant, variant_of, varied

Box = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class VertebraModel:
    """One posed vertebra.

    Attributes:
        level: such as ``l4``.
        frame: vertebra_to_world (4×4).
        size, shape: what it is made from.
        below: distance to the next bone, of world points, from which `space` mm are kept.
        variant: how it differs from a healthy one.
    """

    level: str
    frame: Matrix
    size: BodySize
    shape: Any
    below: Field
    space: float
    variant: Variant = field(default_factory=Variant)

    @property
    def kind(self) -> Kind:
        """Return how it is made."""
        return KINDS[self.level]

    @property
    def part_ids(self) -> tuple[str, ...]:
        """Return the structure ids that `parts` indexes."""
        return part_ids(self.level)

    def whole(self, points: Points) -> Distances:
        """Return the distance to the bone before its joints are cut, (n,) mm."""
        return moved(self._whole, self.frame)(points)

    def _whole(self, points: Points) -> Distances:
        healthy: Distances = self.kind.bone(points, self.size, self.shape)
        return varied(healthy, points, self.size, self.variant)

    def facets(self, points: Points) -> Distances:
        """Return the distance to the superior articular processes, (n,) mm."""
        process = self.kind.superior_process(self.shape)
        return moved(lambda p: process(mirrored(p)), self.frame)(points)

    def bone(self, points: Points) -> Distances:
        """Return the signed distance to the bone, (n,) mm, at (n, 3) world points."""
        distance = self.whole(points)
        # Only the lower half comes near the next bone, and a little of the upper one.
        z = (points - self.frame[:3, 3]) @ self.frame[:3, 2]
        near = np.flatnonzero((z < 3) & (distance < 6))
        space = self.space - self.below(points[near])
        distance[near] = intersection(distance[near], space, 1.0)  # no knife edges
        return distance

    def parts(self, points: Points) -> NDArray[np.uint8]:
        """Return for (n, 3) world points the index in `part_ids` of the part they belong to."""
        rotation = self.frame[:3, :3]
        local = ((points - self.frame[:3, 3]) @ rotation).astype(np.float32)
        part = self.kind.part_of(local, self.size, self.shape)
        return self._index[(local[:, 0] < 0).astype(np.intp), part]

    @cached_property
    def _index(self) -> NDArray[np.uint8]:
        """Return, for right and left, the place in `part_ids` of each of the raw parts."""
        places = {id_: n for n, id_ in enumerate(self.part_ids)}
        return np.array(
            [
                [
                    places.get(f"{self.level}_{part}", places.get(f"{self.level}_{part}_{side}", 0))
                    for part in self.kind.parts
                ]
                for side in ("right", "left")
            ],
            np.uint8,
        )

    @property
    def box(self) -> Box:
        """Return the lowest and highest world corner of a box around the bone, mm."""
        low, high = self.kind.extent(self.size, self.shape)
        corners = np.array(
            [[x, y, z, 1] for x in (low[0], high[0]) for y in (low[1], high[1])
             for z in (low[2], high[2])]
        )  # fmt: skip
        world = (corners @ self.frame.T)[:, :3]
        return world.min(axis=0), world.max(axis=0)


def part_ids(level: str) -> tuple[str, ...]:
    """Return a vertebra's parts: unpaired first, then left and right of each paired one."""
    kind = KINDS[level]
    paired = [f"{level}_{part}_{side}" for part in kind.paired for side in SIDES]
    return (*(f"{level}_{part}" for part in kind.unpaired), *paired)


def _met(shape: Any, frame: Matrix, facets: Field, space: float) -> Any:
    """Bend the inferior articular processes until they face those below at joint width.

    Poses and shapes of neighbours come from different rows of the tables; in a body they grow
    together. What still reaches into the joint is cut: that makes the facet.
    """
    base, tip = np.array(shape.iap_base), np.array(shape.iap_tip)
    axis = base + np.linspace(0.2, 1.0, 5)[:, None] * (tip - base)
    wanted = space + np.array([0.5, 0.75]) * min(shape.iap_half)
    shift = np.zeros(3)
    for _ in range(5):
        gap = _distance(facets, frame, axis + shift)
        nearest = axis[gap.argmin()] + shift
        excess = gap.min() - np.clip(gap.min(), *wanted)
        step = 0.5 * np.eye(3)
        slope = _distance(facets, frame, nearest + step) - _distance(facets, frame, nearest - step)
        slope[2] = 0.0  # along the column the process keeps its place
        slope /= np.linalg.norm(slope) + 1e-6
        shift -= 0.7 * np.clip(excess, -2, 2) * slope
    return shape.model_copy(
        update={"iap_base": tuple(base + 0.7 * shift), "iap_tip": tuple(tip + shift)}
    )


def _distance(field: Field, frame: Matrix, points: NDArray[np.float64]) -> Distances:
    """Ask a field of world points at points of a vertebra's frame."""
    return field((points @ frame[:3, :3].T + frame[:3, 3]).astype(np.float32))


def build_vertebrae(
    column: Column, case: Case, sacrum: SacrumModel | None
) -> Mapping[str, VertebraModel]:
    """Return the free vertebrae of a region by level, from below, each fitted to the bone under it.

    Args:
        column: their poses.
        case: the body they belong to.
        sacrum: the bone on which L5 rests; where there is none, the lowest vertebra rests on the
            next one, which is made for that and not returned.
    """
    models: dict[str, VertebraModel] = {}
    if sacrum is not None:
        below, facets = sacrum.bone, sacrum.facets
    else:
        assert column.region.below is not None  # only L5 rests on the sacrum
        under = _vertebra(column, case, column.region.below, _nothing, _nothing)
        below, facets = under.whole, under.facets
    for level in reversed(column.region.levels):
        model = _vertebra(column, case, level, below, facets)
        models[level] = model
        below, facets = model.whole, model.facets
    return models


def _nothing(points: Points) -> Distances:
    """Return that the next bone is far away."""
    return np.full(len(points), 1e3, np.float32)


def _vertebra(column: Column, case: Case, level: str, below: Field, facets: Field) -> VertebraModel:
    where = "cervical" if level.startswith("c") else "all"
    space = case.height_scale * morphometry().value("facet_joint_space", where)
    frame, shape = column.frames[level], KINDS[level].shape(level, case)
    if facets is not _nothing:
        shape = _met(shape, frame, facets, space)
    size, variant = column.bodies[level], variant_of(level, case)
    return VertebraModel(level, frame, size, shape, below, space, variant)
