"""The probe on the skin, the picture it makes and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from phantoms import box, phantom, slab, sphere
from spine_tutor.imaging import ultrasound
from spine_tutor.imaging.ultrasound import Settings
from spine_tutor.imaging.us_probe import place
from spine_tutor.imaging.view import UltrasoundView
from spine_tutor.problems import ProblemError

BODY = replace(
    phantom(
        (box((-60, -50, -62), (60, 50, 62)), "muscle"),
        (slab(-50, -40), "fat"),
        (box((-30, -25, -62), (-20, -15, 62)), "cortical_bone"),  # a rod on the left
        (box((-60, -25, 20), (60, -15, 26)), "cortical_bone"),  # and one across, cranially
        shape=(140, 140, 140),
    ),
    frames={"l4": np.eye(4)},
)
SKIN = -50.0


def view(**pose) -> UltrasoundView:
    return UltrasoundView(**{"level": "l4", "center": (0.0, 0.0, 0.0), "pixels": 128, **pose})


def image(pose: UltrasoundView, subject=BODY, seed: int = 0, **console):
    return ultrasound.simulate(subject, pose, Settings(**console), np.random.default_rng(seed))


def test_the_face_lies_on_the_skin_and_looks_in():
    probe = place(BODY, view(probe="transverse", transducer="linear"))
    assert probe.face == pytest.approx((0.0, SKIN, 0.0), abs=0.1)
    assert probe.down == pytest.approx((0.0, 1.0, 0.0), abs=2e-3)


def test_a_convex_face_touches_and_gel_fills_the_rest():
    pose = view(probe="transverse", pixels=400)
    assert place(BODY, pose).face[1] == pytest.approx(SKIN, abs=0.1)
    found = image(pose, without=("sound speed",))
    height = found.geometry.points()[..., 1]
    assert not found.labels[found.inside & (height < SKIN - 1.0)].any()  # gel
    near = found.inside & (np.abs(height - SKIN - 5.0) < 3.0)
    assert (found.labels[near] == BODY.sample((0.0, SKIN + 5.0, 0.0))[0]).mean() > 0.99


@pytest.mark.parametrize(
    ("placement", "right"),
    [
        ("transverse", (1, 0, 0)),
        ("median-sagittal", (0, 0, -1)),
        ("paramedian-sagittal", (0, 0, -1)),
    ],
)
def test_left_is_left_and_cranial_is_left(placement, right):
    assert place(BODY, view(probe=placement)).right == pytest.approx(right, abs=2e-3)


def test_paramedian_goes_to_the_side_named():
    for side, sign in (("left", -1), ("right", 1)):
        probe = place(BODY, view(probe="paramedian-sagittal", side=side, lateral=20.0))
        assert probe.face[0] == pytest.approx(sign * 20.0, abs=0.1)


def test_oblique_leans_towards_the_canal():
    probe = place(
        BODY, view(probe="paramedian-sagittal-oblique", side="left", lateral=15.0, center=None)
    )
    canal = BODY.frames["l4"][:3, 3] - (0, 28.0, 0)
    assert probe.down[0] > 0.1
    away = (canal - probe.face) @ np.cross(probe.right, probe.down)
    assert abs(away) < 6.0 or np.degrees(np.arcsin(probe.down[0])) > 24.0


def test_the_hand_slides_turns_fans_and_rocks():
    still = place(BODY, view(probe="transverse"))
    slid = place(BODY, view(probe="transverse", along=10.0, across=-5.0))
    assert slid.face - still.face == pytest.approx((-5.0, 0.0, 10.0), abs=0.1)
    turned = place(BODY, view(probe="transverse", rotate=90.0))
    assert turned.right == pytest.approx((0, 0, -1), abs=2e-3)
    fanned = place(BODY, view(probe="transverse", tilt=20.0))
    assert fanned.right == pytest.approx(still.right, abs=2e-3)
    assert np.degrees(np.arccos(fanned.down @ still.down)) == pytest.approx(20.0)
    rocked = place(BODY, view(probe="transverse", rock=20.0))
    assert abs(rocked.elevation @ still.elevation) == pytest.approx(1.0)
    assert np.degrees(np.arccos(rocked.down @ still.down)) == pytest.approx(20.0)


def test_the_picture_starts_at_the_skin_and_is_as_deep_as_asked():
    found = image(view(probe="transverse", transducer="linear", depth=50.0))
    top = found.geometry.pixel_to_world(0, 64)
    bottom = found.geometry.pixel_to_world(127, 64)
    assert top[1] == pytest.approx(SKIN, abs=0.5)
    assert bottom[1] - top[1] == pytest.approx(50.0, abs=0.5)


def test_labels_are_of_what_is_drawn_there():
    found = image(view(probe="transverse", transducer="linear", depth=50.0))
    r, c = found.geometry.world_to_pixel((-21.5, -23.0, 0.0))
    assert found.structures_at(r, c)[0].structure.id == "part3"
    assert found.structures_at(5, 64)[0].structure.id == "part2"
    assert not found.labels[~found.inside].any()


def test_bone_shines_and_hides_what_is_behind():
    found = image(view(probe="transverse", transducer="curved", depth=60.0, pixels=256))
    shape = found.geometry
    r, c = (round(x) for x in shape.world_to_pixel((-25.0, -25.0, 0.0)))
    surface = found.pixels[r - 5 : r + 8, c].max()
    behind = found.pixels[r + 30 : r + 60, c].mean()
    beside = found.pixels[r + 30 : r + 60, c + 60].mean()
    assert surface > found.pixels[r - 30 : r - 10, c].max()
    assert behind < beside - 20.0


def test_without_shadow_what_is_behind_bone_appears():
    pose = view(probe="transverse", depth=60.0, pixels=256)
    r, c = (round(x) for x in image(pose).geometry.world_to_pixel((-25.0, -5.0, 0.0)))
    spot = (slice(r - 5, r + 5), slice(c - 5, c + 5))
    assert (
        image(pose, without=("shadow",)).pixels[spot].mean() > image(pose).pixels[spot].mean() + 20
    )


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("transducer", ["curved", "linear"])
def test_speckle_stays_in_the_tissue_while_the_probe_slides(transducer):
    subject = replace(
        phantom((box((-60, -50, -60), (60, 50, 60)), "liver"), shape=(130, 110, 130)),
        frames={"l4": np.eye(4)},
    )
    pose = {"probe": "transverse", "transducer": transducer, "depth": 50.0, "pixels": 400}
    still = image(view(**pose), subject, without=("noise",))
    moved = image(view(**pose, across=3.0), subject, without=("noise",))
    shift = round(3.0 / still.geometry.spacing)
    part = (slice(150, 300), slice(140, 260))
    before = still.pixels[part]
    follows = moved.pixels[part[0], part[1].start - shift : part[1].stop - shift]
    assert correlation(before, follows) > 0.6
    assert abs(correlation(before, moved.pixels[part])) < 0.2


def test_the_same_pose_gives_the_same_picture_and_noise_is_drawn():
    pose = view(probe="transverse")
    assert np.array_equal(image(pose).pixels, image(pose).pixels)
    assert not np.array_equal(image(pose).pixels, image(pose, seed=1).pixels)


def test_muscle_is_striped_along_its_fibres_and_dotted_across():
    """Fibres run cranio-caudally: a cut along them is alike over a longer way."""
    subject = replace(
        phantom((box((-60, -50, -60), (60, 50, 60)), "muscle"), shape=(130, 110, 130)),
        frames={"l4": np.eye(4)},
    )
    pose = {"transducer": "linear", "depth": 30.0, "pixels": 400, "lateral": 0.0}

    def run(placement: str) -> float:
        found = image(view(probe=placement, **pose), subject, without=("noise", "attenuation"))
        field = found.pixels[100:300, 120:280]
        return correlation(field[:, :-40], field[:, 40:])

    assert run("median-sagittal") > run("transverse") + 0.1


def test_display_maps_the_dynamic_range_to_black_and_white():
    found = image(view(probe="transverse"))
    gray = ultrasound.display(found, Settings())
    assert gray.dtype == np.uint8
    assert gray.shape == found.pixels.shape
    assert not gray[~found.inside].any()
    assert ultrasound.display(found, Settings(dynamic_range=90.0)).mean() > gray.mean()


def test_gain_adds_to_every_echo():
    pose = view(probe="transverse")
    louder, plain = image(pose, gain=6.0), image(pose)
    assert (louder.pixels - plain.pixels)[plain.inside] == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize(
    "console",
    [
        {"frequency": float("nan")}, {"frequency": 0}, {"frequency": -3.0}, {"gain": float("inf")},
        {"focus": 0}, {"dynamic_range": 0}, {"tgc": -1}, {"without": ("sound",)}, {"colour": True},
    ],
)  # fmt: skip
def test_impossible_settings_are_refused(console):
    with pytest.raises(ValidationError):
        Settings(**console)


def test_a_frequency_outside_the_band_is_refused():
    with pytest.raises(ProblemError, match=r"outside the band.*Choose 2 to 5 MHz"):
        image(view(probe="transverse", transducer="curved"), frequency=10.0)


@pytest.mark.parametrize("pose", [{"across": 110.0}, {"along": 150.0}])
def test_a_probe_off_the_skin_is_refused(pose):
    with pytest.raises(ProblemError, match="off the skin"):
        image(view(probe="transverse", **pose))


def test_skin_behind_the_hollow_of_the_back_is_looked_at_where_it_is():
    """The middle of the skin of a lordotic back lies in the air behind it."""

    def behind(x, y, z):
        return y + 45 - 30 * np.cos(np.pi * z / 100) ** 2 + 0 * x

    parts = (
        (lambda *at: behind(*at) > 0, "muscle"),
        (lambda *at: np.abs(behind(*at) - 1) < 1.1, "skin"),
    )
    body = replace(phantom(*parts, shape=(100, 140, 101)), frames={"l4": np.eye(4)})
    middle = body.centers["part2"]
    assert body.sample(middle)[0] == 0
    with pytest.raises(ProblemError, match="off the skin"):
        view(center=middle).geometry(body)  # a point in the air is not moved
    face = place(body, view(center="part2", probe="transverse")).face
    assert face[1] == pytest.approx(-15, abs=2)  # on the skin


def test_a_level_the_subject_has_not_is_refused():
    with pytest.raises(ProblemError, match="Choose one of: l4"):
        image(view(level="t3"))


def test_a_probe_over_nothing_is_refused():
    air = replace(phantom((sphere(5), "air"), shape=(60, 60, 60)), frames={"l4": np.eye(4)})
    with pytest.raises(ProblemError, match="off the skin"):
        image(view(), air)


def test_gel_fills_a_fold_of_the_skin():
    """What lies under a fold filled with air would else be hidden by clutter, as behind lung."""
    muscle = (box((-60, -48, -62), (60, 50, 62)), "muscle")
    flap = (box((-4, -50, -62), (4, -49, 62)), "skin")  # with a gap of 1 mm under it
    pose = view(probe="transverse", transducer="linear", pixels=400)
    gray = [
        image(pose, replace(phantom(*parts, shape=(140,) * 3), frames={"l4": np.eye(4)})).pixels
        for parts in ((muscle,), (muscle, flap))
    ]
    middle = slice(180, 220)
    plain, folded = (float(np.median(g[150:300, middle])) for g in gray)
    assert abs(plain - folded) < 3.0


def test_a_fine_and_a_coarse_grid_join_without_a_seam():
    """The echo of a plane that crosses the border of the grids does not jump."""
    subject = replace(
        phantom(
            (slab(-50, 60), "csf"), (slab(-20, 60), "liver"),
            shape=(60, 140, 140), spacing=1.0, coarse=((60, 70, 70), 2.0),
        ),
        frames={"l4": np.eye(4)},
    )  # fmt: skip
    probe = place(subject, view(probe="transverse", transducer="curved", pixels=400))
    found = ultrasound.echoes(
        subject, probe, Settings(without=("noise", "speckle")), np.random.default_rng(0)
    )
    depth = np.argmax(found.amplitude[60:132, 100:], axis=1) * found.step
    assert np.ptp(np.diff(depth)) < 2.5


def test_presets_can_be_used():
    for preset in ultrasound.PRESETS.values():
        found = image(view(probe="transverse", **preset.pose), **preset.settings)
        assert np.isfinite(found.pixels).all()


def test_the_view_knows_where_its_picture_lies():
    pose = view(probe="paramedian-sagittal", lateral=5.0, tilt=5.0)
    foreseen, found = pose.geometry(BODY), image(pose).geometry
    assert foreseen.origin == pytest.approx(found.origin)
    assert foreseen.spacing == found.spacing


def test_threads_and_repeats_give_one_answer():
    """Lines are marched by several threads; none may see what another writes."""
    pose = view(probe="transverse", pixels=300)
    first = image(pose).pixels
    for _ in range(3):
        assert np.array_equal(first, image(pose).pixels)
