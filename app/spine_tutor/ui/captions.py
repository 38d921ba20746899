"""What stands under a picture, and what stands in for it for who cannot see it."""

from __future__ import annotations

from collections.abc import Mapping

from spine_tutor.imaging.image import Image
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.needle import MAKES
from spine_tutor.imaging.shot import Shot
from spine_tutor.imaging.view import FluoroscopyView, SliceView, UltrasoundView
from spine_tutor.resources import LABEL

COLORS: Mapping[str, str] = {
    "fluoroscopy": "#f2b134",
    "ct": "#5cc8ff",
    "ultrasound": "#63d68a",
    "mri": "#c79bff",
}
"""One colour a modality, for its caption and its plane in the 3-D model."""


def pose(shot: Shot) -> str:
    """Return a shot's pose in a clinician's words, such as ``LAO 30° · cranial 5°``."""
    match shot.view:
        case FluoroscopyView(oblique=oblique, tilt=tilt, position=position):
            straight = "PA, prone" if position == "prone" else "AP, supine"
            words = [_oblique(oblique) if oblique else straight]
            if tilt:
                words.append(f"{'cranial' if tilt > 0 else 'caudal'} {abs(tilt):.0f}°")
        case UltrasoundView(probe=probe, side=near, depth=depth):
            words = [probe.replace("-", " ")]
            if "paramedian" in probe:
                words.append(near)
            words.append(f"{depth:.0f} mm deep")
        case SliceView(plane=plane, align=align, shift=shift):
            words = [plane]
            if align:
                words.append(f"along {align.upper()}")
            if shift:
                words.append(f"{shift:+.1f} mm")
            if sequence := getattr(shot.settings, "sequence", None):
                words.insert(0, str(sequence).upper())
        case _:
            words = []
    return " · ".join(words + altered(shot))


def altered(shot: Shot) -> list[str]:
    """Return what of a picture no machine could do: effects that are switched off."""
    words = [f"without {effect}" for effect in getattr(shot.settings, "without", ())]
    if alone := getattr(shot.settings, "alone", None):
        words.append(f"without what overlaps the {alone.replace('_', ' ')}")
    return words


def _oblique(degrees: float) -> str:
    """Return a turn of the C-arm; the line of an RAO is that of an LPO, the name lessons use."""
    if abs(degrees) == 90:
        return "lateral"
    front, back = ("LAO", "RPO") if degrees > 0 else ("RAO", "LPO")
    return f"{front} {abs(degrees):.0f}° ({back})"


FACTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "fluoroscopy": (("kvp", "{:.0f} kVp"), ("air_kerma_uGy", "{:.3g} µGy")),
    "ct": (("kvp", "{:.0f} kVp"), ("thickness_mm", "{:g} mm")),
    "ultrasound": (("frequency_MHz", "{:g} MHz"), ("axial_resolution_mm", "axial {:g} mm")),
    "mri": (("TR_ms", "TR {:.0f}"), ("TE_ms", "TE {:.0f}"), ("TI_ms", "TI {:.0f}"),
            ("field_T", "{:g} T")),
}  # fmt: skip
"""The facts of a picture that belong under it, and how they are written."""


def facts(image: Image) -> str:
    """Return the numbers that come with a picture, such as the dose."""
    known = FACTS[image.modality]
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
