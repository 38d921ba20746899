"""Quiz: the questions of a lesson one by one, judged at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from html import escape

import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.shot import Shot
from spine_tutor.lessons.items import Hotspot, Item, NameModality
from spine_tutor.lessons.model import Lesson
from spine_tutor.problems import Problem, ProblemError, nearest
from spine_tutor.quiz.grading import Answer, Context, Grade, grade
from spine_tutor.ui import cache, cards, frame, state
from spine_tutor.ui.deployment import deployment
from spine_tutor.ui.question import explain, pose
from spine_tutor.ui.screens import learn

RIGHT, WRONG = "✔ Correct", "✘ Not correct"


@dataclass(frozen=True)
class Run:
    """How far a trainee is in a quiz.

    Attributes:
        index: of the item that is asked or explained now.
        grades: of the items answered so far, in order.
        attempt: id in the database; None before the first answer or if it cannot be kept.
    """

    index: int = 0
    grades: tuple[Grade, ...] = ()
    attempt: int | None = None

    @property
    def answered(self) -> bool:
        """Return whether the item shown now has been answered."""
        return len(self.grades) > self.index

    @property
    def score(self) -> int:
        """Return how many answers were right."""
        return sum(judged.correct for judged in self.grades)


def page() -> None:
    """Ask the questions of the lesson that the address names, or let one be chosen."""
    library = cache.content(deployment().content)
    wanted = st.query_params.get("lesson")
    if wanted is None:
        _choose([lesson for lesson in library.lessons.values() if lesson.quiz])
        return
    lesson = learn.find(library, wanted)
    key = f"quiz/{lesson.id}"
    run: Run = state.value(key) or Run()
    st.html(f'<div class="stepline">Quiz · {escape(lesson.title)}</div>')
    if run.index >= len(lesson.quiz):
        _result(lesson, run, key)
        return
    subject = frame.subject(lesson.subject.case)
    item = lesson.quiz[run.index]
    st.progress(
        (run.index + run.answered) / len(lesson.quiz),
        f"Question {run.index + 1} of {len(lesson.quiz)} · {run.score} right so far",
    )
    _check(item, subject)
    scope = f"{key}/{item.id}"
    if not run.answered:
        pose(item, subject, scope, partial(_answer, lesson, item, subject, key))
        frame.ask_name()
        return
    judged = run.grades[run.index]
    st.markdown(f"**{item.stem}**")
    _verdict(judged)
    st.markdown(item.feedback)
    if problem := state.value(f"{key}/unkept"):
        st.warning(f"This answer could not be kept: {problem}")
    last = run.index + 1 == len(lesson.quiz)
    if st.button("See the result" if last else "Next question", type="primary"):
        state.set_value(key, replace(run, index=run.index + 1))
        st.rerun()
    if judged.answer_point is not None:
        explain(item, judged, subject, scope)


def _check(item: Item, subject: Subject) -> None:
    """Refuse an item about what this body has not, before it is answered.

    Raises:
        ProblemError: naming the structure or place.
    """
    target, shows = getattr(item, "target", None), getattr(item, "shows", None)
    for about, known in (
        (target, [*subject.structures]),
        (shows, [*subject.structures, *subject.landmarks]),
    ):
        if about is not None and about not in known:
            remedy = f"Change the item, or the lesson's subject. {nearest(about, known)}"
            message = f"is about `{about}`, which `{subject.id}` does not have."
            raise ProblemError(Problem(f"question {item.id}", message, remedy))


def _choose(lessons: list[Lesson]) -> None:
    frame.headline("Quiz")
    if not lessons:
        st.info("No lesson has questions yet.")
    cards.laid(lessons, _offer)


def _offer(lesson: Lesson) -> None:
    st.caption(f"{len(lesson.quiz)} questions, no time limit, explained after each answer")
    if st.button("Begin", key=f"begin/{lesson.id}", type="primary"):
        state.forget(f"quiz/{lesson.id}")
        st.query_params.from_dict({"lesson": lesson.id})
        st.rerun()


def _answer(lesson: Lesson, item: Item, subject: Subject, key: str, answer: Answer) -> None:
    """Judge an answer and keep it, in the session and in the database."""
    run: Run = state.value(key) or Run()
    if run.answered:  # a second click on the same picture before the page changed
        return
    image = None
    if isinstance(item, Hotspot | NameModality):
        view = item.view
        image = cache.drawn(subject, Shot(view.view, view.settings, view.additions)).image
    judged = grade(item, answer, Context(subject, image))
    run = replace(run, grades=(*run.grades, judged))
    try:
        store, now = cache.attempts(deployment().database_url), datetime.now(UTC)
        if run.attempt is None:
            run = replace(run, attempt=store.begin(state.learner(), lesson.id, now))
        assert run.attempt is not None
        store.record(run.attempt, item.id, answer, judged, now)
        state.set_value(f"{key}/unkept", None)
    except ProblemError as error:  # learning goes on without the database
        state.set_value(f"{key}/unkept", str(error))
    state.set_value(key, run)


def _verdict(judged: Grade) -> None:
    """Show right or wrong by symbol, word and colour, and say it to a screen reader."""
    kind, sign = ("right", RIGHT) if judged.correct else ("wrong", WRONG)
    said = judged.message.removeprefix("Correct.").removeprefix("Not correct.").strip()
    st.html(
        f'<div class="verdict {kind}" role="alert" aria-live="assertive"><b>{sign}</b>'
        f"<span>{escape(said)}</span></div>"
    )


def _result(lesson: Lesson, run: Run, key: str) -> None:
    total = len(lesson.quiz)
    st.html(
        f'<div class="hero" role="alert" aria-live="polite"><h1>{run.score} of {total} right</h1>'
        f"<p>{escape(lesson.title)}, answered as {escape(state.learner())}.</p></div>"
    )
    for item, judged in zip(lesson.quiz, run.grades, strict=False):
        st.markdown(f"{'✔ right' if judged.correct else '✘ wrong'} · {item.stem}")
    first, second, third = st.columns(3)
    if first.button("Once more", width="stretch"):
        state.forget(key)
        st.rerun()
    if second.button("See your progress", width="stretch", type="primary"):
        st.switch_page(state.page("progress"))
    if third.button("Back to the lesson", width="stretch"):
        st.switch_page(state.page("learn"), query_params={"lesson": lesson.id, "step": "1"})
