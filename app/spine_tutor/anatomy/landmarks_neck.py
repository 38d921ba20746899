"""Targets of the neck."""

from __future__ import annotations

from collections.abc import Iterator

from spine_tutor.anatomy.places import Places
from spine_tutor.anatomy.subject import Landmark


def targets(places: Places) -> Iterator[Landmark]:
    yield from ()
