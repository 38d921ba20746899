"""The longitudinal ligaments: straps before and behind the bodies and discs, of one piece.

Each is laid out on a sheet: by distance from the midline and by place along the canal, how far
before the line of the canal it lies.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.canal import CanalLine, CanalWall
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.catalogue import disc_id
from spine_tutor.anatomy.thecal_sac import Sac

Array = NDArray[np.float64]

ANTERIOR = (1.6, 12.0)
"""Thickness and half width of the anterior longitudinal ligament, mm (estimate)."""
POSTERIOR = 1.0
"""Thickness of the posterior longitudinal ligament, mm (estimate): two voxels, so it is whole."""
BROAD = 6.5
"""Half width of the posterior ligament behind a disc, mm (estimate)."""
NARROW: Mapping[str, float] = {"c2": 5.0, "c7": 5.0, "t2": 3.0}
"""Half width of it behind the middle of a body, mm (estimate): broad in the neck."""
PRESSED = 0.7
"""How far it presses into the dura before it slackens, mm: the thickness of that (estimate)."""
BRIDGED = {"anterior": 7.0, "posterior": 30.0}
"""Length of a hollow that a ligament spans, mm: its fibres cling to the front of a body, but leave
the waist of its back to veins (estimate)."""
FILLED = 0.75
"""Narrowest gap between the posterior ligament and bone or disc that is left to fat, mm (E)."""
BORDER = 0.4
"""Least of the squared share of its thickness that the anterior one has at its borders (E)."""

STEEP = {"anterior": 2.0, "posterior": 1.0}
"""Steepest that a ligament climbs over a rim: so steep that one as thick is whole (estimate)."""

_SHEET = 0.5  # mm between the columns of a sheet
_DEPTHS = {"anterior": np.arange(75.0, 0.0, -0.25), "posterior": np.arange(-4.0, 24.0, 0.25)}


def paint_posterior_longitudinal(canvas: Canvas, wall: CanalWall, sac: Sac) -> None:
    """Paint the posterior longitudinal ligament: broad behind discs, narrow behind bodies.

    It lies on the discs and spans the waists of the bodies as far as the sac lets it.

    Args:
        canvas: what is painted: bones and discs, nothing of the canal.
        wall: of the canal.
        sac: that lies behind it.
    """
    line, s = wall.line, wall.s
    u = np.arange(-BROAD - 1.0, BROAD + 1.1, _SHEET)
    core, ends = _core(canvas, line, u, s, "posterior")
    taut = ndimage.grey_opening(core, (1, round(BRIDGED["posterior"] / (s[1] - s[0]))))
    back = np.maximum(taut - POSTERIOR, _front_of(sac, u, s) - PRESSED)
    back = np.minimum(back, core - POSTERIOR)
    smooth = ndimage.gaussian_filter(back, (2.0, 2.0), mode="nearest")
    back = _sloping(np.minimum(smooth, core - POSTERIOR), s[1] - s[0], STEEP["posterior"])

    middles = np.array(sorted(line.levels.values()))
    knots = np.concatenate([middles, 0.5 * (middles[1:] + middles[:-1])])
    waists = line.along_column(NARROW, middles)
    widths = np.concatenate([waists, np.full(len(middles) - 1, BROAD)])
    order = np.argsort(knots)

    window, across, ahead, along = _around(canvas, line, u, s[ends], back)
    inner = _on(back, u, s, across, along)
    bone = _on(core, u, s, across, along)
    outer = np.where(bone - inner < POSTERIOR + FILLED, bone + _SHEET, inner + POSTERIOR)
    mask = (ahead > inner - 1e-6) & (ahead < outer)
    mask &= np.abs(across) <= np.interp(along, knots[order], widths[order])
    mask &= (along >= s[ends[0]]) & (along <= s[ends[1]])
    canvas.paint("posterior_longitudinal_ligament", mask, window)


def paint_anterior_longitudinal(canvas: Canvas, wall: CanalWall) -> None:
    """Paint the anterior longitudinal ligament on the fronts of bodies and discs.

    Args:
        canvas: what is painted.
        wall: of the canal, along which the bodies lie.
    """
    line, s = wall.line, wall.s
    thick, half_width = ANTERIOR
    u = np.arange(-half_width - 1.0, half_width + 1.1, _SHEET)
    core, ends = _core(canvas, line, u, s, "anterior")
    taut = ndimage.grey_closing(core, (1, round(BRIDGED["anterior"] / (s[1] - s[0]))))
    taut = ndimage.gaussian_filter1d(taut, 1.0 / (s[1] - s[0]), axis=1, mode="nearest")
    share = np.clip(1.0 - (u / (half_width + 0.5)) ** 2, BORDER, 1.0)[:, None]
    front = np.maximum(taut, core) + thick * np.sqrt(share)
    front = -_sloping(-front, s[1] - s[0], STEEP["anterior"])

    window, across, ahead, along = _around(canvas, line, u, s[ends], front)
    mask = (ahead > _on(core, u, s, across, along) - 1.0) & (
        ahead < _on(front, u, s, across, along)
    )
    mask &= (np.abs(across) <= half_width) & (along >= s[ends[0]]) & (along <= s[ends[1]])
    canvas.paint("anterior_longitudinal_ligament", mask, window)


def _core(
    canvas: Canvas, line: CanalLine, u: Array, s: Array, which: str
) -> tuple[Array, NDArray[np.intp]]:
    """Return the back or front of bodies and discs on a sheet, and the first and last place.

    Where there are none, between or beside them, it is that of the nearest ones.
    """
    region, known = line.region, canvas.structures
    names = [f"{level}_body" for level in region.levels if level != "c1"]
    names += [disc_id(*pair) for pair in region.discs] + ["s1_body"] * region.pelvis
    core = np.zeros(1 << 16, bool)
    core[[label for name in names for label in known.labels_of(name)]] = True
    grid, depths = canvas.grid(), _DEPTHS[which]
    sheet = np.full((len(u), len(s)), np.nan)
    for n, across in enumerate(u):
        index, inside = grid.voxel_of(line.place(s[:, None], across, depths))
        met = core[canvas.labels[tuple(np.moveaxis(index, -1, 0))]] & inside
        sheet[n] = np.where(met.any(axis=1), depths[met.argmax(axis=1)], np.nan)
    missing = np.isnan(sheet)
    # the end plates at the ends of the region are no longer back or front
    middle = sheet[len(u) // 2]
    level = np.abs(np.gradient(middle, s)) < STEEP[which]
    ends = np.flatnonzero(level & ~missing[len(u) // 2])[[0, -1]]
    nearest = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    return sheet[tuple(nearest)], ends


def _front_of(sac: Sac, u: Array, s: Array) -> Array:
    """Return the front of the sac on a sheet, −∞ beside it."""
    depths = _DEPTHS["posterior"][:, None, None]
    across, ahead = u[:, None] - sac.beside(s), depths - sac.section(s)[2]
    across, ahead = np.broadcast_arrays(across, ahead)
    angle = np.arctan2(across, -ahead)
    places = np.broadcast_to(s, angle.shape)
    within = np.hypot(across, ahead) < sac.wall(angle, places)
    return np.where(within, depths, -np.inf).max(axis=0)


def _sloping(sheet: Array, step: float, slope: float) -> Array:
    """Return a sheet lowered where it is steeper than a slope: a strap has no steps."""
    reach = 12
    i, k = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    cone = slope * np.hypot(_SHEET * i, step * k)
    return ndimage.grey_erosion(sheet, structure=-cone, mode="nearest")


def _around(
    canvas: Canvas, line: CanalLine, u: Array, ends: Array, sheet: Array
) -> tuple[tuple[slice, ...], Array, Array, Array]:
    """Return a window round a sheet, and the coordinates of its voxels along a canal line."""
    places = np.linspace(ends[0], ends[1], 60)
    depths = np.array([[sheet.min() - 3.0], [sheet.max() + 3.0]])
    yz = line.place(places, 0.0, depths)[..., 1:].reshape(-1, 2)
    window = canvas.window(np.r_[u[0], yz.min(axis=0)], np.r_[u[-1], yz.max(axis=0)])
    across, ahead, along = np.broadcast_arrays(*line.coordinates(canvas, window))
    return window, across, ahead, along


def _on(sheet: Array, u: Array, s: Array, across: Array, along: Array) -> Array:
    """Return what a sheet has at other places."""
    at = [((across - u[0]) / (u[1] - u[0])).ravel(), ((along - s[0]) / (s[1] - s[0])).ravel()]
    found = ndimage.map_coordinates(sheet, at, order=1, mode="nearest")
    return np.asarray(found.reshape(across.shape))
