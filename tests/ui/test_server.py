"""What stands between a wrong start and a traceback, and what an exported scene must carry."""

from __future__ import annotations

import socket

import pytest

from spine_tutor.problems import ProblemError
from spine_tutor.resources import LABEL
from spine_tutor.ui.pyvista_scene import labelled
from spine_tutor.ui.server import serve


def test_a_port_in_use_is_told_before_anything_starts() -> None:
    with (
        socket.create_server(("localhost", 0)) as taken,
        pytest.raises(ProblemError, match="Choose another with --port"),
    ):
        serve(port=taken.getsockname()[1])


@pytest.mark.parametrize("port", [-5, 99_999])
def test_a_port_that_is_none_is_told(port: int) -> None:
    with pytest.raises(ProblemError, match="--port"):
        serve(port=port)


def test_an_exported_scene_carries_the_label() -> None:
    head, body = labelled("<head></head><body></body>").split("</head>")
    assert LABEL in head
    assert body == "<body></body>"
    with pytest.raises(ValueError, match="no </head>"):
        labelled("<canvas>")
