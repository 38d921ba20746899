"""The injection on a bench: where, how much, with contrast or without, how long ago."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.spread import Spread
from spine_tutor.imaging.spread_pattern import Pattern, pattern
from spine_tutor.imaging.spread_pictures import fluid
from spine_tutor.problems import ProblemError
from spine_tutor.ui import state
from spine_tutor.ui.bench import Bench

CROSS, TIP = "at the cross-hair", "at the needle's tip"
"""Places that are no landmark."""
MOMENTS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 30.0, 120.0)
"""s after the injection that can be looked at; the first of them are what a vessel takes."""
FILM_S = 8.0
"""s that a film lasts in the body: by then a vessel is clear."""
FRAME_S = 0.9
"""s between two frames that are played."""
LEAST_ML = 0.01
"""Structures that hold less are not listed."""
IODINE = 240.0
"""mg/mL of the contrast that the panel injects, as iohexol 240 has."""


def panel(scope: str, subject: Subject) -> None:
    """Draw the controls of the injection and what it fills; keep it on the bench of a scope."""
    bench = state.bench(scope)
    assert bench is not None, "a page lays the bench out before it draws it"
    now = injectate(bench)
    due = state.value(f"inject/due/{scope}")
    if due is not None:  # a widget's value is set before it is drawn
        state.set_value(f"inject/seconds/{scope}", due)
        state.forget(f"inject/due/{scope}")
    with st.expander("Injection", icon=":material/syringe:", expanded=now is not None):
        needle = any(shot.additions.needle for shot in bench.shots.values())
        where = st.selectbox(
            "Where",
            [CROSS, *([TIP] if needle else []), *subject.landmarks],
            format_func=lambda name: subject.landmarks[name].name
            if name in subject.landmarks
            else name,
            key=f"inject/where/{scope}",
        )
        st.button(
            "Inject", on_click=partial(_inject, scope, where), key=f"inject/go/{scope}", type="primary"
        )
        if now is None:
            st.caption("A simulated volume: never a dose.")
            return
        volume = st.slider("Volume, mL", 0.5, 10.0, now.volume_ml, 0.5, key=f"inject/ml/{scope}")
        contrast = st.toggle("With contrast", not now.is_plain, key=f"inject/contrast/{scope}")
        seconds = st.select_slider(
            "Seconds after", MOMENTS, now.seconds, key=f"inject/seconds/{scope}"
        )
        wanted = now.model_copy(
            update={"volume_ml": volume, "iodine": IODINE * contrast, "seconds": seconds}
        )
        if wanted != now:
            bench = injected(bench, wanted)
            state.keep(scope, bench)
        play, stop = st.columns(2)
        play.button("Play", icon=":material/play_arrow:", on_click=partial(_play, scope))
        stop.button("Remove", on_click=partial(_remove, scope), key=f"inject/off/{scope}")
        _report(bench, subject)
    if state.value(f"inject/plays/{scope}"):
        _film(scope)


def injectate(bench: Bench) -> Injectate | None:
    """Return what is injected on a bench: the same in all its pictures."""
    return next((shot.additions.injectate for shot in bench.shots.values()), None)


def injected(bench: Bench, wanted: Injectate | None) -> Bench:
    """Return a bench with this injected in all its pictures, None for nothing."""
    shots = {
        name: replace(shot, additions=shot.additions.model_copy(update={"injectate": wanted}))
        for name, shot in bench.shots.items()
    }
    return replace(bench, shots=shots)


def rows(found: Spread) -> list[dict[str, object]]:
    """Return what a fluid fills, most first: one row a structure."""
    return [
        {"structure": found.subject.structures[name].name, "mL": round(ml, 2)}
        for name, ml in found.ml.items()
        if ml >= LEAST_ML
    ]


def aimed_at(bench: Bench) -> str | None:
    """Return the name of what the needle, or else the injection, is aimed at."""
    for shot in bench.shots.values():
        if shot.additions.needle is not None and isinstance(shot.additions.needle.tip, str):
            return shot.additions.needle.tip
    now = injectate(bench)
    return now.at if now is not None and isinstance(now.at, str) else None


def _report(bench: Bench, subject: Subject) -> None:
    additions = next(iter(bench.shots.values())).additions
    try:
        found = fluid(subject, additions)
    except ProblemError as error:
        st.warning(" ".join(f"{p.message} {p.remedy}" for p in error.problems))
        return
    if found is None:
        st.info("Nothing of it is left: blood has carried it off.")
        return
    shown: Pattern = pattern(found, aimed_at(bench))
    st.markdown(f"**{shown.name}.** {shown.look}")
    if shown.verdict is not None:
        say = {"intended": st.success, "partly": st.warning, "not intended": st.error}
        say[shown.verdict](f"{shown.verdict.capitalize()}. {shown.why}")
    if found.taken_ml < 0.95 * found.injectate.volume_ml:
        st.caption(f"It takes no more than {found.taken_ml:.1f} mL.")
    st.dataframe(rows(found), hide_index=True, height=180)
    st.caption("A simulated volume: never a dose.")


def _inject(scope: str, where: str) -> None:
    bench = state.bench(scope)
    assert bench is not None
    old = injectate(bench) or Injectate(iodine=IODINE)
    at = {CROSS: bench.point, TIP: None}.get(where, where)
    state.forget(f"inject/seconds/{scope}")
    state.keep(scope, injected(bench, old.model_copy(update={"at": at, "seconds": 0.0})))


def _remove(scope: str) -> None:
    bench = state.bench(scope)
    assert bench is not None
    state.forget(f"inject/plays/{scope}")
    state.keep(scope, injected(bench, None))


def _play(scope: str) -> None:
    state.set_value(f"inject/due/{scope}", MOMENTS[0])
    state.set_value(f"inject/plays/{scope}", True)
    state.forget(f"inject/shown/{scope}")


@st.fragment(run_every=FRAME_S)
def _film(scope: str) -> None:
    """Go on to the next moment, until blood has had its time."""
    if not state.value(f"inject/plays/{scope}"):
        return
    shown = state.value(f"inject/shown/{scope}")
    now = state.value(f"inject/seconds/{scope}") or MOMENTS[0]
    if shown != now:  # this moment has not been on the screen for its time yet
        state.set_value(f"inject/shown/{scope}", now)
        return
    later = [moment for moment in MOMENTS if now < moment <= FILM_S]
    if not later:
        state.set_value(f"inject/plays/{scope}", False)
        return
    state.set_value(f"inject/due/{scope}", later[0])
    st.rerun()
