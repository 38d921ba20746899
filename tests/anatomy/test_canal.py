"""What lies in the canal, of every region: its sizes, and the fat behind the sac."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.library import open_subject
from spine_tutor.anatomy.measure import measure_posture, table_rows
from spine_tutor.anatomy.measure_canal import measure_canal
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.region import REGIONS, subject_id

VOXEL = 0.5


@pytest.fixture(scope="module", params=["cervical", "thoracic", "lumbar"])
def region(request):
    return REGIONS[request.param]


@pytest.fixture(scope="module")
def subject(region):
    return open_subject(subject_id("average", region))


@pytest.fixture(scope="module")
def measured(subject):
    return measure_canal(subject)


def test_the_canal_keeps_to_the_table_within_one_sd_or_ten_percent(measured):
    """A voxel is half a millimetre, so nothing is told more exactly; estimates have 1 mm."""
    off = {}
    for where, sizes in measured.items():
        for name, value in sizes.items():
            measurement = morphometry().measurements[name]
            rows = [row for row in measurement.rows if where in row.values]
            wanted = measurement.value(where)
            allowed = max(VOXEL, 0.10 * wanted, *(row.sd or 0.0 for row in rows))
            if all(row.is_estimate for row in rows):
                allowed = max(allowed, 1.0)
            if abs(value - wanted) > allowed:
                off[where, name] = (value, wanted)
    assert len(measured) >= 6
    assert not off


@pytest.mark.parametrize("region", ["lumbar"], indirect=True)
def test_recalled_lumbar_depth_of_the_epidural_space_holds(measured, region):
    for segment in ("l1_l2", "l2_l3", "l3_l4", "l4_l5", "l5_s1"):
        assert 4.9 <= measured[segment]["posterior_epidural_depth"] <= 6.9, segment


def test_epidural_fat_is_thin_under_the_upper_border_of_each_lamina(subject, region):
    """It is segmental: between the laminae it is deep, under them the dura is near the bone."""
    grid = subject.grids[0]
    sac = np.isin(grid.labels, list(subject.structures.labels_of("thecal_sac")))
    for level in region.levels[1:]:
        if f"{level}_lamina_left" not in subject.structures or level[0] == "c":
            continue
        arch = subject.mask(f"{level}_lamina_left") | subject.mask(f"{level}_lamina_right")
        (box,) = ndimage.find_objects(arch.view(np.uint8))
        far = ndimage.distance_transform_edt(~sac[box])[arch[box]]
        assert VOXEL * far.min() < 2.1, level


def test_interspinous_ligaments_end_behind_the_fat(subject, region):
    sac = subject.mask("thecal_sac")
    for upper, lower in region.segments:
        ligament = subject.mask(f"interspinous_ligament_{upper}_{lower}")
        if not ligament.any():
            continue
        (box,) = ndimage.find_objects(ligament.view(np.uint8))
        box = tuple(slice(max(0, part.start - 8), part.stop + 8) for part in box)
        touching = ndimage.binary_dilation(sac[box], iterations=2) & ligament[box]
        assert touching.sum() < 0.01 * ligament.sum(), (upper, lower)


def test_curves_are_told_beside_the_table():
    found = measure_posture(build_column(Case()))
    assert found["lordosis"] == pytest.approx(Case().lordosis, abs=0.2)
    assert found["kyphosis"] == pytest.approx(26.0, abs=0.2)
    rows = table_rows({"all": found})
    assert {row["unit"] for row in rows} == {"deg"}
    assert {row["measure"].split(",")[0] for row in rows} >= {"Lumbar lordosis"}
    assert all(row["source"] for row in rows)
