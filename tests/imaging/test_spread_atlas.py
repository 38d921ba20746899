"""Spread in the atlas against published series and what every interventionist knows."""

import numpy as np
import pytest

from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.spread import Spread, spread
from spine_tutor.imaging.spread_joint import capacity_ml
from spine_tutor.imaging.spread_pattern import pattern

SEEDS = range(3)


def heights(found: Spread) -> np.ndarray:
    filled = np.flatnonzero(found.share.sum(axis=(0, 1)) > 0)
    return found.origin[2] + found.spacing[2] * filled


def before_the_sac(atlas) -> tuple[float, float, float]:
    """Return a place in the fat before the sac at L4–L5, in the midline."""
    grid = atlas.grids[0]
    z = atlas.point("l4_l5_disc")[2]
    at = grid.points(np.argwhere(atlas.mask("epidural_fat")))
    near = at[(np.abs(at[:, 0]) < 6) & (np.abs(at[:, 2] - z) < 6)]
    x, y, z = (float(v) for v in near[near[:, 1].argmax()])
    return x, y, z


def test_three_ml_before_the_sac_reach_as_many_levels_as_published(atlas):
    """2.21 ± 0.93 levels in 82 patients (Jeong 2013, 10.4097/kjae.2013.65.5.431)."""
    place = before_the_sac(atlas)
    level = atlas.frames["l3"][2, 3] - atlas.frames["l4"][2, 3]
    reached = [
        np.ptp(heights(spread(atlas, Injectate(at=place, volume_ml=3.0, seed=seed)))) / level
        for seed in SEEDS
    ]
    assert np.mean(reached) == pytest.approx(2.21, abs=0.93)


def test_two_ml_in_the_foramen_reach_the_pedicle_medially_and_hardly_the_midline(atlas):
    """At S1: 2 mL reach it in all patients, 4 mL pass the midline by a few mm in 27 % (Furman
    2012, 10.1111/j.1526-4637.2012.01474.x); held here at L4."""
    pedicle = atlas.point("l4_pedicle_left")[0]
    for seed in SEEDS:
        found = spread(
            atlas, Injectate(at="l4_transforaminal_target_left", volume_ml=2.0, seed=seed)
        )
        along = found.share.sum(axis=(1, 2))
        x = found.origin[0] + found.spacing[0] * np.arange(len(along))
        assert along[x > pedicle].sum() > 0.25 * along.sum()
        assert along[x > 0].sum() < 0.05 * along.sum()
        assert pattern(found, "l4_transforaminal_target_left").verdict != "not intended"
        assert pattern(found).name.startswith("Epidural, left")


def test_a_facet_joint_holds_its_capacity_and_then_bursts(atlas):
    """The capsule nearly always bursts at arthrography (10.1148/radiology.140.1.6454162)."""
    joint = "l4_l5_facet_joint_left"
    held = {}
    for volume in (0.6, 0.8, 2.0, 3.0):
        found = spread(atlas, Injectate(at=joint, volume_ml=volume))
        held[volume] = found.ml[joint]
        assert found.escaped_ml == pytest.approx(found.present_ml - found.ml[joint], abs=1e-4)
    assert held[0.8] > 0.9 * 0.8
    assert held[3.0] == pytest.approx(capacity_ml(joint), rel=0.05)
    assert 2.0 - held[2.0] > 0.35 * 2.0


def test_an_arthrogram_is_thin_where_the_joint_opens_with_a_knob_at_either_end(atlas):
    """Seen along the joint, as on the oblique view; the recesses are wider than the slit."""
    joint = "l4_l5_facet_joint_left"
    found = spread(atlas, Injectate(at=joint, volume_ml=capacity_ml(joint)))
    at = found.origin + np.argwhere(found.share > 0.2) * found.spacing
    slit = at[np.abs(at[:, 2] - atlas.point(joint)[2]) < 2.0]
    across = np.linalg.svd(slit[:, :2] - slit[:, :2].mean(axis=0), full_matrices=False)[2][1]
    middle = np.quantile(slit[:, :2] @ across, (0.1, 0.9))
    wide = [
        np.ptp(np.quantile(at[far][:, :2] @ across, (0.1, 0.9)))
        for far in (at[:, 2] > at[:, 2].max() - 4.0, at[:, 2] < at[:, 2].min() + 4.0)
    ]
    assert np.ptp(middle) < 4.0
    assert min(wide) > np.ptp(middle)


def test_csf_holds_it_within_the_sac(atlas):
    found = spread(
        atlas, Injectate(at="l4_l5_interlaminar_target", volume_ml=8.0, space="intrathecal")
    )
    assert set(found.ml) == {"cerebrospinal_fluid"}
    assert found.taken_ml == pytest.approx(8.0, rel=1e-3)
