"""About: what this is, what each modality models and what it does not, sources and licences."""

from __future__ import annotations

from importlib.metadata import version

import streamlit as st

from spine_tutor.resources import LABEL
from spine_tutor.ui import cache, honesty
from spine_tutor.ui.deployment import deployment


def page() -> None:
    """Show what a critical reader wants to know."""
    st.markdown("# About the Spine Tutor")
    st.markdown(
        f"**{LABEL}.** The tutor teaches anatomy and imaging on a labelled model. It plans and "
        "guides no procedure, and nothing in it stands for a patient."
    )
    st.markdown(
        "Every picture is simulated from one labelled body, so the tutor knows what each pixel "
        "shows: names, questions and claims are checked against the simulation, not typed in."
    )
    st.subheader("What is modelled, and what is not")
    honesty.panel("about")
    _sources()
    st.subheader("Licences")
    st.markdown(
        f"Spine Tutor {version('spine-tutor')}: code Apache-2.0, lessons CC BY 4.0. The 3-D model "
        "is drawn by vtk.js (BSD-3), served from the copy in the installed `panel` package. "
        "`stpyvista`, which opens a PyVista scene on request, is GPL-3: who passes on a bundle "
        "that contains it passes it on under that licence. All files come from this server; "
        "it works without the internet."
    )


def _sources() -> None:
    sources = cache.content(deployment().content).evidence.sources
    if not sources:
        return
    st.subheader("Sources")
    for source in sorted(sources, key=lambda s: (s.authors, s.year)):
        doi = f" [doi:{source.doi}](https://doi.org/{source.doi})" if source.doi else ""
        st.markdown(f"- {source.authors} ({source.year}). {source.title}. *{source.venue}*.{doi}")
