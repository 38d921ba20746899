"""Sacral plexus and sciatic nerve: under piriformis out of the pelvis, into the thigh."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

from spine_tutor.anatomy.core import Core
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.tubes import STEP, Tube, hugging, smooth, tube

Array = NDArray[np.float64]

FORMS = ("l5", "s1", "s2", "s3")
"""Nerves that end in the plexus; what L4 gives to it joins L5."""
COURSE = ((50.0, 9.5, -84.5), (58.0, 7.5, -105.5), (72.0, 17.5, -126.0), (80.0, 43.0, -148.0))
"""From where the plexus becomes the sciatic nerve, before piriformis, to below it, between ischial
tuberosity and greater trochanter; right side, in the frame of the endplate of S1, mm (E)."""
THIGH = (82.0, -44.0, -210.0)
"""Where the nerve leaves the region, world mm (E)."""
SCIATIC = 4.5
"""Radius of the sciatic nerve, mm (estimate; it is flat and some 10 mm wide)."""
STRAND = 2.5
"""Radius of a strand of the plexus where it joins the others, mm (estimate)."""
BENDS = 0.9
"""How far a strand keeps its direction at either end, as a share of its length (estimate)."""


def sacral_plexus(core: Core) -> Iterator[Tube]:
    """Yield the strands that join, and the nerve that they form, of each side."""
    column = core.column
    plate = column.endplate("s1", "upper")
    for side in SIDES:
        mirror = np.array([-1.0 if side == "left" else 1.0, 1.0, 1.0])
        course = (np.array(COURSE) * mirror * column.sacral_scale) @ plate[:3, :3].T + plate[:3, 3]
        nerve = smooth([*course, core.case.height_scale * mirror * THIGH], STEP)
        yield tube(f"sciatic_nerve_{side}", nerve, [STRAND, SCIATIC, SCIATIC, SCIATIC])
        for level in FORMS:
            root = core.roots.get((level, side))
            if root is not None:
                path = strand(root.path, nerve)
                if core.skeleton.sacrum is not None:
                    off = np.zeros(len(path), bool)
                    path = hugging(core.skeleton.sacrum.bone, path, STRAND + 1.0, off, ease=6.0)
                yield tube(f"sacral_plexus_{side}", path, [root.radius[-1], STRAND])


def strand(root: Array, nerve: Array) -> Array:
    """Return the way (n, 3) from the end of a root into a nerve, without a kink at either end.

    Args:
        root, nerve: paths, points every `STEP` mm.
    """
    ends = np.array([root[-1], nerve[0]])
    length = float(np.linalg.norm(ends[1] - ends[0]))
    few = 12
    ways = np.array([root[-1] - root[-1 - few], nerve[few] - nerve[0]])
    ways *= BENDS / np.linalg.norm(ways, axis=1, keepdims=True) * length
    bend = CubicHermiteSpline([0.0, 1.0], ends, ways)
    return smooth(bend(np.linspace(0.0, 1.0, 9)), STEP)
