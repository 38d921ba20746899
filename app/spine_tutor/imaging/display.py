"""From an image to a picture: gray map, orientation letters, scale bar and the burnt-in label."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo
from pydantic import BaseModel

from spine_tutor.imaging.geometry import ConeGeometry, Geometry
from spine_tutor.imaging.image import Image
from spine_tutor.resources import LABEL

AXES = (("L", "R"), ("P", "A"), ("F", "H"))
"""Letters for the negative and positive end of each world axis: feet (F) and head (H) for z."""
BARS_MM = (100, 50, 20, 10, 5, 2, 1)
SMALLEST = 128
"""Pixels; below this no label could be read, so the picture is enlarged."""
INK = (235, 235, 225)
SHADE = (0, 0, 0)


def picture(
    image: Image,
    settings: BaseModel,
    *,
    letters: bool = True,
    scale_bar: bool = True,
) -> Pil.Image:
    """Return a picture that can be shown: never without the educational label.

    Args:
        image: any simulated image.
        settings: the settings it was made with; they hold its window and gray map.
        letters: write where the patient's left, right, front, back, head and feet are.
        scale_bar: draw a bar of whole millimetres; in a projection they hold at the isocentre.
    """
    from spine_tutor.imaging.modality import MODALITIES

    return annotate(
        MODALITIES[image.modality].display(image, settings),
        image.geometry,
        letters=letters,
        scale_bar=scale_bar,
    )


def annotate(
    gray: NDArray[np.uint8], geometry: Geometry, *, letters: bool = True, scale_bar: bool = True
) -> Pil.Image:
    """Return gray values as an RGB picture with letters, scale bar and the educational label."""
    drawn = Pil.fromarray(np.ascontiguousarray(gray)).convert("RGB")
    enlarged = max(1, -(-SMALLEST // min(drawn.size)))
    if enlarged > 1:
        drawn = drawn.resize(
            (drawn.width * enlarged, drawn.height * enlarged), Pil.Resampling.NEAREST
        )
    pen = ImageDraw.Draw(drawn)
    if letters:
        _letters(pen, drawn.size, geometry)
    if scale_bar:
        _scale_bar(pen, drawn.size, pixel_mm(geometry) / enlarged)
    _label(pen, drawn.size)
    return drawn


def encode(drawn: Pil.Image, format: Literal["JPEG", "PNG"] = "JPEG", quality: int = 85) -> bytes:
    """Return the bytes of a picture; the label is in its metadata too.

    Raises:
        ValueError: for another format.
    """
    out = io.BytesIO()
    if format == "JPEG":
        drawn.save(out, "JPEG", quality=quality, comment=LABEL.encode())
    elif format == "PNG":
        about = PngInfo()
        about.add_itxt("Description", LABEL)
        drawn.save(out, "PNG", pnginfo=about)
    else:
        raise ValueError(f"format {format!r} must be JPEG or PNG")
    return out.getvalue()


def save(drawn: Pil.Image, path: Path) -> None:
    """Write a picture as PNG, or as JPEG where the name says so; the label is in its metadata."""
    jpeg = path.suffix.lower() in (".jpg", ".jpeg")
    path.write_bytes(encode(drawn, "JPEG" if jpeg else "PNG"))


def directions(geometry: Geometry) -> tuple[str, str, str, str]:
    """Return the letters of the left, right, top and bottom edge; oblique edges get two."""
    right, bottom = _letter(geometry.right), _letter(geometry.down)
    left, top = _letter(-geometry.right), _letter(-geometry.down)
    return left, right, top, bottom


def pixel_mm(geometry: Geometry) -> float:
    """Return the size of a pixel, mm; of a projection at the isocentre."""
    if isinstance(geometry, ConeGeometry):
        to_axis = float((geometry.isocenter - geometry.source) @ geometry.direction)
        to_detector = float((geometry.origin - geometry.source) @ geometry.direction)
        return geometry.spacing * to_axis / to_detector
    return geometry.spacing


def _letter(direction: NDArray[np.float64]) -> str:
    """Return the main anatomical direction, with a second letter where it is over 20° off."""
    order = np.argsort(-np.abs(direction))
    names = [AXES[axis][int(direction[axis] > 0)] for axis in order]
    return names[0] + (names[1] if abs(direction[order[1]]) > np.sin(np.deg2rad(20)) else "")


def _letters(pen: Any, size: tuple[int, int], geometry: Geometry) -> None:
    width, height = size
    font = ImageFont.load_default(max(11, width // 30))
    left, right, top, bottom = directions(geometry)
    pad = max(3, width // 100)
    for text, place, anchor in (
        (left, (pad, height // 2), "lm"),
        (right, (width - pad, height // 2), "rm"),
        (top, (width // 2, pad), "mt"),
        (bottom, (width // 2, height - pad - _label_height(width)), "mb"),
    ):
        pen.text(place, text, fill=INK, font=font, anchor=anchor, stroke_width=2, stroke_fill=SHADE)


def _scale_bar(pen: Any, size: tuple[int, int], mm: float) -> None:
    width, height = size
    bar = next((b for b in BARS_MM if b / mm <= 0.3 * width), BARS_MM[-1])
    length = bar / mm
    x1, pad = width - max(4, width // 64), _label_height(width)
    y = height - pad - max(6, height // 40)
    pen.line([(x1 - length - 1, y), (x1 + 1, y)], fill=SHADE, width=5)
    pen.line([(x1 - length, y), (x1, y)], fill=INK, width=2)
    for x in (x1 - length, x1):
        pen.line([(x, y - 4), (x, y + 4)], fill=INK, width=2)
    font = ImageFont.load_default(max(10, width // 42))
    pen.text(
        (x1, y - 6),
        f"{bar} mm",
        fill=INK,
        font=font,
        anchor="rb",
        stroke_width=2,
        stroke_fill=SHADE,
    )


def _label_height(width: int) -> int:
    return max(10, width // 32)


def _label(pen: Any, size: tuple[int, int]) -> None:
    """Burn in the educational label along the lower edge, as large as the width allows."""
    width, height = size
    tall = _label_height(width)
    points = max(6.0, 0.72 * tall)
    font = ImageFont.load_default(points)
    while points > 5 and pen.textlength(LABEL, font=font) > width - 4:
        points -= 0.5
        font = ImageFont.load_default(points)
    pen.rectangle([(0, height - tall), (width, height)], fill=SHADE)
    pen.text((width // 2, height - tall // 2), LABEL, fill=INK, font=font, anchor="mm")
