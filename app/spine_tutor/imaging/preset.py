"""Presets: what a machine is set to for a purpose, by a name a trainee knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A starting point: whatever it does not name stays as it is.

    Attributes:
        name: what a person reads.
        settings: fields of the modality's `Settings`.
        pose: fields of its view that belong to it, such as the transducer.
    """

    name: str
    settings: Mapping[str, Any]
    pose: Mapping[str, Any] = field(default_factory=dict)
