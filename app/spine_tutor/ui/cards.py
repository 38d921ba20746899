"""Lessons to choose from: a card each, with the first of its simulated pictures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape

import streamlit as st

from spine_tutor.lessons.model import Lesson
from spine_tutor.problems import ProblemError
from spine_tutor.ui import cache, captions, layout

POLL_SECONDS = 2.0
"""How often the list looks whether a body that is being prepared is ready."""

Groups = Mapping[str, Sequence[Lesson]]


def show(groups: Groups) -> None:
    """Show the lessons under their headings; pictures appear once their body is ready."""
    waiting = _waiting(groups)

    @st.fragment(run_every=POLL_SECONDS if waiting else None)
    def drawn() -> None:
        now = _waiting(groups)
        if waiting and not now:
            st.rerun()  # the whole page, so that it is not looked at any longer
        if now:
            st.caption(f"Pictures follow as soon as the body is prepared: {now}")
        for title, lessons in groups.items():
            st.subheader(title)
            laid(lessons, _card)

    drawn()


def _waiting(groups: Groups) -> str:
    """Return how far a body is that is being opened; empty if none is."""
    bodies = dict.fromkeys(lesson.subject.case for group in groups.values() for lesson in group)
    for opening in filter(None, map(cache.begun, bodies)):
        if not opening.wait(0):
            return f"{opening.message}, {opening.fraction:.0%}."
    return ""


def laid(lessons: Sequence[Lesson], tell: Callable[[Lesson], None]) -> None:
    """Show a card for each lesson: its first pictures, its title, and what `tell` draws.

    What can be read and pressed is there at once; pictures may have to be simulated.
    """
    places, strips = st.columns(3 if len(lessons) > 2 else 2, gap="medium"), []
    for n, lesson in enumerate(lessons):
        with places[n % len(places)].container(border=True, height="stretch"):
            strips.append(st.container())
            st.markdown(f"#### {lesson.title}")
            tell(lesson)
    for strip, lesson in zip(strips, lessons, strict=True):
        if tiles := _tiles(lesson):
            strip.html(f'<div class="strip">{tiles}</div>')


def _card(lesson: Lesson) -> None:
    st.markdown(lesson.summary)
    parts = [lesson.region.capitalize(), _counted(len(lesson.steps), "step")]
    if lesson.quiz:
        parts.append(_counted(len(lesson.quiz), "question"))
    st.caption(" · ".join(parts))
    if st.button("Open the lesson", key=f"open/{lesson.id}", type="primary"):
        st.query_params.from_dict({"lesson": lesson.id, "step": "1"})
        st.rerun()


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("s" if count != 1 else "")


def _tiles(lesson: Lesson) -> str:
    """Return the lesson's first pictures, none while its body is not ready."""
    opening = cache.begun(lesson.subject.case)
    if opening is None or not opening.wait(0) or opening.failed:
        return ""
    subject, tiles = cache.subject(lesson.subject.case), ""
    for shot in layout.preview(lesson):
        try:
            code = b64encode(cache.drawn(subject, shot).jpeg).decode()
        except (ProblemError, ValueError, KeyError):
            continue  # its step says why
        alt = escape(captions.described(shot))
        tiles += f'<img src="data:image/jpeg;base64,{code}" alt="{alt}">'
    return tiles
