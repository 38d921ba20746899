import dataclasses

import numpy as np
import pytest

from small_body import small_body
from spine_tutor.anatomy.subject import Landmark
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.needle import Needle, passages
from spine_tutor.imaging.shot import Shot
from spine_tutor.problems import ProblemError
from spine_tutor.ui import links, needle_panel
from spine_tutor.ui.bench import Bench, coarse, panels
from spine_tutor.ui.controls import turned as shot_turned
from spine_tutor.ui.panel import said

SUBJECT = small_body()


def bench(**needle) -> Bench:
    shots = [Shot.parse({"modality": m, "center": (0.0, 0.0, 0.0)}) for m in ("fluoroscopy", "ct")]
    found = Bench("small-body", panels(shots), point=(1.0, 2.0, 3.0))
    return found.with_needle(Needle(tip="target", **needle)) if needle else found


def test_a_target_with_a_recommended_way_is_aimed_at_that_way() -> None:
    mark = Landmark("l4_target", "L4 target", (0.0, -20.0, 0.0), entry=(20.0, -57.0, -10.0))
    body = dataclasses.replace(SUBJECT, landmarks={**SUBJECT.landmarks, mark.id: mark})
    needle = needle_panel.turned(bench(kind="22G", advance=3), {"tip": mark.id}, body)
    assert needle is not None
    np.testing.assert_allclose(needle.placed(body).direction, mark.direction, atol=0.02)
    assert needle.advance == 0


def test_choosing_a_kind_puts_a_needle_at_the_nearest_target() -> None:
    needle = needle_panel.turned(bench(), {"kind": "25G"}, SUBJECT)
    assert needle == Needle(kind="25G", tip="target")
    after = bench().with_needle(needle)
    assert after.needle == needle
    assert all(shot.additions.needle == needle for shot in after.shots.values())
    assert needle_panel.turned(after, {"kind": "none"}, SUBJECT) is None


def test_the_needle_stays_while_pictures_are_steered() -> None:
    before = bench(kind="22G")
    assert before.turn("ct", {"shift": 3.0}).needle == before.needle
    assert shot_turned(before.shots["ct"], {"shift": 3.0}).additions == before.shots["ct"].additions
    assert coarse(before.shots["ct"]).additions == before.shots["ct"].additions
    assert before.aim((0, 0, 0), SUBJECT).needle == before.needle


def test_every_control_offers_what_it_takes() -> None:
    start = bench(kind="22G")
    rows = needle_panel.rows(start, SUBJECT)
    assert [row["id"] for row in rows] == ["kind", "tip", "advance", "oblique", "tilt", "bevel"]
    assert [row["id"] for row in needle_panel.rows(bench(), SUBJECT)] == ["kind"]
    for row in rows:
        if row["kind"] == "choice":
            assert row["value"] in [option["value"] for option in row["options"]]
        else:
            assert row["min"] <= row["value"] <= row["max"]
    back = next(row for row in rows if row["id"] == "advance")
    assert needle_panel.turned(start, {"advance": back["min"]}, SUBJECT) is not None


def test_a_new_target_starts_at_its_own_depth() -> None:
    moved = needle_panel.turned(bench(kind="22G", advance=-5), {"tip": "cross-hair"}, SUBJECT)
    assert moved == Needle(kind="22G", tip=(1.0, 2.0, 3.0))


def test_what_no_needle_can_do_is_said() -> None:
    with pytest.raises(ProblemError) as caught:
        needle_panel.turned(bench(kind="22G", oblique=70), {"advance": 60}, SUBJECT)
    assert "outside the body" in said(caught.value)


def test_a_needle_is_drawn_back_no_further_than_the_skin() -> None:
    drawn = needle_panel.turned(bench(kind="22G"), {"advance": -150}, SUBJECT)
    assert drawn is not None
    assert 0 <= drawn.placed(SUBJECT).depth < 1


def test_the_table_lists_the_way_from_the_skin() -> None:
    found = passages(SUBJECT, Needle(tip="target"))
    text = needle_panel.table(found)
    assert text.count("\n") == 1 + len(found)
    assert "Skin" in text


def test_it_says_where_the_way_meets_bone() -> None:
    through = passages(SUBJECT, Needle(tip=(-15.0, 0.0, 0.0)))
    assert any("meets bone" in text and "L4" in text for text in needle_panel.warnings(through))
    assert needle_panel.warnings(passages(SUBJECT, Needle(tip="target", advance=-20))) == []


def test_the_model_draws_it_from_hub_to_tip() -> None:
    drawn = needle_panel.line(bench(kind="22G"), SUBJECT)
    assert drawn is not None
    np.testing.assert_allclose(drawn[-1], SUBJECT.point("target"), atol=0.5)
    assert np.linalg.norm(np.subtract(drawn[-1], drawn[0])) == pytest.approx(90, abs=1)
    assert needle_panel.line(bench(), SUBJECT) is None


@pytest.mark.parametrize(
    "needle",
    [
        {"kind": "tuohy", "oblique": -25, "tilt": 5, "advance": -3.5},
        {"entry": (-18.0, -58.0, 4.0)},
    ],
)
def test_a_link_brings_the_needle_back(needle: dict) -> None:
    start, wanted = bench(), bench(**needle)
    again, problems = links.decode(links.encode(wanted, start), start)
    assert not problems
    assert again.needle == wanted.needle
    gone, _ = links.decode(links.encode(start, wanted), wanted)
    assert gone.needle is None


@pytest.mark.parametrize(
    "parameters", [{"needle.kind": "9G", "needle.tip": "target"}, {"needle.tip": "target"},
                   {"needle.kind": "22G", "needle.tip": "1,nan,2"},
                   {"needle.kind": "22G", "needle.tip": "target", "needle.length": "9"}]
)  # fmt: skip
def test_a_link_with_an_impossible_needle_is_told(parameters: dict) -> None:
    again, problems = links.decode(parameters, bench())
    assert again.needle is None
    assert len(problems) == 1


def test_a_needle_that_cannot_lie_there_is_told_once_and_the_pictures_do_without() -> None:
    asked = bench().with_needle(Needle(tip=(900.0, 0.0, 0.0)))
    asked = asked.with_injectate(Injectate(volume_ml=1.0))
    after, problems = needle_panel.possible(asked, SUBJECT)
    assert len(problems) == 1
    assert "left out" in str(problems[0])
    assert after.needle is None
    assert after.injectate is None  # it came out of that needle
    assert all(shot.additions.needle is None for shot in after.shots.values())
    for shot in after.shots.values():
        shot.view.geometry(SUBJECT)
    fine = bench(kind="22G")
    assert needle_panel.possible(fine, SUBJECT) == (fine, [])
    nowhere = bench().with_injectate(Injectate(at=(900.0, 0.0, 0.0)))
    dry, problems = needle_panel.possible(nowhere, SUBJECT)
    assert dry.injectate is None
    assert len(problems) == 1


def test_a_link_that_tells_no_way_means_the_usual_one() -> None:
    mark = Landmark("l4_target", "L4 target", (0.0, -20.0, 0.0), entry=(20.0, -57.0, -10.0))
    body = dataclasses.replace(SUBJECT, landmarks={**SUBJECT.landmarks, mark.id: mark})
    short = {"needle.kind": "22G", "needle.tip": mark.id}
    asked, problems = links.decode(short, bench())
    after = needle_panel.linked(asked, short, body)
    assert not problems
    assert after.needle is not None
    np.testing.assert_allclose(after.needle.placed(body).direction, mark.direction, atol=0.02)
    np.testing.assert_allclose(after.point, mark.point, atol=0.1)
    straight = after.with_needle(after.needle.model_copy(update={"oblique": 0.0, "tilt": 0.0}))
    told = links.encode(straight, bench())
    assert links.decode(told, bench())[0].needle == straight.needle
    assert needle_panel.linked(straight, told, body).needle == straight.needle
