"""What a trainee's X-ray pictures add up to: how many, and how much dose."""

from __future__ import annotations

from dataclasses import dataclass

from spine_tutor.imaging.image import Image
from spine_tutor.imaging.modality import MODALITIES
from spine_tutor.imaging.shot import Shot
from spine_tutor.ui import state


@dataclass(frozen=True)
class Exposures:
    """Pictures taken so far on one bench.

    Attributes:
        count: pictures that differed from the one before; every step of a drag is one, as every
            pulse of the pedal is.
        total: what they add up to, in the unit of the modality's dose.
        last: key of the last picture.
    """

    count: int = 0
    total: float = 0.0
    last: str = ""

    def take(self, key: str, dose: float) -> Exposures:
        """Return the count after this picture; the same picture again costs nothing."""
        if key == self.last:
            return self
        return Exposures(self.count + 1, self.total + dose, key)


def told(scope: str, panel: str, shot: Shot, image: Image) -> str:
    """Count a picture of a bench and return the words for all of its panel's so far.

    Args:
        scope: under which `state` keeps the bench.
        panel: of the picture.
        shot: as it is wanted; a coarse picture of it is the same exposure.
        image: what was simulated.
    """
    dose = MODALITIES[shot.modality].dose
    if dose is None:
        return ""
    fact, unit = dose
    kept = f"taken/{scope}/{panel}"
    taken = (state.value(kept) or Exposures()).take(shot.key(), image.facts[fact])
    state.set_value(kept, taken)
    if taken.count == 1:
        return "1 shot"  # its dose stands beside this already
    return f"{taken.count} shots, {taken.total:.3g} {unit}"
