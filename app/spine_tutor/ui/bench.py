"""The bench: a model and its pictures as a trainee has them now. Pure; pages keep one in state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spine_tutor.anatomy import Structure, Subject
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.needle import Needle
from spine_tutor.imaging.shot import Shot
from spine_tutor.problems import ProblemError
from spine_tutor.ui.controls import turned

Point = tuple[float, float, float]

COARSE = 256
"""Pixels a side while something is dragged; a rest brings the whole picture."""


@dataclass(frozen=True)
class Bench:
    """What is on the bench.

    Attributes:
        subject: id of the subject.
        shots: the pictures by panel id: the modality, with a number behind it from the second on.
        point: the cross-hair of all pictures and of the model, RAS mm.
        show: opacity of each structure that the model shows.
        camera: a preset's name or an orbit's angles.
        highlight: structures (or parts) lit in the model.
        outlined: structure whose outline is drawn in the pictures.
        follow: whether slices and probe move so that they pass through the cross-hair.
        names: whether what is under the cursor is named.
        steered: panel whose controls are shown.
        clip: panel at whose plane the model is cut.
        dragged: panel that is being moved by hand; it is simulated coarsely meanwhile.
    """

    subject: str
    shots: Mapping[str, Shot]
    point: Point = (0.0, 0.0, 0.0)
    show: Mapping[str, float] = field(default_factory=dict)
    camera: str | Mapping[str, Any] = "posterior"
    highlight: tuple[str, ...] = ()
    outlined: str | None = None
    follow: bool = True
    names: bool = True
    steered: str | None = None
    clip: str | None = None
    dragged: str | None = None

    def turn(self, panel: str, changes: Mapping[str, Any], dragging: bool = False) -> Bench:
        """Return the bench with a picture's controls turned.

        Raises:
            ValueError: if a value is not allowed.
        """
        shots = dict(self.shots) | {panel: turned(self.shots[panel], changes)}
        return replace(self, shots=shots, dragged=panel if dragging else None)

    @property
    def needle(self) -> Needle | None:
        """Return the needle in the body: the same in all pictures."""
        return next((shot.additions.needle for shot in self.shots.values()), None)

    def structure(self, name: str, subject: Subject) -> Structure | None:
        """Return a structure of the body, or one that the pictures add to it; None for neither."""
        added = (one for shot in self.shots.values() for one in shot.additions.structures)
        known = {one.id: one for one in added}
        return known.get(name) or subject.structures.get(name)

    def with_needle(self, needle: Needle | None, dragging: bool = False) -> Bench:
        """Return the bench with this needle in all its pictures, None for none."""
        return self._with({"needle": needle}, dragging)

    @property
    def injectate(self) -> Injectate | None:
        """Return what is injected into the body: the same in all pictures."""
        return next((shot.additions.injectate for shot in self.shots.values()), None)

    def with_injectate(self, injectate: Injectate | None, dragging: bool = False) -> Bench:
        """Return the bench with this injected in all its pictures, None for nothing."""
        return self._with({"injectate": injectate}, dragging)

    def _with(self, added: Mapping[str, Any], dragging: bool) -> Bench:
        shots = {
            name: replace(shot, additions=shot.additions.model_copy(update=added))
            for name, shot in self.shots.items()
        }
        return replace(self, shots=shots, dragged="*" if dragging else None)

    def aim(
        self,
        point: ArrayLike,
        subject: Subject,
        moved_in: str | None = None,
        dragging: bool = False,
    ) -> Bench:
        """Return the bench with the cross-hair at a point and, if they follow, the slices on it.

        Args:
            point: world position, mm.
            subject: the body on the bench.
            moved_in: the picture it was moved in, which stays where it is.
            dragging: whether the hand still moves.
        """
        x, y, z = (float(value) for value in np.asarray(point, float))
        shots = dict(self.shots)
        if self.follow:
            for name, shot in shots.items():
                if name != moved_in:
                    shots[name] = through(shot, (x, y, z), subject)
        return replace(self, point=(x, y, z), shots=shots, dragged="*" if dragging else None)


def coarse(shot: Shot) -> Shot:
    """Return the shot with no more than `COARSE` pixels a side."""
    if shot.view.pixels <= COARSE:
        return shot
    return replace(shot, view=shot.view.model_copy(update={"pixels": COARSE}))


def panels(shots: list[Shot] | tuple[Shot, ...]) -> dict[str, Shot]:
    """Return shots by panel id: ``ct``, then ``ct-2``."""
    found: dict[str, Shot] = {}
    for shot in shots:
        count = sum(known.modality == shot.modality for known in found.values())
        found[shot.modality + (f"-{count + 1}" if count else "")] = shot
    return found


def through(shot: Shot, point: ArrayLike, subject: Subject) -> Shot:
    """Return the shot slid until its plane passes through a point, as far as its limits allow.

    A probe rides on curved skin, so it is slid and looked at again; a C-arm's picture shows every
    depth and stays.
    """
    try:
        for _ in range(2):
            plane = shot.view.geometry(subject)
            if not isinstance(plane, PlaneGeometry) or abs(plane.distance(point)) < 0.1:
                return shot
            slides = shot.view.slides(subject)
            name, slope = max(slides.items(), key=lambda slide: abs(slide[1]))
            if abs(slope) < 0.3:  # the plane lies along the way it can be slid
                return shot
            value = float(getattr(shot.view, name)) + plane.distance(point) / slope
            shot = turned(shot, {name: round(value, 2)})
    except (ProblemError, ValueError):  # off the skin, or beyond the control's limits
        pass
    return shot
