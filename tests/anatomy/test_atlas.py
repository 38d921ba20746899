"""The built atlas: what lies where, measured on its voxels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spine_tutor.anatomy import TISSUES
from spine_tutor.anatomy.atlas import NAPE, _taut, _tips, build_atlas
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.region import LUMBAR, REGIONS
from spine_tutor.anatomy.rows import SIDES

ROOTS = [(level, side) for level in (*LUMBAR.levels, "s1") for side in SIDES]
SEGMENTS = ["_".join(pair) for pair in LUMBAR.segments]


def near(atlas, mask, name, reach_mm):
    """Return the mask of a structure within a box around another mask, and the box."""
    grid = atlas.grids[0]
    margin = round(reach_mm / grid.spacing[0])
    (box,) = ndimage.find_objects(mask.view(np.uint8))
    window = tuple(slice(max(0, s.start - margin), s.stop + margin) for s in box)
    return np.isin(grid.labels[window], list(atlas.structures.labels_of(name))), window


def points(atlas, name, grid=0):
    return atlas.grids[grid].points(np.argwhere(atlas.mask(name, grid)))


def local(atlas, places, level):
    frame = atlas.frames[level]
    return (places - frame[:3, 3]) @ frame[:3, :3]


def test_every_structure_of_the_catalogue_is_there(atlas):
    missing = set(structures()) - set(atlas.centers)
    assert not missing


def test_left_is_left_and_right_is_right(atlas):
    for name, center in atlas.centers.items():
        if name.endswith("_left"):
            assert center[0] < 0, name
        if name.endswith("_right"):
            assert center[0] > 0, name


def test_the_body_has_no_gaps(atlas):
    for grid in atlas.grids:
        outside, count = ndimage.label(grid.labels == 0)
        behind = np.unique(outside[:, 0])  # air reaches a subject from behind or the sides
        assert count == 0 or set(range(1, count + 1)) <= set(behind) | set(
            np.unique(outside[[0, -1]])
        ) | set(np.unique(outside[:, -1]))


def test_tissues_agree_with_structures(atlas):
    grid = atlas.grids[0]
    pairs = np.unique(grid.labels.astype(np.uint32) * 256 + grid.tissues)
    varied = {
        "bone": {"cortical_bone", "trabecular_bone"},
        "joint": {"cartilage", "synovial_fluid"},
        "disc": {"disc_nucleus", "disc_annulus"},
    }
    for pair in pairs[pairs >= 256]:
        structure = atlas.structures.by_label(int(pair) // 256)
        tissue = TISSUES[int(pair) % 256]
        assert tissue in varied.get(structure.kind, {structure.tissue}), structure.id


def test_the_coarse_grid_continues_the_fine_one(atlas):
    fine, coarse = atlas.grids
    ratio = round(coarse.spacing[0] / fine.spacing[0])
    labels = fine.labels[::ratio, ::ratio, ::ratio]
    first, inside = coarse.voxel_of(fine.origin)
    assert inside
    window = tuple(slice(a, a + n) for a, n in zip(first, labels.shape, strict=True))
    assert np.array_equal(coarse.labels[window], labels)


def test_the_origin_is_the_upper_endplate_of_s1(atlas):
    above = atlas.structure_at((0.0, 0.0, 2.0))
    below = atlas.structure_at((0.0, 0.0, -4.0))
    assert above.id.startswith("l5_s1")
    assert below.id == "s1_body"


@pytest.mark.parametrize(("level", "side"), ROOTS)
def test_a_root_is_one_piece_from_the_sac_to_beyond_the_foramen(atlas, level, side):
    root = atlas.mask(f"{level}_nerve_root_{side}")
    (box,) = ndimage.find_objects(root.view(np.uint8))
    _, pieces = ndimage.label(root[box], np.ones((3, 3, 3)))
    assert pieces == 1
    sac, window = near(atlas, root, "thecal_sac", 1.0)
    touches = ndimage.binary_dilation(root[window], iterations=1) & sac
    assert touches.any()
    if level == "s1":  # out of the first anterior sacral foramen
        assert local(atlas, points(atlas, f"s1_nerve_root_{side}"), "s1")[:, 1].max() > 8
    else:
        far = np.abs(points(atlas, f"{level}_nerve_root_{side}")[:, 0]).max()
        pedicle = np.abs(points(atlas, f"{level}_pedicle_{side}")[:, 0]).max()
        assert far > pedicle + 4


@pytest.mark.parametrize(("level", "side"), [r for r in ROOTS if r[0] != "s1"])
def test_a_foramen_is_open_around_its_ganglion(atlas, level, side):
    ganglion = atlas.mask(f"{level}_dorsal_root_ganglion_{side}")
    bone, window = near(atlas, ganglion, f"{level}_vertebra", 3.0)
    shell = ndimage.binary_dilation(ganglion[window], iterations=3) & ~ganglion[window]
    labels = atlas.grids[0].labels[window][shell]
    soft = [
        atlas.structures[name].label
        for name in ("epidural_fat", "retroperitoneal_fat", "intermuscular_fat")
    ]
    nerve = list(atlas.structures.labels_of(f"{level}_nerve_root_{side}"))
    assert np.isin(labels, [*soft, *nerve]).mean() > 0.6
    # just under its pedicle
    gap = local(atlas, points(atlas, f"{level}_dorsal_root_ganglion_{side}"), level)[:, 2].max()
    pedicle = local(atlas, points(atlas, f"{level}_pedicle_{side}"), level)[:, 2]
    assert gap < np.percentile(pedicle, 5) + 3
    assert gap > pedicle.min() - 9
    assert bone.any()


def test_the_sac_ends_in_the_middle_of_s2(atlas):
    low = points(atlas, "thecal_sac")
    low = low[low[:, 2].argmin()]
    s2 = points(atlas, "s2_body", grid=1)
    up = atlas.frames["s1"][:3, 2]
    along = s2 @ up
    assert along.min() < low @ up < along.max()


def test_the_cord_ends_in_the_lower_third_of_l1(atlas):
    tip = local(atlas, points(atlas, "spinal_cord"), "l1")[:, 2].min()
    height = build_column(Case()).bodies["l1"].height
    assert -0.5 * height <= tip <= -height / 6


@pytest.mark.parametrize("segment", SEGMENTS)
def test_the_flava_are_paired_with_a_gap_between(atlas, segment):
    left = points(atlas, f"ligamentum_flavum_{segment}_left")[:, 0]
    right = points(atlas, f"ligamentum_flavum_{segment}_right")[:, 0]
    assert left.max() < -0.4
    assert right.min() > 0.4
    assert len(left) == pytest.approx(len(right), rel=0.15)
    assert left.min() < -6


def test_the_flavum_lies_between_its_laminae(atlas):
    for upper, lower in LUMBAR.segments[:-1]:
        place = np.array(atlas.centers[f"ligamentum_flavum_{upper}_{lower}"])
        above = np.array(atlas.centers[f"{upper}_lamina_left"])
        below = np.array(atlas.centers[f"{lower}_lamina_left"])
        assert below[2] < place[2] < above[2]


def test_skin_to_epidural_space_at_l3_l4(atlas):
    target = np.array(atlas.landmarks["l3_l4_interlaminar_target"].point)
    assert atlas.structure_at(target).id == "epidural_fat"
    back = target - [0.0, 150.0, 0.0]
    way = np.linspace(back, target, 3001)
    skin = way[np.flatnonzero(atlas.sample(way)[0])[0]]
    assert target[1] - skin[1] == pytest.approx(57, abs=12)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("level", ["l1", "l2", "l3", "l4", "l5"])
def test_the_transforaminal_target_lies_under_the_pedicle_above_the_root(atlas, level, side):
    target = np.array(atlas.landmarks[f"{level}_transforaminal_target_{side}"].point)
    assert atlas.structure_at(target).id == "epidural_fat"
    z = local(atlas, target, level)[2]
    pedicle = local(atlas, points(atlas, f"{level}_pedicle_{side}"), level)
    assert pedicle[:, 2].min() - 8 < z < np.median(pedicle[:, 2])
    root = points(atlas, f"{level}_nerve_root_{side}")
    assert np.linalg.norm(root - target, axis=1).min() < 8


@pytest.mark.parametrize("side", SIDES)
def test_the_medial_branch_target_is_bone_between_its_processes(atlas, side):
    target = np.array(atlas.landmarks[f"l4_medial_branch_target_{side}"].point)
    assert atlas.structure_at(target).id == f"l4_transverse_process_{side}"
    process = points(atlas, f"l4_superior_articular_process_{side}")
    assert np.linalg.norm(process - target, axis=1).min() < 8


def test_landmarks_on_the_skin_touch_skin(atlas):
    for level in atlas.frames:
        for where in ("midline", "paramedian_left", "paramedian_right"):
            point = np.array(atlas.landmarks[f"{level}_skin_{where}"].point)
            assert atlas.structure_at(point).id == "skin"


def test_meshes_are_closed_outward_and_know_their_parts(atlas):
    for name, mesh in atlas.meshes.items():
        a, b, c = (mesh.vertices[mesh.faces[:, n]].astype(float) for n in range(3))
        volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
        assert volume > 0, name
        assert set(np.unique(mesh.part_labels)) <= atlas.structures.labels_of(name), name
    assert {f"{level}_vertebra" for level in LUMBAR.levels} <= set(atlas.meshes)
    assert 100_000 < sum(len(mesh.faces) for mesh in atlas.meshes.values()) < 300_000


def test_a_mesh_lies_on_the_surface_of_its_voxels(atlas):
    mesh = atlas.meshes["l4_vertebra"]
    solid = points(atlas, "l4_vertebra")
    assert np.abs(mesh.vertices.min(axis=0) - solid.min(axis=0)).max() < 1.5
    assert np.abs(mesh.vertices.max(axis=0) - solid.max(axis=0)).max() < 1.5


@pytest.mark.slow
def test_the_same_case_gives_the_same_bytes(atlas):
    heard = []
    again = build_atlas(Case(), progress=lambda fraction, message: heard.append(fraction))
    assert again.content_hash == atlas.content_hash
    for name, mesh in again.meshes.items():
        assert mesh.vertices.tobytes() == atlas.meshes[name].vertices.tobytes(), name
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0.0, 1.0)


def test_the_nape_hangs_on_c7_where_a_laminectomy_has_taken_the_process_of_t1():
    canvas = Canvas(structures(REGIONS["cervical"], ()), [-10.0, -60.0, 0.0], 2.0, (11, 40, 60))
    _, y, z = canvas.axes()
    column = np.ones((11, 1, 1), bool) & (y > 0.0)
    canvas.paint("c7_spinous_process", column | (y > -30.0) & (np.abs(z - 20.0) < 6.0))
    canvas.paint("occipital_bone", column | (y > -40.0) & (z > 100.0))
    line = _tips(canvas, build_column(Case(), REGIONS["cervical"]), ())
    assert line.shape == (60, 2)
    assert (line[line[:, 1] > 20.0, 0] < -20.0).all()  # drawn tight from C7 to the occiput


def test_the_line_of_the_tips_bridges_levels_opened_by_a_laminectomy():
    case = Case(laminectomy=("l2", "l3", "l4"))
    column = build_column(case)
    canvas = Canvas(structures(LUMBAR, ()), [-10.0, -80.0, -40.0], 2.0, (11, 60, 120))
    _, y, z = canvas.axes()
    high, low = column.frames["l2"][2, 3] + 15.0, column.frames["l4"][2, 3] - 15.0
    closed = (z > high) | (z < low)
    canvas.paint("l3_vertebra", np.ones((11, 1, 1), bool) & (y > np.where(closed, -55.0, 0.0)))
    line = _tips(canvas, column, case.laminectomy)
    assert np.abs(line[:, 0] + 55.0).max() < 3.0
    assert _tips(canvas, column, ())[:, 0].max() > -20.0


def test_a_nape_that_touches_nothing_between_its_ends_is_straight_and_drawn_in():
    z = np.linspace(0.0, 100.0, 51)
    edge = np.where((z == 0.0) | (z == 100.0), -40.0, 0.0)
    line = _taut(z, edge)
    assert line[[0, -1]] == pytest.approx(-40.0)
    assert line[25] == pytest.approx(-40.0 + NAPE)
