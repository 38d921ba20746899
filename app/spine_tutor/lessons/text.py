"""Text that authors write: Markdown without HTML, so that content can be shown unseen."""

from __future__ import annotations

import re
from html import unescape
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

_TAG = re.compile(r"<(?=[a-zA-Z/!?])(?!https?://)\S{0,30}")
_IMAGE = re.compile(r"!\[")
_LINK = re.compile(r"\]\(\s*<?([^)\s>]*)|^ {0,3}\[[^\]]+\]:\s*<?(\S+)", re.MULTILINE)
_SCHEME = re.compile(r"\b(javascript|vbscript|data|file)\s*:\S{0,20}", re.IGNORECASE)
_ALLOWED_LINK = re.compile(r"(https?://|#)")


def _refuse(message: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("unsafe_text", "{message}", {"message": message, "remedy": remedy})


def safe_markdown(text: str) -> str:
    """Return `text` unchanged if it is plain Markdown.

    Raises:
        PydanticCustomError: at HTML, at images (pictures come from `views`, alive and labelled)
            and at links that lead anywhere but to the web or within the page.
    """
    if tag := _TAG.search(text):
        raise _refuse(
            f"holds HTML: `{tag.group()}`.",
            "Use Markdown (**bold**, *italic*, lists). Before a letter write `<` as `&lt;`.",
        )
    if _IMAGE.search(text):
        raise _refuse(
            "holds an image.",
            "Remove it: pictures are simulated, ask for one under `views`.",
        )
    # Markdown decodes entities and ignores control characters before it follows a link
    plain = re.sub(r"[\x00-\x1f\x7f\u200b]", " ", unescape(text))
    if scheme := _SCHEME.search(plain):
        raise _refuse(
            f"holds an address that can run or leak something: `{scheme.group()}`.",
            "Link to an https:// page.",
        )
    for match in _LINK.finditer(unescape(text)):
        address = match.group(1) or match.group(2) or ""
        if not _ALLOWED_LINK.match(address):
            raise _refuse(f"links to `{address}`.", "Link to an https:// page.")
    return text


def one_line(text: str) -> str:
    """Return `text` unchanged if it is one line.

    Raises:
        PydanticCustomError: if it is more.
    """
    if "\n" in text:
        raise _refuse("has more than one line.", "Write it as one.")
    return text


Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80),
    Field(description="Use lower-case letters and digits with single hyphens: find-pedicle."),
]
"""An id in content."""

StructureId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=80),
    Field(description="Use lower-case letters and digits with underscores: l4_pedicle_left."),
]
"""A structure, landmark or level of a subject."""

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(one_line),
    AfterValidator(safe_markdown),
]
"""One line of text."""

Markdown = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000),
    AfterValidator(safe_markdown),
]
"""Paragraphs of Markdown."""
