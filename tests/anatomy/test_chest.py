"""The thoracic region: catalogue, foramina, paravertebral space, lungs, nerves, pictures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from spine_tutor.anatomy.canal import canal_line
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.chest_thin import OFF_BONE
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.region import REGIONS
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.skeleton import build_vertebrae
from spine_tutor.anatomy.structure import TISSUE_CODE, TISSUES
from spine_tutor.anatomy.subject import Subject
from spine_tutor.imaging.shot import Shot

LEVELS = tuple(f"t{n}" for n in range(1, 12))
HARD = ("bone", "disc", "joint")


@pytest.fixture(scope="module")
def chest() -> Subject:
    from spine_tutor.anatomy.library import open_subject

    return open_subject("average-thoracic")


def labels_of(subject, *names):
    table = np.zeros(1 << 16, bool)
    for name in names:
        table[list(subject.structures.labels_of(name))] = True
    return table


def points_of(subject, name, grid=0):
    """Return the world points of a structure's voxels, (n, 3) mm."""
    found = subject.grids[grid]
    return found.points(np.argwhere(labels_of(subject, name)[found.labels]))


def label_at(subject, points):
    """Return the label at each of (n, 3) world points, from the finest grid that holds it."""
    labels = np.zeros(len(points), np.uint16)
    for grid in reversed(subject.grids):
        index, inside = grid.voxel_of(points)
        labels[inside] = grid.labels[tuple(index[inside].T)]
    return labels


def test_every_structure_of_the_catalogue_is_there(chest):
    found = set(np.unique(chest.grids[0].labels)) | set(np.unique(chest.grids[1].labels))
    missing = [
        s.id
        for s in chest.structures.values()
        if not chest.structures.parts(s.id) and s.label not in found and s.id not in chest.meshes
    ]
    assert not missing


def test_left_is_left_and_right_is_right(chest):
    for structure in chest.structures.values():
        mesh = chest.meshes.get(structure.id)
        if structure.side and mesh is not None:
            x = mesh.vertices[:, 0].mean()
            assert (x < 0) == (structure.side == "left"), structure.id


def test_the_body_has_no_gaps(chest):
    coarse = chest.grids[1]
    inside = coarse.labels > 0
    filled = ndimage.binary_fill_holes(inside)
    assert (filled & ~inside).sum() < 1e-4 * inside.sum()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("level", LEVELS)
def test_a_root_is_one_piece_clear_of_bone(chest, level, side):
    grid = chest.grids[0]
    points = points_of(chest, f"{level}_nerve_root_{side}")
    low, high = points.min(axis=0) - 2, points.max(axis=0) + 2
    first, _ = grid.voxel_of(low)
    last, _ = grid.voxel_of(high)
    window = tuple(slice(max(a, 0), b + 1) for a, b in zip(first, last, strict=True))
    root = labels_of(chest, f"{level}_nerve_root_{side}")[grid.labels[window]]
    _, pieces = ndimage.label(root, np.ones((3, 3, 3)))
    assert pieces == 1
    sac = labels_of(chest, "thecal_sac")[grid.labels[window]]
    assert (ndimage.binary_dilation(root, iterations=2) & sac).any()
    assert np.abs(points[:, 0]).max() > 20  # beyond the foramen


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("level", LEVELS)
def test_a_foramen_is_open_around_its_ganglion(chest, level, side):
    """No foramen is narrower than the ball of 4 mm that T2 to T6 let pass."""
    middle = points_of(chest, f"{level}_dorsal_root_ganglion_{side}").mean(axis=0)
    grid = chest.grids[0]
    index, _ = grid.voxel_of(middle)
    reach = 12
    window = tuple(slice(i - reach, i + reach + 1) for i in index)
    solid = np.zeros(1 << 16, bool)
    for structure in chest.structures.values():
        solid[structure.label] = structure.kind in HARD
    gap = ndimage.distance_transform_edt(~solid[grid.labels[window]], grid.spacing)
    near = gap[reach - 3 : reach + 4, reach - 3 : reach + 4, reach - 3 : reach + 4]
    assert 2 * near.max() > 3.9


def test_cord_and_sac_have_the_size_of_the_template_at_t6(chest):
    column = build_column(Case(), REGIONS["thoracic"])
    line = canal_line(column, Case())
    axes = np.arange(-14, 14.01, 0.25)
    u, d = np.meshgrid(axes, axes, indexing="ij")
    plane = label_at(chest, line.place(line.levels["t6"], u, d).reshape(-1, 3)).reshape(u.shape)
    for name, (wide, deep) in {"spinal_cord": (8.2, 5.9), "thecal_sac": (13.7, 12.3)}.items():
        inside = labels_of(chest, name)[plane]
        across, along = (0.25 * np.any(inside, axis=axis).sum() for axis in (1, 0))
        assert across == pytest.approx(wide, abs=0.8)
        assert along == pytest.approx(deep, abs=1.2)


def test_lungs_hold_air_and_pleura_wraps_them(chest):
    for grid in chest.grids:
        for side in SIDES:
            lung = grid.labels == chest.structures[f"lung_{side}"].label
            assert (grid.tissues[lung] == TISSUE_CODE["lung"]).all()
    volume = {s: 8e-6 * len(points_of(chest, f"lung_{s}", 1)) for s in SIDES}
    assert all(1.0 < litres < 3.5 for litres in volume.values())
    assert volume["left"] < volume["right"]  # the heart


def test_pleura_covers_every_nerve_and_vessel_that_the_lung_lies_on(chest):
    grid = chest.grids[0]
    for side in SIDES:
        lung = labels_of(chest, f"lung_{side}")[grid.labels]
        lined = labels_of(chest, f"lung_{side}", f"pleura_{side}")[grid.labels]
        for axis in range(3):
            here, there = (np.moveaxis(m, axis, 0) for m in (lung, lined))
            assert not (here[1:] & ~there[:-1]).any()
            assert not (here[:-1] & ~there[1:]).any()


def test_the_liver_lies_on_the_right_before_vena_cava_and_aorta(chest):
    points = points_of(chest, "liver", 1)
    assert 1.0 < 8e-6 * len(points) < 1.8  # litres; the region ends below L1
    assert 0.8 < (points[:, 0] > 0).mean() < 0.97
    for level in ("t10", "t11", "t12"):
        middle = chest.frames[level][:3, 3]
        slice_ = points[np.abs(points[:, 2] - middle[2]) < 2.0]
        aorta = points_of(chest, "aorta", 1)
        aorta = aorta[np.abs(aorta[:, 2] - middle[2]) < 2.0]
        medial = slice_[np.abs(slice_[:, 0]) < 15.0]
        assert (medial[:, 1] > aorta[:, 1].max()).all(), level


@pytest.mark.parametrize("side", SIDES)
def test_the_head_of_the_humerus_lies_in_its_socket_and_the_arm_leaves_the_picture(chest, side):
    grid = chest.grids[1]
    arm, blade = (
        labels_of(chest, f"{bone}_{side}")[grid.labels] for bone in ("humerus", "scapula")
    )
    gap = ndimage.distance_transform_edt(~arm, grid.spacing)[blade]
    assert 1.5 < gap.min() < 6.0  # cartilage
    edge = 0 if side == "left" else -1
    cut = arm[edge]
    assert cut.any()
    skin = grid.labels[edge][:, np.flatnonzero(cut.any(axis=0))] > 0
    assert np.ptp(np.argwhere(skin)[:, 0]) * grid.spacing[1] > 70.0  # it is within an arm


def test_the_brachiocephalic_veins_meet_behind_the_manubrium_before_the_arteries(chest):
    left, right = (chest.meshes[f"brachiocephalic_vein_{side}"].vertices for side in SIDES)
    cava = chest.meshes["superior_vena_cava"].vertices
    assert cKDTree(cava).query(left)[0].min() < 3.0
    assert cKDTree(cava).query(right)[0].min() < 3.0
    middle = left[np.abs(left[:, 0]) < 4.0]
    arteries = points_of(chest, "supra_aortic_arteries", 1)
    level = np.abs(arteries[:, 2] - middle[:, 2].mean()) < 4.0
    assert middle[:, 1].min() > arteries[level, 1].max() - 3.0
    manubrium = points_of(chest, "manubrium", 1)
    assert middle[:, 1].max() < manubrium[:, 1].min() + 10.0
    assert manubrium[:, 2].min() - 5.0 < middle[:, 2].mean() < manubrium[:, 2].max()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("number", range(2, 11))
def test_the_pleura_is_one_to_three_centimetres_before_the_transverse_process(chest, number, side):
    process = points_of(chest, f"t{number}_transverse_process_{side}")
    pleura = points_of(chest, f"pleura_{side}")
    distance, _ = cKDTree(pleura).query(process)
    assert 5.0 < distance.min() < 20.0


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("number", range(2, 12))
def test_the_paravertebral_target_lies_before_the_ligament_and_behind_the_pleura(
    chest, number, side
):
    mark = chest.landmarks[f"t{number}_paravertebral_target_{side}"]
    point = np.array(mark.point)
    found = chest.structures.by_label(label_at(chest, point[None])[0])
    assert found.id == f"paravertebral_fat_{side}"
    outwards = -0.2 if side == "left" else 0.2  # it lies anterolaterally (literature)
    ahead = point + np.arange(0.0, 40.0, 0.5)[:, None] * [outwards, 1.0, 0.0]
    wall = labels_of(chest, f"pleura_{side}", f"lung_{side}")[label_at(chest, ahead)]
    assert wall.any() or number == 11  # lowest, the space ends on the diaphragm
    entry = np.array(mark.entry)
    assert 14.0 < abs(entry[0]) < 48.0
    way = point + np.linspace(0.1, 1.0, 200)[:, None] * (entry - point)
    met = {chest.structures.by_label(n).kind for n in label_at(chest, way) if n}
    assert "organ" not in met


def test_the_joints_of_the_ribs_are_spaces(chest):
    """Between rib and vertebra there is cartilage or fluid, never bone on bone."""
    grid = chest.grids[0]
    for number in (3, 7, 10):
        for side in SIDES:
            points = points_of(chest, f"costovertebral_joint_t{number}_{side}")
            first, _ = grid.voxel_of(points.min(axis=0) - 3)
            last, _ = grid.voxel_of(points.max(axis=0) + 3)
            window = tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))
            labels = grid.labels[window]
            rib = labels_of(chest, f"rib_{number}_{side}")[labels]
            spine = labels_of(chest, f"t{number}_vertebra", f"t{number - 1}_vertebra")[labels]
            assert rib.any()
            assert spine.any()
            assert not (ndimage.binary_dilation(rib) & spine).any()


def test_medial_branches_lie_on_the_corner_of_the_transverse_process(chest):
    case = Case()
    vertebrae = build_vertebrae(build_column(case, REGIONS["thoracic"]), case, None)
    for number in range(2, 13):
        level = f"t{number}"
        for side in SIDES:
            mark = np.array(chest.landmarks[f"{level}_medial_branch_target_{side}"].point)
            gap = float(vertebrae[level].bone(mark[None].astype(np.float32))[0])
            assert 0.0 < gap < (5.0 if level in OFF_BONE else 1.0), level


@pytest.mark.parametrize("side", SIDES)
def test_the_intercostal_nerve_runs_under_its_rib(chest, side):
    for number in (4, 6, 8):
        nerve = chest.meshes[f"intercostal_nerve_t{number}_{side}"].vertices
        rib = chest.meshes[f"rib_{number}_{side}"].vertices
        far = nerve[np.abs(nerve[:, 0]) > 60.0]
        distance, nearest = cKDTree(rib).query(far)
        assert np.median(distance) < 6.0  # to the corners of its triangles
        assert (far[:, 2] < rib[nearest][:, 2] + 3.0).mean() > 0.9
        below = chest.meshes[f"rib_{number + 1}_{side}"].vertices
        assert cKDTree(below).query(far)[0].min() > 2.0


def test_landmarks_on_the_skin_touch_skin(chest):
    skin = chest.structures["skin"].label
    for mark in chest.landmarks.values():
        if "_skin_" in mark.id:
            behind = np.array(mark.point) - [0.0, 1.5, 0.0]
            assert label_at(chest, np.array([mark.point]))[0] == skin, mark.id
            assert label_at(chest, behind[None])[0] == 0, mark.id


def test_a_needle_can_reach_the_landmarks_from_the_skin(chest):
    skin = chest.structures["skin"].label
    for mark in chest.landmarks.values():
        if mark.entry is not None:
            near = np.array(mark.entry) + 3.0 * (np.indices((3, 3, 3)).reshape(3, -1).T - 1)
            assert (label_at(chest, near) == skin).any(), mark.id


def test_ultrasound_shows_the_pleura_beyond_the_paravertebral_space(chest):
    """A bright line where the labels change from soft tissue to pleura, between two ribs."""
    fields = {"modality": "ultrasound", "probe": "paramedian-sagittal", "level": "t7"}
    image = Shot.parse({**fields, "lateral": 30.0, "depth": 80.0}).simulate(chest)
    labels = np.asarray(image.labels)
    pleura = labels == chest.structures["pleura_left"].label
    lung = labels == chest.structures["lung_left"].label
    bone = labels_of(chest, *(s.id for s in chest.structures.values() if s.kind == "bone"))[labels]
    open_ = pleura & ~np.maximum.accumulate(bone, axis=0)  # no bone above it in the picture
    assert open_.any()
    line = np.asarray(image.pixels)[open_]
    deeper = np.asarray(image.pixels)[lung & ~np.maximum.accumulate(bone, axis=0)]
    assert np.percentile(line, 80) > np.median(deeper) + 6.0


def test_a_probe_over_the_ribs_lies_on_the_fine_grid(chest):
    """On the coarse one fasciae and pleura would show as stairs."""
    from spine_tutor.imaging.us_probe import place
    from spine_tutor.imaging.view import UltrasoundView

    view = UltrasoundView(
        probe="paramedian-sagittal", level="t7", lateral=60, transducer="linear", depth=50
    )
    probe = place(chest, view)
    start, direction = probe.lines(9)
    for depth in (0.0, 25.0, 50.0):
        slab = start + depth * direction + 2.0 * np.array([[[-1.0]], [[1.0]]]) * probe.elevation
        assert chest.grids[0].voxel_of(slab)[1].all()


def test_fluoroscopy_shows_pedicles_evenly_beside_the_spinous_process(chest):
    image = Shot.parse({"modality": "fluoroscopy", "center": "t7_vertebra"}).simulate(chest)
    places = {
        name: points_of(chest, name).mean(axis=0)
        for name in ("t7_pedicle_left", "t7_pedicle_right", "t7_spinous_process")
    }
    left, right, spine = (places[name][0] for name in places)
    assert left == pytest.approx(-right, abs=0.5)
    assert spine == pytest.approx(0.0, abs=0.5)
    pixels = np.asarray(image.pixels)
    middle = pixels.shape[1] // 2
    row = pixels[pixels.shape[0] // 2 - 20 : pixels.shape[0] // 2 + 20].mean(axis=0)
    column, lung = row[middle - 15 : middle + 15].mean(), row[middle + 150 : middle + 200].mean()
    assert column > lung  # log attenuation: the column is denser than the lung


def test_tissues_agree_with_structures(chest):
    for grid in chest.grids:
        for name in ("airway", "liver", "spinal_cord", "intercostal_muscles_left"):
            found = np.unique(grid.tissues[grid.labels == chest.structures[name].label])
            assert {TISSUES[code] for code in found} <= {chest.structures[name].tissue}
