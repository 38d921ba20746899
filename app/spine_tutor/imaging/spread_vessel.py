"""Fluid in blood: which way it is carried, how fast, and what is left of it some seconds later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy import StructureSet

VEINS = ("vena", "vein", "venous", "jugular", "azygos")
"""Parts of the names of vessels that lead to the heart; all others lead away from it."""

TOP, BOTTOM = 1.0, -1.0
BLOOD: tuple[tuple[str, float, float], ...] = (
    ("aorta", 200.0, TOP),
    ("vena_cava", 120.0, TOP),
    ("iliac", 110.0, TOP),
    ("carotid", 200.0, BOTTOM),
    ("vertebral_", 150.0, BOTTOM),
    ("jugular", 120.0, BOTTOM),
    ("azygos", 60.0, TOP),
    ("radicul", 40.0, TOP),
    ("adamkiewicz", 40.0, TOP),
    ("epidural", 30.0, TOP),
)
"""Mean speed of blood, mm/s, and at which end of the vessel the heart is, by a part of its name;
the first that fits decides, `SMALL_VESSEL` otherwise (E)."""
SMALL_VESSEL = (50.0, TOP)
"""The same for vessels of another name (E)."""

INJECTION_RATE = 1.0
"""mL/s by hand through a spinal needle (E)."""
NARROW = 60.0
"""mm/s. Vessels as slow as this are so small that an injection fills them against
the stream (E)."""
DISPERSION = 2.0
"""s after which a bolus has become twice as long (E)."""


def is_vein(structure_id: str) -> bool:
    """Return whether a vessel leads to the heart."""
    return any(word in structure_id for word in VEINS)


def blood(structure_id: str) -> tuple[float, float]:
    """Return the speed of blood in a vessel, mm/s, and at which end the heart is."""
    return next(((v, end) for word, v, end in BLOOD if word in structure_id), SMALL_VESSEL)


def speeds(structures: StructureSet) -> NDArray[np.float64]:
    """Return the speed of blood in every label, (labels,) mm/s; 0 outside vessels."""
    found = np.zeros(1 + max((s.label for s in structures.values()), default=0))
    for s in structures.values():
        if s.kind == "vessel":
            found[s.label] = blood(s.id)[0]
    return found


def hearts(
    structures: StructureSet, vein: bool, window: NDArray[np.uint16]
) -> list[NDArray[np.intp]]:
    """Return the voxels of a window that are nearest to the heart, one a vessel, largest first.

    Args:
        structures: of the subject.
        vein: of veins or of arteries.
        window: (nx, ny, nz) labels.
    """
    wanted = {
        s.label: blood(s.id)
        for s in structures.values()
        if s.kind == "vessel" and is_vein(s.id) == vein
    }
    table = np.zeros(1 << 16, bool)
    table[list(wanted)] = True
    voxels = np.argwhere(table[window])
    labels = window[tuple(voxels.T)]
    found = []
    for label, (_, end) in sorted(wanted.items(), key=lambda item: -item[1][0]):
        own = voxels[labels == label]
        if len(own):
            found.append(own[np.argmax(end * own[:, 2])])
    return found


def bolus(
    stream: NDArray[np.float32], filled: NDArray[np.bool_], voxel: float, ml: float, ago: float
) -> NDArray[np.float32]:
    """Return the share of a fluid in blood some seconds after it was injected.

    At the end of the injection it lies in what it has filled, mixed with the blood that came by;
    from then on all of it is carried downstream and drawn out.

    Args:
        stream: (n,) how far downstream each voxel is, s.
        filled: (n,) whether it was filled at the end of the injection.
        voxel: mm³.
        ml: injected.
        ago: s since the end of the injection.
    """
    if not filled.any():
        return np.zeros_like(stream)
    first, last = float(stream[filled].min()), float(stream[filled].max())
    stretched = 1.0 + ago / DISPERSION
    mixed = min(1.0, 1000.0 * ml / (filled.sum() * voxel)) / stretched
    front = first + ago + (last - first) * stretched
    there = filled if ago == 0 else (stream >= first + ago) & (stream <= front)
    surplus = float(there.sum()) * mixed * voxel / (1000.0 * ml)
    return np.where(there, mixed / max(surplus, 1.0), 0.0).astype(np.float32)
