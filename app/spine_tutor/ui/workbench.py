"""The workbench: the 3-D model, the pictures and their controls, linked by one cross-hair.

It is one fragment, so that a slider's step reruns nothing else on the page. Order matters: what a
hand holds is drawn last, because its echo lets the next report go, and a report that came earlier
would interrupt the pictures that are still to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.geometry import ConeGeometry, Geometry, PlaneGeometry
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot
from spine_tutor.problems import ProblemError
from spine_tutor.resources import LABEL
from spine_tutor.ui import (
    cache,
    captions,
    components,
    controls,
    exposures,
    injectate_panel,
    links,
    needle_panel,
    routes,
    state,
)
from spine_tutor.ui.bench import Bench, coarse
from spine_tutor.ui.panel import Panel, said

MODEL_HEIGHT = 400
"""px; leaves room for the controls under the model on a screen of 768 px."""

ADDED = {added.PANEL.id: added for added in (needle_panel, injectate_panel)}
"""What can be steered beside the pictures, by the id of its panel."""

OUTLINE = "#ffd60a"
"""Of a structure that is pointed out in the pictures."""


@st.fragment
def workbench(
    scope: str,
    subject: Subject,
    *,
    everything: bool = False,
    linked: bool = True,
    below: Callable[[str, Subject], None] | None = None,
) -> None:
    """Draw the bench of a scope and keep what is done to it.

    Args:
        scope: under which `state` keeps the bench.
        subject: the body on the bench.
        everything: offer every control, not only the essential ones.
        linked: write the bench into the address of the page.
        below: draws what belongs to the bench under it.
    """
    bench = state.laid_out(scope)
    steered = bench.steered or next(iter(bench.shots), None)
    share = 0.36 if len(bench.shots) == 2 else 0.44  # two pictures side by side may be larger
    model, pictures = st.container(key="bench").columns([share, 1 - share], gap="small")
    with model:
        scene_box, wait_box = st.container(), st.container()
        control_box = st.container(key="steering")
    with pictures:
        boxes = _grid(list(bench.shots))
    held = state.value(f"held/{scope}")
    draw_scene = partial(_scene, scope, scene_box, bench, subject, steered)
    first = not state.value(f"drawn/{scope}")
    if first:  # the model is there at once; pictures may have to be simulated
        draw_scene()
    with wait_box:
        injectate_panel.spread_first(bench, subject)
    order = sorted(bench.shots, key=lambda panel: (panel == held, panel != steered))
    for panel in [p for p in order if p != held]:
        with boxes[panel]:
            _picture(scope, panel, bench, subject)
    if not first:
        draw_scene()
    state.set_value(f"drawn/{scope}", True)
    with control_box:
        if steered:
            _controls(scope, steered, bench, subject, everything)
    if below is not None:
        below(scope, subject)
    if held in boxes:
        with boxes[held]:
            _picture(scope, held, bench, subject)
    start = state.bench(f"{scope}/start")
    if linked and start is not None and bench.dragged is None:
        _address(links.encode(bench, start))


def lay_out(scope: str, bench: Bench, subject: Subject) -> None:
    """Put a bench at its start, and at once where the page's address says it should be."""
    if state.bench(f"{scope}/start") == bench:
        return
    state.keep(f"{scope}/start", bench)
    parameters = st.query_params.to_dict()
    wanted, problems = links.decode(parameters, bench)
    if wanted.needle != bench.needle:
        wanted = needle_panel.linked(wanted, parameters, subject)
    if (wanted.needle, wanted.injectate) != (bench.needle, bench.injectate):
        wanted, impossible = needle_panel.possible(wanted, subject)
        problems += impossible
    state.keep(scope, wanted)
    state.set_value(f"refused/{scope}", [str(problem) for problem in problems])


# -- drawing ----------------------------------------------------------------------------------


def _grid(names: list[str]) -> dict[str, Any]:
    """Return a place for each picture: one alone, else rows of two."""
    if len(names) == 1:
        return {names[0]: st.container()}
    places: dict[str, Any] = {}
    for first in range(0, len(names), 2):
        pair = st.columns(2, gap="small")
        for name, place in zip(names[first : first + 2], pair, strict=False):
            places[name] = place.container()
    return places


def _scene(scope: str, box: Any, bench: Bench, subject: Subject, steered: str | None) -> None:
    with box:
        components.scene3d(
            scene_data(bench, subject, steered),
            key=f"scene/{scope}",
            on_pick=partial(_picked, scope, subject),
            on_camera=partial(_looked, scope),
        )


def _picture(scope: str, panel: str, bench: Bench, subject: Subject) -> None:
    shot, key = _shown(bench, panel), f"picture/{scope}/{panel}"
    try:
        drawn = cache.drawn(subject, shot)
        named = cache.names(subject, shot) if bench.names and bench.dragged is None else None
    except (ProblemError, ValueError, KeyError) as error:
        st.warning(f"**{MODALITIES[shot.modality].name}** cannot be shown. {said(error)}")
        return
    header = picture_header(shot, drawn, named)
    if taken := exposures.told(scope, panel, bench.shots[panel], drawn.image):
        header["facts"] += f" · {taken}"
    place = drawn.image.geometry
    row, column = place.world_to_pixel(bench.point)
    off = abs(place.distance(bench.point)) if isinstance(place, PlaneGeometry) else 0.0
    header |= {"mode": "cross", "cross": {"row": row, "column": column}, "echo": state.echo(key),
               "off": off}  # fmt: skip
    outlined = bench.outlined and bench.structure(bench.outlined, subject)
    if outlined and bench.dragged is None:
        lines = cache.outlines(subject, shot, outlined.id)
        header["outlines"] = [{"color": OUTLINE, "points": points} for points in lines]
        where = "is outlined" if lines else "is not in this picture"
        header["alt"] += f" {outlined.name} {where}."
    if off > 1:
        header["pose"] += f" · cross-hair {off:.0f} mm away"
    components.picture(
        header,
        drawn.jpeg,
        named.packed if named else b"",
        key=key,
        on_cross=partial(_crossed, scope, panel, subject, key),
    )


def _shown(bench: Bench, panel: str) -> Shot:
    """Return the shot to simulate now: coarse while it moves, unless the whole is fast enough."""
    shot = bench.shots[panel]
    moves = bench.dragged in (panel, "*")
    return coarse(shot) if moves and cache.slow(shot.modality) else shot


def picture_header(
    shot: Shot, drawn: cache.Drawn, named: cache.Names | None, telling: bool = True
) -> dict[str, Any]:
    """Return what the picture component needs beside the picture: captions, names, no cross-hair.

    Args:
        shot: what is shown.
        drawn: the picture of it.
        named: what lies under the cursor; None names nothing.
        telling: False in a question that modality and pose would give away.
    """
    return {
        "title": MODALITIES[shot.modality].name if telling else "Which modality?",
        "color": MODALITIES[shot.modality].color if telling else "#8396a9",
        "pose": captions.pose(shot) if telling else "",
        "facts": captions.facts(drawn.image) if telling else "",
        "alt": captions.alt(shot, telling=telling),
        "size": shot.view.pixels,
        "key": f"{drawn.image.subject.content_hash[:8]}{abs(hash(shot.key())):x}",
        "names": named is not None,
        "labels": named and {"shape": named.shape, "names": named.names},
        "mode": "plain", "cross": None, "off": 0.0, "marks": [], "outlines": [], "echo": "",
    }  # fmt: skip


def scene_data(bench: Bench, subject: Subject, steered: str | None) -> dict[str, Any]:
    """Return what the 3-D component draws: no meshes, only what changes."""
    planes, beam, clip = [], None, None
    for panel, shot in bench.shots.items():
        if panel not in (steered, bench.clip) and not _projects(shot):
            continue
        try:
            place = cache.place(subject, shot)
        except (ProblemError, ValueError, KeyError):
            continue  # its picture says why
        if panel == steered:
            planes.append(_outline(shot, place))
        if isinstance(place, ConeGeometry):
            beam = _orbit_of(place)
        elif panel == bench.clip:
            clip = {"origin": _list(place.pixel_to_world(0, 0)), "normal": _list(-place.normal)}
    return {
        "vtk": routes.vtk_url(),
        "bundle": routes.mesh_url(subject),
        "label": f"3-D model of {subject.title}. Arrow keys turn it, Shift and arrow keys move a "
        f"reticle, Enter picks what lies under it, plus and minus zoom. {LABEL}.",
        "height": MODEL_HEIGHT,
        "show": dict(bench.show),
        "fit": _framed(bench, subject),
        "highlight": list(bench.highlight),
        "point": [round(value, 1) for value in bench.point],
        "camera": bench.camera,
        "frames": planes,
        "beam": beam,
        "clip": clip,
        "needle": needle_panel.line(bench, subject),
        "names": bench.names,
    }


def _projects(shot: Shot) -> bool:
    """Return whether a picture shows every depth, so that no cross-hair can move it."""
    return MODALITIES[shot.modality].formation == "projection"


def _framed(bench: Bench, subject: Subject) -> list[str]:
    """Return what the camera frames: the bones, since the sac and the muscles are long."""
    kinds = {name: subject.structures[name].kind for name in bench.show}
    return [name for name, kind in kinds.items() if kind == "bone"] or list(bench.show)


def _outline(shot: Shot, place: Geometry) -> dict[str, Any]:
    """Return the square that a picture covers in the body, and a C-arm's central ray."""
    rows, columns = place.shape
    corners = [(0, 0), (0, columns - 1), (rows - 1, columns - 1), (rows - 1, 0)]
    found: dict[str, Any] = {"color": MODALITIES[shot.modality].color}
    if isinstance(place, PlaneGeometry):
        return found | {"corners": [_list(place.pixel_to_world(*at)) for at in corners]}
    center = place.isocenter
    ray = (place.source - center) / np.linalg.norm(place.source - center)
    return found | {
        "corners": [_list(place.move(*at, keep=center)) for at in corners],
        "axis": [_list(center + 130 * ray), _list(center - 130 * ray)],
    }


def _orbit_of(cone: ConeGeometry) -> dict[str, float]:
    """Return the camera that looks along the beam from the detector, as the picture is seen."""
    x, y, z = (cone.isocenter - cone.source) / np.linalg.norm(cone.isocenter - cone.source)
    return {
        "azimuth": round(float(np.rad2deg(np.arctan2(x, -y))), 1),
        "elevation": round(float(np.rad2deg(np.arcsin(z))), 1),
    }


def _list(vector: np.ndarray) -> list[float]:
    return [round(float(value), 1) for value in vector]


def _controls(scope: str, steered: str, bench: Bench, subject: Subject, everything: bool) -> None:
    names = [*bench.shots, *(ADDED if everything else ())]
    if len(names) > 1:
        key = f"steer/{scope}"
        if state.value(key) is None:
            state.set_value(key, steered)
        st.segmented_control(
            "Picture to steer",
            names,
            format_func=_panel_name,
            key=key,
            on_change=partial(_steer, scope),
            label_visibility="collapsed",
            width="stretch",
        )
    if steered in ADDED:
        ADDED[steered].controls(scope, subject)
        return
    shot = bench.shots[steered]
    Panel(steered, _panel_name(steered)).draw(
        scope,
        controls.rows(shot, None if everything else MODALITIES[shot.modality].essential),
        lambda now, changes, dragging: now.turn(steered, changes, dragging),
    )
    if not all(map(_projects, bench.shots.values())):
        key = f"follow/{scope}"
        state.set_value(key, bench.follow)
        st.toggle("Slices follow the cross-hair", key=key, on_change=partial(_follow, scope))


def _panel_name(panel: str) -> str:
    if panel in ADDED:
        return ADDED[panel].PANEL.name
    modality, _, number = panel.partition("-")
    return MODALITIES[modality].name + (f" {number}" if number else "")


def _address(wanted: dict[str, str]) -> None:
    """Write the bench into the address; keys without a dot that are not ours stay."""
    now = st.query_params.to_dict()
    ours = {k for k in now if "." in k or k in ("at", "camera")}
    if {k: now[k] for k in ours} != wanted:
        st.query_params.from_dict({k: v for k, v in now.items() if k not in ours} | wanted)


# -- what a hand does -------------------------------------------------------------------------


def _crossed(scope: str, panel: str, subject: Subject, key: str) -> None:
    report, bench = state.heard(key, "cross"), state.laid_out(scope)
    row, column = pixel(report, bench.shots[panel])
    point = cache.place(subject, bench.shots[panel]).move(row, column, bench.point)
    state.change(scope, bench.aim(point, subject, panel, bool(report.get("dragging"))), held=panel)


def pixel(report: Any, shot: Shot) -> tuple[float, float]:
    """Return row and column on the whole picture of a place reported on the one that was shown."""
    scale = shot.view.pixels / float(report["size"])
    return (float(report["row"]) + 0.5) * scale - 0.5, (float(report["column"]) + 0.5) * scale - 0.5


def _picked(scope: str, subject: Subject) -> None:
    report = state.heard(f"scene/{scope}", "pick")
    bench = state.laid_out(scope).aim(report["point"], subject)
    state.change(scope, replace(bench, highlight=(str(report["part"]),), outlined=None))


def _looked(scope: str) -> None:
    state.change(
        scope, replace(state.laid_out(scope), camera=dict(state.heard(f"scene/{scope}", "camera")))
    )


def _steer(scope: str) -> None:
    chosen = state.value(f"steer/{scope}")
    state.change(
        scope, replace(state.laid_out(scope), steered=chosen or state.laid_out(scope).steered)
    )


def _follow(scope: str) -> None:
    state.change(scope, replace(state.laid_out(scope), follow=bool(state.value(f"follow/{scope}"))))
