"""Cases: what an instructor may write, and what is refused with place, rule and remedy."""

import pytest
from pydantic import ValidationError

from spine_tutor.anatomy.case import Case, read_cases, shipped_cases
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.library import add_cases, atlas_subjects
from spine_tutor.problems import ProblemError


@pytest.mark.parametrize("id_", shipped_cases())
def test_every_shipped_case_can_be_posed(id_):
    build_column(shipped_cases()[id_])


def test_the_cases_that_the_tutor_promises():
    assert set(shipped_cases()) >= {
        "average", "woman", "man", "lean", "obese", "tall", "degenerative", "scoliosis",
        "spondylolisthesis", "herniation", "transitional", "operated",
    }  # fmt: skip


def test_one_number_narrows_every_disc():
    case = Case(disc_narrowing=0.5)
    assert set(case.disc_narrowing.values()) == {0.5}
    assert "c5_c6" in case.disc_narrowing


def test_a_slip_moves_what_is_above_forwards():
    straight, slipped = build_column(Case()), build_column(Case(slip={"l4_l5": 0.25}))
    shift = slipped.frames["l4"][:3, 3] - straight.frames["l4"][:3, 3]
    forward = straight.endplate("l5", "upper")[:3, 1]
    assert shift @ forward == pytest.approx(0.25 * straight.bodies["l5"].depth_upper, abs=0.5)
    assert slipped.frames["l5"] == pytest.approx(straight.frames["l5"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"disc_narrowing": {"l4_l6": 0.2}}, "unknown segment `l4_l6`"),
        ({"slip": {"l4_l5": 0.9}}, "between -0.2 and 0.5"),
        ({"height_scale": 3}, "1.2"),
        ({"subcutaneous_fat": float("nan")}, "finite"),
        ({"scoliosis": {"apex": "l9", "cobb": 20}}, "unknown level `l9`"),
        ({"scoliosis": {"apex": "l2", "cobb": 80}}, "50"),
        ({"herniations": [{"segment": "l5_s1"}, {"segment": "l5_s1"}]}, "herniated twice"),
        ({"laminectomy": ["c4"]}, "t1 to l5"),
        ({"pedicle_screws": ["l6"]}, "unknown level"),
        ({"id": "Bad Id"}, "pattern"),
        ({"id": "a" * 300}, "40 characters"),
        ({"weight": 80}, "Extra inputs"),
        ({"height_scale": True}, "valid number"),
        ({"height_scale": "1.0"}, "valid number"),
        ({"disc_narrowing": True}, "valid"),
        ({"transitional_l5": "yes"}, "valid boolean"),
        ({"scoliosis": {"apex": "c1", "cobb": 50}}, "between t2 and l4"),
        ({"pedicle_screws": ["l4", "l4"]}, "named twice"),
        ({"laminectomy": ["l4", "l4"]}, "named twice"),
    ],
)
def test_impossible_parameters_are_refused_by_name(fields, words):
    with pytest.raises(ValidationError, match=words):
        Case(**fields)


def test_meeting_endplates_are_refused_with_the_reason():
    with pytest.raises(ProblemError, match="endplates would meet"):
        build_column(Case(lordosis=100, sacral_slope=60))
    for slope, lordosis, way in ((60, 5, "forwards"), (10, 100, "backwards")):
        with pytest.raises(ProblemError, match=f"lean .*° {way}.*nearer to each other"):
            build_column(Case(sacral_slope=slope, lordosis=lordosis))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"slip": {"l3_l4": 0.5}}, "canal at L3–L4"),
        ({"slip": {"t6_t7": 0.5}}, "The cord needs"),
        ({"herniations": [{"segment": "t8_t9", "size": 9}]}, "make the herniation smaller"),
        ({"slip": {"l4_l5": 0.25}, "herniations": [{"segment": "l4_l5", "size": 6}]}, "L4–L5"),
    ],
)
def test_a_canal_without_room_for_the_nerves_is_refused(fields, words):
    with pytest.raises(ProblemError, match=words):
        build_column(Case(**fields))


def test_without_its_lamina_a_vertebra_may_slip_far():
    build_column(Case(slip={"l4_l5": 0.4}, laminectomy=("l4",)))


def test_a_file_tells_line_rule_and_remedy_of_every_fault(tmp_path):
    path = tmp_path / "cases.yaml"
    path.write_text(
        "cases:\n"
        "  - id: bent\n"
        "    title: A bent body\n"
        "    lordosis: 200\n"
        "    kyphose: 40\n"
        "  - id: bent\n"
        "    title: Another\n"
    )
    with pytest.raises(ProblemError) as caught:
        read_cases(path)
    text = str(caught.value)
    assert "4" in text
    assert "lordosis" in text
    assert "kyphosis" in text  # the nearest known key


def test_added_cases_can_be_opened_by_name_and_shipped_ones_cannot_be_taken(data_dir, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("cases:\n  - {id: stooped, title: Stooped adult, kyphosis: 45}\n")
    assert add_cases(path)[0].kyphosis == 45
    assert {"stooped", "stooped-cervical"} <= set(atlas_subjects())
    with pytest.raises(ProblemError, match="already a subject"):
        add_cases(path)
    add_cases(path, replace=True)
    path.write_text("cases:\n  - {id: average, title: Mine}\n")
    with pytest.raises(ProblemError, match="already a subject `average`"):
        add_cases(path, replace=True)
    path.write_text("cases:\n  - {id: average-sacral, title: Mine}\n")
    with pytest.raises(ProblemError, match="ends like the name of a region"):
        add_cases(path, replace=True)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{id: a, laminectomy: [l6]}", "laminectomy: unknown level `l6`. Did you mean"),
        ("{id: a, slip: {l4_l5: 0.9}}", "slip: `l4_l5`: 0.9 is no share between -0.2 and 0.5."),
        ("", "cases.0: is a blank; it should be a mapping. Write `key: value`"),
        ("{id: a, title: <b>Me</b>}", "one line without HTML"),
    ],
)
def test_a_refusal_says_place_rule_and_remedy_once(tmp_path, entry, said):
    path = tmp_path / "mine.yaml"
    path.write_text(f"cases:\n  - {entry}\n")
    with pytest.raises(ProblemError) as caught:
        read_cases(path)
    assert said in str(caught.value)
    assert "Value error" not in str(caught.value)
