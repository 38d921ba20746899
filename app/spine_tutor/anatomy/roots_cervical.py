"""The way of the cervical roots C3 to C7 over their own vertebra.

A root leaves its foramen forwards and outwards, in the lower half, behind the vertebral artery,
and lies on the groove between the tubercles of its own transverse process.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.skeleton import VertebraModel

Array = NDArray[np.float64]

ON_PEDICLE = 0.7
"""Gap between a root and the upper border of the pedicle under it, mm (estimate)."""
ARTERY = 1.9
"""Room left for the vertebral artery before a root, from the middle of its foramen, mm."""


def over_transverse_process(model: VertebraModel, thick: float, sign: float) -> list[Array]:
    """Return four world points of a root's way: canal, pedicle, behind the artery, groove.

    Args:
        model: its own vertebra, ``c3`` to ``c7``.
        thick: of the root, mm.
        sign: -1 on the left, 1 on the right.
    """
    shape, size, r = model.shape, model.size, 0.5 * thick
    back = -0.5 * size.depth
    across = 0.5 * (size.canal_width + shape.pedicle_width)
    top = shape.pedicle_z + 0.5 * shape.pedicle_height + r + ON_PEDICLE
    hole = np.array(shape.foramen)
    anterior, posterior = np.array(shape.anterior_tubercle), np.array(shape.posterior_tubercle)
    groove = 0.5 * (anterior + posterior)
    floor = shape.bridge[2] + shape.bridge_half[0]
    local = [
        (0.5 * size.canal_width - 0.5, back - 2.0, top + 1.0),
        (across, 0.5 * (back + shape.pedicle_end[1]), top),
        (hole[0] + 0.5, hole[1] - ARTERY - r - 0.3, top - 0.3),
        (groove[0], groove[1], max(floor, groove[2]) + r + 0.4),
    ]
    return [(model.frame @ [sign * x, y, z, 1.0])[:3] for x, y, z in local]
