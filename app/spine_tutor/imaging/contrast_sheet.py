"""A sheet of contrast patterns: the wanted beside those to stop at, in four pictures each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image as PilImage

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.display import picture
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.sheet_layout import Row, Tile, lay_out
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.spread import Spread, spread
from spine_tutor.imaging.spread_pattern import NAMES, pattern
from spine_tutor.problems import Problem, ProblemError

IODINE = 240.0
"""mg/mL in every example."""
PIXELS = 184
OBLIQUE = 35.0
"""Degrees at which most lumbar facet joints open: they are judged there, not on a lateral."""
COLORS = {"intended": "#9be7a4", "partly": "#ffd98a", "not intended": "#ff9b8f", None: "#e6edf3"}


@dataclass(frozen=True)
class Example:
    """An injection to look at: in words, where and how much, and what was aimed at."""

    words: str
    injectate: Injectate
    target: str


def examples(subject: Subject, upper: str, lower: str) -> Iterator[Example]:
    """Yield the injections that a segment can show, left side.

    Args:
        subject: the body.
        upper, lower: its levels, such as ``l4`` and ``l5``.
    """
    epidural = f"{upper}_{lower}_interlaminar_target"
    foramen = f"{upper}_transforaminal_target_left"
    joint, nucleus = f"{upper}_{lower}_facet_joint_left", f"{upper}_{lower}_nucleus"
    marks, parts = subject.landmarks, subject.centers
    if epidural in marks:
        back = np.asarray(subject.point(epidural)) - (10.0, 26.0, 0.0)
        yield _example("Interlaminar", epidural, epidural, 4.0)
        yield _example("Too deep: dura punctured", epidural, epidural, 4.0, space="intrathecal")
        place = tuple(round(float(v), 1) for v in back)
        yield _example("Too shallow: in muscle", place, epidural, 3.0, space="muscle")
    if foramen in marks:
        yield _example("Transforaminal", foramen, foramen, 2.0)
        level = float(subject.point(foramen)[2])
        for words, vessel, moments in (
            ("In an artery", f"radicular_artery_{upper}_left", (0.0,)),
            ("In a vein", "epidural_veins", (0.0, 1.0, 4.0)),
        ):
            for seconds in moments if vessel in parts else ():
                later = f", {seconds:g} s later" if seconds else ""
                at = _part_near(subject, vessel, level)
                yield _example(words + later, at, foramen, 1.0, seconds=seconds)
    if f"{upper}_nerve_root_left" in parts:
        yield _example("Root sleeve", f"{upper}_nerve_root_left", foramen, 1.0)
    if joint in parts:
        yield _example("Facet joint", joint, joint, 0.8)
        yield _example("Facet joint, too much", joint, joint, 3.0)
    if nucleus in parts:
        yield _example("Disc", nucleus, nucleus, 1.5)


def contrast_sheet(
    subject: Subject, segment: tuple[str, str] | None = None, seed: int = 0
) -> PilImage.Image:
    """Return a row of pictures for each example: AP, lateral, axial CT and ultrasound.

    A joint has the oblique view that opens it in place of the lateral.

    Args:
        subject: the body.
        segment: two levels, such as ``("l4", "l5")``; `segment_of` the subject when None.
        seed: of the noise.

    Raises:
        ProblemError: if the subject can show none of them.
    """
    levels = segment or segment_of(subject)
    rows = [_row(subject, example, seed) for example in examples(subject, *levels)]
    if not rows:
        raise ProblemError(
            Problem(
                "--sheet contrast",
                f"`{subject.id}` has no places to inject at {'–'.join(levels).upper()}.",
                "Choose a subject of that region, such as `average`.",
            )
        )
    title = f"{subject.title}: contrast of {IODINE:g} mg/mL. Volumes are simulated"
    return lay_out(title, rows, across=2)


def segment_of(subject: Subject, level: str | None = None) -> tuple[str, str]:
    """Return the levels to show.

    Args:
        subject: the body.
        level: the upper of them; when None L4, else the lowest but one that has an interlaminar
            target.

    Raises:
        ProblemError: if the subject has no such level, or none below it.
    """
    if level is not None:
        order = sorted(subject.frames, key=lambda name: -subject.frames[name][2, 3])
        pairs = dict(pairwise(order))
        if level not in pairs:
            known = f"Choose one of: {', '.join(pairs)}."
            message = f"`{level}` is no level of `{subject.id}` with one below it."
            raise ProblemError(Problem("--level", message, known))
        return level, pairs[level]
    tail = "_interlaminar_target"
    names = [name.removesuffix(tail) for name in subject.landmarks if name.endswith(tail)]
    if "l4_l5" in names or not names:
        return "l4", "l5"
    names.sort(key=lambda name: subject.point(name + tail)[2])
    upper, _, lower = names[min(1, len(names) - 1)].partition("_")
    return upper, lower


def _part_near(subject: Subject, structure: str, z: float) -> tuple[float, ...]:
    """Return a place in a structure at a height, on the left where it has two sides."""
    grid = subject.grids[0]
    k = int(grid.voxel_of([0.0, 0.0, z])[0][2])
    for away in range(grid.labels.shape[2]):
        for layer in {max(k - away, 0), min(k + away, grid.labels.shape[2] - 1)}:
            labels = np.asarray(grid.labels[:, :, layer])
            found = np.argwhere(np.isin(labels, list(subject.structures.labels_of(structure))))
            if len(found):
                i, j = found[0]  # x grows to the right, so that the first is on the left
                return tuple(round(float(v), 1) for v in grid.points([i, j, layer]))
    return tuple(subject.centers[structure])


def _example(
    words: str, at: str | tuple[float, ...], target: str, volume: float, **more: Any
) -> Example:
    fields = {"at": at, "volume_ml": volume, "iodine": IODINE, **more}
    return Example(f"{words}, {volume:g} mL", Injectate.model_validate(fields), target)


def _row(subject: Subject, example: Example, seed: int) -> Row:
    found = spread(subject, example.injectate)
    shown = pattern(found, example.target)
    additions = Additions(injectate=example.injectate)
    tiles = []
    for caption, fields in _views(found):
        asked = Shot.parse({"pixels": PIXELS, **fields})
        shot = Shot(asked.view, asked.settings, additions)
        tiles.append(Tile(caption, picture(shot.simulate(subject, seed), shot.settings)))
    says = f"{shown.name}: {shown.verdict or 'no target'}. {NAMES[found.space][1]}"
    return Row(example.words, says, tuple(tiles), COLORS[shown.verdict])


def _views(found: Spread) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return how an interventionist would look at a spread, with captions."""
    x, y, z = found.tip
    frames = found.subject.frames
    level = min(frames, key=lambda name: abs(frames[name][2, 3] - z))
    middle = [float(frames[level][0, 3]), float(frames[level][1, 3]) - 15.0, z]
    probe: dict[str, Any] = {"probe": "transverse", "depth": 90}
    if found.space == "muscle":
        probe = {"probe": "paramedian-sagittal", "transducer": "linear", "depth": 50}
    side = "left" if x < middle[0] else "right"
    second, turn, near = "Lateral", 90.0, {"center": middle, "field": 120}
    if found.space == "joint":
        second, turn = f"Oblique, {OBLIQUE:g}° to the {side}", OBLIQUE
        turn, near = (-turn if side == "left" else turn), {"center": [x, y, z], "field": 70}
    return (
        ("AP", {"modality": "fluoroscopy", "oblique": 0.0} | near),
        (second, {"modality": "fluoroscopy", "oblique": turn} | near),
        (
            "CT, axial",
            {"modality": "ct", "center": [middle[0], middle[1] - 12.0, z], "field": 130},
        ),
        (
            f"Ultrasound, {probe['probe']}",
            {
                "modality": "ultrasound",
                "level": level,
                "side": side,
                "center": [x, y, z],
                "lateral": 0.0,
                **probe,
            },
        ),
    )
