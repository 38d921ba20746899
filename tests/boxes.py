"""A body of boxes with the names of a vertebra, small enough to simulate in a blink."""

from functools import cache

import numpy as np

from phantoms import box, grid
from spine_tutor.anatomy import Landmark, Structure, StructureSet, Subject

PARTS = (
    # structure, parent, kind, tissue, low corner, high corner (mm)
    ("muscles", None, "muscle", "muscle", (-50, -60, -40), (50, 50, 40)),
    ("thecal_sac", None, "canal", "csf", (-8, -22, -38), (8, -8, 38)),
    ("l4_nerve_root_left", None, "nerve", "nerve", (-26, -6, -18), (-18, 2, -10)),
    ("l4_vertebra", None, "bone", "trabecular_bone", (0, 0, 0), (0, 0, 0)),
    ("l4_body", "l4_vertebra", "bone", "trabecular_bone", (-22, 0, -14), (22, 30, 14)),
    ("l4_pedicle_left", "l4_vertebra", "bone", "cortical_bone", (-24, -22, -8), (-8, 0, 8)),
    ("l4_pedicle_right", "l4_vertebra", "bone", "cortical_bone", (8, -22, -8), (24, 0, 8)),
    ("l4_disc", None, "disc", "disc_annulus", (0, 0, 0), (0, 0, 0)),
)


@cache
def body() -> Subject:
    """Return the body; `l4_disc` is known to it and has no voxels."""
    voxels = grid([(box(low, high), tissue) for *_, tissue, low, high in PARTS], (104, 116, 84))
    structures = StructureSet(
        Structure(name, label, name.replace("_", " "), kind, tissue, "#888888", parent)
        for label, (name, parent, kind, tissue, _, _) in enumerate(PARTS, start=1)
    )
    frame = np.eye(4)
    frame[:3, 3] = (0, 15, 0)
    return Subject(
        id="boxes",
        title="Boxes",
        grids=(voxels,),
        structures=structures,
        landmarks={"target": Landmark("target", "Target", (-20.0, -4.0, -14.0))},
        frames={"l4": frame},
        content_hash="boxes",
    )
