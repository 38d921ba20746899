"""Which controls a machine has: rows for the live panel, read off the models they set.

The models know names, limits and choices; the modality tells what a hand needs for its pose: an
order, a unit, a step, and a range narrower than what is merely valid.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from spine_tutor.imaging.descriptor import Hand
from spine_tutor.imaging.modality import MODALITIES, with_preset
from spine_tutor.imaging.shot import Shot

Row = dict[str, Any]
"""A control as `live_controls.js` reads it."""

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


def choice(id_: str, label: str, help_: str, offered: Mapping[str, str], value: str) -> Row:
    """Return a row that chooses one of what is offered: a text by value."""
    listed = [{"value": key, "text": text} for key, text in offered.items()]
    return {"id": id_, "label": label, "help": help_, "kind": "choice", "options": listed,
            "value": value}  # fmt: skip


def options(offered: Mapping[str, str], value: str) -> dict[str, str]:
    """Return what is offered, and a value from a lesson or a link that is not among it."""
    return dict(offered) if value in offered else {**offered, value: value.replace("_", " ")}


def slider(id_: str, model: BaseModel, name: str, hand: Hand) -> Row:
    """Return a row that sets a number of a model, in a range that holds its value now."""
    value = getattr(model, name)
    return {
        "id": id_, "label": hand.label or _title(name),
        "help": type(model).model_fields[name].description or "", "kind": "range",
        "unit": hand.unit, "step": hand.step, "min": min(hand.low, value),
        "max": max(hand.high, value), "value": value,
    }  # fmt: skip


def rows(shot: Shot, only: Iterable[str] | None = None) -> list[Row]:
    """Return the rows of the panel that steers a picture.

    Args:
        shot: the picture as it is posed now.
        only: names of the fields to offer; all when None.
    """
    wanted = None if only is None else set(only)
    found: list[Row | None] = [_preset_row(shot)] if wanted is None else []
    for name, hand in MODALITIES[shot.modality].pose.items():
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


def _preset_row(shot: Shot) -> Row:
    """Return the choice of presets; it stands at the first that the shot agrees with."""
    modality = MODALITIES[shot.modality]
    presets = modality.presets
    now = shot.settings.model_dump() | {name: getattr(shot.view, name) for name in modality.pose}
    agrees = (
        key
        for key, preset in presets.items()
        if all(now[name] == value for name, value in {**preset.settings, **preset.pose}.items())
    )
    offered = {key: preset.name for key, preset in presets.items()} | {CUSTOM: "own settings"}
    return choice(PRESET, "Preset", "Settings to start from.", offered, next(agrees, CUSTOM))


def _row(id_: str, model: BaseModel, name: str, hand: Hand | None) -> Row | None:
    field = type(model).model_fields[name]
    value = getattr(model, name)
    if name == WITHOUT:
        effects = get_args(get_args(field.annotation)[0])
        choices: tuple[Any, ...] = ((), *((effect,) for effect in effects))
        choices += (value,) if value not in choices else ()
    else:
        choices = _choices(field)
    if choices:
        offered = {_coded(one): _worded(one) for one in choices}
        return choice(id_, _title(name), field.description or "", offered, _coded(value))
    if hand is None or not isinstance(value, int | float):
        return None
    return slider(id_, model, name, hand)


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
