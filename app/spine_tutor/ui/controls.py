"""Which controls a machine has: rows for the live panel, read off the models they set.

The models know names, limits and choices; this module knows what a hand needs: an order, a unit,
a step, and a range narrower than what is merely valid.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from spine_tutor.imaging.modality import MODALITIES, with_preset
from spine_tutor.imaging.shot import Shot


@dataclass(frozen=True)
class Hand:
    """How a number is turned by hand: its range, step, unit and label."""

    low: float
    high: float
    step: float = 1.0
    unit: str = ""
    label: str = ""


_SLICE = {
    "plane": None,
    "shift": Hand(-100, 100, 0.5, " mm", "Slice position"),
    "field": Hand(40, 360, 5, " mm", "Field of view"),
    "thickness": Hand(0.5, 8, 0.5, " mm", "Thickness"),
}
POSE: Mapping[str, Mapping[str, Hand | None]] = {
    "fluoroscopy": {
        "oblique": Hand(-90, 90, 1, "°", "Oblique (+ LAO)"),
        "tilt": Hand(-40, 40, 1, "°", "Tilt (+ cranial)"),
        "field": Hand(60, 300, 5, " mm", "Field of view"),
    },
    "ct": _SLICE,
    "ultrasound": {
        "probe": None,
        "side": None,
        "along": Hand(-80, 80, 1, " mm", "Slide cranially"),
        "across": Hand(-60, 60, 1, " mm", "Slide to the right"),
        "rotate": Hand(-90, 90, 1, "°", "Rotate"),
        "tilt": Hand(-40, 40, 1, "°", "Tilt (fan)"),
        "rock": Hand(-30, 30, 1, "°", "Rock (heel–toe)"),
        "depth": Hand(40, 160, 5, " mm", "Depth"),
        "transducer": None,
    },
    "mri": _SLICE,
}
"""The pose controls of each modality, most used first; None is a choice."""

ESSENTIAL: Mapping[str, tuple[str, ...]] = {
    "fluoroscopy": ("oblique", "tilt", "field"),
    "ct": ("plane", "shift", "field"),
    "ultrasound": ("along", "across", "rotate", "tilt", "depth"),
    "mri": ("plane", "shift", "sequence"),
}
"""What a lesson offers; the Lab offers everything."""

SETTING = "settings."
_UNIT = re.compile(r", (kV|mm|dB/cm/MHz|dB|Hz|ms)\b")
"""A setting's description names its unit after a comma."""
NARROW: Mapping[str, Hand] = {"signal_to_noise": Hand(2, 200, 1, "", "Signal to noise")}
"""Settings whose valid range is too wide for a hand."""
AUTOMATIC = "automatic"
PRESET, CUSTOM = "preset", "custom"
"""The control that sets others, and what it stands at when they are set otherwise."""
WITHOUT = "without"
"""The setting that switches effects off."""


def rows(shot: Shot, only: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of the panel that steers a picture.

    Args:
        shot: the picture as it is posed now.
        only: names of the fields to offer; all when None.
    """
    wanted = None if only is None else set(only)
    found: list[dict[str, Any] | None] = [_preset_row(shot)] if wanted is None else []
    for name, hand in POSE[shot.modality].items():
        if wanted is None or name in wanted:
            found.append(_row(name, shot.view, name, hand))
    for name, field in type(shot.settings).model_fields.items():
        if wanted is None or name in wanted:
            row = _row(
                SETTING + name, shot.settings, name, NARROW.get(name) or _natural(name, field)
            )
            if row is not None:
                found.append(row)
    return [row for row in found if row is not None]


def turned(shot: Shot, changes: Mapping[str, Any]) -> Shot:
    """Return the shot with some of its controls turned.

    Raises:
        ValueError: if a value is not allowed (pydantic's ValidationError) or the control unknown.
    """
    view, settings = shot.view.model_dump(), shot.settings.model_dump()
    for name, value in changes.items():
        if name == PRESET:
            posed = with_preset(shot.modality, {PRESET: value}) if value != CUSTOM else {}
            settings |= posed.pop("settings", {})
            view |= posed
            continue
        target, key = (
            (settings, name.removeprefix(SETTING)) if name.startswith(SETTING) else (view, name)
        )
        if key not in target:
            raise ValueError(f"{shot.modality} has no control `{name}`")
        if key == WITHOUT:
            value = [effect for effect in str(value).split(",") if effect]
        target[key] = None if value == AUTOMATIC else value
    return replace(
        shot,
        view=type(shot.view).model_validate(view),
        settings=type(shot.settings).model_validate(settings),
    )


def _preset_row(shot: Shot) -> dict[str, Any]:
    """Return the choice of presets; it stands at the first that the shot agrees with."""
    presets = MODALITIES[shot.modality].presets
    now = shot.settings.model_dump() | {
        name: getattr(shot.view, name) for name in POSE[shot.modality]
    }
    agrees = (
        key
        for key, preset in presets.items()
        if all(now[name] == value for name, value in {**preset.settings, **preset.pose}.items())
    )
    options = [{"value": key, "text": preset.name} for key, preset in presets.items()]
    return {
        "id": PRESET, "label": "Preset", "kind": "choice",
        "help": "Settings to start from.", "value": next(agrees, CUSTOM),
        "options": [*options, {"value": CUSTOM, "text": "own settings"}],
    }  # fmt: skip


def _row(id_: str, model: BaseModel, name: str, hand: Hand | None) -> dict[str, Any] | None:
    field = type(model).model_fields[name]
    value = getattr(model, name)
    row = {
        "id": id_,
        "label": (hand and hand.label) or _title(name),
        "help": field.description or "",
    }
    if name == WITHOUT:
        effects = get_args(get_args(field.annotation)[0])
        choices: tuple[Any, ...] = ((), *((effect,) for effect in effects))
        choices += (value,) if value not in choices else ()
    else:
        choices = _choices(field)
    if choices:
        options = [{"value": _coded(c), "text": _worded(c)} for c in choices]
        return row | {"kind": "choice", "options": options, "value": _coded(value)}
    if hand is None or not isinstance(value, int | float):
        return None
    low, high = min(hand.low, value), max(hand.high, value)
    return row | {"kind": "range", "unit": hand.unit, "min": low, "max": high, "step": hand.step,
                  "value": value}  # fmt: skip


def _choices(field: FieldInfo) -> tuple[Any, ...]:
    """Return what a field can be where that is a short list, with None for ``automatic``."""
    if field.annotation is bool:
        return (True, False)
    parts = get_args(field.annotation)
    if get_origin(field.annotation) is Literal:
        return parts
    if get_origin(field.annotation) is not UnionType:
        return ()
    literal = next((part for part in parts if get_origin(part) is Literal), None)
    return () if literal is None else (None, *get_args(literal))


def _coded(choice: Any) -> str:
    """Return a choice as a browser's list holds it."""
    if isinstance(choice, tuple):
        return ",".join(choice)
    return {None: AUTOMATIC, True: "true", False: "false"}.get(choice, str(choice))


def _worded(choice: Any) -> str:
    if isinstance(choice, tuple):
        return " and ".join(choice) or "nothing"
    words = {None: "automatic", True: "on", False: "off"}
    return words.get(choice, str(choice).replace("-", " "))


def _natural(name: str, field: FieldInfo) -> Hand | None:
    """Return the range that a setting's own limits give."""
    low = next((float(m.ge) for m in field.metadata if isinstance(m, Ge)), None)  # type: ignore[arg-type]
    high = next((float(m.le) for m in field.metadata if isinstance(m, Le)), None)  # type: ignore[arg-type]
    if low is None or high is None:
        return None
    step = 1.0 if field.annotation is int or high - low >= 40 else _round_step((high - low) / 40)
    unit = _UNIT.search(field.description or "")
    return Hand(low, high, step, f" {unit.group(1)}" if unit else "", _title(name))


def _round_step(step: float) -> float:
    """Return the next larger of 1, 2, 5, 10 … times a power of ten, so that values stay round."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(round(m * power, 9) for m in (1, 2, 5, 10) if step <= 1.001 * m * power)


def _title(name: str) -> str:
    """Return a label from a field's name: ``dynamic_range`` reads ``Dynamic range``."""
    short = {"kvp": "kVp", "tgc": "TGC", "te": "TE", "tr": "TR", "ti": "TI", "snr": "SNR"}
    text = " ".join(short.get(word, word) for word in name.split("_"))
    return text if text in short.values() else text[0].upper() + text[1:]
