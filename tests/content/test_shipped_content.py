"""What ships holds: every lesson loads, is true of the simulation, and its model answers pass."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from spine_tutor.anatomy.library import open_subject
from spine_tutor.imaging.masks import place_of, structure_mask
from spine_tutor.lessons.check import check_against
from spine_tutor.lessons.items import Hotspot, MultipleChoice, NameModality, Pick, SingleChoice
from spine_tutor.lessons.library import load_content
from spine_tutor.lessons.scaffold import new_lesson
from spine_tutor.quiz.grading import Answer, Click, Context, Touch, grade
from spine_tutor.resources import content_dir

LIBRARY = load_content(content_dir())
ITEMS = [(name, item) for name, lesson in LIBRARY.lessons.items() for item in lesson.quiz]


def test_the_content_is_clean() -> None:
    assert [str(problem) for problem in LIBRARY.problems] == []


def test_the_lessons_of_the_curriculum_are_there_in_its_order() -> None:
    assert list(LIBRARY.lessons) == ["four-modalities", "lumbar-transforaminal"]


@pytest.mark.parametrize("name", LIBRARY.lessons)
def test_every_step_claims_something_and_all_kinds_of_items_are_asked(name: str) -> None:
    lesson = LIBRARY.lessons[name]
    assert all(step.claims for step in lesson.steps)
    assert {spec.modality for step in lesson.steps for spec in step.views} == {
        "fluoroscopy", "ct", "ultrasound", "mri",
    }  # fmt: skip
    assert 6 <= len(lesson.quiz) <= 8
    assert len({item.kind for item in lesson.quiz}) == 5


@pytest.mark.slow
@pytest.mark.parametrize("name", LIBRARY.lessons)
def test_what_a_lesson_says_is_true_of_its_subject(name: str) -> None:
    lesson = LIBRARY.lessons[name]
    subject = open_subject(lesson.subject.case)
    assert [str(p) for p in check_against(lesson, LIBRARY.sources[name], subject)] == []


def model_answer(item, context: Context) -> Answer:
    if isinstance(item, SingleChoice):
        return [option.correct for option in item.options].index(True)
    if isinstance(item, MultipleChoice):
        return [n for n, option in enumerate(item.options) if option.correct]
    if isinstance(item, NameModality):
        return item.view.modality
    if isinstance(item, Pick):
        return Touch(item.target, tuple(place_of(context.subject, item.target)))
    deepest = distance_transform_edt(structure_mask(context.image, item.target))
    return Click(*np.unravel_index(np.argmax(deepest), deepest.shape))


def wrong_answer(item, context: Context) -> Answer:
    if isinstance(item, SingleChoice):
        return [option.correct for option in item.options].index(False)
    if isinstance(item, MultipleChoice):
        return []
    if isinstance(item, NameModality):
        return next(m for m in ("ct", "mri") if m != item.view.modality)
    if isinstance(item, Pick):
        return Touch("skin", context.subject.landmarks["l1_skin_midline"].point)
    return Click(2, 2)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "item"), ITEMS, ids=lambda x: x if isinstance(x, str) else x.id)
def test_the_model_answer_passes_and_another_does_not(name: str, item) -> None:
    subject = open_subject(LIBRARY.lessons[name].subject.case)
    image = item.view.simulate(subject) if isinstance(item, Hotspot | NameModality) else None
    context = Context(subject, image)
    right = grade(item, model_answer(item, context), context)
    wrong = grade(item, wrong_answer(item, context), context)
    assert right.correct, right.message
    assert not wrong.correct
    assert wrong.message.startswith("Not correct.")
    if isinstance(item, Hotspot | Pick):
        assert right.distance_mm == 0
        assert wrong.distance_mm > 5
        labels = subject.structures.labels_of(item.target)
        assert subject.structure_at(wrong.answer_point).label in labels


@pytest.mark.slow
def test_a_new_lesson_is_clean_and_true(tmp_path, atlas) -> None:
    new_lesson("my-first-lesson", tmp_path)
    library = load_content(tmp_path)
    mine = [p for p in library.problems if p.path.endswith("lesson.yaml")]
    assert mine == []
    lesson, source = library.lessons["my-first-lesson"], library.sources["my-first-lesson"]
    assert [str(p) for p in check_against(lesson, source, atlas)] == []
