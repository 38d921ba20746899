"""Views: how a picture is posed, in the words a clinician uses.

A view is a pose and nothing else. What a machine is set to (kVp, gain, sequence) is the
modality's settings; both are frozen, so a picture is a pure function of subject, view and
settings and can be cached by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.geometry import ConeGeometry, Geometry, PlaneGeometry, Vector
from spine_tutor.imaging.us_probe import place

Coordinate = Annotated[float, Field(ge=-2000, le=2000, allow_inf_nan=False)]


def read_place(value: Any) -> Any:
    """Return a text of three numbers, ``x,y,z``, as a point; anything else as it is."""
    if not isinstance(value, str) or value.count(",") != 2:
        return value
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError:
        return value


Place = Annotated[str | tuple[Coordinate, Coordinate, Coordinate], BeforeValidator(read_place)]
"""A landmark, a structure (its centre), a level such as ``l4``, or a world point in RAS mm, three
numbers or the text ``x,y,z``."""


class Pose(BaseModel):
    """What every view has."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    center: Place = Field("l4_vertebra", description="What the picture is centred on.")
    pixels: int = Field(512, ge=32, le=1024, description="Rows and columns of the picture.")

    def geometry(self, subject: Subject) -> Geometry:
        """Return where the picture lies in a subject, without forming it.

        Raises:
            KeyError: if the subject has no place that the view names.
            ProblemError: if a probe would lie off the skin.
        """
        raise NotImplementedError

    def slides(self, subject: Subject) -> Mapping[str, float]:
        """Return the controls that slide a plane, and how far 1 mm of each takes it to its front.

        A picture that shows every depth has none.
        """
        del subject
        return {}


class FluoroscopyView(Pose):
    """The pose of a C-arm.

    The patient lies prone, as these procedures are done: the detector is over the back and the
    picture is seen from behind, the patient's left on the left. Supine puts the detector in
    front and the patient's left on the right.

    `oblique` names the line of the beam in the patient, as DICOM's positioner primary angle does:
    positive is left anterior oblique. The LAO line is also the right posterior oblique line: it
    opens the facet joints of the RIGHT side. The left Scotty dog needs about −30°.
    """

    modality: Literal["fluoroscopy"] = "fluoroscopy"
    oblique: float = Field(0.0, ge=-180, le=180, description="Degrees; + is LAO, 90 a lateral.")
    tilt: float = Field(0.0, ge=-60, le=60, description="Degrees; + turns the detector cranially.")
    position: Literal["prone", "supine"] = "prone"
    source_to_detector: float = Field(1000.0, ge=600, le=1500, description="mm")
    source_to_axis: float = Field(650.0, ge=300, le=1200, description="mm")
    field: float = Field(
        160.0, ge=20, le=400, description="Side of what is seen at the isocentre, mm."
    )

    def geometry(self, subject: Subject) -> ConeGeometry:
        """Return where source and detector stand around a subject.

        Raises:
            KeyError: if the subject has no place of that name.
            ValueError: if the detector would stand before the axis.
        """
        if self.source_to_detector <= self.source_to_axis:
            raise ValueError(
                f"source_to_detector {self.source_to_detector} mm must exceed "
                f"source_to_axis {self.source_to_axis} mm"
            )
        a, t = np.deg2rad(self.oblique), np.deg2rad(self.tilt)
        anterior = np.array([-np.sin(a), np.cos(a), 0.0])  # + turns to the patient's left
        front = 1.0 if self.position == "supine" else -1.0
        z = np.array([0.0, 0.0, 1.0])
        to_detector = np.cos(t) * front * anterior + np.sin(t) * z
        up = np.cos(t) * z - np.sin(t) * front * anterior
        # seen from the detector's side, as the picture hangs over the patient
        right = np.cross(up, to_detector)
        center = subject.point(self.center)
        side = self.field * self.source_to_detector / self.source_to_axis
        spacing = side / self.pixels
        middle = center + (self.source_to_detector - self.source_to_axis) * to_detector
        corner = middle - 0.5 * (self.pixels - 1) * spacing * (right - up)
        return ConeGeometry(
            shape=(self.pixels, self.pixels),
            source=center - self.source_to_axis * to_detector,
            origin=corner,
            down=-up,
            right=right,
            spacing=spacing,
            isocenter=center,
        )


class SliceView(Pose):
    """A cut through the body: hung as radiologists do.

    Axial is seen from the feet (patient's left on the right), coronal from the front, sagittal
    with anterior on the left.
    """

    plane: Literal["axial", "sagittal", "coronal"] = "axial"
    align: str | None = Field(
        None,
        description="A level such as `l4`: cut along that vertebra's own axes, as an angled "
        "gantry or an MRI planned on the disc does.",
    )
    shift: float = Field(0.0, ge=-300, le=300, description="Move along the normal, mm.")
    field: float = Field(160.0, ge=20, le=600, description="Side of the picture, mm.")

    def geometry(self, subject: Subject) -> PlaneGeometry:
        """Return where the cut lies in a subject.

        Raises:
            KeyError: if the subject has no place, or no level to align with, of that name.
        """
        down, right, normal = self._axes(subject)
        center = subject.point(self.center) + self.shift * normal
        return PlaneGeometry.centered(center, down, right, self.field, self.pixels)

    def slides(self, subject: Subject) -> Mapping[str, float]:
        """Return which way `shift` takes the plane."""
        down, right, normal = self._axes(subject)
        return {"shift": float(np.cross(down, right) @ normal)}

    def _axes(self, subject: Subject) -> tuple[Vector, Vector, Vector]:
        """Return the world directions of down and right in the picture, and of `shift`."""
        axes = np.eye(3)
        if self.align is not None:
            if self.align not in subject.frames:
                known = ", ".join(subject.frames) or "none"
                raise KeyError(f"`{self.align}` is no level of `{subject.id}`; levels: {known}")
            axes = np.asarray(subject.frames[self.align])[:3, :3].T
        x, y, z = axes
        return {
            "axial": (-y, -x, z),
            "sagittal": (-z, -y, x),
            "coronal": (-z, -x, y),
        }[self.plane]


class CtView(SliceView):
    """A CT slice."""

    modality: Literal["ct"] = "ct"
    thickness: float = Field(1.0, ge=0.1, le=20, description="Slice thickness, mm.")


class MriView(SliceView):
    """An MRI slice."""

    modality: Literal["mri"] = "mri"
    plane: Literal["axial", "sagittal", "coronal"] = "sagittal"
    thickness: float = Field(3.0, ge=0.1, le=20, description="Slice thickness, mm.")
    field: float = Field(200.0, ge=20, le=600, description="Side of the picture, mm.")


class UltrasoundView(Pose):
    """The pose of a probe on the skin.

    A placement puts the probe on the back over a level, ``lateral-transverse`` on the side of the
    neck; the offsets then move it as a hand does. The picture hangs with the skin on top; cranial
    is on the left in sagittal placements, the patient's left in transverse ones, and the front of
    the neck in lateral ones.
    """

    modality: Literal["ultrasound"] = "ultrasound"
    probe: Literal[
        "transverse",
        "median-sagittal",
        "paramedian-sagittal",
        "paramedian-sagittal-oblique",
        "lateral-transverse",
    ] = "paramedian-sagittal"
    level: str = Field("l4", description="Level the probe lies over, such as `l4`.")
    side: Literal["left", "right"] = "left"
    transducer: Literal["curved", "linear"] = "curved"
    center: Place | None = Field(  # type: ignore[assignment]
        None, description="Put the probe over this place instead of over the level."
    )
    lateral: float = Field(
        12.0, ge=-120, le=120, description="From the midline towards `side`, mm (paramedian)."
    )
    along: float = Field(0.0, ge=-200, le=200, description="Slide cranially, mm.")
    across: float = Field(
        0.0,
        ge=-120,
        le=120,
        description="Slide to the patient's right, or to the back of the neck, mm.",
    )
    rotate: float = Field(0.0, ge=-180, le=180, description="Turn about the probe's axis, degrees.")
    tilt: float = Field(0.0, ge=-60, le=60, description="Fan out of the scan plane, degrees.")
    rock: float = Field(0.0, ge=-60, le=60, description="Heel to toe in the scan plane, degrees.")
    depth: float = Field(90.0, ge=20, le=200, description="Depth of the picture, mm.")

    def geometry(self, subject: Subject) -> PlaneGeometry:
        """Return where the picture lies in a subject: the face of the probe at its top.

        Raises:
            ProblemError: if the subject has no such level, or the probe finds no skin.
        """
        return place(subject, self).geometry

    def slides(self, subject: Subject) -> Mapping[str, float]:
        """Return how far the two ways along the skin take the plane."""
        normal = self.geometry(subject).normal
        x, _, z = np.asarray(subject.frames[self.level])[:3, :3].T
        return {"across": float(x @ normal), "along": float(z @ normal)}
