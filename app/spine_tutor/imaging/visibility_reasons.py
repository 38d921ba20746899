"""Why a structure is hidden: each effect is switched off, and one looks whether it appears.

Every modality has a list of causes, the one a textbook names first on top. The picture is
simulated again without each of them. The reason is the one without which the structure is seen
best, in the words of a verdict, and of equals the first. If none helps, the structure has no
contrast of its own.

What is plain needs no trial: a structure that is not in the picture, of which hardly anything is,
or most of which lies behind bone. The shadow is the reason then, whatever it would look like
without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.descriptor import Cause, Kind
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot, standard_shots
from spine_tutor.imaging.visibility import RANK, Sight, Visibility
from spine_tutor.problems import ProblemError

MEASURED = (
    "Why cannot be told on a measured CT: blur, noise and slice thickness are those of the scanner "
    "and cannot be taken away. The CT made from the labels of the same body tells it."
)
"""Said of a picture in which nothing can be switched off."""


@dataclass(frozen=True)
class Reason:
    """Why a picture does not show a structure.

    Attributes:
        kind: the reason in a word.
        text: the same in sentences.
        changes: the settings without it; empty where nothing is to be switched off.
        cnr: contrast-to-noise ratio with them, or the best that was reached.
    """

    kind: Kind
    text: str
    changes: Mapping[str, Any]
    cnr: float


@dataclass(frozen=True, eq=False)
class Explainer:
    """One picture, and why it hides what it hides.

    Attributes:
        sight: the picture.
    """

    sight: Sight
    _without: dict[tuple[str, ...], Sight] = field(default_factory=dict, init=False, repr=False)

    def explain(self, structure_id: str) -> tuple[Visibility, Reason | None]:
        """Return how the picture shows a structure and, unless it is visible, why not better.

        Raises:
            UnknownStructure: if the subject has no structure of that name.
        """
        seen = self.sight.visibility(structure_id)
        return seen, None if seen.verdict == "visible" else self._reason(seen)

    def _reason(self, seen: Visibility) -> Reason:
        if seen.known == "absent":
            return Reason("absent", "This body has none.", {}, 0.0)
        if seen.known == "out of field" and seen.area_mm2 == 0:
            return Reason("out of field", "It is not in this picture.", {}, 0.0)
        if seen.known == "out of field":
            return Reason("out of field", f"Its edges are not: {seen.measured}.", {}, 0.0)
        if seen.known == "resolution":
            much = f"Only {seen.area_mm2:.1f} mm² of it are in this picture"
            return Reason("resolution", f"{much}, {seen.measured}.", {}, 0.0)
        if self.sight.image.facts.get("source") == "measured":
            return Reason("cannot be told", MEASURED, {}, seen.cnr)
        tried = []
        for cause in MODALITIES[seen.modality].causes:
            if seen.known not in (None, cause.kind):
                continue  # another is known to stand before it
            if cause.kind == "overlap" and seen.structure in self.sight.added:
                continue  # no part of a body
            tried.append(self._tried(cause, seen))
            if tried[-1][2].verdict == "visible":
                break  # none of the others can bring it further
        cause, changes, then = max(tried, key=lambda trial: RANK[trial[2].verdict])
        if RANK[then.verdict] > RANK[seen.verdict]:
            what = "Alone" if cause.kind == "overlap" else f"Without {' and '.join(cause.off)}"
            text = (
                f"{cause.text} {what} it would be {then.verdict} "
                f"(contrast-to-noise {then.cnr:.1f} instead of {seen.cnr:.1f})."
            )
            return Reason(cause.kind, text, changes, then.cnr)
        best = max(seen.cnr, *(then.cnr for *_, then in tried))
        if seen.known is not None:
            text = f"{cause.text} Without it, too, it would be {then.verdict} ({then.cnr:.1f})."
            return Reason(seen.known, text, changes, best)  # to see that it is so
        much = "too much" if seen.verdict == "hidden" else "much"
        kinds = ", ".join(dict.fromkeys(cause.kind for cause, *_ in tried))
        text = (
            f"It looks {much} like what surrounds it. Taking away {kinds}, one after the other, "
            f"brings it no further than a contrast-to-noise of {best:.1f}."
        )
        return Reason("no contrast", text, {}, best)

    def _tried(self, cause: Cause, seen: Visibility) -> tuple[Cause, Mapping[str, Any], Visibility]:
        """Return a cause, the settings without it, and how the structure shows then."""
        changes = self._changes(cause, seen.structure)
        return cause, changes, self._sight(cause, changes).visibility(seen.structure, edge=False)

    def _changes(self, cause: Cause, structure_id: str) -> dict[str, Any]:
        if cause.kind == "overlap":
            return {"alone": structure_id}
        return {"without": tuple(sorted(self.sight.off | set(cause.off)))}

    def _sight(self, cause: Cause, changes: Mapping[str, Any]) -> Sight:
        """Return the picture without a cause; what serves every structure is simulated once."""
        if cause.kind == "overlap":
            return self.sight.changed(changes)
        if cause.off not in self._without:
            self._without[cause.off] = self.sight.changed(changes)
        return self._without[cause.off]


# -- the matrix --------------------------------------------------------------------------------


def matrix(
    subject: Subject,
    structures: Sequence[str] | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> list[dict[str, Any]]:
    """Return what each modality shows of structures, each in the usual view of it.

    Args:
        subject: the body.
        structures: ids; those of the middle level on the left, and what belongs to none, when None.
        progress: told the share that is done and what is next.

    Returns:
        a row for each structure: its id, and for each modality the verdict (None where it cannot
        be posed), ``…_cnr``, ``…_edge_mm`` and ``…_reason``.

    Raises:
        UnknownStructure: if the subject has no structure of that name.
    """
    chosen = list(structures or exemplary(subject))
    rows = []
    for n, name in enumerate(chosen):
        if progress is not None:
            progress(n / len(chosen), f"looking at {name}")
        row: dict[str, Any] = {"structure": name}
        side = subject.structures[name].side or "left"
        place = name if name in subject.centers else None
        for modality, shot in standard_shots(subject, place, side).items():
            row |= dict(_cells(subject, name, modality, shot))
        rows.append(row)
    if progress is not None:
        progress(1.0, "done")
    return rows


def _cells(subject: Subject, name: str, modality: str, shot: Shot) -> Iterator[tuple[str, Any]]:
    try:
        seen, why = Explainer(Sight(subject, shot.view, shot.settings)).explain(name)
    except ProblemError:  # no such pose in this body
        yield modality, None
        yield from ((f"{modality}_{key}", None) for key in ("cnr", "edge_mm", "reason"))
        return
    yield modality, seen.verdict
    yield f"{modality}_cnr", round(seen.cnr, 2)
    yield f"{modality}_edge_mm", None if seen.edge_mm is None else round(seen.edge_mm, 2)
    yield f"{modality}_reason", None if why is None else why.kind


def exemplary(subject: Subject, level: str | None = None, side: str = "left") -> list[str]:
    """Return one structure of each sort: of one level, of one side, and those of no level.

    Args:
        subject: the body.
        level: such as ``l4``, with the disc, joints and ligaments below it; the middle one when
            None.
        side: of what comes in pairs.
    """
    levels = list(subject.frames)
    level = level or ("l4" if "l4" in levels else levels[len(levels) // 2] if levels else "")
    below = re.compile(rf"(^|_){level}_[ctls]\d+(_|$)")
    named = re.compile(r"(^|_)[ctls]\d+_")
    between = re.compile(r"[ctls]\d+_[ctls]\d+_")

    def belongs(name: str) -> bool:
        if below.search(name) or not named.search(name):
            return True
        return name.startswith(f"{level}_") and not between.match(name)

    return [
        s.id
        for s in subject.structures.values()
        if s.side in (None, side) and belongs(s.id) and s.id in subject.centers
    ]
