"""Poses, cuts and projections against geometry done by hand."""

import numpy as np
import pytest
from pydantic import ValidationError

from phantoms import box, phantom, slab, sphere
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.raytrace import crossings
from spine_tutor.imaging.view import CtView, FluoroscopyView, MriView

CENTER = (0.0, 0.0, 0.0)
BALL = phantom((sphere(30), "muscle"), shape=(70, 70, 70))


def detector_direction(**pose) -> np.ndarray:
    return FluoroscopyView(center=CENTER, **pose).geometry(BALL).direction


@pytest.mark.parametrize(
    ("pose", "towards"),
    [
        ({"position": "supine"}, (0, 1, 0)),  # detector in front
        ({"position": "prone"}, (0, -1, 0)),  # detector over the back
        ({"position": "supine", "oblique": 90}, (-1, 0, 0)),  # LAO turns to the patient's left
        ({"position": "supine", "oblique": 30}, (-0.5, np.sqrt(0.75), 0)),
        ({"position": "prone", "oblique": 30}, (0.5, -np.sqrt(0.75), 0)),  # the same line: RPO
        ({"position": "prone", "tilt": 30}, (0, -np.sqrt(0.75), 0.5)),  # cranial
        ({"position": "supine", "tilt": 30}, (0, np.sqrt(0.75), 0.5)),
    ],
)
def test_the_c_arm_turns_as_clinicians_say(pose, towards) -> None:
    assert np.allclose(detector_direction(**pose), towards)


@pytest.mark.parametrize(("position", "left_column"), [("prone", "low"), ("supine", "high")])
def test_which_side_the_patients_left_is_on(position, left_column) -> None:
    geometry = FluoroscopyView(center=CENTER, position=position).geometry(BALL)
    _, column = geometry.world_to_pixel((-10, 0, 0))
    assert (column < 255.5) == (left_column == "low")
    row, _ = geometry.world_to_pixel((0, 0, 10))
    assert row < 255.5, "cranial is up"


def test_magnification_is_sid_over_sod() -> None:
    view = FluoroscopyView(center=CENTER, source_to_detector=1000, source_to_axis=600)
    geometry = view.geometry(BALL)
    (_, a), (_, b) = geometry.world_to_pixel((-20, 0, 0)), geometry.world_to_pixel((20, 0, 0))
    assert (b - a) * geometry.spacing == pytest.approx(40 * 1000 / 600, abs=0.5 * geometry.spacing)


def test_a_ray_and_its_pixel_are_inverse() -> None:
    geometry = FluoroscopyView(center=CENTER, oblique=25, tilt=-10).geometry(BALL)
    point = geometry.move(100.0, 400.0, keep=(3, 4, 5))
    assert geometry.world_to_pixel(point) == pytest.approx((100, 400))
    normal = np.cross(geometry.right, geometry.down)
    assert (point - (3, 4, 5)) @ normal == pytest.approx(0), "depth is kept"


def test_a_detector_before_the_axis_is_refused() -> None:
    view = FluoroscopyView(center=CENTER, source_to_detector=700, source_to_axis=900)
    with pytest.raises(ValueError, match="must exceed"):
        view.geometry(BALL)


@pytest.mark.parametrize(
    ("view", "left_top"),
    [
        (CtView(center=CENTER), (1, 1, 0)),  # axial, from the feet: right anterior, top left
        (CtView(center=CENTER, plane="coronal"), (1, 0, 1)),
        (MriView(center=CENTER), (0, 1, 1)),  # sagittal: anterior on the left
    ],
)
def test_slices_hang_as_radiologists_hang_them(view, left_top) -> None:
    geometry = view.geometry(BALL)
    assert np.allclose(np.sign(np.round(geometry.pixel_to_world(0, 0), 6)), left_top)


def test_a_slice_is_isometric_and_invertible() -> None:
    geometry = CtView(center=CENTER, field=100, pixels=200).geometry(BALL)
    assert geometry.spacing == 0.5
    assert np.allclose(geometry.points()[20, 30], geometry.pixel_to_world(20, 30))
    assert geometry.world_to_pixel(geometry.pixel_to_world(20, 30)) == pytest.approx((20, 30))
    assert geometry.distance(geometry.pixel_to_world(3, 4)) == pytest.approx(0)


def test_unknown_places_and_levels_are_named() -> None:
    with pytest.raises(KeyError, match="not in subject"):
        CtView(center="l4_vertebra").geometry(BALL)
    with pytest.raises(KeyError, match="no level"):
        CtView(center=CENTER, align="l4").geometry(BALL)


@pytest.mark.parametrize(
    "bad",
    [
        {"oblique": float("nan")},
        {"tilt": 90},
        {"field": 0},
        {"pixels": 5000},
        {"center": (1e9, 0, 0)},
        {"obliqe": 3},
    ],
)
def test_impossible_poses_are_refused(bad) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        FluoroscopyView(**bad)


def test_a_ray_lists_what_it_crosses_in_order() -> None:
    body = phantom((slab(-20, 20), "muscle"), (slab(-5, 5), "cortical_bone"))
    found = crossings(body.grids, (0.2, -500, 0.3), (0.2, 500, 0.3))
    assert [label for label, _, _ in found] == [1, 2, 1]
    assert [length for _, _, length in found] == pytest.approx([15, 10, 15])
    assert found[0][1] == pytest.approx(480)


def test_a_chord_through_a_sphere() -> None:
    body = phantom((sphere(40), "muscle"))
    for offset in (0.0, 10.0, 25.0):
        ((_, _, length),) = crossings(body.grids, (offset, -500, 0.2), (offset, 500, 0.2))
        # within the staircase of 1 mm voxels, which is steeper towards the edge
        assert length == pytest.approx(2 * np.sqrt(40**2 - offset**2), abs=2.0)


def test_grids_of_two_sizes_make_one_ray() -> None:
    body = phantom(
        (box((-40, -40, -40), (40, 40, 40)), "muscle"),
        shape=(40, 40, 40),
        spacing=1.0,
        coarse=((40, 40, 40), 4.0),
    )
    found = crossings(body.grids, (1, -500, 1), (1, 500, 1))
    assert len(found) == 1, "no seam where the grids meet"
    assert found[0][2] == pytest.approx(80, abs=4)


def test_a_projections_pixel_is_a_ray_through_structures() -> None:
    body = phantom((sphere(30), "muscle"), (sphere(10), "cortical_bone"))
    geometry = FluoroscopyView(center=CENTER, pixels=65).geometry(body)
    image = Image("fluoroscopy", np.zeros((65, 65), np.float32), "log attenuation", geometry, body)
    names = [crossing.structure.id for crossing in image.structures_at(32, 32)]
    assert names == ["part1", "part2", "part1"]
    assert image.structures_at(-1, 0) == ()


def test_a_place_is_three_numbers_or_the_text_of_them() -> None:
    for given in ("10,-20,30.5", (10, -20, 30.5), [10, -20, 30.5]):
        assert CtView(center=given).center == (10.0, -20.0, 30.5)
    assert CtView(center="l4_body").center == "l4_body"
    with pytest.raises(ValidationError):
        CtView(center="10,-20,9000")
