"""Great vessels, segmental arteries and shoulder bones: on paths and fields, nothing is built."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from spine_tutor.anatomy import chest_vessels, vessels
from spine_tutor.anatomy.bones import build_skeleton
from spine_tutor.anatomy.case import Case, shipped_cases
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.region import REGIONS
from spine_tutor.anatomy.ribs import SIGN
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sciatic import strand
from spine_tutor.anatomy.shoulder import CLAVICLE, build_shoulders, places_of
from spine_tutor.anatomy.tubes import STEP, smooth

PRESSED = 2.5
"""How far the walls of neighbouring vessels may press into each other, mm."""
JOINED = (
    {"airway", "trachea"},
    {"aorta", "supra_aortic_arteries"},
    {"superior_vena_cava", "azygos_vein"},
    {"superior_vena_cava", "brachiocephalic_vein_left"},
    {"superior_vena_cava", "brachiocephalic_vein_right"},
    {"brachiocephalic_vein_left", "brachiocephalic_vein_right"},
    {"azygos_vein", "hemiazygos_vein"},
)
"""Pairs that open into each other."""
CASES = sorted(shipped_cases())


@pytest.fixture(scope="module")
def chest():
    column = build_column(Case(), REGIONS["thoracic"])
    return column, build_skeleton(column, Case())


def overlap(a, b):
    """Return how deep one tube lies in another, mm; negative is a gap."""
    distance, nearest = cKDTree(b.path).query(a.path)
    return float((a.radius + b.radius[nearest] - distance).max())


@pytest.mark.parametrize("case", CASES)
def test_great_vessels_of_the_chest_do_not_run_through_each_other(case):
    body = shipped_cases()[case]
    column = build_column(body, REGIONS["thoracic"])
    tubes = list(chest_vessels.great_vessels(column, body.height_scale))
    for a, b in combinations(tubes, 2):
        pair = {a.structure, b.structure}
        if len(pair) == 2 and pair not in JOINED:
            assert overlap(a, b) < PRESSED, pair


@pytest.mark.parametrize("case", CASES)
def test_arteries_and_veins_of_the_pelvis_do_not_run_through_each_other(case):
    column = build_column(shipped_cases()[case], REGIONS["lumbar"])
    tubes = list(vessels.great_vessels(column))
    for a, b in combinations(tubes, 2):
        kinds = {("vein" if "vein" in t.structure or "cava" in t.structure else "") for t in (a, b)}
        if len(kinds) == 2:
            assert overlap(a, b) < 3.5, (a.structure, b.structure)


@pytest.mark.parametrize("region", ["lumbar", "thoracic"])
def test_no_great_vessel_lies_in_bone(region):
    column = build_column(Case(), REGIONS[region])
    skeleton = build_skeleton(column, Case())
    if region == "lumbar":
        tubes = list(vessels.great_vessels(column))
    else:
        tubes = list(chest_vessels.great_vessels(column, 1.0))
    for tube in tubes:
        for bone in skeleton.bones():
            gap = bone.bone(tube.path.astype(np.float32)) - tube.radius
            assert gap.min() > -1.0, (tube.structure, bone.part_ids[0])


def test_behind_the_sternum_at_t4_come_windpipe_gullet_and_body():
    column = build_column(Case(), REGIONS["thoracic"])
    middle = column.frames["t4"][:3, 3]
    depth = {}
    for tube in chest_vessels.great_vessels(column, 1.0):
        at = int(np.argmin(np.abs(tube.path[:, 2] - middle[2])))
        if tube.structure in ("trachea", "oesophagus") and tube.structure not in depth:
            assert abs(tube.path[at, 0]) < 8.0
            depth[tube.structure] = tube.path[at, 1]
    front = middle[1] + 0.5 * column.bodies["t4"].depth
    assert front < depth["oesophagus"] < depth["trachea"]
    # the arch passes left of both, the right-hand stretch before them
    arch = chest_vessels.aorta_path(column, 1.0)
    beside = arch[np.abs(arch[:, 1] - depth["trachea"]) < 6.0]
    assert (beside[:, 0] < -15.0).all()


def test_intercostal_arteries_begin_on_the_descending_aorta(chest):
    column, skeleton = chest
    limb = chest_vessels.descending_aorta(column, 1.0)
    rising = limb[:, 2].max() < column.frames["t4"][2, 3]
    assert rising
    assert (limb[:, 1] < column.frames["t5"][1, 3] + 40.0).all()
    others = [
        tube
        for tube in chest_vessels.great_vessels(column, 1.0)
        if tube.structure not in ("aorta", "azygos_vein", "hemiazygos_vein")
    ]
    for number in range(chest_vessels.FIRST_AORTIC, 12):
        for side in SIDES:
            level = f"t{number}"
            mouth = vessels.foramen_mouth(column, None, level, SIGN[side])
            trunk = limb, chest_vessels.AORTA[2]
            path = vessels.round_body(skeleton, column, level, SIGN[side], trunk, mouth)
            gap = np.linalg.norm(limb - path[0], axis=1).min()
            assert gap < chest_vessels.AORTA[2]
            assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 1.5  # in one piece
            for tube in others:
                distance, at = cKDTree(tube.path).query(path)
                assert (distance > tube.radius[at]).all(), (level, side, tube.structure)
            for model in skeleton.vertebrae.values():
                assert model.bone(path.astype(np.float32)).min() > 0.0


def test_the_clavicle_ends_at_the_acromion_and_crosses_no_bone(chest):
    column, skeleton = chest
    bones = {bone.part_ids[0]: bone for bone in build_shoulders(column, 1.0, abducted=False)}
    for side in SIDES:
        clavicle, scapula = bones[f"clavicle_{side}"], bones[f"scapula_{side}"]
        path = smooth(places_of(column, CLAVICLE, side, 1.0), STEP)
        lateral = scapula.bone(path[-1:].astype(np.float32))[0]
        assert 5.0 < lateral < 14.0  # from the middle of its end to the acromion
        assert (scapula.bone(path.astype(np.float32)) > 4.0).all()
        for rib in skeleton.thorax.ribs.values():
            inside = clavicle.bone(rib.to_world(rib.axis.path).astype(np.float32))
            assert inside.min() > 0.0
            assert scapula.bone(rib.to_world(rib.axis.path).astype(np.float32)).min() > 2.0


def test_the_scapula_is_a_flat_blade_on_the_back_of_the_ribs(chest):
    """From T2 to T8, some 140 mm high and 100 mm broad, with a socket for the humerus."""
    column, _ = chest
    bones = {bone.part_ids[0]: bone for bone in build_shoulders(column, 1.0, abducted=False)}
    scapula, humerus = bones["scapula_right"], bones["humerus_right"]
    axes = [np.arange(a, b, 3.0) for a, b in zip(*scapula.box, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    inside = grid[scapula.bone(grid) < 0]
    heights = [column.frames[level][2, 3] for level in ("t2", "t8")]
    assert inside[:, 2].max() == pytest.approx(heights[0], abs=20.0)
    assert inside[:, 2].min() == pytest.approx(heights[1], abs=20.0)
    blade = inside[(inside[:, 2] < column.frames["t4"][2, 3] - 4.0)]
    thick = np.linalg.svd(blade - blade.mean(axis=0), full_matrices=False)[1][-1]
    assert thick / np.sqrt(len(blade)) < 5.0  # its spread across itself, mm
    assert 130.0 < np.ptp(inside[:, 2]) < 150.0
    socket = inside[humerus.bone(inside) < 5.0]
    assert len(socket) > 10
    assert not (humerus.bone(inside) < 0).any()


def test_shoulders_are_the_same_bone_in_every_region():
    regions = [build_column(Case(), REGIONS[name]) for name in ("cervical", "thoracic")]
    neck, chest = ({b.part_ids[0]: b for b in build_shoulders(c, 1.0, False)} for c in regions)
    points = np.random.default_rng(0).uniform(*chest["scapula_left"].box, (500, 3))
    points = points.astype(np.float32)
    for name, bone in chest.items():
        assert np.allclose(bone.bone(points), neck[name].bone(points), atol=0.01)


def test_a_strand_of_the_plexus_has_no_kink():
    root = smooth([[30.0, 0.0, 10.0], [45.0, 20.0, -15.0]], STEP)
    nerve = smooth([[50.0, -42.0, -74.0], [58.0, -56.0, -90.0]], STEP)
    whole = np.concatenate([root[:-1], strand(root, nerve)[:-1], nerve])
    ways = whole[10:] - whole[:-10]  # over 5 mm
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    turn = np.degrees(np.arccos(np.clip((ways[10:] * ways[:-10]).sum(axis=1), -1.0, 1.0)))
    assert turn.max() < 40.0
