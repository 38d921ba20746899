"""A folder of content: every lesson that holds, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from spine_tutor.anatomy.library import Progress, list_subjects, open_subject
from spine_tutor.lessons.check import (
    check_against,
    check_curriculum,
    check_evidence,
    check_glossary,
    check_text,
)
from spine_tutor.lessons.model import Curriculum, Evidence, Glossary, Lesson
from spine_tutor.problems import Problem, ProblemError, nearest
from spine_tutor.yaml_model import load
from spine_tutor.yaml_source import Source

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class ContentLibrary:
    """What a content folder holds.

    Attributes:
        lessons: lessons without errors, by id, in the curriculum's order.
        problems: errors and warnings of all files; a lesson with an error is not in `lessons`.
        curriculum, glossary, evidence: the index files, empty where missing or broken.
        sources: where the values of each lesson stand, by id.
    """

    lessons: Mapping[str, Lesson]
    problems: tuple[Problem, ...]
    curriculum: Curriculum
    glossary: Glossary
    evidence: Evidence
    sources: Mapping[str, Source]


def load_content(folder: Path) -> ContentLibrary:
    """Load a content folder; broken files end in `problems`, never in an exception."""
    problems: list[Problem] = []
    evidence, evidence_at = _index(Evidence, folder / "evidence.yaml", Evidence(), problems)
    glossary, glossary_at = _index(Glossary, folder / "glossary.yaml", Glossary(), problems)
    empty = Curriculum(title="Lessons")
    curriculum, curriculum_at = _index(Curriculum, folder / "curriculum.yaml", empty, problems)
    keys = [source.id for source in evidence.sources]
    cases = [entry.id for entry in list_subjects()]

    lessons: dict[str, Lesson] = {}
    sources: dict[str, Source] = {}
    folders = sorted(p for p in (folder / "lessons").glob("*") if p.is_dir())
    for path in folders:
        try:
            lesson, source = load(Lesson, path / "lesson.yaml")
        except ProblemError as error:
            problems += error.problems
            continue
        found = check_text(lesson, source, keys)
        if lesson.subject.case not in cases:
            place, message = ("subject", "case"), f"there is no subject `{lesson.subject.case}`."
            found.append(source.problem(place, message, nearest(lesson.subject.case, cases)))
        problems += found
        if all(problem.severity == "warning" for problem in found):
            lessons[lesson.id], sources[lesson.id] = lesson, source
    problems += check_curriculum(curriculum, curriculum_at, [path.name for path in folders])
    problems += check_evidence(evidence, evidence_at)
    problems += check_glossary(glossary, glossary_at, keys)
    listed = [name for module in curriculum.modules for name in module.lessons if name in lessons]
    order = dict.fromkeys([*listed, *lessons])  # those that no module lists come last
    return ContentLibrary(
        {name: lessons[name] for name in order},
        tuple(problems),
        curriculum,
        glossary,
        evidence,
        sources,
    )


def check_paths(
    paths: Iterable[Path], progress: Progress = lambda _fraction, _message: None
) -> list[Problem]:
    """Check content folders, lesson folders or lesson files, against their subjects too.

    Args:
        paths: a content folder (with ``lessons/``), a lesson's folder, or its `lesson.yaml`.
        progress: told while a subject is built.

    Raises:
        ProblemError: if a path is none of these.
    """
    problems: list[Problem] = []
    for path in paths:
        folder, only = _locate(path)
        library = load_content(folder)
        wanted = {str(only)} if only else None
        problems += [p for p in library.problems if wanted is None or p.path in wanted]
        for name, lesson in library.lessons.items():
            source = library.sources[name]
            if wanted is None or source.path in wanted:
                subject = open_subject(lesson.subject.case, progress)
                problems += check_against(lesson, source, subject)
    return problems


def _locate(path: Path) -> tuple[Path, Path | None]:
    """Return the content folder of a path, and the lesson file in it if it names only one."""
    if (path / "lessons").is_dir():
        return path, None
    lesson = path / "lesson.yaml" if path.is_dir() else path
    lesson = lesson.absolute()
    folder = lesson.parents[2] if len(lesson.parents) > 2 else lesson.parent
    if not lesson.is_file() or lesson.name != "lesson.yaml" or lesson.parents[1].name != "lessons":
        raise ProblemError(
            Problem(
                str(path),
                "is no content folder and no lesson.",
                "Name a folder that holds lessons/, a lesson's folder, or its lesson.yaml.",
            )
        )
    return folder, lesson


def _index(
    model: type[Model], path: Path, empty: Model, problems: list[Problem]
) -> tuple[Model, Source]:
    try:
        return load(model, path)
    except ProblemError as error:
        problems += error.problems
        return empty, Source(str(path), {})
