import numpy as np
import pytest

from small_body import small_body
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot
from spine_tutor.ui import captions, links
from spine_tutor.ui.bench import COARSE, Bench, coarse, panels, through
from spine_tutor.ui.controls import AUTOMATIC, SETTING, rows, turned

SUBJECT = small_body()


def shot(modality: str, **fields) -> Shot:
    return Shot.parse({"modality": modality, "center": (0.0, 0.0, 0.0), **fields})


def bench() -> Bench:
    shots = [shot("fluoroscopy"), shot("ct"), shot("mri"), shot("ct", plane="coronal")]
    return Bench("average", panels(shots))


def test_panels_are_numbered_from_the_second_of_a_modality() -> None:
    assert list(bench().shots) == ["fluoroscopy", "ct", "mri", "ct-2"]


@pytest.mark.parametrize("plane", ["axial", "sagittal", "coronal"])
@pytest.mark.parametrize("align", [None, "l4"])
def test_a_slice_is_slid_through_a_point(plane: str, align: str | None) -> None:
    point = np.array([7.0, -11.0, 13.0])
    slid = through(shot("ct", plane=plane, align=align), point, SUBJECT)
    assert slid.view.geometry(SUBJECT).distance(point) == pytest.approx(0, abs=0.1)


def test_a_probe_is_slid_through_a_point() -> None:
    point = np.array([9.0, -20.0, 4.0])
    slid = through(Shot.parse({"modality": "ultrasound", "level": "l4"}), point, SUBJECT)
    assert slid.view.geometry(SUBJECT).distance(point) == pytest.approx(0, abs=1.0)


def test_a_point_beyond_the_controls_leaves_the_slice() -> None:
    before = shot("ct")
    assert through(before, (0.0, 0.0, 900.0), SUBJECT) == before


def test_the_slice_in_which_the_cross_hair_is_moved_stays() -> None:
    before = bench()
    after = before.aim((5.0, 6.0, 7.0), SUBJECT, moved_in="ct")
    assert after.point == (5.0, 6.0, 7.0)
    assert after.shots["ct"] == before.shots["ct"]
    assert after.shots["fluoroscopy"] == before.shots["fluoroscopy"]
    assert after.shots["mri"].view.shift == pytest.approx(5)
    assert after.shots["ct-2"].view.shift == pytest.approx(6)


def test_coarse_keeps_the_place_and_has_fewer_pixels() -> None:
    whole = shot("fluoroscopy")
    rough = coarse(whole)
    assert rough.view.pixels == COARSE
    assert coarse(rough) is rough
    np.testing.assert_allclose(
        whole.view.geometry(SUBJECT).pixel_to_detector(-0.5, -0.5),
        rough.view.geometry(SUBJECT).pixel_to_detector(-0.5, -0.5),
    )


# -- controls ---------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", list(MODALITIES))
def test_every_control_can_be_turned_to_what_it_offers(modality: str) -> None:
    start = Shot.parse({"modality": modality})
    found = rows(start)
    assert {row["id"].removeprefix(SETTING) for row in found} >= set(MODALITIES[modality].essential)
    for row in found:
        offered = (
            [option["value"] for option in row["options"]]
            if row["kind"] == "choice"
            else [row["min"], row["max"]]
        )
        for value in offered:
            turned(start, {row["id"]: value})


def test_automatic_means_none() -> None:
    sharp = turned(shot("ct"), {"settings.kernel": "bone"})
    assert turned(sharp, {"settings.kernel": AUTOMATIC}).settings.kernel is None


def test_a_preset_sets_what_belongs_to_it() -> None:
    linear = turned(Shot.parse({"modality": "ultrasound"}), {"preset": "linear-6-13"})
    assert (linear.view.transducer, linear.settings.frequency) == ("linear", 10.0)
    (row,) = [row for row in rows(linear) if row["id"] == "preset"]
    assert row["value"] == "linear-6-13"
    gained = turned(linear, {"settings.gain": 7.0})
    assert next(row for row in rows(gained) if row["id"] == "preset")["value"] == "custom"
    assert turned(gained, {"preset": "custom"}) == gained


def test_effects_are_switched_off_and_on() -> None:
    quiet = turned(shot("ct"), {"settings.without": "noise,blur"})
    assert quiet.settings.without == ("noise", "blur")
    (row,) = [row for row in rows(quiet) if row["id"] == "settings.without"]
    assert row["value"] in [option["value"] for option in row["options"]]
    assert turned(quiet, {"settings.without": ""}).settings.without == ()
    assert captions.altered(quiet) == ["without noise", "without blur"]


@pytest.mark.parametrize(
    "change",
    [
        {"preset": "nothing"},
        {"settings.without": "gravity"},
        {"oblique": 999},
        {"oblique": "x"},
        {"nothing": 1},
    ],
)
def test_what_cannot_be_is_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=r".+"):
        turned(shot("fluoroscopy"), change)


# -- deep links -------------------------------------------------------------------------------


def test_a_link_brings_the_bench_back() -> None:
    start = bench()
    moved = start.turn("fluoroscopy", {"oblique": -25.0}).turn("ct", {"settings.window": "bone"})
    moved = moved.turn("mri", {"settings.without": "noise,blur"})
    moved = moved.aim((1.5, -2.0, 3.0), SUBJECT)
    back, problems = links.decode(links.encode(moved, start), start)
    assert not problems
    assert back.shots == moved.shots
    assert back.point == moved.point


@pytest.mark.parametrize("share", [0.25, 0.35, 0.75])
def test_a_link_keeps_a_setting_to_the_hundredth(share: float) -> None:
    start = bench()
    panel = next(p for p in start.shots if hasattr(start.shots[p].settings, "collimation"))
    turned = start.turn(panel, {f"{SETTING}collimation": share})
    back, _ = links.decode(links.encode(turned, start), start)
    assert back.shots[panel].settings.collimation == share


def test_an_unmoved_bench_needs_no_link() -> None:
    assert links.encode(bench(), bench()) == {}


@pytest.mark.parametrize(
    "parameters",
    [
        {"fluoroscopy.oblique": "999"},
        {"fluoroscopy.nothing": "1"},
        {"at": "1,2"},
        {"at": "1,2,nan"},
        {"at": "1,2,1e9"},
        {"camera": "x,y"},
    ],
)
def test_a_bad_link_is_told_and_the_rest_followed(parameters: dict) -> None:
    good = {"ct.shift": "4"}
    back, problems = links.decode(parameters | good, bench())
    assert len(problems) == 1
    assert problems[0].remedy
    assert back.shots["ct"].view.shift == 4
    assert back.point == bench().point
