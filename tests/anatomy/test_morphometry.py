import pytest

from spine_tutor.anatomy.bones import skeletons
from spine_tutor.anatomy.case import Case
from spine_tutor.anatomy.column import build_column
from spine_tutor.anatomy.measure import measure
from spine_tutor.anatomy.measure_discs import measure_discs
from spine_tutor.anatomy.morphometry import load_morphometry, morphometry
from spine_tutor.anatomy.region import COLUMN
from spine_tutor.problems import ProblemError


@pytest.fixture(scope="module")
def measured():
    vertebrae, pelvis = skeletons(Case())
    discs = measure_discs(build_column(Case()), {**vertebrae, "s1": pelvis.sacrum})
    return {level: measure(model) for level, model in vertebrae.items()} | discs


@pytest.mark.parametrize("level", [*COLUMN, *build_column(Case()).discs])
def test_model_keeps_to_the_table_within_one_sd_or_ten_percent(measured, level):
    """Where sources differ the middle of them counts; an SD is that of a row that has one."""
    table = morphometry()
    off = {}
    for name, value in measured[level].items():
        wanted = table.value(name, level)
        rows = [row for row in table.measurements[name].rows if level in row.values]
        sd = max((row.sd or 0.0 for row in rows), default=0.0)
        if abs(value - wanted) > max(0.10 * wanted, sd):
            off[name] = (value, wanted)
    assert len(measured[level]) >= (1 if "_" in level else 3)
    assert not off


@pytest.mark.parametrize("level", ["l1", "l2", "l3", "l4", "l5"])
def test_model_keeps_to_every_found_or_measured_row(measured, level):
    """Sources differ by up to 18 %; the model stands between them, near each."""
    table = morphometry()
    for name, value in measured[level].items():
        for row in table.measurements[name].rows:
            if level in row.values and not row.is_estimate:
                assert value == pytest.approx(row.values[level], rel=0.12), (name, row.source)


def test_middle_of_the_rows_is_the_value():
    rows = morphometry().measurements["endplate_width_upper"]
    assert rows.value("l3") == pytest.approx((44.1 + 51.0) / 2)


def test_recalled_and_estimated_rows_are_estimates():
    rows = morphometry().measurements["transverse_process_span"].rows
    assert {row.mark: row.is_estimate for row in rows} == {"R": True, "M": False, "E": True}


def test_unknown_level_names_the_known_ones():
    with pytest.raises(KeyError, match="l4"):
        morphometry().value("endplate_width_upper", "l44")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (
            "sources: {a: A}\nmeasurements: {x: {title: X, unit: mm, rows: []}}",
            "measurements.x.rows",
        ),
        (
            "sources: {a: A}\nmeasurements: {x: {title: X, unit: mm,"
            " rows: [{source: b, mark: F, values: {l1: 1}}]}}",
            "measurements.x.rows.0.source",
        ),
    ],
)
def test_bad_table_is_refused_with_its_place(tmp_path, text, key):
    path = tmp_path / "table.yaml"
    path.write_text(text)
    with pytest.raises(ProblemError) as caught:
        load_morphometry(path)
    assert caught.value.problems[0].key == key
    assert caught.value.problems[0].remedy


def test_unreadable_table_is_refused(tmp_path):
    path = tmp_path / "table.yaml"
    path.write_text("a: [1")
    with pytest.raises(ProblemError, match="cannot be read"):
        load_morphometry(path)
