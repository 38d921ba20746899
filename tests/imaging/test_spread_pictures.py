"""What each modality shows of an injected fluid."""

import numpy as np
import pytest

from canal_body import body
from spine_tutor.anatomy import TISSUE_CODE
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.attenuation_map import attenuation_map
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.iodine import fluid_hounsfield
from spine_tutor.imaging.modality import MODALITIES, simulate
from spine_tutor.imaging.paths import path_lengths
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.spread import spread
from spine_tutor.imaging.spread_pictures import filled, fluid, with_fluid

PLACES = {
    "epidural": ("l4_l5_interlaminar_target", 3.0),
    "intrathecal": ("cerebrospinal_fluid", 3.0),
    "intravascular": ("aorta", 3.0),
    "intradiscal": ("l4_l5_nucleus", 1.0),
    "joint": ("l4_l5_facet_joint_left", 0.4),
    "muscle": ("multifidus_right", 2.0),
    "perineural": ("l4_nerve_root_left", 0.8),
}


def added(at, volume=2.0, **more) -> Additions:
    return Additions(injectate=Injectate(at=at, volume_ml=volume, **more))


def shot(modality: str, additions: Additions, seed: int = 1, **fields) -> np.ndarray:
    asked = {"modality": modality, "center": (0.0, -5.0, 0.0), "pixels": 128, **fields}
    view = MODALITIES[modality].view.model_validate(asked)
    return simulate(body(), view, None, seed=seed, additions=additions).pixels


def test_iodine_along_the_rays_is_the_whole_of_what_was_injected():
    additions = added("l4_l5_interlaminar_target", 3.0, iodine=240.0)
    found = fluid(body(), additions)
    view = MODALITIES["fluoroscopy"].view.model_validate(
        {"modality": "fluoroscopy", "center": (0.0, -8.0, 0.0), "pixels": 256, "field": 150}
    )
    geometry = view.geometry(body())
    water, mineral = path_lengths(attenuation_map(body(), "labels"), geometry)
    _, _, iodine = with_fluid(water, mineral, found, geometry)
    # a pixel at the isocentre's depth stands for (spacing / magnification)²
    area = (geometry.spacing * view.source_to_axis / view.source_to_detector) ** 2
    assert iodine.sum() * area / 1000.0 == pytest.approx(3.0 * 240.0, rel=0.03)


@pytest.mark.parametrize("space", PLACES)
@pytest.mark.parametrize("oblique", [0.0, 90.0])
def test_fluoroscopy_shows_iodine_and_not_plain_fluid(space, oblique):
    at, volume = PLACES[space]
    view = {"oblique": oblique, "field": 110}
    bare = shot("fluoroscopy", Additions(), **view)
    with_iodine = shot("fluoroscopy", added(at, volume, iodine=240.0), **view)
    plain = shot("fluoroscopy", added(at, volume, iodine=0.0), **view)
    again = shot("fluoroscopy", Additions(), seed=2, **view)
    seen = np.argsort((with_iodine - bare).ravel())[-60:]  # where most iodine lies
    noise = (again - bare).ravel()[seen].std() / np.sqrt(2)
    strong = (with_iodine - bare).ravel()[seen].mean()
    assert strong > (5 if space != "intravascular" else 2) * noise
    assert abs((plain - bare).ravel()[seen].mean()) < min(3 * noise, 0.12 * strong)


def test_ct_rises_with_the_iodine_of_each_pixel():
    additions = added("cerebrospinal_fluid", 3.0, iodine=20.0)
    found = fluid(body(), additions)
    view = {"field": 60, "thickness": 1.0, "pixels": 128}
    bare, shown = (shot("ct", a, **view) for a in (Additions(), additions))
    geometry = (
        MODALITIES["ct"]
        .view.model_validate({"modality": "ct", "center": (0.0, -5.0, 0.0), **view})
        .geometry(body())
    )
    share = found.sample(geometry.points())
    inside = share > 0.9 * share.max()
    slope = fluid_hounsfield(20.0) - 12.0  # what CSF has (reference table)
    expected = share[inside].mean() * slope
    assert (shown - bare)[inside].mean() == pytest.approx(expected, rel=0.1)
    assert np.abs((shown - bare)[share == 0]).mean() < 2.0


def test_ct_shows_saline_as_fluid():
    additions = added((35.0, 25.0, 0.0), 2.0, iodine=0.0)
    found = fluid(body(), additions)
    view = {"center": found.tip, "field": 30}
    change = shot("ct", additions, **view) - shot("ct", Additions(), **view)
    assert 20 < change.max() < 130  # from fat towards water


def test_mri_shows_fluid_in_muscle_bright_on_t2():
    additions = added("multifidus_right", 3.0, iodine=0.0)
    found = fluid(body(), additions)
    view = {"center": found.tip, "field": 60, "plane": "axial"}
    change = shot("mri", additions, **view) - shot("mri", Additions(), **view)
    assert change.max() > 0.2
    assert change.mean() > 0


def test_ultrasound_meets_fluid_that_parts_the_tissue_and_keeps_its_volume():
    additions = added("multifidus_right", 3.0)
    changed = filled(body(), additions)
    fluid_voxels = changed.grids[0].tissues == TISSUE_CODE["contrast"]
    assert fluid_voxels.sum() * 1e-3 == pytest.approx(3.0, rel=0.01)
    assert body().grids[0].tissues[fluid_voxels].tolist() != []
    muscle = TISSUE_CODE["muscle"]
    assert (body().grids[0].tissues[fluid_voxels] == muscle).mean() > 0.8
    assert not (body().grids[0].tissues == TISSUE_CODE["contrast"]).any()  # the body is left alone


def test_a_vessel_is_washed_out_of_the_picture():
    view = {"field": 110, "oblique": 90.0}
    early = shot("fluoroscopy", added("aorta", 3.0, iodine=300.0), **view)
    late = shot("fluoroscopy", added("aorta", 3.0, iodine=300.0, seconds=30.0), **view)
    bare = shot("fluoroscopy", Additions(), **view)
    assert (early - bare).max() > 3 * np.abs(late - bare).max()
    assert late == pytest.approx(bare, abs=1e-6)


def test_a_shot_carries_the_injectate_from_plain_data_into_its_key():
    fields = {"modality": "ct", "center": [0, -5, 0]}
    one = Shot.parse(fields | {"injectate": {"at": "aorta", "volume_ml": 1.0}})
    other = Shot.parse(fields | {"injectate": {"at": "aorta", "volume_ml": 2.0}})
    assert one.additions.injectate.volume_ml == 1.0
    assert one.key() != other.key()


def test_a_coarser_crop_keeps_the_volume(monkeypatch):
    import spine_tutor.imaging.spread as module

    injectate = Injectate(at="l4_l5_interlaminar_target", volume_ml=6.0, seed=11)
    monkeypatch.setattr(module, "CROP_VOXELS", 20_000)
    module._spread.cache_clear()
    found = spread(body(), injectate)
    assert found.share.size <= 20_000
    assert found.present_ml == pytest.approx(6.0, rel=1e-4)
    index = np.argwhere(found.share > 0)
    middle = np.average(
        found.origin + index * found.spacing, axis=0, weights=found.share[tuple(index.T)]
    )
    module._spread.cache_clear()
    monkeypatch.undo()
    fine = spread(body(), injectate)
    index = np.argwhere(fine.share > 0)
    exact = np.average(
        fine.origin + index * fine.spacing, axis=0, weights=fine.share[tuple(index.T)]
    )
    assert middle == pytest.approx(exact, abs=0.05)
