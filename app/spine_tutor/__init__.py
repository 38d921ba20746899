"""Spine Tutor: one labelled spine, four simulated modalities. Educational only."""

__version__ = "0.1.0"
