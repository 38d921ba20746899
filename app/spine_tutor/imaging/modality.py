"""The registry: the one place where the four modalities are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.descriptor import Modality
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.modalities import ct, fluoroscopy, mri, ultrasound
from spine_tutor.imaging.view import Pose

MODALITIES: Mapping[str, Modality] = {
    described.MODALITY.id: described.MODALITY for described in (fluoroscopy, ct, ultrasound, mri)
}
"""By id, in the order in which they are shown."""


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
