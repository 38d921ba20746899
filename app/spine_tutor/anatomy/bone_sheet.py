"""A sheet of bones: the model beside other people's, in the same pose and the same light.

The reference is laid upon the model (rigidly, with one scale) and seen from the same place, so
that what differs is shape alone. Nothing of it enters the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.compare import aligned, bone_surface, named_bones
from spine_tutor.anatomy.other_bones import OtherBones
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.resources import LABEL

SHOWN = ("c5", "t7", "l3", "sacrum")
"""Bones that have a row of their own; the last row is the whole column."""
VIEWS: Mapping[str, tuple[float, float, float]] = {
    "posterior": (0.0, -1.0, 0.1),
    "oblique": (0.75, -0.75, 0.25),
    "lateral": (1.0, 0.0, 0.0),
}
"""From where they are seen, in the bone's own frame: x right, y anterior, z cranial."""
MODEL, REFERENCE = "#e8dcc0", "#bfd0e0"
TILE = (360, 330)
"""Width and height of one picture, pixels."""


def bone_sheet(case: Case, others: OtherBones, output: Path) -> None:
    """Write a picture of the model's bones beside another person's.

    Args:
        case: whose bones.
        others: the other person's.
        output: a PNG file.

    Raises:
        ProblemError: if the other person lacks a bone of the sheet.
    """
    read = others.surfaces
    missing = [level for level in SHOWN if level not in read]
    if missing:
        names = ", ".join(level.upper() for level in missing)
        raise ProblemError(Problem(others.source, f"lacks {names}.", "Add the missing surfaces."))
    surfaces = {
        level: pv.merge([bone_surface(bone) for bone in bones])
        for level, bones in named_bones(case).items()
        if not level.startswith("hip")
    }
    frames = build_column(case).frames
    rows: list[tuple[str, NDArray[np.float64], pv.PolyData, pv.PolyData]] = []
    for level in SHOWN:
        model, other = surfaces[level], read[level].copy()
        matrix = np.vstack([aligned(model.triangulate(), other), [0, 0, 0, 1]])
        other.transform(np.linalg.inv(matrix), inplace=True)
        frame = frames["s1" if level == "sacrum" else level][:3, :3]
        rows.append((level.upper(), frame, model, other))
    rows.append(
        (
            "COLUMN",
            np.eye(3),
            pv.merge(list(surfaces.values())),
            pv.merge([read[level] for level in surfaces if level in read]),
        )
    )
    _draw(rows, others.source, output)


def _draw(
    rows: list[tuple[str, NDArray[np.float64], pv.PolyData, pv.PolyData]],
    source: str,
    output: Path,
) -> None:
    columns = 2 * len(VIEWS)
    size = (TILE[0] * columns, TILE[1] * (len(rows) + 1))
    weights = [1.0] * (len(rows) - 1) + [2.0]  # the whole column is tall
    plotter = pv.Plotter(
        off_screen=True, shape=(len(rows), columns), window_size=size, row_weights=weights,
        border=False,
    )  # fmt: skip
    for n, (name, frame, model, other) in enumerate(rows):
        for m, (view, direction) in enumerate(VIEWS.items()):
            for k, (surface, color, who) in enumerate(
                ((model, MODEL, "model"), (other, REFERENCE, source))
            ):
                plotter.subplot(n, 2 * m + k)
                plotter.set_background("#101418")
                plotter.add_mesh(surface, color=color, smooth_shading=True, specular=0.15)
                plotter.add_text(
                    f"{name} {view}, {who}", position="upper_edge", font_size=7, color="#d8dee4"
                )
                plotter.camera.parallel_projection = True
                plotter.view_vector(frame @ direction, viewup=frame[:, 2])
                plotter.reset_camera()
                height = max(_height(s, frame[:, 2]) for s in (model, other))
                plotter.camera.parallel_scale = 0.57 * height
    plotter.subplot(len(rows) - 1, columns - 1)
    plotter.add_text(LABEL, position="lower_right", font_size=7, color="#d8dee4")
    plotter.screenshot(output)
    plotter.close()


def _height(surface: pv.PolyData, up: NDArray[np.float64]) -> float:
    """Return what of a surface must fit into a picture from top to bottom, mm."""
    along = np.asarray(surface.points) @ up
    across = np.linalg.norm(np.ptp(surface.points, axis=0)) * 0.8
    tall = float(np.ptp(along))
    return tall if tall > 300.0 else max(tall, float(across))
