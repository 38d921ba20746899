"""Whatever a link says, it is followed or told; no page goes blank."""

from __future__ import annotations

import numpy as np
import pytest

from bad_values import ends
from small_body import small_body
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.needle import Needle
from spine_tutor.imaging.shot import standard_shots
from spine_tutor.problems import ProblemError
from spine_tutor.ui import links
from spine_tutor.ui.bench import Bench
from spine_tutor.ui.controls import SETTING

TEXTS = (
    "nan", "inf", "-inf", "1e400", "-1e9", "1e9", "0", "-1", "", " ", "none", "true", "a,b",
    "1,2,3", "nan,nan,nan", "{}", "[]", "<b>", "'", "`", "%00", "x" * 5000, "٣", "½",
)  # fmt: skip
BODY = small_body()
BENCH = Bench(BODY.id, standard_shots(BODY))


def keys() -> list[str]:
    found = ["at", "camera", "nothing.nothing", ".", "fluoroscopy.", ".oblique", "fluoroscopy.s."]
    for modality, made in MODALITIES.items():
        found += [f"{modality}.{name}" for name in MODALITIES[modality].pose]
        found += [f"{modality}.{name}" for name in made.view.model_fields]
        found += [f"{modality}.{SETTING}{name}" for name in made.settings.model_fields]
    return found + [f"needle.{name}" for name in Needle.model_fields]


@pytest.mark.parametrize("key", sorted(set(keys())))
def test_a_parameter_is_followed_within_its_limits_or_told(key: str) -> None:
    panel, _, name = key.partition(".")
    for text in TEXTS:
        found, problems = links.decode({key: text}, BENCH)
        assert all(p.message and p.remedy and len(str(p)) < 400 for p in problems)
        assert np.isfinite(found.point).all()
        if panel not in MODALITIES or problems:
            continue
        shot = found.shots[panel]
        model = shot.settings if name.startswith(SETTING) else shot.view
        value = getattr(model, name.removeprefix(SETTING), None)
        if isinstance(value, float | int):
            low, high = (*ends(type(model), name.removeprefix(SETTING)), None, None)[:2]
            assert np.isfinite(value)
            assert low is None or value >= low
            assert high is None or value <= high


@pytest.mark.parametrize("text", TEXTS)
def test_a_needle_from_a_link_is_placed_or_told(text: str) -> None:
    for name in Needle.model_fields:
        given = {"needle.kind": "22G", "needle.tip": "l4_pedicle_left"} | {f"needle.{name}": text}
        found, problems = links.decode(given, BENCH)
        if found.needle is None:
            assert problems or text == "none"
            continue
        try:
            line = found.needle.placed(BODY).line
        except ProblemError:  # the page says why
            continue
        assert np.isfinite(line).all()
