"""The injectate: what is put in through the needle, where, and how long ago."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spine_tutor.imaging.view import Place
from spine_tutor.problems import refused

Space = Literal[
    "epidural",
    "intrathecal",
    "intravascular",
    "intradiscal",
    "joint",
    "muscle",
    "perineural",
    "soft tissue",
]
"""What an injection can fill. ``joint`` is a facet or sacroiliac joint, ``perineural`` the sleeve
of a root, ``soft tissue`` fat, ligaments and organs."""

PLAIN = 1.0
"""mg iodine in a mL below which a fluid counts as plain, like saline or a local anaesthetic (E)."""


class Injectate(BaseModel):
    """A fluid and where it is injected. Its volume is simulated: never a dose."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    at: Place | None = Field(
        default=None,
        description="Where it is injected: a landmark, a structure or a point; the needle's tip "
        "when not given.",
    )
    volume_ml: float = Field(
        default=2.0, ge=0.1, le=20, description="Simulated volume, mL. It is not a dose for anyone."
    )
    iodine: float = Field(
        default=180.0,
        ge=0,
        le=300,
        description="Iodine, mg/mL: 180–300 in contrast media; 0 for plain fluid, which "
        "fluoroscopy does not show.",
    )
    space: Literal["auto", Space] = Field(
        default="auto",
        description="What it fills; `auto` is what the structure at the tip belongs to.",
    )
    seconds: float = Field(
        default=0.0,
        ge=0,
        le=600,
        description="Time since the end of the injection, s: a vessel is washed out, CSF thins.",
    )
    seed: int = Field(
        default=0, ge=0, le=2**31 - 1, description="Draws the lobules and fibres it goes around."
    )

    @property
    def is_plain(self) -> bool:
        """Return whether X-rays meet nothing but water in it."""
        return self.iodine < PLAIN


def parse_injectate(fields: Mapping[str, Any]) -> Injectate:
    """Return the injectate that plain data describe; a place may be the text ``x,y,z``.

    Raises:
        ProblemError: naming every field that is wrong.
    """
    try:
        return Injectate.model_validate(fields)
    except ValidationError as error:
        remedy = "Places are names of the subject or `x,y,z` in mm."
        raise refused("injectate", error, remedy) from error
