"""What the tutor has to know of a modality; each is told in one module of `modalities`.

Whatever offers, explains or judges pictures reads it here, so that no other module needs to know
which modalities there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.constant import Constant
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.preset import Preset
from spine_tutor.imaging.view import Place, Pose

Formation = Literal["projection", "slice", "sound"]
"""Rays through all there is; a cut that shows one place a pixel; a cut that sound must reach."""


Kind = Literal[
    "shadow",
    "attenuation",
    "angle",
    "overlap",
    "resolution",
    "chemical shift",
    "scatter",
    "streaks",
    "noise",
    "speckle",
    "no contrast",
    "cannot be told",
    "out of field",
    "absent",
]


@dataclass(frozen=True)
class Cause:
    """Something that hides, and how it is switched off.

    Attributes:
        kind: its name.
        text: what it does, a sentence.
        off: effects of the modality's `Settings.without`; none for overlap, which is what else
            lies on the way of the rays.
    """

    kind: Kind
    text: str
    off: tuple[str, ...] = ()


NOISE = Cause("noise", "It differs from its surround by less than the noise.", ("noise",))
FINE = "It is too fine for this picture: {} smear it into its surround."


@dataclass(frozen=True)
class Hand:
    """How a number is turned by hand: its range, step, unit and label."""

    low: float
    high: float
    step: float = 1.0
    unit: str = ""
    label: str = ""


@dataclass(frozen=True)
class Look:
    """What a first picture is to show.

    Attributes:
        center: a landmark, a structure or a point.
        near: the level next to it.
        side: left or right.
        focus: the level that the subject is looked at first.
        named: whether the place was asked for, or is just that level.
    """

    center: Place
    near: str
    side: str
    focus: str
    named: bool


@dataclass(frozen=True)
class Modality:
    """One way of looking at the body.

    Attributes:
        id: as in ``modality: ct``.
        name: what a person reads.
        color: of its caption and of its plane in the 3-D model.
        formation: how its pictures come about.
        view: its pose.
        settings: what its machine can be set to; all have defaults.
        simulate: `(subject, view, settings, rng, additions) -> Image`.
        display: `(image, settings) -> (rows, columns) uint8 gray`, the window and gray map.
        effects: what is modelled; `omissions`: what is not.
        presets: starting points for its settings, by id.
        pose: controls of the pose, most used first; None is a choice.
        essential: the controls a lesson offers; the Lab offers everything.
        words: `(view, settings)` in a clinician's words, such as ``LAO 30°`` and ``cranial 5°``.
        facts: of a picture that belong under it, and how they are written.
        standard: the fields of how it would usually look at a place.
        thresholds: contrast-to-noise from which a structure is faint, and visible. Estimates: set
            so that what textbooks and the eye say of the atlas holds, see
            tests/imaging/test_visibility.py. A projection is measured against what lies over it
            rather than beside it, hence its own scale.
        floor: the least noise that counts, in units of the picture: about a hundredth of the gray
            scale, which no eye tells apart (E). It matters where noise is switched off.
        causes: what may hide a structure, in the order in which it is tried.
        constants: its numbers, for the honesty panel.
        quantities: columns of the tissue table that it uses; X-rays use its materials, and none.
        dose: the fact that adds up from picture to picture, and its unit.
        behind: `(image, view, labels)` (rows, columns) bool, what lies behind labels that stop
            sound; None where nothing of a picture is formed by sound.
    """

    id: str
    name: str
    color: str
    formation: Formation
    view: type[Pose]
    settings: type[BaseModel]
    simulate: Callable[[Subject, Any, Any, np.random.Generator, Additions], Image]
    display: Callable[[Image, Any], np.ndarray]
    effects: tuple[str, ...]
    omissions: tuple[str, ...]
    presets: Mapping[str, Preset]
    pose: Mapping[str, Hand | None]
    essential: tuple[str, ...]
    words: Callable[[Any, Any], list[str]]
    facts: tuple[tuple[str, str], ...]
    standard: Callable[[Look], dict[str, Any]]
    thresholds: tuple[float, float]
    floor: float
    causes: tuple[Cause, ...]
    constants: tuple[Constant, ...]
    quantities: tuple[str, ...]
    dose: tuple[str, str] | None = None
    behind: Callable[[Image, Any, Collection[int]], np.ndarray] | None = None
