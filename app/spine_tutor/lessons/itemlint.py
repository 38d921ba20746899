"""Rules of item writing that a machine can check.

The flaws are those of the NBME's guide as listed in BMC Medical Education,
doi 10.1186/s12909-016-0559-7.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from spine_tutor.lessons.items import Item, MultipleChoice, SingleChoice
from spine_tutor.problems import Severity
from spine_tutor.yaml_source import Location

_COMBINED = re.compile(
    r"\b(all|none|both|neither) of (the|these)( (above|options|answers))?\b", re.I
)
_OTHER_ITEM = re.compile(
    r"\b(previous|preceding|last|next|earlier) (question|item)|\b(question|item) \d", re.I
)
_ABSOLUTE = re.compile(r"\b(always|never)\b", re.I)
_VAGUE = re.compile(r"\b(usually|rarely|often|sometimes|frequently|occasionally|commonly)\b", re.I)
_NEGATIVE = re.compile(r"\b(NOT|EXCEPT)\b|\b(except|not true|incorrect|false)\b[^.]*[?:]\s*$")
_UNFOCUSED = re.compile(
    r"^\s*which (one )?of (the following|these)( \w+)? (is|are) (true|correct|right|false)", re.I
)
_ARTICLE = re.compile(r"\b(a|an)\s*[:.…]*\s*$", re.I)
_NUMBER = re.compile(r"^\W*(-?\d+(?:\.\d+)?)\b")
_WORD = re.compile(r"[^\W\d_]{5,}")


class Finding(NamedTuple):
    """A flaw of an item: where in it, how grave, what and how to mend it."""

    at: Location
    severity: Severity
    message: str
    remedy: str


def lint_item(item: Item) -> Iterator[Finding]:
    """Yield the flaws of one item."""
    if _OTHER_ITEM.search(item.stem):
        yield Finding(
            ("stem",), "error", "hinges on another item.", "Give all that is needed in this one."
        )
    if _NEGATIVE.search(item.stem):
        yield Finding(("stem",), "warning", "asks for what is not so.", "Ask for what is so.")
    if isinstance(item, SingleChoice | MultipleChoice):
        yield from _key(item)
        yield from _options(item)
        yield from _stem(item)
    if isinstance(item, SingleChoice):
        yield from _cues(item)


def lint_bank(items: Sequence[Item]) -> Iterator[str]:
    """Yield what is wrong with the single-choice items of a lesson taken together."""
    positions = [
        [o.correct for o in item.options].index(True)
        for item in items
        if isinstance(item, SingleChoice) and any(o.correct for o in item.options)
    ]
    if len(positions) >= 3:
        place, count = Counter(positions).most_common(1)[0]
        if count / len(positions) > 0.6:
            yield f"has its key in place {place + 1} in {count} of {len(positions)} single choices."


def _key(item: SingleChoice | MultipleChoice) -> Iterator[Finding]:
    keys = sum(option.correct for option in item.options)
    if isinstance(item, SingleChoice) and keys != 1:
        yield Finding(
            ("options",),
            "error",
            f"has {keys} right options, a single choice has one.",
            "Mark exactly one `correct: true`.",
        )
    elif keys == 0:
        yield Finding(
            ("options",),
            "error",
            "has no right option.",
            "Mark those that are right `correct: true`.",
        )


def _options(item: SingleChoice | MultipleChoice) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for n, option in enumerate(item.options):
        at: Location = ("options", n, "text")
        plain = re.sub(r"\W+", " ", option.text).strip().casefold()
        if not plain:
            yield Finding(at, "error", "has no words.", "Write the option.")
        elif plain in seen:
            yield Finding(
                at,
                "error",
                f"repeats option {seen[plain] + 1}.",
                "Write another option or remove it.",
            )
        seen.setdefault(plain, n)
        if match := _COMBINED.search(option.text):
            yield Finding(
                at,
                "error",
                f"combines options (“{match.group()}”).",
                "Use `multiple-choice`, or another distractor.",
            )
        if match := _ABSOLUTE.search(option.text):
            yield Finding(
                at,
                "warning",
                f"is absolute (“{match.group()}”), which tells it is wrong.",
                "Say under which condition.",
            )
        if match := _VAGUE.search(option.text):
            yield Finding(
                at, "warning", f"is vague (“{match.group()}”).", "Give a figure or a condition."
            )
    numbers = [_NUMBER.match(option.text) for option in item.options]
    values = [float(m.group(1)) for m in numbers if m]
    if len(values) == len(numbers) and values not in (sorted(values), sorted(values)[::-1]):
        yield Finding(("options",), "warning", "lists numbers out of order.", "Sort them.")
    elif values and len(values) < len(numbers):
        yield Finding(
            ("options",), "warning", "mixes numbers with words.", "Offer options of one kind."
        )


def _stem(item: SingleChoice | MultipleChoice) -> Iterator[Finding]:
    if _ARTICLE.search(item.stem):
        yield Finding(
            ("stem",),
            "warning",
            "ends in “a” or “an”, which fits some options only.",
            "Move the article into the options.",
        )
    if _UNFOCUSED.search(item.stem):
        yield Finding(
            ("stem",),
            "warning",
            "cannot be answered with the options covered.",
            "Ask one thing that has one answer.",
        )


def _cues(item: SingleChoice) -> Iterator[Finding]:
    keys = [n for n, option in enumerate(item.options) if option.correct]
    if len(keys) != 1:
        return
    at: Location = ("options", keys[0], "text")
    key = item.options[keys[0]].text
    others = [option.text for option in item.options if not option.correct]
    longest = max(map(len, others))
    if len(key) >= 1.3 * longest and len(key) >= longest + 10:
        yield Finding(
            at,
            "warning",
            "is much the longest, which tells that it is right.",
            "Shorten it or lengthen a distractor.",
        )
    cues = _words(item.stem) & _words(key) - set().union(*map(_words, others))
    if cues:
        yield Finding(
            at,
            "warning",
            f"alone repeats a word of the stem (“{sorted(cues)[0]}”).",
            "Use the word in no option, or in others too.",
        )


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}
