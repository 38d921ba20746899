"""A small body with names, for pages and routes: one vertebra and its neighbour, as boxes."""

from __future__ import annotations

import numpy as np

from spine_tutor.anatomy import LabelGrid, Landmark, Mesh, Structure, StructureSet, Subject
from spine_tutor.anatomy.structure import TISSUE_CODE


def small_body() -> Subject:
    structures = StructureSet(
        [
            Structure("skin", 1, "Skin", "envelope", "skin", "#e9b99a"),
            Structure("l4_vertebra", 2, "L4 vertebra", "bone", "trabecular_bone", "#e8dcc0"),
            Structure("l4_body", 3, "L4 body", "bone", "trabecular_bone", "#e8dcc0", "l4_vertebra"),
            Structure("l4_pedicle_left", 4, "L4 left pedicle", "bone", "cortical_bone", "#e0b978",
                      "l4_vertebra"),
            Structure("l4_lamina_left", 5, "L4 left lamina", "bone", "cortical_bone", "#d9c9a3",
                      "l4_vertebra"),
        ]
    )  # fmt: skip
    labels = np.zeros((60, 60, 60), np.uint16)
    tissues = np.zeros(labels.shape, np.uint8)
    for box, label, tissue in (
        (np.s_[2:58, 2:58, 2:58], 1, "muscle"),
        (np.s_[18:42, 24:44, 18:42], 3, "trabecular_bone"),
        (np.s_[18:24, 14:24, 24:36], 4, "cortical_bone"),
        (np.s_[18:30, 10:14, 22:38], 5, "cortical_bone"),
    ):
        labels[box], tissues[box] = label, TISSUE_CODE[tissue]
    grid = LabelGrid(labels, tissues, np.array([-59.0, -59.0, -59.0]), np.full(3, 2.0))
    corners = np.array([[x, y, z] for x in (-24, 24) for y in (-12, 28) for z in (-24, 24)])
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5]], np.int32)
    mesh = Mesh("l4_vertebra", corners.astype(np.float32), faces, np.array([3, 3, 4, 4], np.uint16))
    return Subject(
        id="small-body",
        title="A small body",
        grids=(grid,),
        structures=structures,
        landmarks={"target": Landmark("target", "Target", (-18.0, -22.0, 0.0))},
        frames={"l4": np.eye(4)},
        meshes={"l4_vertebra": mesh},
        content_hash="smallbody",
    )
