"""Lab: one body, every modality, every control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.anatomy.library import Entry, list_subjects
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import standard_shots
from spine_tutor.problems import Problem, ProblemError, nearest
from spine_tutor.ui import frame, honesty, layout, state, visibility_table, whole_scene
from spine_tutor.ui.bench import Bench
from spine_tutor.ui.layout import KINDS
from spine_tutor.ui.workbench import lay_out, workbench

START = ("bone", "disc", "nerve")
KEPT = ("kinds", "bone", "clip", "names", "steer", "held", "table", "asked", "cell", "taken")
"""What the session keeps of a Lab beside its bench."""
FIRST = "average"
"""The body that the Lab opens with."""


def page() -> None:
    """Show the Lab on the subject that the address names."""
    entries = {entry.id: entry for entry in list_subjects()}
    wanted = st.query_params.get("subject", FIRST)
    if wanted not in entries:
        message = f"There is no subject `{wanted[:60]}`."
        raise ProblemError(Problem("link", message, nearest(wanted, entries)))
    side, rest = st.container(key="reading").columns([0.2, 0.8], gap="medium")
    with side:
        st.markdown("### Lab")
        chosen = _chosen(entries, wanted)
        if chosen != wanted:
            st.query_params.from_dict({"subject": chosen})
            st.rerun()
    with rest:
        subject = frame.subject(wanted)
    scope = f"lab/{subject.id}"
    shots = standard_shots(subject)  # each as it is usually taken, through the cross-hair or not
    point = layout.focus(None, shots, subject)
    lay_out(scope, Bench(subject.id, shots, point, shown(subject, START, 1.0)), subject)
    with side.container(key="more"):
        _side(scope, subject)
    with rest:
        workbench(scope, subject, everything=True, below=visibility_table.panel)
        if st.toggle("How far can these pictures be trusted?", key=f"trust/{scope}"):
            honesty.panel(scope)
        whole_scene.offer(scope, subject)


def _chosen(entries: Mapping[str, Entry], wanted: str) -> str:
    """Return the subject that region and body of the menus name; a region keeps the body."""
    groups = list(dict.fromkeys(entry.group for entry in entries.values()))
    group = st.selectbox("Region", groups, groups.index(entries[wanted].group))
    here = {id_: entry for id_, entry in entries.items() if entry.group == group}
    same = [id_ for id_, entry in here.items() if entry.body == entries[wanted].body]
    first = wanted if wanted in here else (same or list(here))[0]
    return st.selectbox(
        "Body",
        list(here),
        list(here).index(first),
        format_func=lambda id_: here[id_].body,
        key=f"body/{group}/{wanted}",
    )


def shown(subject: Subject, kinds: tuple[str, ...], bone: float) -> dict[str, float]:
    """Return the opacity of every mesh of these kinds; what hides others is translucent.

    Args:
        subject: the body.
        kinds: of the structures to show.
        bone: opacity of bone.
    """
    veils = {"muscle": 0.35, "envelope": 0.15, "organ": 0.5, "canal": 0.6}
    found = {}
    for name in subject.meshes:
        kind = subject.structures[name].kind
        if kind in kinds:
            found[name] = bone if kind == "bone" else veils.get(kind, 1.0)
    return found


def _side(scope: str, subject: Subject) -> None:
    bench = state.laid_out(scope)
    present = {subject.structures[name].kind for name in subject.meshes}
    kinds = st.pills(
        "Show in the model",
        [kind for kind in KINDS if kind in present],
        format_func=KINDS.__getitem__,
        selection_mode="multi",
        default=[kind for kind in START if kind in present],
        key=f"kinds/{scope}",
    )
    bone = st.slider("Bone, opaque %", 10, 100, 100, 10, key=f"bone/{scope}")
    cuts = [p for p in bench.shots if MODALITIES[p].formation != "projection"]
    clip = st.selectbox(
        "Cut the model at",
        [None, *cuts],
        format_func=lambda p: MODALITIES[p].name + " plane" if p else "nothing",
        key=f"clip/{scope}",
    )
    names = st.toggle("Name what is under the cursor", True, key=f"names/{scope}")
    show = shown(subject, tuple(kinds), bone / 100)
    show = visibility_table.with_mesh(show, bench.outlined, subject)
    state.keep(scope, replace(bench, show=show, clip=clip, names=names))
    st.button("Start again", icon=":material/restart_alt:", on_click=partial(_again, scope))


def _again(scope: str) -> None:
    for key in KEPT:
        state.forget(f"{key}/{scope}")
    state.forget(f"bench/{scope}")
    kept = {k: v for k, v in st.query_params.to_dict().items() if k == "subject"}
    st.query_params.from_dict(kept)
