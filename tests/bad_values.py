"""Values nobody should send, and the ends of what every field allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from spine_tutor.imaging.modality import MODALITIES

NOT_A_NUMBER = float("nan")
NONSENSE: tuple[Any, ...] = (
    NOT_A_NUMBER, float("inf"), -1e9, 1e9, "", "nan", "nothing", None, [], {},
    [NOT_A_NUMBER] * 3, [1e9, 0, 0], (1, 2), "1e400",
)  # fmt: skip
ENDS = ("ge", "gt", "le", "lt")


def start(modality: str) -> dict[str, Any]:
    """Return the least a small picture of a modality needs; a probe lies over a level by itself."""
    place = {} if modality == "ultrasound" else {"center": "l4_vertebra"}
    return {"modality": modality, "pixels": 32, **place}


def fields() -> Iterator[tuple[str, str, str, list[Any]]]:
    """Yield modality, part of a shot, field, and the values to try on it, for every field."""
    for modality, made in MODALITIES.items():
        for part, model in (("view", made.view), ("settings", made.settings)):
            for name in model.model_fields:
                if name != "modality":
                    yield modality, part, name, [*NONSENSE, *ends(model, name), 0, -1]


def ends(model: type[BaseModel], name: str) -> list[float]:
    """Return the limits of a field; the most pixels are many, and as good as fewer."""
    rules = model.model_fields[name].metadata
    found = [getattr(rule, end) for rule in rules for end in ENDS if hasattr(rule, end)]
    return [128 if name == "pixels" and value > 128 else value for value in found]


def with_field(modality: str, part: str, name: str, value: Any) -> dict[str, Any]:
    """Return a shot's data with one field changed."""
    given = {name: value}
    return start(modality) | (given if part == "view" else {"settings": given})
