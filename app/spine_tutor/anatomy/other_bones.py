"""Other people's bones: surfaces from a folder of files or from the labels of an imported CT.

They are compared against; nothing of them enters the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from scipy import ndimage

from spine_tutor.anatomy.grid import LabelGrid
from spine_tutor.anatomy.library import entry, open_subject
from spine_tutor.anatomy.subject import Subject
from spine_tutor.problems import Problem, ProblemError

FORMATS = (".ply", ".stl", ".obj", ".vtp")
"""Files of triangles that are read."""
SPACING = 0.8
"""Spacing on which a surface is drawn, mm."""


@dataclass(frozen=True)
class OtherBones:
    """Surfaces of another person's bones, RAS mm.

    Attributes:
        source: what a person reads: the folder's name or the CT's id.
        surfaces: by the model's name of the bone, such as ``l3`` or ``sacrum``; triangles.
        note: how fine they are, such as the voxel size; may be empty.
        cut: bones that the edge of the scan cuts and that have no surface for that.
    """

    source: str
    surfaces: Mapping[str, pv.PolyData]
    note: str = ""
    cut: tuple[str, ...] = ()


def other_bones(source: str) -> tuple[OtherBones, ...]:
    """Return the bones of a folder of surfaces, of each of its folders, or of an imported CT.

    Args:
        source: a folder of surfaces or of such folders, or the id of an imported CT.

    Raises:
        ProblemError: if it is neither, or a file of the folder cannot be read.
    """
    if (folder := Path(source)).is_dir():
        inner = sorted(one for one in folder.iterdir() if one.is_dir() and _files(one))
        alone = bool(_files(folder)) or not inner
        return tuple(bones_of_folder(one) for one in ([folder] if alone else inner))
    try:
        maker = entry(source).maker
    except ProblemError as error:
        raise ProblemError(
            Problem(
                source,
                "is neither a folder nor an imported CT.",
                "Give a folder of surfaces named by level (`L3.ply`), or the id of a CT from "
                "`spine-tutor subject list`.",
            )
        ) from error
    if maker != "import":
        raise ProblemError(
            Problem(source, "is the model itself.", "Give another person: an imported CT.")
        )
    return (bones_of_labels(open_subject(source)),)


def bones_of_folder(folder: Path) -> OtherBones:
    """Return the surfaces of a folder, RAS or LPS mm, of the bones that their names tell.

    A name may hold more than the bone, as `vertebrae_L3.stl` does; a file of something else keeps
    its own name.

    Raises:
        ProblemError: if a file is empty or unreadable, or two are of one bone.
    """
    surfaces: dict[str, pv.PolyData] = {}
    for path in _files(folder):
        name = _named(path.stem.lower())
        surface = pv.read(path)
        if not isinstance(surface, pv.PolyData) or not surface.n_cells:
            raise ProblemError(
                Problem(str(path), "holds no surface.", "Give a file of triangles in mm.")
            )
        if name in surfaces:
            raise ProblemError(
                Problem(
                    str(path), f"is a second surface of {name.upper()}.", "Keep one of each bone."
                )
            )
        surfaces[name] = surface.triangulate()
    return OtherBones(folder.name, surfaces)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in FORMATS)


def _named(stem: str) -> str:
    """Return the model's name of the bone of a file: `vertebrae_l3` is `l3`."""
    if stem.startswith(("disc", "rib")):  # of a level, and no vertebra
        return stem
    if vertebra := re.search(r"(?<![a-z0-9])([ctl]\d{1,2})(?![a-z0-9])", stem.replace("_", " ")):
        return vertebra[1]
    if hip := re.search(r"hip[ _-]?(l|r)", stem):
        return f"hip_{hip[1]}"
    return "sacrum" if "sacrum" in stem else stem


def bones_of_labels(subject: Subject) -> OtherBones:
    """Return the surfaces of the bones that a subject's labels hold.

    A bone that touches the edge of the scan is left out, for part of it may be missing.
    """
    (grid,) = subject.grids
    places = ndimage.find_objects(grid.labels)
    surfaces, cut = {}, []
    for structure in subject.structures.values():
        name = _name(structure.id)
        where = places[structure.label - 1] if structure.label <= len(places) else None
        if name is None or where is None:
            continue
        if any(a.start == 0 or a.stop == n for a, n in zip(where, grid.labels.shape, strict=True)):
            cut.append(name)
        else:
            inside = grid.labels[where] == structure.label
            surfaces[name] = _surface(inside, grid, [at.start for at in where])
    voxel = "×".join(f"{s:.2g}" for s in grid.spacing)
    return OtherBones(subject.id, surfaces, f"voxels of {voxel} mm", tuple(cut))


def _name(structure_id: str) -> str | None:
    """Return the model's name of a bone: ``l3_vertebra`` is ``l3``, ``hip_left`` is ``hip_l``."""
    if vertebra := re.fullmatch(r"([ctl]\d+)_vertebra", structure_id):
        return vertebra[1]
    if hip := re.fullmatch(r"hip_(left|right)", structure_id):
        return f"hip_{hip[1][0]}"
    return "sacrum" if structure_id == "sacrum" else None


def _surface(inside: NDArray[np.bool_], grid: LabelGrid, start: list[int]) -> pv.PolyData:
    """Return the surface of the largest piece of a label.

    Slices are thick: between them its outline is interpolated by its signed distance in each of
    them (shape-based interpolation; Grevera and Udupa 1996, IEEE Trans Med Imaging 15:881).
    """
    pieces, count = ndimage.label(np.pad(inside, 2))
    sizes = ndimage.sum_labels(np.ones_like(pieces), pieces, range(1, count + 1))
    piece = pieces == 1 + int(np.argmax(sizes))
    thick = int(np.argmax(grid.spacing))
    in_plane = np.delete(grid.spacing, thick)
    # Beyond its last slice a bone ends half a slice on; so no distance counts more than a slice.
    most = float(grid.spacing[thick])
    distance = np.stack(
        [_signed(cut, in_plane, most) for cut in np.moveaxis(piece, thick, 0)], axis=thick
    )
    fine = ndimage.zoom(
        distance, np.asarray(grid.spacing) / SPACING, order=1, grid_mode=True, mode="nearest"
    )
    step = np.asarray(distance.shape) * grid.spacing / fine.shape
    first = grid.points(np.array(start) - 2.0) + 0.5 * (step - grid.spacing)
    volume = pv.ImageData(dimensions=fine.shape, spacing=step, origin=first)
    volume["distance"] = ndimage.gaussian_filter(fine, 1.0).ravel("F")
    surface: pv.PolyData = volume.contour([0.0], "distance", method="flying_edges")
    return surface


def _signed(
    cut: NDArray[np.bool_], spacing: NDArray[np.float64], most: float
) -> NDArray[np.float64]:
    """Return the signed distance to an outline in its plane, negative inside, at most `most` mm."""
    if not cut.any():
        return np.full(cut.shape, most)
    outside = ndimage.distance_transform_edt(~cut, sampling=spacing)
    within = ndimage.distance_transform_edt(cut, sampling=spacing)
    # voxel centres lie half a voxel from the border between them
    half = 0.5 * float(spacing.mean())
    signed: NDArray[np.float64] = np.where(cut, half - within, outside - half)
    return np.clip(signed, -most, most)
