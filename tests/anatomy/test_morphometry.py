import pytest

from spine_tutor.anatomy.measure import measure
from spine_tutor.anatomy.morphometry import load_morphometry, morphometry
from spine_tutor.anatomy.region import LUMBAR
from spine_tutor.problems import ProblemError


@pytest.fixture(scope="module")
def measured(skeleton):
    return {level: measure(model) for level, model in skeleton.vertebrae.items()}


@pytest.mark.parametrize("level", LUMBAR.levels)
def test_model_keeps_to_the_table_within_ten_percent(measured, level):
    table = morphometry()
    off = {}
    for name, value in measured[level].items():
        wanted = table.value(name, level)
        if abs(value / wanted - 1) > 0.10:
            off[name] = (value, wanted)
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
