"""Where injected fluid goes: how much of it, into what, and what it is called."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from canal_body import FORAMINA, body
from spine_tutor.anatomy import TISSUE_CODE, Structure, StructureSet
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.spread import Spread, spread
from spine_tutor.imaging.spread_media import RULES, medium
from spine_tutor.imaging.spread_pattern import NAMES, pattern, wanted_spaces
from spine_tutor.problems import ProblemError

EPIDURAL = "l4_l5_interlaminar_target"
PLACES = {
    "epidural": EPIDURAL,
    "intrathecal": "cerebrospinal_fluid",
    "intravascular": "aorta",
    "intradiscal": "l4_l5_nucleus",
    "joint": "l4_l5_facet_joint_left",
    "muscle": "multifidus_right",
    "perineural": "l4_nerve_root_left",
    "soft tissue": "subcutaneous_fat",
}


def inject(at, volume=2.0, **more) -> Spread:
    return spread(body(), Injectate(at=at, volume_ml=volume, **more))


def filled(found: Spread) -> set[tuple[int, int, int]]:
    points = found.origin + np.argwhere(found.share > 0) * found.spacing
    return {tuple(row) for row in np.rint(points / 0.5).astype(int).tolist()}


@pytest.mark.parametrize(("space", "at"), PLACES.items())
def test_the_structure_at_the_tip_decides_the_space(space, at):
    found = inject(at, 0.6)
    assert found.space == space
    assert pattern(found).name.startswith(NAMES[found.space][0])


@pytest.mark.parametrize("space", PLACES)
@pytest.mark.parametrize("volume", [0.3, 1.2])
def test_what_is_there_is_what_was_injected(space, volume):
    found = inject(PLACES[space], volume)
    assert found.taken_ml == pytest.approx(volume, rel=1e-4)
    assert found.present_ml == pytest.approx(volume, rel=1e-4)
    assert sum(found.ml.values()) == pytest.approx(volume, rel=1e-4)
    assert found.share.min() >= 0
    assert found.share.max() <= 1


@pytest.mark.parametrize("space", PLACES)
def test_nothing_enters_what_is_a_wall_to_its_space(space):
    found = inject(PLACES[space], 4.0)
    structures = body().structures
    met = {medium(structures, structures[name]) for name in found.ml}
    # the sampling of the body itself, not the spread's own bookkeeping
    points = found.origin + np.argwhere(found.share > 0) * found.spacing
    labels, _ = body().sample(points)
    assert {structures.by_label(label).id for label in np.unique(labels)} >= set(found.ml)
    met |= {medium(structures, structures.by_label(label)) for label in np.unique(labels)}
    assert met <= set(RULES[space].through)


def test_epidural_fluid_stays_out_of_sac_bone_and_muscle():
    found = inject(EPIDURAL, 8.0)
    assert not {"cerebrospinal_fluid", "dura", "cauda_equina", "multifidus_left"} & set(found.ml)
    assert found.ml["epidural_fat"] > 0.8 * found.taken_ml


def test_a_larger_volume_fills_what_a_smaller_one_did_and_reaches_the_next_foramina():
    reached = []
    before: set[tuple[int, int, int]] = set()
    for volume in (1.0, 4.0, 12.0):
        found = inject(EPIDURAL, volume)
        now = filled(found)
        assert before <= now
        before = now
        reached.append(
            sum(any(abs(x) > 26 and abs(z / 2 - at) < 6 for x, _, z in now) for at in FORAMINA)
        )
    assert reached == sorted(reached)
    assert reached[0] < reached[-1] == len(FORAMINA)


def test_a_transforaminal_injection_fills_its_own_side_first():
    found = inject("l4_transforaminal_target_left", 0.5)
    assert pattern(found).name == "Epidural, left"
    assert pattern(found, "l4_transforaminal_target_left").verdict == "intended"


def test_csf_is_filled_around_the_roots_and_thins_with_time():
    early, late = inject("cerebrospinal_fluid", 3.0), inject("cerebrospinal_fluid", 3.0, seconds=60)
    assert set(early.ml) == set(late.ml) == {"cerebrospinal_fluid"}
    assert late.share.max() < 0.9 * early.share.max()
    assert early.sample(early.tip) > early.sample(np.add(early.tip, (0, 0, 12.0))) > 0


def test_a_sac_takes_no_more_than_it_holds():
    small = inject("cerebrospinal_fluid", 20.0)
    assert small.share.max() <= 1.0 + 1e-6
    assert small.taken_ml <= 20.0


@pytest.mark.parametrize(("vessel", "way"), [("aorta", -1), ("inferior_vena_cava", 1)])
def test_blood_carries_it_off_downstream_until_nothing_is_left(vessel, way):
    found = {t: inject((-10.0 if way < 0 else 10.0, 42.0, 0.0), 1.0, seconds=t) for t in (0, 0.1)}
    heights = {}
    for t, at in found.items():
        assert set(at.ml) == {vessel}
        along = at.share.sum(axis=(0, 1))
        z = at.origin[2] + at.spacing[2] * np.arange(len(along))
        heights[t] = way * float(along @ z / along.sum())
    assert 0 < heights[0] < heights[0.1]
    assert found[0.1].present_ml <= found[0].present_ml
    assert inject(vessel, 1.0, seconds=20).present_ml == 0.0


def test_a_narrow_vessel_fills_against_the_stream_and_a_wide_one_does_not():
    """What has no room downstream is pressed back, but never into the aorta."""
    whole = body()
    grid = whole.grids[0]
    labels, tissues = grid.labels.copy(), grid.tissues.copy()
    x, y, z = grid.axes()
    branch = np.ix_((x > -42) & (x < -10), np.abs(y - 42) <= 1, np.abs(z) <= 1)
    names = [*whole.structures.values()]
    artery = Structure("lumbar_artery_l4_left", 99, "L4 artery", "vessel", "blood", "#888888")
    labels[branch] = np.where(labels[branch] == whole.structures["aorta"].label, labels[branch], 99)
    tissues[branch] = TISSUE_CODE["blood"]
    supplied = replace(
        whole,
        grids=(replace(grid, labels=labels, tissues=tissues),),
        structures=StructureSet([*names, artery]),
        content_hash="branch",
    )
    at = (-28.0, 42.0, 0.0)
    early = spread(supplied, Injectate(at=at, volume_ml=1.0))
    assert set(early.ml) == {"lumbar_artery_l4_left"}
    points = early.origin + np.argwhere(early.share > 0) * early.spacing
    assert points[:, 0].min() < -38  # downstream
    assert points[:, 0].max() > -22  # and back towards the aorta
    later = spread(supplied, Injectate(at=at, volume_ml=1.0, seconds=0.3))
    points = later.origin + np.argwhere(later.share > 0) * later.spacing
    assert points[:, 0].max() < -22  # blood has come again from the aorta
    assert 0 < later.present_ml < early.present_ml
    above = spread(supplied, Injectate(at=(-10.0, 42.0, 20.0), volume_ml=1.0))
    assert {"aorta", "lumbar_artery_l4_left"} == set(above.ml)


def test_an_artery_does_not_fill_the_vein_beside_it():
    assert "inferior_vena_cava" not in inject("aorta", 5.0).ml


def test_a_whole_disc_fills_its_nucleus_first_and_then_takes_no_more():
    some, much = inject("l4_l5_nucleus", 0.5), inject("l4_l5_nucleus", 20.0)
    assert some.ml["l4_l5_nucleus"] > 0.95 * some.taken_ml
    assert set(much.ml) == {"l4_l5_nucleus", "l4_l5_disc"}
    assert much.taken_ml < 5.0


def test_a_herniated_disc_leaks_into_the_canal():
    """A herniation's nucleus lies bare in the epidural fat; a whole annulus lets nothing out."""
    whole = body()
    grid = whole.grids[0]
    labels = grid.labels.copy()
    x, y, z = grid.axes()
    labels[np.ix_(np.abs(x) <= 3, (y > 0) & (y < 12), np.abs(z) <= 3)] = whole.structures[
        "l4_l5_nucleus"
    ].label
    herniated = replace(whole, grids=(replace(grid, labels=labels),), content_hash="torn")
    injectate = Injectate(at="l4_l5_nucleus", volume_ml=4.0)
    leaked = spread(herniated, injectate)
    assert leaked.ml["epidural_fat"] > 0.3
    assert "has left it" in pattern(leaked).name
    assert "epidural_fat" not in spread(whole, injectate).ml


def test_a_joint_fills_first_and_bursts_beyond_its_capacity():
    little, much = inject("l4_l5_facet_joint_left", 0.25), inject("l4_l5_facet_joint_left", 4.0)
    assert little.ml["l4_l5_facet_joint_left"] > 0.6 * little.taken_ml
    assert little.escaped_ml < 0.05 * little.taken_ml
    assert pattern(little, "l4_l5_facet_joint_left").verdict == "intended"
    assert much.escaped_ml > 0.4 * much.taken_ml
    assert pattern(much, "l4_l5_facet_joint_left").verdict == "not intended"


def test_muscle_lets_it_along_the_fibres_more_than_across():
    found = inject((22.0, -35.0, 0.0), 0.6)
    points = found.origin + np.argwhere(found.share > 0) * found.spacing
    weight = found.share[found.share > 0]
    spread_mm = np.sqrt(np.linalg.eigvalsh(np.cov(points.T, aweights=weight)))
    assert spread_mm[2] > 2.0 * spread_mm[1]


def test_along_a_root_the_nerve_is_left_out():
    found = inject("l4_nerve_root_left", 0.6)
    points = found.origin + np.argwhere(found.share > 0) * found.spacing
    away = np.hypot(points[:, 1] + 10, points[:, 2])
    away[(points[:, 0] > -10) | (points[:, 0] < -38)] = np.inf  # before and behind its ends
    share = found.share[found.share > 0]
    assert share[away < 1.5].max() < 0.1 < 0.5 < share[(away > 2.2) & (away < 3)].mean()


def test_the_same_seed_gives_the_same_and_another_one_another():
    one, two = inject(EPIDURAL, 1.0, seed=3), inject(EPIDURAL, 1.0, seed=4)
    again = spread(body(), Injectate(at=EPIDURAL, volume_ml=1.0, seed=3))
    assert again is one  # kept by its key
    assert filled(one) != filled(two)


def test_the_needles_tip_counts_where_no_place_is_named():
    found = spread(body(), Injectate(volume_ml=0.5), tip=(0.0, -20.0, 0.0))
    assert found.space == "epidural"


def test_a_space_that_is_asked_for_is_looked_for_nearby():
    found = inject((0.0, -10.0, 0.0), 1.0, space="epidural")
    assert found.space == "epidural"
    assert np.linalg.norm(np.subtract(found.tip, (0, -10, 0))) < 12


@pytest.mark.parametrize(
    ("at", "space", "word"),
    [
        ("nowhere_at_all", "auto", "nowhere_at_all"),
        ((500.0, 0.0, 0.0), "auto", "outside"),
        ((0.0, 20.0, 40.0), "auto", "takes no fluid"),
        ((0.0, -55.0, 0.0), "intrathecal", "no intrathecal"),
        (None, "auto", "no needle"),
    ],
)
def test_a_place_that_cannot_be_is_refused_with_what_to_do(at, space, word):
    with pytest.raises(ProblemError) as caught:
        inject(at, 1.0, space=space)
    assert word in str(caught.value)
    assert caught.value.problems[0].remedy


@pytest.mark.parametrize(
    "wrong",
    [
        {"volume_ml": float("nan")},
        {"volume_ml": 0.0},
        {"volume_ml": 21.0},
        {"iodine": -1.0},
        {"iodine": 400.0},
        {"seconds": -1.0},
        {"space": "subdural"},
        {"at": (0.0, float("nan"), 0.0)},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValidationError):
        Injectate(**wrong)


def test_a_tip_that_is_no_number_is_refused():
    with pytest.raises(ProblemError, match="no place"):
        spread(body(), Injectate(volume_ml=1.0), tip=(0.0, float("nan"), 0.0))


def test_targets_say_what_they_want():
    assert wanted_spaces("l4_transforaminal_target_left") == ("epidural", "perineural")
    assert wanted_spaces("c5_medial_branch_target_left") == ("muscle", "soft tissue")
    assert wanted_spaces("l4_l5_facet_joint_left") == ("joint",)
    assert wanted_spaces("spleen") == wanted_spaces("epidural_veins") == ()
    wrong = pattern(inject("cerebrospinal_fluid", 1.0), "l4_l5_interlaminar_target")
    assert wrong.verdict == "not intended"
    assert "intrathecal" in wrong.why
