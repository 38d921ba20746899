"""The parametric lumbar atlas: one labelled subject from one case."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.bones import Skeleton, build_skeleton, paint_bones, paint_facet_joints
from spine_tutor.anatomy.canal import CanalWall, canal_line
from spine_tutor.anatomy.canvas import Canvas
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.catalogue import lumbar_structures
from spine_tutor.anatomy.column import Column, build_column
from spine_tutor.anatomy.discs import paint_discs
from spine_tutor.anatomy.landmarks import atlas_landmarks
from spine_tutor.anatomy.ligaments import (
    paint_epidural_fat,
    paint_flava,
    paint_interspinous,
    paint_longitudinal,
    paint_sacroiliac_joints,
    paint_supraspinous,
)
from spine_tutor.anatomy.meshing import surface_meshes
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.nerves import paint_nerves
from spine_tutor.anatomy.structure import StructureSet
from spine_tutor.anatomy.subject import Subject
from spine_tutor.anatomy.thecal_sac import fit_sac, paint_sac
from spine_tutor.anatomy.trunk import Trunk
from spine_tutor.anatomy.trunk_outlines import Lattice, lines
from spine_tutor.anatomy.viscera import paint_bowel, paint_kidneys, paint_vessels

FINE, COARSE = 0.5, 2.0
"""Voxel size around the column and in the rest of the trunk, mm."""
_RATIO = round(COARSE / FINE)

_TOP_PROCESS = 45.0  # mm below the top of the bones, within which T12's spinous process ends

Progress = Callable[[float, str], None]


def build_atlas(case: Case, progress: Progress | None = None) -> Subject:
    """Build the labelled body of a case.

    The same case gives the same bytes: everything random is drawn from the case's seed.

    Args:
        case: what makes this body differ from another.
        progress: called with the fraction done and what is being done.
    """
    tell = progress or (lambda _fraction, _message: None)
    tell(0.0, "Posing the vertebrae")
    column = build_column(case)
    structures = lumbar_structures()
    skeleton = build_skeleton(column, case)
    fine, coarse = _canvases(structures, column, case)

    # the fractions are shares of the time that it takes
    paint_bones(coarse, skeleton)
    paint_bones(fine, skeleton, _between(tell, 0.04, 0.28, "Carving the bones"))
    with ThreadPoolExecutor(1) as aside:  # trunk and canal need nothing of each other
        tips = _tips(coarse)
        trunk = aside.submit(_trunk, coarse, column, tips, case)
        _paint_canal(fine, column, skeleton, case, tell)
    paint_supraspinous(fine, tips)
    for canvas, begin, middle in ((fine, 0.52, 0.57), (coarse, 0.62, 0.63)):
        tell(begin, "Wrapping muscles and organs")
        paint_sacroiliac_joints(canvas)
        paint_vessels(canvas, column)
        trunk.result().paint_muscles(canvas)
        paint_kidneys(canvas, column, case)
        paint_bowel(canvas, column, case)
        tell(middle, "Wrapping fat and skin")
        trunk.result().paint_fat_and_skin(canvas)
    _copy_into(fine, coarse)

    tell(0.64, "Measuring landmarks")
    grids = (fine.grid(), coarse.grid())
    landmarks = atlas_landmarks(grids[0], structures, column)
    meshes = surface_meshes(grids, structures, done=_between(tell, 0.65, 1.0, "Drawing surfaces"))
    tell(1.0, "Ready")
    return Subject(
        id=f"atlas-{case.id}",
        title=case.title,
        grids=grids,
        structures=structures,
        landmarks=landmarks,
        frames=dict(column.frames),
        meshes=meshes,
        provenance={
            "maker": "parametric lumbar atlas",
            "case": case.model_dump(mode="json"),
            "sources": dict(morphometry().sources),
            "licence": "CC BY 4.0",
        },
        content_hash=_digest(case, fine, coarse),
    )


def _between(tell: Progress, begin: float, end: float, message: str) -> Callable[[float], None]:
    """Return what takes the share done of one stage and tells the fraction of the whole."""
    return lambda share: tell(begin + share * (end - begin), message)


def _canvases(structures: StructureSet, column: Column, case: Case) -> tuple[Canvas, Canvas]:
    """Return the empty canvases; every fourth voxel of the fine one is one of the coarse one."""
    size, fat = case.height_scale, case.subcutaneous_fat
    more = max(0.0, fat - 18.0)  # abdominal fat grows with the fat under the skin
    bodies = np.array([frame[:3, 3] for frame in column.frames.values()])
    crown = column.endplate("t12", "upper")[2, 3]
    # the fine grid holds the skin down to S1; over the buttocks it lies in the coarse one
    back = bodies[:, 1].min() - 66.0 * size - 1.2 * min(fat, 40.0)
    low = np.array([-62.0 * size, back, bodies[:, 2].min() - 40.0 * size])
    high = np.array([62.0 * size, bodies[:, 1].max() + 38.0 * size, crown + 2.0])
    across = 172.0 * size + 1.6 * fat + 8.0
    outer_low = np.array([-across, back - 0.8 * fat - 20.0, -118.0 * size])
    outer_high = np.array([across, 146.0 * size + 1.2 * fat + 0.9 * more, crown + 14.0])
    fine = _canvas(structures, low, high, FINE)
    return fine, _canvas(structures, outer_low, outer_high, COARSE)


def _canvas(
    structures: StructureSet, low: NDArray[np.float64], high: NDArray[np.float64], spacing: float
) -> Canvas:
    """Return a canvas around a box whose first and last voxels lie on whole coarse steps."""
    first, last = np.floor(low / COARSE), np.ceil(high / COARSE)
    nx, ny, nz = (round(COARSE / spacing) * (last - first).astype(int) + 1).tolist()
    return Canvas(structures, COARSE * first, spacing, (nx, ny, nz))


def _paint_canal(
    fine: Canvas, column: Column, skeleton: Skeleton, case: Case, tell: Progress
) -> None:
    """Paint what lies between the bones, in order of precedence."""
    rng = np.random.default_rng([case.seed, 1])
    tell(0.28, "Laying discs and facet joints")
    paint_discs(fine, column, case)
    paint_facet_joints(fine, skeleton)
    tell(0.34, "Measuring the canal")
    wall = CanalWall(fine, canal_line(column, case))
    tell(0.40, "Filling the thecal sac")
    sac = fit_sac(wall, column)
    paint_sac(fine, sac, rng)
    tell(0.42, "Leading out the nerves")
    paint_nerves(fine, sac)
    tell(0.46, "Stretching the ligaments")
    paint_flava(fine, wall)
    paint_longitudinal(fine)
    paint_interspinous(fine)
    paint_epidural_fat(fine, wall)


def _tips(canvas: Canvas) -> NDArray[np.float64]:
    """Return (n, 2) y and z of a line resting on the spinous processes and the sacral crest."""
    window = canvas.window([-5.0, -1e3, -1e3], [5.0, 1e3, 1e3])
    bone = (canvas.labels[window] > 0).any(axis=0)
    y, z = (axis.ravel() for axis in canvas.axes()[1:])
    present = bone.any(axis=0)
    edge = np.interp(z, z[present], y[bone.argmax(axis=0)[present]])
    # above the tip of the uppermost process the line goes straight on
    top = z > z[present].max() - _TOP_PROCESS
    peak = np.flatnonzero(top)[edge[top].argmin()]
    edge[peak:] = edge[peak]
    resting = ndimage.minimum_filter1d(edge, round(44.0 / canvas.spacing))
    resting = ndimage.gaussian_filter1d(resting, 9.0 / canvas.spacing)
    return np.column_stack([np.minimum(resting, edge) - 1.5, z])


def _trunk(coarse: Canvas, column: Column, tips: NDArray[np.float64], case: Case) -> Trunk:
    nx, ny, nz = coarse.labels.shape
    middle = nx // 2  # the canvas lies evenly about the midline
    lattice = Lattice(coarse.origin * [0.0, 1.0, 1.0], COARSE, (nx - middle, ny, nz))
    ilium = coarse.labels[middle:] == coarse.structures["ilium_right"].label
    return Trunk(case, lines(column, tips, lattice), lattice, ilium)


def _copy_into(fine: Canvas, coarse: Canvas) -> None:
    """Give the coarse canvas what the fine one knows better."""
    first = np.rint((fine.origin - coarse.origin) / COARSE).astype(int)
    labels = fine.labels[::_RATIO, ::_RATIO, ::_RATIO]
    window = tuple(slice(a, a + n) for a, n in zip(first, labels.shape, strict=True))
    coarse.labels[window] = labels
    coarse.tissues[window] = fine.tissues[::_RATIO, ::_RATIO, ::_RATIO]


def _digest(case: Case, *canvases: Canvas) -> str:
    digest = hashlib.sha256(case.model_dump_json().encode())
    for canvas in canvases:
        digest.update(canvas.labels.data)
        digest.update(canvas.tissues.data)
    return digest.hexdigest()[:32]
