"""A case: the few numbers that make one body differ from another, as an instructor writes them.

Cases that ship with the tutor stand in `assets/cases.yaml`; those that an instructor has added
with `spine-tutor subject add FILE` are kept in the data folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, field_validator, model_validator

from spine_tutor.anatomy.region import COLUMN, REGIONS, segments_of_column
from spine_tutor.problems import ProblemError, nearest
from spine_tutor.resources import assets_dir
from spine_tutor.yaml_model import load

SEGMENTS = tuple(f"{upper}_{lower}" for upper, lower in segments_of_column()[1:])
"""The segments that have a disc."""

Number = Annotated[float, Strict()]
"""A number that is written as one: neither `true` nor "1.0"."""
Fraction = Annotated[Number, Field(ge=0.0, le=1.0)]

APICES = COLUMN[COLUMN.index("t2") : COLUMN.index("l4") + 1]
"""Where a curve to the side can have its middle: it needs vertebrae on both sides to bend."""


class Part(BaseModel):
    """What every piece of a case has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Scoliosis(Part):
    """One curve to the side with the turn of the vertebrae that goes with it."""

    apex: str = Field(description="Level at the middle of the curve, such as `l2`.")
    cobb: Number = Field(ge=5.0, le=50.0, description="Cobb angle, degrees.")
    convex: Literal["left", "right"] = Field("left", description="Side that the curve bulges to.")
    rotation: Number = Field(
        10.0,
        ge=0.0,
        le=30.0,
        description="Turn of the vertebra at the apex, its body towards the convex side, degrees.",
    )

    @field_validator("apex")
    @classmethod
    def _known(cls, value: str) -> str:
        if _level(value) not in APICES:
            raise ValueError(f"`{value}`: a curve has its middle between t2 and l4")
        return value


class Herniation(Part):
    """A disc that stands out into the canal."""

    segment: str = Field(description="Its disc, such as `l4_l5`.")
    side: Literal["left", "right", "central"] = Field("left", description="Where it stands out.")
    size: Number = Field(
        5.0, ge=2.0, le=9.0, description="How far it stands out behind the disc's rim, mm."
    )

    @field_validator("segment")
    @classmethod
    def _known(cls, value: str) -> str:
        return _segment(value)


class Case(Part):
    """Parameters of one parametric body; the defaults are the average adult.

    Lengths scale with `height_scale`; `sex` changes breadth (see `column.BREADTH`).
    """

    id: str = Field(
        default="average",
        pattern=r"^[a-z][a-z0-9-]*$",
        max_length=40,
        description="Small letters, digits and hyphens, a letter first.",
    )
    title: str = Field(
        "Average adult",
        min_length=3,
        max_length=120,
        pattern=r"^[^<>\r\n]+$",
        description="What a person reads: one line without HTML.",
    )
    seed: Annotated[int, Strict()] = Field(
        1, ge=0, description="Draws what differs at random, such as bowel gas."
    )
    sex: Literal["female", "male", "pooled"] = Field("pooled", description="Breadth of bones.")
    height_scale: Number = Field(
        1.0, ge=0.85, le=1.2, description="Size; 1 is the middle of the morphometry table."
    )
    lordosis: Number = Field(
        40.0,
        ge=5.0,
        le=100.0,
        description="Upper endplate of L1 to that of S1, degrees, recumbent (literature 36.8, "
        "SD 13.2; one adult 48).",
    )
    kyphosis: Number = Field(
        26.0,
        ge=5.0,
        le=110.0,
        description="Upper endplate of T4 to lower of T12, degrees, recumbent (one adult 26; "
        "recalled 40 standing).",
    )
    cervical_lordosis: Number = Field(
        20.0,
        ge=-30.0,
        le=70.0,
        description="Lower endplate of C2 to that of C7, degrees, prone on a pillow (estimate).",
    )
    sacral_slope: Number = Field(
        32.0, ge=10.0, le=60.0, description="Upper endplate of S1 to the transverse plane, degrees."
    )
    subcutaneous_fat: Number = Field(
        18.0, ge=3.0, le=90.0, description="Thickness of subcutaneous fat behind L3, mm."
    )
    disc_narrowing: Mapping[str, Fraction] = Field(
        default_factory=dict,
        description="Lost share of disc height by segment such as `l4_l5`, or one number for all; "
        "1 leaves a quarter of it between the rims, some 40 % in the middle. The disc bulges by up "
        "to 2.5 mm more and the flavum behind it buckles by up to 1.8 mm: the sac between is "
        "squeezed.",
    )
    facet_hypertrophy: Fraction = Field(
        0.0,
        description="0 healthy, 1 severe: articular processes thicken by up to 3 mm and grow up to "
        "1.5 mm into the canal: first the lateral recess narrows, then the sac.",
    )
    flavum_hypertrophy: Fraction = Field(
        0.0,
        description="0 healthy, 1 severe: ligamenta flava thicken by up to 80 %. Fat goes first, "
        "then the sac gives way.",
    )
    osteophytes: Fraction = Field(
        0.0, description="0 none, 1 severe: the rims of the bodies stand out by up to 5 mm."
    )
    slip: Mapping[str, Number] = Field(
        default_factory=dict,
        description="Spondylolisthesis: by segment, the share of the lower endplate's depth by "
        "which the upper vertebra has slipped forwards, -0.2 to 0.5.",
    )
    herniations: tuple[Herniation, ...] = Field((), description="Discs that stand out.")
    scoliosis: Scoliosis | None = Field(None, description="A curve to the side.")
    transitional_l5: Annotated[bool, Strict()] = Field(
        False,
        description="L5 with broad transverse processes that meet the sacrum on both sides "
        "(Castellvi IIb) over a narrow disc.",
    )
    laminectomy: tuple[str, ...] = Field(
        (),
        description="Levels without lamina, spinous process and the ligaments that hold to them; "
        "the sac gets room behind.",
    )
    pedicle_screws: tuple[str, ...] = Field((), description="Levels with titanium screws and rods.")

    @field_validator("id")
    @classmethod
    def _not_of_a_region(cls, value: str) -> str:
        """Keep the names that the regions of a case are opened by (`subject_id`) free."""
        if value.rpartition("-")[2] in REGIONS:
            raise ValueError(f"`{value}` ends like the name of a region: choose another")
        return value

    @field_validator("disc_narrowing", mode="before")
    @classmethod
    def _every_segment(cls, value: object) -> object:
        """Let one number stand for every segment."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return dict.fromkeys(SEGMENTS, float(value))
        return value

    @field_validator("disc_narrowing", "slip")
    @classmethod
    def _known_segments(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        for segment in value:
            _segment(segment)
        return value

    @field_validator("slip")
    @classmethod
    def _possible_slips(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        for segment, share in value.items():
            if not -0.2 <= share <= 0.5:
                raise ValueError(f"`{segment}`: {share} is no share between -0.2 and 0.5")
        return value

    @field_validator("laminectomy", "pedicle_screws")
    @classmethod
    def _known_levels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for level in value:
            if _level(level)[0] not in "tl":
                raise ValueError(f"`{level}`: only levels from t1 to l5 can have it")
            if value.count(level) > 1:
                raise ValueError(f"`{level}` is named twice; keep it once")
        return value

    @model_validator(mode="after")
    def _one_disc_one_herniation(self) -> Case:
        segments = [h.segment for h in self.herniations]
        twice = {s for s in segments if segments.count(s) > 1}
        if twice:
            raise ValueError(f"disc `{twice.pop()}` is herniated twice; keep one of them")
        return self


def _segment(value: str) -> str:
    if value not in SEGMENTS:
        raise ValueError(f"unknown segment `{value}`. {nearest(value, SEGMENTS)}")
    return value


def _level(value: str) -> str:
    if value not in COLUMN:
        raise ValueError(f"unknown level `{value}`. {nearest(value, COLUMN)}")
    return value


class CaseFile(Part):
    """A YAML file with cases."""

    cases: tuple[Case, ...] = Field(min_length=1, description="One entry a body.")


def read_cases(path: Path) -> tuple[Case, ...]:
    """Read a YAML file of cases.

    Raises:
        ProblemError: with everything that is wrong in it, each with line and remedy.
    """
    found, source = load(CaseFile, path)
    problems = []
    ids = [case.id for case in found.cases]
    for n, case in enumerate(found.cases):
        if ids.index(case.id) != n:
            message = f"`{case.id}` is the id of an earlier case too."
            problems.append(source.problem(("cases", n, "id"), message, "Choose another."))
    if problems:
        raise ProblemError(problems)
    return found.cases


@cache
def shipped_cases() -> Mapping[str, Case]:
    """Return the cases that ship with the tutor, by id."""
    return {case.id: case for case in read_cases(assets_dir() / "cases.yaml")}
