"""What each command of the command line does: thin over the packages that do the work."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from spine_tutor.problems import Problem, ProblemError
from spine_tutor.resources import LABEL, content_dir
from spine_tutor.terminal import print_rows, progress

# -- serve, check, new ------------------------------------------------------------------------


def serve(arguments: argparse.Namespace) -> None:
    """Serve the tutor until it is stopped."""
    from spine_tutor.ui.server import serve

    serve(
        port=arguments.port,
        host=arguments.host,
        content=arguments.content,
        database=arguments.database,
    )


def check(arguments: argparse.Namespace) -> int:
    """Check lessons; return 1 if there are errors."""
    from spine_tutor.lessons.library import check_paths

    problems = check_paths(arguments.paths or [content_dir()], progress)
    errors = [p for p in problems if p.severity == "error"]
    if arguments.format == "json":
        print(json.dumps([p.as_dict() for p in problems], indent=2))
    else:
        for problem in problems:
            print(f"{problem.severity}: {problem}")
        print(f"{len(errors)} errors, {len(problems) - len(errors)} warnings. {LABEL}.")
    return 1 if errors else 0


def new(arguments: argparse.Namespace) -> None:
    """Write a lesson to start from."""
    from spine_tutor.lessons.scaffold import new_lesson

    folder = arguments.content or next(
        (place for place in (Path("content"), content_dir()) if (place / "lessons").is_dir()), None
    )
    if folder is None or folder.resolve().is_relative_to(Path(__file__).parent):
        raise ProblemError(
            Problem(
                str(Path("content").resolve()),
                "is no folder of lessons, and the one that is installed with the tutor is not "
                "yours to write in.",
                "Name your own with --content DIR.",
            )
        )
    print(f"Wrote {new_lesson(arguments.lesson_id, folder)}")
    print("Edit it, then run `spine-tutor check` on it.")


# -- subjects ---------------------------------------------------------------------------------


def subject_build(arguments: argparse.Namespace) -> None:
    """Build an atlas case into the cache."""
    from spine_tutor.anatomy.library import open_subject

    begin = time.perf_counter()
    subject = open_subject(arguments.id, progress, rebuild=arguments.force)
    print(
        f"{subject.id}: {subject.title}, hash {subject.content_hash}, "
        f"{time.perf_counter() - begin:.1f} s"
    )


def subject_list(arguments: argparse.Namespace) -> None:
    """List the subjects at hand."""
    from spine_tutor.anatomy.library import list_subjects

    rows = [
        {"id": e.id, "title": e.title, "maker": e.maker, "ready": e.ready} for e in list_subjects()
    ]
    if arguments.format == "json":
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            state = "ready" if row["ready"] else "built on first use"
            print(f"{row['id']:<20} {row['maker']:<7} {state:<19} {row['title']}")


def subject_info(arguments: argparse.Namespace) -> None:
    """Say what a subject holds."""
    from spine_tutor.anatomy.library import open_subject

    if arguments.morphometry or arguments.surfaces:
        print_rows(_measured_rows(arguments), arguments.format)
        return
    subject = open_subject(arguments.id, progress)
    low, high = subject.bounds
    facts: dict[str, Any] = {
        "id": subject.id,
        "title": subject.title,
        "content_hash": subject.content_hash,
        "grids": [
            f"{'×'.join(map(str, g.labels.shape))} at {'×'.join(f'{s:g}' for s in g.spacing)} mm"
            for g in subject.grids
        ],
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
            print(
                f"{key + ':':<14}{', '.join(map(str, value)) if isinstance(value, list) else value}"
            )


def _measured_rows(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return an atlas case beside the cited table, or its bones beside other people's surfaces."""
    from spine_tutor.anatomy.bones import skeletons
    from spine_tutor.anatomy.column import build_column
    from spine_tutor.anatomy.compare import named_bones, surface_rows
    from spine_tutor.anatomy.library import atlas_subjects, entry, open_subject
    from spine_tutor.anatomy.measure import measure, measure_posture, table_rows
    from spine_tutor.anatomy.measure_canal import measure_canal
    from spine_tutor.anatomy.measure_discs import measure_discs
    from spine_tutor.anatomy.other_bones import other_bones

    if entry(arguments.id).maker != "atlas":
        raise ProblemError(
            Problem(
                arguments.id,
                "is no atlas case: only the parametric bones can be measured.",
                f"Choose one of: {', '.join(atlas_subjects())}.",
            )
        )
    case, _ = atlas_subjects()[arguments.id]
    if arguments.morphometry:
        vertebrae, pelvis = skeletons(case)
        assert pelvis.sacrum is not None  # the lowest region has it
        sizes = {level: measure(model) for level, model in vertebrae.items()}
        discs = measure_discs(build_column(case), {**vertebrae, "s1": pelvis.sacrum})
        posture = {"all": measure_posture(build_column(case))}
        canal = measure_canal(open_subject(arguments.id, progress))
        return [row for found in (sizes, discs, posture, canal) for row in table_rows(found)]
    people, named = other_bones(arguments.surfaces), named_bones(case)
    if arguments.sheet:
        from spine_tutor.anatomy.bone_sheet import bone_sheet

        bone_sheet(case, people[0], arguments.sheet)
    return [{"of": other.source} | row for other in people for row in surface_rows(named, other)]


def subject_add(arguments: argparse.Namespace) -> None:
    """Keep the cases of a YAML file."""
    from spine_tutor.anatomy.library import add_cases

    for case in add_cases(arguments.cases, arguments.replace):
        print(f"Added {case.id}: {case.title}. `spine-tutor subject build {case.id}` makes it.")


def subject_import(arguments: argparse.Namespace) -> None:
    """Make and keep a subject from a CT and its labels."""
    from spine_tutor.anatomy.ct_import import import_ct
    from spine_tutor.anatomy.library import add_subject

    if arguments.labels is None:
        raise ProblemError(
            Problem(
                str(arguments.scan),
                "comes without labels.",
                "Segment it first, for example with TotalSegmentator, and give the label "
                "volume as the second file: `spine-tutor subject import CT LABELS`.",
            )
        )
    subject_id = arguments.id or arguments.scan.name.split(".")[0].lower().replace(" ", "-")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", subject_id):
        raise ProblemError(
            Problem(
                "--id",
                f"`{subject_id}` names no subject.",
                "Use lower-case letters, digits, - and _, such as `--id my-ct`.",
            )
        )
    subject = import_ct(
        arguments.scan,
        arguments.labels,
        subject_id,
        arguments.title,
        arguments.names,
        progress=progress,
    )
    print(f"Kept as `{subject_id}` in {add_subject(subject, arguments.replace)}")


def subject_fetch(arguments: argparse.Namespace) -> None:
    """Obtain and keep a known real CT."""
    from spine_tutor.anatomy.fetch import fetch
    from spine_tutor.anatomy.library import add_subject

    subject = fetch(arguments.name, progress)
    print(f"Kept as `{subject.id}` in {add_subject(subject, arguments.replace)}")
    print(subject.provenance["note"])


def subject_export(arguments: argparse.Namespace) -> None:
    """Write one PLY a structure."""
    from spine_tutor.anatomy.library import open_subject

    subject = open_subject(
        "average" if arguments.region == "lumbar" else arguments.region, progress
    )
    arguments.meshes.mkdir(parents=True, exist_ok=True)
    for mesh in subject.meshes.values():
        mesh.save_ply(arguments.meshes / f"{mesh.structure}.ply", LABEL)
    print(f"Wrote {len(subject.meshes)} meshes of `{subject.id}` to {arguments.meshes}")


# -- pictures ---------------------------------------------------------------------------------


def render(arguments: argparse.Namespace) -> None:
    """Write a picture, or a sheet of many."""
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.imaging import sheet
    from spine_tutor.imaging.contrast_sheet import contrast_sheet, segment_of
    from spine_tutor.imaging.display import picture, save
    from spine_tutor.imaging.needle_sheet import needle_sheet

    for path in (arguments.output, arguments.labels):
        if path is not None and not path.absolute().parent.is_dir():
            raise ProblemError(
                Problem(str(path), "cannot be written: its folder is not there.", "Make it first.")
            )
    subject = open_subject(arguments.subject, progress)
    if arguments.sheet:
        if arguments.sheet == "contrast":
            segment = segment_of(subject, arguments.level)
            drawn = contrast_sheet(subject, segment, arguments.seed)
        elif arguments.sheet == "needle":
            if arguments.level is not None:
                raise ProblemError(
                    Problem(
                        "--level",
                        f"`{arguments.level}`: a sheet of needles shows the targets at L4.",
                        "Leave `--level` out.",
                    )
                )
            drawn = needle_sheet(subject, seed=arguments.seed)
        else:
            drawn = sheet.sheet(subject, arguments.level, arguments.seed)
        save(drawn, arguments.output)
        print(f"Wrote {arguments.output}")
        return
    spec = sheet.view_from(arguments.view, arguments.modality, arguments.pose, subject)
    try:
        image = spec.simulate(subject, arguments.seed)
    except (KeyError, ValueError) as error:  # no such place in this body, or no such pose
        raise ProblemError(
            Problem(
                str(arguments.view or "--set"),
                str(error.args[0]),
                f"`spine-tutor subject info {arguments.subject}` lists its landmarks and levels.",
            )
        ) from error
    save(picture(image, spec.settings), arguments.output)
    if arguments.labels:
        sheet.save_labels(image, arguments.labels)
    facts = ", ".join(f"{key} {value}" for key, value in image.facts.items())
    print(
        f"Wrote {arguments.output}: {image.modality}, {image.unit}"
        + (f"; {facts}" if facts else "")
    )


def needle(arguments: argparse.Namespace) -> None:
    """Print what a needle crosses on its way from the skin to its tip."""
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.imaging.needle import parse_needle, passages

    wanted = parse_needle({name: getattr(arguments, name) for name in arguments.fields})
    rows = [
        {
            "structure": passage.structure.id,
            "name": passage.structure.name,
            "enter_mm": round(passage.enter, 1),
            "leave_mm": round(passage.leave, 1),
            "length_mm": round(passage.length, 1),
        }
        for passage in passages(open_subject(arguments.subject, progress), wanted)
    ]
    print_rows(rows, arguments.format)


def visibility(arguments: argparse.Namespace) -> None:
    """Print what each modality shows."""
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.imaging.modality import MODALITIES
    from spine_tutor.imaging.visibility_reasons import matrix

    subject = open_subject(arguments.region, progress)
    rows = matrix(subject, arguments.structures, progress)
    if arguments.format == "text":
        rows = [
            {"structure": row["structure"]} | {name: _cell(row, name) for name in MODALITIES}
            for row in rows
        ]
    print_rows(rows, arguments.format)


def _cell(row: dict[str, Any], modality: str) -> str:
    """Return a cell of the matrix in words: verdict, contrast-to-noise, edge in mm, reason."""
    if row[modality] is None:
        return "–"
    if row[f"{modality}_reason"] in ("out of field", "absent"):
        return str(row[f"{modality}_reason"])
    edge, reason = row[f"{modality}_edge_mm"], row[f"{modality}_reason"]
    return (
        f"{row[modality]} {row[f'{modality}_cnr']:.1f}"
        + ("" if edge is None else f", {edge:.1f} mm")
        + ("" if reason is None else f": {reason}")
    )


# -- measuring --------------------------------------------------------------------------------


def bench(arguments: argparse.Namespace) -> None:
    """Print what was measured beside its budget."""
    folder = Path(__file__).resolve().parents[2] / "tests" / "benchmarks"
    if not folder.is_dir():
        raise ProblemError(
            Problem(
                str(folder),
                "is not there: benchmarks come with the source, not the wheel.",
                "Run `spine-tutor bench` in a checkout, installed with `pip install -e .[test]`.",
            )
        )
    sys.path.insert(0, str(folder))
    import run_benchmarks  # type: ignore[import-not-found]

    if arguments.peers:
        rows = run_benchmarks.run_peers()
    else:
        rows = run_benchmarks.run(["real"] if arguments.real else arguments.only)
    print_rows(rows, arguments.format)
