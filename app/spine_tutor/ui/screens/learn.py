"""Learn: the list of lessons, and a lesson step by step."""

from __future__ import annotations

from html import escape

import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot
from spine_tutor.lessons.library import ContentLibrary
from spine_tutor.lessons.model import Lesson, Step
from spine_tutor.problems import Problem, ProblemError, nearest
from spine_tutor.ui import cache, cards, frame, layout, state, whole_scene
from spine_tutor.ui.bench import Bench, panels
from spine_tutor.ui.deployment import deployment
from spine_tutor.ui.workbench import lay_out, workbench

SYMBOLS = {"visible": "●", "faint": "◐", "hidden": "○"}
NOT_CLAIMED = '<span aria-label="not part of this step">–</span>'


def page() -> None:
    """Show the lesson that the address names, or the list of all."""
    library = cache.content(deployment().content)
    wanted = st.query_params.get("lesson")
    if wanted is None:
        _list(library)
        return
    lesson = find(library, wanted)
    _lesson(lesson, library)


def find(library: ContentLibrary, lesson_id: str) -> Lesson:
    """Return a lesson.

    Raises:
        ProblemError: if there is none of that name, or it has errors.
    """
    if lesson_id in library.lessons:
        return library.lessons[lesson_id]
    broken = [p for p in library.problems if f"/{lesson_id}/" in p.path and p.severity == "error"]
    if broken:
        raise ProblemError(broken)
    remedy = nearest(lesson_id, library.lessons) if library.lessons else "There are no lessons yet."
    raise ProblemError(Problem("link", f"There is no lesson `{lesson_id[:60]}`.", remedy))


# -- the list ---------------------------------------------------------------------------------


def _list(library: ContentLibrary) -> None:
    frame.headline(
        "Learn the spine in four modalities",
        "One labelled body, seen by fluoroscopy, CT, ultrasound and MRI at once. Move the C-arm, "
        "the probe and the slice; one cross-hair ties every picture to the 3-D model.",
    )
    groups: dict[str, list[Lesson]] = {}
    listed: set[str] = set()
    for module in library.curriculum.modules:
        lessons = [library.lessons[name] for name in module.lessons if name in library.lessons]
        listed |= {lesson.id for lesson in lessons}
        if lessons:
            groups[module.title] = lessons
    if rest := [lesson for name, lesson in library.lessons.items() if name not in listed]:
        groups["More lessons" if listed else "Lessons"] = rest
    cards.show(groups)
    if not library.lessons:
        st.info(f"`{deployment().content}` holds no lesson yet: `spine-tutor new LESSON_ID`.")
    errors = [p for p in library.problems if p.severity == "error"]
    if errors:
        with st.expander(f"{len(errors)} problems in the content (the other lessons are usable)"):
            frame.tell(errors)


# -- a lesson ---------------------------------------------------------------------------------


def _lesson(lesson: Lesson, library: ContentLibrary) -> None:
    number = _step_number(lesson)
    step = lesson.steps[number - 1]
    subject = frame.subject(lesson.subject.case)
    prose, rest = st.container(key="reading").columns([0.27, 0.73], gap="medium")
    with prose:
        _prose(lesson, step, number, library, subject)
    with rest:
        scope = f"{lesson.id}/{number}"
        lay_out(scope, bench(step, subject), subject)
        workbench(scope, subject)
        whole_scene.offer(scope, subject)


def bench(step: Step, subject: Subject) -> Bench:
    """Return the bench of a step at its start."""
    shots = panels([Shot(spec.view, spec.settings, spec.additions) for spec in step.views])
    show, highlight = layout.scene(step.scene, subject)
    return Bench(
        subject=subject.id,
        shots=shots,
        point=layout.focus(step.focus, shots, subject),
        show=show,
        highlight=highlight,
        camera=step.scene.camera,
        names=step.names,
    )


def _step_number(lesson: Lesson) -> int:
    text = st.query_params.get("step", "1")
    if not text.isdecimal() or not 1 <= int(text) <= len(lesson.steps):
        message = f"The lesson has no step `{text[:20]}`; it has {len(lesson.steps)}."
        raise ProblemError(Problem("link", message, "Open the lesson from the list."))
    return int(text)


def _go(lesson: Lesson, number: int) -> None:
    st.query_params.from_dict({"lesson": lesson.id, "step": str(number)})
    st.rerun()


def _prose(
    lesson: Lesson, step: Step, number: int, library: ContentLibrary, subject: Subject
) -> None:
    place = f"{escape(lesson.title)} · step {number} of {len(lesson.steps)}"
    st.html(f'<div class="stepline">{place}</div>')
    with st.container(horizontal=True, gap="small"):
        if st.button("Lessons", icon=":material/apps:", help="All lessons"):
            st.query_params.clear()
            st.rerun()
        if number > 1 and st.button("Back", icon=":material/chevron_left:"):
            _go(lesson, number - 1)
        if number < len(lesson.steps):
            if st.button("Next", icon=":material/chevron_right:", type="primary"):
                _go(lesson, number + 1)
        elif lesson.quiz and st.button("Take the quiz", type="primary"):
            st.switch_page(state.page("quiz"), query_params={"lesson": lesson.id})
    st.markdown(f"## {step.title}")
    st.markdown(step.text)
    with st.container(key="more"):
        if step.claims:
            st.html(_claims(step, subject))
        with st.expander("Objectives", expanded=number == 1):
            for objective in lesson.objectives:
                st.markdown(f"- {objective.text}")
        _evidence([*step.evidence, *lesson.evidence], library)


def _claims(step: Step, subject: Subject) -> str:
    """Return what the simulation shows as a table; words and symbols, never colour alone."""
    used = [m for m in MODALITIES if any(m in claim.verdicts for claim in step.claims)]
    many = len(used) > 2  # then a structure's name needs a row of its own
    head = "" if many else "<th scope=col>Structure</th>"
    head += "".join(f"<th scope=col>{escape(MODALITIES[m].name)}</th>" for m in used)
    body = ""
    for claim in step.claims:
        known = claim.structure in subject.structures
        absent = f"{claim.structure} (not in this body)"
        name = escape(subject.structures[claim.structure].name if known else absent)
        cells = ""
        for modality in used:
            verdict = claim.verdicts.get(modality) if known else None
            said = f"{SYMBOLS[verdict]} {verdict}" if verdict else NOT_CLAIMED
            cells += f'<td class="{verdict or ""}">{said}</td>'
        title = f"<th scope=rowgroup colspan={len(used)}>{name}</th></tr><tr>"
        body += f"<tbody><tr>{title if many else f'<th scope=row>{name}</th>'}{cells}</tr></tbody>"
    return (
        f'<table class="claims{" verdicts" if many else ""}">'
        "<caption>What the simulation shows</caption>"
        f"<thead><tr>{head}</tr></thead>{body}</table>"
    )


def _evidence(ids: list[str], library: ContentLibrary) -> None:
    known = {source.id: source for source in library.evidence.sources}
    found = [known[name] for name in dict.fromkeys(ids) if name in known]
    if not found:
        return
    with st.expander(f"Evidence ({len(found)})"):
        for source in found:
            doi = f" [doi:{source.doi}](https://doi.org/{source.doi})" if source.doi else ""
            st.markdown(
                f"**{source.authors}** ({source.year}). {source.title}. *{source.venue}*.{doi}  \n"
                f"{source.finding}"
            )
