"""YAML that strangers wrote, read safely, with the line of every key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spine_tutor.problems import Problem, ProblemError, Severity

MAX_BYTES = 1_000_000
MAX_DEPTH = 24
MAX_VALUES = 20_000
"""Values in a file after its aliases are followed; the longest lesson we wrote has under 1000."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast

_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """Where each value of a file stands.

    Attributes:
        path: the file, as messages name it.
        lines: 1-based line of every key and list entry, by its location.
    """

    path: str
    lines: Mapping[Location, int]

    def known(self, location: Sequence[str | int]) -> Location:
        """Return `location` as the file has it, without the steps that stand only in a model."""
        at: Location = ()
        for step in location:
            if (*at, step) in self.lines:
                at = (*at, step)
        return at

    def problem(
        self,
        location: Sequence[str | int],
        message: str,
        remedy: str,
        severity: Severity = "error",
    ) -> Problem:
        """Return a problem at a location; a key the file lacks takes its parent's line."""
        line = self.lines.get(self.known(location), 1)
        key = ".".join(map(str, location))
        return Problem(self.path, message, remedy, line, key, severity)


def read_yaml(path: Path) -> tuple[Any, Source]:
    """Read one YAML document as plain data.

    Returns:
        the data and where each value stands.

    Raises:
        ProblemError: if the file cannot be read, is larger than `MAX_BYTES`, is not UTF-8 or not
            YAML, nests or repeats itself beyond the limits, names a Python object or a key twice.
    """
    try:
        with path.open("rb") as stream:  # one byte more than allowed tells, whatever the size
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _failed(path, f"cannot be read ({error.strerror}).", "Check the path.") from error
    if len(raw) > MAX_BYTES:
        raise _failed(
            path,
            f"is larger than {MAX_BYTES // 1000} kB ({path.stat().st_size / 1e6:.1f} MB).",
            "A lesson is text: split it, and leave pictures to `views`.",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _failed(
            path, "is not UTF-8 text.", "Save it with the encoding UTF-8.", line
        ) from None
    try:
        _refuse_bombs(path, text)
        node = yaml.compose(text, _LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _failed(path, *_explain(error, text), mark.line + 1 if mark else None) from None
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        raise _failed(path, f"is not YAML: {what}.", "Remove the character.") from None
    if node is None:
        raise _failed(
            path,
            "is empty.",
            "Write it, or let `spine-tutor new LESSON_ID` write a lesson to start from.",
        )
    reader = _Reader(path)
    data = reader.value(node, ())
    if reader.problems:
        raise ProblemError(reader.problems)
    return data, Source(str(path), reader.lines)


def _failed(path: Path, message: str, remedy: str, line: int | None = None) -> ProblemError:
    return ProblemError(Problem(str(path), message, remedy, line))


def _explain(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str]:
    """Return message and remedy of a syntax error, in an author's words."""
    what = "; ".join(filter(None, (error.context, error.problem)))
    at = error.problem_mark.line if error.problem_mark else 0
    if "\t" in "".join(text.splitlines()[at : at + 1]):  # an unclosed bracket ends below the last
        return "indents with a tab.", "YAML wants spaces: two for each level."
    return f"is not YAML: {what}.", (
        "Check the indentation, the space after `:` and `-`, and the quotes and brackets of this "
        "line and the one before; put text that holds `: ` or `#` in quotes."
    )


def _refuse_bombs(path: Path, text: str) -> None:
    """Refuse nesting and aliases that grow beyond the limits, before anything is built of them."""
    sizes: dict[str, int] = {}  # values under each anchor, its aliases followed
    stack: list[tuple[str | None, int]] = [(None, 0)]  # open anchor, and values so far
    opened: set[str] = set()

    def close() -> None:
        anchor, size = stack.pop()
        above, so_far = stack[-1]
        stack[-1] = (above, so_far + size)
        if anchor:
            sizes[anchor] = size
            opened.discard(anchor)

    for event in yaml.parse(text, _LOADER):
        line = event.start_mark.line + 1 if event.start_mark else None
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            if anchor in opened:
                remedy = "An alias must stand outside of what it repeats."
                raise _failed(path, f"`*{anchor}` holds itself.", remedy, line)
            stack.append((None, sizes.get(anchor or "", 1)))
            close()
        elif isinstance(event, yaml.CollectionStartEvent):
            stack.append((anchor, 1))
            opened |= {anchor} if anchor else set()
            if len(stack) > MAX_DEPTH:
                message = f"nests deeper than {MAX_DEPTH} levels."
                raise _failed(path, message, "Flatten it; a lesson needs eight.", line)
        elif isinstance(event, yaml.ScalarEvent):
            stack.append((anchor, 1))
            close()
        elif isinstance(event, yaml.CollectionEndEvent):
            close()
        if sum(size for _, size in stack) > MAX_VALUES:
            message = f"holds more than {MAX_VALUES} values once its aliases are followed."
            raise _failed(path, message, "Write out what is needed, without aliases.", line)


class _Reader:
    """Turns YAML nodes into plain data and notes lines and faults on the way."""

    def __init__(self, path: Path):
        self.lines: dict[Location, int] = {}
        self.problems: list[Problem] = []
        self._path = path
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, at: Location) -> Any:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN_TAGS:
            self._fault(node, at, f"asks for a `{node.tag}`.", "Remove the tag; plain YAML only.")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*at, n)) for n, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, at))
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            what = getattr(error, "problem", None) or str(error)
            self._fault(node, at, f"cannot be read: {what}.", "Write it as text, in quotes.")
            return None

    def _pairs(self, node: yaml.MappingNode, at: Location) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            place = (*at, key)
            if not isinstance(key_node, yaml.ScalarNode):
                remedy = "A key is one word before `: `."
                self._fault(key_node, at, "has a key that is a list or a mapping.", remedy)
            elif key in seen:
                message = f"stands twice; the first is in line {seen[key]}."
                self._fault(key_node, place, message, "Keep one of them.")
            else:
                seen[key] = self.lines[place] = line
                yield key, self.value(value_node, place)

    def _fault(self, node: yaml.Node, at: Location, message: str, remedy: str) -> None:
        key = ".".join(map(str, at))
        line = node.start_mark.line + 1
        self.problems.append(Problem(str(self._path), message, remedy, line, key))
