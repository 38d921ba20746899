"""Why a structure is hidden: the reason is computed, and switched off the structure appears."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from boxes import body
from spine_tutor.anatomy import Subject, UnknownStructure
from spine_tutor.anatomy.library import open_subject
from spine_tutor.imaging import ct
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot, standard_shots
from spine_tutor.imaging.view import CtView, FluoroscopyView
from spine_tutor.imaging.visibility import RANK, Sight
from spine_tutor.imaging.visibility_reasons import Explainer, exemplary, matrix

AP = FluoroscopyView(center=(0, 0, 0), field=100, pixels=256)
SLICE = CtView(center=(0, -10, 0), field=100)


def appears(explainer: Explainer, structure: str) -> tuple[str, str]:
    """Return the reason, and the verdict after simulating the picture anew without it."""
    seen, reason = explainer.explain(structure)
    assert reason is not None, str(seen)
    again = Shot(
        explainer.sight.view,
        (explainer.sight.settings or MODALITIES[seen.modality].settings()).model_copy(
            update=dict(reason.changes)
        ),
    )
    then = Sight(explainer.sight.subject, again.view, again.settings).visibility(structure)
    if reason.changes and seen.known is None:  # what is known to be in the way may not be all
        assert RANK[then.verdict] > RANK[seen.verdict]
        assert then.cnr == pytest.approx(reason.cnr)
    return reason.kind, then.verdict


# -- the definition -----------------------------------------------------------------------------


def test_causes_switch_off_what_the_modality_can_switch_off() -> None:
    for modality in MODALITIES.values():
        fields = modality.settings.model_fields
        assert "without" in fields
        for cause in modality.causes:
            settings = modality.settings(without=cause.off)
            assert settings.without == cause.off
            assert cause.off or "alone" in fields


def test_what_is_visible_needs_no_reason() -> None:
    seen, reason = Explainer(Sight(body(), SLICE)).explain("l4_pedicle_left")
    assert (seen.verdict, reason) == ("visible", None)


def test_soft_tissue_in_soft_tissue_has_no_contrast() -> None:
    _, reason = Explainer(Sight(body(), AP)).explain("l4_nerve_root_left")
    assert reason is not None
    assert (reason.kind, dict(reason.changes)) == ("no contrast", {})
    assert "surrounds it" in reason.text


def test_noise_hides_and_its_absence_shows() -> None:
    view = CtView(center=(0, -15, 25), field=100)
    settings = ct.Settings(window="soft tissue", dose=0.05)
    explainer = Explainer(Sight(body(), view, settings))
    assert appears(explainer, "thecal_sac") == ("noise", "visible")


def test_what_is_absent_or_elsewhere_is_said() -> None:
    explainer = Explainer(Sight(body(), CtView(center=(0, 30, 0), field=20)))
    assert explainer.explain("l4_disc")[1].kind == "absent"
    assert explainer.explain("thecal_sac")[1].kind == "out of field"
    corner = explainer.sight.subject.centers["l4_pedicle_left"] - np.array([-8.8, 11.8, 0.0])
    grazing = Explainer(Sight(body(), CtView(center=tuple(corner), field=20, pixels=512)))
    assert grazing.sight.mask("l4_pedicle_left").any()
    reasons = [grazing.explain(name)[1] for name in body().centers]
    shown = [grazing.sight.mask(name).any() for name in body().centers]
    absent = [r is not None and r.kind in ("out of field", "absent") for r in reasons]
    assert [not one for one in shown] == absent
    inside = Explainer(Sight(body(), FluoroscopyView(center=(0, 15, 0), field=20, pixels=64)))
    assert inside.explain("muscles")[1].kind == "out of field"
    with pytest.raises(UnknownStructure):
        explainer.explain("thecal_sak")


def test_on_a_measured_ct_the_reason_cannot_be_told() -> None:
    measured = replace(body(), hounsfield=np.full(body().grids[0].labels.shape, 40, np.int16))
    seen, reason = Explainer(Sight(measured, SLICE)).explain("thecal_sac")
    assert seen.verdict == "hidden"
    assert reason is not None
    assert (reason.kind, dict(reason.changes)) == ("cannot be told", {})
    made = Explainer(Sight(measured, SLICE, ct.Settings(source="labels", dose=0.05)))
    assert made.explain("l4_nerve_root_left")[1].kind != "cannot be told"


def test_a_needle_has_a_row_where_there_is_one() -> None:
    shot = Shot.parse(
        {"modality": "fluoroscopy", "center": (0, -40, 0), "field": 100, "pixels": 256,
         "oblique": 40, "needle": {"kind": "22G", "tip": (-16, -30, 0)}}
    )  # fmt: skip
    there = Explainer(Sight(body(), shot.view, shot.settings, additions=shot.additions))
    assert there.explain("needle")[0].verdict == "visible"


def test_alone_in_a_slab_a_structure_keeps_its_own_contrast() -> None:
    shown = Shot.parse(
        {"modality": "fluoroscopy", "center": (0, 0, 0), "field": 100, "pixels": 256,
         "settings": {"alone": "l4_pedicle_left", "without": ["noise", "scatter", "blur"]}}
    ).simulate(body())  # fmt: skip
    mask = Sight(body(), AP).mask("l4_pedicle_left")
    inner = shown.pixels[mask]
    outer = shown.pixels[~mask & shown.inside]
    assert outer.std() < 1e-3
    # 22 mm of cortical bone in place of muscle, by a beam that the bone hardens
    assert inner.max() - outer.mean() == pytest.approx(22 * (0.0779 - 0.0232), rel=0.2)
    with pytest.raises(UnknownStructure):
        Shot.parse(
            {"modality": "fluoroscopy", "center": (0, 0, 0), "settings": {"alone": "nothing"}}
        ).simulate(body())


# -- the textbook, on the atlas -------------------------------------------------------------------


VIEWS = {
    "ap": {"modality": "fluoroscopy", "center": "l4_vertebra"},
    "oblique": {"modality": "fluoroscopy", "center": "l4_pedicle_left", "oblique": -30},
    "laminae": {"modality": "ultrasound", "level": "l4", "lateral": 10},
    "transverse": {"modality": "ultrasound", "level": "l4", "probe": "transverse"},
}


@cache
def explainer(subject: Subject, view: str) -> Explainer:
    shot = Shot.parse(VIEWS[view])
    return Explainer(Sight(subject, shot.view, shot.settings))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "structure", "kind"),
    [
        ("laminae", "l4_nerve_root_left", "shadow"),
        ("laminae", "l4_body", "shadow"),
        ("transverse", "thecal_sac", "shadow"),
        ("ap", "thecal_sac", "no contrast"),
        ("oblique", "l4_nerve_root_left", "no contrast"),
        ("ap", "ligamentum_flavum_l4_l5", "no contrast"),
        ("ap", "multifidus_left", "no contrast"),
        ("ap", "l4_l5_facet_joint_left", "overlap"),
        ("laminae", "kidney_left", "out of field"),
    ],
)
def test_the_reason_is_the_textbook_s(view: str, structure: str, kind: str, atlas) -> None:
    found, then = appears(explainer(atlas, view), structure)
    assert found == kind
    _, reason = explainer(atlas, view).explain(structure)
    if "Without it, too" in reason.text:  # bone lies before it, and little would be seen anyway
        assert kind == "shadow"
        assert reason.changes
    elif reason.changes:
        assert then in ("faint", "visible")
    else:
        assert kind in ("no contrast", "out of field")


@pytest.mark.slow
@pytest.mark.parametrize("structure", ["l4_nerve_root_left", "iliolumbar_ligament_left"])
def test_what_lies_behind_bone_is_in_its_shadow_whatever_it_would_look_like(
    structure: str, atlas
) -> None:
    shot = standard_shots(atlas, structure)["ultrasound"]
    seen, reason = Explainer(Sight(atlas, shot.view, shot.settings)).explain(structure)
    assert (seen.known, reason.kind) == ("shadow", "shadow"), str(seen)


@pytest.mark.slow
@pytest.mark.parametrize("branch", ["medial_branch", "lateral_branch", "dorsal_ramus"])
def test_a_thin_nerve_in_the_picture_is_not_out_of_it(branch: str, atlas) -> None:
    name = f"l4_{branch}_left"
    shots = standard_shots(atlas, name)
    for modality in ("ct", "ultrasound", "mri"):
        sight = Sight(atlas, shots[modality].view, shots[modality].settings)
        assert sight.mask(name).any(), modality
        seen, reason = Explainer(sight).explain(name)
        assert seen.verdict == "visible" or reason.kind not in ("out of field", "absent"), modality


@pytest.mark.slow
def test_ultrasound_shows_less_through_more_body(atlas) -> None:
    """Attenuation over a longer way takes the deep laminae, the joint's surface and the fascia."""
    obese = open_subject("obese")
    names = ("l4_lamina_left", "l3_lamina_left", "multifidus_left")
    pose = {"modality": "ultrasound", "level": "l4", "lateral": 10, "depth": 140}
    thin, thick = (
        sum(Sight(subject, shot.view, shot.settings).visibility(name).cnr for name in names)
        for subject in (atlas, obese)
        for shot in [Shot.parse(pose)]
    )
    assert thick < thin


@pytest.mark.slow
def test_the_matrix_has_a_row_for_each_structure(atlas) -> None:
    told: list[float] = []
    names = ["l4_pedicle_left", "thecal_sac"]
    pedicle, sac = matrix(atlas, names, lambda share, _: told.append(share))
    assert pedicle["structure"] == "l4_pedicle_left"
    assert pedicle["fluoroscopy"] == pedicle["ct"] == "visible"
    assert pedicle["fluoroscopy_reason"] is None
    assert 0.3 < pedicle["fluoroscopy_edge_mm"] < 3
    assert sac["fluoroscopy_reason"] == "no contrast"
    assert sac["fluoroscopy_edge_mm"] is None
    assert all(pedicle[f"{name}_cnr"] >= 0 for name in MODALITIES)
    assert (told[0], told[-1]) == (0.0, 1.0)
    with pytest.raises(UnknownStructure, match="l4_pedicle_lef"):
        matrix(atlas, ["l4_pedicle_lef"])


@pytest.mark.slow
def test_one_of_each_sort_is_of_one_level_and_side(atlas) -> None:
    found = exemplary(atlas, "l3", "right")
    assert {"l3_pedicle_right", "l3_l4_disc", "thecal_sac", "psoas_right"} <= set(found)
    assert not {"l3_pedicle_left", "l2_l3_disc", "l4_vertebra"} & set(found)
