"""The sacroiliac joint: bone, cartilage, cleft, cartilage, bone, of the published area."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from spine_tutor.anatomy.bones import SACROILIAC_SPACE, build_skeleton, paint_bones
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case, shipped_cases
from spine_tutor.anatomy.catalogue import structures
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.region import REGIONS
from spine_tutor.anatomy.rows import SIDES
from spine_tutor.anatomy.sacroiliac import paint_sacroiliac_joints
from spine_tutor.anatomy.structure import TISSUE_CODE

AREA = {"female": 993.0, "male": 1138.0}
"""mm², of one joint (literature, see reference/anatomy.md)."""
CLOSEST = ndimage.generate_binary_structure(3, 3)


@pytest.fixture(scope="module", params=("average", "woman", "man"))
def painted(request) -> tuple[Canvas, Case]:
    """Return both joints at 0.5 mm, painted between the bones of a case."""
    case = shipped_cases()[request.param]
    column = build_column(case, REGIONS["sacral"])
    skeleton = build_skeleton(column, case)
    low = column.endplate("s1", "upper")[:3, 3] + np.array([-72.0, -66.0, -56.0])
    canvas = Canvas(structures(REGIONS["sacral"]), low, 0.5, (289, 181, 141))
    paint_bones(canvas, skeleton)
    paint_sacroiliac_joints(canvas, skeleton)
    return canvas, case


def mask(canvas: Canvas, name: str) -> np.ndarray:
    return np.isin(canvas.labels, list(canvas.structures.labels_of(name)))


@pytest.mark.parametrize("side", SIDES)
def test_it_has_the_published_area(painted, side):
    canvas, case = painted
    joint = mask(canvas, f"sacroiliac_joint_{side}")
    x = canvas.axes()[0].ravel()[np.any(joint, axis=(1, 2))]
    assert (x < 0).all() if side == "left" else (x > 0).all()
    _, count = ndimage.label(joint, CLOSEST)
    assert count == 1
    area = 0.5**3 * joint.sum() / (SACROILIAC_SPACE * case.height_scale)
    expected = AREA.get(case.sex, 0.5 * sum(AREA.values()))
    assert area == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("side", SIDES)
def test_it_is_a_cleft_between_two_cartilages_and_nowhere_a_contact(painted, side):
    canvas, _ = painted
    joint = mask(canvas, f"sacroiliac_joint_{side}")
    sacrum, ilium = mask(canvas, "sacrum"), mask(canvas, f"ilium_{side}")
    assert not (ndimage.binary_dilation(sacrum, CLOSEST) & ilium).any()
    cleft = joint & (canvas.tissues == TISSUE_CODE["synovial_fluid"])
    cartilage = joint & (canvas.tissues == TISSUE_CODE["cartilage"])
    assert 0.15 < cleft.sum() / joint.sum() < 0.35
    assert ndimage.label(cleft, CLOSEST)[1] == 1
    assert not (ndimage.binary_dilation(sacrum | ilium) & cleft).any()
    # the cartilage of the sacrum is the thicker one
    places = np.argwhere(cartilage)
    to_sacrum, to_ilium = (cKDTree(np.argwhere(bone)).query(places)[0] for bone in (sacrum, ilium))
    thick = {"sacrum": (to_sacrum < to_ilium).sum(), "ilium": (to_ilium < to_sacrum).sum()}
    assert thick["ilium"] > 0.3 * thick["sacrum"]
    assert thick["sacrum"] > 1.1 * thick["ilium"]
