# SPDX-License-Identifier: Apache-2.0
"""The config's `pue` section: what it is read as, and what is refused in one line."""

from __future__ import annotations

import pytest
from market import hour

from agent.config_file import read_config
from agent.errors import ConfigError

EIGHT, NINE = hour("2026-01-31T08:00"), hour("2026-01-31T09:00")


def pue(tmp_path, section, csv=None):
    (tmp_path / "config.yaml").write_text(f"pue: {section}\n" if section else "location: FR\n")
    if csv is not None:
        (tmp_path / "pue.csv").write_text(csv)
    return read_config(tmp_path / "config.yaml").pue


def refusal(tmp_path, section, csv=None):
    with pytest.raises(ConfigError) as error:
        pue(tmp_path, section, csv)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{tmp_path}/")


def corners(estimate):
    return estimate.low, estimate.central, estimate.high


def test_without_the_section_there_is_none(tmp_path):
    assert pue(tmp_path, "") is None


def test_a_value_is_exact_unless_bounds_are_given_and_says_who_states_it(tmp_path):
    exact = pue(tmp_path, "{value: 1.4, source: report of the operator, year: 2025}")
    bounded = pue(tmp_path, "{value: 1.4, low: 1.3, high: 1.6, source: report, year: 2025}")

    assert corners(exact.at(EIGHT)) == (1.4, 1.4, 1.4)
    assert corners(bounded.at(NINE)) == (1.3, 1.4, 1.6)
    assert str(exact.at(EIGHT).grounds[0]) == "PUE: report of the operator, config, pue, 2025"
    assert exact.name == "pue/report of the operator, 2025"


def test_hours_of_a_file_go_before_the_value(tmp_path):
    csv = "hour,pue,low,high\n2026-01-31T08:00Z,1.2,1.1,\n"
    given = pue(tmp_path, "{value: 1.4, source: report, year: 2025, file: pue.csv}", csv)

    assert corners(given.at(EIGHT)) == (1.1, 1.2, 1.2)
    assert given.at(NINE).central == 1.4


def test_without_a_value_the_hours_that_a_file_does_not_list_have_none(tmp_path):
    given = pue(tmp_path, "{source: meters, file: pue.csv}", "hour,pue\n2026-01-31T09:00+01:00,1.2\n")

    assert given.at(EIGHT).central == 1.2
    assert given.at(NINE) is None


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{value: 0.9, source: a, year: 2025}", "pue.value"),
        ("{value: 140, source: a, year: 2025}", "pue.value"),
        ("{value: 1.4, low: 0.9, source: a, year: 2025}", "pue.low"),
        ("{value: 1.4, year: 2025}", "source"),
        ("{value: 1.4, source: ' ', year: 2025}", "pue.source"),
        ("{value: 1.4, source: a}", "value needs its year"),
        ("{value: 1.4, low: 1.5, source: a, year: 2025}", "1.5 <= 1.4 <= 1.4 does not hold"),
        ("{source: a, year: 2025}", "neither value nor file"),
        ("{source: a, low: 1.2, file: pue.csv}", "pue.low: is a bound of value"),
        ("{source: a, file: nowhere.csv}", "nowhere.csv: cannot be read"),
        ("1.4", "pue"),
    ],
)
def test_what_is_no_pue_is_refused(tmp_path, section, words):
    assert words in refusal(tmp_path, section)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("2026-01-31T08:00Z,0.99", "row 2, column pue: 0.99 is below 1"),
        (
            "2026-01-31T08:00Z,1.2\n2026-01-31T09:00+01:00,1.3",
            "row 3, column hour: 2026-01-31T09:00+01:00 is there twice",
        ),
        ("2026-01-31T08:30Z,1.2", "column hour: 2026-01-31T08:30Z is not the start of an hour"),
        ("2026-01-31T08:00,1.2", "column hour: 2026-01-31T08:00 has no offset"),
        ("yesterday,1.2", "column hour: 'yesterday' is no time"),
        ("2026-01-31T08:00Z,", "column pue: is empty"),
        ("2026-01-31T08:00Z,142", "column pue: 142 must lie between 0 and 10"),
        ("2026-01-31T08:00Z,1.2,3", "row 2: has 3 cells"),
        ("", "no rows"),
    ],
)
def test_a_bad_row_is_refused_by_its_place(tmp_path, rows, words):
    refused = refusal(tmp_path, "{source: a, file: pue.csv}", f"hour,pue\n{rows}\n")

    assert refused.startswith("pue.csv")
    assert words in refused


def test_bounds_of_a_row_that_do_not_hold_are_refused(tmp_path):
    csv = "hour,pue,low,high\n2026-01-31T08:00Z,1.2,1.3,1.4\n"

    assert "1.3 <= 1.2 <= 1.4 does not hold" in refusal(tmp_path, "{source: a, file: pue.csv}", csv)
