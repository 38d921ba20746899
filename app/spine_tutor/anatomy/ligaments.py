"""Ligaments and epidural fat, fitted between the bones that have been painted."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.canal import ANGLES, REACH, CanalLine, CanalWall
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.catalogue import disc_id
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.region import Region
from spine_tutor.anatomy.rows import SIDES

Array = NDArray[np.float64]

FLAVUM_REACH = 78.0
"""How far round from the midline the flavum goes, to the facet joints, degrees (estimate)."""
HYPERTROPHY = 0.8
"""Share by which a severely thickened flavum is thicker (estimate)."""
FLAVUM_GAP = 0.6
"""Half the width of the gap between the two flava, mm (estimate)."""
LONGITUDINAL = {"anterior": (1.6, 12.0), "posterior": (1.0, 5.5)}
"""Thickness and half width of the longitudinal ligaments, mm (estimate)."""
INTERSPINOUS = 2.4
"""Half thickness of the interspinous ligaments, mm (estimate)."""
CAPSULE = 1.5
"""Thickness of the capsule of a facet joint, mm (estimate)."""
SACROILIAC = 3.0
"""How far from both bones the tissue of the sacroiliac joint reaches, mm (estimate)."""
SUPRASPINOUS = 2.4
"""Radius of the supraspinous ligament, mm (estimate)."""
FORAMINAL_FAT = 11.0
"""How far epidural fat follows a nerve out of the canal, mm (estimate)."""

_SLAB = 9.75  # mm; the canal is filled in slabs of it, which saves memory


def paint_flava(canvas: Canvas, wall: CanalWall, hypertrophy: float = 0.0) -> None:
    """Paint both ligamenta flava of every segment.

    Each goes from the front of the lower half of the upper lamina to the upper border of the
    lower lamina.
    """
    window, where, u, d, s = _free_around(canvas, wall.line, REACH)
    every, radius, angle = np.array(where), np.hypot(u, d), np.arctan2(u, -d)
    near = (np.abs(angle) < np.radians(FLAVUM_REACH)) & (np.abs(u) > FLAVUM_GAP)
    for upper, lower in wall.line.region.segments:
        segment = f"{upper}_{lower}"
        start, stop, border = _flavum_range(wall, upper, lower)
        level = np.flatnonzero(near & (s < start.max()) & (s > stop.min() - 1.0))
        at = angle[level], s[level]
        low = wall.at(stop[:, None] + 0 * wall.s, *at)
        high = wall.at(start[:, None] + 0 * wall.s, *at)
        edge = wall.at(border[:, None] + 0 * wall.s, *at)
        # before the upper lamina the whole ligament lies in the canal; towards the lower lamina,
        # on whose upper border it ends, it comes to lie in line with the bone
        share = np.clip((s[level] - low) / np.maximum(edge - low, 1.0), 0.0, 1.0)
        at_most = morphometry().value("ligamentum_flavum_thickness", segment)
        at_most *= 1.0 + HYPERTROPHY * hypertrophy
        thick = at_most * np.clip(1.3 * np.cos(angle[level]) + 0.35, 0.45, 1.0)
        beyond = radius[level] - wall.at(wall.closed, *at) + thick * (0.3 + 0.7 * share)
        here = (s[level] < high) & (s[level] > low - 1.0) & (beyond > 0) & (beyond < thick)
        for side, on in (("left", u[level] < 0), ("right", u[level] > 0)):
            places = tuple(every[:, level[here & on]])
            canvas.paint_places(f"ligamentum_flavum_{segment}_{side}", places, window)


def _flavum_range(wall: CanalWall, upper: str, lower: str) -> tuple[Array, Array, Array]:
    """Return, by angle, the top and bottom of a flavum and the lower border of the upper lamina."""
    above = wall.line.region.levels.index(upper)
    middle = 0.5 * (wall.line.levels[upper] + wall.line.levels[lower])
    of_upper, of_lower = wall.owner == above, wall.owner == above + 1
    s = np.broadcast_to(wall.s, wall.owner.shape)
    border = np.where(of_upper.any(axis=1), np.where(of_upper, s, np.inf).min(axis=1), middle)
    stop = np.where(of_lower.any(axis=1), np.where(of_lower, s, -np.inf).max(axis=1), middle)
    behind = np.abs(ANGLES) < np.radians(35.0)
    border = np.where(behind, border, np.median(border[behind]))
    stop = np.where(behind, stop, np.median(stop[behind]))
    # half of the height of the upper lamina, as far as it faces the canal
    tall = np.median(np.where(of_upper, s, -np.inf).max(axis=1)[behind] - border[behind])
    start = border + 0.4 * np.clip(tall, 8.0, 24.0)
    smooth = (ndimage.gaussian_filter1d(a, 2.0, mode="wrap") for a in (start, stop, border))
    start, stop, border = smooth
    return start, np.minimum(stop, border - 1.0), border


def paint_epidural_fat(canvas: Canvas, wall: CanalWall) -> None:
    """Paint fat into whatever is free in the canal and beside the nerves in the foramina."""
    reach = REACH + FORAMINAL_FAT
    for left in np.arange(-reach, reach, _SLAB):
        slab = left, left + _SLAB
        window, where, u, d, s = _free_around(canvas, wall.line, reach, slab)
        radius, angle = np.hypot(u, d), np.arctan2(u, -d)
        lateral = (np.abs(angle) > np.radians(78.0)) & (np.abs(angle) < np.radians(135.0))
        border = wall.at(wall.closed, angle, s) + np.where(lateral, FORAMINAL_FAT, 0.3)
        inside = (radius < border) & (s > wall.s[0]) & (s < wall.s[-1])
        canvas.paint_places("epidural_fat", tuple(w[inside] for w in where), window)


def paint_longitudinal(canvas: Canvas, region: Region) -> None:
    """Paint the anterior and posterior longitudinal ligaments along bodies and discs."""
    structures = canvas.structures
    core = np.zeros(1 << 16, bool)
    names = [f"{level}_body" for level in region.levels if level != "c1"]
    names += [disc_id(*pair) for pair in region.discs] + ["s1_body"] * region.pelvis
    for name in names:
        core[list(structures.labels_of(name))] = True
    y = canvas.axes()[1].ravel()
    for which, (thick, half_width) in LONGITUDINAL.items():
        window = canvas.window([-half_width, -1e3, -1e3], [half_width, 1e3, 1e3])
        solid = core[canvas.labels[window]]
        present = np.any(solid, axis=1)
        if which == "anterior":
            edge = y[len(y) - 1 - solid[:, ::-1].argmax(axis=1)]
        else:
            edge = y[solid.argmax(axis=1)]
        x = canvas.axes(window)[0].ravel()
        surface = _taut(np.where(present, edge, np.nan), canvas.spacing, which == "anterior")
        # thinner towards its borders
        here = thick * np.sqrt(np.clip(1.0 - (x / (half_width + 0.5)) ** 2, 0.05, 1.0))[:, None]
        across = y[None, :, None]
        if which == "anterior":
            mask = (across > edge[:, None]) & (across < (surface + here)[:, None])
        else:
            mask = (across < edge[:, None]) & (across > (surface - here)[:, None])
            mask &= across > (surface - here)[:, None]
        canvas.paint(f"{which}_longitudinal_ligament", mask & present[:, None], window)


def _taut(edge: Array, spacing: float, in_front: bool) -> Array:
    """Return the profile of a band drawn tight over the rims, easing the waists of the bodies."""
    count = max(1, round(7.0 / spacing))
    filled = np.where(np.isfinite(edge), edge, np.nanmean(edge))
    close = ndimage.grey_closing if in_front else ndimage.grey_opening
    return ndimage.gaussian_filter1d(close(filled, size=(1, count)), 1.0 / spacing, axis=1)


def paint_capsules(canvas: Canvas, region: Region) -> None:
    """Paint the capsules of the facet joints: a shell round what of a joint is not bone."""
    steps = max(1, round(CAPSULE / canvas.spacing))
    boxes = ndimage.find_objects(canvas.labels)
    for upper, lower in region.segments:
        for side in SIDES:
            joint = canvas.structures[f"{upper}_{lower}_facet_joint_{side}"].label
            box = boxes[joint - 1] if joint <= len(boxes) else None
            if box is None:
                continue
            window = tuple(slice(max(0, s.start - steps), s.stop + steps) for s in box)
            shell = ndimage.binary_dilation(canvas.labels[window] == joint, iterations=steps)
            canvas.paint(f"{upper}_{lower}_facet_capsule_{side}", shell, window)


def paint_interspinous(canvas: Canvas, region: Region, opened: Collection[str] = ()) -> None:
    """Paint the interspinous ligaments: whatever is free straight between two processes.

    Args:
        canvas: what is painted.
        region: whose segments.
        opened: levels whose spinous process a laminectomy has taken.
    """
    window = canvas.window([-INTERSPINOUS, -1e3, -1e3], [INTERSPINOUS, 1e3, 1e3])
    labels = canvas.labels[window]
    middle = canvas.window([-0.6, -1e3, -1e3], [0.6, 1e3, 1e3])[0]
    center = slice(middle.start - window[0].start, middle.stop - window[0].start)
    for upper, lower in region.segments:
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
        part = np.broadcast_to(between[None], labels.shape)
        canvas.paint(f"interspinous_ligament_{upper}_{lower}", part, window)


def paint_supraspinous(canvas: Canvas, tips: Array, end: float) -> None:
    """Paint the supraspinous ligament over the tips of the spinous processes.

    Args:
        canvas: what is painted.
        tips: (n, 2) y and z of the line along the tips, mm.
        end: height below which there are none, mm.
    """
    tips = tips[tips[:, 1] > end]
    path = np.column_stack([np.zeros(len(tips)), tips])
    canvas.paint_tube("supraspinous_ligament", path, SUPRASPINOUS)


def paint_sacroiliac_joints(canvas: Canvas) -> None:
    """Paint cartilage and ligament into the narrow space between sacrum and ilium."""
    structures = canvas.structures
    sacrum = np.zeros(1 << 16, bool)
    sacrum[list(structures.labels_of("sacrum"))] = True
    steps = max(1, round(SACROILIAC / canvas.spacing))
    boxes = ndimage.find_objects(canvas.labels)
    for side in SIDES:
        ilium = structures[f"ilium_{side}"].label
        window = boxes[ilium - 1] if ilium <= len(boxes) else None
        if window is None:
            continue
        labels = canvas.labels[window]
        near_ilium = ndimage.binary_dilation(labels == ilium, iterations=steps)
        near_sacrum = ndimage.binary_dilation(sacrum[labels], iterations=steps)
        canvas.paint(f"sacroiliac_joint_{side}", near_ilium & near_sacrum, window)


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


def _free_around(
    canvas: Canvas, line: CanalLine, reach: float, across: tuple[float, float] = (-1e3, 1e3)
) -> tuple[tuple[slice, ...], tuple[NDArray[np.intp], ...], Array, Array, Array]:
    """Return a window, its free places within reach of a canal line, and their coordinates.

    With `across` only those between two planes to the right of the midline, mm.
    """
    left, right = np.clip(across, -reach, reach)
    low = np.r_[left, line.points.min(axis=0) - REACH]
    high = np.r_[right, line.points.max(axis=0) + REACH]
    window = canvas.window(low, high)
    u, d, s = line.coordinates(canvas, window)
    chord = np.sqrt(np.maximum(reach * reach - d * d, 0.0))
    free = (canvas.labels[window] == 0) & (np.abs(u) < chord)
    where = np.nonzero(free)
    u, d, s = (np.broadcast_to(values, free.shape)[where] for values in (u, d, s))
    return window, where, u, d, s
