"""The posed sacrum: five fused vertebrae, their parts, and the way of canal and foramina.

Frame: the upper endplate of S1, origin in its middle, x right, y anterior along it, z cranial.
What the bone is made of is in `sacral_solid`, its numbers in `assets/pelvis_shape.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.fields import Field, Points, mirrored, moved
from spine_tutor.anatomy.pelvis_shape import pelvis_shape
from spine_tutor.anatomy.posed import Box, box_of
from spine_tutor.anatomy.sacral_solid import (
    VERTEBRAE,
    along,
    canal_knots,
    foramen_places,
    line,
    processes,
    sacral_bone,
    superior_process,
)

Place = tuple[float, float, float]


def _place(point: NDArray[np.float64]) -> Place:
    x, y, z = (round(float(value), 1) for value in point)
    return x, y, z


CANAL: tuple[tuple[float, float], ...] = tuple(_place(p)[1:] for p in canal_knots()[0])
"""Middle of the sacral canal (y, z) from above S1 to the end of the hiatus, mm (estimate)."""

CANAL_LEVELS = dict(zip(VERTEBRAE, CANAL[2:7], strict=True))
"""The same (y, z) behind the middle of each sacral body."""


def _foramina(level: str) -> tuple[Place, Place, Place, float, Place, float]:
    row, way = pelvis_shape().sacrum.foramina[level], foramen_places(level)
    start, bend, front, behind = (_place(way[n]) for n in ("canal", "bend", "front", "behind"))
    return start, bend, front, row.radius, behind, row.radius_behind


FORAMINA = {level: _foramina(level) for level in VERTEBRAE[:-1]}
"""Right foramina: start in the canal, bend, anterior mouth, radius; posterior mouth, radius."""

PARTS = (
    ("s1_body", "body of S1"),
    ("s2_body", "body of S2"),
    ("s3_body", "body of S3"),
    ("s4_body", "body of S4"),
    ("s5_body", "body of S5"),
    ("median_sacral_crest", "median sacral crest"),
)
PAIRED_PARTS = (
    ("sacral_ala", "ala and lateral part of sacrum"),
    ("sacral_lamina", "dorsal wall of sacral canal"),
    ("s1_superior_articular_process", "superior articular process of S1"),
    ("sacral_cornu", "sacral cornu"),
)
"""Ids and names; of each side for the paired ones."""

_IDS = (
    *(id_ for id_, _ in PARTS),
    *(f"{id_}_{side}" for id_, _ in PAIRED_PARTS for side in ("left", "right")),
)
_LOW, _HIGH = (-76.0, -54.0, -116.0), (76.0, 34.0, 20.0)


@dataclass(frozen=True, eq=False)
class SacrumModel:
    """The posed sacrum; see `skeleton.VertebraModel` for what its methods mean.

    Attributes:
        frame: endplate_to_world (4×4) of the upper endplate of S1.
        scale: size, 1 is the pooled adult.
        bone: signed distance to the bone, mm, of world points.
        facets: the same to its superior articular processes.
    """

    frame: Matrix
    scale: float
    bone: Field
    facets: Field

    part_ids = _IDS

    @property
    def box(self) -> Box:
        """Return the lowest and highest world corner of a box around the bone, mm."""
        return box_of(self.frame, self.scale * np.array(_LOW), self.scale * np.array(_HIGH))

    def parts(self, points: Points) -> NDArray[np.uint8]:
        """Return for (n, 3) world points the index in `part_ids` of the part they belong to."""
        local = self._local(points)
        x, left = np.abs(local[:, 0]), (local[:, 0] < 0).astype(np.uint8)
        d, s = line().along(local[:, 1:])
        half, back = along("body", 0, s), along("body", 2, s)
        crest = along("lamina", 1, s) + 1.0

        def side(part: str) -> NDArray[np.uint8]:
            found: NDArray[np.uint8] = np.uint8(_IDS.index(f"{part}_right")) - left
            return found

        borders = [line().borders[level] for level in VERTEBRAE[1:]]
        part = np.searchsorted(-np.array(borders), -s).astype(np.uint8)  # S1 to S5
        lateral = x > np.maximum(half, np.interp(s, [-110, -60], [8, 14]))
        part = np.where(lateral, side("sacral_ala"), part)
        behind = (d < back) & (x < np.maximum(along("groove", 0, s), half))
        part = np.where(behind, side("sacral_lamina"), part)
        part[behind & (x < 4.5) & (d < crest)] = _IDS.index("median_sacral_crest")
        folded = mirrored(local.astype(np.float32))
        cornu = (_cornu()(folded) < 1.0) & (s < pelvis_shape().sacrum.cornu[0][0] + 2.0)
        part = np.where(cornu, side("sacral_cornu"), part)
        sap = self.facets(points) < 0.5
        return np.where(sap, side("s1_superior_articular_process"), part).astype(np.uint8)

    def is_plate(self, points: Points) -> NDArray[np.bool_]:
        """Return where the endplates beside the remnants of the discs run through the bodies."""
        local = self._local(points)
        d, s = line().along(local[:, 1:])
        borders = np.array([line().borders[level] for level in VERTEBRAE[1:]])
        off = np.abs(np.abs(s[:, None] - borders).min(axis=1) - 1.6)
        half, front, back = (along("body", n, s) for n in range(3))
        inside = (np.abs(local[:, 0]) < 0.8 * half) & (d < front - 1.0) & (d > back + 1.0)
        plate: NDArray[np.bool_] = (off < 0.45) & inside
        return plate

    def _local(self, points: Points) -> NDArray[np.float64]:
        local: NDArray[np.float64] = (points - self.frame[:3, 3]) @ self.frame[:3, :3] / self.scale
        return local


@cache
def _cornu() -> Field:
    return processes()["cornu"]


def build_sacrum(frame: Matrix, scale: float, thicker: float, sex: str = "pooled") -> SacrumModel:
    """Return the sacrum under an endplate of S1.

    Args:
        frame: endplate_to_world (4×4) of the upper endplate of S1.
        scale: size, 1 is the pooled adult.
        thicker: what facet hypertrophy adds to the half thickness of its facets, mm.
        sex: by which the alae are wider or narrower, see the asset.
    """
    bone = sacral_bone(thicker / scale, pelvis_shape().sacrum.ala_breadth[sex])
    sap = superior_process(thicker / scale)
    return SacrumModel(
        frame,
        scale,
        moved(lambda points: scale * bone(points / np.float32(scale)), frame),
        moved(lambda points: scale * sap(mirrored(points / np.float32(scale))), frame),
    )
