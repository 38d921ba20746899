"""Travel of a fluid through a label grid: Dijkstra's shortest times from the tip, voxel by voxel.

Fluid takes the easiest way: voxels fill in the order of the time it needs to get there (Dijkstra
1959; on a grid the discrete sibling of fast marching). A larger volume therefore fills what a
smaller one did, and more.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from spine_tutor.imaging.texture import sheets, smooth

PLAIN, LOBULES, FIBRES = 0, 1, 2
"""Codes of `Media.grain`."""
LOBULE_MM = 4.5
"""Size of a lobule of fat. E: epidural fat is lobulated at 3–6 mm."""
FASCICLE_MM = (2.6, 45.0)
"""Size of a bundle of muscle fibres across and along. E"""
PLANE_MM = 0.9
"""Thickness of the plane between bundles that fluid opens. E"""
SEPTUM_MM = 1.0
"""Half the thickness of the folds and ligaments in the midline of the epidural space. E"""
LEAP_MM = 3.0
"""How far a leap along fibres goes within one structure. E"""
FINGER_MM = 9.0
"""Over what distance the way is easier here and harder there. E"""
HARDLY = 0.05
"""Porosity up to which a capsule or sleeve opens nothing: nerves and vessels stay as they are. E"""
LOBULE_MEAN, FIBRE_MEAN = 0.703, 0.312
"""Mean of the two grains over space, by which porosity is kept; a test measures them."""


class Media(NamedTuple):
    """What the travel knows of each medium, by its code, and of each label."""

    of_label: NDArray[np.uint8]  # (labels,) medium
    of_tissue: NDArray[np.uint8]  # (tissues,) medium that overrules the label's, 255 for none
    resistance: NDArray[np.float64]  # (media,) a mm; infinite for a wall
    porosity: NDArray[np.float64]  # (media,)
    grain: NDArray[np.uint8]  # (media,) PLAIN, LOBULES or FIBRES
    along: NDArray[np.float64]  # (media,) how much farther along the fibres than across
    sealed: NDArray[np.bool_]  # (media,) left only into home
    fibres: NDArray[np.float64]  # (labels, 3) unit vector along the fibres
    septum: NDArray[np.float64]  # (media,) how many times harder it is in the midline
    midline: NDArray[np.float64]  # (nz of the grid,) x of the middle of the spine, mm
    speed: NDArray[np.float64]  # (labels,) mm/s of what flows; 0 for what rests
    home: NDArray[np.bool_]  # (labels,) structures that hold the fluid
    reach: float  # mm around home that give way
    opened: float  # share of the volume there
    beyond: float  # how much harder it is farther out


@nb.njit(fastmath=True)
def lobules(x: float, y: float, z: float, seed: int) -> float:
    """Return how much room there is between lobules of fat: 1 between them, 0 within one."""
    s = 1.0 / LOBULE_MM
    a = smooth(s * x, s * y, s * z, 101 + 2 * seed)[0]
    b = smooth(2.1 * s * x, 2.1 * s * y, 2.1 * s * z, 102 + 2 * seed)[0]
    wall = max(0.0, 1.0 - abs(2.0 * a - 1.0) / 0.55)
    fine = max(0.0, 1.0 - abs(2.0 * b - 1.0) / 0.45)
    return 0.12 + 0.88 * min(1.0, max(1.15 * wall, 0.9 * fine))


@nb.njit(fastmath=True)
def bundles(x: float, y: float, z: float, fx: float, fy: float, fz: float) -> float:
    """Return how much room there is between bundles of fibres: 1 between them, less within."""
    wall = sheets(
        x, y, z, fx, fy, fz, fx, fy, fz, FASCICLE_MM[0], FASCICLE_MM[1], PLANE_MM, 0.0
    )  # fmt: skip
    return 0.08 + 0.92 * wall


@nb.njit(cache=True, nogil=True, fastmath={"nsz", "arcp", "contract", "reassoc"})
def travel(  # type: ignore[no-untyped-def]
    labels, tissues, origin, spacing, low, shape, start, m: Media, seed, limit, stream, most_time
):
    """Fill voxels in the order in which fluid from `start` reaches them.

    Args:
        labels, tissues: a label grid.
        origin, spacing: (3,) of the grid, mm.
        low, shape: (3,) the window of the grid that is looked at, voxels.
        start: (3,) voxel of the grid where the fluid comes out.
        m: how it goes.
        seed: of the grain.
        limit: mm³ of fluid.
        stream: (window,) how far downstream each voxel is, flat, where fluid goes with it only;
            empty where nothing flows.
        most_time: do not go on beyond this time.

    Returns:
        (n,) each: flat index into the window, share of the voxel taken, time of arrival, and
        whether it lies beyond the reach of home.
    """
    nx, ny, nz = shape[0], shape[1], shape[2]
    # times are stored plus one, so that untouched memory means never reached; done is negative
    time = np.zeros(nx * ny * nz, np.float32)
    away = np.zeros(nx * ny * nz, np.uint8)  # from home, in fifths of a mm
    steps, mm = _neighbours(spacing)
    # how far each step is for the fluid, by label and for the medium it was last worked out for
    ways, ways_of = np.empty((len(m.of_label), 20)), np.full(len(m.of_label), -1, np.int64)
    leaps = np.empty((len(m.of_label), 3), np.int64)
    fifths = np.empty(20)
    for n in range(18):
        fifths[n] = 5.0 * np.sqrt(mm[n, 0] ** 2 + mm[n, 1] ** 2 + mm[n, 2] ** 2)
    size = 1 << 14
    keys, items = np.empty(size, np.float32), np.empty(size, np.int64)
    heap = 0
    tip = ((start[0] - low[0]) * ny + start[1] - low[1]) * nz + start[2] - low[2]
    time[tip] = 1.0
    heap = _push(keys, items, heap, np.float32(1.0), tip)
    found, room = 0, 1 << 14
    order = np.empty(room, np.int64)
    shares, arrival = np.empty(room, np.float32), np.empty(room, np.float32)
    escaped = np.empty(room, np.bool_)
    voxel = spacing[0] * spacing[1] * spacing[2]
    total = 0.0
    while heap > 0:
        now, at = keys[0], items[0]
        heap = _pop(keys, items, heap)
        if time[at] != now:  # reached sooner on another way
            continue
        time[at] = -now
        k, rest = at % nz, at // nz
        i, j = rest // ny, rest % ny
        label = labels[low[0] + i, low[1] + j, low[2] + k]
        medium = _medium(m, label, tissues[low[0] + i, low[1] + j, low[2] + k])
        x = origin[0] + (low[0] + i) * spacing[0]
        y = origin[1] + (low[1] + j) * spacing[1]
        z = origin[2] + (low[2] + k) * spacing[2]
        distance = 0.2 * away[at]
        share = m.porosity[medium]
        cost = m.resistance[medium]
        if m.grain[medium] == LOBULES:
            gap = lobules(x, y, z, seed)
            share *= gap / LOBULE_MEAN
            cost *= 2.2 - 1.7 * gap
        elif m.grain[medium] == FIBRES:
            f = m.fibres[label]
            gap = bundles(x, y, z, f[0], f[1], f[2])
            share *= gap / FIBRE_MEAN
            cost *= 1.6 - 1.3 * gap
        if abs(x - m.midline[low[2] + k]) < SEPTUM_MM:
            cost *= m.septum[medium]
        if m.speed[label] > 0.0:
            cost /= m.speed[label]
        else:
            s = 1.0 / FINGER_MM
            cost *= np.exp(2.4 * (smooth(s * x, s * y, s * z, 100 + 2 * seed)[0] - 0.5))
        if distance > m.reach:
            cost *= m.beyond
        elif distance > 0.0 and m.reach < 1e6 and share > HARDLY:
            share = m.opened
        share = min(share, 1.0)
        if found == room:
            room *= 2
            order, shares = _more(order, room), _more(shares, room)
            arrival, escaped = _more(arrival, room), _more(escaped, room)
        order[found], shares[found], arrival[found] = at, share, now - 1.0
        escaped[found] = distance > m.reach
        found += 1
        total += share * voxel
        if total >= limit or now - 1.0 >= most_time:
            break
        if heap + 20 > size:
            size *= 2
            keys, items = _more(keys, size), _more(items, size)
        if ways_of[label] != medium:
            ways_of[label] = medium
            for axis in range(3):
                leaps[label, axis] = int(np.rint(LEAP_MM * m.fibres[label, axis] / spacing[axis]))
            mm[18] = leaps[label] * spacing
            mm[19] = -mm[18]
            for n in range(20):
                ways[label, n] = _way(m, medium, label, mm[n])
        count = 18
        if m.along[medium] > 1.0:  # fibres run between the lattice's directions: leap along them
            count = 20
            for axis in range(3):
                leap = leaps[label, axis]
                steps[18, axis], steps[19, axis] = leap, -leap
            far = leaps[label] * spacing
            fifths[18:] = 5.0 * np.sqrt(far[0] ** 2 + far[1] ** 2 + far[2] ** 2)
        for n in range(count):
            a, b, c = i + steps[n, 0], j + steps[n, 1], k + steps[n, 2]
            if not (0 <= a < nx and 0 <= b < ny and 0 <= c < nz):
                continue
            to = (a * ny + b) * nz + c
            known = time[to]
            if known < 0.0:
                continue
            arrive = np.float32(now + cost * ways[label, n])
            if known > 0.0 and arrive >= known:  # reached sooner, so it can be reached
                continue
            u, v, w = low[0] + a, low[1] + b, low[2] + c
            there = labels[u, v, w]
            if not m.resistance[_medium(m, there, tissues[u, v, w])] < np.inf:
                continue
            if (n >= 18 and there != label) or (m.sealed[medium] and not m.home[there]):
                continue
            if len(stream) and not stream[to] > stream[at]:
                continue
            time[to] = arrive
            if not m.home[there]:
                away[to] = min(255, away[at] + int(fifths[n] + 0.5))
            heap = _push(keys, items, heap, arrive, to)
    return order[:found], shares[:found], arrival[:found], escaped[:found]


@nb.njit
def _neighbours(spacing):  # type: ignore[no-untyped-def]
    """Return the steps to the 18 voxels that share a face or edge, in voxels and in mm.

    Two places are left for leaps.
    """
    steps = np.zeros((20, 3), np.int64)
    count = 0
    for a in range(-1, 2):
        for b in range(-1, 2):
            for c in range(-1, 2):
                if 0 < abs(a) + abs(b) + abs(c) < 3:
                    steps[count, 0], steps[count, 1], steps[count, 2] = a, b, c
                    count += 1
    return steps, steps * spacing


@nb.njit
def _way(m, medium, label, step):  # type: ignore[no-untyped-def]
    """Return how far a step is for the fluid, less along fibres, mm."""
    dx, dy, dz = step[0], step[1], step[2]
    square = dx * dx + dy * dy + dz * dz
    ratio = m.along[medium]
    if ratio > 1.0:
        f = m.fibres[label]
        down = dx * f[0] + dy * f[1] + dz * f[2]
        return np.sqrt(square + down * down * (1.0 / (ratio * ratio) - 1.0))
    return np.sqrt(square)


@nb.njit(inline="always")
def _medium(m, label, tissue):  # type: ignore[no-untyped-def]
    over = m.of_tissue[tissue]
    return m.of_label[label] if over == 255 or m.of_label[label] == 0 else over


@nb.njit
def _more(array, room):  # type: ignore[no-untyped-def]
    longer = np.empty(room, array.dtype)
    longer[: len(array)] = array
    return longer


@nb.njit
def _push(keys, items, count, key, item):  # type: ignore[no-untyped-def]
    """Put an item on a binary heap; return how many there are."""
    n = count
    while n > 0:
        parent = (n - 1) >> 1
        if keys[parent] <= key:
            break
        keys[n], items[n] = keys[parent], items[parent]
        n = parent
    keys[n], items[n] = key, item
    return count + 1


@nb.njit
def _pop(keys, items, count):  # type: ignore[no-untyped-def]
    """Take the first item off a binary heap; return how many are left."""
    count -= 1
    key, item = keys[count], items[count]
    n = 0
    while True:
        child = 2 * n + 1
        if child >= count:
            break
        if child + 1 < count and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[n], items[n] = keys[child], items[child]
        n = child
    keys[n], items[n] = key, item
    return count
