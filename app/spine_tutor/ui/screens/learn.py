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
from spine_tutor.ui import cache, frame, layout, state
from spine_tutor.ui.bench import Bench, panels
from spine_tutor.ui.deployment import deployment
from spine_tutor.ui.workbench import lay_out, workbench

SYMBOLS = {"visible": "●", "faint": "◐", "hidden": "○"}


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
    st.html(
        '<div class="hero"><h1>Learn the spine in four modalities</h1>'
        "<p>One labelled body, seen by fluoroscopy, CT, ultrasound and MRI at once. Move the "
        "C-arm, the probe and the slice; one cross-hair ties every picture to the 3-D model."
        "</p></div>"
    )
    frame.ask_name()
    listed: set[str] = set()
    for module in library.curriculum.modules:
        lessons = [library.lessons[name] for name in module.lessons if name in library.lessons]
        listed |= {lesson.id for lesson in lessons}
        if lessons:
            st.subheader(module.title)
            _cards(lessons)
    rest = [lesson for name, lesson in library.lessons.items() if name not in listed]
    if rest:
        st.subheader("More lessons" if listed else "Lessons")
        _cards(rest)
    if not library.lessons:
        st.info(f"`{deployment().content}` holds no lesson yet: `spine-tutor new LESSON_ID`.")
    errors = [p for p in library.problems if p.severity == "error"]
    if errors:
        with st.expander(f"{len(errors)} problems in the content (the other lessons are usable)"):
            frame.tell(errors)


def _cards(lessons: list[Lesson]) -> None:
    places = st.columns(3, gap="medium")
    for n, lesson in enumerate(lessons):
        with places[n % 3].container(border=True, height="stretch"):
            st.markdown(f"#### {lesson.title}")
            st.markdown(lesson.summary)
            parts = [f"{len(lesson.steps)} steps"]
            if lesson.quiz:
                parts.append(f"{len(lesson.quiz)} questions")
            st.caption(f"{lesson.region.capitalize()} · {' · '.join(parts)}")
            if st.button("Open the lesson", key=f"open/{lesson.id}", type="primary"):
                st.query_params.from_dict({"lesson": lesson.id, "step": "1"})
                st.rerun()


# -- a lesson ---------------------------------------------------------------------------------


def _lesson(lesson: Lesson, library: ContentLibrary) -> None:
    number = _step_number(lesson)
    step = lesson.steps[number - 1]
    subject = frame.subject(lesson.subject.case)
    prose, rest = st.columns([0.27, 0.73], gap="medium")
    with prose:
        _prose(lesson, step, number, library, subject)
    with rest:
        scope = f"{lesson.id}/{number}"
        lay_out(scope, bench(step, subject))
        workbench(scope, subject)


def bench(step: Step, subject: Subject) -> Bench:
    """Return the bench of a step at its start."""
    shots = panels([Shot(spec.view, spec.settings) for spec in step.views])
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
    if step.claims:
        st.html(_claims(step, subject))
    with st.expander("Objectives", expanded=number == 1):
        for objective in lesson.objectives:
            st.markdown(f"- {objective.text}")
    _evidence([*step.evidence, *lesson.evidence], library)


def _claims(step: Step, subject: Subject) -> str:
    """Return what the simulation shows as a table; words and symbols, never colour alone."""
    used = [m for m in MODALITIES if any(m in claim.verdicts for claim in step.claims)]
    head = "".join(f"<th scope=col>{escape(MODALITIES[m].name)}</th>" for m in used)
    body = ""
    for claim in step.claims:
        known = claim.structure in subject.structures
        name = subject.structures[claim.structure].name if known else claim.structure
        cells = ""
        for modality in used:
            verdict = claim.verdicts.get(modality)
            said = f"{SYMBOLS[verdict]} {verdict}" if verdict else "–"
            cells += f'<td class="{verdict or ""}">{said}</td>'
        body += f"<tr><th scope=row>{escape(name)}</th>{cells}</tr>"
    return (
        '<table class="claims"><caption class="stepline">What the simulation shows</caption>'
        f"<thead><tr><th scope=col>Structure</th>{head}</tr></thead><tbody>{body}</tbody></table>"
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
