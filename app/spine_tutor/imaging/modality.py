"""The registry: the one place where the four modalities are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from spine_tutor.anatomy import Subject
from spine_tutor.imaging import ct, fluoroscopy, mri, ultrasound
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.preset import Preset
from spine_tutor.imaging.view import CtView, FluoroscopyView, MriView, Pose, UltrasoundView


@dataclass(frozen=True)
class Modality:
    """One way of looking at the body.

    Attributes:
        id: as in ``modality: ct``.
        name: what a person reads.
        view: its pose.
        settings: what its machine can be set to; all have defaults.
        simulate: `(subject, view, settings, rng, additions) -> Image`.
        display: `(image, settings) -> (rows, columns) uint8 gray`, the window and gray map.
        effects: what is modelled; `omissions`: what is not.
        presets: starting points for its settings, by id.
    """

    id: str
    name: str
    view: type[Pose]
    settings: type[BaseModel]
    simulate: Callable[[Subject, Any, Any, np.random.Generator, Additions], Image]
    display: Callable[[Image, Any], np.ndarray]
    effects: tuple[str, ...]
    omissions: tuple[str, ...]
    presets: Mapping[str, Preset]


MODALITIES: Mapping[str, Modality] = {
    module.ID: Modality(
        module.ID,
        module.NAME,
        view,
        module.Settings,
        module.simulate,
        module.display,
        module.EFFECTS,
        module.OMISSIONS,
        module.PRESETS,
    )
    for module, view in (
        (fluoroscopy, FluoroscopyView),
        (ct, CtView),
        (ultrasound, UltrasoundView),
        (mri, MriView),
    )
}


def with_preset(modality: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what describes a picture, its ``preset`` written out; what else it says goes first.

    Args:
        modality: an id in `MODALITIES`.
        fields: of the view, ``settings`` and perhaps ``preset``.

    Raises:
        ValueError: if the modality has no such preset.
    """
    rest = dict(fields)
    name = rest.pop("preset", None)
    if name is None:
        return rest
    presets = MODALITIES[modality].presets
    if str(name) not in presets:
        raise ValueError(f"preset `{name}`; {modality} has {', '.join(presets)}")
    chosen = dict(presets[name].settings) | dict(rest.get("settings") or {})
    return dict(presets[name].pose) | rest | {"settings": chosen}


def simulate(
    subject: Subject,
    view: Pose,
    settings: BaseModel | None = None,
    seed: int = 0,
    additions: Additions = NOTHING,
) -> Image:
    """Return the picture of a view, by whichever modality it names.

    Args:
        subject: the body.
        view: the pose; its `modality` picks the simulator.
        settings: the machine's settings, the modality's defaults when None.
        seed: the same seed gives the same noise.
        additions: what is added to the body.
    """
    modality = MODALITIES[view.modality]  # type: ignore[attr-defined]
    chosen = modality.settings() if settings is None else settings
    return modality.simulate(subject, view, chosen, np.random.default_rng(seed), additions)
