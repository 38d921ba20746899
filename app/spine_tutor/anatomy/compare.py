"""How far the model's bones lie from other people's: surface distances after alignment.

The other surfaces are those of `other_bones`. Nothing of them enters the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spine_tutor.anatomy.bones import Bone, skeletons
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.fields import sample
from spine_tutor.anatomy.other_bones import OtherBones
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.problems import Problem, ProblemError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SurfaceDistance:
    """Distance of two surfaces after rigid alignment with one scale, both ways, mm.

    Attributes:
        level: such as ``l3``.
        mean: mean distance, at the size of the other surface.
        p95: its 95th percentile.
        scale: by which the model was stretched to lie on the other.
    """

    level: str
    mean: float
    p95: float
    scale: float


def bone_surface(bone: Bone, spacing: float = 0.8) -> pv.PolyData:
    """Return the surface of a bone in the world, triangles of about `spacing` mm."""
    low, high = bone.box
    axes = [np.arange(a, b, spacing) for a, b in zip(low, high, strict=True)]
    distance = sample(bone.bone, axes)
    grid = pv.ImageData(dimensions=distance.shape, spacing=(spacing,) * 3, origin=low)
    grid["distance"] = distance.ravel("F")
    surface: pv.PolyData = grid.contour([0.0], "distance", method="flying_edges")
    return surface


def aligned(model: pv.PolyData, other: pv.PolyData, points: int = 8000, seed: int = 0) -> Array:
    """Return the (3, 4) similarity that lays `model` upon `other`, by iterated closest points.

    The start turns about the transverse axis in steps, because people hold their spines
    differently, and about the long axis too, because half of all files call left and back positive
    (LPS); the best end counts.
    """
    rng = np.random.default_rng(seed)
    moving, fixed = _spread(model, points, rng), _spread(other, points, rng)
    starts = [
        _started(moving[:1500], fixed[:6000], tilt, facing)
        for tilt in (-30, -15, 0, 15, 30)
        for facing in (1, -1)
    ]
    matrix = min(
        starts, key=lambda m: float(cKDTree(fixed).query(_apply(m, moving[:1500]))[0].mean())
    )
    for _ in range(30):
        matrix = _similarity(*_pairs(matrix, moving, fixed))
    return matrix


def surface_distance(
    level: str, model: pv.PolyData, other: pv.PolyData, points: int = 8000, seed: int = 0
) -> SurfaceDistance:
    """Align `model` to `other` with one scale, and measure how far they lie apart."""
    matrix = aligned(model, other, points, seed)
    rng = np.random.default_rng(seed)
    moving, fixed = _spread(model, points, rng), _spread(other, points, rng)
    placed = model.copy()
    placed.points = _apply(matrix, np.asarray(model.points, float))
    there = _distances(_apply(matrix, moving), other)
    back = _distances(fixed, placed)
    both = np.concatenate([there, back])
    scale = float(np.cbrt(np.linalg.det(matrix[:, :3])))
    return SurfaceDistance(
        level,
        float(0.5 * (there.mean() + back.mean())),
        float(np.percentile(both, 95)),
        scale,
    )


Named = Mapping[str, tuple[Bone, ...]]
"""Bones by the name of a reference's file; a second one is what the file may hold as well."""


def named_bones(case: Case) -> dict[str, tuple[Bone, ...]]:
    """Return the bones of a case that references have: ``c1`` to ``l5``, sacrum and hips."""
    vertebrae, pelvis = skeletons(case)
    others = {bone.part_ids[0]: bone for bone in pelvis.others}
    assert pelvis.sacrum is not None  # the lumbar region has it
    return (
        {level: (bone,) for level, bone in vertebrae.items()}
        | {"sacrum": (pelvis.sacrum, others["coccyx"])}
        | {f"hip_{side[0]}": (others[f"ilium_{side}"],) for side in SIDES}
    )


def compare(named: Named, others: OtherBones) -> list[SurfaceDistance]:
    """Measure every bone that another person has a surface of.

    Raises:
        ProblemError: if there is none.
    """
    found = [
        _nearest(level, bones, others.surfaces[level])
        for level, bones in named.items()
        if level in others.surfaces
    ]
    if not found:
        raise ProblemError(
            Problem(
                others.source,
                "has no surface named after a bone of the model.",
                "Name the files or labels " + ", ".join(level.upper() for level in named) + ".",
            )
        )
    return found


def surface_rows(named: Named, others: OtherBones) -> list[dict[str, Any]]:
    """Return `compare` as rows to print, and after them the bones that the scan cuts.

    Raises:
        ProblemError: if the other person has no surface to compare with.
    """
    fine = {"note": others.note} if others.note else {}
    rows: list[dict[str, Any]] = [
        {"bone": d.level.upper(), "mean_mm": d.mean, "p95_mm": d.p95, "scale": d.scale, **fine}
        for d in compare(named, others)
    ]
    nothing = {"mean_mm": None, "p95_mm": None, "scale": None}
    left_out = "left out: the edge of the scan cuts it"
    cut = [level for level in named if level in others.cut]
    return rows + [{"bone": level.upper(), **nothing, "note": left_out} for level in cut]


def _nearest(level: str, bones: tuple[Bone, ...], other: pv.PolyData) -> SurfaceDistance:
    """Measure a bone alone, or together with what `other` may hold as well: a sacrum's coccyx."""
    surfaces = [bone_surface(bone) for bone in bones]
    tries = [surfaces[0]] if len(bones) == 1 else [surfaces[0], pv.merge(surfaces).triangulate()]
    return min((surface_distance(level, one, other) for one in tries), key=lambda d: d.mean)


def _spread(surface: pv.PolyData, count: int, rng: np.random.Generator) -> Array:
    """Draw points evenly over a surface."""
    corners = np.asarray(surface.points, float)[surface.faces.reshape(-1, 4)[:, 1:]]
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = np.linalg.norm(np.cross(a, b), axis=1)
    pick = rng.choice(len(area), count, p=area / area.sum())
    u, v = rng.random((2, count, 1))
    flip = u + v > 1
    u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
    return corners[pick, 0] + u * a[pick] + v * b[pick]


def _started(moving: Array, fixed: Array, tilt: float, facing: int) -> Array:
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    turn = np.diag([facing, facing, 1]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    matrix = np.column_stack([turn, fixed.mean(axis=0) - turn @ moving.mean(axis=0)])
    for _ in range(25):
        matrix = _similarity(*_pairs(matrix, moving, fixed))
    return matrix


def _pairs(matrix: Array, moving: Array, fixed: Array) -> tuple[Array, Array]:
    """Return pairs both ways: each point of one surface with the nearest of the other."""
    placed = _apply(matrix, moving)
    there = cKDTree(fixed).query(placed)[1]
    back = cKDTree(placed).query(fixed)[1]
    return np.vstack([moving, moving[back]]), np.vstack([fixed[there], fixed])


def _similarity(source: Array, target: Array) -> Array:
    """Return the (3, 4) similarity that takes `source` to `target` best (Umeyama 1991)."""
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, stretch, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    turn = (u * sign) @ vt
    scale = (stretch * sign).sum() / (a * a).sum()
    return np.column_stack([scale * turn, target.mean(axis=0) - scale * turn @ source.mean(axis=0)])


def _apply(matrix: Array, points: Array) -> Array:
    moved: Array = points @ matrix[:, :3].T + matrix[:, 3]
    return moved


def _distances(points: Array, surface: pv.PolyData) -> Array:
    _, nearest = surface.find_closest_cell(points, return_closest_point=True)
    distance: Array = np.linalg.norm(np.asarray(nearest) - points, axis=1)
    return distance
