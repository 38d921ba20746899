"""The subjects at hand: atlas cases, built once and cached, and imported CTs."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from spine_tutor.anatomy.case import Case, read_cases, shipped_cases
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.region import REGIONS, Region, subject_id
from spine_tutor.anatomy.subject import FORMAT, Subject
from spine_tutor.problems import Problem, ProblemError, nearest
from spine_tutor.resources import assets_dir, cache_dir, data_dir

NO_BUILDERS = (
    "bone_sheet.py", "compare.py", "ct_import.py", "fetch.py", "library.py", "other_bones.py",
    "totalsegmentator.py",
)  # fmt: skip
"""Modules of this package that a body of the atlas does not depend on."""

Progress = Callable[[float, str], None]

IMPORTED = "Imported CT"
BUILDS_KEPT = 2
"""Builds of one subject that stay in the cache; a changed case or builder makes another."""


@dataclass(frozen=True)
class Entry:
    """A subject that can be opened.

    Attributes:
        id: what `open_subject` takes.
        group: what it shows: the title of a region, or ``Imported CT``.
        body: whose it is.
        maker: ``atlas`` or ``import``.
        folder: where it lies on disk, whether or not it is there yet.
    """

    id: str
    group: str
    body: str
    maker: str
    folder: Path

    @property
    def title(self) -> str:
        """Return what a person reads."""
        return f"{self.group}: {self.body[0].lower()}{self.body[1:]}"

    @property
    def ready(self) -> bool:
        """Return whether it can be loaded without building it first."""
        return (self.folder / "subject.json").is_file()


def list_subjects() -> list[Entry]:
    """Return every atlas case, then every imported CT."""
    atlas = [
        Entry(id_, region.title, case.title, "atlas", _atlas_folder(case, region))
        for id_, (case, region) in atlas_subjects().items()
    ]
    return atlas + list(_imported())


def atlas_subjects() -> Mapping[str, tuple[Case, Region]]:
    """Return case and region of every subject of the atlas by its id."""
    return {
        subject_id(case.id, region): (case, region)
        for region in REGIONS.values()
        for case in atlas_cases().values()
    }


def atlas_cases() -> Mapping[str, Case]:
    """Return the cases that ship with the tutor and those that were added, by id."""
    found = dict(shipped_cases())
    for path in sorted((data_dir() / "cases").glob("*.yaml")):
        with suppress(ProblemError):  # a damaged file of one case must not hide the others
            found |= {case.id: case for case in read_cases(path) if case.id not in found}
    return found


def add_cases(path: Path, replace: bool = False) -> tuple[Case, ...]:
    """Keep the cases of a YAML file, so that they can be opened like those that ship.

    Raises:
        ProblemError: if the file is wrong, no body can be like that, or an id is taken.
    """
    cases, taken = read_cases(path), {e.id: e for e in list_subjects()}
    problems = []
    for case in cases:
        names = {subject_id(case.id, region) for region in REGIONS.values()} & taken.keys()
        kept = case.id in shipped_cases() or any(taken[name].maker != "atlas" for name in names)
        if kept or (names and not replace):
            remedy = "Choose another id" + ("." if kept else ", or --replace.")
            message = f"there is already a subject `{min(names)}`."
            problems.append(Problem(str(path), message, remedy, key="id"))
        try:
            build_column(case)
        except ProblemError as error:
            problems += error.problems
    if problems:
        raise ProblemError(problems)
    folder = data_dir() / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        text = yaml.safe_dump({"cases": [case.model_dump(mode="json")]}, sort_keys=False)
        (folder / f"{case.id}.yaml").write_text(text, encoding="utf-8")
    return cases


def entry(subject_id: str) -> Entry:
    """Return the entry of a subject.

    Raises:
        ProblemError: if there is no such subject.
    """
    known = {e.id: e for e in list_subjects()}
    if subject_id not in known:
        raise ProblemError(
            Problem(
                "subject",
                f"`{subject_id}` is not known.",
                nearest(subject_id, known) + " `spine-tutor subject list` shows them.",
            )
        )
    return known[subject_id]


def open_subject(
    id_: str = "average", progress: Progress = lambda _f, _m: None, rebuild: bool = False
) -> Subject:
    """Return a subject: from the cache when it is there, else built and stored first.

    Args:
        id_: of a subject of the atlas or of an imported CT, as `list_subjects` tells.
        progress: called with a fraction and what is being done.
        rebuild: build an atlas case even if it is cached.

    Raises:
        ProblemError: if there is no such subject or an imported one is damaged.
    """
    found = entry(id_)
    if found.maker == "import":
        return Subject.load(found.folder)
    if found.ready and not rebuild:
        try:
            return Subject.load(found.folder)
        except ProblemError:
            progress(0.0, "the cached subject is damaged; building it anew")
    from spine_tutor.anatomy.atlas import build_atlas

    subject = build_atlas(*atlas_subjects()[id_], progress)
    found.folder.parent.mkdir(parents=True, exist_ok=True)
    _store(subject, found.folder)
    _forget_older(found)
    return Subject.load(found.folder)


def add_subject(subject: Subject, replace: bool = False) -> Path:
    """Keep an imported subject; return its folder.

    Raises:
        ProblemError: if an atlas case has that id, or another import has and not `replace`.
    """
    taken = {e.id: e for e in list_subjects()}.get(subject.id)
    if taken and (taken.maker == "atlas" or not replace):
        raise ProblemError(
            Problem(
                "subject",
                f"there is already a subject `{subject.id}` ({taken.maker}).",
                "Choose another --id" + ("." if taken.maker == "atlas" else ", or --replace."),
            )
        )
    folder = data_dir() / "subjects" / subject.id
    folder.parent.mkdir(parents=True, exist_ok=True)
    _store(subject, folder)
    return folder


def _store(subject: Subject, folder: Path) -> None:
    with _staging(folder.parent) as stage:
        subject.save(stage / folder.name)
        if folder.exists():
            shutil.rmtree(folder)
        try:
            (stage / folder.name).rename(folder)
        except OSError:
            if not folder.exists():  # else another process has just stored the same subject
                raise


def _forget_older(kept: Entry) -> None:
    """Delete builds of a subject that its case or the builder has outlived, but for the newest."""
    name = re.compile(re.escape(kept.id) + r"-[0-9a-f]{16}")
    builds = [one for one in kept.folder.parent.iterdir() if name.fullmatch(one.name)]
    older = [one for one in builds if one != kept.folder]
    older.sort(key=lambda one: one.stat().st_mtime, reverse=True)
    for folder in older[BUILDS_KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)  # another process may be doing the same


@contextmanager
def _staging(parent: Path) -> Iterator[Path]:
    """Give each process a folder of its own, so that two builders never write the same file."""
    with tempfile.TemporaryDirectory(dir=parent, prefix=".staging-") as stage:
        yield Path(stage)


def _imported() -> Iterator[Entry]:
    import json

    for header in sorted((data_dir() / "subjects").glob("*/subject.json")):
        try:
            title = json.loads(header.read_text(encoding="utf-8"))["title"]
        except (OSError, ValueError, KeyError):
            title = f"{header.parent.name} (damaged)"
        yield Entry(header.parent.name, IMPORTED, title, "import", header.parent)


def _atlas_folder(case: Case, region: Region) -> Path:
    """Return where a region of a case is cached: keyed by both and by the code that builds it."""
    key = hashlib.sha256(f"{FORMAT}{case.model_dump_json()}{region.id}{_builder_digest()}".encode())
    return cache_dir() / "subjects" / f"{subject_id(case.id, region)}-{key.hexdigest()[:16]}"


@cache
def _builder_digest() -> str:
    """Return a digest of the anatomy code and its tables: other code, other subject."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name not in NO_BUILDERS:
            digest.update(path.read_bytes())
    for table in sorted(assets_dir().glob("*.yaml")):
        if table.name not in ("tissues.yaml", "cases.yaml"):
            digest.update(table.read_bytes())
    return digest.hexdigest()
