"""A shot: one picture as it is asked for, a pose with the machine's settings and additions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from spine_tutor.anatomy import Subject
from spine_tutor.anatomy.region import LUMBAR, REGIONS
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.modality import MODALITIES, simulate, with_preset
from spine_tutor.imaging.view import Pose

BORDER_MM = 95.0
"""Half a standard picture: what lies nearer to the lower border is not looked at by default."""

PROBE: Mapping[str, Mapping[str, Any]] = {
    "c": {"probe": "lateral-transverse", "preset": "linear-6-13", "depth": 50},
    "t": {"lateral": 27, "preset": "curved-2-5-fine", "depth": 80},
    "s": {
        "probe": "median-sagittal", "center": "caudal_target", "preset": "linear-6-13", "depth": 50,
    },
}  # fmt: skip
"""Where a probe lies first, by the letter of the level: roots and tubercles from the side of the
neck, pleura between transverse processes, the sacral hiatus; elsewhere paramedian."""


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

    Fluoroscopy is 30° oblique towards `side` in the lumbar spine, where the Scotty dog of that
    side stands, and straight elsewhere. CT is axial and MRI sagittal (T2) through the place;
    ultrasound is sagittal over the place itself, or as `PROBE` says without one.

    Args:
        subject: the body.
        place: a landmark, a structure or a point; the middle of a lumbar level when None.
        side: which side's Scotty dog and which paramedian window.
    """
    level = focus(subject)
    center = place if place is not None else "sacrum" if level == "s1" else f"{level}_vertebra"
    near = _nearest_level(subject, center)
    over: dict[str, Any] = {"level": near, "side": side}
    if place is not None:
        over |= {"center": center, "lateral": 0.0}  # its own plane, not one beside it
    else:
        over |= PROBE.get(level[0], {})
    dog = near.startswith("l") or (near == "s1" and level != "s1")
    oblique = 0 if not dog else -30 if side == "left" else 30
    fields: list[dict[str, Any]] = [
        {"modality": "fluoroscopy", "center": center, "oblique": oblique},
        {"modality": "ct", "center": center, "align": near},
        {"modality": "ultrasound", **over},
        {"modality": "mri", "center": center, "settings": {"sequence": "T2"}},
    ]
    return {f["modality"]: Shot.parse(f) for f in fields}


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
