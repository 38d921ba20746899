"""What one trainee's session knows: the one owner of `st.session_state`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import streamlit as st

from spine_tutor.ui.bench import Bench

GUEST = "guest"
NO_NAME = re.compile(r"[^\w .,'@-]")

COOKIE = "spine-tutor-learner"
"""Keeps the name in the trainee's own browser until that is closed."""


def learner() -> str:
    """Return the name under which answers are kept: of this session, else of this browser."""
    given = st.session_state.get("learner")
    return tidy(remembered() if given is None else given)


def remembered() -> str:
    """Return the name that this browser keeps, empty if it keeps none."""
    return unquote(st.context.cookies.get(COOKIE, ""))


def set_learner(name: str) -> None:
    """Take the name a trainee has given."""
    st.session_state["learner"] = tidy(name)


def tidy(name: str) -> str:
    """Return a name as it is kept: short, never empty, and without signs that Markdown acts on."""
    return " ".join(NO_NAME.sub("", name).split())[:60] or GUEST


def bench(scope: str) -> Bench | None:
    """Return the bench of a lesson step, the Lab or a question, None before it is laid out."""
    found: Bench | None = st.session_state.get(f"bench/{scope}")
    return found


def laid_out(scope: str) -> Bench:
    """Return the bench of a scope: a page lays it out before anything is drawn on it."""
    found = bench(scope)
    assert found is not None, f"nothing is laid out for {scope}"
    return found


def keep(scope: str, bench: Bench) -> None:
    """Keep a bench for the next run."""
    st.session_state[f"bench/{scope}"] = bench


def change(scope: str, bench: Bench, held: str | None = None) -> None:
    """Keep a bench that a hand has changed; `held` is the picture it holds, which is drawn last."""
    keep(scope, bench)
    set_value(f"held/{scope}", held)


def echo(key: str) -> str:
    """Return the serial of the last report of a component that was carried out."""
    return str(st.session_state.get(f"echo/{key}", ""))


def heard(key: str, event: str) -> Mapping[str, Any]:
    """Return what a component reports in its callback, and remember that it was heard."""
    report: Mapping[str, Any] = st.session_state[key][event] or {}
    if "serial" in report:
        st.session_state[f"echo/{key}"] = report["serial"]
    return report


def value(key: str) -> Any:
    """Return the value of one of Streamlit's own widgets."""
    return st.session_state.get(key)


def set_value(key: str, value: Any) -> None:
    """Set a value that lives as long as the session, or a widget's before it is drawn."""
    st.session_state[key] = value


def set_pages(pages: Mapping[str, Any]) -> None:
    """Remember the pages of this run, so that one can lead to another."""
    st.session_state["pages"] = dict(pages)


def page(path: str) -> Any:
    """Return the page with this path, for `st.switch_page`."""
    return st.session_state["pages"][path]


def forget(prefix: str) -> None:
    """Drop every value whose key begins so."""
    for key in [k for k in st.session_state if str(k).startswith(prefix)]:
        del st.session_state[key]
