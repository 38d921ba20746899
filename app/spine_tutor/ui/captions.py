"""What stands under a picture, and what stands in for it for who cannot see it."""

from __future__ import annotations

from spine_tutor.imaging.image import Image
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.needle import MAKES
from spine_tutor.imaging.shot import Shot
from spine_tutor.resources import LABEL


def pose(shot: Shot) -> str:
    """Return a shot's pose in a clinician's words, such as ``LAO 30° · cranial 5°``."""
    words = MODALITIES[shot.modality].words(shot.view, shot.settings)
    return " · ".join(words + altered(shot))


def altered(shot: Shot) -> list[str]:
    """Return what of a picture no machine could do: effects that are switched off."""
    words = [f"without {effect}" for effect in getattr(shot.settings, "without", ())]
    if alone := getattr(shot.settings, "alone", None):
        words.append(f"without what overlaps the {alone.replace('_', ' ')}")
    return words


def facts(image: Image) -> str:
    """Return the numbers that come with a picture, such as the dose."""
    known = MODALITIES[image.modality].facts
    return " · ".join(form.format(image.facts[name]) for name, form in known if name in image.facts)


def alt(shot: Shot, *, telling: bool) -> str:
    """Return the text alternative of a picture.

    Args:
        shot: the picture.
        telling: False in a question, where the text must not give the answer away.
    """
    if not telling:
        return f"A simulated medical picture for this question. {LABEL}."
    keys = "Arrow keys move the cross-hair, with Shift in larger steps."
    return f"{described(shot)} {keys} {LABEL}."


def described(shot: Shot) -> str:
    """Return a sentence that says what a picture is."""
    needle = shot.additions.needle
    beside = f", with a needle ({MAKES[needle.kind].name})" if needle is not None else ""
    return (
        f"Simulated {MODALITIES[shot.modality].name}, {pose(shot)}, "
        f"centred on {_place(shot)}{beside}."
    )


def _place(shot: Shot) -> str:
    center = shot.view.center
    if center is None:
        return str(getattr(shot.view, "level", "the spine")).upper()
    if isinstance(center, str):
        return center.replace("_", " ")
    return "a point of the body"
