"""Measuring what lies in the canal of a built subject, to hold it to the table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.subject import Subject

Array = NDArray[np.float64]

WINDOW = 12.0  # mm above and below the middle of the flava; the space between laminae is shorter
BESIDE = 1.0  # mm from the midline, beside the gap
STEP = 0.1  # mm
_DEPTH, _AREA = "posterior_epidural_depth", "thecal_sac_area"


def measure_canal(subject: Subject) -> dict[str, dict[str, float]]:
    """Return the measures of the table, mm and mm², by level or segment and by measure."""
    known = morphometry().measurements
    found: dict[str, dict[str, float]] = {}
    for segment in known[_DEPTH].known():
        if f"ligamentum_flavum_{segment}" in subject.structures:
            found[segment] = {_DEPTH: posterior_epidural_depth(subject, segment)}
    for segment in known[_AREA].known():
        if set(segment.split("_")) <= set(subject.frames) and "thecal_sac" in subject.structures:
            found[segment] = found.get(segment, {}) | {_AREA: sac_area(subject, segment)}
    for structure in ("thecal_sac", "spinal_cord"):
        for level in known[f"{structure}_width"].known():
            if level in subject.frames and structure in subject.structures:
                width, depth = section(subject, structure, level)
                sizes = {f"{structure}_width": width, f"{structure}_depth": depth}
                found[level] = found.get(level, {}) | sizes
    return found


def posterior_epidural_depth(subject: Subject, segment: str) -> float:
    """Return how deep the fat behind the dura is in the midline between two laminae, mm.

    As on a mid-sagittal picture: from the flavum's inner face, square to the canal, where the fat
    is deepest. It is read on either side of the gap between the flava; fat before bone does not
    count.
    """
    return float(np.mean([max(_runs(subject, segment, x), default=0.0) for x in (-BESIDE, BESIDE)]))


def _runs(subject: Subject, segment: str, x: float) -> Iterator[float]:
    """Yield the depth of the fat between dura and a ligament at every height of a window, mm."""
    grid, structures = subject.grids[0], subject.structures
    upper, lower = segment.split("_")
    flava = structures.labels_of(f"ligamentum_flavum_{segment}")
    ligaments = np.zeros(1 << 16, bool)
    ligaments[[*flava, *structures.labels_of(f"interspinous_ligament_{segment}")]] = True
    fat, sac = (np.zeros(1 << 16, bool) for _ in range(2))
    for table, names in ((fat, ("epidural_fat", "epidural_veins")), (sac, ("thecal_sac",))):
        for name in names:
            if name in structures:
                table[list(structures.labels_of(name))] = True
    middle = grid.points(np.argwhere(np.isin(grid.labels, list(flava)))).mean(axis=0)
    axes = subject.frames[upper][:3, :3] + subject.frames[lower][:3, :3]
    across, ahead, up = (axes / np.linalg.norm(axes, axis=0)).T
    along = x * across + np.arange(-12.0, 18.0, STEP)[:, None] * ahead
    for height in np.arange(-WINDOW, WINDOW + 0.1, 0.5):
        labels = subject.sample(middle + height * up + along)[0]
        if not sac[labels].any():
            continue
        back = int(sac[labels].argmax())
        gap = int((~fat[labels[:back]])[::-1].argmax())
        if gap and ligaments[labels[back - gap - 1]]:
            yield STEP * gap


def sac_area(subject: Subject, segment: str) -> float:
    """Return the cross-section of the thecal sac between two bodies, square to the canal, mm²."""
    pair = [subject.frames[level] for level in segment.split("_")]
    middle, axes = 0.5 * (pair[0] + pair[1])[:3, 3], (pair[0] + pair[1])[:3, :3]
    across, ahead, _ = (axes / np.linalg.norm(axes, axis=0)).T
    wanted = np.zeros(1 << 16, bool)
    wanted[list(subject.structures.labels_of("thecal_sac"))] = True
    step = 2.5 * STEP
    x, y = np.arange(-18.0, 18.0, step)[:, None, None], np.arange(-50.0, 0.0, step)[:, None]
    return step**2 * float(wanted[subject.sample(middle + x * across + y * ahead)[0]].sum())


def section(subject: Subject, structure: str, level: str) -> tuple[float, float]:
    """Return the width and the depth of what runs down the canal at the middle of a body, mm."""
    frame = subject.frames[level]
    wanted = np.zeros(1 << 16, bool)
    wanted[list(subject.structures.labels_of(structure))] = True
    y, x = np.arange(-50.0, 10.0, STEP)[:, None], np.arange(-20.0, 20.0, STEP)[:, None]
    deep = y[wanted[subject.sample(frame[:3, 3] + y * frame[:3, 1])[0]]]
    middle = frame[:3, 3] + float(deep.mean()) * frame[:3, 1]
    across = (
        x[wanted[subject.sample(middle + off * frame[:3, 1] + x * frame[:3, 0])[0]]]
        for off in np.arange(-3.0, 3.5, 0.5)
    )
    return max(float(np.ptp(wide)) for wide in across if len(wide)) + STEP, float(
        np.ptp(deep)
    ) + STEP
