"""What holds for every region of the atlas."""

import numpy as np
import pytest

from spine_tutor.anatomy.library import open_subject
from spine_tutor.anatomy.region import COLUMN, REGIONS, subject_id


@pytest.fixture(scope="module", params=REGIONS.values(), ids=REGIONS)
def region(request):
    return request.param


@pytest.fixture(scope="module")
def subject(region):
    return open_subject(subject_id("average", region))


def test_regions_cover_the_column_from_the_atlas_to_the_coccyx():
    levels = {level for region in REGIONS.values() for level in region.levels}
    assert levels == set(COLUMN)
    assert "coccyx" in open_subject("average-sacral").centers


def test_every_structure_of_its_catalogue_is_there(subject):
    assert set(subject.structures) - set(subject.centers) == set()


def test_left_and_right_are_on_their_sides(subject):
    for name, center in subject.centers.items():
        if name.endswith("_left"):
            assert center[0] < 0, name
        elif name.endswith("_right"):
            assert center[0] > 0, name


def test_pairs_are_alike(subject):
    sizes = {name: len(mesh.faces) for name, mesh in subject.meshes.items()}
    for name in sizes:
        if name.endswith("_left"):
            assert name.removesuffix("_left") + "_right" in sizes, name


def test_its_levels_are_posed_from_above(subject, region):
    heights = [subject.frames[level][2, 3] for level in region.levels]
    assert heights == sorted(heights, reverse=True)
    for level in region.levels:
        found = subject.structure_at(subject.frames[level][:3, 3])
        if level != "c1":  # which has no body
            assert found.id == f"{level}_body"


def test_bones_shared_by_two_regions_are_the_same(subject, region):
    """Regions of a case lie in one world: what two of them share stands in one place."""
    for other in REGIONS.values():
        shared = set(other.levels) & set(region.levels)
        if other is not region and shared:
            beside = open_subject(subject_id("average", other))
            for level in shared:
                assert subject.frames[level] == pytest.approx(beside.frames[level])


def test_the_skin_of_the_back_follows_the_spinous_processes(subject, region):
    """No hump behind the shoulders whatever the posture: skin and fat over a tip, mm."""
    for level in region.levels:
        if level[0] in "tl":
            grid = subject.grids[0]
            index = np.argwhere(subject.mask(f"{level}_spinous_process"))
            tip = grid.points(index[index[:, 1].argmin()])
            behind = tip - np.arange(0.0, 60.0, 0.5)[:, None] * [0.0, 1.0, 0.0]
            deep = 0.5 * np.count_nonzero(subject.sample(behind)[0])
            assert 8.0 < deep < 32.0, (level, deep)


def test_the_rectum_ends_at_the_skin(subject, region):
    if region.pelvis:
        grid = subject.grids[1]
        rectum = subject.mask("rectum", 1)
        heights = np.flatnonzero(rectum.any(axis=(0, 1)))
        body = (grid.labels > 0) & ~rectum
        for k in heights:
            back = body[:, :, k].any(axis=0).argmax()
            assert back <= rectum[:, :, k].any(axis=0).argmax(), k


def test_the_canal_is_open_from_end_to_end(subject, region):
    """Every level of the fine grid that the sac passes holds fluid within a ring of dura."""
    grid = subject.grids[0]
    fluid, dura = (
        np.isin(grid.labels, list(subject.structures.labels_of(name))).any(axis=(0, 1))
        for name in ("cerebrospinal_fluid", "dura")
    )
    top = grid.voxel_of(subject.frames[region.levels[0]][:3, 3])[0][2]
    inside = np.flatnonzero(fluid[:top])  # above the atlas there is the skull
    assert len(inside) > 0.9 * np.ptp(inside)
    assert dura[inside].all()


def test_targets_lie_in_the_body_and_their_way_in_begins_on_the_skin(subject):
    ways = 0
    for mark in subject.landmarks.values():
        assert mark.source, mark.id
        assert subject.structure_at(mark.point) is not None, mark.id
        if mark.entry is not None:
            ways += 1
            direction = mark.direction
            before = subject.structure_at(np.array(mark.entry) - 4.0 * direction)
            assert before is None or before.id in ("skin", "subcutaneous_fat"), mark.id
            after = subject.structure_at(np.array(mark.entry) + 4.0 * direction)
            assert after is not None, mark.id
    assert ways > 5


def test_meshes_are_closed_and_face_outwards(subject):
    for name, mesh in subject.meshes.items():
        a, b, c = (mesh.vertices[mesh.faces[:, n]].astype(float) for n in range(3))
        assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() > 0, name
