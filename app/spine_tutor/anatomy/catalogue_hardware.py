"""The structures of implants."""

from __future__ import annotations

from collections.abc import Iterator

from spine_tutor.anatomy.rows import COLORS, SIDES, Row


def rows(levels: tuple[str, ...]) -> Iterator[Row]:
    """Yield the structures of the screws of some levels and of their rods."""
    for side in SIDES:
        for level in levels:
            name = f"{level.upper()} {side} pedicle screw"
            yield Row(f"{level}_pedicle_screw_{side}", name, "device", "titanium", COLORS["steel"])
        if len(levels) > 1:
            name = f"{side.capitalize()} spinal rod"
            yield Row(f"spinal_rod_{side}", name, "device", "titanium", COLORS["steel"])
