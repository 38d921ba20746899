"""The shape of quiz items. How an answer to one is judged is `spine_tutor.quiz.grading`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from spine_tutor.lessons.text import Line, Markdown, Slug, StructureId
from spine_tutor.lessons.views import ViewSpec

Camera = Literal[
    "posterior",
    "anterior",
    "left",
    "right",
    "left-oblique",
    "right-oblique",
    "superior",
    "inferior",
]
"""Where one looks at the 3-D model from."""


class Part(BaseModel):
    """What every part of a lesson has: it is frozen and knows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Scene(Part):
    """What the 3-D model shows."""

    show: tuple[StructureId, ...] = Field(
        default=(), description="Structures to show; none shows the whole bony spine."
    )
    translucent: tuple[StructureId, ...] = Field(
        default=(), description="Structures of `show` to look through."
    )
    camera: Camera = Field(default="posterior", description="Where one looks from.")


class Option(Part):
    """One answer to choose."""

    text: Line
    correct: bool = Field(default=False, description="Whether it belongs to the key.")
    feedback: Markdown | None = Field(default=None, description="Said to who chooses it.")


class ItemBase(Part):
    """What every item has."""

    id: Slug
    objective: Slug = Field(description="Id of the lesson objective that it tests.")
    stem: Markdown = Field(description="The question.")
    feedback: Markdown = Field(description="The explanation, shown after every answer.")
    evidence: tuple[Slug, ...] = Field(default=(), description="Ids from evidence.yaml.")


class SingleChoice(ItemBase):
    """One option is right."""

    kind: Literal["single-choice"]
    options: tuple[Option, ...] = Field(min_length=2, max_length=8)
    view: ViewSpec | None = Field(default=None, description="A picture to look at.")
    shows: StructureId | None = Field(
        default=None,
        description="Structure or landmark of the answer, shown in all modalities.",
    )


class MultipleChoice(ItemBase):
    """Any number of options is right; the answer must be the whole set."""

    kind: Literal["multiple-choice"]
    options: tuple[Option, ...] = Field(min_length=2, max_length=10)
    view: ViewSpec | None = Field(default=None, description="A picture to look at.")
    shows: StructureId | None = Field(
        default=None,
        description="Structure or landmark of the answer, shown in all modalities.",
    )


class NameModality(ItemBase):
    """Say which modality formed a picture; the view is the key."""

    kind: Literal["name-modality"]
    view: ViewSpec


class Hotspot(ItemBase):
    """Click a structure on a picture."""

    kind: Literal["hotspot"]
    view: ViewSpec
    target: StructureId = Field(description="Structure to click; any of its parts counts.")
    tolerance_mm: float = Field(
        default=0.0, ge=0, le=10, description="How far beside it still counts."
    )


class Pick(ItemBase):
    """Click a structure in the 3-D model."""

    kind: Literal["pick"]
    scene: Scene
    target: StructureId = Field(description="Structure to click; any of its parts counts.")


Item = Annotated[
    SingleChoice | MultipleChoice | NameModality | Hotspot | Pick, Field(discriminator="kind")
]
"""Any quiz item; `kind` tells which."""
