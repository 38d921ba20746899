"""Rows of captioned pictures on one sheet, the educational label at its head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from spine_tutor.resources import LABEL

GAP, HEAD = 6, 44
GROUND, INK, TITLE = "#10151c", "#e6edf3", "#ffd98a"


@dataclass(frozen=True)
class Tile:
    """A picture and what to see in it."""

    caption: str
    picture: PilImage.Image


@dataclass(frozen=True)
class Row:
    """Pictures of one thing.

    Attributes:
        title: what is shown.
        says: what to see in all of them.
        tiles: the pictures.
        color: of what is said.
    """

    title: str
    says: str
    tiles: tuple[Tile, ...]
    color: str = INK


def lay_out(title: str, rows: Sequence[Row], across: int = 1) -> PilImage.Image:
    """Return a sheet of rows.

    Args:
        title: of the sheet; the educational label follows it.
        rows: at least one, each of at least one picture.
        across: how many stand side by side.
    """
    drawn = [_row(row) for row in rows]
    down = -(-len(drawn) // across)
    columns = [drawn[n * down : (n + 1) * down] for n in range(across)]
    columns = [column for column in columns if column]
    widths = [max(row.width for row in column) for column in columns]
    tall = max(sum(row.height + GAP for row in column) for column in columns)
    whole = PilImage.new("RGB", (sum(widths) + GAP * (len(columns) + 1), HEAD + tall), GROUND)
    ImageDraw.Draw(whole).text((GAP, 10), f"{title}. {LABEL}.", fill=TITLE, font=_font(19))
    x = GAP
    for column, width in zip(columns, widths, strict=True):
        y = HEAD
        for row in column:
            whole.paste(row, (x, y))
            y += row.height + GAP
        x += width + GAP
    return whole


def _row(row: Row) -> PilImage.Image:
    side = max(tile.picture.width for tile in row.tiles)
    tall = max(tile.picture.height for tile in row.tiles)
    width = len(row.tiles) * (side + GAP) - GAP
    captions = [_wrapped(tile.caption, side, 14) for tile in row.tiles]
    said = _wrapped(row.says, width, 15)
    head = 26 + 19 * len(said)
    bar = head + 17 * max(map(len, captions)) + 4
    drawn = PilImage.new("RGB", (width, bar + tall), GROUND)
    pen = ImageDraw.Draw(drawn)
    pen.text((0, 2), row.title, fill=INK, font=_font(18))
    for n, line in enumerate(said):
        pen.text((0, 25 + 19 * n), line, fill=row.color, font=_font(15))
    for n, (tile, caption) in enumerate(zip(row.tiles, captions, strict=True)):
        x = n * (side + GAP)
        for m, line in enumerate(caption):
            pen.text((x, head + 17 * m), line, fill="#b8c4d0", font=_font(14))
        drawn.paste(tile.picture, (x, bar))
    return drawn


def _wrapped(text: str, width: int, points: int) -> list[str]:
    """Return a text in lines no wider than some pixels."""
    font, lines = _font(points), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines if text else []


def _font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(points)
