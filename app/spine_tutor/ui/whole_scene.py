"""The whole PyVista scene of a lesson or of the Lab, on request."""

from __future__ import annotations

import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.problems import ProblemError
from spine_tutor.ui import frame, pyvista_scene, state


def offer(scope: str, subject: Subject) -> None:
    """Offer what the model of a scope shows as a PyVista scene, and show it when asked."""
    key = f"pyvista/{scope}"
    if st.button("Open as PyVista scene", icon=":material/view_in_ar:", key=f"{key}/open"):
        state.set_value(key, True)
    bench = state.bench(scope)
    if not state.value(key) or bench is None:
        return
    try:
        with st.spinner("PyVista builds the scene; the rest of the page stays usable afterwards"):
            pyvista_scene.show(subject, dict(bench.show), key=f"{key}/scene")
    except ProblemError as error:
        frame.tell(error.problems)
    if st.button("Close the PyVista scene", key=f"{key}/close"):
        state.set_value(key, False)
        st.rerun()
