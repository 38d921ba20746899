"""Measuring a vertebra as an anatomist measures a bone, to hold the model to the table."""

from __future__ import annotations

from collections.abc import Mapping
from math import atan2, degrees
from typing import Any

import numpy as np

from spine_tutor.anatomy import vertebra
from spine_tutor.anatomy.cervical_shape import Pierced
from spine_tutor.anatomy.column import Column
from spine_tutor.anatomy.fields import Distances, Points
from spine_tutor.anatomy.measure_cervical import measure_cervical
from spine_tutor.anatomy.morphometry import morphometry
from spine_tutor.anatomy.ruler import outside, run
from spine_tutor.anatomy.skeleton import VertebraModel


def measure(model: VertebraModel) -> dict[str, float]:
    """Return the measures of the morphometry table, in mm, taken on the bone's surface."""

    def bone(points: Points) -> Distances:
        world = points @ model.frame[:3, :3].T + model.frame[:3, 3]
        return model.bone(world.astype(np.float32))

    if isinstance(model.shape, Pierced):
        return measure_cervical(bone, model.size, model.shape)

    def body(points: Points) -> Distances:
        return vertebra.body(points, model.size, model.shape)

    size, shape = model.size, model.shape
    half, back = 0.5 * size.height, -0.5 * size.depth
    slope = (size.height_anterior - size.height_posterior) / (2 * size.depth)
    found: dict[str, float] = {}
    for side, sign in (("upper", 1), ("lower", -1)):
        below_rim = np.arange(0.5, 4.5, 0.5)
        found[f"endplate_width_{side}"] = max(
            run(body, (0, y, sign * (half + slope * y - rim)), (1, 0, 0))
            for rim in below_rim
            for y in np.arange(-8, 4, 2.0)
        )
        found[f"endplate_depth_{side}"] = max(
            run(body, (0, 0, sign * (half - rim)), (0, 1, 0)) for rim in below_rim
        )
    inset = np.arange(1.0, 5.0, 0.5)
    found["body_height_anterior"] = max(run(body, (0, -back - i, 0), (0, 0, 1)) for i in inset)
    found["body_height_posterior"] = max(
        run(body, (x, back + i, 0), (0, 0, 1)) for i in inset for x in (0, 6, 10)
    )

    middle = back - 0.4 * size.canal_depth
    found["canal_width"] = min(
        max(run(outside(bone), (0, y, z), (1, 0, 0)) for y in middle + np.arange(-4, 7, 1.0))
        for z in shape.pedicle_z + np.arange(-4, 4, 1.0)
    )
    found["canal_depth"] = min(
        run(outside(bone), (0, middle, z), (0, 1, 0)) for z in np.arange(-6, 3, 1.0)
    )
    across = 0.5 * (size.canal_width + shape.pedicle_width)
    # At L5 the transverse process springs from the pedicle's lower half.
    level_with = shape.pedicle_z + (3 if model.level == "l5" else 1)
    through = back - np.arange(0, 5, 0.5)
    found["pedicle_width"] = min(run(bone, (across, y, level_with), (1, 0, 0)) for y in through)
    found["pedicle_height"] = min(
        run(bone, (across, y, shape.pedicle_z), (0, 0, 1)) for y in through
    )

    x, y, z = (a.ravel() for a in np.meshgrid(
        np.arange(15, 60, 0.5), np.arange(-50, 0, 1.0), np.arange(-12, 16, 1.0), indexing="ij"
    ))  # fmt: skip
    points = np.stack([x, y, z], axis=1).astype(np.float32)
    found["transverse_process_span"] = 2 * float(x[bone(points) < 0].max() + 0.25)
    corner = np.array([0, back, half - slope * size.depth / 2])
    y, z = (a.ravel() for a in np.meshgrid(np.arange(-80, -30, 0.5), np.arange(-35, 15, 0.5)))
    points = np.stack([0 * y, y, z], axis=1).astype(np.float32)
    tip = points[bone(points) < 0]
    found["spinous_process_length"] = float(np.linalg.norm(tip - corner, axis=1).max() + 0.25)
    return found


def measure_posture(column: Column) -> dict[str, float]:
    """Return the curves of a column in the mid-sagittal plane, degrees between endplates."""

    def lean(level: str, side: str) -> float:
        up = column.endplate(level, side)[:3, 2]
        return degrees(atan2(up[1], up[2]))

    return {
        "lordosis": lean("s1", "upper") - lean("l1", "upper"),
        "sacral_slope": lean("s1", "upper"),
        "kyphosis": lean("t4", "upper") - lean("t12", "lower"),
        "t1_slope": lean("t1", "upper"),
        "cervical_lordosis": lean("c7", "lower") - lean("c2", "lower"),
    }


def table_rows(measured: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Return what was measured beside every row of the morphometry table.

    Args:
        measured: by level, segment or ``all``, and by measure, in the table's units.
    """
    rows = []
    for where, values in measured.items():
        for name, value in values.items():
            measurement = morphometry().measurements[name]
            for row in measurement.rows:
                if where in row.values:
                    published = row.values[where]
                    rows.append(
                        {
                            "level": "" if where == "all" else where.upper().replace("_", "–"),
                            "measure": measurement.title,
                            "unit": measurement.unit,
                            "model": round(value, 1),
                            "table": published,
                            "sd": row.sd,
                            "off_percent": round(100 * (value / published - 1), 1),
                            "mark": row.mark + (" (estimate)" if row.is_estimate else ""),
                            "source": morphometry().sources[row.source],
                        }
                    )
    return rows
