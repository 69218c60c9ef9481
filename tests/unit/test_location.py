# SPDX-License-Identifier: Apache-2.0
"""The config's `location`, plain and with dates: read, and refused in one line where a day is left out or there twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from agent.cli import main
from agent.config_file import read_config
from agent.errors import ConfigError
from agent.place import Place


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.yaml"

    def written(text):
        path.write_text(text)
        return path

    return written


def hour(day, clock=0):
    return int(datetime(2026, 5, day, clock, tzinfo=UTC).timestamp())


def test_a_plain_location_has_no_dates(config):
    read = read_config(config("location: fr\n"))

    assert (read.location, read.locations) == ("FR", ("FR",))
    assert read.places.at(hour(1)) is None


@pytest.mark.parametrize(
    "entries",
    [
        "[{place: fr, until: 2026-05-01}, {place: PL}]",
        "[{place: FR}, {place: PL, from: 2026-05-02}]",
        "[{place: FR, until: 2026-05-01}, {place: PL, from: 2026-05-02}]",
    ],
)
def test_each_day_has_its_place_up_to_the_last_hour_of_the_last_day(config, entries):
    read = read_config(config(f"location: {entries}\n"))

    assert read.location == read.said_location == "PL"
    at = [read.places.at(moment) for moment in (0, hour(1, 23), hour(2), hour(31))]
    assert at == [Place("FR"), Place("FR"), Place("PL"), Place("PL")]


def test_one_place_in_a_list_is_of_all_days(config):
    places = read_config(config("location: [{place: PL}]\n")).places

    assert {places.at(moment) for moment in (0, hour(1), hour(31))} == {Place("PL")}


def test_three_places_follow_one_another(config):
    text = "location: [{place: FR, until: 2026-05-01}, {place: DE, until: 2026-05-02}, {place: PL}]\n"
    places = read_config(config(text)).places

    assert [places.at(hour(day)).region for day in (1, 2, 3)] == ["FR", "DE", "PL"]
    assert places.stays[1].until == date(2026, 5, 2)


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ("[{place: FR}, {place: PL}]", "location[1]: overlaps with the entry before it; add to that"),
        (
            "[{place: FR, until: 2026-05-01}, {place: PL, from: 2026-05-03}]",
            "location[1].from: 2026-05-03 leaves a gap: 2026-05-01 is the last day before it",
        ),
        (
            "[{place: FR, until: 2026-05-01}, {place: PL, from: 2026-05-01}]",
            "location[1].from: 2026-05-01 leaves an overlap: 2026-05-01 is the last day before it",
        ),
        (
            "[{place: FR, until: 2026-05-02}, {place: DE, until: 2026-05-02}, {place: PL}]",
            "location[1]: its last day, 2026-05-02, overlaps with the entry before it, until 2026-05-02",
        ),
        ("[{place: FR, until: 2026-05-01}]", "location[0].until: leaves the days after it without a place"),
        ("[{place: FR, from: 2026-05-01}]", "location[0].from: leaves the days before it without a place"),
        ("[{place: FR, until: 2026-02-30}, {place: PL}]", "location[0].until: '2026-02-30' is no day of the calendar"),
        (
            "[{place: FR, until: tomorrow}, {place: PL}]",
            "location[0].until: 'tomorrow' must be written like 2026-05-01",
        ),
        ("[{until: 2026-05-01}, {place: PL}]", "location[0]: the key 'place' is missing"),
        ("[]", "location: must not be empty"),
        ("7", "location: 7 must be text or a list"),
    ],
)
def test_what_leaves_a_day_out_or_has_it_twice_is_refused_in_one_line(config, entries, complaint):
    path = config(f"location: {entries}\n")
    with pytest.raises(ConfigError) as refused:
        read_config(path)

    assert str(refused.value).startswith(f"{path}: {complaint}")
    assert "\n" not in str(refused.value)


def test_a_place_of_before_that_no_dataset_knows_is_refused(config, capsys):
    path = config("location: [{place: UK, until: 2026-05-01}, {place: PL}]\n")

    assert main(["config", "check", str(path)]) == 2
    assert "no dataset has the grid of 'UK'; did you mean GB?" in capsys.readouterr().err


def test_the_provider_of_live_values_is_of_the_last_place(config):
    given = "location: [{place: PL, until: 2026-05-01}, {place: FR}]\ngrid: {provider: rte_eco2mix}\n"
    assert read_config(config(given)).grid.zone == "FR"

    with pytest.raises(ConfigError, match="covers FR alone, and location is PL"):
        read_config(config("location: [{place: FR, until: 2026-05-01}, {place: PL}]\ngrid: {provider: rte_eco2mix}\n"))
