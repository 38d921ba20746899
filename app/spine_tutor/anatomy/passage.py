"""Ways round what is already painted, so that no thin nerve or vessel is cut in two.

Nerves and vessels are laid by their textbook courses; in one body or another a rib, a joint or an
artery lies across such a course. There the path takes the shortest free way past it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from heapq import heappop, heappush

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.tubes import Tube

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]

HARD = ("bone", "disc", "joint", "device")
"""Kinds of structures that nothing passes."""
BRANCHING = ("nerve", "vessel", "canal")
"""Kinds of structures that a nerve or vessel may begin and end in."""
SOFT = ("envelope", "muscle", "ligament")
"""Kinds of structures that a thin nerve or vessel runs in."""
THIN = 3.0
"""Greatest radius of what makes way, mm; what is thicker presses its neighbours aside."""
ROOM = (8.0, 20.0)
"""How far round an obstacle a way is looked for, mm: near it first."""
CLEARANCE = 0.4
"""Least gap between a nerve or vessel and bone, mm (estimate)."""
NARROW = 4.0
"""How many times as far a way may be that keeps off its surroundings."""


def cleared(tube: Tube, canvas: Canvas, beyond: Canvas | None = None) -> Tube:
    """Return a tube led round whatever lies across it on a canvas.

    It may begin and end in another nerve or vessel, as a branch does, but not in bone. Where there
    is no free way it stays as it is. A thick one is pushed aside of bones and discs only.

    Args:
        tube: what is led round.
        canvas: what is painted.
        beyond: a finer canvas, within which it is free already.
    """
    if tube.radius.max() > THIN:
        if not _touches(canvas, tube):
            return tube
        return replace(tube, path=clear_of_bone(canvas, tube.path, tube.radius))
    known = canvas.structures
    free = np.zeros(1 << 16, bool)
    free[[0, *known.labels_of(tube.structure)]] = True
    for id_ in filter(known.__contains__, tube.into):
        free[known[id_].label] = True
    if beyond is not None and tube.radius.max() < canvas.spacing:
        free = ~labels_of_kinds(canvas, HARD)  # so coarse that neighbours share its voxels
    branching = labels_of_kinds(canvas, BRANCHING)
    on = _labels_on(canvas, tube.path)
    if beyond is not None:
        on[beyond.grid().voxel_of(tube.path)[1]] = 0
    inside = on >= 0
    taken = inside & ~free[on]
    if not taken.any():
        return tube
    first, last = _ends(taken & branching[on], inside)
    path, radius = tube.path[first : last + 1], tube.radius[first : last + 1]
    across = taken[first : last + 1]
    led = _led(canvas, ~free, path, across, float(radius.max()), free | branching)
    share, whole = _along(led), _along(path)
    width = np.interp(share / max(share[-1], 1e-6), whole / max(whole[-1], 1e-6), radius)
    return Tube(
        tube.structure,
        np.concatenate([tube.path[:first], led, tube.path[last + 1 :]]),
        np.concatenate([tube.radius[:first], width, tube.radius[last + 1 :]]),
        tube.into,
    )


def clear_of_bone(canvas: Canvas, path: Array, radius: float | Array) -> Array:
    """Return a path pushed aside wherever it comes nearer to bone or disc than its radius.

    Args:
        canvas: what is painted; beyond it the path is only drawn along.
        path: (n, 3) world points.
        radius: one or one a point, mm.
    """
    window = canvas.window(path.min(axis=0) - 10.0, path.max(axis=0) + 10.0)
    coarser = 2 if canvas.spacing < 1.0 else 1  # a millimetre or two is enough to know where to go
    start = canvas.origin + canvas.spacing * np.array([part.start for part in window])
    spacing = coarser * canvas.spacing
    hard = labels_of_kinds(canvas, HARD)
    solid = hard[canvas.labels[window][::coarser, ::coarser, ::coarser]]
    gap = ndimage.distance_transform_edt(~solid, spacing)
    gap -= ndimage.distance_transform_edt(solid, spacing)
    uphill = np.gradient(gap, spacing)
    path = path.copy()
    step = float(np.linalg.norm(np.diff(path, axis=0), axis=1).mean())
    for _ in range(40):
        place = ((path - start) / spacing).T
        short = radius + CLEARANCE - ndimage.map_coordinates(gap, place, order=1, mode="nearest")
        short[(place < 0).any(axis=0) | (np.array(gap.shape) - 1 < place.T).any(axis=1)] = 0.0
        if short.max() < 0.1:
            break
        slope = np.stack(
            [ndimage.map_coordinates(g, place, order=1, mode="nearest") for g in uphill], axis=-1
        )
        shift = 0.5 * np.clip(short, 0.0, 2.0)[:, None] * slope
        path += ndimage.gaussian_filter1d(shift, 2.0 / step, axis=0, mode="nearest")
    return path


def _touches(canvas: Canvas, tube: Tube) -> bool:
    """Return whether the wall of a tube lies in bone or disc anywhere on a canvas."""
    ways = np.array([w for w in np.ndindex(3, 3, 3) if w != (1, 1, 1)]) - 1.0
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    wall = tube.path[:, None] + tube.radius[:, None, None] * ways
    on = _labels_on(canvas, wall.reshape(-1, 3))
    return bool(labels_of_kinds(canvas, HARD)[on[on >= 0]].any())


def rejoin(tube: Tube, canvas: Canvas) -> None:
    """Paint a thin tube again where bending the canvas by whole voxels has broken it."""
    met = np.unique(_labels_on(canvas, tube.path))
    found = (canvas.structures.by_label(n) for n in met.tolist() if n > 0)
    over = [s.id for s in found if s and (s.kind in SOFT or s.id == "epidural_fat")]
    replace(tube, into=(*tube.into, *over)).paint(canvas)


def labels_of_kinds(canvas: Canvas, kinds: Collection[str]) -> Labels:
    """Return by label whether its structure is of one of some kinds."""
    found = np.zeros(1 << 16, bool)
    for structure in canvas.structures.values():
        found[structure.label] = structure.kind in kinds
    return found


def _ends(soft: Labels, inside: Labels) -> tuple[int, int]:
    """Return first and last point of a path without its ends in what it branches from."""
    onward = np.flatnonzero(~soft & inside)
    if not len(onward):
        return 0, len(soft) - 1
    return int(onward[0]), int(onward[-1])


def led_round(canvas: Canvas, taken: Labels, path: Array, radius: float) -> Array:
    """Return a path led round the structures that it may not enter.

    Args:
        canvas: what is painted.
        taken: by label, whether it may not be entered.
        path: (n, 3) world points, closer than voxels or nearly so.
        radius: how far it keeps off them where there is room, mm.

    Returns:
        (m, 3) world points about as close; the path itself where it is free, where it is
        outside the canvas, and where there is no way.
    """
    on = _labels_on(canvas, path)
    blocked = (on >= 0) & taken[on]
    return _led(canvas, taken, path, blocked, radius, ~taken) if blocked.any() else path


def _led(
    canvas: Canvas, taken: Labels, path: Array, blocked: Labels, radius: float, ends: Labels
) -> Array:
    """Return a path led round where its points are blocked; `ends`: labels that it may end in."""
    runs, count = ndimage.label(np.convolve(blocked, np.ones(5), "same") > 0)
    pieces: list[Array] = []
    done = 0
    for first, last in ((r[0].start, r[0].stop - 1) for r in ndimage.find_objects(runs)[:count]):
        stretch = path[first : last + 1]
        way = None
        for room in ROOM:
            way = _way(canvas, taken, stretch, radius, room, ends)
            if way is not None:
                break
        pieces += [path[done:first], stretch if way is None else way]
        done = last + 1
    pieces.append(path[done:])
    return np.concatenate(pieces)


def _way(
    canvas: Canvas, taken: Labels, stretch: Array, radius: float, room: float, ends: Labels
) -> Array | None:
    """Return the shortest way between the ends of a stretch, None where there is none."""
    window = canvas.window(stretch.min(axis=0) - room, stretch.max(axis=0) + room)
    labels = canvas.labels[window]
    blocked = taken[labels]
    corner = canvas.origin + canvas.spacing * np.array([part.start for part in window])
    gap = canvas.spacing * ndimage.distance_transform_edt(~blocked)
    cost = 1.0 + NARROW * np.clip(1.0 - gap / (radius + canvas.spacing), 0.0, 1.0)
    cost[blocked] = np.inf
    borders = []
    for point in stretch[[0, -1]]:
        at = np.rint((point - corner) / canvas.spacing).astype(int)
        at = np.clip(at, 0, np.array(blocked.shape) - 1)
        if not ends[labels[tuple(at)]]:  # an end in bone moves to the nearest place out of it
            places = np.argwhere(ends[labels])
            if not len(places):
                return None
            at = places[np.argmin(((places - at) ** 2).sum(axis=1))]
        cost[tuple(at)] = 1.0
        borders.append(at)
    found = _shortest(cost, *borders)
    if not len(found):
        return None
    way = corner + canvas.spacing * found
    eased = ndimage.gaussian_filter1d(way, 2.0, axis=0, mode="nearest")
    eased[[0, -1]] = way[[0, -1]]
    index = np.rint((eased - corner) / canvas.spacing).astype(int)
    astray = ndimage.binary_dilation(blocked[tuple(index.T)], iterations=3)
    eased[astray] = way[astray]
    return eased


def _labels_on(canvas: Canvas, path: Array) -> NDArray[np.int64]:
    """Return the label at each point of a path, −1 outside the canvas."""
    index, inside = canvas.grid().voxel_of(path)
    found = np.full(len(path), -1)
    found[inside] = canvas.labels[tuple(index[inside].T)]
    return found


def _along(path: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])


@njit(cache=True)
def _shortest(
    cost: NDArray[np.float64], start: NDArray[np.int64], goal: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the voxels (n, 3) of the cheapest way through a grid, none where there is none.

    A* over the 26 neighbours; a step costs its length times the mean cost of its ends.
    """
    nx, ny, nz = cost.shape
    best = np.full(cost.shape, np.inf)
    came = np.full(cost.shape, -1, np.int64)
    best[start[0], start[1], start[2]] = 0.0
    heap = [(0.0, (start[0] * ny + start[1]) * nz + start[2])]
    target = (goal[0] * ny + goal[1]) * nz + goal[2]
    while heap:
        ahead, here = heappop(heap)
        if here == target:
            break
        i, j, k = here // (ny * nz), here // nz % ny, here % nz
        left = np.sqrt((i - goal[0]) ** 2 + (j - goal[1]) ** 2 + (k - goal[2]) ** 2)
        if ahead > best[i, j, k] + left + 1e-9:
            continue  # a cheaper way to here was found meanwhile
        for a in range(max(i - 1, 0), min(i + 2, nx)):
            for b in range(max(j - 1, 0), min(j + 2, ny)):
                for c in range(max(k - 1, 0), min(k + 2, nz)):
                    step = np.sqrt((a - i) ** 2 + (b - j) ** 2 + (c - k) ** 2)
                    way = best[i, j, k] + 0.5 * step * (cost[i, j, k] + cost[a, b, c])
                    if way < best[a, b, c]:
                        best[a, b, c] = way
                        came[a, b, c] = here
                        rest = np.sqrt((a - goal[0]) ** 2 + (b - goal[1]) ** 2 + (c - goal[2]) ** 2)
                        heappush(heap, (way + rest, (a * ny + b) * nz + c))
    steps = [target]
    if came[goal[0], goal[1], goal[2]] < 0:
        return np.empty((0, 3), np.int64)
    while steps[-1] >= 0:
        here = steps[-1]
        steps.append(came[here // (ny * nz), here // nz % ny, here % nz])
    found = np.empty((len(steps) - 1, 3), np.int64)
    for n in range(len(found)):
        here = steps[len(found) - 1 - n]
        found[n, 0], found[n, 1], found[n, 2] = here // (ny * nz), here // nz % ny, here % nz
    return found
