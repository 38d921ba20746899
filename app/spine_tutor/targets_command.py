"""The command ``spine-tutor subject targets``: which targets a body has, and whether the straight
way to each from the skin is free."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from spine_tutor.problems import ProblemError
from spine_tutor.terminal import print_rows, progress

if TYPE_CHECKING:
    from spine_tutor.anatomy import Subject

Open = Callable[[str], "Subject"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of the command."""
    parser.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="a row for each target of these; without any, a row for each subject of the atlas, "
        "which builds those that are not there yet (a quarter of an hour)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> None:
    """Print the targets of some subjects, or a summary of all."""
    from spine_tutor.anatomy.library import atlas_subjects, open_subject

    def opened(id_: str) -> Subject:
        return open_subject(id_, lambda done, what: progress(done, f"{id_}: {what}"))

    if arguments.ids:
        rows = [row for id_ in arguments.ids for row in target_rows(id_, opened(id_))]
    else:
        rows = [subject_row(id_, opened) for id_ in atlas_subjects()]
    print_rows(rows, arguments.format)


def target_rows(id_: str, subject: Subject) -> Iterator[dict[str, Any]]:
    """Yield a row for each landmark that a needle is aimed at."""
    for mark in subject.landmarks.values():
        if mark.entry is not None or mark.blocked:
            yield {
                "subject": id_,
                "target": mark.id,
                "depth_mm": None if mark.entry is None else math.dist(mark.point, mark.entry),
                "blocked": mark.blocked or None,
                "source": mark.source,
            }


def subject_row(id_: str, open_: Open) -> dict[str, Any]:
    """Return how many targets a subject has, which are blocked, or why it is refused."""
    row: dict[str, Any] = {"subject": id_, "targets": None, "blocked": None, "refused": None}
    try:
        rows = list(target_rows(id_, open_(id_)))
    except ProblemError as error:
        return row | {"refused": str(error)}
    blocked = [f"{one['target']} ({one['blocked']})" for one in rows if one["blocked"]]
    return row | {"targets": len(rows), "blocked": ", ".join(blocked) or None}
