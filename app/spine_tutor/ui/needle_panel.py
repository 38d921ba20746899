"""The needle on a bench: its kind, target and way, steered like a picture; what it crosses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.anatomy.subject import Landmark
from spine_tutor.imaging.needle import MAKES, Needle, Passage, angles, parse_needle, passages
from spine_tutor.imaging.spread_seat import find_seat
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.ui import state
from spine_tutor.ui.bench import Bench
from spine_tutor.ui.controls import Hand, Row, choice, options, slider
from spine_tutor.ui.links import REMEDY
from spine_tutor.ui.panel import Panel, said

PANEL = Panel("needle", "Needle")
"""Its place among what can be steered, beside the pictures."""
NONE, CROSS = "none", "cross-hair"
"""No needle; a target that is no landmark but where the cross-hair is."""
HANDS = {
    "oblique": Hand(-80.0, 80.0, 1.0, "°", "Oblique (+ LAO)"),
    "tilt": Hand(-50.0, 50.0, 1.0, "°", "Tilt (+ cranial)"),
    "bevel": Hand(-180.0, 180.0, 15.0, "°", "Turn the bevel"),
}
BEYOND_MM = 40.0
"""How far past the target the slider pushes a needle."""
ROUND_MM = 50.0
"""The slider reaches back to the skin in steps of this: its range stays while angles turn."""
LEAN_DEG = 25.0
"""How far a needle for a target beside the midline leans to that side at first."""
MEETS = {
    "bone": "meets bone",
    "nerve": "goes through a nerve",
    "vessel": "goes through a vessel",
    "organ": "goes through an organ",
}
"""What is said of a way, by the kind of structure on it."""
TOUCH_MM = 1.0
"""A needle that ends on bone, as some shall, seems to enter it by up to this: a voxel."""
WAY = ("entry", "oblique", "tilt")
"""What tells a needle's way to its tip."""
DURAL = ("dura", "csf", "cord")


def controls(scope: str, subject: Subject) -> None:
    """Draw the needle's controls and what it crosses; keep it on the bench of a scope."""
    bench = state.laid_out(scope)
    PANEL.draw(scope, rows(bench, subject), partial(_turn, subject))
    if bench.needle is None:
        st.caption("Choose a kind to put a needle into the body.")
        return
    try:
        found = passages(subject, bench.needle)
    except ProblemError as error:
        st.warning(said(error))
        return
    mark = subject.landmarks.get(str(bench.needle.tip))
    if mark is not None and mark.blocked and bench.needle.entry is None:
        st.caption(f"No straight way to this target is free: {mark.blocked}.")
    for warning in warnings(found):
        st.caption(f"⚠ {warning}")
    st.markdown(table(found))
    st.caption("A simulated needle: it teaches what lies on a way and guides nobody's hand.")


def rows(bench: Bench, subject: Subject) -> list[Row]:
    """Return the rows of the panel, as `live_controls.js` reads them."""
    needle = bench.needle
    kind = needle.kind if needle else NONE
    kinds = {NONE: "no needle"} | {name: make.name for name, make in MAKES.items()}
    found = [choice("kind", "Kind", "Gauge and tip.", options(kinds, kind), kind)]
    if needle is None:
        return found
    targets = {CROSS: "where the cross-hair is"}
    targets |= {mark.id: mark.name for mark in _targets(subject)}
    tip = needle.tip if isinstance(needle.tip, str) else CROSS
    found.append(choice("tip", "Target", "Where the tip is aimed at.", options(targets, tip), tip))
    back = -ROUND_MM * math.ceil(_depth(needle, subject) / ROUND_MM)
    hands = {"advance": Hand(back, BEYOND_MM, 1.0, " mm", "Draw back / advance")} | HANDS
    found += [
        slider(name, needle, name, hand)
        for name, hand in hands.items()
        if needle.entry is None or name not in ("oblique", "tilt")
    ]
    return found


def turned(bench: Bench, changes: Mapping[str, Any], subject: Subject) -> Needle | None:
    """Return the needle with some of its controls turned, None for none.

    Raises:
        ProblemError: if a value is not allowed, or no needle can lie there.
    """
    before = bench.needle
    if changes.get("kind") == NONE or (before is None and "kind" not in changes):
        return None
    fields = before.model_dump() if before else _first_aim(bench, subject)
    fields |= changes
    if "tip" in changes:
        fields |= {"entry": None, "advance": 0.0}
        if mark := subject.landmarks.get(str(changes["tip"])):
            fields |= _aim(mark)
    if fields["tip"] == CROSS:
        fields["tip"] = tuple(round(value, 1) for value in bench.point)
    needle = parse_needle(fields)
    if "advance" in changes:  # the skin is as far as it can be drawn back
        whole = needle.model_copy(update={"advance": 0.0})
        kept = max(needle.advance, -_depth(whole, subject))
        needle = needle.model_copy(update={"advance": kept})
    needle.placed(subject)
    return needle


def table(found: tuple[Passage, ...]) -> str:
    """Return what a needle crosses as a Markdown table, from the skin inwards."""
    lines = ["| From the skin inwards | at mm | for mm |", "|---|--:|--:|"]
    lines += [f"| {p.structure.name} | {max(p.enter, 0):.1f} | {p.length:.1f} |" for p in found]
    return "\n".join(lines)


def warnings(found: tuple[Passage, ...]) -> list[str]:
    """Return what a way goes through that it should not, in order, each structure once."""
    found_once: dict[str, str] = {}
    for passage in found:
        structure = passage.structure
        meets = MEETS.get(structure.kind)
        if structure.kind == "bone" and passage.length < TOUCH_MM:
            meets = None
        if structure.tissue in DURAL:
            meets = "goes through the dura"
        if meets:
            at = f"at {max(passage.enter, 0):.0f} mm for {passage.length:.1f} mm"
            found_once.setdefault(structure.id, f"It {meets} {at}: {structure.name}.")
    return list(found_once.values())


def line(bench: Bench, subject: Subject) -> list[list[float]] | None:
    """Return the needle as the 3-D model draws it, from the hub to the tip; None for none."""
    if bench.needle is None:
        return None
    try:
        middle = bench.needle.placed(subject).line
    except ProblemError:
        return None  # the pictures say why
    return [[round(float(value), 1) for value in point] for point in middle]


def linked(bench: Bench, parameters: Mapping[str, str], subject: Subject) -> Bench:
    """Return a link's bench with the needle on the usual way, and shown, unless the link tells."""
    needle = bench.needle
    mark = subject.landmarks.get(str(needle.tip)) if needle else None
    if needle and mark and not {f"needle.{name}" for name in WAY} & parameters.keys():
        bench = bench.with_needle(needle.model_copy(update=_aim(mark)))
    return bench if "at" in parameters else shown(bench, subject)


def possible(bench: Bench, subject: Subject) -> tuple[Bench, list[Problem]]:
    """Return a link's bench without a needle or fluid that cannot lie there, and what is wrong.

    The pictures are drawn without it, and it is told once instead of in each of them.
    """
    problems: list[Problem] = []
    tip = None
    if bench.needle is not None:
        try:
            x, y, z = (float(v) for v in bench.needle.placed(subject).tip)
            tip = (x, y, z)
        except ProblemError as error:
            problems += error.problems
            bench = bench.with_needle(None)
            if bench.injectate is not None and bench.injectate.at is None:
                bench = bench.with_injectate(None)  # it came out of that needle
    if bench.injectate is not None:
        try:
            find_seat(subject, bench.injectate, tip)
        except ProblemError as error:
            problems += error.problems
            bench = bench.with_injectate(None)
    return bench, [Problem("link", p.message, f"{p.remedy} {REMEDY}") for p in problems]


def shown(bench: Bench, subject: Subject, dragging: bool = False) -> Bench:
    """Return the bench with the cross-hair, and the slices that follow it, at the needle's tip."""
    if bench.needle is None:
        return bench
    try:
        tip = bench.needle.placed(subject).tip
    except ProblemError:
        return bench  # the panel and the pictures say why
    return bench.aim(tip, subject, dragging=dragging)


def _turn(subject: Subject, bench: Bench, changes: Mapping[str, Any], dragging: bool) -> Bench:
    needle = turned(bench, changes, subject)
    after = bench.with_needle(needle, dragging)
    return after if needle == bench.needle else shown(after, subject, dragging)


def _depth(needle: Needle, subject: Subject) -> float:
    """Return how far the skin lies from the target, whole mm: as far as it can be drawn back."""
    try:
        return float(int(needle.placed(subject).depth - needle.advance))
    except ProblemError:
        return 100.0


def _targets(subject: Subject) -> list[Landmark]:
    """Return the landmarks that needles are aimed at."""
    marks = subject.landmarks.values()
    return [mark for mark in marks if mark.direction is not None or "target" in mark.id]


def _first_aim(bench: Bench, subject: Subject) -> dict[str, Any]:
    """Return the way to the target nearest to the cross-hair, else to the cross-hair itself."""
    targets = _targets(subject)
    if not targets:
        return {"tip": CROSS}
    return _aim(min(targets, key=lambda mark: math.dist(mark.point, bench.point)))


def _aim(mark: Landmark) -> dict[str, Any]:
    """Return the recommended way to a target; without one, a lean to the target's own side."""
    if mark.direction is None:
        lean = {"left": -LEAN_DEG, "right": LEAN_DEG}.get(mark.id.rpartition("_")[2], 0.0)
        return {"tip": mark.id, "oblique": lean, "tilt": 0.0}
    oblique, tilt = angles(mark.direction)
    return {"tip": mark.id, "oblique": round(oblique), "tilt": round(tilt)}
