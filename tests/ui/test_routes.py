import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette

from small_body import small_body
from spine_tutor.problems import Problem, ProblemError
from spine_tutor.ui import cache, routes
from spine_tutor.ui.bundle import pack


def get(path: str) -> SimpleNamespace:
    """Ask the routes as a browser does; return status, headers and unpacked content."""
    app, sent = Starlette(routes=routes.routes()), []
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as thread:  # Playwright keeps a loop running in this one
        thread.submit(asyncio.run, app(scope, receive, send)).result()
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    content = b"".join(message.get("body", b"") for message in sent[1:])
    if headers.get("content-encoding") == "gzip":
        content = gzip.decompress(content)
    return SimpleNamespace(status=sent[0]["status"], headers=headers, content=content)


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    body = small_body()

    def subject(name: str):
        if name != "average":
            raise ProblemError(Problem("subject", f"`{name}` is not known.", "Choose another."))
        return body

    monkeypatch.setattr(cache, "subject", subject)
    monkeypatch.setitem(cache._entries, body.content_hash, "average")
    monkeypatch.setattr(cache, "bundle", lambda name: gzip.compress(pack(subject(name))))


def test_meshes_are_kept_for_ever_at_an_address_with_their_hash() -> None:
    answer = get("/" + routes.mesh_url(small_body()))
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == pack(small_body())


@pytest.mark.parametrize("address", ["average/older", "nobody/smallbody"])
def test_meshes_of_another_hash_or_subject_are_refused(address: str) -> None:
    assert get(f"/tutor/mesh/{address}.bin").status == 404


def test_vtk_js_comes_from_the_installed_package() -> None:
    answer = get("/" + routes.vtk_url())
    assert answer.status == 200
    assert b"vtkRenderWindow" in answer.content
    assert get("/tutor/vtk-0.js").status == 404
