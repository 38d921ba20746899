"""Sacral plexus and sciatic nerve: under piriformis out of the pelvis, into the thigh."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spine_tutor.anatomy.core import Core
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.tubes import STEP, Tube, smooth, tube

FORMS = ("l5", "s1", "s2", "s3")
"""Nerves that end in the plexus; what L4 gives to it joins L5."""
JOINS = (50.0, -42.0, -74.0)
"""Where the plexus becomes the sciatic nerve, before piriformis, right side, world mm (E)."""
THIGH = ((58.0, -56.0, -90.0), (72.0, -60.0, -112.0), (80.0, -52.0, -145.0), (82.0, -44.0, -210.0))
"""Below piriformis, between ischial tuberosity and greater trochanter, into the thigh, mm (E)."""
SCIATIC = 4.5
"""Radius of the sciatic nerve, mm (estimate; it is flat and some 10 mm wide)."""


def sacral_plexus(core: Core) -> Iterator[Tube]:
    """Yield the strands that join, and the nerve that they form, of each side."""
    size = core.case.height_scale
    for side in SIDES:
        mirror = size * np.array([-1.0 if side == "left" else 1.0, 1.0, 1.0])
        joins = np.array(JOINS) * mirror
        yield tube(
            f"sciatic_nerve_{side}", smooth([joins, *(np.array(THIGH) * mirror)], STEP), SCIATIC
        )
        for level in FORMS:
            root = core.roots.get((level, side))
            if root is not None:
                path = smooth([root.path[-1], 0.5 * (root.path[-1] + joins), joins], STEP)
                yield tube(f"sacral_plexus_{side}", path, [root.radius[-1], 2.5])
