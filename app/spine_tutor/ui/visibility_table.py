"""The visibility table of the Lab: what each picture shows, why not, and the picture without that.

It is looked at on request, in a thread beside the page. A chosen cell points its structure out in
the model and the pictures and says the reason; the reason can be switched off, which simulates
the picture again without it, and on again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from spine_tutor.anatomy import Structure, Subject
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.visibility import Visibility
from spine_tutor.imaging.visibility_reasons import Reason, exemplary
from spine_tutor.problems import ProblemError
from spine_tutor.ui import cache, captions, components, state
from spine_tutor.ui.bench import Bench
from spine_tutor.ui.jobs import Looking
from spine_tutor.ui.layout import KINDS
from spine_tutor.ui.workbench import OUTLINE, picture_header

SYMBOLS = {"visible": "●", "faint": "◐", "hidden": "○"}
"""Beside the word, so that no verdict is told by colour alone."""
AWAY = ("out of field", "absent")
"""Reasons that are about the view and not about the modality."""
POLL_S = 0.7
"""How often the page asks how far the table is."""

Cell = tuple[Visibility, Reason | None]


def panel(scope: str, subject: Subject) -> None:
    """Draw the table of a bench, or what it takes to get it."""
    bench = state.laid_out(scope)
    if not st.toggle("What does each modality show here, and why not?", key=f"table/{scope}"):
        return
    now = _asked(bench, subject)
    asked = state.value(f"asked/{scope}") or now
    state.set_value(f"asked/{scope}", asked)
    job = cache.looking(subject, *asked)
    if not job.wait(0):
        _progress(job)
        return
    if job.error:
        st.warning(f"The table could not be made: {job.error}")
    if job.error or cache.looking_key(subject, *asked) != cache.looking_key(subject, *now):
        if not job.error:
            st.caption("The pictures have been moved since this table was made.")
        st.button("Look again, at the pictures as they are now", icon=":material/refresh:",
                  on_click=partial(state.set_value, f"asked/{scope}", None))  # fmt: skip
    chosen = state.value(f"cell/{scope}")
    _explain(scope, bench, subject, job, chosen)
    components.visibility_table(
        table(job, bench, subject, chosen),
        key=f"visibility/{scope}",
        on_choose=partial(_chosen, scope, subject),
    )


def table(
    job: Looking, bench: Bench, subject: Subject, chosen: tuple[str, str | None] | None
) -> dict[str, Any]:
    """Return what the component draws: a row for each structure that is in one of the pictures."""
    columns = [
        {"panel": name, "name": MODALITIES[shot.modality].name,
         "color": MODALITIES[shot.modality].color}
        for name, shot in bench.shots.items()
    ]  # fmt: skip
    groups: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for name, cells in job.found.items():
        if all(cell is None or (cell[1] and cell[1].kind in AWAY) for cell in cells):
            continue
        structure = bench.structure(name, subject)
        if structure is None:  # a needle that has been taken out
            continue
        row = {"id": name, "name": structure.name, "cells": [_cell(cell) for cell in cells]}
        groups.setdefault(structure.kind, []).append(row)
    return {
        "label": "Choose a cell to see the structure and the reason. Arrow keys move.",
        "columns": columns,
        "groups": [
            {"name": KINDS.get(kind, kind), "rows": rows} for kind, rows in groups.items() if rows
        ],
        "chosen": chosen,
    }


def _cell(cell: Cell | None) -> dict[str, str] | None:
    if cell is None:
        return None
    seen, reason = cell
    if reason is not None and reason.kind in AWAY:
        return {"verdict": "away", "text": reason.kind, "reason": "", "said": reason.kind}
    why = reason.kind if reason else ""
    said = seen.verdict + (f", reason: {why}" if why else "")
    return {"verdict": seen.verdict, "text": f"{SYMBOLS[seen.verdict]} {seen.verdict}",
            "reason": why, "said": said}  # fmt: skip


def _asked(bench: Bench, subject: Subject) -> tuple[list[Shot], list[str]]:
    """Return the pictures as they really are, and the structures at the cross-hair's level."""
    frames = subject.frames
    level = min(
        frames, default=None,
        key=lambda name: float(np.abs(frames[name][2, 3] - bench.point[2])),
    )  # fmt: skip
    side = "left" if bench.point[0] <= 0 else "right"
    added = dict.fromkeys(s.id for shot in bench.shots.values() for s in shot.additions.structures)
    chosen = [*added, *exemplary(subject, level, side)]
    return [real(shot) for shot in bench.shots.values()], chosen


def real(shot: Shot) -> Shot:
    """Return a shot with every effect switched on."""
    changes: dict[str, Any] = {"without": ()}
    if "alone" in type(shot.settings).model_fields:
        changes["alone"] = None
    return replace(shot, settings=shot.settings.model_copy(update=changes))


@st.fragment(run_every=POLL_S)
def _progress(job: Looking) -> None:
    over = job.wait(POLL_S / 2)
    st.progress(job.fraction, f"Looking at {len(job.found)} structures in every picture, with and "
                "without each effect …")  # fmt: skip
    if over:
        st.rerun()


# -- the chosen cell ---------------------------------------------------------------------------


def _explain(
    scope: str, bench: Bench, subject: Subject, job: Looking, chosen: tuple[str, str | None] | None
) -> None:
    """Say what was found of the chosen cell, and offer the picture without the reason."""
    if chosen is None or chosen[1] not in bench.shots or chosen[0] not in job.found:
        return
    name, picture = chosen
    structure = bench.structure(name, subject)
    if structure is None:
        return
    assert picture is not None
    cell = job.found[name][list(bench.shots).index(picture)]
    if cell is None:
        return
    seen, reason = cell
    altered = captions.altered(bench.shots[picture])
    what = f"{structure.name}, {MODALITIES[seen.modality].name}: {seen.verdict}."
    with st.container(border=True, key="reason"):
        words, *places = st.columns([0.4, 0.3, 0.3])
        with words:
            now = f"<br>The second picture is {escape(', '.join(altered))}." if altered else ""
            said = escape(sentence(seen, reason))
            st.html(f'<div role="status"><b>{escape(what)}</b> {said}{now}</div>')
            _offers(scope, bench, subject, picture, (seen, reason))
        shots = [real(bench.shots[picture]), bench.shots[picture]]
        for n, (place, shot) in enumerate(zip(places, shots[: 1 + bool(altered)], strict=False)):
            with place:
                _thumbnail(scope, subject, shot, structure, n)


def _offers(scope: str, bench: Bench, subject: Subject, picture: str, cell: Cell) -> None:
    """Offer what can be done about a reason."""
    seen, reason = cell
    if captions.altered(bench.shots[picture]):
        st.button("Back to the real picture", type="primary", icon=":material/undo:",
                  on_click=partial(_switch, scope, picture, None))  # fmt: skip
    elif reason is not None and reason.changes:
        st.button(f"Show it without {reason.kind}", type="primary", icon=":material/visibility:",
                  on_click=partial(_switch, scope, picture, reason.changes))  # fmt: skip
    elif reason is not None and reason.kind == "out of field":
        st.button("Go to it", icon=":material/my_location:",
                  on_click=partial(_go, scope, subject, seen.structure))  # fmt: skip


def _thumbnail(scope: str, subject: Subject, shot: Shot, structure: Structure, n: int) -> None:
    """Show a picture beside the reason, the structure outlined in the real one alone."""
    try:
        drawn = cache.drawn(subject, shot)
    except (ProblemError, ValueError, KeyError):
        return  # the picture itself says why
    header = picture_header(shot, drawn, None)
    if n == 0:
        lines = cache.outlines(subject, shot, structure.id)
        header["outlines"] = [{"color": OUTLINE, "points": points} for points in lines]
        header["alt"] += f" {structure.name} is outlined."
    components.picture(header, drawn.jpeg, b"", key=f"reason/{scope}/{n}")


def sentence(seen: Visibility, reason: Reason | None) -> str:
    """Return a finding in sentences."""
    if reason is not None:
        return reason.text
    edge = "" if seen.edge_mm is None else f"; its edge is {seen.edge_mm:.1f} mm wide"
    return f"Its contrast-to-noise ratio is {seen.cnr:.1f}{edge} ({seen.measured})."


def _chosen(scope: str, subject: Subject) -> None:
    report = state.heard(f"visibility/{scope}", "cell")
    name, picture = str(report.get("structure")), report.get("panel")
    bench = state.bench(scope)
    if bench is None or bench.structure(name, subject) is None:
        return
    steered = picture if picture in bench.shots else bench.steered
    state.set_value(f"cell/{scope}", (name, picture))
    if steered is not None:
        state.set_value(f"steer/{scope}", steered)
    show = with_mesh(bench.show, name, subject)
    state.keep(scope, replace(bench, highlight=(name,), outlined=name, steered=steered, show=show))


def with_mesh(show: Mapping[str, float], name: str | None, subject: Subject) -> dict[str, float]:
    """Return what the model shows, with the surface that a structure lies on."""
    if name is None or name not in subject.structures:  # no part of the body: a needle
        return dict(show)
    whole = subject.structures.whole(name).id
    mesh = next((mesh for mesh in (name, whole) if mesh in subject.meshes), None)
    return ({} if mesh is None else {mesh: 1.0}) | dict(show)


def _switch(scope: str, picture: str, changes: Mapping[str, Any] | None) -> None:
    """Simulate a picture with other effects; as it really is when None."""
    bench = state.laid_out(scope)
    shot = real(bench.shots[picture])
    if changes is not None:
        shot = replace(shot, settings=shot.settings.model_copy(update=dict(changes)))
    state.keep(scope, replace(bench, shots=dict(bench.shots) | {picture: shot}))


def _go(scope: str, subject: Subject, name: str) -> None:
    """Move the cross-hair to a structure; to the tip of a needle."""
    bench = state.laid_out(scope)
    added = name not in subject.structures and bench.needle is not None
    place = bench.needle.placed(subject).tip if added and bench.needle else subject.point(name)
    state.keep(scope, bench.aim(place, subject))
