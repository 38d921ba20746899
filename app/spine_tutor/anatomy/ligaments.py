"""Ligaments and epidural fat, fitted between the bones that have been painted."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.canal import REACH, CanalWall, free_around
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.region import Region
from spine_tutor.anatomy.rows import SIDES

Array = NDArray[np.float64]

INTERSPINOUS = 2.4
"""Half thickness of the interspinous ligaments, mm (estimate)."""
CAPSULE = 1.5
"""Thickness of the capsule of a facet joint, mm (estimate)."""
SUPRASPINOUS = 2.4
"""Radius of the supraspinous ligament, mm (estimate)."""
FORAMINAL_FAT = 11.0
"""How far epidural fat follows a nerve out of the canal, mm (estimate)."""
MOUTH = 1.0
"""How far beside a pedicle the fat in the foramen ends, mm (estimate)."""

_SLAB = 9.75  # mm; the canal is filled in slabs of it, which saves memory


def paint_epidural_fat(canvas: Canvas, wall: CanalWall, lining: Array, column: Column) -> None:
    """Paint fat into whatever is free in the canal and beside the nerves in the foramina.

    A foramen is what can be seen from the middle of the canal, as far as its pedicles reach.

    Args:
        canvas: what is painted.
        wall: of the canal.
        lining: by angle and place, how far the canal's contents reach, mm.
        column: the posed vertebrae.
    """
    mouths = {
        level: 0.5 * column.bodies[level].canal_width
        + column.bodies[level].canal_width
        / morphometry().value("canal_width", level)
        * morphometry().value("pedicle_width", level)
        + MOUTH
        for level in column.region.levels
        if level not in ("c1", "c2")
    }
    reach = REACH + FORAMINAL_FAT
    for left in np.arange(-reach, reach, _SLAB):
        slab = left, left + _SLAB
        window, where, u, d, s = free_around(canvas, wall.line, reach, slab)
        radius, angle = np.hypot(u, d), np.arctan2(u, -d)
        lateral = (np.abs(angle) > np.radians(78.0)) & (np.abs(angle) < np.radians(135.0))
        border = wall.at(lining, angle, s)
        lateral &= (radius < border + FORAMINAL_FAT) & (radius < wall.at(wall.sight, angle, s))
        lateral &= np.abs(u) < wall.line.along_column(mouths, s)
        inside = (lateral | (radius < border)) & (s > wall.s[0]) & (s < wall.s[-1])
        canvas.paint_places("epidural_fat", tuple(w[inside] for w in where), window)


def paint_capsules(canvas: Canvas, region: Region) -> None:
    """Paint the capsules of the facet joints: a shell round what of a joint is not bone."""
    joints = [f"{upper}_{lower}_facet" for upper, lower in region.segments]
    inner = {f"{j}_capsule_{side}": f"{j}_joint_{side}" for j in joints for side in SIDES}
    canvas.paint_shells(inner, CAPSULE)


def paint_interspinous(
    canvas: Canvas, wall: CanalWall, lining: Array, opened: Collection[str] = ()
) -> None:
    """Paint the interspinous ligaments: whatever is free straight between two processes.

    Args:
        canvas: what is painted.
        wall: of the canal.
        lining: by angle and place, how far the canal's contents reach, mm: they end behind it.
        opened: levels whose spinous process a laminectomy has taken.
    """
    window = canvas.window([-INTERSPINOUS, -1e3, -1e3], [INTERSPINOUS, 1e3, 1e3])
    labels = canvas.labels[window]
    u, d, s = np.broadcast_arrays(*wall.line.coordinates(canvas, window))
    behind = np.hypot(u, d) > wall.at(lining, np.arctan2(u, -d), s)
    middle = canvas.window([-0.6, -1e3, -1e3], [0.6, 1e3, 1e3])[0]
    center = slice(middle.start - window[0].start, middle.stop - window[0].start)
    for upper, lower in wall.line.region.segments:
        if upper in opened or lower in opened:
            continue
        above = _any_of(labels[center], canvas, *_arch(upper))
        below = _any_of(labels[center], canvas, *_arch(lower))
        # per column of constant y: from the top of the lower to the bottom of the upper process
        z = np.arange(labels.shape[2])
        bottom = np.where(above, z, len(z)).min(axis=-1)
        top = np.where(below, z, -1).max(axis=-1)
        reach = np.median(bottom[bottom < len(z)]) if (bottom < len(z)).any() else 0
        between = (z > top[:, None]) & (z < bottom[:, None])
        between &= (top >= 0)[:, None] & (bottom < len(z))[:, None]
        between &= (bottom - top < 45.0 / canvas.spacing)[:, None]
        between &= np.abs(z - reach) < 60.0 / canvas.spacing
        part = between[None] & behind
        canvas.paint(f"interspinous_ligament_{upper}_{lower}", part, window)


def paint_supraspinous(
    canvas: Canvas, tips: Array, end: float, region: Region, opened: Collection[str] = ()
) -> None:
    """Paint the supraspinous ligament over the tips of the spinous processes.

    Args:
        canvas: what is painted.
        tips: (n, 2) y and z of the line along the tips, mm.
        end: height below which there are none, mm.
        region: the stretch of the column.
        opened: levels whose spinous process a laminectomy has taken, and the ligament with it.
    """
    z = canvas.axes()[2].ravel()
    kept = tips[:, 1] > end
    for segments in _runs(region, opened):
        above, below = segments[0][0], segments[-1][1]
        high, low = (
            z[_any_of(canvas.labels, canvas, *_arch(level)[:1]).any(axis=0)]
            for level in (above, below)
        )
        top = high.min() if len(high) else np.inf
        kept &= (tips[:, 1] > top) | (tips[:, 1] < low.max(initial=-np.inf))
    pieces, count = ndimage.label(kept)
    for n in range(1, count + 1):
        part = tips[pieces == n]
        path = np.column_stack([np.zeros(len(part)), part])
        canvas.paint_tube("supraspinous_ligament", path, SUPRASPINOUS)


def _runs(region: Region, opened: Collection[str]) -> list[list[tuple[str, str]]]:
    """Return the segments beside levels without spinous process, those in a row together."""
    runs: list[list[tuple[str, str]]] = []
    for upper, lower in region.segments:
        if upper in opened and runs:
            runs[-1].append((upper, lower))
        elif lower in opened or upper in opened:
            runs.append([(upper, lower)])
    return runs


def _arch(level: str) -> tuple[str, ...]:
    """Return what of a vertebra crosses the midline behind the canal."""
    if level == "s1":
        return ("median_sacral_crest", *(f"sacral_lamina_{side}" for side in SIDES))
    if level == "c1":
        return ("c1_posterior_arch",)
    return (f"{level}_spinous_process", *(f"{level}_lamina_{side}" for side in SIDES))


def _any_of(labels: NDArray[np.uint16], canvas: Canvas, *names: str) -> NDArray[np.bool_]:
    """Return, by y and z, where a slab of the midline shows any of some structures."""
    wanted = np.zeros(1 << 16, bool)
    for name in names:
        wanted[list(canvas.structures.labels_of(name))] = True
    return np.asarray(np.any(wanted[labels], axis=0))
