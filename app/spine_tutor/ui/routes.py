"""Files that the browser fetches once and keeps: vtk.js and the meshes, at addresses with a hash.

Nothing comes from another host: vtk.js is the copy that the installed `panel` wheel carries
(BSD-3), found without importing panel.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from spine_tutor.anatomy import Subject
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.ui import cache as shared

FOREVER = "public, max-age=31536000, immutable"


@cache
def vtk_js() -> Path:
    """Return the vtk.js that panel ships.

    Raises:
        ProblemError: if panel is not installed or its wheel no longer carries vtk.js.
    """
    spec = importlib.util.find_spec("panel")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    found = sorted(folder.glob("dist/bundled/abstractvtkplot/vtk.js@*/vtk.js")) if spec else []
    if not found:
        raise ProblemError(
            Problem("panel", "its wheel does not carry vtk.js, which draws the 3-D model.",
                    "Install a panel that does: `pip install 'panel>=1.7,<2'`.")
        )  # fmt: skip
    return found[-1]


@cache
def _vtk_js() -> tuple[str, bytes]:
    content = vtk_js().read_bytes()
    return hashlib.sha256(content).hexdigest()[:16], gzip.compress(content, 6, mtime=0)


def vtk_url() -> str:
    """Return the address of vtk.js, relative to the page so that a base path in front works."""
    return f"tutor/vtk-{_vtk_js()[0]}.js"


def mesh_url(subject: Subject) -> str:
    """Return the address of an open subject's meshes, relative to the page."""
    return f"tutor/mesh/{shared.entry_of(subject)}/{subject.content_hash}.bin"


def routes() -> list[Route]:
    """Return the routes that stand beside Streamlit's own."""
    return [
        Route("/tutor/vtk-{digest}.js", _serve_vtk),
        Route("/tutor/mesh/{subject}/{digest}.bin", _serve_meshes),
    ]


def _packed(content: bytes, kind: str) -> Response:
    headers = {"Cache-Control": FOREVER, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(content, media_type=kind, headers=headers)


async def _serve_vtk(request: Request) -> Response:
    digest, content = _vtk_js()
    if request.path_params["digest"] != digest:
        return PlainTextResponse("This is another version of vtk.js; reload the page.", 404)
    return _packed(content, "text/javascript")


async def _serve_meshes(request: Request) -> Response:
    # any replica can answer: it opens the subject if it has not yet
    subject, digest = request.path_params["subject"], request.path_params["digest"]
    try:
        content = await run_in_threadpool(shared.bundle, subject)
    except ProblemError as error:
        return PlainTextResponse(str(error), 404)
    if shared.subject(subject).content_hash != digest:
        return PlainTextResponse("This subject has changed; reload the page.", 404)
    return _packed(content, "application/octet-stream")
