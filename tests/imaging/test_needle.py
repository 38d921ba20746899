"""The needle: where it lies, what it crosses, how it travels with a shot."""

from functools import cache

import numpy as np
import pytest
from pydantic import ValidationError

from phantoms import phantom, slab
from spine_tutor.imaging.additions import NOTHING, Additions
from spine_tutor.imaging.masks import structure_mask
from spine_tutor.imaging.modality import MODALITIES, simulate
from spine_tutor.imaging.needle import (
    LENGTHS,
    MAKES,
    NEEDLE,
    Needle,
    angles,
    parse_needle,
    passages,
)
from spine_tutor.imaging.needle_solid import Solid, cylinder, half_space
from spine_tutor.imaging.shot import Shot
from spine_tutor.problems import ProblemError


@cache
def body():
    """Return layers from behind: 10 mm of fat, 20 mm of muscle, fat again, from y −50 to 50."""
    return phantom(
        (slab(-50, 50), "fat"), (slab(-40, -20), "muscle"), (slab(0, 10), "cortical_bone")
    )


def straight(**fields) -> Needle:
    return Needle(tip=(0.0, -10.0, 0.0), **fields)


# -- the solid ------------------------------------------------------------------------------------


def test_the_length_in_a_cylinder_has_a_closed_form() -> None:
    ends = [half_space((0, 0, -20), (0, 0, -1)), half_space((0, 0, 20), (0, 0, 1))]
    solid = Solid.of([cylinder((0, 0, 0), (0, 0, 1), 2.0, ends)])
    off = np.linspace(-2.5, 2.5, 41)
    start = np.stack([np.full(41, -9.0), off, np.zeros(41)], axis=1)
    across = solid.lengths(start, start + np.array([18, 0, 0]))
    np.testing.assert_allclose(across, 2 * np.sqrt(np.maximum(4 - off**2, 0)), atol=1e-9)
    aslant = solid.lengths((-9, 0, -9), (9, 0, 9))
    assert aslant == pytest.approx(4 * np.sqrt(2))
    assert solid.lengths((0, 1, -90), (0, 1, 90)) == pytest.approx(40)  # along the axis
    assert solid.lengths((0, 1, 10), (0, 1, 90)) == pytest.approx(10)  # from within
    assert solid.span((-9, 0, 0), (9, 0, 0)) == pytest.approx((7, 4))


def test_half_spaces_cut() -> None:
    ends = [half_space((0, 0, 0), (0, 0, -1)), half_space((0, 0, 0), (1, 0, 1))]
    solid = Solid.of([cylinder((0, 0, 0), (0, 0, 1), 2.0, ends)])
    assert solid.lengths((-1, 0, -9), (-1, 0, 9)) == pytest.approx(1)  # up to the slanting face


@pytest.mark.parametrize("kind", list(MAKES))
def test_a_needle_has_its_diameter_and_ends_at_its_tip(kind: str) -> None:
    needle = straight(kind=kind, oblique=-20, tilt=10).placed(body())
    assert needle.length in LENGTHS
    for back in (10.0, 40.0):
        middle = needle.line[0] + (needle.length - back) * needle.direction
        side = np.cross(needle.direction, (0, 0, 1))
        side /= np.linalg.norm(side)
        through = needle.steel.lengths(middle - 5 * side, middle + 5 * side)
        assert through == pytest.approx(MAKES[kind].diameter, rel=0.05)
    reach = 3 * needle.bevel + 3 * np.cross(needle.direction, needle.bevel)
    beyond = needle.tip + 0.02 * needle.direction
    assert needle.steel.lengths(beyond - reach, beyond + reach) == 0
    short = needle.tip - 0.5 * needle.direction
    assert needle.steel.lengths(short - needle.bevel, short + needle.bevel) > 0


def test_the_volume_of_a_bent_needle_counts_nothing_twice() -> None:
    needle = straight(kind="tuohy").placed(body())
    x, z = (a.ravel() * 0.02 for a in np.mgrid[-60:61, -60:61])
    start = needle.tip + np.stack([x, np.full(x.size, -60.0), z], axis=1)
    volume = needle.steel.lengths(start, start + np.array([0, 70, 0])).sum() * 0.02**2
    area = np.pi * needle.radius**2
    assert area * 58 < volume < area * 60


# -- where it lies --------------------------------------------------------------------------------


def test_its_angles_are_those_of_the_c_arm() -> None:
    needle = straight(oblique=-25, tilt=12).placed(body())
    view = MODALITIES["fluoroscopy"].view(center=(0, -10, 0), oblique=-25, tilt=12)
    np.testing.assert_allclose(view.geometry(body()).direction, -needle.direction, atol=1e-9)


@pytest.mark.parametrize("way", [(0, 0), (-25, 12), (60, -30)])
def test_a_direction_gives_its_angles_back(way: tuple[float, float]) -> None:
    needle = straight(oblique=way[0] / 2, tilt=way[1] / 2).placed(body())
    assert angles(needle.direction) == pytest.approx((way[0] / 2, way[1] / 2))


def test_an_entry_and_angles_meet_the_skin_at_the_same_place() -> None:
    aimed = straight(oblique=30).placed(body())
    led = straight(entry=tuple(aimed.entry)).placed(body())
    np.testing.assert_allclose(led.direction, aimed.direction, atol=1e-6)
    assert led.depth == pytest.approx(aimed.depth, abs=0.1)
    assert aimed.entry[1] == pytest.approx(-50.5, abs=0.6)


def test_advancing_moves_the_tip_along_the_shaft() -> None:
    before, after = straight().placed(body()), straight(advance=6.0).placed(body())
    np.testing.assert_allclose(after.tip - before.tip, 6 * before.direction, atol=1e-9)
    assert after.depth - before.depth == pytest.approx(6)


def test_it_names_what_it_crosses_with_lengths() -> None:
    found = passages(body(), straight())
    assert [p.structure.id for p in found] == ["part1", "part2", "part1"]
    assert [p.enter for p in found] == pytest.approx([0, 10, 30], abs=1.0)
    assert [p.length for p in found] == pytest.approx([10, 20, 10], abs=1.0)
    assert sum(p.length for p in found) == pytest.approx(straight().placed(body()).depth, abs=0.5)
    aslant = passages(body(), straight(oblique=40))
    assert aslant[1].length == pytest.approx(20 / np.cos(np.deg2rad(40)), abs=1.0)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tip": (0.0, -10.0, 0.0), "entry": (0.0, -10.0, 0.0)}, "same place"),
        ({"tip": (0.0, float("nan"), 0.0)}, "finite"),
        ({"tip": (0.0, -10.0, 0.0), "oblique": float("inf")}, "finite"),
        ({"tip": (0.0, -10.0, 0.0), "entry": (0.0, -50.0, 0.0), "oblique": 5}, "not as both"),
        ({"tip": (0.0, -10.0, 0.0), "kind": "12G"}, "22G"),
        ({}, "required"),
    ],
)
def test_what_no_needle_is_like_is_refused(fields: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Needle(**fields)
    with pytest.raises(ProblemError, match=said):
        parse_needle(fields)


@pytest.mark.parametrize(
    ("needle", "said"),
    [
        (Needle(tip=(0.0, 300.0, 0.0)), "outside the body"),
        (Needle(tip="l9_target"), "not in subject"),
        (straight(advance=-60.0), "outside the body"),
        (straight(entry=(0.0, -10.4, 0.0)), "mm from the tip"),
        (straight(tilt=60, advance=0).model_copy(update={"tilt": 89.0}), "end of the subject"),
    ],
)
def test_what_cannot_lie_in_a_body_says_why(needle: Needle, said: str) -> None:
    with pytest.raises(ProblemError, match=said):
        needle.placed(body())


def test_no_needle_is_as_long_as_that() -> None:
    long = phantom((slab(-500, 500), "muscle"), shape=(8, 330, 60), spacing=2.0)
    with pytest.raises(ProblemError, match="no needle is longer than 250 mm"):
        Needle(tip=(0.0, 100.0, 0.0)).placed(long)


def test_a_place_may_be_written_as_text() -> None:
    assert parse_needle({"tip": "1, -2.5,3"}).tip == (1, -2.5, 3)


# -- with a shot ----------------------------------------------------------------------------------

VIEWS = {
    "fluoroscopy": {"center": (0, -10, 0), "pixels": 96, "field": 80},
    "ct": {"center": (0, -10, 0), "pixels": 96, "field": 80},
    "mri": {"center": (0, -10, 0), "pixels": 96, "field": 80},
}


@pytest.mark.parametrize("modality", list(VIEWS))
def test_nothing_added_changes_nothing(modality: str) -> None:
    view = MODALITIES[modality].view(**VIEWS[modality])
    settings = MODALITIES[modality].settings()
    bare = MODALITIES[modality].simulate(body(), view, settings, np.random.default_rng(0))
    none = simulate(body(), view, settings, 0, Additions())
    np.testing.assert_array_equal(bare.pixels, none.pixels)
    assert Shot(view, settings).key() == Shot(view, settings, Additions()).key()


@pytest.mark.parametrize("modality", list(VIEWS))
def test_a_needle_is_part_of_the_picture_and_of_its_key(modality: str) -> None:
    # across the beam of fluoroscopy; in the slice of the others
    angle = {"fluoroscopy": {"oblique": 60}, "mri": {"tilt": 40}}.get(modality, {})
    fields = {"modality": modality, **VIEWS[modality]}
    added = {"needle": {"tip": (0, -10, 0), **angle}}
    bare, with_it = Shot.parse(fields), Shot.parse({**fields, **added})
    assert bare.additions == NOTHING
    assert bare.key() != with_it.key()
    image = with_it.simulate(body())
    assert not np.array_equal(image.pixels, bare.simulate(body()).pixels)
    mask = structure_mask(image, "needle")
    assert 5 < mask.sum() < 0.1 * mask.size
    row, column = np.argwhere(mask)[mask.sum() // 2]
    assert NEEDLE in [crossing.structure for crossing in image.structures_at(row, column)]
    if image.is_projection:
        assert (image.ray_labels() == NEEDLE.label).any()


def test_an_impossible_needle_stops_a_picture_with_a_reason() -> None:
    shot = Shot.parse({"modality": "ct", **VIEWS["ct"], "needle": {"tip": (0, 400, 0)}})
    with pytest.raises(ProblemError, match="outside the body"):
        shot.simulate(body())
