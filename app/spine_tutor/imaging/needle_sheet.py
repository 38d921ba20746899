"""A sheet of needles: each seen by every modality, as it looks when it lies right and when not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image as PilImage

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.display import picture
from spine_tutor.imaging.needle import Needle, PlacedNeedle
from spine_tutor.imaging.sheet_layout import Row, Tile, lay_out
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.us_probe import place
from spine_tutor.imaging.view import UltrasoundView
from spine_tutor.problems import Problem, ProblemError

PIXELS = 208
OBLIQUE = -30.0
"""Degrees: where the Scotty dogs of the left side stand."""
FLAT = -62.0
"""Degrees: a needle from the side, which the beam meets more squarely."""
LEAN = -40.0
"""Degrees that a needle across the slice leans to the feet."""
SHORT = -15.0
"""mm that its tip is drawn back, so that bone does not outshine it."""
LOST = 12.0
"""mm of needle beyond the slice in the example of a lost tip."""


@dataclass(frozen=True)
class Example:
    """A needle to look at.

    Attributes:
        title, says: what it is, and what to see.
        needle: how it is aimed.
        across: whether the slice of ultrasound lies across it, not along it.
        back: mm of needle beyond that slice.
    """

    title: str
    says: str
    needle: Needle
    across: bool = False
    back: float = 0.0


def examples(subject: Subject, level: str = "l4") -> Iterator[Example]:
    """Yield needles at a level, left side, as far as the subject has their targets."""
    below = f"{level[0]}{int(level[1:]) + 1}"
    foramen = f"{level}_transforaminal_target_left"
    branch = f"{level}_medial_branch_target_left"
    canal = f"{level}_{below}_interlaminar_target"
    at = level.upper()
    for target, example in (
        (
            foramen,
            Example(
                f"Transforaminal at {at}, 22 G",
                "AP: below the pedicle, not medial to its middle. Lateral: in the upper foramen. "
                "CT: the piece in the slice. Ultrasound: so steep that little of it answers.",
                _through(subject, foramen, "22G"),
            ),
        ),
        (
            foramen,
            Example(
                "Down the barrel, 22 G",
                f"Needle and beam at {-OBLIQUE:g}° left: hub and shaft are one dot on the target. "
                "Depth is read on the lateral alone.",
                _needle(tip=foramen, oblique=OBLIQUE, advance=-12.0),
            ),
        ),
        (
            branch,
            Example(
                f"Medial branch on {at}, 22 G, in plane",
                "From the side, flatter: shaft and tip are one bright line with a faint tail.",
                _needle(tip=branch, oblique=FLAT),
            ),
        ),
        (
            branch,
            Example(
                f"Medial branch on {at}, 25 G, in plane",
                "The same with 0.5 mm: thinner in X-rays, fainter in ultrasound, less streak "
                "and void.",
                _needle(kind="25G", tip=branch, oblique=FLAT),
            ),
        ),
        (
            branch,
            Example(
                f"On the way to the medial branch on {at}, 22 G, out of plane, tip in the slice",
                "Ultrasound shows one bright dot in the muscle: the tip, at its true depth.",
                _needle(tip=branch, tilt=LEAN, advance=SHORT),
                across=True,
            ),
        ),
        (
            branch,
            Example(
                f"The same needle, tip {LOST:g} mm beyond the slice",
                "The dot is now the shaft, too shallow: it looks like a tip and is none. The "
                "other pictures have not changed.",
                _needle(tip=branch, tilt=LEAN, advance=SHORT),
                across=True,
                back=LOST,
            ),
        ),
        (
            canal,
            Example(
                f"Interlaminar {at}/{below.upper()}, 18 G Tuohy",
                "AP: in the middle. Lateral: tip behind the sac. Thickest streak and void. "
                "Ultrasound: it runs with the beam, between shadows, and is not seen.",
                _through(subject, canal, "tuohy"),
            ),
        ),
    ):
        if target in subject.landmarks:
            yield example


def needle_sheet(subject: Subject, seed: int = 0) -> PilImage.Image:
    """Return a row of pictures for each needle: three of fluoroscopy, CT, ultrasound, MRI.

    Raises:
        ProblemError: if the subject has none of the targets.
    """
    rows = [_row(subject, example, seed) for example in examples(subject)]
    if not rows:
        raise ProblemError(
            Problem(
                "--sheet needle",
                f"`{subject.id}` has no targets at L4.",
                "Choose a subject of the lower back, such as `average`.",
            )
        )
    return lay_out(f"{subject.title}: needles", rows)


def _through(subject: Subject, target: str, kind: str) -> Needle:
    """Return a needle along the way that a landmark recommends."""
    mark = subject.landmarks.get(target)
    entry = None if mark is None or mark.entry is None else mark.entry
    return _needle(kind=kind, tip=target, entry=entry)


def _needle(**fields: Any) -> Needle:
    return Needle.model_validate(fields)


def _row(subject: Subject, example: Example, seed: int) -> Row:
    tiles = []
    additions = Additions(needle=example.needle)
    for caption, fields in _views(subject, example):
        asked = Shot.parse({"pixels": PIXELS, **fields})
        shot = Shot(asked.view, asked.settings, additions)
        tiles.append(Tile(caption, picture(shot.simulate(subject, seed), shot.settings)))
    return Row(example.title, example.says, tuple(tiles))


def _views(subject: Subject, example: Example) -> Iterator[tuple[str, dict[str, Any]]]:
    placed = example.needle.placed(subject)
    tip = [round(float(v), 2) for v in placed.tip]
    beam = {"modality": "fluoroscopy", "center": example.needle.tip, "field": 110}
    yield "AP", beam
    yield f"Left {-OBLIQUE:g}°", beam | {"oblique": OBLIQUE}
    yield "Lateral", beam | {"oblique": 90}
    # a little behind the tip, so that more of the needle is seen
    cut = {"center": [tip[0], tip[1] - 20.0, tip[2]], "field": 130, "plane": "axial"}
    if abs(placed.direction[2]) > 0.4:
        cut["plane"] = "sagittal"
    yield f"CT, {cut['plane']}: streak", cut | {"modality": "ct", "preset": "soft-tissue"}
    yield (
        "Ultrasound, " + ("across it" if example.across else "along it"),
        probe_view(subject, placed, example),
    )
    mri = {"modality": "mri", "thickness": 3, "settings": {"sequence": "T2"}}
    yield f"MRI T2, {cut['plane']}: void", cut | mri


def probe_view(subject: Subject, placed: PlacedNeedle, example: Example) -> dict[str, Any]:
    """Return the view whose scan plane holds the needle, or lies across it."""
    middle = 0.4 * placed.depth if not example.across else example.back
    at = placed.tip - middle * placed.direction
    level = min(
        subject.frames, key=lambda name: float(np.linalg.norm(subject.frames[name][:3, 3] - at))
    )
    fields: dict[str, Any] = {
        "modality": "ultrasound",
        "probe": "transverse",
        "level": level,
        "center": [round(float(v), 2) for v in at],
        "depth": 90,
    }
    turn = 0.0
    for _ in range(4):  # the skin is not flat: where the probe then lies turns it again
        probe = place(subject, UltrasoundView.model_validate(fields))
        flat = placed.direction - (placed.direction @ probe.down) * probe.down
        side = np.cross(probe.down, flat) if example.across else flat
        angle = np.arctan2(np.cross(probe.right, side) @ probe.down, probe.right @ side)
        turn += float(np.rad2deg(angle))
        fields["rotate"] = round((turn + 90.0) % 180.0 - 90.0, 2)
        probe = place(subject, UltrasoundView.model_validate(fields))
        middle_of_slice = (at - probe.face) @ probe.elevation * probe.elevation
        fields["center"] = [
            round(float(v), 2) for v in np.asarray(fields["center"]) + middle_of_slice
        ]
    return fields
