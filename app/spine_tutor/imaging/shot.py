"""A shot: one picture as it is asked for, a pose with the machine's settings and additions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from spine_tutor.anatomy import Subject
from spine_tutor.anatomy.region import LUMBAR, REGIONS
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.descriptor import Look
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.modality import MODALITIES, simulate, with_preset
from spine_tutor.imaging.view import Pose

BORDER_MM = 95.0
"""Half a standard picture: what lies nearer to the lower border is not looked at by default."""


@dataclass(frozen=True)
class Shot:
    """A pose, the settings of its modality, and what is added to the body."""

    view: Pose
    settings: BaseModel
    additions: Additions = NOTHING

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Shot:
        """Return the shot that plain data describe, as a lesson's `views` do.

        Args:
            fields: ``modality``, the fields of its view, and optionally ``preset``,
                ``settings``, ``needle`` and ``injectate``.

        Raises:
            ValueError: if the modality is not known (pydantic's ValidationError, a ValueError,
                if a field is wrong).
        """
        name = str(fields.get("modality"))
        if name not in MODALITIES:
            raise ValueError(f"modality `{name}`; choose one of {', '.join(MODALITIES)}")
        rest = with_preset(name, fields)
        chosen = rest.pop("settings", None) or {}
        added = {key: rest.pop(key, None) for key in Additions.model_fields}
        modality = MODALITIES[name]
        return cls(
            modality.view.model_validate(rest),
            modality.settings.model_validate(chosen),
            Additions.model_validate(added),
        )

    @property
    def modality(self) -> str:
        """Return the modality's id."""
        return self.view.modality  # type: ignore[attr-defined]

    def simulate(self, subject: Subject, seed: int = 0) -> Image:
        """Return the picture."""
        return simulate(subject, self.view, self.settings, seed, self.additions)

    def key(self) -> str:
        """Return a text that is the same for the same picture of one subject: a cache key."""
        parts = (self.view, self.settings, self.additions)
        return "".join(part.model_dump_json() for part in parts)


def standard_shots(
    subject: Subject, place: str | tuple[float, float, float] | None = None, side: str = "left"
) -> dict[str, Shot]:
    """Return how each modality would usually look at a place: one shot a modality.

    Args:
        subject: the body.
        place: a landmark, a structure or a point; the middle of its usual level when None.
        side: which side's Scotty dog and which paramedian window.
    """
    level = focus(subject)
    center = place if place is not None else "sacrum" if level == "s1" else f"{level}_vertebra"
    look = Look(center, _nearest_level(subject, center), side, level, named=place is not None)
    return {
        name: Shot.parse({"modality": name} | modality.standard(look))
        for name, modality in MODALITIES.items()
    }


def focus(subject: Subject) -> str:
    """Return the level that a subject is looked at first: its region's, or L4, or a clear one."""
    region = REGIONS.get(str(subject.provenance.get("region")), LUMBAR)
    return region.focus if region.focus in subject.frames else _lowest_clear(subject)


def _nearest_level(subject: Subject, place: str | tuple[float, float, float]) -> str:
    point = subject.point(place)
    return min(
        subject.frames, key=lambda level: float(((subject.frames[level][:3, 3] - point) ** 2).sum())
    )


def _lowest_clear(subject: Subject) -> str:
    """Return the lowest level with room below it: one at the border would be cut in the picture."""
    order = sorted(subject.frames, key=lambda level: subject.frames[level][2, 3])
    if not order:
        raise ValueError(f"subject `{subject.id}` has no vertebra")
    floor = subject.bounds[0][2] + BORDER_MM
    return next((level for level in order if subject.frames[level][2, 3] > floor), order[-1])
