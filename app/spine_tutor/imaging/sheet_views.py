"""What the sheet of a region looks at: poses as a clinician takes them, and what to see in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot
from spine_tutor.resources import assets_dir

REGION = {"c": "cervical", "t": "thoracic", "l": "lumbar", "s": "sacral"}
"""A level's region by its letter; an imported CT may hold several."""


@dataclass(frozen=True)
class SheetView:
    """A shot and what to see in it."""

    see: str
    shot: Shot


def sheet_views(subject: Subject, level: str, pixels: int) -> Iterator[SheetView]:
    """Yield what to look at around a level, modality by modality.

    Args:
        subject: the body; views of places that it does not have are left out.
        level: one of its levels, such as ``t7``.
        pixels: rows and columns of each picture.
    """
    order = sorted(subject.frames, key=lambda name: -float(subject.frames[name][2, 3]))
    at = order.index(level)
    body = "sacrum" if level == "s1" else f"{level}_vertebra"
    foramen = f"{level}_transforaminal_target_left"
    names = {
        "level": level,
        "above": order[max(at - 1, 0)],
        "below": order[min(at + 1, len(order) - 1)],
        "foramen": foramen if foramen in subject.landmarks else body,
    }
    table = _table()
    for modality, known in MODALITIES.items():
        rows = table[REGION[level[0]]].get(modality) or table["all"][modality]
        start = {"level": level} if "level" in known.view.model_fields else {"center": body}
        for row in rows:
            fields = {key: _filled(value, names) for key, value in row.items() if key != "see"}
            if _has(subject, fields.get("center", body)):
                shot = Shot.parse({"modality": modality, "pixels": pixels} | start | fields)
                yield SheetView(row["see"], shot)


def _has(subject: Subject, place: str) -> bool:
    return place in subject.landmarks or place in subject.centers


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    return value.format(**names) if isinstance(value, str) else value


@cache
def _table() -> Mapping[str, Mapping[str, list[dict[str, Any]]]]:
    text = (assets_dir() / "sheets" / "views.yaml").read_text(encoding="utf-8")
    table: Mapping[str, Mapping[str, list[dict[str, Any]]]] = yaml.safe_load(text)
    return table
