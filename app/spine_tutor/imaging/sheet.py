"""A sheet of all four modalities of one subject, for a reader to compare; and single views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image as PilImage
from pydantic import ValidationError

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.display import picture
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.sheet_layout import Row, Tile, lay_out
from spine_tutor.imaging.sheet_views import sheet_views
from spine_tutor.imaging.shot import Shot, focus, standard_shots
from spine_tutor.problems import Problem, ProblemError, refused
from spine_tutor.resources import LABEL

PIXELS = 300
"""Rows and columns of each picture of a sheet."""
GROUPS = ("settings", *Additions.model_fields)
"""What ``GROUP.KEY=VALUE`` may set beside the pose."""


def sheet(subject: Subject, level: str | None = None, seed: int = 0) -> PilImage.Image:
    """Return a row of pictures for each modality: how a region is usually looked at.

    Args:
        subject: the body.
        level: what to look at, such as ``t7``; its region's usual level when None.
        seed: of the noise.

    Raises:
        ProblemError: if the subject has no such level.
    """
    at = level or focus(subject)
    if at not in subject.frames:
        known = f"Choose one of: {', '.join(subject.frames)}."
        raise ProblemError(Problem("--level", f"`{at}` is no level of `{subject.id}`.", known))
    tiles: dict[str, list[Tile]] = {}
    for view in sheet_views(subject, at, PIXELS):
        drawn = picture(view.shot.simulate(subject, seed), view.shot.settings)
        tiles.setdefault(view.shot.modality, []).append(Tile(view.see, drawn))
    rows = [Row(MODALITIES[name].name, "", tuple(shown)) for name, shown in tiles.items()]
    return lay_out(f"{subject.title}, {at.upper()}", rows)


def view_from(path: Path | None, modality: str | None, pairs: list[str], subject: Subject) -> Shot:
    """Return the shot that a YAML file, a modality name and ``KEY=VALUE`` pairs describe.

    Pairs win over the file; a modality without a file starts from its standard shot.

    Raises:
        ProblemError: if the file cannot be read or a field is wrong.
    """
    place = str(path or "--set")
    remedy = "See `Views` in CONTRIBUTING.md for the fields of each modality."
    try:
        fields: dict[str, Any] = {}
        if path is not None:
            fields = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            if not isinstance(fields, dict):
                raise ValueError("a view is a mapping such as `modality: ct`")
        elif modality is not None:
            shots = standard_shots(subject)
            shot = shots.get(modality) or Shot.parse({"modality": modality})  # says what there is
            fields = shot.view.model_dump() | {"settings": shot.settings.model_dump()}
        for pair in pairs:
            key, found, value = pair.partition("=")
            if not found:
                raise ValueError(f"`{pair}` is not KEY=VALUE")
            group, _, name = key.rpartition(".")
            target = fields.setdefault(group, {}) if group in GROUPS else fields
            target[name] = yaml.safe_load(value)
        return Shot.parse(fields)
    except ValidationError as error:
        raise refused(place, error, remedy) from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ProblemError(Problem(place, str(error), remedy)) from error


def save_labels(image: Image, path: Path) -> None:
    """Write what each pixel shows: `labels` (a cut) or `layers` (a projection, in ray order).

    The file names the labels in `ids` and carries the educational label.
    """
    ids = {s.label: s.id for s in image.subject.structures.values()}
    ids |= {s.label: s.id for s in image.additions.structures}
    shown: dict[str, Any] = {
        "label_values": np.array(list(ids)),
        "ids": np.array(list(ids.values())),
        "notice": np.array(LABEL),
    }
    if isinstance(image.geometry, ConeGeometry):
        shown["layers"] = image.ray_labels()
    else:
        shown["labels"] = image.labels
    np.savez_compressed(path, **shown)
