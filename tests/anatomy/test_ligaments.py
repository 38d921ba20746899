"""Ligaments and fat round the canal: where they end, and what surgery takes of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.library import open_subject
from spine_tutor.anatomy.ligaments import MOUTH, paint_supraspinous
from spine_tutor.anatomy.measure_canal import posterior_epidural_depth
from spine_tutor.anatomy.region import LUMBAR, REGIONS, subject_id

SEGMENTS = ("l1_l2", "l2_l3", "l3_l4", "l4_l5")


@pytest.fixture(scope="module")
def operated():
    return open_subject("operated")


@pytest.fixture(scope="module")
def herniated():
    return open_subject("herniation")


def points(subject, *names):
    grid, known = subject.grids[0], subject.structures
    labels = [n for name in names for n in known.labels_of(name)]
    return grid.points(np.argwhere(np.isin(grid.labels, labels)))


# -- longitudinal ligaments -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("which", ["anterior", "posterior"])
@pytest.mark.parametrize("region", REGIONS)
def test_a_longitudinal_ligament_is_one_strap(region, which):
    subject = open_subject(subject_id("average", REGIONS[region]))
    label = subject.structures[f"{which}_longitudinal_ligament"].label
    pieces, _ = ndimage.label(np.asarray(subject.grids[0].labels) == label, np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel())[1:]
    assert sizes.max() > 0.99 * sizes.sum(), np.sort(sizes)


@pytest.mark.slow
@pytest.mark.parametrize("region", ["cervical", "thoracic", "lumbar"])
def test_the_posterior_ligament_lies_between_body_and_dura_wherever_one_looks_back(region):
    """Backwards from a body it is met before the dura, and is about a millimetre thick."""
    subject = open_subject(subject_id("average", REGIONS[region]))
    known = subject.structures
    strap, dura = (known[n].label for n in ("posterior_longitudinal_ligament", "dura"))
    levels = [n for n in REGIONS[region].levels if n not in ("c1", "c2")]
    thick = []
    for level in levels:
        frame = subject.frames[level]
        for x in (-2.0, 0.0, 2.0):
            way = np.array([[x, -y, 0.0] for y in np.arange(2.0, 40.0, 0.25)])
            labels = subject.sample(frame[:3, 3] + way @ frame[:3, :3].T)[0]
            assert (labels == strap).any(), (level, x)
            assert (labels == strap).argmax() < (labels == dura).argmax(), (level, x)
            thick.append(0.25 * (labels == strap).sum())
    assert 1.0 <= np.median(thick) < 2.0
    assert max(thick) < 2.5


# -- epidural fat ---------------------------------------------------------------------------------


def test_epidural_fat_ends_in_the_foramina(atlas):
    fat = points(atlas, "epidural_fat")
    above = fat[(fat - atlas.frames["s1"][:3, 3]) @ atlas.frames["s1"][:3, 2] > 14.0]
    litres = 1e-6 * np.prod(atlas.grids[0].spacing)
    assert 15e-3 < len(above) * litres < 45e-3  # canal and foramina from T12 to L5
    for level in LUMBAR.levels[1:]:
        frame = atlas.frames[level]
        pedicles = points(atlas, f"{level}_pedicle_left", f"{level}_pedicle_right")
        border = np.abs((pedicles - frame[:3, 3]) @ frame[:3, 0]).max()
        local = (fat - frame[:3, 3]) @ frame[:3, :3]
        near = local[np.abs(local[:, 2]) < 14.0]
        assert np.abs(near[:, 0]).max() < border + MOUTH + 3.0, level


@pytest.mark.parametrize("segment", SEGMENTS)
def test_fat_behind_the_sac_is_segmental(atlas, segment):
    """In the midline a pad between two laminae, little under the top of a lamina."""
    lower = segment.split("_")[1]
    frame = atlas.frames[lower]
    arch = points(atlas, f"{lower}_lamina_left", f"{lower}_lamina_right")
    top = np.percentile((arch - frame[:3, 3]) @ frame[:3, 2], 92) - 3.0
    near = []
    for name in ("epidural_fat", "thecal_sac"):
        local = (points(atlas, name) - frame[:3, 3]) @ frame[:3, :3]
        near.append(local[(np.abs(local[:, 2] - top) < 0.6) & (np.abs(local[:, 0]) < 1.6), 1])
    behind = near[0][near[0] < near[1].min()]
    under = float(np.ptp(behind)) + 0.5 if len(behind) else 0.0
    assert under < 0.6 * posterior_epidural_depth(atlas, segment)


# -- surgery --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opened", "low"), [(("l3",), 30), (("l3", "l4"), 10)])
def test_the_supraspinous_ligament_ends_at_the_processes_beside_a_laminectomy(opened, low):
    canvas = Canvas(structures(), [-10.0, -20.0, -20.0], 1.0, (21, 41, 131))
    for n, level in enumerate(("l5", "l4", "l3", "l2", "l1")):
        if level not in opened:
            box = canvas.window([-3, -5, 20.0 * n], [3, 15, 20.0 * n + 10.0])
            canvas.paint(f"{level}_spinous_process", np.ones((7, 21, 11), bool), box)
    tips = np.column_stack([np.full(131, -8.0), np.arange(-20.0, 111.0)])
    paint_supraspinous(canvas, tips, -np.inf, LUMBAR, opened)
    label = canvas.structures["supraspinous_ligament"].label
    z = np.unique(np.nonzero(canvas.labels == label)[2]) - 20
    assert not ((z > low + 3) & (z < 57)).any()
    assert {0, low, 60, 100} <= set(z.tolist())


@pytest.mark.slow
def test_a_laminectomy_takes_the_ligaments_of_its_lamina(operated, atlas):
    for name in ("supraspinous_ligament", "ligamentum_flavum_l4_l5", "ligamentum_flavum_l3_l4"):
        assert len(points(operated, name)), name
    frame = operated.frames["l4"]
    above = points(operated, "l3_spinous_process")[:, 2].min()
    below = points(operated, "l5_spinous_process")[:, 2].max()
    supra = points(operated, "supraspinous_ligament")
    assert not ((supra[:, 2] > below + 3.0) & (supra[:, 2] < above - 3.0)).any()
    assert {"interspinous_ligament_l3_l4", "interspinous_ligament_l4_l5"}.isdisjoint(
        operated.centers
    )
    flavum = (points(operated, "ligamentum_flavum_l4_l5") - frame[:3, 3]) @ frame[:3, :3]
    assert (np.abs(flavum[:, 0]) < 7.0).mean() < 0.02  # what is left is beside the joints
    for segment, most in (("l4_l5", 0.35), ("l3_l4", 0.85)):
        name = f"ligamentum_flavum_{segment}"
        assert len(points(operated, name)) < most * len(points(atlas, name)), segment


@pytest.mark.slow
def test_fat_and_muscle_cover_the_dura_after_a_laminectomy(operated):
    frame, body = operated.frames["l4"], points(operated, "l4_body")
    height = np.ptp((body - frame[:3, 3]) @ frame[:3, 2])
    sac = (points(operated, "thecal_sac") - frame[:3, 3]) @ frame[:3, :3]
    for z in -height * np.array([0.3, 0.5, 0.7]):
        back = sac[(np.abs(sac[:, 2] - z) < 1) & (np.abs(sac[:, 0]) < 4), 1].min()
        way = np.array([[x, back - y, z] for x in (-4, 0, 4) for y in np.arange(1.0, 16.0, 0.5)])
        labels = operated.sample(frame[:3, 3] + way @ frame[:3, :3].T)[0]
        met = {s.kind if (s := operated.structures.by_label(int(n))) else None for n in labels}
        ids = {s.id for n in labels if (s := operated.structures.by_label(int(n)))}
        assert None not in met, z
        assert not met & {"bone", "disc"}, (z, ids)
        assert "epidural_fat" in ids, z


# -- herniation -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_herniation_presses_on_the_root_that_passes_it(herniated):
    frame = herniated.frames["s1"]
    plate = herniated.frames["l5"][:3, 3] + frame[:3, 3]
    nucleus = (points(herniated, "l5_s1_nucleus") - plate / 2) @ frame[:3, :3]
    out = nucleus[nucleus[:, 1] < np.percentile(nucleus[:, 1], 2)]
    assert out[:, 0].mean() < -3.0  # on the left
    depth = {}
    for side in ("left", "right"):
        root = (points(herniated, f"s1_nerve_root_{side}") - plate / 2) @ frame[:3, :3]
        beside = root[np.abs(root[:, 2] - out[:, 2].mean()) < 3.0]
        depth[side] = beside[:, 1].mean()
        if side == "left":
            assert cKDTree(out).query(beside)[0].min() < 1.5
    assert depth["left"] < depth["right"] - 0.8  # pushed backwards


@pytest.mark.slow
@pytest.mark.parametrize("case", ["average", "herniation", "operated"])
def test_nothing_of_the_sac_lies_against_bone_unpadded(case):
    """Dura everywhere wraps the fluid: no fluid beside bone, disc or ligament."""
    subject = open_subject(case)
    grid, known = subject.grids[0], subject.structures
    labels = np.asarray(grid.labels)
    hard = np.zeros(1 << 16, bool)
    hard[[s.label for s in known.values() if s.kind in ("bone", "disc", "ligament", "joint")]] = (
        True
    )
    fluid = labels == known["cerebrospinal_fluid"].label
    (box,) = ndimage.find_objects(fluid.view(np.uint8))
    beside = ndimage.binary_dilation(fluid[box]) & hard[labels[box]]
    assert not beside.any()
