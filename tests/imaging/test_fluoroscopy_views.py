"""What a lesson says that a view shows, found in the projected labels of the lower back."""

import numpy as np
import pytest

from spine_tutor.imaging.masks import structure_mask
from spine_tutor.imaging.shot import Shot


def shot(subject, center, pixels=256, field=130.0, **pose):
    fields = {"modality": "fluoroscopy", "center": center, "pixels": pixels, "field": field}
    return Shot.parse(fields | pose).simulate(subject)


def mask(image, *names):
    return np.any([structure_mask(image, name) for name in names], axis=0)


def middle(image, name):
    """Return mean row and column of a structure's shadow, mm in the body."""
    rows, columns = np.nonzero(structure_mask(image, name))
    spacing = image.geometry.spacing * 0.65
    return spacing * rows.mean(), spacing * columns.mean()


def square_tilt(subject, level):
    """Return the tilt at which the beam runs along a level's upper endplate, degrees."""
    ahead = subject.frames[level][:3, 1]
    return -float(np.degrees(np.arctan2(ahead[2], ahead[1])))


@pytest.mark.parametrize("level", ["l2", "l3", "l4"])
def test_true_ap_has_the_spine_midway_between_two_pedicle_rings(atlas, level):
    image = shot(atlas, f"{level}_vertebra", tilt=square_tilt(atlas, level))
    (_, left), (_, right) = (middle(image, f"{level}_pedicle_{side}") for side in ("left", "right"))
    spine = middle(image, f"{level}_spinous_process")[1]
    assert left < spine < right
    assert spine == pytest.approx(0.5 * (left + right), abs=1.0)
    for side in ("left", "right"):  # each pedicle lies whole within the shadow of its body
        ring = structure_mask(image, f"{level}_pedicle_{side}")
        assert (ring & mask(image, f"{level}_body")).sum() > 0.85 * ring.sum()


@pytest.mark.parametrize("level", ["l2", "l3", "l4"])
def test_turned_out_of_true_ap_the_spine_leaves_the_middle(atlas, level):
    image = shot(atlas, f"{level}_vertebra", tilt=square_tilt(atlas, level), oblique=10)
    (_, left), (_, right) = (middle(image, f"{level}_pedicle_{side}") for side in ("left", "right"))
    assert abs(middle(image, f"{level}_spinous_process")[1] - 0.5 * (left + right)) > 3.0


def endplate_height(subject, level, tilt):
    """Return how tall the rim of the upper endplate is on the picture, mm at the isocentre."""
    image = shot(subject, f"{level}_vertebra", pixels=64, tilt=tilt)
    body = subject.structures[f"{level}_body"].label
    index = np.argwhere(subject.grids[0].labels == body)
    points = subject.grids[0].points(index)
    local = (points - subject.frames[level][:3, 3]) @ subject.frames[level][:3, :3]
    # the plane of the rim: front and back edge in the midline
    central = np.abs(local[:, 0]) < 1.0
    front = central & (local[:, 1] > np.percentile(local[central, 1], 92))
    back = central & (local[:, 1] < np.percentile(local[central, 1], 8))
    tops = [points[part][local[part, 2].argmax()] for part in (front, back)]
    rows = [image.geometry.world_to_pixel(p)[0] for p in tops]
    return abs(rows[0] - rows[1]) * image.geometry.spacing * 0.65


@pytest.mark.parametrize("level", ["l2", "l3", "l4", "l5"])
def test_an_endplate_is_squared_when_the_beam_runs_along_it(atlas, level):
    tilts = np.arange(-50.0, 51.0, 5.0)
    heights = [endplate_height(atlas, level, tilt) for tilt in tilts]
    squared = tilts[int(np.argmin(heights))]
    assert min(heights) < 1.5
    assert squared == pytest.approx(square_tilt(atlas, level), abs=8)
    assert heights[int(np.argmin(np.abs(tilts - squared - 20)))] > 6


def facing(image, level, side):
    """Return how far behind the joint's line the superior process is seen beside the inferior.

    The Scotty dog stands where the eye (pedicle) lies under the ear (superior process), before
    the collar (pars) and clear of the spinous process of the other side.
    """
    eye = middle(image, f"{level}_pedicle_{side}")
    ear = middle(image, f"{level}_superior_articular_process_{side}")
    collar = middle(image, f"{level}_pars_{side}")
    leg = middle(image, f"{level}_inferior_articular_process_{side}")
    return eye, ear, collar, leg


@pytest.mark.parametrize("angle", [25, 30, 35])
@pytest.mark.parametrize(("side", "sign"), [("left", -1), ("right", 1)])
@pytest.mark.parametrize("level", ["l3", "l4"])
def test_the_scotty_dog_stands_at_25_to_35_degrees(atlas, level, side, sign, angle):
    image = shot(atlas, f"{level}_vertebra", tilt=square_tilt(atlas, level), oblique=sign * angle)
    eye, ear, collar, leg = facing(image, level, side)
    assert ear[0] < eye[0] < collar[0] < leg[0]  # from the ear down to the front leg
    body = structure_mask(image, f"{level}_body")
    ring = structure_mask(image, f"{level}_pedicle_{side}")
    assert (ring & body).sum() > 0.75 * ring.sum()  # the eye lies on the body
    columns = np.nonzero(body.any(axis=0))[0]
    where = (eye[1] / (image.geometry.spacing * 0.65) - columns[0]) / np.ptp(columns)
    assert 0.25 < where < 0.75  # in its middle half


def bone_along_the_joint(subject, side, oblique, tilt):
    """Return how much bone rays meet, mm, that go through the lower part of the joint."""
    grid = subject.grids[0]
    joint = subject.structures[f"sacroiliac_joint_{side}"].label
    points = grid.points(np.argwhere(grid.labels == joint))
    up = subject.frames["s1"][:3, 2]
    low = points[points @ up < np.percentile(points @ up, 30)]
    rng = np.random.default_rng(0)
    chosen = low[rng.choice(len(low), min(400, len(low)), replace=False)]
    a, t = np.radians(oblique), np.radians(tilt)
    beam = np.array([-np.sin(a) * np.cos(t), np.cos(a) * np.cos(t), -np.sin(t)])
    labels, _ = subject.sample(chosen[:, None] + np.arange(-60.0, 61.0)[:, None] * beam)
    return is_bone(subject)[labels].mean() * 121.0


def is_bone(subject):
    """Return by label whether a structure is bone."""
    found = np.zeros(1 << 16, bool)
    found[[s.label for s in subject.structures.values() if s.kind == "bone"]] = True
    return found


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_sacroiliac_joint_line_is_lucent_10_to_20_degrees_from_the_other_side(atlas, side):
    """With 12° of cephalad tilt the beam runs through the lower joint and hardly meets bone."""
    contralateral = 1 if side == "left" else -1
    angles = np.arange(-30, 41, 5)
    bone = [bone_along_the_joint(atlas, side, contralateral * a, 12.0) for a in angles]
    least = int(np.argmin(bone))
    assert 10 <= angles[least] <= 20
    assert bone[list(angles).index(-15)] > 2 * bone[least]  # turned the wrong way it is closed


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_straight_tilted_beam_looks_through_the_first_sacral_foramen(atlas, side):
    """There is a tilt between −10 and 45° at which a ray through the target meets no bone."""
    target = atlas.point(f"s1_transforaminal_target_{side}")
    steps = np.arange(-30.0, 45.0, 0.5)[:, None]
    bone = is_bone(atlas)
    least = 1.0
    for tilt in range(-10, 46, 5):
        t = np.radians(tilt)
        labels, _ = atlas.sample(target + steps * np.array([0.0, np.cos(t), -np.sin(t)]))
        least = min(least, float(bone[labels].mean()))
    assert least < 0.05
