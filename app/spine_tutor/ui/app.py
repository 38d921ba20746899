"""The script that Streamlit runs: frame, label and pages."""

from __future__ import annotations

import streamlit as st

from spine_tutor.ui import frame, state
from spine_tutor.ui.screens import about, lab, learn, progress, quiz

st.set_page_config(page_title="Spine Tutor", page_icon=frame.icon(), layout="wide")
pages = {
    "learn": st.Page(learn.page, title="Learn", url_path="learn", default=True),
    "lab": st.Page(lab.page, title="Lab", url_path="lab"),
    "quiz": st.Page(quiz.page, title="Quiz", url_path="quiz"),
    "progress": st.Page(progress.page, title="Progress", url_path="progress"),
    "about": st.Page(about.page, title="About", url_path="about"),
}
state.set_pages(pages)
frame.show(st.navigation(list(pages.values()), position="top"))
