"""What a lesson asks for, laid out for the bench: what the model shows, where the cross-hair is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.view import Place
from spine_tutor.lessons.items import Scene
from spine_tutor.lessons.model import Lesson
from spine_tutor.ui.bench import coarse

TRANSLUCENT = 0.28
"""Opacity of what is looked through; clicks go through it as well."""

KINDS = {
    "bone": "Bone", "disc": "Discs", "joint": "Facet joints", "ligament": "Ligaments",
    "canal": "Dural sac, fat", "nerve": "Nerves", "muscle": "Muscles", "vessel": "Vessels",
    "organ": "Organs", "envelope": "Skin, fat", "device": "Devices",
}  # fmt: skip
"""What can be shown in the model, by `Structure.kind`."""

PREVIEW = 4
"""Pictures on the card of a lesson."""


def preview(lesson: Lesson) -> list[Shot]:
    """Return the first pictures of a lesson, small, for the card that it is chosen by."""
    specs = (spec for step in lesson.steps for spec in step.views)
    shots = (Shot(spec.view, spec.settings, spec.additions) for spec in specs)
    return [coarse(shot) for shot in islice(shots, PREVIEW)]


def scene(wanted: Scene, subject: Subject) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the opacity of each mesh that a scene shows, and the parts it lights up.

    A part, such as a pedicle, has no surface of its own: its whole is shown and the part lit.
    Without anything to show it is the bony spine with its discs.
    """
    if not wanted.show:
        kinds = ("bone", "disc")
        return {m: 1.0 for m in subject.meshes if subject.structures[m].kind in kinds}, ()
    show: dict[str, float] = {}
    parts = []
    for name in wanted.show:
        if name not in subject.structures:
            continue
        whole = subject.structures.whole(name).id
        if whole != name and name not in subject.meshes:
            parts.append(name)
        mesh = name if name in subject.meshes else whole
        show[mesh] = TRANSLUCENT if {name, mesh} & set(wanted.translucent) else 1.0
    return {mesh: opacity for mesh, opacity in show.items() if mesh in subject.meshes}, tuple(parts)


def focus(
    wanted: Place | None, shots: Mapping[str, Shot], subject: Subject
) -> tuple[float, float, float]:
    """Return where the cross-hair starts: at the step's focus, else in its first picture."""
    centers = [shot.view.center for shot in shots.values() if shot.view.center is not None]
    for place in (wanted, *centers, next(iter(subject.frames), None)):
        if place is None:
            continue
        try:
            x, y, z = (float(value) for value in subject.point(place))
            return x, y, z
        except KeyError:
            continue
    low, high = subject.bounds
    x, y, z = (float(value) for value in 0.5 * (low + high))
    return x, y, z
