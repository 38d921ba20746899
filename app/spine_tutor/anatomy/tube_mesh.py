"""Surfaces of thin structures, drawn from their paths instead of from voxels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.mesh import Mesh
from spine_tutor.anatomy.structure import StructureSet
from spine_tutor.anatomy.tubes import Tube

Array = NDArray[np.float64]

SIDES = ((2.0, 6), (4.0, 10), (np.inf, 16))
"""Corners of the section of a tube: up to a radius, mm."""
RING = 3.0
"""Distance of the sections of a thin tube, mm; thick ones have them farther apart."""


def tube_meshes(tubes: Iterable[Tube], structures: StructureSet) -> Mapping[str, Mesh]:
    """Return one mesh a whole structure from the tubes of its parts, by id."""
    by_whole: dict[str, list[Tube]] = {}
    for tube in tubes:
        by_whole.setdefault(structures.whole(tube.structure).id, []).append(tube)
    return {id_: _joined(id_, parts, structures) for id_, parts in by_whole.items()}


def _joined(id_: str, tubes: Sequence[Tube], structures: StructureSet) -> Mesh:
    vertices, faces, labels = [], [], []
    count = 0
    for tube in tubes:
        points, triangles = _surface(tube.path, tube.radius)
        vertices.append(points)
        faces.append(triangles + count)
        labels.append(np.full(len(triangles), structures[tube.structure].label, np.uint16))
        count += len(points)
    return Mesh(
        id_,
        np.concatenate(vertices).astype(np.float32),
        np.concatenate(faces).astype(np.int32),
        np.concatenate(labels),
    )


def _surface(path: Array, radius: Array) -> tuple[Array, NDArray[np.intp]]:
    """Return vertices and outward triangles of a closed tube along (n, 3) points."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    count = max(3, round(length[-1] / max(RING, float(radius.mean()))) + 1)
    at = np.linspace(0.0, length[-1], count)
    middle = np.stack([np.interp(at, length, path[:, n]) for n in range(3)], axis=-1)
    half = np.interp(at, length, radius)
    along = np.gradient(middle, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.empty_like(along)
    first = np.eye(3)[np.abs(along[0]).argmin()]
    for n, tangent in enumerate(along):  # carried on without twist
        first = first - (first @ tangent) * tangent
        first /= np.linalg.norm(first)
        across[n] = first
    up = np.cross(along, across)
    sides = next(n for thickest, n in SIDES if radius.max() <= thickest)
    turn = np.linspace(0.0, 2 * np.pi, sides, endpoint=False)[None, :, None]
    rings = middle[:, None] + half[:, None, None] * (
        np.cos(turn) * across[:, None] + np.sin(turn) * up[:, None]
    )
    vertices = np.concatenate([rings.reshape(-1, 3), middle[:1], middle[-1:]])
    this = np.arange(sides)
    after = (this + 1) % sides
    start = sides * np.arange(count - 1)[:, None]
    a, b = start + this, start + after
    c, d = a + sides, b + sides
    last, caps = sides * (count - 1), sides * count
    triangles = np.concatenate([
        np.stack([a, b, c], axis=-1).reshape(-1, 3),
        np.stack([b, d, c], axis=-1).reshape(-1, 3),
        np.stack([after, this, np.full(sides, caps)], axis=-1),
        np.stack([last + this, last + after, np.full(sides, caps + 1)], axis=-1),
    ])  # fmt: skip
    return vertices, triangles
