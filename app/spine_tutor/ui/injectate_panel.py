"""The injection on a bench: where, how much, with contrast or without, how long ago; what it fills.

Its seconds are a slider like any other: dragged, it plays how blood carries contrast off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.injectate import Injectate, parse_injectate
from spine_tutor.imaging.spread import Spread
from spine_tutor.imaging.spread_pattern import pattern
from spine_tutor.imaging.spread_pictures import fluid
from spine_tutor.problems import ProblemError
from spine_tutor.ui import state
from spine_tutor.ui.bench import Bench
from spine_tutor.ui.controls import Hand, Row, choice, options, slider
from spine_tutor.ui.panel import Panel, said

PANEL = Panel("injectate", "Injection")
"""Its place among what can be steered, beside the pictures."""
NOTHING, TIP, CROSS = "nothing", "tip", "cross-hair"
"""No injection; at the needle's tip; at a place that is no landmark."""
IODINE = 240.0
"""mg/mL of what is injected at first, as iohexol 240 has."""
LEAST_ML = 0.02
"""Structures that hold less are not listed."""
LISTED = 6
HANDS = {
    "volume_ml": Hand(0.5, 10.0, 0.5, " mL", "Volume (simulated)"),
    "iodine": Hand(0.0, 300.0, 10.0, " mg/mL", "Iodine (0: plain fluid)"),
    "seconds": Hand(0.0, 8.0, 0.1, " s", "Seconds after"),
}
SOON_ML = 5.0
"""Up to this volume spread is found in a blink."""
NOTE = "A simulated volume: it shows where fluid goes and is a dose for nobody."


def controls(scope: str, subject: Subject) -> None:
    """Draw the controls of the injection and what it fills; keep it on the bench of a scope."""
    bench = state.laid_out(scope)
    PANEL.draw(scope, rows(bench, subject), _turn)
    if bench.injectate is None:
        st.caption("Choose where to inject.")
        return
    try:
        found = fluid(subject, next(iter(bench.shots.values())).additions)
    except ProblemError as error:
        st.warning(said(error))
        return
    if found is None:
        st.markdown("**Nothing of it is left:** blood has carried it off.")
    else:
        st.markdown("\n\n".join(report(found, aimed_at(bench))))
        st.markdown(table(found))
    st.caption(NOTE)


def spread_first(bench: Bench, subject: Subject) -> None:
    """Find where a large volume goes before it is drawn, and say so meanwhile."""
    if bench.injectate is None or bench.injectate.volume_ml <= SOON_ML:
        return
    with st.spinner("The fluid spreads …"):
        try:
            fluid(subject, next(iter(bench.shots.values())).additions)
        except ProblemError:
            return  # the panel and the pictures say why


def rows(bench: Bench, subject: Subject) -> list[Row]:
    """Return the rows of the panel, as `live_controls.js` reads them."""
    now = bench.injectate
    places = {NOTHING: "nothing injected"}
    if bench.needle is not None:
        places[TIP] = "at the needle's tip"
    places[CROSS] = "where the cross-hair is"
    places |= {m.id: m.name for m in subject.landmarks.values() if "skin" not in m.id}
    at = NOTHING if now is None else _named(now)
    found = [choice("at", "Inject", "Where the fluid comes out.", options(places, at), at)]
    if now is not None:
        found += [slider(name, now, name, hand) for name, hand in HANDS.items()]
    return found


def turned(bench: Bench, changes: Mapping[str, Any]) -> Injectate | None:
    """Return the injectate with some of its controls turned, None for none.

    Raises:
        ProblemError: if a value is not allowed.
    """
    before = bench.injectate
    if changes.get("at") == NOTHING or (before is None and "at" not in changes):
        return None
    fields: dict[str, Any] = before.model_dump() if before else {"iodine": IODINE}
    fields |= changes
    if "at" in changes:  # another place is another injection
        fields |= {"seconds": 0.0, "space": "auto"}
    if fields["at"] == TIP:
        fields["at"] = None
    if fields["at"] == CROSS:
        fields["at"] = tuple(round(value, 1) for value in bench.point)
    return parse_injectate(fields)


def report(found: Spread, target: str | None) -> list[str]:
    """Return the pattern, its verdict and what did not go in, a sentence or two each."""
    shown = pattern(found, target)
    lines = [f"**{shown.name}.** {shown.look}"]
    if shown.verdict is not None:
        lines.append(f"**{shown.verdict.capitalize()}:** {shown.why}")
    if found.taken_ml < 0.95 * found.injectate.volume_ml:
        lines.append(f"It takes no more than {found.taken_ml:.1f} mL.")
    return lines


def table(found: Spread) -> str:
    """Return what a fluid fills as a Markdown table, most first."""
    listed = [(name, ml) for name, ml in found.ml.items() if ml >= LEAST_ML][:LISTED]
    lines = ["| It fills | mL |", "|---|--:|"]
    lines += [f"| {found.subject.structures[name].name} | {ml:.2f} |" for name, ml in listed]
    return "\n".join(lines)


def aimed_at(bench: Bench) -> str | None:
    """Return the name of what the needle, or else the injection, is aimed at."""
    if bench.needle is not None and isinstance(bench.needle.tip, str):
        return bench.needle.tip
    now = bench.injectate
    return now.at if now is not None and isinstance(now.at, str) else None


def _named(now: Injectate) -> str:
    if now.at is None:
        return TIP
    return now.at if isinstance(now.at, str) else CROSS


def _turn(bench: Bench, changes: Mapping[str, Any], dragging: bool) -> Bench:
    return bench.with_injectate(turned(bench, changes), dragging)
