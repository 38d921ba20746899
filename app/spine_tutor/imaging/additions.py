"""What is added to a body for one picture: a needle in it, and what is injected through one.

Additions are no part of the subject: the body stays the same for every trainee, and its caches
with it. They travel beside view and settings and are as much part of a picture's key.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from spine_tutor.anatomy import Structure, Subject
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.needle import NEEDLE, Needle, PlacedNeedle


class Additions(BaseModel):
    """A needle and an injectate; each may be missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    needle: Needle | None = None
    injectate: Injectate | None = None

    @property
    def structures(self) -> tuple[Structure, ...]:
        """Return what is added, as structures with labels that no subject uses."""
        return (NEEDLE,) if self.needle is not None else ()

    def needle_in(self, subject: Subject) -> PlacedNeedle | None:
        """Return where the needle lies in a subject; None without one.

        Raises:
            ProblemError: if it cannot lie there.
        """
        return None if self.needle is None else self.needle.placed(subject)


NOTHING = Additions()
"""A body as it is."""
