"""The meaning of a lesson: does all it names exist, and is what it says true?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import label as connected_pieces

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.view import Place
from spine_tutor.imaging.visibility import Sight, Visibility
from spine_tutor.lessons.itemlint import lint_bank, lint_item
from spine_tutor.lessons.items import Hotspot, MultipleChoice, Pick, Scene, SingleChoice
from spine_tutor.lessons.model import Curriculum, Evidence, Glossary, Lesson, Step
from spine_tutor.lessons.views import ViewSpec
from spine_tutor.problems import Problem, ProblemError, Severity, nearest
from spine_tutor.yaml_source import Location, Source

MIN_TARGET_PX = 24
"""Least width and height of a target at a picture's own size (WCAG 2.2, 2.5.8, CSS pixels)."""

_PLACES = "Name a landmark, structure or level that `spine-tutor subject info` lists, or [x, y, z]."


def check_text(lesson: Lesson, source: Source, evidence: Collection[str]) -> list[Problem]:
    """Check what needs no subject: ids, references, item writing.

    Args:
        lesson: the lesson.
        source: where its values stand.
        evidence: ids in evidence.yaml.
    """
    return [
        *_ids(lesson, source),
        *_references(lesson, source, evidence),
        *_claims_have_views(lesson, source),
        *_items(lesson, source),
    ]


def check_places(lesson: Lesson, source: Source, subject: Subject) -> list[Problem]:
    """Check that all structures, landmarks and levels exist and every view can be posed."""
    return [*_structures(lesson, source, subject), *_poses(lesson, source, subject)]


def check_pictures(lesson: Lesson, source: Source, subject: Subject) -> list[Problem]:
    """Check claims and hotspots against simulated pictures; `check_places` must have passed."""
    problems: list[Problem] = []
    for n, step in enumerate(lesson.steps):
        problems += _claims(("steps", n), step, source, subject)
    for n, item in enumerate(lesson.quiz):
        if isinstance(item, Hotspot):
            problems += _hotspot(("quiz", n), item, source, subject)
    return problems


def check_against(lesson: Lesson, source: Source, subject: Subject) -> list[Problem]:
    """Check names first, and pictures if all names hold."""
    return check_places(lesson, source, subject) or check_pictures(lesson, source, subject)


# -- without a subject ------------------------------------------------------------------------


def _ids(lesson: Lesson, source: Source) -> Iterator[Problem]:
    folder = Path(source.path).resolve().parent.name
    if folder != lesson.id:
        yield source.problem(
            ("id",), f"is `{lesson.id}`, but its folder is `{folder}`.", "Give both one name."
        )
    for part, entries in (("objectives", lesson.objectives), ("quiz", lesson.quiz)):
        yield from _twice([entry.id for entry in entries], (part,), "id", source)


def _references(lesson: Lesson, source: Source, evidence: Collection[str]) -> Iterator[Problem]:
    yield from _cited((), lesson.evidence, source, evidence)
    for part, entries in (("steps", lesson.steps), ("quiz", lesson.quiz)):
        for n, entry in enumerate(entries):
            yield from _cited((part, n), entry.evidence, source, evidence)
    objectives = [objective.id for objective in lesson.objectives]
    tested = Counter(item.objective for item in lesson.quiz)
    for n, item in enumerate(lesson.quiz):
        if item.objective not in objectives:
            yield source.problem(
                ("quiz", n, "objective"),
                f"`{item.objective}` is no objective of this lesson.",
                nearest(item.objective, objectives),
            )
    for n, name in enumerate(objectives):
        if name not in tested:
            yield source.problem(
                ("objectives", n),
                f"`{name}` is tested by no quiz item.",
                "Write one, or drop the objective.",
                "warning",
            )


def _claims_have_views(lesson: Lesson, source: Source) -> Iterator[Problem]:
    for n, step in enumerate(lesson.steps):
        shown = {spec.modality for spec in step.views}
        if step.views and not step.claims:
            yield source.problem(
                ("steps", n),
                "shows pictures and claims nothing about them.",
                "Add `claims`, which the check holds against the pictures.",
                "warning",
            )
        for m, claim in enumerate(step.claims):
            for modality in set(claim.verdicts) - shown:
                yield source.problem(
                    ("steps", n, "claims", m, modality),
                    "is about a modality that the step does not show.",
                    "Add a view of it to the step's `views`.",
                )


def _items(lesson: Lesson, source: Source) -> Iterator[Problem]:
    for n, item in enumerate(lesson.quiz):
        for found in lint_item(item):
            at = ("quiz", n, *found.at)
            yield source.problem(at, found.message, found.remedy, found.severity)
    for message in lint_bank(lesson.quiz):
        yield source.problem(("quiz",), message, "Vary the place.", "warning")


# -- the index files --------------------------------------------------------------------------


def check_curriculum(
    curriculum: Curriculum, source: Source, folders: Collection[str]
) -> Iterator[Problem]:
    """Yield lessons that are listed and missing, listed twice, or there and not listed."""
    seen: set[str] = set()
    for m, module in enumerate(curriculum.modules):
        for n, name in enumerate(module.lessons):
            at = ("modules", m, "lessons", n)
            if name not in folders:
                message = f"`{name}` has no folder under lessons/."
                yield source.problem(at, message, nearest(name, folders))
            elif name in seen:
                yield source.problem(at, f"`{name}` is listed twice.", "Keep one of them.")
            seen.add(name)
    for name in sorted(set(folders) - seen):
        message = f"does not list the lesson `{name}`."
        yield source.problem(("modules",), message, "Add it to a module.", "warning")


def check_evidence(evidence: Evidence, source: Source) -> Iterator[Problem]:
    """Yield publications that stand twice."""
    yield from _twice([entry.id for entry in evidence.sources], ("sources",), "id", source)


def check_glossary(
    glossary: Glossary, source: Source, evidence: Collection[str]
) -> Iterator[Problem]:
    """Yield terms that stand twice, and sources that evidence.yaml lacks."""
    names = [entry.term.casefold() for entry in glossary.terms]
    yield from _twice(names, ("terms",), "term", source)
    for n, entry in enumerate(glossary.terms):
        yield from _cited(("terms", n), entry.evidence, source, evidence)


def _twice(names: list[str], at: Location, key: str, source: Source) -> Iterator[Problem]:
    for n, name in enumerate(names):
        if name in names[:n]:
            yield source.problem((*at, n, key), f"`{name}` stands twice.", "Keep one of them.")


def _cited(
    at: Location, keys: Collection[str], source: Source, evidence: Collection[str]
) -> Iterator[Problem]:
    for n, key in enumerate(keys):
        if key not in evidence:
            message = f"`{key}` is not in evidence.yaml."
            yield source.problem((*at, "evidence", n), message, nearest(key, evidence))


# -- against a subject ------------------------------------------------------------------------


def _structures(lesson: Lesson, source: Source, subject: Subject) -> Iterator[Problem]:
    for at, name in _named_structures(lesson):
        if name not in subject.structures:
            yield source.problem(
                at,
                f"`{name}` is no structure of subject `{subject.id}`.",
                nearest(name, subject.structures),
            )
        elif name not in subject.centers:
            yield source.problem(
                at,
                f"`{name}` has no voxels in subject `{subject.id}`.",
                "Choose a structure that this subject has.",
            )
    for n, item in enumerate(lesson.quiz):
        if isinstance(item, Pick) and item.target in subject.structures:
            whole = subject.structures.whole(item.target).id
            if item.scene.show and not {whole, item.target} & set(item.scene.show):
                yield source.problem(
                    ("quiz", n, "target"),
                    f"is a part of `{whole}`, not shown.",
                    "Add it to the item's `scene.show`.",
                )


def _named_structures(lesson: Lesson) -> Iterator[tuple[Location, str]]:
    scenes: list[tuple[Location, Scene]] = []
    for n, step in enumerate(lesson.steps):
        scenes.append((("steps", n, "scene"), step.scene))
        for m, claim in enumerate(step.claims):
            yield ("steps", n, "claims", m, "structure"), claim.structure
    for n, item in enumerate(lesson.quiz):
        if isinstance(item, Pick):
            scenes.append((("quiz", n, "scene"), item.scene))
        if isinstance(item, Hotspot | Pick):
            yield ("quiz", n, "target"), item.target
    for at, scene in scenes:
        for m, name in enumerate(scene.show):
            yield (*at, "show", m), name
        for m, name in enumerate(scene.translucent):
            yield (*at, "translucent", m), name


def _poses(lesson: Lesson, source: Source, subject: Subject) -> Iterator[Problem]:
    specs: list[tuple[Location, ViewSpec]] = []
    places: list[tuple[Location, Place | None]] = []
    for n, step in enumerate(lesson.steps):
        specs += [(("steps", n, "views", m), spec) for m, spec in enumerate(step.views)]
        places.append((("steps", n, "focus"), step.focus))
    for n, item in enumerate(lesson.quiz):
        if not isinstance(item, Pick) and item.view is not None:
            specs.append((("quiz", n, "view"), item.view))
        if isinstance(item, SingleChoice | MultipleChoice):
            places.append((("quiz", n, "shows"), item.shows))
    for at, place in places:
        try:
            subject.point(place or (0, 0, 0))
        except KeyError as error:
            yield source.problem(at, error.args[0], _PLACES)
    for at, spec in specs:
        try:
            small = spec.view.model_copy(update={"pixels": 32})
            Shot(small, spec.settings, spec.additions).simulate(subject)
        except KeyError as error:
            yield source.problem(at, f"cannot be posed: {error.args[0]}", _PLACES)
        except ValueError as error:
            yield source.problem(at, f"cannot be posed: {error}.", "Change the pose.")
        except ProblemError as error:
            for problem in error.problems:
                yield source.problem(at, f"cannot be posed: {problem.message}", problem.remedy)


def _claims(at: Location, step: Step, source: Source, subject: Subject) -> Iterator[Problem]:
    if not step.claims:
        return
    sights = [Sight(subject, spec.view, spec.settings) for spec in step.views]
    for n, claim in enumerate(step.claims):
        for modality, said in claim.verdicts.items():
            found = [s.visibility(claim.structure) for s in sights if s.modality == modality]
            if not found:
                continue  # `check_text` has said so
            best = max(found, key=lambda v: v.rank)
            if best.verdict != said:
                yield source.problem(
                    (*at, "claims", n, modality),
                    f"says `{claim.structure}` is {said}; measured: {best}.",
                    f"Write `{modality}: {best.verdict}`, or show another view.",
                )


def _hotspot(at: Location, item: Hotspot, source: Source, subject: Subject) -> Iterator[Problem]:
    sight = Sight(subject, item.view.view, item.view.settings)
    found: Visibility = sight.visibility(item.target)
    if found.verdict != "visible":
        severity: Severity = "error" if found.verdict == "hidden" else "warning"
        yield source.problem(
            (*at, "target"),
            f"cannot be seen well: {found}.",
            "Choose a view or a target that shows it.",
            severity,
        )
    pieces, count = connected_pieces(sight.mask(item.target))
    if not count:
        return
    largest = np.argwhere(pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:]))
    margin = 2 * item.tolerance_mm / sight.mm_per_pixel
    size = float(np.ptp(largest, axis=0).min() + 1 + margin)
    if size < MIN_TARGET_PX:
        yield source.problem(
            (*at, "target"),
            f"is {size:.0f} pixels wide; a target needs {MIN_TARGET_PX}.",
            "Make the `field` smaller, add `pixels`, or a `tolerance_mm`.",
        )
