"""The honesty panel: what a modality models and what not, and where each of its numbers is from."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import streamlit as st

from spine_tutor.imaging import spread
from spine_tutor.imaging.constant import MARKED
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.parameters import PARAMETERS, tissue_rows

BESIDE = {"needle": "Needle", "injectate": "Injectate"}
"""Groups of constants that belong to no modality."""


def effects(modality: str) -> None:
    """Say what a modality models and what it does not."""
    known = MODALITIES[modality]
    told = (
        ("Modelled", (*known.effects, *spread.EFFECTS)),
        ("Not modelled", (*known.omissions, *spread.OMISSIONS)),
    )
    for place, (title, said) in zip(st.columns(2), told, strict=True):
        place.markdown(f"**{title}**\n" + "".join(f"\n- {line}" for line in said))


def numbers(modality: str) -> None:
    """Show every constant of a modality, its tissue values too, with sources and marks."""
    groups = [(MODALITIES[modality].name, PARAMETERS[modality])]
    groups += [(title, PARAMETERS[key]) for key, title in BESIDE.items()]
    for title, constants in groups:
        rows = (
            (c.name, c.written, c.unit, c.condition, c.source, MARKED[c.mark]) for c in constants
        )
        st.html(_table(f"{title}: constants", "Constant", rows))
    found = (
        (f"{row.tissue}: {row.what}", f"{row.quantity.value:.4g}", row.quantity.unit,
         row.quantity.condition, row.citation, MARKED[row.quantity.mark])
        for row in tissue_rows(modality)
    )  # fmt: skip
    st.html(_table(f"{MODALITIES[modality].name}: tissues", "Tissue", found))


@st.fragment
def panel(key: str) -> None:
    """Let a reader choose a modality and read its panel.

    Args:
        key: tells this panel from others on the page.
    """
    chosen = st.segmented_control(
        "Modality", list(MODALITIES), format_func=lambda name: MODALITIES[name].name,
        default=next(iter(MODALITIES)), key=f"honesty/{key}", label_visibility="collapsed",
    )  # fmt: skip
    if chosen is None:
        return
    st.caption(
        "Every picture is computed from these effects and numbers alone. **Estimate** and "
        "**recalled** mean that no publication stands behind a number."
    )
    effects(chosen)
    if st.toggle("Every number and where it is from", key=f"numbers/{key}"):
        numbers(chosen)


def _table(caption: str, first: str, rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(
        f"<th scope=col>{title}</th>"
        for title in (first, "Value", "Unit", "Holds for", "Source", "Mark")
    )
    body = "".join(
        f"<tr><th scope=row>{escape(row[0])}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="numbers" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="claims"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
