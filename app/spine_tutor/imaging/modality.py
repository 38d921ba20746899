"""The registry: the one place where the four modalities are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from spine_tutor.anatomy import Subject
from spine_tutor.imaging import ct, fluoroscopy, mri, ultrasound
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.view import CtView, FluoroscopyView, MriView, Pose, UltrasoundView


@dataclass(frozen=True)
class Modality:
    """One way of looking at the body.

    Attributes:
        id: as in ``modality: ct``.
        name: what a person reads.
        view: its pose.
        settings: what its machine can be set to; all have defaults.
        simulate: `(subject, view, settings, rng) -> Image`.
        display: `(image, settings) -> (rows, columns) uint8 gray`, the window and gray map.
        effects: what is modelled; `omissions`: what is not.
    """

    id: str
    name: str
    view: type[Pose]
    settings: type[BaseModel]
    simulate: Callable[[Subject, Any, Any, np.random.Generator], Image]
    display: Callable[[Image, Any], np.ndarray]
    effects: tuple[str, ...]
    omissions: tuple[str, ...]


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
    )
    for module, view in (
        (fluoroscopy, FluoroscopyView),
        (ct, CtView),
        (ultrasound, UltrasoundView),
        (mri, MriView),
    )
}


def simulate(
    subject: Subject, view: Pose, settings: BaseModel | None = None, seed: int = 0
) -> Image:
    """Return the picture of a view, by whichever modality it names.

    Args:
        subject: the body.
        view: the pose; its `modality` picks the simulator.
        settings: the machine's settings, the modality's defaults when None.
        seed: the same seed gives the same noise.
    """
    modality = MODALITIES[view.modality]  # type: ignore[attr-defined]
    chosen = modality.settings() if settings is None else settings
    return modality.simulate(subject, view, chosen, np.random.default_rng(seed))
