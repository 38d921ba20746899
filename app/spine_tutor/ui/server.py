"""Starts the tutor: Streamlit with the tutor's own routes and configuration."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from spine_tutor.problems import Problem, ProblemError
from spine_tutor.resources import content_dir
from spine_tutor.ui.deployment import Deployment, configure

THEME = {
    "theme.base": "dark",
    "theme.primaryColor": "#3aa7df",
    "theme.backgroundColor": "#0c1117",
    "theme.secondaryBackgroundColor": "#141c26",
    "theme.textColor": "#dfe7ef",
    "theme.linkColor": "#7cc7f2",
    "theme.borderColor": "#253040",
    "theme.font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
    "theme.baseFontSize": 15,
    "theme.baseRadius": "8px",
    "theme.headingFontSizes": ["1.7rem", "1.3rem", "1.1rem", "1.05rem", "1rem", "1rem"],
}
"""A reading room: dark, calm, with one accent."""

CONFIG: dict[str, Any] = {
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,  # a full collection costs 30–40 ms a step
    "browser.gatherUsageStats": False,
    "client.showErrorLinks": False,  # they lead to public search engines
    "client.showErrorDetails": "type",
    "client.toolbarMode": "minimal",
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": False,
    **THEME,
}


def serve(
    port: int = 8501,
    host: str = "localhost",
    content: Path | None = None,
    database: str | None = None,
    *,
    headless: bool = True,
) -> None:
    """Serve the tutor until it is stopped.

    Args:
        port: TCP port.
        host: address to listen on; ``0.0.0.0`` for a department's server.
        content: folder of lessons; what ships with the tutor when None.
        database: SQLAlchemy URL for results; the user's own SQLite file when None.
        headless: do not open a browser window.

    Raises:
        ProblemError: if the content folder does not exist, vtk.js is not installed, or the port
            cannot be had.
    """
    import streamlit as st

    from spine_tutor.ui.cache import warm
    from spine_tutor.ui.routes import routes, vtk_js

    folder = content or content_dir()
    if not folder.is_dir():
        raise ProblemError(
            Problem(str(folder), "is no folder.", "Give --content a folder that holds `lessons/`.")
        )
    vtk_js()
    _check_port(host, port)
    configure(Deployment(folder.resolve(), database))
    warm(folder.resolve())
    script = Path(__file__).with_name("app.py")
    config = CONFIG | {
        "server.port": port,
        "server.address": host,
        "server.headless": headless,
    }
    st.App(script, routes=routes()).run(config=config)


def _check_port(host: str, port: int) -> None:
    """Find out before anything is warmed up whether the port can be had.

    Raises:
        ProblemError: if it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "Choose another with --port, or stop the program that holds it."
        raise ProblemError(
            Problem(f"{host}:{port}", f"cannot be used ({reason}).", remedy)
        ) from None
