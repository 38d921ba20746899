"""The subject: what lies where, by name, in memory and on disk."""

import numpy as np
import pytest

from spine_tutor.anatomy import LabelGrid, Landmark, Structure, StructureSet, Subject
from spine_tutor.problems import ProblemError


def structures() -> StructureSet:
    return StructureSet(
        [
            Structure("l4_vertebra", 1, "L4 vertebra", "bone", "trabecular_bone", "#ffffff"),
            Structure("l4_body", 2, "L4 body", "bone", "trabecular_bone", "#ffffff", "l4_vertebra"),
            Structure("fat", 3, "Fat", "envelope", "fat", "#ffff00"),
        ]
    )


def subject() -> Subject:
    """Return a fine block of bone (1 mm) inside a coarse block of fat (4 mm)."""
    fine = LabelGrid(
        np.full((8, 8, 8), 2, np.uint16),
        np.full((8, 8, 8), 7, np.uint8),
        np.array([-3.5, -3.5, 6.5]),
        np.ones(3),
    )
    coarse = LabelGrid(
        np.full((10, 10, 10), 3, np.uint16),
        np.full((10, 10, 10), 3, np.uint8),
        np.full(3, -18.0),
        np.full(3, 4.0),
    )
    mark = Landmark("target", "A target", (1.0, 2.0, 3.0), "made up for this test")
    return Subject(
        "test",
        "Test",
        (fine, coarse),
        structures(),
        {"target": mark},
        {"l4": np.eye(4)},
        content_hash="abc",
    )


def test_the_finest_grid_decides() -> None:
    labels, tissues = subject().sample([[0, 0, 10], [0, 0, 0], [500, 0, 0]])
    assert labels.tolist() == [2, 3, 0]
    assert tissues.tolist() == [7, 3, 0]


def test_a_whole_is_all_its_parts() -> None:
    assert structures().labels_of("l4_vertebra") == {1, 2}
    assert structures().whole("l4_body").id == "l4_vertebra"
    assert subject().mask("l4_vertebra").all()


def test_places_by_name() -> None:
    body = subject()
    assert body.point("target").tolist() == [1, 2, 3]
    assert np.allclose(body.point("l4_vertebra"), [0, 0, 10])
    assert body.point("l4").tolist() == [0, 0, 0]
    assert body.point((1, 2, 3)).tolist() == [1, 2, 3]
    with pytest.raises(KeyError, match="l4_vertebra"):
        body.point("l4_vertebro")


def test_unknown_structure_names_the_nearest() -> None:
    with pytest.raises(KeyError, match="Did you mean `l4_body`"):
        structures()["l4_bdy"]


@pytest.mark.parametrize(
    ("field", "value"), [("tissue", "cheese"), ("kind", "thing"), ("label", 0)]
)
def test_an_impossible_structure_is_refused(field: str, value: object) -> None:
    good = {"id": "a", "label": 1, "name": "A", "kind": "bone", "tissue": "fat", "color": "#000000"}
    with pytest.raises(ValueError, match="a:"):
        StructureSet([Structure(**{**good, field: value})])  # type: ignore[arg-type]


def test_round_trip(tmp_path) -> None:
    before = subject()
    before.save(tmp_path / "s")
    after = Subject.load(tmp_path / "s")
    assert after.id == before.id
    assert dict(after.centers) == dict(before.centers)
    assert dict(after.landmarks) == dict(before.landmarks)
    assert np.array_equal(after.frames["l4"], before.frames["l4"])
    for one, other in zip(before.grids, after.grids, strict=True):
        assert np.array_equal(one.labels, other.labels)
        assert np.array_equal(one.voxel_to_world, other.voxel_to_world)


def test_a_damaged_folder_says_what_to_do(tmp_path) -> None:
    subject().save(tmp_path / "s")
    (tmp_path / "s" / "labels1.npy").write_bytes(b"not an array")
    with pytest.raises(ProblemError, match="spine-tutor subject"):
        Subject.load(tmp_path / "s")


def test_volumes_must_share_a_shape() -> None:
    with pytest.raises(ValueError, match="share one 3-D shape"):
        LabelGrid(
            np.zeros((2, 2, 2), np.uint16), np.zeros((2, 2, 3), np.uint8), np.zeros(3), np.ones(3)
        )
