"""Bodies with metal in them."""

from __future__ import annotations

from functools import cache

import numpy as np

from phantoms import box, grid
from spine_tutor.anatomy import Structure, StructureSet, Subject


@cache
def screws(with_metal: bool = True) -> Subject:
    """Return muscle, with two screws of 6 by 40 mm that lie along the slice."""
    parts = [(box((-60, -60, -20), (60, 60, 20)), "muscle")]
    for x in (-20, 20) if with_metal else ():
        parts.append((box((x - 3, -20, -3), (x + 3, 20, 3)), "titanium"))
    return _body("screws", parts, (124, 124, 44), 1.0)


@cache
def rod(axis: int | None, length: float = 40.0) -> Subject:
    """Return water around a titanium rod of 6 mm along an axis of the body; without one for None.

    It is centred at (0, 0, 0).
    """

    def inside(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        at = (x, y, z)
        across = sum(at[n] ** 2 for n in range(3) if n != axis)
        return (across <= 9.0) & (np.abs(at[axis]) <= 0.5 * length)

    parts = [(box((-60, -60, -60), (60, 60, 60)), "csf")]
    if axis is not None:
        parts.append((inside, "titanium"))
    return _body(f"rod{axis}-{length}", parts, (162, 162, 162), 0.75)


def _body(name: str, parts: list, shape: tuple[int, int, int], spacing: float) -> Subject:
    voxels = grid(parts, shape, spacing)
    structures = StructureSet(
        Structure(f"part_{n}", n, f"Part {n}", "device" if n > 1 else "muscle", tissue, "#888888")
        for n, (_, tissue) in enumerate(parts, start=1)
    )
    return Subject(id=name, title=name, grids=(voxels,), structures=structures,
                   frames={"l4": np.eye(4)}, content_hash=f"{name}{len(parts)}")  # fmt: skip
