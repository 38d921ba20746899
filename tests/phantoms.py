"""Bodies of known shape, on which every simulator has a known answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from spine_tutor.anatomy import TISSUE_CODE, LabelGrid, Structure, StructureSet, Subject

Shape = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Where a body lies: world x, y, z in mm to True inside."""


def sphere(radius: float, center: Sequence[float] = (0.0, 0.0, 0.0)) -> Shape:
    a, b, c = center
    return lambda x, y, z: (x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 <= radius**2


def cylinder(radius: float, center: Sequence[float] = (0.0, 0.0)) -> Shape:
    """Return a cylinder along z without end."""
    a, b = center
    return lambda x, y, z: (x - a) ** 2 + (y - b) ** 2 + 0 * z <= radius**2


def slab(low: float, high: float, axis: int = 1) -> Shape:
    """Return what lies between two planes; along y (the beam of an AP view) unless told."""
    return lambda *at: np.broadcast_to(
        (at[axis] >= low) & (at[axis] < high), np.broadcast_shapes(*(a.shape for a in at))
    )


def box(low: Sequence[float], high: Sequence[float]) -> Shape:
    (a, b, c), (d, e, f) = low, high
    return lambda x, y, z: (x >= a) & (x < d) & (y >= b) & (y < e) & (z >= c) & (z < f)


def grid(
    parts: Sequence[tuple[Shape, str]],
    shape: Sequence[int] = (128, 128, 128),
    spacing: float = 1.0,
    center: Sequence[float] = (0.0, 0.0, 0.0),
) -> LabelGrid:
    """Return a grid around `center`; a later part covers an earlier one, labels count from 1."""
    origin = np.asarray(center, float) - 0.5 * (np.asarray(shape) - 1) * spacing
    x, y, z = (o + spacing * np.arange(n) for o, n in zip(origin, shape, strict=True))
    labels = np.zeros(shape, np.uint16)
    tissues = np.zeros(shape, np.uint8)
    for label, (inside, tissue) in enumerate(parts, start=1):
        where = np.broadcast_to(inside(x[:, None, None], y[:, None], z), shape)
        labels[where] = label
        tissues[where] = TISSUE_CODE[tissue]
    return LabelGrid(labels, tissues, origin, np.full(3, float(spacing)))


def phantom(
    *parts: tuple[Shape, str],
    shape: Sequence[int] = (128, 128, 128),
    spacing: float = 1.0,
    coarse: tuple[Sequence[int], float] | None = None,
) -> Subject:
    """Return a subject of one grid, or of a fine one in a coarse one, centred on the origin.

    Args:
        parts: shape and tissue; the first is structure ``part1`` with label 1, and so on.
        shape, spacing: the grid, mm.
        coarse: shape and spacing of a second grid around it, of the same parts.
    """
    grids = [grid(parts, shape, spacing)]
    if coarse is not None:
        grids.append(grid(parts, *coarse))
    structures = StructureSet(
        Structure(f"part{n}", n, f"Part {n}", "organ", tissue, "#888888")
        for n, (_, tissue) in enumerate(parts, start=1)
    )
    key = f"phantom-{shape}-{spacing}-{coarse}-" + "".join(
        f"{hash(g.tissues.tobytes()):x}" for g in grids
    )
    return Subject("phantom", "Phantom", tuple(grids), structures, content_hash=key)
