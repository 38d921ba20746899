"""The search for a straight way from a target to the skin, on a body of boxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from small_body import small_body
from spine_tutor.anatomy import Structure, StructureSet
from spine_tutor.anatomy.places import Places

BACK = np.array([0.0, -1.0, 0.0])
BEFORE_LAMINA = np.array([-10.0, -20.0, 0.0])
"""Between the body and the lamina (x −23…1, z −15…17 mm)."""


@pytest.fixture(scope="module")
def places():
    body = small_body()
    return Places(body.grids, body.structures, None, {})


def lean(way, outward):
    axis = (way[-1] - way[0]) / np.linalg.norm(way[-1] - way[0])
    return float(np.degrees(np.arccos(np.clip(axis @ outward, -1.0, 1.0))))


def test_the_recommended_way_is_taken_where_it_is_free(places):
    way = places.way(np.array([20.0, -20.0, 0.0]), BACK)
    assert lean(way, BACK) < 0.1
    assert places.labels(way[-1:])[0]
    assert not places.labels(way[-1:] + BACK)[0]


def test_a_way_leans_past_bone_or_is_none(places):
    at_edge = np.array([-2.0, -22.0, 0.0])
    assert 0.0 < lean(places.way(at_edge, BACK), BACK) <= 28.1
    assert places.way(BEFORE_LAMINA, BACK) is None
    mark = places.mark("a_target", "A target", BEFORE_LAMINA, "test", BACK)
    assert mark.entry is None
    assert mark.blocked == "L4 vertebra"


def test_the_next_tip_is_tried_before_a_farther_lean(places):
    near, free = np.array([-2.0, -22.0, 0.0]), np.array([14.0, -22.0, 0.0])
    mark = places.mark("a_target", "A target", np.array([near, free]), "test", BACK, each=0.1)
    assert mark.point == tuple(free)
    assert mark.entry[0] == free[0]
    leaning = places.mark("a_target", "A target", np.array([near, free]), "test", BACK, each=9.0)
    assert leaning.point == tuple(near)


def test_a_segment_without_laminae_has_no_flavum():
    body = small_body()
    flavum = Structure("ligamentum_flavum_l3_l4", 9, "Flava", "ligament", "ligament", "#ffffff")
    known = StructureSet([*body.structures.values(), flavum])
    assert not Places(body.grids, known, None, {}).has_flavum("l3", "l4")
    labels = body.grids[0].labels.copy()
    labels[30, 10, 30] = 9
    painted = replace(body.grids[0], labels=labels)
    assert Places((painted,), known, None, {}).has_flavum("l3", "l4")
