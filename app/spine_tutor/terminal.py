"""What commands print: progress, and rows as a table or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from spine_tutor.resources import LABEL


def progress(fraction: float, message: str) -> None:
    """Show progress on one line of the terminal, on lines of their own in a log."""
    end = "\r" if sys.stderr.isatty() and fraction < 1 else "\n"
    print(
        f"\x1b[2K{fraction:4.0%} {message}"
        if sys.stderr.isatty()
        else f"{fraction:4.0%} {message}",
        end=end,
        file=sys.stderr,
        flush=True,
    )


def print_rows(rows: Sequence[dict[str, Any]], format_: str) -> None:
    """Print rows that share their keys, as JSON or as a table."""
    if format_ == "json":
        print(json.dumps({"label": LABEL, "rows": list(rows)}, indent=2))
        return
    if rows:
        keys = list(rows[0])
        table = [keys, *([_text(row.get(key)) for key in keys] for row in rows)]
        widths = [max(len(line[i]) for line in table) for i in range(len(keys))]
        for line in table:
            print(
                "  ".join(
                    cell.ljust(width) for cell, width in zip(line, widths, strict=True)
                ).rstrip()
            )
    print(f"{LABEL}.")


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
