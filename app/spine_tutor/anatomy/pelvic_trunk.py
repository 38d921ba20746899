"""The trunk below the promontory: gluteal muscles, hip and thigh, pelvic floor, as solids.

Everything is an estimate, drawn to look like axial CT of an adult lying prone; mm, right half,
at the size of the average adult. Planes are given in the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.canvas import Solid, Volume
from spine_tutor.anatomy.column import Matrix
from spine_tutor.anatomy.trunk_outlines import Array, Lattice

MAXIMUS = {20.0: 10.0, -10.0: 32.0, -60.0: 40.0, -110.0: 48.0, -170.0: 26.0}
"""Thickness of gluteus maximus by height, mm."""
SPINE = (45.0, 24.0)
"""Distance from the midline and height of the posterior superior spine, where it begins."""
UPPER, LOWER = 0.72, 0.62
"""By how much its upper and lower border fall outwards."""
BEVEL = 0.8
"""By how much the upper border lies further in with every mm of depth."""
TAIL = -112.0
"""Height of its lower border in the midline."""
DEEP = (-61.0, 0.32)
"""Its deep surface: y in the midline, and how far it lies more in front with every mm outwards."""
HIP = -84.0
"""Height of the hip joint, to which gluteus medius reaches."""
FRONT = 0.7
"""By how much the lower border of gluteus medius rises forwards, to the anterior superior spine."""
ASIDE = (0.6, 100.0)
"""How much further in front that border lies with every mm outwards, and from where on, mm."""
POSTERIOR_LINE = ((-47.0, 20.0), (5.0, -40.0), (28.0, -90.0))
"""The hind border of gluteus medius: posterior gluteal line, top of the greater sciatic notch and
greater trochanter; y and z in the frame of the endplate of S1."""
BACKWARDS = 0.9
"""How far behind that border it swells with every mm outwards from the bone."""
CLEFT = 2.2
"""Width of the fat between gluteus maximus and what lies under it."""
INGUINAL = (128.0, -23.0, 0.75)
"""Inguinal ligament: anterior superior spine, x and z, and how it falls medially."""
BRIM = (-20.5, -0.34)
"""The arcuate line, to which iliacus reaches from above and obturator internus from below: z where
y is 0, and how it rises with y, in the frame of the endplate of S1."""
OBTURATOR = 9.0
"""Thickness of obturator internus on the wall of the pelvis."""
OBTURATOR_ENDS = (20.0, -122.0, (30.0, 45.0), (14.0, 2.0))
"""Its nearest to the midline, its lowest z in that frame, the y between which the obturator foramen
begins, and how far it bridges beyond bone there and behind."""
ROTATORS = (-24.0, 0.06, 8.0, -80.0, -128.0, 62.0, 124.0)
"""Gemelli and quadratus femoris, a slab behind the hip: y of its middle at the midline, its slope
outwards, half its thickness, upper and lower z, and from ischium to greater trochanter, x."""
BACK_OF_THIGH = {-104.0: -16.0, -128.0: -34.0, -160.0: -60.0}
"""How far back the muscles of the thigh reach by height: below the tuberosity hamstrings begin."""
ROUND = 0.2
"""How much less far back with every mm from above the tuberosity to either side."""
FLOOR = (-130.0, 26.0, 2.6)
"""Pelvic floor: its lowest height, its rise towards the walls, half its thickness."""


def pelvic_solids(
    fascia: Solid,
    outer: Array,
    inner: Array,
    crest: Array,
    away: Array,
    lattice: Lattice,
    size: float,
    plate: Matrix,
) -> Mapping[str, Solid]:
    """Return the solids by name.

    Args:
        fascia: what lies within the deep fascia.
        outer, inner: x of the outer and inner surface of the hip bone, (1, ny, nz).
        crest: z of the iliac crest, (1, ny, 1).
        away: how far the hip bone is, seen from the side, (1, ny, nz).
        lattice: where the solids are known.
        size: of the body, 1 is the average adult.
        plate: endplate_to_world (4×4) of the upper endplate of S1.
    """
    x, y, z = ((lattice.axis(n) / size).astype(np.float32) for n in range(3))
    outer, inner, crest, away = outer / size, inner / size, crest / size, away / size
    along, up = in_pelvis(lattice, plate, size)
    depth = -fascia.values / np.float32(size)
    heights, thick = np.array(sorted(MAXIMUS.items())).T
    upper = z - (SPINE[1] - UPPER * (x + BEVEL * depth - SPINE[0]))
    lower = TAIL - LOWER * x - z
    # it begins beside sacrum and coccyx and leaves the midline below them
    medial = np.interp(z, [-190.0, -140.0, -110.0, -60.0, 20.0], [30.0, 22.0, 8.0, 16.0, 40.0])
    deep = y - (DEEP[0] + DEEP[1] * x)
    shell = depth - np.interp(z, heights, thick).astype(np.float32)
    maximus = _greatest(shell, upper, lower, medial - x, deep)
    slant, origin = ASIDE
    border = HIP + FRONT * np.maximum(y + 20.0 - slant * (x - origin), 0.0)
    swell = BACKWARDS * (x - outer)
    hind = [_behind(*ends, along, up) - swell for ends in pairwise(POSTERIOR_LINE)]
    medius = _greatest(outer - x, z - crest, border - z, CLEFT - maximus, *hind)
    spine_x, spine_z, fall = INGUINAL
    below = z - (spine_z - fall * (spine_x - x))
    levels, back = np.array(sorted(BACK_OF_THIGH.items())).T
    thigh = _greatest(
        inner - OBTURATOR - x, below, CLEFT - maximus,
        np.interp(z, levels, back) + ROUND * np.abs(x - ROTATORS[5]) - y,
    )  # fmt: skip
    nearest, lower_end, (before, after), (hole, rim) = OBTURATOR_ENDS
    bridge = np.interp(along, (before, after), (rim, hole))
    obturator = _greatest(
        inner - OBTURATOR - x, x - inner, nearest - x, above_brim(along, up),
        lower_end - up, away - bridge,
    )  # fmt: skip
    middle, slope, thick_half, top, bottom, medial_end, lateral_end = ROTATORS
    rotators = _greatest(
        np.abs(y - middle - slope * x) - thick_half, z - top, bottom - z,
        medial_end - x, x - lateral_end, CLEFT - maximus,
    )  # fmt: skip
    lowest, rise, half = FLOOR
    bowl = lowest + rise * np.clip((x / 48.0) ** 2 + ((y + 12.0) / 56.0) ** 2, 0.0, 1.3)
    floor = _greatest(np.abs(z - bowl) - half, x - inner + OBTURATOR, np.abs(y + 10.0) - 54.0)
    return {
        name: fascia & _solid(values * size, lattice)
        for name, values in (
            ("gluteus_maximus", maximus),
            ("gluteus_medius", medius),
            ("obturator_internus", obturator),
            ("short_external_rotators", rotators),
            ("thigh_muscles", thigh),
            ("pelvic_floor", floor),
        )
    }


def in_pelvis(lattice: Lattice, plate: Matrix, size: float) -> tuple[Array, Array]:
    """Return y and z of a lattice in the frame of the endplate of S1, (1, ny, nz), mm.

    They are those of the average adult, as all heights here.
    """
    (_, y0, z0), axes = plate[:3, 3], plate[:3, :3]
    y, z = lattice.axis(1) - y0, lattice.axis(2) - z0
    along, up = ((axes[1, n] * y + axes[2, n] * z) / size for n in (1, 2))
    return along, up


def above_brim(along: Array, up: Array) -> Array:
    """Return how far places given `in_pelvis` lie above the pelvic brim, mm."""
    start, rise = BRIM
    height: Array = (up - start - rise * along) / np.hypot(1.0, rise)
    return height


def _behind(
    first: tuple[float, float], second: tuple[float, float], along: Array, up: Array
) -> Array:
    """Return how far places lie behind a line that runs downwards and forwards, mm."""
    dy, dz = second[0] - first[0], second[1] - first[1]
    across: Array = (dz * (along - first[0]) - dy * (up - first[1])) / np.hypot(dy, dz)
    return across


def _greatest(*values: NDArray[np.floating[Any]]) -> Volume:
    """Return the greatest of values at each place, in single precision: lattices are large."""
    found = np.asarray(values[0], np.float32)
    for other in values[1:]:
        found = np.maximum(found, np.asarray(other, np.float32))
    return found


def _solid(values: Volume, lattice: Lattice) -> Solid:
    full: NDArray[np.float32] = np.broadcast_to(values, lattice.shape).astype(
        np.float32, copy=False
    )
    return Solid(full, lattice.origin, lattice.spacing)
