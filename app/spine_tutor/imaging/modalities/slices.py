"""What every modality that shows a cut has."""

from __future__ import annotations

from typing import Any

from spine_tutor.imaging.descriptor import Hand
from spine_tutor.imaging.view import SliceView

POSE = {
    "plane": None,
    "shift": Hand(-100, 100, 0.5, " mm", "Slice position"),
    "field": Hand(40, 360, 5, " mm", "Field of view"),
    "thickness": Hand(0.5, 8, 0.5, " mm", "Thickness"),
}


def words(view: SliceView, settings: Any) -> list[str]:
    """Return plane, alignment and how far it was moved."""
    found: list[str] = [view.plane]
    if view.align:
        found.append(f"along {view.align.upper()}")
    if view.shift:
        found.append(f"{view.shift:+.1f} mm")
    return found
