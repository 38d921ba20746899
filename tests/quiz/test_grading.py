"""Answers are judged by what lies under them, with the distance to what was asked for."""

import numpy as np
import pytest

from boxes import body
from spine_tutor.imaging.masks import mm_per_pixel
from spine_tutor.imaging.modality import simulate
from spine_tutor.imaging.view import CtView, FluoroscopyView
from spine_tutor.lessons.items import Hotspot, MultipleChoice, NameModality, Pick, SingleChoice
from spine_tutor.quiz.grading import Click, Context, Touch, answer_data, grade

CT = {"modality": "ct", "center": [0, 0, 0], "field": 80, "pixels": 160}  # 0.5 mm a pixel
AP = {"modality": "fluoroscopy", "center": [0, 0, 0], "field": 80, "pixels": 160}
BASE = {"id": "a", "objective": "o", "stem": "Which?", "feedback": "Because."}
PEDICLE = "l4_pedicle_left"
CONTEXT = Context(body())


def context(view: dict) -> Context:
    model = CtView if view["modality"] == "ct" else FluoroscopyView
    return Context(body(), simulate(body(), model(**view)))


def hotspot(view: dict, **more) -> Hotspot:
    return Hotspot(kind="hotspot", view=view, target=PEDICLE, **BASE, **more)


def click_on(seen: Context, point) -> Click:
    return Click(*seen.image.geometry.world_to_pixel(point))


def test_a_single_choice() -> None:
    options = [{"text": "A", "correct": True}, {"text": "B", "feedback": "It is flat."}]
    item = SingleChoice(kind="single-choice", options=options, shows=PEDICLE, **BASE)
    right, wrong = grade(item, 0, CONTEXT), grade(item, 1, CONTEXT)
    assert right.correct
    assert not wrong.correct
    assert "It is flat." in wrong.message
    assert "the answer is “A”" in wrong.message
    assert body().structure_at(wrong.answer_point).id == PEDICLE
    for index in (-1, 2):
        with pytest.raises(ValueError, match="no option"):
            grade(item, index, CONTEXT)


def test_a_multiple_choice_wants_the_whole_set() -> None:
    options = [{"text": "A", "correct": True}, {"text": "B"}, {"text": "C", "correct": True}]
    item = MultipleChoice(kind="multiple-choice", options=options, **BASE)
    assert grade(item, [0, 2], CONTEXT).correct
    assert grade(item, {2, 0}, CONTEXT).correct
    partly = grade(item, [0, 1], CONTEXT)
    assert not partly.correct
    assert "“B” was chosen and is wrong" in partly.message
    assert "“C” is right and was not chosen" in partly.message
    assert not grade(item, [], CONTEXT).correct


def test_naming_the_modality_is_keyed_by_the_view() -> None:
    item = NameModality(kind="name-modality", view=CT, **BASE)
    seen = context(CT)
    assert grade(item, "ct", seen).correct
    wrong = grade(item, "mri", seen)
    assert not wrong.correct
    assert np.allclose(wrong.answer_point, 0, atol=0.5), "the middle of the picture"
    with pytest.raises(ValueError, match="no modality"):
        grade(item, "xray", seen)


def test_a_click_on_a_cut_is_graded_by_the_label_under_it() -> None:
    seen = context(CT)
    right = grade(hotspot(CT), click_on(seen, (-16, -10, 0)), seen)
    assert right.correct
    assert right.hit == PEDICLE
    assert right.distance_mm == 0
    assert body().structure_at(right.answer_point).id == PEDICLE


def test_a_miss_says_what_was_hit_how_far_off_and_which_way() -> None:
    seen = context(CT)
    wrong = grade(hotspot(CT), click_on(seen, (0, -15, 0)), seen)
    assert not wrong.correct
    assert wrong.hit == "thecal_sac"
    assert wrong.distance_mm == pytest.approx(8, abs=0.6), "the pedicle ends at x = −8"
    assert "8 mm towards the patient's left" in wrong.message or (
        "9 mm towards the patient's left" in wrong.message
    )
    outside = grade(hotspot(CT), Click(-5, -5), seen)
    assert outside.hit is None
    assert "outside the body" in outside.message


def test_a_tolerance_forgives_a_near_miss_only() -> None:
    seen = context(CT)
    item = hotspot(CT, tolerance_mm=3)
    assert grade(item, click_on(seen, (-6, -15, 0)), seen).correct
    assert not grade(item, click_on(seen, (-3, -15, 0)), seen).correct


def test_a_click_on_a_projection_is_graded_by_the_structures_along_the_ray() -> None:
    seen = context(AP)
    right = grade(hotspot(AP), click_on(seen, (-16, -10, 0)), seen)
    assert right.correct, "the body of the vertebra lies on the same ray"
    assert right.hit == PEDICLE
    wrong = grade(hotspot(AP), click_on(seen, (0, -10, 0)), seen)
    assert not wrong.correct
    assert wrong.hit == "l4_body", "what casts the shadow, not the muscle before it"
    assert wrong.distance_mm == pytest.approx(8, abs=1), "in the plane of the isocentre"
    assert body().structure_at(wrong.answer_point).id == PEDICLE


def test_pixels_are_as_large_as_the_field_says() -> None:
    for view in (CT, AP):
        assert mm_per_pixel(context(view).image) == pytest.approx(0.5, rel=0.01)


def test_a_target_outside_the_picture_is_said_to_be() -> None:
    view = {**CT, "center": [0, 40, 0], "field": 20}
    seen = context(view)
    missed = grade(hotspot(view), Click(10, 10), seen)
    assert "is not in this picture" in missed.message
    assert missed.distance_mm is None


@pytest.mark.parametrize(
    ("touch", "correct", "distance"),
    [
        (Touch(PEDICLE, (-24, -10, 0)), True, 0),
        (Touch("l4_vertebra", (-24, -10, 0)), True, 0),  # the mesh is the vertebra's
        (Touch("l4_pedicle_right", (24, -10, 0)), False, 32),
        (Touch("l4_vertebra", (22, 15, 0)), False, 34),
        (Touch("thecal_sac", (-8, -10, 0)), False, 0.7),  # touching it is not being it
    ],
)
def test_a_pick_in_3d(touch: Touch, correct: bool, distance: float) -> None:
    item = Pick(kind="pick", scene={}, target=PEDICLE, **BASE)
    found = grade(item, touch, CONTEXT)
    assert found.correct is correct
    assert found.distance_mm == pytest.approx(distance, abs=1)
    assert found.hit == touch.structure


def test_a_whole_vertebra_is_hit_on_any_part() -> None:
    item = Pick(kind="pick", scene={}, target="l4_vertebra", **BASE)
    assert grade(item, Touch("l4_pedicle_right", (24, -10, 0)), CONTEXT).correct


def test_an_answer_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be answered by"):
        grade(hotspot(CT), 2, CONTEXT)
    with pytest.raises(ValueError, match="on the picture"):
        grade(hotspot(CT), Click(1, 1), CONTEXT)


def test_answers_are_plain_data() -> None:
    assert answer_data(Click(1, 2.5)) == {"row": 1, "column": 2.5}
    assert answer_data({2, 0}) == [0, 2]
    assert answer_data(3) == 3
    assert answer_data("ct") == "ct"
