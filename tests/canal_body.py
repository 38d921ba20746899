"""A body of simple shapes with every space that fluid is injected into, on a 1 mm grid."""

from functools import cache

import numpy as np

from phantoms import box, grid
from spine_tutor.anatomy import Landmark, Structure, StructureSet, Subject

CANAL_Y = -10.0


def tube(radius: float, axis: int, at: tuple[float, float], low: float, high: float):
    """Return a cylinder along an axis; `at` is where its middle is on the other two."""

    def inside(x, y, z):
        along = (x, y, z)[axis]
        u, v = [c for n, c in enumerate((x, y, z)) if n != axis]
        return ((u - at[0]) ** 2 + (v - at[1]) ** 2 <= radius**2) & (along >= low) & (along < high)

    return inside


FORAMINA = (-40.0, 0.0, 40.0)
PARTS = (
    # structure, parent, kind, tissue, where; a later part covers an earlier one
    ("retroperitoneal_fat", None, "envelope", "fat", box((-45, -22, -60), (45, 50, 60))),
    ("subcutaneous_fat", None, "envelope", "fat", box((-45, -60, -60), (45, -50, 60))),
    ("multifidus_left", None, "muscle", "muscle", box((-45, -48, -60), (0, -22, 60))),
    ("multifidus_right", None, "muscle", "muscle", box((0, -48, -60), (45, -22, 60))),
    ("thoracolumbar_fascia", None, "muscle", "fascia", box((-45, -50, -60), (45, -48, 60))),
    ("l4_vertebra", None, "bone", "trabecular_bone", box((-22, -22, 5), (22, 35, 60))),
    ("l5_vertebra", None, "bone", "trabecular_bone", box((-22, -22, -60), (22, 35, -5))),
    ("l4_l5_disc", None, "disc", "disc_annulus", box((-22, 0, -5), (22, 35, 5))),
    ("l4_l5_nucleus", "l4_l5_disc", "disc", "disc_nucleus", box((-12, 10, -5), (12, 26, 5))),
    ("ligamentum_flavum_l4_l5", None, "ligament", "ligament", box((-22, -22, -5), (22, -20, 5))),
    (
        "epidural_fat",
        None,
        "canal",
        "fat",
        lambda x, y, z: (
            tube(12, 2, (0, CANAL_Y), -60, 60)(x, y, z)
            | (tube(6, 0, (CANAL_Y, 0), -24, 24)(x, y, z))
            | (tube(6, 0, (CANAL_Y, 40), -24, 24)(x, y, z))
            | (tube(6, 0, (CANAL_Y, -40), -24, 24)(x, y, z))
        ),
    ),
    ("l4_nerve_root_left", None, "nerve", "nerve", tube(2, 0, (CANAL_Y, 0), -40, -8)),
    ("l4_nerve_root_right", None, "nerve", "nerve", tube(2, 0, (CANAL_Y, 0), 8, 40)),
    ("thecal_sac", None, "canal", "csf", tube(9, 2, (0, CANAL_Y), -60, 60)),
    ("dura", "thecal_sac", "canal", "dura", tube(9, 2, (0, CANAL_Y), -60, 60)),
    ("cerebrospinal_fluid", "thecal_sac", "canal", "csf", tube(8, 2, (0, CANAL_Y), -60, 60)),
    ("cauda_equina", "thecal_sac", "nerve", "nerve", tube(2, 2, (0, CANAL_Y - 4), -60, 60)),
    ("l5_lamina_left", "l5_vertebra", "bone", "cortical_bone", box((-20, -36, 6), (-8, -22, 30))),
    (
        "l4_l5_facet_joint_left",
        None,
        "joint",
        "synovial_fluid",
        box((-15, -36, 10), (-13, -24, 26)),
    ),
    ("aorta", None, "vessel", "blood", tube(6, 2, (-10, 42), -60, 60)),
    ("inferior_vena_cava", None, "vessel", "blood", tube(6, 2, (10, 42), -60, 60)),
)


@cache
def body() -> Subject:
    """Return the body: the canal along z, foramina on both sides at `FORAMINA`."""
    voxels = grid(
        [(where, tissue) for *_, tissue, where in PARTS], (90, 110, 120), center=(0, -5, 0)
    )
    structures = StructureSet(
        Structure(name, label, name.replace("_", " "), kind, tissue, "#888888", parent)
        for label, (name, parent, kind, tissue, _) in enumerate(PARTS, start=1)
    )
    frames = {}
    for level, z in (("l4", 30.0), ("l5", -30.0)):
        frames[level] = np.eye(4)
        frames[level][:3, 3] = (0, 15, z)
    marks = {
        "l4_l5_interlaminar_target": (0.0, -20.0, 0.0),
        "l4_transforaminal_target_left": (-15.0, -6.0, 3.0),
    }
    return Subject(
        id="canal",
        title="Canal",
        grids=(voxels,),
        structures=structures,
        landmarks={name: Landmark(name, name, at) for name, at in marks.items()},
        frames=frames,
        content_hash="canal",
    )
