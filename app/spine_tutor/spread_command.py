"""The command ``spine-tutor spread``: where an injected fluid goes, and what it fills."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from spine_tutor.resources import LABEL

if TYPE_CHECKING:
    from spine_tutor.imaging.spread import Spread


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of the command."""
    parser.add_argument("--subject", default="average")
    parser.add_argument(
        "--at",
        required=True,
        metavar="PLACE",
        help="landmark, structure, or x,y,z in mm (write --at=-5,48,40)",
    )
    parser.add_argument("--volume", type=float, default=2.0, metavar="ML", help="simulated, mL")
    parser.add_argument("--iodine", type=float, default=180.0, metavar="MG", help="mg/mL; 0: plain")
    parser.add_argument("--space", default="auto", help="such as epidural; auto from the place")
    parser.add_argument("--seconds", type=float, default=0.0, help="since the end of the injection")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", metavar="NAME", help="what was aimed at; --at if absent")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> None:
    """Print the structures that a fluid fills, with mL, and the pattern it makes."""
    from spine_tutor.anatomy.library import open_subject
    from spine_tutor.imaging.injectate import parse_injectate
    from spine_tutor.imaging.spread import spread

    injectate = parse_injectate(
        {
            "at": arguments.at,
            "volume_ml": arguments.volume,
            "iodine": arguments.iodine,
            "space": arguments.space,
            "seconds": arguments.seconds,
            "seed": arguments.seed,
        }
    )
    found = report(spread(open_subject(arguments.subject), injectate), arguments.target)
    if arguments.format == "json":
        print(json.dumps(found, indent=2))
        return
    print(f"{found['pattern']} at {', '.join(level.upper() for level in found['levels']) or '–'}")
    print(found["look"])
    if found["verdict"]:
        print(f"{found['verdict'].capitalize()}: {found['why']}")
    print(f"{found['taken_ml']:.2f} of {found['volume_ml']:g} mL taken")
    for structure, ml in found["ml"].items():
        print(f"  {ml:6.2f} mL  {structure}")
    print(f"{LABEL}. The volume is simulated: no dose for anyone.")


def report(found: Spread, target: str | None) -> dict[str, Any]:
    """Return what there is to say about a spread, as plain data."""
    from spine_tutor.imaging.spread_pattern import pattern

    at = found.injectate.at
    shown = pattern(found, target or (at if isinstance(at, str) else None))
    return {
        "label": LABEL,
        "space": found.space,
        "pattern": shown.name,
        "look": shown.look,
        "levels": list(shown.levels),
        "verdict": shown.verdict,
        "why": shown.why,
        "volume_ml": found.injectate.volume_ml,
        "taken_ml": round(found.taken_ml, 3),
        "ml": {name: round(ml, 3) for name, ml in found.ml.items() if ml >= 0.005},
    }
