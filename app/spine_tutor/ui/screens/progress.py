"""Progress: what a learner has answered, by lesson, structure and modality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import escape

import streamlit as st

from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.lessons.items import Item
from spine_tutor.lessons.library import ContentLibrary
from spine_tutor.quiz.attempts import Attempt
from spine_tutor.ui import cache, frame, state
from spine_tutor.ui.deployment import deployment

Tally = Mapping[str, tuple[int, int]]
"""Right answers and all answers, by what they were about."""


def page() -> None:
    """Show the results of the learner of this session."""
    frame.headline("Progress")
    attempts = cache.attempts(deployment().database_url).for_learner(state.learner())
    if not attempts:
        st.info(f"Nothing is kept for {state.learner()} yet. Take the quiz of a lesson, or give "
                "the name under which you took one.")  # fmt: skip
        return
    library = cache.content(deployment().content)
    answers = [response for attempt in attempts for response in attempt.responses]
    right = sum(response.correct for response in answers)
    first, second, third = st.columns(3)
    first.metric("Attempts", len(attempts))
    second.metric("Answers", len(answers))
    third.metric("Right", f"{right} ({100 * right / max(len(answers), 1):.0f} %)")
    st.subheader("Attempts")
    st.html(_attempts(attempts, library))
    by_structure, by_modality = tallies(attempts, library)
    left, middle = st.columns(2, gap="large")
    with left:
        st.subheader("By structure")
        st.html(_bars(by_structure))
    with middle:
        st.subheader("By modality")
        st.html(_bars(by_modality))


def tallies(attempts: Iterable[Attempt], library: ContentLibrary) -> tuple[Tally, Tally]:
    """Return right and all answers by structure and by modality, the weakest first.

    Answers to items that the content no longer holds count in neither.
    """
    structures: dict[str, list[bool]] = defaultdict(list)
    modalities: dict[str, list[bool]] = defaultdict(list)
    for attempt in attempts:
        lesson = library.lessons.get(attempt.lesson)
        items: dict[str, Item] = {item.id: item for item in lesson.quiz} if lesson else {}
        for response in attempt.responses:
            item = items.get(response.item)
            about = getattr(item, "target", None) or getattr(item, "shows", None)
            if about:
                structures[_words(about)].append(response.correct)
            view = getattr(item, "view", None)
            if view is not None:
                modalities[MODALITIES[view.modality].name].append(response.correct)
    return _sorted(structures), _sorted(modalities)


def _words(about: str) -> str:
    """Return a structure's id as words: ``l3_l4_disc`` reads ``L3 L4 disc``."""
    words = [w.upper() if w[1:].isdecimal() else w for w in about.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def _sorted(found: Mapping[str, list[bool]]) -> Tally:
    counted = {name: (sum(marks), len(marks)) for name, marks in found.items()}
    return dict(sorted(counted.items(), key=lambda pair: pair[1][0] / pair[1][1]))


def _attempts(attempts: Iterable[Attempt], library: ContentLibrary) -> str:
    rows = ""
    for attempt in attempts:
        lesson = library.lessons.get(attempt.lesson)
        right = sum(response.correct for response in attempt.responses)
        marks = " ".join("✔" if response.correct else "✘" for response in attempt.responses)
        rows += (
            f"<tr><td>{attempt.started:%d %b %Y, %H:%M} UTC</td>"
            f"<td>{escape(lesson.title if lesson else attempt.lesson)}</td>"
            f"<td>{right} of {len(attempt.responses)} right</td>"
            f"<td aria-hidden=true>{marks}</td></tr>"
        )
    head = "".join(f"<th scope=col>{name}</th>" for name in ("When", "Lesson", "Result", "Answers"))
    return f'<table class="claims"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _bars(tally: Tally) -> str:
    if not tally:
        return '<p class="objective">No answer was about one yet.</p>'
    rows = ""
    for name, (right, total) in tally.items():
        share = 100 * right / total
        rows += (
            f"<tr><th scope=row>{escape(name)}</th><td>{right} of {total}</td>"
            f'<td class="bar"><i style="width:{share:.0f}%"></i></td></tr>'
        )
    return f'<table class="claims"><tbody>{rows}</tbody></table>'
