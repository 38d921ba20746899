"""What every page has: the educational label, the trainee's name, the way errors are told."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import streamlit as st
from PIL import Image, ImageDraw

from spine_tutor.anatomy import Subject
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.resources import LABEL
from spine_tutor.ui import cache as shared
from spine_tutor.ui import state


@cache
def _style() -> str:
    css = (Path(__file__).parent / "assets" / "page.css").read_text(encoding="utf-8")
    return f"<style>{css}</style>"


@cache
def icon() -> Image.Image:
    """Return the tab's icon: three vertebrae."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    for n, shift in enumerate((0, 3, 0)):
        top = 5 + 19 * n
        pen.rounded_rectangle((10 + shift, top, 40 + shift, top + 15), 5, fill="#e8dcc0")
        pen.rounded_rectangle((44 + shift, top + 5, 56 + shift, top + 11), 3, fill="#5cc8ff")
    return image


def show(page: Any) -> None:
    """Run a page inside the frame; a problem it meets is told, with its remedy and a way back."""
    st.html(_style())
    st.logo(icon(), size="small")
    label = f'<div class="label" role="note">{LABEL}</div>'
    st.html(label + _remember(), unsafe_allow_javascript=True)
    _linked_name()
    try:
        page.run()
    except ProblemError as error:
        tell(error.problems)
        if st.button("Back to the lessons", icon=":material/arrow_back:"):
            state.forget("bench/")
            st.query_params.clear()
            st.rerun()


def _remember() -> str:
    """Return a script that keeps the name given in this session in the browser, or drops it."""
    name = state.value("learner")
    if name is None:
        return ""
    kept = "; max-age=0" if name == state.GUEST else ""
    cookie = f"{state.COOKIE}={quote(name, safe='')}; path=/; SameSite=Lax{kept}"
    return f"<script>document.cookie = '{cookie}'</script>"


def _linked_name() -> None:
    """Ask before the name in a link is taken: a shared link must not answer for somebody else."""
    named = state.tidy(st.query_params.get("learner", ""))
    if named in (state.GUEST, state.learner()):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"This link names a learner. Keep your answers as **{named}**?")
        if st.button(f"Answer as {named}", type="primary"):
            state.set_learner(named)
            st.rerun()
        if st.button(f"Stay {state.learner()}"):
            del st.query_params["learner"]
            st.rerun()


def headline(title: str, said: str = "") -> None:
    """Show a page's title, what the page is, and beside it under which name answers are kept."""
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        said = f"<p>{escape(said)}</p>" if said else ""
        st.html(f'<div class="hero"><h1>{escape(title)}</h1>{said}</div>', width="content")
        ask_name()


def tell(problems: Iterable[Problem]) -> None:
    """Show problems: what is wrong where, and how to mend it."""
    by_file: dict[str, list[str]] = {}
    for problem in problems:
        line = "" if problem.line is None else f"line {problem.line}: "
        key = f"`{problem.key}` " if problem.key else ""
        # what is quoted from a link or a file must make neither links nor pictures
        said = " ".join(f"{problem.message} {problem.remedy}".split()).replace("](", "] (")
        by_file.setdefault(problem.path, []).append(f"- {line}{key}{said}")
    for path, lines in by_file.items():
        st.error(f"**{path}**\n" + "\n".join(lines))


def subject(subject_id: str) -> Subject:
    """Return a subject, showing how far it is while it is built.

    Raises:
        ProblemError: if there is no such subject or it cannot be read.
    """
    opening = shared.opening(subject_id)
    bar = st.empty()  # always there, so that what follows keeps its place on the page
    while not opening.wait(0.2):
        bar.progress(opening.fraction, f"Preparing the body: {opening.message}")
    bar.empty()
    return shared.subject(subject_id)


def ask_name() -> None:
    """Let a trainee say under which name answers are kept."""
    with st.popover(f"Learner: {state.learner()}", icon=":material/person:"):
        name = st.text_input(
            "Your name",
            value="" if state.learner() == state.GUEST else state.learner(),
            placeholder=state.GUEST,
            max_chars=60,
            help="Answers are kept under it on this server; this browser remembers it until it is "
            "closed. Leave it empty to stay a guest.",
        )
        if (name or state.GUEST) != state.learner():
            state.set_learner(name)
            st.rerun()
