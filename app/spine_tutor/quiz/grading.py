"""How an answer is judged: pure functions of item, answer and what was looked at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from spine_tutor.anatomy import Structure, Subject
from spine_tutor.imaging.geometry import ConeGeometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.masks import mm_per_pixel, place_of, structure_mask, voxel_points
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.lessons.items import (
    Hotspot,
    Item,
    MultipleChoice,
    NameModality,
    Pick,
    SingleChoice,
)

SURFACE_MM = 1.5
"""How far a mesh may lie from the voxels that it was made of (about two voxels, estimate)."""

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Click:
    """An answer on a picture: the pixel that was clicked."""

    row: float
    column: float


@dataclass(frozen=True)
class Touch:
    """An answer in the 3-D model: the structure that was picked, and where, RAS mm."""

    structure: str
    point: Point


Answer = int | Collection[int] | str | Click | Touch
"""Index of an option, indices of options, modality id, click or touch, as the item's kind asks."""


@dataclass(frozen=True)
class Context:
    """What the trainee looked at.

    Attributes:
        subject: the body of the lesson.
        image: the picture that was clicked; needed by a hotspot, else None.
    """

    subject: Subject
    image: Image | None = None


@dataclass(frozen=True)
class Grade:
    """A judgement.

    Attributes:
        correct: whether the whole answer is right.
        message: says so in words, and what was hit or chosen; the item's `feedback` goes below.
        hit: id of the structure that was clicked or touched, if any.
        distance_mm: from the click to the nearest place of the target; 0 on it, None if the
            item has no place or the target is not in the picture.
        answer_point: where the answer lies, RAS mm, to put the cross-hair of all pictures there.
    """

    correct: bool
    message: str
    hit: str | None = None
    distance_mm: float | None = None
    answer_point: Point | None = None


def grade(item: Item, answer: Answer, context: Context) -> Grade:
    """Judge an answer.

    Raises:
        ValueError: if the answer is none that this kind of item can have.
        UnknownStructure: if the item is about a structure that the subject does not know.
    """
    match item, answer:
        case SingleChoice(), int(chosen):
            return _single(item, chosen, context.subject)
        case MultipleChoice(), list() | tuple() | set() | frozenset():
            return _multiple(item, set(answer), context.subject)
        case NameModality(), str(name):
            return _modality(item, name, context)
        case Hotspot(), Click():
            return _hotspot(item, answer, context)
        case Pick(), Touch():
            return _pick(item, answer, context.subject)
    raise ValueError(f"a {item.kind} item cannot be answered by {answer!r}")


def answer_data(answer: Answer) -> Any:
    """Return an answer as plain data for the database."""
    if isinstance(answer, Click | Touch):
        return asdict(answer)
    return answer if isinstance(answer, int | str) else sorted(answer)


# -- choices ----------------------------------------------------------------------------------


def _single(item: SingleChoice, chosen: int, subject: Subject) -> Grade:
    if not 0 <= chosen < len(item.options):
        raise ValueError(f"{item.id} has no option {chosen}")
    option = item.options[chosen]
    said = _verdict(option.correct)
    if not option.correct:
        key = next(o.text for o in item.options if o.correct)
        said += f" You chose “{option.text}”; the answer is “{key}”."
    return Grade(
        option.correct, _joined(said, option.feedback), answer_point=_shown(item.shows, subject)
    )


def _multiple(item: MultipleChoice, chosen: set[int], subject: Subject) -> Grade:
    if not chosen <= set(range(len(item.options))):
        raise ValueError(f"{item.id} has no options {sorted(chosen)}")
    wrong = [n for n, o in enumerate(item.options) if (n in chosen) != o.correct]
    said = [_verdict(not wrong)]
    for n in wrong:
        option = item.options[n]
        fault = "is right and was not chosen" if option.correct else "was chosen and is wrong"
        said.append(_joined(f"“{option.text}” {fault}.", option.feedback))
    return Grade(not wrong, " ".join(said), answer_point=_shown(item.shows, subject))


def _modality(item: NameModality, name: str, context: Context) -> Grade:
    if name not in MODALITIES:
        raise ValueError(f"`{name}` is no modality")
    correct = name == item.view.modality
    said = _verdict(correct)
    if not correct:
        key = MODALITIES[item.view.modality].name
        said += f" You said {MODALITIES[name].name}; this is {key}."
    return Grade(correct, said, answer_point=_middle(context.image))


# -- places -----------------------------------------------------------------------------------


def _hotspot(item: Hotspot, click: Click, context: Context) -> Grade:
    image, subject = context.image, context.subject
    if image is None:
        raise ValueError(f"{item.id}: a click is judged on the picture it was made on")
    target = subject.structures[item.target]
    wanted = subject.structures.labels_of(item.target)
    met = [crossing.structure for crossing in image.structures_at(click.row, click.column)]
    on_target = next((s for s in met if s.label in wanted), None)
    near = _nearest_pixel(image, item.target, click)
    if near is None:
        message = f"{_verdict(False)} The {_name(target)} is not in this picture."
        return Grade(False, message, hit=_most_telling(met, image, click))
    pixel, away_px = near
    away = _world(image, *pixel) - _world(image, click.row, click.column)
    distance = 0.0 if on_target else away_px * mm_per_pixel(image)
    correct = distance <= item.tolerance_mm
    point = _answer_pixel_point(image, item.target, subject)
    hit = on_target.id if on_target else _most_telling(met, image, click)
    if on_target:
        said = f"{_verdict(True)} That is the {_name(target)}."
    elif correct:
        said = (
            f"{_verdict(True)} Near enough to the {_name(target)}: {distance:.1f} mm beside it, "
            f"where {item.tolerance_mm:g} mm still count."
        )
    else:
        said = f"{_verdict(False)} {_you_hit(hit, subject, image)} {_off(target, distance, away)}"
    return Grade(correct, said, hit, distance, point)


def _pick(item: Pick, touch: Touch, subject: Subject) -> Grade:
    structures = subject.structures
    target, touched = structures[item.target], structures[touch.structure]
    voxels = voxel_points(subject, item.target)
    if not voxels:
        message = f"{_verdict(False)} This subject has no {_name(target)}."
        return Grade(False, message, hit=touched.id)
    points = np.concatenate([p for p, _ in voxels])
    gaps = np.linalg.norm(points - np.asarray(touch.point), axis=1)
    nearest = points[np.argmin(gaps)]
    family = structures.labels_of(target.id)
    # a pick may name only the whole vertebra; then its place decides which part it was
    names_whole = target.label in structures.labels_of(touched.id) and touched.id != target.id
    correct = touched.label in family or (names_whole and float(gaps.min()) <= SURFACE_MM)
    place = place_of(subject, target.id)
    if correct:
        said = f"{_verdict(True)} That is the {_name(target)}."
        return Grade(True, said, touched.id, 0.0, _point(place))
    away = nearest - np.asarray(touch.point)
    distance = float(gaps.min())
    said = f"{_verdict(False)} You picked the {_name(touched)}. {_off(target, distance, away)}"
    return Grade(False, said, touched.id, distance, _point(place))


def _nearest_pixel(
    image: Image, structure_id: str, click: Click
) -> tuple[tuple[int, int], float] | None:
    """Return the pixel of a structure nearest to a click, and how many pixels away it is."""
    pixels = np.argwhere(structure_mask(image, structure_id))
    if not len(pixels):
        return None
    gaps = np.hypot(*(pixels - (click.row, click.column)).T)
    row, column = pixels[np.argmin(gaps)]
    return (int(row), int(column)), float(gaps.min())


def _answer_pixel_point(image: Image, structure_id: str, subject: Subject) -> Point | None:
    """Return the middle of what the picture shows of a structure, at the structure's depth."""
    if image.is_projection:
        return _point(place_of(subject, structure_id))
    depth = distance_transform_edt(np.pad(structure_mask(image, structure_id), 1))[1:-1, 1:-1]
    return _point(_world(image, *np.unravel_index(np.argmax(depth), depth.shape)))


def _world(image: Image, row: Any, column: Any) -> np.ndarray:
    keep = image.geometry.isocenter if isinstance(image.geometry, ConeGeometry) else np.zeros(3)
    return image.geometry.move(row, column, keep)


def _most_telling(met: list[Structure], image: Image, click: Click) -> str | None:
    """Return what a person would say was clicked: in a projection the most bone on the ray."""
    if not image.is_projection:
        return met[0].id if met else None
    lengths: dict[str, float] = {}
    for crossing in image.structures_at(click.row, click.column):
        bone = 1e3 if crossing.structure.kind == "bone" else 1.0  # bone is what casts the shadow
        name = crossing.structure.id
        lengths[name] = lengths.get(name, 0.0) + bone * crossing.length
    return max(lengths, key=lambda name: lengths[name]) if lengths else None


# -- words ------------------------------------------------------------------------------------

_DIRECTIONS = (
    ("the patient's left", "the patient's right"),
    ("posterior", "anterior"),
    ("caudal", "cranial"),
)


def _verdict(correct: bool) -> str:
    return "Correct." if correct else "Not correct."


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _name(structure: Structure) -> str:
    """Return the name as it stands within a sentence: ``thecal sac``, but ``L4 left lamina``."""
    name = structure.name
    return name[0].lower() + name[1:] if name[1:2].islower() else name


def _you_hit(hit: str | None, subject: Subject, image: Image) -> str:
    if hit is None:
        return "You clicked outside the body."
    name = _name(subject.structures[hit])
    if image.is_projection:
        return f"The ray you clicked passes through the {name}."
    return f"You clicked the {name}."


def _off(target: Structure, distance: float, away: np.ndarray) -> str:
    """Return how far the target is and which way, along the body axis that matters most."""
    axis = int(np.argmax(np.abs(away)))
    direction = _DIRECTIONS[axis][int(away[axis] > 0)]
    return f"The {_name(target)} is {distance:.0f} mm towards {direction}."


def _shown(name: str | None, subject: Subject) -> Point | None:
    """Return where the landmark or structure lies that an answer is about."""
    if name is None:
        return None
    if name in subject.landmarks:
        return _point(subject.point(name))
    return _point(place_of(subject, name))


def _middle(image: Image | None) -> Point | None:
    if image is None:
        return None
    if isinstance(image.geometry, ConeGeometry):
        return _point(image.geometry.isocenter)
    rows, columns = image.geometry.shape
    return _point(image.geometry.pixel_to_world(0.5 * (rows - 1), 0.5 * (columns - 1)))


def _point(place: np.ndarray | None) -> Point | None:
    return None if place is None else (float(place[0]), float(place[1]), float(place[2]))
