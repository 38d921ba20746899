"""What a spread is called, how it looks, and whether it is what was wanted: all worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spine_tutor.anatomy import Subject
from spine_tutor.imaging.injectate import Space
from spine_tutor.imaging.spread import Spread

ONE_SIDED = 0.85
"""Share of a fluid on one side from which it is called one-sided (E)."""
BURST = 0.15
"""Share of a fluid outside its space from which it is said to have left it (E)."""

NAMES: Mapping[Space, tuple[str, str]] = {
    "epidural": (
        "Epidural",
        "Lacy with round gaps (lobules of fat), edges uneven; runs up and down the canal and out "
        "along the roots. On the lateral a line before or behind the sac.",
    ),
    "intrathecal": (
        "Intrathecal (myelogram)",
        "Even and dense between straight edges, fading up and down; roots as dark threads in it. "
        "It thins slowly and does not show lobules.",
    ),
    "intravascular": (
        "Intravascular",
        "A smooth column that runs off with the blood and is gone within seconds; live pictures "
        "or subtraction show it, a still picture may not.",
    ),
    "intradiscal": (
        "Intradiscal (nucleogram)",
        "Between two endplates: a ball or a flat cushion in the nucleus.",
    ),
    "joint": (
        "Intra-articular (arthrogram)",
        "On the oblique view that opens the joint a thin curved line with a knob at its upper and "
        "lower recess; straight on the same is an oval.",
    ),
    "muscle": (
        "Intramuscular",
        "Feathered streaks along the fibres; stays where it is, outside the canal.",
    ),
    "perineural": (
        "Along the root",
        "Two lines beside a filling defect, the nerve: a tube through the foramen.",
    ),
    "soft tissue": (
        "Soft tissue",
        "A cloud around the tip with no shape of its own.",
    ),
}
"""Name of each pattern and what it looks like in fluoroscopy."""

WANTED: tuple[tuple[tuple[str, ...], tuple[Space, ...]], ...] = (
    (("vein", "artery", "aorta", "vena_cava"), ()),  # nobody aims at a vessel here
    (("transforaminal", "kambin"), ("epidural", "perineural")),
    (("interlaminar", "caudal", "epidural", "hiatus"), ("epidural",)),
    (("nerve_root", "ganglion"), ("perineural", "epidural")),
    (("branch", "ramus"), ("muscle", "soft tissue")),
    (("joint",), ("joint",)),
    (("disc", "nucleus", "annulus"), ("intradiscal",)),
    (("cerebrospinal", "intrathecal", "cauda", "thecal"), ("intrathecal",)),
)
"""What a target wants, by a part of its name; the first that fits decides."""

Verdict = Literal["intended", "partly", "not intended"]


@dataclass(frozen=True)
class Pattern:
    """What a spread is.

    Attributes:
        name: such as ``Epidural, left``.
        look: how to recognise it.
        levels: levels beside which it lies, from above.
        verdict: whether it is what the target wants; None without a target that says.
        why: the verdict's reason, with numbers; empty without one.
    """

    name: str
    look: str
    levels: tuple[str, ...]
    verdict: Verdict | None
    why: str


def pattern(spread: Spread, target: str | None = None) -> Pattern:
    """Return what a spread is called and whether it is what a target wants.

    Args:
        spread: where the fluid is.
        target: landmark or structure that was aimed at.
    """
    name, look = NAMES[spread.space]
    side = _side(spread)
    if side and spread.space in ("epidural", "joint", "muscle", "perineural"):
        name += f", {side}"
    out = spread.escaped_ml / max(spread.present_ml, 1e-9)
    if out > BURST:
        name += f"; {100 * out:.0f} % has left it"
    verdict, why = _verdict(spread, target, out)
    return Pattern(name, look, _levels(spread), verdict, why)


def _verdict(spread: Spread, target: str | None, out: float) -> tuple[Verdict | None, str]:
    wanted = wanted_spaces(target) if target else ()
    if not wanted:
        return None, ""
    aim, name = " or ".join(wanted), _named(spread.subject, str(target))
    if spread.space not in wanted:
        return "not intended", f"{name} wants {aim} spread; all of it went {spread.space}."
    if out > 0.5:
        return "not intended", f"{100 * out:.0f} % of it has left the {spread.space} space."
    if out > BURST:
        return "partly", f"{100 * out:.0f} % of it has left the {spread.space} space."
    return "intended", f"{name} wants {aim} spread; {100 * (1 - out):.0f} % of it stays there."


def _named(subject: Subject, target: str) -> str:
    """Return what a person calls a target."""
    if target in subject.landmarks:
        return subject.landmarks[target].name
    return subject.structures[target].name if target in subject.structures else target


def wanted_spaces(target: str) -> tuple[Space, ...]:
    """Return what an injection at a target is to fill; nothing where its name does not say."""
    for words, spaces in WANTED:
        if any(word in target for word in words):
            return spaces
    return ()


def _side(spread: Spread) -> str | None:
    """Return the side of the midline on which nearly all of it lies."""
    along = spread.share.sum(axis=(1, 2), dtype=float)
    x = spread.origin[0] + spread.spacing[0] * np.arange(len(along))
    whole = along.sum()
    if whole <= 0:
        return None
    right = along[x > _midline(spread.subject, spread.tip[2])].sum() / whole
    return "right" if right > ONE_SIDED else "left" if right < 1 - ONE_SIDED else None


def _midline(subject: Subject, z: float) -> float:
    """Return x of the middle of the vertebra nearest to a height, mm."""
    places = [frame[:3, 3] for frame in subject.frames.values()]
    return float(min(places, key=lambda p: abs(p[2] - z))[0]) if places else 0.0


def _levels(spread: Spread) -> tuple[str, ...]:
    """Return the levels beside which it lies, from above: those nearest to any filled slice."""
    along = spread.share.sum(axis=(0, 1), dtype=float)
    filled = np.flatnonzero(along > 0.002 * along.sum())
    frames = sorted(spread.subject.frames.items(), key=lambda item: -item[1][2, 3])
    if not len(filled) or not frames:
        return ()
    heights = np.array([frame[2, 3] for _, frame in frames])
    z = spread.origin[2] + spread.spacing[2] * filled
    near = np.unique(np.abs(z[:, None] - heights).argmin(axis=1))
    return tuple(frames[i][0] for i in near)
