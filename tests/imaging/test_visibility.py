"""The measure of visibility: it follows its definition, and agrees with the textbook."""

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from boxes import body
from spine_tutor.anatomy import Subject, UnknownStructure
from spine_tutor.anatomy.library import open_subject
from spine_tutor.imaging import ct, us_shadow
from spine_tutor.imaging.contrast import Local
from spine_tutor.imaging.masks import among
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot, aim, standard_shots
from spine_tutor.imaging.us_probe import place as land
from spine_tutor.imaging.view import CtView, FluoroscopyView
from spine_tutor.imaging.visibility import Sight

SLICE = CtView(center=(0, -10, 0), field=100)
AP = FluoroscopyView(center=(0, 0, 0), field=100, pixels=256)


# -- the definition -----------------------------------------------------------------------------


def test_every_modality_has_thresholds_in_order() -> None:
    for modality in MODALITIES.values():
        faint, visible = modality.thresholds
        assert 0 < faint < visible


def test_bone_is_seen_and_a_nerve_in_muscle_is_not() -> None:
    low = CtView(center=(-22, -2, -12), field=100)
    assert Sight(body(), SLICE).visibility("l4_pedicle_left").verdict == "visible"
    assert Sight(body(), low).visibility("l4_nerve_root_left").verdict == "hidden"
    assert Sight(body(), AP).visibility("l4_pedicle_left").verdict == "visible"
    assert Sight(body(), AP).visibility("l4_nerve_root_left").verdict == "hidden"
    assert Sight(body(), AP).visibility("thecal_sac").verdict == "hidden"


def test_more_noise_is_less_visible() -> None:
    ratios = [
        Sight(body(), SLICE, ct.Settings(kernel="standard", dose=dose)).visibility("thecal_sac").cnr
        for dose in (20, 1, 0.05)
    ]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 2 * ratios[2]


def test_what_is_not_there_is_hidden_and_why_is_said() -> None:
    sight = Sight(body(), SLICE)
    absent = sight.visibility("l4_disc")
    assert (absent.verdict, absent.area_mm2) == ("hidden", 0)
    assert "has none" in absent.measured
    outside = Sight(body(), CtView(center=(0, 30, 0), field=20)).visibility("thecal_sac")
    assert outside.verdict == "hidden"
    assert "not in the picture" in outside.measured
    with pytest.raises(UnknownStructure, match="Did you mean"):
        sight.visibility("thecal_sak")


def test_the_area_is_that_of_the_structure() -> None:
    found = Sight(body(), SLICE).visibility("l4_pedicle_left")
    assert found.area_mm2 == pytest.approx(16 * 22, rel=0.03)
    assert "352 mm²" in str(found) or "35" in str(found)


def test_local_statistics_are_those_of_the_mask_alone() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.normal(1000, 3, (200, 200))
    pixels[:, 100:] = 0  # far away, and outside of the mask
    mask = np.zeros((200, 200), bool)
    mask[:, :100] = True
    everywhere = np.ones_like(mask)

    def picture(values: np.ndarray) -> np.ndarray:
        return values.reshape(mask.shape)

    local = Local.of(pixels, mask, 12, everywhere)
    assert picture(local.mean)[100, 95] == pytest.approx(1000, abs=1.5)
    assert np.sqrt(picture(local.variance)[20:180, 20:80].mean()) == pytest.approx(3, rel=0.1)
    assert picture(local.weight)[100, 150] == 0
    whole = Local.of(pixels, everywhere, 12, everywhere)
    assert np.allclose(picture(whole.mean), gaussian_filter(pixels, 6, truncate=2), atol=1e-6)
    some = Local.of(pixels, mask, 12, mask & (rng.random(mask.shape) < 0.01))
    assert 0 < len(some.mean) < 300


def test_a_needle_is_seen_where_there_is_one() -> None:
    needle = {"kind": "22G", "tip": (-16, -30, 0)}
    for fields in (
        {
            "modality": "fluoroscopy",
            "oblique": 40,
            "field": 100,
            "center": (0, -40, 0),
            "pixels": 256,
        },
        {"modality": "ct", "center": (-16, -40, 0), "field": 100, "pixels": 256},
    ):
        shot = Shot.parse(fields | {"needle": needle})
        sight = Sight(body(), shot.view, shot.settings, additions=shot.additions)
        assert sight.visibility("needle").verdict == "visible", str(sight.visibility("needle"))
        with pytest.raises(UnknownStructure):
            Sight(body(), shot.view, shot.settings).visibility("needle")


# -- the textbook, on the atlas -------------------------------------------------------------------

VIEWS = {
    "ap": {"modality": "fluoroscopy", "center": "l4_vertebra"},
    # its upper endplate squared first, as the reference sheet says
    "oblique": {
        "modality": "fluoroscopy",
        "center": "l4_pedicle_left",
        "oblique": -30,
        "tilt": 8,
    },
    "pedicle": {"modality": "ct", "center": "l4_pedicle_left", "field": 140},
    "facet": {"modality": "ct", "center": "l3_l4_facet_joint_left", "field": 100},
    "foramen": {
        "modality": "ct",
        "center": "l4_dorsal_root_ganglion_left",
        "field": 120,
        "settings": {"window": "soft tissue"},
    },
    "laminae": {"modality": "ultrasound", "level": "l4", "lateral": 13},
    "transverse": {"modality": "ultrasound", "level": "l4", "probe": "transverse"},
    "midline": {"modality": "mri", "center": "thecal_sac"},
    "conus": {"modality": "mri", "center": "spinal_cord", "plane": "axial", "field": 100},
    "axial": {"modality": "mri", "center": "l4_lamina_left", "plane": "axial", "field": 120},
    "ganglia": {"modality": "mri", "center": "l4_dorsal_root_ganglion_left", "field": 140},
}


@cache
def sight(subject: Subject, view: str) -> Sight:
    shot = Shot.parse(VIEWS[view])
    return Sight(subject, shot.view, shot.settings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "structure", "verdict"),
    [
        # a projection shows dense bone and its edges, and tells no soft tissues apart
        ("ap", "l4_body", "visible"),
        ("ap", "l4_pedicle_left", "visible"),
        ("ap", "l4_spinous_process", "visible"),
        ("oblique", "l4_pedicle_left", "visible"),
        ("oblique", "l4_superior_articular_process_left", "visible"),
        ("ap", "l4_nerve_root_left", "hidden"),
        ("oblique", "l4_nerve_root_left", "hidden"),
        ("ap", "thecal_sac", "hidden"),
        ("ap", "ligamentum_flavum_l4_l5", "hidden"),
        ("ap", "multifidus_left", "hidden"),
        # CT shows bone, joints, and fat against muscle
        ("pedicle", "l4_vertebra", "visible"),
        ("pedicle", "psoas_left", "visible"),
        ("facet", "l3_l4_facet_joint_left", "visible"),
        ("foramen", "subcutaneous_fat", "visible"),
        ("foramen", "l4_dorsal_root_ganglion_left", "visible"),
        # ultrasound shows muscle, fascia and the surface of bone, and nothing behind it
        ("laminae", "l4_lamina_left", "visible"),
        ("laminae", "multifidus_left", "visible"),
        ("transverse", "thoracolumbar_fascia", "visible"),
        ("laminae", "l4_body", "hidden"),
        ("laminae", "l4_nerve_root_left", "hidden"),
        ("transverse", "thecal_sac", "hidden"),
        # T2: fluid bright, nucleus bright in a dark ring, nerve against fluid or fat
        ("midline", "cerebrospinal_fluid", "visible"),
        ("midline", "l3_l4_nucleus", "visible"),
        ("midline", "l4_l5_disc", "visible"),
        ("midline", "subcutaneous_fat", "visible"),
        ("ganglia", "epidural_fat", "visible"),
        ("conus", "spinal_cord", "visible"),
        ("ganglia", "l4_dorsal_root_ganglion_left", "visible"),
    ],
)
def test_what_the_textbook_says(view: str, structure: str, verdict: str, atlas) -> None:
    found = sight(atlas, view).visibility(structure)
    assert found.verdict == verdict, str(found)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["22G", "25G", "tuohy"])
@pytest.mark.parametrize("modality", ["fluoroscopy", "ct"])
def test_x_rays_show_the_needle(modality: str, kind: str, atlas) -> None:
    target = "l4_transforaminal_target_left"
    shot = Shot.parse(
        {"modality": modality, "center": target, "needle": {"kind": kind, "tip": target}}
        | ({"oblique": -25} if modality == "fluoroscopy" else {"field": 140})
    )
    found = Sight(atlas, shot.view, shot.settings, additions=shot.additions).visibility("needle")
    assert found.verdict == "visible", str(found)


@pytest.mark.slow
def test_the_usual_view_of_a_place_cuts_it(atlas) -> None:
    """The probe stands over the place: a plane beside it would show something else."""
    for place in ("l4_lamina_left", "l4_inferior_articular_process_right", "l4_spinous_process"):
        side = "right" if place.endswith("right") else "left"
        shot = standard_shots(atlas, place, side)["ultrasound"]
        found = Sight(atlas, shot.view, shot.settings).visibility(place)
        assert found.verdict != "hidden", f"{place}: {found}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "thoracolumbar_fascia",
        "ligamentum_flavum_l4_l5",
        "gluteal_muscles",
        "subcutaneous_fat",
        "skin",
    ],
)
def test_the_usual_view_of_a_ring_or_a_pair_shows_it(name: str, atlas) -> None:
    """Its centre is empty: the view aims at a place in it."""
    for modality in ("ct", "ultrasound", "mri"):
        shot = standard_shots(atlas, name)[modality]
        found = Sight(atlas, shot.view, shot.settings).visibility(name, edge=False)
        assert found.area_mm2 > 20, f"{modality}: {found}"
        if name == "thoracolumbar_fascia" and modality == "ultrasound":
            assert found.verdict == "visible", str(found)


def test_a_pair_is_aimed_at_on_the_side_that_is_asked_for(atlas) -> None:
    for side, way in (("left", -1), ("right", 1)):
        place = aim(atlas, "gluteal_muscles", side, beside=False)
        assert way * place[0] > 20
        own = atlas.structures.labels_of("gluteal_muscles")
        assert int(atlas.sample(place)[0]) in own
    assert aim(atlas, "l4_body", "left", beside=True) == "l4_body"
    assert aim(atlas, (1.0, 2.0, 3.0), "left", beside=True) == (1.0, 2.0, 3.0)


@pytest.mark.slow
def test_a_structure_is_seen_as_well_as_the_part_that_most_of_it_is(atlas) -> None:
    """One knows the thecal sac on T2 by its CSF."""
    shot = standard_shots(atlas, "thecal_sac")["mri"]
    sac, csf = (
        Sight(atlas, shot.view, shot.settings).visibility(name)
        for name in ("thecal_sac", "cerebrospinal_fluid")
    )
    assert sac.verdict == csf.verdict == "visible", f"{sac}; {csf}"
    assert sac.cnr == csf.cnr


@pytest.mark.slow
def test_the_facet_joint_opens_on_the_oblique_view(atlas) -> None:
    joint = "l3_l4_facet_joint_left"
    straight, open_ = (sight(atlas, view).visibility(joint) for view in ("ap", "oblique"))
    assert open_.cnr > straight.cnr
    assert sight(atlas, "facet").visibility(joint).cnr > 3 * open_.cnr


@pytest.mark.slow
def test_mri_loses_the_cortical_bone_that_ct_shows(atlas) -> None:
    measured = {
        modality: Sight(atlas, shot.view, shot.settings).visibility("l4_lamina_left").cnr
        for modality, shot in standard_shots(atlas, "l4_lamina_left").items()
    }
    axial = sight(atlas, "axial").visibility("l4_lamina_left").cnr
    assert measured["ct"] > 3 * max(axial, measured["mri"])


@pytest.mark.slow
def test_a_shadow_lies_along_the_lines_that_a_curved_probe_sends(atlas) -> None:
    """At the side of the fan it leaves the column of the bone that throws it."""
    here = sight(atlas, "laminae")
    bone = {s.label for s in atlas.structures.values() if s.kind == "bone"}
    shadow = us_shadow.behind(here.image, here.view, bone)
    probe = land(atlas, here.view)
    line, sample, fan = probe.locate(192, here.mm_per_pixel)
    met = fan & among(here.image.labels, bone)
    assert shadow[met].all()
    for n in (20, 96, 170):
        on = fan & (np.abs(line - n) < 0.3)
        first = sample[on & met].min(initial=np.inf)
        if np.isfinite(first):
            assert shadow[on & (sample > first + 6)].mean() > 0.9
            assert shadow[on & (sample < first - 6)].mean() < 0.1


@pytest.mark.slow
def test_ultrasound_says_that_bone_is_in_the_way(atlas) -> None:
    found = sight(atlas, "laminae").visibility("l4_body")
    assert "bone lies between" in found.measured


@pytest.mark.slow
def test_ultrasound_shows_the_pleura_between_ribs() -> None:
    chest = open_subject("average-thoracic")
    pose = {"modality": "ultrasound", "level": "t7", "lateral": 60, "side": "left"}
    shot = Shot.parse(pose)
    found = Sight(chest, shot.view, shot.settings).visibility("pleura_left")
    assert found.verdict == "visible", str(found)
