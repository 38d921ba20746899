"""What is computed once for everybody: the one owner of caching.

Subjects and their bundles are kept by id, pictures by subject hash, view and settings. Everything
here is a pure function of its key, so any number of servers may each have a cache of their own.
"""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from contourpy import LineType, contour_generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.display import encode, picture
from spine_tutor.imaging.geometry import ConeGeometry, Geometry
from spine_tutor.imaging.image import Image
from spine_tutor.imaging.masks import structure_mask
from spine_tutor.imaging.shot import Shot
from spine_tutor.lessons.library import ContentLibrary, load_content
from spine_tutor.problems import ProblemError
from spine_tutor.quiz.attempts import AttemptStore
from spine_tutor.ui import layout
from spine_tutor.ui.bench import COARSE
from spine_tutor.ui.bundle import pack
from spine_tutor.ui.jobs import Looking, Opening

PICTURES = 160
"""Pictures kept, about 2 MB each at 512²."""

FOLLOWS = 0.04
"""Seconds: a picture that takes longer is simulated coarsely while a hand moves it. With twice
as much again for the page and the browser, a drag then shows eight pictures a second or more."""

_pace: dict[str, float] = {}
RAY_NAMES = 3
"""Structures named along a ray of a projection."""

_openings: dict[str, Opening] = {}
_entries: dict[str, str] = {}
_lock = threading.Lock()


# -- subjects ---------------------------------------------------------------------------------


def opening(subject_id: str) -> Opening:
    """Return the opening of a subject, begun if nobody has; one that failed is begun anew."""
    with _lock:
        known = _openings.get(subject_id)
        if known is None or known.failed:
            known = _openings[subject_id] = Opening(subject_id)
        return known


def begun(subject_id: str) -> Opening | None:
    """Return the opening of a subject if somebody has begun it; nothing is begun."""
    with _lock:
        return _openings.get(subject_id)


def subject(subject_id: str) -> Subject:
    """Return a subject, waiting until it is open.

    Raises:
        ProblemError: if there is no such subject or it cannot be read.
    """
    found = opening(subject_id).result()
    _entries[found.content_hash] = subject_id
    return found


def entry_of(subject: Subject) -> str:
    """Return the id under which the library opens a subject; it may differ from its own."""
    return _entries[subject.content_hash]


@lru_cache(maxsize=8)
def bundle(subject_id: str) -> bytes:
    """Return the gzipped mesh bundle of a subject."""
    return gzip.compress(pack(subject(subject_id)), 6, mtime=0)


# -- pictures ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Names:
    """What lies under the cursor: a small map of places and what each value means.

    Attributes:
        shape: layers, rows and columns of the map. A cut has one layer; a projection has the
            structures along each ray, bone first.
        packed: the map, uint16 little-endian, deflated; the chest alone has over 800 structures.
        names: what a person reads for each value; "" where nothing is.
    """

    shape: tuple[int, int, int]
    packed: bytes
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A simulated picture, ready to be sent."""

    image: Image
    jpeg: bytes


def drawn(subject: Subject, shot: Shot) -> Drawn:
    """Return a shot's picture, simulated if it is new.

    Raises:
        ProblemError, ValueError, KeyError: if the view cannot be had of this subject.
    """
    return _drawn(subject.content_hash, shot.key(), subject, shot)


@st.cache_resource(max_entries=PICTURES, show_spinner=False)
def _drawn(content_hash: str, key: str, _subject: Subject, _shot: Shot) -> Drawn:
    began = time.perf_counter()
    image = _shot.simulate(_subject)
    found = Drawn(image, encode(picture(image, _shot.settings)))
    if _shot.view.pixels > COARSE:
        took, before = time.perf_counter() - began, _pace.get(_shot.modality)
        _pace[_shot.modality] = took if before is None else min(before, 0.5 * (before + took))
    return found


def slow(modality: str) -> bool:
    """Return whether a whole picture takes too long here to follow a hand."""
    return _pace.get(modality, 1.0) > FOLLOWS


def place(subject: Subject, shot: Shot) -> Geometry:
    """Return where a shot's picture lies.

    Raises:
        ProblemError, ValueError, KeyError: as `drawn`.
    """
    return _place(subject.content_hash, shot.view.model_dump_json(), subject, shot)


@st.cache_resource(max_entries=4 * PICTURES, show_spinner=False)
def _place(content_hash: str, key: str, _subject: Subject, _shot: Shot) -> Geometry:
    return _shot.view.geometry(_subject)


def names(subject: Subject, shot: Shot) -> Names:
    """Return what lies under the cursor of a shot's picture."""
    return _names(subject.content_hash, shot.key(), subject, shot)


@st.cache_resource(max_entries=PICTURES, show_spinner=False)
def _names(content_hash: str, key: str, _subject: Subject, _shot: Shot) -> Names:
    image = drawn(_subject, _shot).image
    layers = label_layers(image)
    values, codes = np.unique(layers, return_inverse=True)
    found = (image.structure(int(value)) for value in values)
    count, rows, columns = layers.shape
    return Names(
        (count, rows, columns),
        zlib.compress(codes.astype("<u2").tobytes(), 6),
        tuple(structure.name if structure else "" for structure in found),
    )


def outlines(subject: Subject, shot: Shot, structure_id: str) -> list[list[tuple[float, float]]]:
    """Return the outlines of a structure in a shot's picture, rows and columns of their corners.

    Raises:
        UnknownStructure: if the subject has no structure of that name.
    """
    return _outlines(subject.content_hash, shot.key(), structure_id, subject, shot)


@st.cache_resource(max_entries=PICTURES, show_spinner=False)
def _outlines(
    content_hash: str, key: str, structure_id: str, _subject: Subject, _shot: Shot
) -> list[list[tuple[float, float]]]:
    mask = structure_mask(drawn(_subject, _shot).image, structure_id)
    if not mask.any():
        return []
    smooth = gaussian_filter(mask.astype(np.float32), 1.0)
    lines: Any = contour_generator(z=smooth, line_type=LineType.Separate).lines(0.5)
    corners = (np.round(np.vstack([line[::3], line[-1:]]), 1) for line in lines if len(line) > 8)
    return [[(float(row), float(column)) for column, row in line] for line in corners]


def label_layers(image: Image) -> NDArray[np.uint16]:
    """Return the labels a person would name at each place of a picture: layers, rows, columns."""
    if isinstance(image.geometry, ConeGeometry):
        rays = image.ray_labels(step=4, count=RAY_NAMES)
        if image.inside is not None:
            rays = np.where(image.inside[::4, ::4, None], rays, 0)
        return np.ascontiguousarray(np.moveaxis(rays, -1, 0))
    assert image.labels is not None
    labels = image.labels if image.inside is None else np.where(image.inside, image.labels, 0)
    return np.ascontiguousarray(labels[None, ::2, ::2])


# -- what each modality shows -------------------------------------------------------------------

LOOKS = 48
"""Visibility tables kept; one is some kilobytes."""

_looks: dict[str, Looking] = {}


def looking(subject: Subject, shots: Sequence[Shot], structures: Sequence[str]) -> Looking:
    """Return the visibility of structures in pictures, being looked at or done."""
    key = looking_key(subject, shots, structures)
    with _lock:
        known = _looks.pop(key, None)
        if known is None or known.error:
            known = Looking(subject, shots, structures)
        _looks[key] = known  # the one asked for last is dropped last
        while len(_looks) > LOOKS:
            _looks.pop(next(iter(_looks))).stop()
        return known


def looking_key(subject: Subject, shots: Sequence[Shot], structures: Sequence[str]) -> str:
    """Return the key of a visibility table."""
    return "\n".join([subject.content_hash, *(shot.key() for shot in shots), *structures])


def warm(folder: Path) -> threading.Thread:
    """Open the first lesson's subject and simulate what is asked for first, before anybody asks."""

    def run() -> None:
        lessons = list(content(folder).lessons.values())
        if not lessons:
            return
        lesson = lessons[0]
        try:
            body = subject(lesson.subject.case)
            bundle(lesson.subject.case)
            for other in lessons:
                if other.subject.case == lesson.subject.case:
                    for shot in layout.preview(other):
                        drawn(body, shot)
            for spec in lesson.steps[0].views:
                drawn(body, Shot(spec.view, spec.settings, spec.additions))
        except (ProblemError, ValueError, KeyError):
            return  # the page that shows it will say what is wrong

    thread = threading.Thread(target=run, name="warm up", daemon=True)
    thread.start()
    return thread


# -- content and results ----------------------------------------------------------------------


def content(folder: Path) -> ContentLibrary:
    """Return what a content folder holds now; a file that was saved is read again."""
    stamps = {str(p): p.stat().st_mtime_ns for p in sorted(folder.rglob("*.yaml"))}
    return _content(str(folder), stamps)


@st.cache_resource(max_entries=2, show_spinner=False)
def _content(folder: str, stamps: Mapping[str, int]) -> ContentLibrary:
    return load_content(Path(folder))


@st.cache_resource(max_entries=2, show_spinner=False)
def attempts(url: str | None) -> AttemptStore:
    """Return the database of results.

    Raises:
        ProblemError: if it cannot be opened; the next call tries again.
    """
    return AttemptStore(url)
