"""The tutor's own components, registered when a page first draws one.

Streamlit finds their files by `pyproject.toml` beside this package; registering one outside a
running server raises, which is why it is not done on import.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import streamlit as st

Renderer = Callable[..., Any]


@cache
def _component(name: str) -> Renderer:
    return st.components.v2.component(
        f"spine-tutor.{name}", js=f"{name}.js", css=f"{name}.css", isolate_styles=True
    )


def _ignore() -> None:
    """Stand in for a callback: a component reports only what has one."""


def scene3d(
    data: Mapping[str, Any],
    key: str,
    on_pick: Callable[[], None] = _ignore,
    on_camera: Callable[[], None] = _ignore,
) -> None:
    """Draw the 3-D model; `st.session_state[key]` holds what it reports.

    Args:
        data: as `ui/assets/scene3d.js` reads it; `workbench.scene_data` makes it.
        key: stays the same while the model lives, so that it is not loaded again.
        on_pick: called when a structure is clicked: ``pick`` is part, whole and point.
        on_camera: called when the view has come to rest: ``camera`` is the orbit.
    """
    _component("scene3d")(
        data=dict(data), key=key, on_pick_change=on_pick, on_camera_change=on_camera
    )


def picture(
    header: Mapping[str, Any],
    jpeg: bytes,
    labels: bytes,
    key: str,
    on_cross: Callable[[], None] = _ignore,
    on_answer: Callable[[], None] = _ignore,
) -> None:
    """Draw a picture; `st.session_state[key]` holds what it reports.

    Args:
        header: as `ui/assets/picture.js` reads it.
        jpeg: the picture.
        labels: the deflated label map, empty where nothing is named.
        key: as in `scene3d`.
        on_cross: called when the cross-hair moves: ``cross`` is row, column, dragging, serial.
        on_answer: called when a question is answered: ``answer`` is row and column.
    """
    text = json.dumps({**header, "jpeg": len(jpeg)}, ensure_ascii=False).encode()
    data = len(text).to_bytes(4, "little") + text + jpeg + labels  # bytes travel only as a whole
    _component("picture")(data=data, key=key, on_cross_change=on_cross, on_answer_change=on_answer)


def visibility_table(
    data: Mapping[str, Any], key: str, on_choose: Callable[[], None] = _ignore
) -> None:
    """Draw a table of verdicts whose cells can be chosen.

    Args:
        data: as `ui/assets/visibility_table.js` reads it; `visibility_table.table` makes it.
        key: as in `scene3d`.
        on_choose: called when a cell is chosen: ``cell`` is structure and panel, null for a row.
    """
    _component("visibility_table")(data=dict(data), key=key, on_cell_change=on_choose)


def live_controls(
    label: str,
    rows: Sequence[Mapping[str, Any]],
    echo: str,
    key: str,
    on_turn: Callable[[], None],
) -> None:
    """Draw a panel of sliders and choices that report while they are turned.

    Args:
        label: what the panel steers.
        rows: as `controls.rows` makes them.
        echo: serial of the last change that was carried out; the next leaves when it is back.
        key: as in `scene3d`.
        on_turn: called with each change: ``change`` is changes, dragging, serial.
    """
    data = {"label": label, "rows": list(rows), "echo": echo}
    _component("live_controls")(data=data, key=key, on_change_change=on_turn)
