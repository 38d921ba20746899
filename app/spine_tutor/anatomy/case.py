"""A case: the few numbers that make one body differ from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from spine_tutor.anatomy.region import segments_of_column
from spine_tutor.problems import nearest

SEGMENTS = tuple(f"{upper}_{lower}" for upper, lower in segments_of_column()[1:])
"""The segments that have a disc."""

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class Case(BaseModel):
    """Parameters of one parametric body; the defaults are the average adult.

    Lengths scale with `height_scale`; `sex` changes breadth (see `column.BREADTH`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str = Field(default="average", pattern=r"^[a-z][a-z0-9-]*$")
    title: str = "Average adult"
    seed: int = Field(default=1, ge=0)
    sex: Literal["female", "male", "pooled"] = "pooled"
    height_scale: float = Field(default=1.0, ge=0.85, le=1.2)
    """Size of the skeleton; 1 is the middle of the morphometry table."""
    lordosis: float = Field(default=36.8, ge=10.0, le=75.0)
    """Upper endplate of L1 to that of S1, degrees, recumbent (literature, SD 13.2)."""
    kyphosis: float = Field(default=38.0, ge=15.0, le=70.0)
    """Upper endplate of T4 to lower of T12, degrees, recumbent (recalled 40 standing)."""
    cervical_lordosis: float = Field(default=12.0, ge=-10.0, le=40.0)
    """Lower endplate of C2 to that of C7, degrees, prone on a pillow (estimate)."""
    sacral_slope: float = Field(default=36.0, ge=10.0, le=60.0)
    """Upper endplate of S1 to the transverse plane, degrees."""
    disc_narrowing: Mapping[str, Fraction] = Field(default_factory=dict)
    """Lost share of disc height by segment, such as ``l4_l5``; 1 leaves 30 % of the height."""
    facet_hypertrophy: Fraction = 0.0
    """0 healthy, 1 severe: articular processes thicken by up to 3 mm."""
    subcutaneous_fat: float = Field(default=18.0, ge=3.0, le=90.0)
    """Thickness of subcutaneous fat behind L3, mm."""

    @field_validator("disc_narrowing", mode="before")
    @classmethod
    def _every_segment(cls, value: object) -> object:
        """Let one number stand for every segment."""
        if isinstance(value, int | float):
            return dict.fromkeys(SEGMENTS, float(value))
        return value

    @field_validator("disc_narrowing")
    @classmethod
    def _known_segments(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        for segment in value:
            if segment not in SEGMENTS:
                raise ValueError(f"unknown segment `{segment}`. {nearest(segment, SEGMENTS)}")
        return value


CASES: Mapping[str, Case] = {
    case.id: case
    for case in (
        Case(),
        Case(id="lean", title="Lean adult", subcutaneous_fat=6.0),
        Case(id="obese", title="Adult with obesity", subcutaneous_fat=50.0),
        Case(
            id="degenerative",
            title="Older adult with disc narrowing and facet hypertrophy",
            disc_narrowing={"l3_l4": 0.4, "l4_l5": 0.8, "l5_s1": 0.6},
            facet_hypertrophy=0.7,
            lordosis=28.0,
            sacral_slope=28.0,
        ),
    )
}
"""The cases that ship with the tutor, by id."""
