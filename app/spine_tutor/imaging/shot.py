"""A shot: one picture as it is asked for, a pose with the machine's settings and additions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from spine_tutor.anatomy import Subject
from spine_tutor.anatomy.region import LUMBAR, REGIONS
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.descriptor import Look
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.masks import voxel_points
from spine_tutor.imaging.modality import MODALITIES, simulate, with_preset
from spine_tutor.imaging.view import Pose

BORDER_MM = 95.0
"""Half a standard picture: what lies nearer to the lower border is not looked at by default."""

GAP_MM = 2.0
"""Half of the gap from which on two sides of a structure are a pair."""


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

    A structure whose centre lies outside it, as that of a ring or a pair does, is looked at where
    it is: see `aim`.

    Args:
        subject: the body.
        place: a landmark, a structure or a point; the middle of its usual level when None.
        side: which side's Scotty dog and which paramedian window.
    """
    level = focus(subject)
    center = place if place is not None else "sacrum" if level == "s1" else f"{level}_vertebra"
    found = {}
    for name, modality in MODALITIES.items():
        at = aim(subject, center, side, beside=modality.formation == "sound")
        look = Look(at, _nearest_level(subject, at), side, level, named=place is not None)
        found[name] = Shot.parse({"modality": name} | modality.standard(look))
    return found


def aim(
    subject: Subject, place: str | tuple[float, float, float], side: str, beside: bool
) -> str | tuple[float, float, float]:
    """Return where to look for a place: a structure's own voxel where its centre lies outside it.

    It is the voxel nearest to the centre, and of a pair with a gap between them the one nearest to
    the middle of a side. A landmark, a point and a structure around its own centre stay as they
    are.

    Args:
        subject: the body.
        place: a landmark, a structure or a point.
        side: left or right.
        beside: whether to look at the middle of a side of a ring too, as a probe does, which lies
            beside the spinous processes and not over a hollow between two halves.
    """
    if not isinstance(place, str) or place in subject.landmarks or place not in subject.centers:
        return place
    center = subject.point(place)
    if int(subject.sample(center)[0]) in subject.structures.labels_of(place):
        return place
    points = np.concatenate([points for points, _ in voxel_points(subject, place)])
    right = points[:, 0] - center[0]
    aside = (right < 0) == (side == "left")
    paired = subject.structures[place].side is None and aside.any()
    if paired and (beside or np.abs(right).min() > GAP_MM):
        points = points[aside]
        center = points.mean(axis=0)
    nearest = points[np.argmin(np.linalg.norm(points - center, axis=1))]
    return (float(nearest[0]), float(nearest[1]), float(nearest[2]))


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
