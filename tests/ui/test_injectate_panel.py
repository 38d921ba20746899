import pytest

from canal_body import body
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.needle import Needle
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.spread import spread
from spine_tutor.problems import ProblemError
from spine_tutor.ui import injectate_panel, links
from spine_tutor.ui.bench import Bench, panels

SUBJECT = body()
TARGET = "l4_l5_interlaminar_target"


def bench(**fields) -> Bench:
    shots = [Shot.parse({"modality": m, "center": (0.0, 0.0, 0.0)}) for m in ("fluoroscopy", "ct")]
    found = Bench("canal", panels(shots), point=(1.0, 2.0, 3.0))
    return found.with_injectate(Injectate(**fields)) if fields else found


def test_choosing_a_place_injects_contrast_into_every_picture() -> None:
    wanted = injectate_panel.turned(bench(), {"at": TARGET})
    assert wanted == Injectate(at=TARGET, iodine=injectate_panel.IODINE)
    after = bench().with_injectate(wanted)
    assert after.injectate == wanted
    assert all(shot.additions.injectate == wanted for shot in after.shots.values())
    assert injectate_panel.turned(after, {"at": "nothing"}) is None
    assert injectate_panel.turned(bench(), {"volume_ml": 3.0}) is None


def test_the_cross_hair_and_the_tip_are_places() -> None:
    assert injectate_panel.turned(bench(), {"at": "cross-hair"}).at == (1.0, 2.0, 3.0)
    assert injectate_panel.turned(bench(), {"at": "tip"}).at is None


def test_another_place_is_another_injection() -> None:
    before = bench(at=TARGET, seconds=4.0, volume_ml=3.0)
    after = injectate_panel.turned(before, {"at": "cross-hair"})
    assert (after.seconds, after.volume_ml) == (0.0, 3.0)
    assert injectate_panel.turned(before, {"seconds": 2.0}).at == TARGET


def test_every_control_offers_what_it_takes() -> None:
    for start in (bench(), bench(at=TARGET, volume_ml=12.0), bench(at="aorta", seconds=30.0)):
        for row in injectate_panel.rows(start, SUBJECT):
            if row["kind"] == "choice":
                assert row["value"] in [option["value"] for option in row["options"]]
            else:
                assert row["min"] <= row["value"] <= row["max"]
    assert [row["id"] for row in injectate_panel.rows(bench(), SUBJECT)] == ["at"]


def test_a_value_that_cannot_be_is_refused() -> None:
    with pytest.raises(ProblemError, match="volume_ml"):
        injectate_panel.turned(bench(at=TARGET), {"volume_ml": 50.0})


def test_what_it_fills_and_whether_that_was_wanted_is_said() -> None:
    wrong = spread(SUBJECT, Injectate(at="cerebrospinal_fluid", volume_ml=2.0))
    lines = injectate_panel.report(wrong, TARGET)
    assert "Intrathecal" in lines[0]
    assert "Not intended" in lines[1]
    assert "| cerebrospinal fluid | 2.00 |" in injectate_panel.table(wrong)
    full = spread(SUBJECT, Injectate(at="l4_l5_nucleus", volume_ml=20.0))
    assert "no more than" in injectate_panel.report(full, None)[-1]


def test_the_needles_target_is_what_was_aimed_at() -> None:
    aimed = bench(volume_ml=1.0).with_needle(Needle(tip=TARGET))
    assert injectate_panel.aimed_at(aimed) == TARGET
    assert injectate_panel.aimed_at(bench(at="aorta")) == "aorta"
    assert injectate_panel.aimed_at(bench()) is None


def test_a_link_carries_the_injection() -> None:
    start = bench()
    for now in (bench(at=TARGET, volume_ml=3.5, iodine=0.0), bench(at=(1.0, -20.0, 3.0))):
        parameters = links.encode(now, start)
        found, problems = links.decode(parameters, start)
        assert not problems
        assert found.injectate == now.injectate
    removed, problems = links.decode(links.encode(start, now), now)
    assert removed.injectate is None
    assert not problems
    _, problems = links.decode({"injectate.volume_ml": "nan", "injectate.at": TARGET}, start)
    assert len(problems) == 1
