"""The organs of the abdomen, which lie before the column and show in every picture.

Positions and sizes are estimates after axial CT of adults, mm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from spine_tutor.anatomy.canvas import Canvas, Solid
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.fields import intersection
from spine_tutor.anatomy.tubes import smooth

Array = NDArray[np.float64]

KIDNEY = (25.0, 24.0, 53.0)
"""Half width, depth and length of a kidney, mm."""
PERIRENAL = 7.0
"""Thickness of the fat round a kidney, mm."""

RECTUM = ((-22, 18, -26), (-8, -8, -44), (0, -32, -62), (0, -44, -86), (0, -34, -108),
          (0, -30, -124), (0, -44, -142), (0, -62, -160))  # fmt: skip
"""Middle of the rectum from the sigmoid colon to the anus, in the world, mm, before a sacrum whose
upper endplate slopes by `SLOPE`; it turns with the sacrum."""
SLOPE = 40.0

LIVER_BACK = ((-60, 84), (-30, 64), (0, 48), (22, 40), (34, 14), (48, -8), (64, -40))
"""Back of the liver: x, and how far before the front of the bodies it lies there, mm: behind the
vena cava on its right, before it, the aorta and the stomach further left."""
LIVER_FLOOR = ((-60, 66), (-20, 30), (10, 10), (45, -12), (75, -40), (110, -70))
"""Its lower surface: x, and height above the middle of T12 beside the bodies, mm."""
LIVER_EDGE = -0.35
"""By how much the lower surface falls forwards."""
LIVER_ROUND = 24.0
"""Over what width its lower edge is rounded, mm."""
LIVER_LEFT = -56.0
"""x of the tip of its left lobe, mm."""

GASEOUS, LITTLE_GAS = 0.5, 0.08
"""Share of a bowel's length that holds gas (estimate)."""
SMALL_BOWEL = (11.0, 13.5)
"""Least and greatest radius of a loop of the small bowel, mm."""

ORGANS: Mapping[str, tuple[str, tuple[float, ...], tuple[float, ...], tuple[float, float]]] = {
    "heart_chambers": ("t8", (-17, 87, 4), (49, 33, 31), (34, 34)),
    "heart": ("t8", (-17, 87, 2), (60, 44, 42), (34, 34)),
    "stomach_gas": ("t11", (-58, 38, 16), (31, 24, 20), (10, 0)),
    "stomach": ("t11", (-58, 52, 2), (40, 44, 48), (10, 0)),
    "spleen": ("t11", (-88, 8, -4), (22, 46, 52), (-8, -20)),
}
"""Organs as ellipsoids: middle relative to that of a body, half axes, and a turn about y and z,
degrees; mm."""


def front_of_bodies(column: Column, z: Array) -> NDArray[np.float32]:
    """Return y of the front of the bodies at some heights, mm."""
    levels = sorted(column.levels, key=lambda level: float(column.frames[level][2, 3]))
    bodies = np.array([column.frames[level][:3, 3] for level in levels])
    depth = [column.bodies[level].depth for level in levels]
    front = np.interp(z, bodies[:, 2], bodies[:, 1]) + 0.5 * np.interp(z, bodies[:, 2], depth)
    return front.astype(np.float32)


def organ(name: str, column: Column, within: Solid, size: float) -> Solid:
    """Return what of one of `ORGANS` lies within a solid of the whole lattice."""
    level, at, half, (tilt, turn) = ORGANS[name]
    middle = column.frames[level][:3, 3] + size * np.array(at)
    first = (middle - size * max(half) - within.origin) / within.spacing
    last = (middle + size * max(half) - within.origin) / within.spacing
    first = np.clip(np.floor(first).astype(int), 0, np.array(within.values.shape) - 2)
    last = np.ceil(last).astype(int) + 1
    part = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    values = within.values[part]
    origin = within.origin + within.spacing * first
    shapes = ((-1, 1, 1), (1, -1, 1), (1, 1, -1))
    p, q, r = (
        (origin[n] - middle[n] + within.spacing * np.arange(values.shape[n])).reshape(shape)
        for n, shape in enumerate(shapes)
    )
    p, q = _turned(p, q, -turn)
    p, r = _turned(p, r, tilt)
    a, b, c = size * np.array(half)
    radius = np.sqrt((p / a) ** 2 + (q / b) ** 2 + (r / c) ** 2)
    solid = ((radius - 1.0) * min(a, b, c)).astype(np.float32)
    return Solid(np.maximum(solid, values), origin, within.spacing)


def _turned(a: Array, b: Array, degrees: float) -> tuple[Array, Array]:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return cos * a + sin * b, cos * b - sin * a


def liver(below: Solid, front: NDArray[np.float32], t12: float, size: float) -> Solid:
    """Return the liver: right under the diaphragm, the left lobe before aorta and stomach.

    Args:
        below: what lies under the diaphragm within the ribs and the abdominal wall.
        front: y of the front of the bodies on each of its slices, mm.
        t12: height of the middle of T12, mm.
        size: of the body, 1 is the average adult.
    """
    x, y, z = (
        ((below.origin[n] + below.spacing * np.arange(below.values.shape[n])) / size).astype(
            np.float32
        )
        for n in range(3)
    )
    ahead = y[:, None] - front[None, :] / np.float32(size)
    back, floor = (_curve(rows, x) for rows in (LIVER_BACK, LIVER_FLOOR))
    floor = floor[:, None, None] + np.float32(LIVER_EDGE) * (ahead - np.float32(40.0))[None]
    behind = np.broadcast_to(back[:, None, None] - ahead, below.values.shape)
    inside = intersection(behind, floor - (z - np.float32(t12 / size)), LIVER_ROUND)
    inside = np.maximum(0.7 * inside, np.float32(LIVER_LEFT) - x[:, None, None])
    np.maximum(np.float32(size) * inside, below.values, out=inside)
    return Solid(inside, below.origin, below.spacing)


def _curve(rows: ArrayLike, x: Array) -> NDArray[np.float32]:
    """Return a smooth curve through rows of x and y, constant beyond them."""
    known = np.array(sorted(np.asarray(rows, float).tolist())).T
    return PchipInterpolator(*known)(np.clip(x, known[0, 0], known[0, -1])).astype(np.float32)


def paint_pelvic_organs(canvas: Canvas, column: Column, body: Solid, size: float) -> None:
    """Paint rectum, with gas that rises to its back in a prone person, and bladder.

    Args:
        canvas: where to.
        column: with the sacrum.
        body: the right half of the trunk, at whose skin the anus is.
        size: of the body, 1 is the average adult.
    """
    rectum = size * smooth(RECTUM)
    up = column.endplate("s1", "upper")[:3, 2]
    y, z = _turned(rectum[:, 1], rectum[:, 2], float(np.degrees(np.arctan2(up[1], up[2]))) - SLOPE)
    rectum = np.column_stack([rectum[:, 0], y, z])
    share = np.linspace(0.0, 1.0, len(rectum))
    radius = size * np.interp(share, [0.0, 0.35, 0.7, 0.85, 1.0], [12.0, 17.0, 15.0, 8.0, 6.0])
    at = np.rint((np.abs(rectum) * [1, 0, 0] + rectum * [0, 1, 1] - body.origin) / body.spacing)
    at = np.clip(at.astype(int), 0, np.array(body.values.shape) - 1)
    within = body.values[tuple(at.T)] < -radius
    rectum, radius, share = rectum[within], radius[within], share[within]
    gas = (share > 0.2) & (share < 0.65)
    canvas.paint_tube("bowel_gas", rectum[gas] - [0.0, 5.0 * size, 0.0], 0.5 * radius[gas])
    canvas.paint_tube("rectum", rectum, radius)
    center, half = size * np.array([0.0, 20.0, -92.0]), size * np.array([36.0, 25.0, 22.0])
    window = canvas.window(center - half, center + half)
    x, y, z = canvas.axes(window)
    inside = sum(((a - c) / h) ** 2 for a, c, h in zip((x, y, z), center, half, strict=True)) < 1.0
    canvas.paint("urinary_bladder", np.asarray(inside), window)


def paint_kidneys(canvas: Canvas, column: Column, case: Case) -> None:
    """Paint the kidneys in their fat: T12 to L3, the left a little higher."""
    middle = 0.5 * (column.frames["l1"][:3, 3] + column.frames["l2"][:3, 3])
    half = case.height_scale * np.array(KIDNEY)
    for side, sign, lift in (("left", -1.0, 6.0), ("right", 1.0, -8.0)):
        center = middle + np.array([sign * 66.0, -2.0, lift])
        window = canvas.window(center - 70.0, center + 70.0)
        x, y, z = canvas.axes(window)
        # the long axis runs parallel to psoas: downwards, outwards and forwards
        p = sign * (x - center[0]) + 0.22 * (z - center[2])
        q = (y - center[1]) + 0.18 * (z - center[2])
        r = z - center[2]
        hilum = ((p + half[0]) / 15.0) ** 2 + (q / 11.0) ** 2 + (r / 26.0) ** 2
        body = (p / half[0]) ** 2 + (q / half[1]) ** 2 + (r / half[2]) ** 2
        canvas.paint(f"kidney_{side}", (body < 1.0) & (hilum > 1.0), window)
        a, b, c = half + PERIRENAL
        capsule = (p / a) ** 2 + (q / b) ** 2 + (r / c) ** 2
        canvas.paint("retroperitoneal_fat", capsule < 1.0, window)


def paint_bowel(canvas: Canvas, column: Column, case: Case) -> None:
    """Paint colon and small bowel; gas, which rises to the back in a prone person, and wall."""
    rng = np.random.default_rng([case.seed, 2])
    belly = 0.6 * max(0.0, case.subcutaneous_fat - 18.0)
    top = column.frames["l1"][2, 3]
    colon = [
        (smooth([[104, 44, -40], [112, 46, 20], [114, 48, 70], [104, 60, 96]]), 19.0, GASEOUS),
        (smooth([[-104, 60, 128], [-118, 44, 90], [-120, 42, 40], [-112, 48, -20], [-92, 62, -60]]),
         12.0, LITTLE_GAS),
        (smooth([[98, 84, top - 48], [50, 106, top - 54], [0, 108, top - 56], [-50, 104, top - 36],
                 [-98, 82, top - 12]]), 16.0, GASEOUS),
    ]  # fmt: skip
    for path, radius, gaseous in [*colon, *_loops(top, rng)]:
        path = path + np.array([0.0, belly, 0.0])
        for start in np.flatnonzero(rng.random(len(path) // 8) < gaseous):
            gas = path[8 * start : 8 * start + 7] - [0.0, 0.25 * radius, 0.0]
            canvas.paint_tube("bowel_gas", gas, 0.62 * radius * rng.uniform(0.6, 1.0))
        canvas.paint_tube("bowel", path, radius)


def _loops(top: float, rng: np.random.Generator) -> Iterator[tuple[Array, float, float]]:
    """Yield loops of small bowel up to a height, each with its radius and its share of gas.

    They lie across, one before the other; above the pelvis more lie beside the great vessels.
    """
    for row, z in enumerate(np.arange(-75.0, top + 8.0, 25.0)):
        flat = 0.2 * max(0.0, 20.0 - z)  # the belly grows flatter towards the pelvis
        across = [(-84.0, 84.0, 75.0, 12.0), (-84.0, 84.0, 101.0, 0.0)]
        beside = [(sign * 42.0, sign * 86.0, 53.0, 0.0) for sign in (-1.0, 1.0) if z > 40.0]
        for first, last, y, lift in across + beside:
            xs = np.linspace(first, last, 13) * (1 if row % 2 else -1)
            phase, tilt = rng.uniform(0.0, 6.0), rng.uniform(-0.1, 0.1)
            up = z + lift + tilt * xs + 7.0 * np.cos(0.09 * xs + phase)
            path = np.stack([xs, y - flat + 7.0 * np.sin(0.07 * xs + row), up], 1)
            path += rng.uniform(-1, 1, (13, 3)) * [1.0, 3.0, 4.0]
            yield smooth(path), rng.uniform(*SMALL_BOWEL), LITTLE_GAS
