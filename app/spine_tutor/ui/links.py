"""Deep links: a query string that brings back lesson, step, poses, camera and cross-hair.

Only what differs from the start is written. Every value is checked when it comes back, since
anybody can write a query string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spine_tutor.imaging.injectate import parse_injectate
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.needle import parse_needle
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.ui.bench import Bench
from spine_tutor.ui.controls import SETTING, turned

REMEDY = "It was left out; the rest of the link is followed."
LIMIT_MM = 2000.0
NO_NEEDLE, NO_VOLUME = "none", "0"


def encode(bench: Bench, start: Bench) -> dict[str, str]:
    """Return the parameters that turn the bench at its start into this one."""
    found: dict[str, str] = {}
    for panel, shot in bench.shots.items():
        first = start.shots.get(panel)
        if first is None:
            continue
        for name in MODALITIES[shot.modality].pose:
            if (value := getattr(shot.view, name)) != getattr(first.view, name):
                found[f"{panel}.{name}"] = _text(value, 1)
        for name in type(shot.settings).model_fields:
            value = getattr(shot.settings, name)
            if value != getattr(first.settings, name) and isinstance(
                value, str | int | float | tuple
            ):
                found[f"{panel}.{SETTING}{name}"] = _text(value)
    if bench.needle != start.needle:
        given: dict[str, Any] = {"kind": NO_NEEDLE}
        if needle := bench.needle:
            given = needle.model_dump(exclude_defaults=True) | {"kind": needle.kind}
            if needle.entry is None:  # a link that tells no way means the usual one
                given |= {"oblique": needle.oblique, "tilt": needle.tilt}
        found |= {f"needle.{name}": _text(value) for name, value in given.items()}
    if bench.injectate != start.injectate:
        given = bench.injectate.model_dump(exclude_defaults=True) if bench.injectate else {}
        given = {"volume_ml": bench.injectate.volume_ml if bench.injectate else 0.0} | given
        found |= {f"injectate.{name}": _text(value) for name, value in given.items()}
    if not np.allclose(bench.point, start.point, atol=0.05):
        found["at"] = _text(bench.point, 1)
    if bench.camera != start.camera and not isinstance(bench.camera, str):
        angles = (bench.camera["azimuth"], bench.camera["elevation"])
        found["camera"] = _text(angles, 1)
    return found


def decode(parameters: Mapping[str, str], start: Bench) -> tuple[Bench, list[Problem]]:
    """Return the bench that a link asks for, and what of the link cannot be followed."""
    bench, problems = start, []
    for key, text in parameters.items():
        panel, dot, name = key.partition(".")
        if not dot or panel in ("needle", "injectate"):
            continue
        try:
            shot = bench.shots[panel]
            if name not in MODALITIES[shot.modality].pose and not name.startswith(SETTING):
                raise ValueError(f"{panel} has no control `{name}`")
            shots = dict(bench.shots) | {panel: turned(shot, {name: _value(text)})}
            bench = replace(bench, shots=shots)
        except (KeyError, ValueError):
            said = f"{key[:40]}={text[:40]}".replace("`", "'")
            problems.append(Problem("link", f"`{said}` is not possible.", REMEDY))
    needle = {key[7:]: text for key, text in parameters.items() if key.startswith("needle.")}
    if needle:
        try:
            wanted = None if needle["kind"] == NO_NEEDLE else parse_needle(needle)
            bench = bench.with_needle(wanted)
        except (KeyError, ProblemError):
            problems.append(Problem("link", "`needle` is not possible.", REMEDY))
    injected = {key[10:]: text for key, text in parameters.items() if key.startswith("injectate.")}
    if injected:
        try:
            nothing = injected["volume_ml"] == NO_VOLUME
            bench = bench.with_injectate(None if nothing else parse_injectate(injected))
        except (KeyError, ProblemError):
            problems.append(Problem("link", "`injectate` is not possible.", REMEDY))
    if "at" in parameters:
        point = _numbers(parameters["at"], 3, LIMIT_MM)
        if point is None:
            problems.append(Problem("link", "`at` is no point `x,y,z` in mm.", REMEDY))
        else:
            bench = replace(bench, point=(point[0], point[1], point[2]))
    if "camera" in parameters:
        angles = _numbers(parameters["camera"], 2, 360)
        if angles is None:
            problems.append(Problem("link", "`camera` is no pair of angles.", REMEDY))
        else:
            bench = replace(bench, camera={"azimuth": angles[0], "elevation": angles[1]})
    return bench, problems


def _text(value: Any, digits: int = 3) -> str:
    """Return a value as a link has it; places need one decimal, settings more."""
    if isinstance(value, tuple):
        return ",".join(_text(part, digits) for part in value)
    return f"{round(value, digits):.9g}" if isinstance(value, float) else str(value)


def _value(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _numbers(text: str, count: int, limit: float) -> list[float] | None:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return found if len(found) == count and all(abs(v) <= limit for v in found) else None
