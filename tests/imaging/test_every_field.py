"""Whatever a field is given, a shot is refused with a reason or drawn without a blank."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from bad_values import NONSENSE, ends, fields, start, with_field
from small_body import small_body
from spine_tutor.imaging.additions import Additions
from spine_tutor.imaging.display import encode, picture
from spine_tutor.imaging.injectate import Injectate
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.needle import Needle
from spine_tutor.imaging.shot import Shot
from spine_tutor.problems import ProblemError

BODY = small_body()
SHORTEST = 15
"""Letters of a reason that can be one."""
NEEDLE = {"tip": "l4_pedicle_left", "entry": [-18.0, -57.0, 0.0]}


def outcome(data: dict[str, Any]) -> str:
    """Return whether a shot is ``refused`` by its rules, ``told`` by the body, or ``drawn``."""
    found, said = _outcome(data)
    assert len(said) > SHORTEST, f"{data} is {found} with {said!r}"
    return found


def _outcome(data: dict[str, Any]) -> tuple[str, str]:
    try:
        shot = Shot.parse(data)
    except ValueError as error:
        return "refused", str(error)
    try:
        image = shot.simulate(BODY)
    except ProblemError as error:
        return "told", min((f"{p.message} {p.remedy}" for p in error.problems), key=len)
    except (ValueError, KeyError) as error:
        return "told", str(error.args[0])
    assert np.isfinite(image.pixels).all()
    return "drawn", str(encode(picture(image, shot.settings)))


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_start_is_drawn(modality: str) -> None:
    assert outcome(start(modality)) == "drawn"


@pytest.mark.parametrize(("modality", "part", "name", "values"), list(fields()))
def test_a_field_refuses_or_draws(modality: str, part: str, name: str, values: list) -> None:
    for value in values:
        found = outcome(with_field(modality, part, name, value))
        is_number = isinstance(value, float) and not np.isfinite(value)
        assert found != "drawn" or not is_number, f"{name}={value} is drawn"


@pytest.mark.parametrize("modality", MODALITIES)
def test_ends_of_several_fields_at_once_are_drawn_or_told(modality: str) -> None:
    made = MODALITIES[modality]
    limits = [
        (part, name, found)
        for part, model in (("view", made.view), ("settings", made.settings))
        for name in model.model_fields
        if len(found := ends(model, name)) == 2 and name != "pixels"
    ]
    rng = np.random.default_rng(6)
    for _ in range(12):
        data = start(modality)
        for part, name, found in limits:
            value = found[rng.integers(2)]
            if part == "view":
                data[name] = value
            else:
                data.setdefault("settings", {})[name] = value
        outcome(data)


@pytest.mark.parametrize("added", Additions.model_fields)
def test_a_needle_and_an_injectate_refuse_or_are_drawn(added: str) -> None:
    whole = {"needle": NEEDLE, "injectate": {"at": "l4_pedicle_left"}}
    model = {"needle": Needle, "injectate": Injectate}[added]
    for name, value in product(model.model_fields, NONSENSE):
        data = start("ct") | {added: {**whole[added], name: value}}
        found = outcome(data)
        assert found != "drawn" or value not in NONSENSE[1:4], f"{added}.{name}={value}"
