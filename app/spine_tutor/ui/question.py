"""A question on the page: asked by its kind, and explained in all four modalities."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.geometry import PlaneGeometry
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot, standard_shots
from spine_tutor.lessons.items import (
    Hotspot,
    Item,
    MultipleChoice,
    NameModality,
    Pick,
    SingleChoice,
)
from spine_tutor.lessons.views import ViewSpec
from spine_tutor.problems import ProblemError
from spine_tutor.quiz.grading import Answer, Click, Grade, Touch
from spine_tutor.ui import cache, components, layout, state
from spine_tutor.ui.bench import Bench, through
from spine_tutor.ui.workbench import picture_header, pixel, scene_data

Answered = Callable[[Answer], None]


def pose(item: Item, subject: Subject, scope: str, answered: Answered) -> None:
    """Ask an item; `answered` is called in a callback, before the page is drawn again."""
    words, place = st.columns([0.42, 0.58], gap="medium")
    words.markdown(f"### {item.stem}")
    match item:
        case SingleChoice() | MultipleChoice():
            with words:
                _choices(item, scope, answered)
            if item.view is not None:
                with place:
                    _plain(item.view, subject, scope, telling=True)
        case NameModality():
            with words:
                names = {name: modality.name for name, modality in MODALITIES.items()}
                chosen = st.radio("Modality", list(names), index=None, format_func=names.get,
                                  key=f"radio/{scope}")  # fmt: skip
                _submit(scope, chosen, answered)
            with place:
                _plain(item.view, subject, scope, telling=False)
        case Hotspot():
            words.caption("Click the place on the picture; or move the cross-hair with the arrow "
                          "keys and press Enter.")  # fmt: skip
            with place:
                _clickable(item, subject, scope, answered)
        case Pick():
            words.caption("Turn the model and click; or aim with Shift and arrow keys, then Enter.")
            with place:
                _touchable(item, subject, scope, answered)


def explain(item: Item, judged: Grade, subject: Subject, scope: str) -> None:
    """Show where the answer lies in all four modalities."""
    assert judged.answer_point is not None
    st.markdown("##### The answer in all four modalities")
    side = "left" if judged.answer_point[0] < 0 else "right"
    shots = standard_shots(subject, judged.answer_point, side)
    for place, (name, shot) in zip(st.columns(4, gap="small"), shots.items(), strict=True):
        with place:
            shot = through(shot, judged.answer_point, subject)
            try:
                drawn = cache.drawn(subject, shot)
            except (ProblemError, ValueError, KeyError) as error:
                st.warning(f"{MODALITIES[name].name} cannot be shown here: {error}")
                continue
            named = cache.names(subject, shot)
            row, column = drawn.image.geometry.world_to_pixel(judged.answer_point)
            ring = {"kind": "ring", "row": row, "column": column, "color": "#ffd60a", "text": ""}
            header = picture_header(shot, drawn, named) | {"marks": [ring]}
            if isinstance(drawn.image.geometry, PlaneGeometry):
                off = abs(drawn.image.geometry.distance(judged.answer_point))
                if off > 2:
                    header["pose"] += f" · answer {off:.0f} mm beside this plane"
            header["alt"] += " A yellow ring marks the answer."
            components.picture(header, drawn.jpeg, named.packed, key=f"answer/{scope}/{name}")


# -- kinds ------------------------------------------------------------------------------------


def _choices(item: SingleChoice | MultipleChoice, scope: str, answered: Answered) -> None:
    texts = [option.text for option in item.options]
    if isinstance(item, SingleChoice):
        chosen: Any = st.radio("Choose one", range(len(texts)), index=None,
                               format_func=texts.__getitem__, key=f"radio/{scope}")  # fmt: skip
        _submit(scope, chosen, answered)
        return
    st.caption("Choose every right answer.")
    marks = [st.checkbox(text, key=f"check/{scope}/{n}") for n, text in enumerate(texts)]
    _submit(scope, [n for n, marked in enumerate(marks) if marked] or None, answered)


def _submit(scope: str, answer: Any, answered: Answered) -> None:
    st.button("Answer", type="primary", disabled=answer is None, key=f"submit/{scope}",
              on_click=partial(answered, answer))  # fmt: skip


def _plain(spec: ViewSpec, subject: Subject, scope: str, telling: bool) -> None:
    shot = Shot(spec.view, spec.settings, spec.additions)
    drawn = cache.drawn(subject, shot)
    header = picture_header(shot, drawn, None, telling)
    components.picture(header, drawn.jpeg, b"", key=f"asked/{scope}")


def _clickable(item: Hotspot, subject: Subject, scope: str, answered: Answered) -> None:
    shot, key = Shot(item.view.view, item.view.settings, item.view.additions), f"asked/{scope}"
    drawn = cache.drawn(subject, shot)

    def heard() -> None:
        row, column = pixel(state.heard(key, "answer"), shot)
        answered(Click(row, column))

    header = picture_header(shot, drawn, None) | {"mode": "answer"}
    components.picture(header, drawn.jpeg, b"", key=key, on_answer=heard)


def _touchable(item: Pick, subject: Subject, scope: str, answered: Answered) -> None:
    key = f"asked/{scope}"
    show, _ = layout.scene(item.scene, subject)  # nothing is lit: that would tell
    bench = Bench(subject.id, {}, show=show, camera=item.scene.camera, names=False)

    def heard() -> None:
        report = state.heard(key, "pick")
        x, y, z = report["point"]
        answered(Touch(str(report["part"]), (float(x), float(y), float(z))))

    data = scene_data(bench, subject, None) | {"point": None, "height": 520}
    components.scene3d(data, key=key, on_pick=heard)
