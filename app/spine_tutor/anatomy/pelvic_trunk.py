"""The trunk below the promontory: gluteal muscles, hip and thigh, pelvic floor, as solids.

Everything is an estimate, drawn to look like axial CT of an adult lying prone; mm, right half,
at the size of the average adult. Planes are given in the world.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.canvas import Solid
from spine_tutor.anatomy.trunk_outlines import Array, Lattice

MAXIMUS = {20.0: 6.0, -10.0: 22.0, -60.0: 34.0, -110.0: 40.0, -170.0: 24.0}
"""Thickness of gluteus maximus by height, mm."""
SPINE = (45.0, 24.0)
"""Distance from the midline and height of the posterior superior spine, where it begins."""
UPPER, LOWER = 0.72, 0.62
"""By how much its upper and lower border fall outwards."""
TAIL = -112.0
"""Height of its lower border in the midline."""
DEEP = (-70.0, 0.32)
"""Its deep surface: y in the midline, and how far it lies more in front with every mm outwards."""
HIP = -84.0
"""Height of the hip joint, to which gluteus medius reaches."""
FRONT = 0.7
"""By how much the lower border of gluteus medius rises forwards, to the anterior superior spine."""
CLEFT = 1.5
"""Width of the fat between gluteus maximus and what lies under it."""
INGUINAL = (128.0, -23.0, 0.75)
"""Inguinal ligament: anterior superior spine, x and z, and how it falls medially."""
OBTURATOR = 8.0
"""Thickness of obturator internus on the wall of the pelvis."""
FLOOR = (-130.0, 26.0, 2.6)
"""Pelvic floor: its lowest height, its rise towards the walls, half its thickness."""


def pelvic_solids(
    fascia: Solid, outer: Array, inner: Array, crest: Array, lattice: Lattice, size: float
) -> Mapping[str, Solid]:
    """Return the solids by name.

    Args:
        fascia: what lies within the deep fascia.
        outer, inner: x of the outer and inner surface of the hip bone, (1, ny, nz).
        crest: z of the iliac crest, (1, ny, 1).
        lattice: where the solids are known.
        size: of the body, 1 is the average adult.
    """
    x, y, z = (lattice.axis(n) / size for n in range(3))
    outer, inner, crest = outer / size, inner / size, crest / size
    depth = -fascia.values / np.float32(size)
    heights, thick = np.array(sorted(MAXIMUS.items())).T
    upper = z - (SPINE[1] - UPPER * (x - SPINE[0]))
    lower = TAIL - LOWER * x - z
    # it begins beside sacrum and coccyx and leaves the midline below them
    medial = np.interp(z, [-190.0, -140.0, -110.0, -60.0, 20.0], [30.0, 22.0, 8.0, 16.0, 40.0])
    deep = y - (DEEP[0] + DEEP[1] * x)
    shell = depth - np.interp(z, heights, thick)
    maximus = _greatest(shell, upper, lower, medial - x, deep)
    border = HIP + FRONT * np.maximum(y + 20.0, 0.0)
    medius = _greatest(outer - x, z - crest, border - z, CLEFT - maximus)
    spine_x, spine_z, fall = INGUINAL
    below = z - (spine_z - fall * (spine_x - x))
    thigh = _greatest(inner - OBTURATOR - x, below, CLEFT - maximus)
    lowest, rise, half = FLOOR
    bowl = lowest + rise * np.clip((x / 48.0) ** 2 + ((y + 12.0) / 56.0) ** 2, 0.0, 1.3)
    floor = _greatest(np.abs(z - bowl) - half, x - inner + OBTURATOR, np.abs(y + 10.0) - 54.0)
    return {
        name: fascia & _solid(values * size, lattice)
        for name, values in (
            ("gluteus_maximus", maximus),
            ("gluteus_medius", medius),
            ("thigh_muscles", thigh),
            ("pelvic_floor", floor),
        )
    }


def _greatest(*values: Array) -> Array:
    found = values[0]
    for other in values[1:]:
        found = np.maximum(found, other)
    return found


def _solid(values: Array, lattice: Lattice) -> Solid:
    full: NDArray[np.float32] = np.broadcast_to(values, lattice.shape).astype(np.float32)
    return Solid(full, lattice.origin, lattice.spacing)
