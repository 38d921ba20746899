"""The sheet of contrast patterns."""

from dataclasses import replace

import pytest

from canal_body import body
from spine_tutor.imaging import contrast_sheet
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.spread import spread
from spine_tutor.imaging.spread_pattern import pattern
from spine_tutor.problems import ProblemError


def test_examples_show_the_wanted_beside_what_to_stop_at():
    made = list(contrast_sheet.examples(body(), "l4", "l5"))
    verdicts = {e.words: pattern(spread(body(), e.injectate), e.target).verdict for e in made}
    assert verdicts["Interlaminar, 4 mL"] == "intended"
    assert verdicts["Too deep: dura punctured, 4 mL"] == "not intended"
    assert verdicts["Too shallow: in muscle, 3 mL"] == "not intended"
    assert {"intended", "not intended"} <= set(verdicts.values())


def test_a_joint_is_judged_on_the_oblique_view_that_opens_it():
    joint = spread(body(), Injectate(at="l4_l5_facet_joint_left", volume_ml=0.5))
    caption, fields = contrast_sheet._views(joint)[1]
    assert "left" in caption
    assert -45 <= fields["oblique"] <= -30
    epidural = spread(body(), Injectate(at="l4_l5_interlaminar_target", volume_ml=0.5))
    assert contrast_sheet._views(epidural)[1][0] == "Lateral"


def test_the_segment_is_found_by_its_landmarks():
    assert contrast_sheet.segment_of(body()) == ("l4", "l5")


def test_a_level_that_is_not_there_is_refused():
    assert contrast_sheet.segment_of(body(), "l4") == ("l4", "l5")
    with pytest.raises(ProblemError, match="`zz` is no level"):
        contrast_sheet.segment_of(body(), "zz")


def test_a_sheet_holds_a_row_for_each_example(monkeypatch):
    monkeypatch.setattr(contrast_sheet, "PIXELS", 96)
    two = list(contrast_sheet.examples(body(), "l4", "l5"))[:2]
    monkeypatch.setattr(contrast_sheet, "examples", lambda *_: iter(two))
    drawn = contrast_sheet.contrast_sheet(body())
    assert drawn.width > 2 * 4 * 96
    assert len(drawn.getcolors(1 << 20)) > 50


def test_a_body_without_places_is_refused():
    bare = replace(body(), landmarks={})
    with pytest.raises(ProblemError, match="no places to inject at T1–T2"):
        contrast_sheet.contrast_sheet(bare, ("t1", "t2"))
