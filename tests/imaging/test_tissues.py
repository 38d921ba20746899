"""The tissue table is whole, and a hole in it is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from spine_tutor.anatomy import TISSUES
from spine_tutor.imaging.tissues import QUANTITIES, read_tissues, tissue_table
from spine_tutor.problems import ProblemError
from spine_tutor.resources import assets_dir


@pytest.fixture
def raw() -> dict:
    return yaml.safe_load((assets_dir() / "tissues.yaml").read_text(encoding="utf-8"))


def written(raw: dict, folder: Path) -> Path:
    path = folder / "tissues.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return path


def test_every_tissue_has_every_quantity_with_unit_mark_and_source() -> None:
    table = tissue_table()
    assert tuple(table.tissues) == TISSUES
    for tissue in table.tissues.values():
        for name in QUANTITIES:
            quantity = getattr(tissue, name)
            assert quantity.unit
            assert quantity.source in table.sources
            assert quantity.is_estimate is (quantity.mark in "RE")


def numbers(found: object, at: tuple = (), said: bool = False) -> Iterator[tuple[tuple, bool]]:
    """Yield where each number of the table is, and whether mark and source stand over it."""
    if isinstance(found, dict):
        said = said or {"mark", "source"} <= set(found)
        for key, value in found.items():
            yield from numbers(value, (*at, key), said)
    elif isinstance(found, int | float) and not isinstance(found, bool):
        yield at, said


def test_every_number_is_cited_or_marked_as_an_estimate(raw: dict) -> None:
    found = list(numbers({kind: raw[kind] for kind in ("materials", "tissues")}))
    assert len(found) > 400
    assert [at for at, said in found if not said] == []


def test_what_the_tutor_chose_itself_is_never_shown_as_found() -> None:
    for tissue in tissue_table().tissues.values():
        for name in (*QUANTITIES, "mixture"):
            row = getattr(tissue, name)
            assert row.source != "tutor" or row.mark in "RE", f"{tissue.id}.{name}"


def test_what_a_source_only_recalls_is_not_called_found(raw: dict, tmp_path: Path) -> None:
    raw["tissues"]["fat"]["proton_density"] |= {"mark": "F", "source": "sheet"}
    with pytest.raises(ProblemError, match="only recalls it"):
        read_tissues(written(raw, tmp_path))


def test_column_is_by_tissue_code() -> None:
    speeds = tissue_table().column("sound_speed")
    assert speeds[TISSUES.index("muscle")] == 1588.4
    with pytest.raises(AttributeError):
        tissue_table().column("colour")


def test_times_and_densities_are_possible() -> None:
    table = tissue_table()
    for field in ("t1_1_5t", "t1_3t", "t2_1_5t", "t2_3t", "sound_speed", "impedance"):
        assert (table.column(field) > 0).all()
    assert (table.column("t2_1_5t") <= table.column("t1_1_5t")).all()
    assert ((table.column("proton_density") >= 0) & (table.column("proton_density") <= 1)).all()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda raw: raw["tissues"].pop("muscle"), "tissues.muscle: is missing"),
        (lambda raw: raw["tissues"]["fat"].pop("t1_3t"), "lacks t1_3t"),
        (lambda raw: raw["tissues"]["fat"]["t1_3t"].pop("source"), "tissues.fat.t1_3t"),
        (lambda raw: raw["tissues"]["fat"]["t1_3t"].update(value="long"), "finite number"),
        (lambda raw: raw["tissues"]["fat"]["t1_3t"].update(source="hearsay"), "cites 'hearsay'"),
        (lambda raw: raw["tissues"]["fat"]["t1_3t"].update(mark="Z"), "mark 'Z'"),
        (lambda raw: raw["tissues"]["fat"]["mixture"]["of"].update(water=0.5), "sums to 1.5"),
        (lambda raw: raw["tissues"]["fat"]["mixture"].update(of={"lead": 1.0}), "is no material"),
        (lambda raw: raw["tissues"]["fat"]["mixture"].pop("source"), "tissues.fat.mixture"),
        (lambda raw: raw["tissues"].update(gold={}), "tissues.gold: is no tissue"),
        (lambda raw: raw["materials"]["water"].pop("density"), "lacks density"),
    ],
)
def test_what_is_missing_or_wrong_is_named(spoil, said: str, raw: dict, tmp_path: Path) -> None:
    spoil(raw)
    with pytest.raises(ProblemError, match=said):
        read_tissues(written(raw, tmp_path))
