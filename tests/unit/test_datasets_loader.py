# SPDX-License-Identifier: Apache-2.0
import csv
import tomllib
from datetime import date
from pathlib import Path
from time import process_time

import pytest

import impacts
from impacts.datasets import DatasetInvalid, load_book, read_dataset

TOML = """
title = "Factors"
publisher = "Office"
url = "https://example.org/"
published = 2025-05-01
retrieved = 2026-01-10
licence = "CC-BY-4.0"
indicator = "climate"
unit = "gCO2e/kWh"
boundary = "life_cycle"
bounds = "assumed"
relative_bounds = 0.30
why_these_bounds = "a guess"
derivation = "none"

[units]
cpu_die = "kgCO2e/mm2"
"""
HEADER = "entry,region,valid_from,valid_until,value,low,high,locator,note\n"
ROW = 'electricity:FR:2024,FR,2024-01-01,2024-12-31,36,,,"sheet 2, row 61",\n'


def dataset(tmp_path, rows=ROW, toml=TOML, header=HEADER):
    folder = tmp_path / "office-2025"
    folder.mkdir(exist_ok=True)
    (folder / "dataset.toml").write_text(toml)
    (folder / "factors.csv").write_text(header + rows)
    return folder


def only_factor(folder):
    _, (factor,) = read_dataset(folder)
    return factor


def test_a_row_becomes_a_cited_factor_in_base_units(tmp_path):
    factor = only_factor(dataset(tmp_path))
    assert (factor.subject, factor.region, factor.criterion, factor.boundary) == (
        "electricity",
        "FR",
        "gwp",
        "life_cycle",
    )
    assert (factor.valid_from, factor.valid_until) == (date(2024, 1, 1), date(2024, 12, 31))
    assert (factor.value.unit, factor.value.central) == ("gCO2e/J", pytest.approx(1e-5))
    assert str(factor.citation) == (
        "Office: Factors, sheet 2, row 61, 2025 [office-2025: electricity:FR:2024] (CC-BY-4.0)"
    )


def test_assumed_bounds_fill_what_the_row_leaves_out(tmp_path):
    value = only_factor(dataset(tmp_path, "x,,,,100,,250,p,\n")).value.in_unit("gCO2e/kWh")
    assert (value.low, value.central, value.high) == pytest.approx((70, 100, 250))


def test_a_publishers_value_without_bounds_is_its_own_bounds(tmp_path):
    toml = TOML.replace(
        'bounds = "assumed"\nrelative_bounds = 0.30\nwhy_these_bounds = "a guess"', 'bounds = "publisher"'
    )
    value = only_factor(dataset(tmp_path, toml=toml)).value
    assert value.low == value.central == value.high


def test_a_subject_may_have_a_unit_of_its_own(tmp_path):
    factor = only_factor(dataset(tmp_path, "cpu_die:A 1:x,,,,2,,,p,\n"))
    assert (factor.subject, factor.value.unit, factor.value.central) == ("cpu_die:A 1:x", "gCO2e/mm2", 2000.0)


def test_a_row_without_days_is_always_valid_and_its_entry_stays_whole(tmp_path):
    factor = only_factor(dataset(tmp_path, "curve:1,,,,2,,,p,\n"))
    assert (factor.subject, factor.valid_from, factor.valid_until) == ("curve:1", date.min, date.max)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROW + ROW, "row 3, column entry: electricity:FR:2024 is there twice"),
        ("x,,,,much,,,p,\n", "row 2, column value: 'much' is no number"),
        ("x,,,,,,,p,\n", "row 2, column value: is empty"),
        ("x,,,,5,6,,p,\n", "row 2, column value: 6.0 <= 5.0"),
        ("x,,,,-5,-6,-4,p,\n", "row 2, column value"),
        ("x,,,,nan,,,p,\n", "row 2, column value"),
        ("x,,2024,,5,,,p,\n", "row 2, column valid_from: '2024' is no day"),
        ("x,,2024-02-01,2024-01-01,5,,,p,\n", "row 2, column valid_until: lies before"),
        ("x,,,,5,,,,\n", "row 2, column locator: is empty"),
        (",,,,5,,,p,\n", "row 2, column entry: is empty"),
        ("x,5\n", "row 2: 2 columns, not 9"),
    ],
)
def test_a_bad_row_is_refused_by_file_row_and_column(tmp_path, rows, message):
    with pytest.raises(DatasetInvalid) as refused:
        read_dataset(dataset(tmp_path, rows))
    assert str(refused.value).startswith(f"office-2025/factors.csv, {message}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('indicator = "climate"', 'indicator = "karma"', "indicator is 'karma', not one of climate"),
        ('boundary = "life_cycle"', 'boundary = "all"', "boundary is 'all'"),
        ('bounds = "assumed"', 'bounds = "none"', "bounds is 'none'"),
        ("relative_bounds = 0.30\n", "", "assumed bounds need relative_bounds"),
        ("relative_bounds = 0.30\n", "relative_bounds = 1.5\n", "relative_bounds is 1.5"),
        ('title = "Factors"', "", "title"),
        ('title = "Factors"', 'titel = "Factors"', "unknown key 'titel'"),
        ('title = "Factors"', "title = ", "Invalid value"),
        ('unit = "gCO2e/kWh"', 'unit = "gCO2e/furlong"', "furlong"),
    ],
)
def test_a_bad_description_is_refused_by_file_and_key(tmp_path, old, new, message):
    with pytest.raises(DatasetInvalid) as refused:
        read_dataset(dataset(tmp_path, toml=TOML.replace(old, new)))
    assert str(refused.value).startswith("office-2025/dataset.toml: ")
    assert message in str(refused.value)


def test_other_columns_are_refused(tmp_path):
    with pytest.raises(DatasetInvalid, match="row 1: the columns are not entry,region"):
        read_dataset(dataset(tmp_path, header="entry,value\n"))


def test_a_missing_file_is_refused(tmp_path):
    folder = dataset(tmp_path)
    (folder / "factors.csv").unlink()
    with pytest.raises(DatasetInvalid, match=r"office-2025: factors\.csv is missing"):
        read_dataset(folder)


def test_loading_all_datasets_costs_little_more_than_reading_their_files():
    """Compared with their rows as plain lists, by the time of this process: a busy machine slows both down."""
    folders = [path.parent for path in Path(impacts.__file__).parent.glob("data/*/dataset.toml")]

    def plainly():
        for folder in folders:
            tomllib.loads((folder / "dataset.toml").read_text())
            for path in folder.glob("*.csv"):
                list(csv.reader(path.read_text().splitlines()))

    assert cost_of(load_book) < 20 * cost_of(plainly)


def cost_of(action):
    def once():
        begins = process_time()
        action()
        return process_time() - begins

    return min(once() for _ in range(3))
