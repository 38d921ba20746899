"""The shape of content: a lesson and the three index files beside the lessons."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.view import Place
from spine_tutor.lessons.items import Item, Part, Scene
from spine_tutor.lessons.text import Line, Markdown, Slug, StructureId
from spine_tutor.lessons.views import ViewSpec

Verdict = Literal["visible", "faint", "hidden"]


class Objective(Part):
    """What a trainee can do after the lesson."""

    id: Slug
    text: Line


class SubjectRef(Part):
    """The body that a lesson is about."""

    case: str = Field(
        default="average", description="An atlas case or imported CT; see `subject list`."
    )


class Claim(Part):
    """What the lesson says each modality shows of a structure, in the views of the same step.

    It is checked against the simulation. Where a step has several views of one modality, the
    claim is about the one that shows the structure best.
    """

    structure: StructureId
    fluoroscopy: Verdict | None = None
    ct: Verdict | None = None
    ultrasound: Verdict | None = None
    mri: Verdict | None = None

    @model_validator(mode="after")
    def _claims_something(self) -> Claim:
        if not self.verdicts:
            raise PydanticCustomError(
                "empty_claim",
                "claims nothing about `{structure}`.",
                {"structure": self.structure, "remedy": "Add a modality, such as `ct: visible`."},
            )
        return self

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """Return what is claimed, by modality."""
        said = {name: getattr(self, name) for name in MODALITIES}
        return {name: verdict for name, verdict in said.items() if verdict is not None}


class Step(Part):
    """One screen of a lesson."""

    title: Line
    text: Markdown
    scene: Scene = Field(default_factory=Scene)
    views: tuple[ViewSpec, ...] = Field(default=(), max_length=6)
    focus: Place | None = Field(default=None, description="Where the cross-hair starts.")
    names: bool = Field(default=True, description="Whether what is under the cursor is named.")
    claims: tuple[Claim, ...] = ()
    evidence: tuple[Slug, ...] = ()


class Lesson(Part):
    """A lesson, as `lesson.yaml` holds it."""

    id: Slug = Field(description="The name of the lesson's folder.")
    title: Line
    region: Literal["cervical", "thoracic", "lumbar", "sacral"]
    summary: Line = Field(description="What it is about, for the list of lessons.")
    objectives: tuple[Objective, ...] = Field(min_length=1)
    subject: SubjectRef = Field(default_factory=SubjectRef)
    steps: tuple[Step, ...] = Field(min_length=1)
    evidence: tuple[Slug, ...] = Field(default=(), description="Ids from evidence.yaml.")
    quiz: tuple[Item, ...] = ()


class Module(Part):
    """Lessons that belong together, in the order in which to take them."""

    id: Slug
    title: Line
    lessons: tuple[Slug, ...]


class Curriculum(Part):
    """`curriculum.yaml`."""

    title: Line
    modules: tuple[Module, ...] = ()


class Term(Part):
    """An entry of the glossary."""

    term: Line
    text: Markdown
    also: tuple[Line, ...] = Field(default=(), description="Other words for it.")
    evidence: tuple[Slug, ...] = ()


class Glossary(Part):
    """`glossary.yaml`."""

    terms: tuple[Term, ...] = ()


class Source(Part):
    """A publication that content rests on.

    Attributes:
        finding: what is taken from it, in our words.
    """

    id: Slug
    authors: Line
    title: Line
    venue: Line = Field(description="Journal, book or site, with volume and pages.")
    year: int = Field(ge=1800, le=2100)
    doi: str | None = Field(
        default=None, pattern=r"^10\.\d{4,9}/\S+$", description="Write it as 10.1000/xyz."
    )
    finding: Markdown


class Evidence(Part):
    """`evidence.yaml`."""

    sources: tuple[Source, ...] = ()
