"""Where content, assets, the cache and the database live."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

LABEL = "Educational only, not for clinical use"
"""Stands on every page, picture and export. Nothing switches it off."""

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """Return a folder that a wheel carries inside the package and a checkout at its top level."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name


def content_dir() -> Path:
    """Return the folder of the content that ships with the tutor."""
    return _shipped("content")


def assets_dir() -> Path:
    """Return the folder of cited tables, the lesson schema and icons."""
    return _shipped("assets")


def cache_dir() -> Path:
    """Return the folder for built subjects, ``$SPINE_TUTOR_CACHE`` or the user's cache."""
    return Path(os.environ.get("SPINE_TUTOR_CACHE") or platformdirs.user_cache_path("spine-tutor"))


def data_dir() -> Path:
    """Return the folder for the database and imported subjects."""
    return Path(os.environ.get("SPINE_TUTOR_DATA") or platformdirs.user_data_path("spine-tutor"))
