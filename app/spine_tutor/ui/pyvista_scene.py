"""A whole PyVista scene on request, through stpyvista; nothing else waits for it.

stpyvista makes its page in a forked copy of the server and waits for it without end. So the page
is made here by a process of our own, which can be stopped, and handed to stpyvista's component.
Run as a module it is that process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from spine_tutor.anatomy import Subject
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.resources import LABEL

SECONDS = 90.0
"""After which the process is stopped; a scene takes about 5 s on two cores."""

REMEDY = (
    "The 3-D model above shows the same structures. Reinstall `stpyvista`, `trame-pyvista` "
    "and `nest_asyncio2` if this stays so."
)
SIZE = (1100, 640)
LABEL_STYLE = (
    "position: fixed; left: 12px; top: 10px; z-index: 9999; pointer-events: none; "
    "color: #ffd98a; font: 600 14px system-ui, sans-serif"
)


def show(subject: Subject, opacity: dict[str, float], key: str) -> None:
    """Draw the scene on the page.

    Raises:
        ProblemError: if stpyvista is not installed, or no scene is made in time.
    """
    html = _html(subject.content_hash, tuple(sorted(opacity.items())), _Kept(subject))
    try:
        from stpyvista import _stpv_component
    except ImportError as error:
        raise ProblemError(Problem("stpyvista", f"cannot be loaded ({error}).", REMEDY)) from error
    _stpv_component(
        key=key,
        data={"_html": html, "backend": "trame", "width": SIZE[0], "height": SIZE[1],
              "use_container_width": True},
    )  # fmt: skip


class _Kept:
    """A subject that a cache does not look at: its hash is the key."""

    def __init__(self, subject: Subject):
        self.subject = subject

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept)


@lru_cache(maxsize=4)
def _html(content_hash: str, opacity: tuple[tuple[str, float], ...], kept: _Kept) -> str:
    return export(kept.subject, dict(opacity))


def export(subject: Subject, opacity: dict[str, float], seconds: float = SECONDS) -> str:
    """Return the scene as a page of its own, made by another process.

    Args:
        subject: the body.
        opacity: of each mesh to show.
        seconds: how long it may take.

    Raises:
        ProblemError: if it takes longer or fails.
    """
    with tempfile.TemporaryDirectory(prefix="spine-tutor-scene-") as folder:
        plan = []
        for name, alpha in opacity.items():
            mesh = subject.meshes[name]
            mesh.save_ply(Path(folder) / f"{name}.ply", LABEL)
            plan.append({"file": f"{name}.ply", "color": subject.structures[name].color,
                         "opacity": alpha, "name": name})  # fmt: skip
        (Path(folder) / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        command = [sys.executable, "-m", "spine_tutor.ui.pyvista_scene", folder]
        try:
            done = subprocess.run(command, timeout=seconds, capture_output=True, text=True)
        except subprocess.TimeoutExpired as error:
            message = f"the scene was not ready after {seconds:.0f} s and was stopped."
            raise ProblemError(Problem("PyVista", message, REMEDY)) from error
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ProblemError(Problem("PyVista", f"the scene failed: {reason}", REMEDY))
        return (Path(folder) / "scene.html").read_text(encoding="utf-8")


def _make(folder: Path) -> None:
    import pyvista as pv

    plotter = pv.Plotter(off_screen=True, window_size=list(SIZE))
    plotter.set_background("#0c1117")
    for entry in json.loads((folder / "plan.json").read_text(encoding="utf-8")):
        plotter.add_mesh(
            pv.read(folder / entry["file"]),
            color=entry["color"],
            opacity=entry["opacity"],
            name=entry["name"],
            smooth_shading=True,
        )
    plotter.view_vector((0.0, -1.0, 0.0), viewup=(0.0, 0.0, 1.0))
    page = folder / "scene.html"
    plotter.export_html(page)
    page.write_text(labelled(page.read_text(encoding="utf-8")), encoding="utf-8")


def labelled(html: str) -> str:
    """Return an exported page with the label over its scene; `add_text` is lost on export.

    The page empties its body when it starts, so the label hangs on the body by a style.

    Raises:
        ValueError: if the page has no head to put it in.
    """
    head, end, rest = html.partition("</head>")
    if not end:
        raise ValueError("the exported scene has no </head>")
    style = f"<style>body::after {{ content: {json.dumps(LABEL)}; {LABEL_STYLE} }}</style>"
    return head + style + end + rest


if __name__ == "__main__":
    _make(Path(sys.argv[1]))
