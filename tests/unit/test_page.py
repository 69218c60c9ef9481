# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from snapshots import TAKEN_AT, busy_server, exactly, figure, just_started

from exporters.web.page import landing_page
from impacts import quantities as q
from impacts.problems import Problem
from impacts.snapshots import Snapshot, SourceState

VOID = {"meta", "link"}


class Reader(HTMLParser):
    """Reads a page as far as a person and a browser's loader do; raises where tags do not match."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.addresses, self.words = [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in {"href", "src", "action", "srcset", "data"}]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, _attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(f"{word} " for word in self.words).split())


def read(snapshot, now=TAKEN_AT):
    return Reader(landing_page(snapshot, now))


def without(snapshot, *quantities):
    return replace(snapshot, figures=tuple(figure for figure in snapshot.figures if figure.quantity not in quantities))


def test_power_stands_with_its_bounds_and_its_basis():
    text = read(busy_server()).text

    assert "268 W 231–342 W" in text
    assert "part modelled : component counters, and a model of the rest" in text
    assert "70.3 % of this energy" in text


def test_energy_is_summed_over_its_bases():
    assert "13.7 kWh 11.6–17.8 kWh" in read(busy_server()).text


def test_each_period_has_both_scopes():
    text = read(busy_server()).text

    assert "Since the agent started from 2026-03-12 12:09 UTC" in text
    assert "Today (UTC) from 2026-03-14 00:00 UTC" in text
    assert "Scope 2 electricity, location-based 603 gCO2e 420–1010 gCO2e 176 gCO2e 122–291 gCO2e" in text
    assert "Scope 3 embodied in the hardware, amortised 1.40 kgCO2e 0.820–2.52 kgCO2e 424 gCO2e 248–761 gCO2e" in text


def test_the_hardware_is_shown_by_component_and_in_total():
    text = read(busy_server()).text

    assert "Climate change 988 kgCO2e 575–1770 kgCO2e" in text
    assert "memory bottom up 388 kgCO2e 212–744 kgCO2e" in text
    assert "Primary energy 12.8 GJ" in text
    assert "40.7 % of the service life has passed." in text


def test_a_value_without_width_has_no_bounds():
    assert "board bottom up 66.1 kgCO2e cpu" in read(busy_server()).text


def test_the_grid_is_shown_per_kilowatt_hour():
    assert "44.0 gCO2e/kWh 36.0–57.0 gCO2e/kWh" in read(busy_server()).text


def test_every_problem_has_its_remedy():
    text = read(busy_server()).text

    assert "2 problems" in text
    for problem in busy_server().problems:
        assert problem.what.strip("`")[1:] in text
        assert problem.remedy.replace("`", "").split()[0] in text
    assert "inventory/memory_not_readable" in text


def test_problems_of_a_period_are_shown_once():
    problem = Problem("history", "gap", "the agent was off for an hour", "keep it running")
    snapshot = busy_server()
    statements = tuple(replace(statement, problems=(problem,)) for statement in snapshot.statements)

    assert read(replace(snapshot, statements=statements)).text.count("The agent was off for an hour") == 1


def test_every_source_is_shown_with_its_state():
    text = read(busy_server()).text

    assert "rapl readable package-0, package-1, dram-0, dram-1 core is left out" in text
    assert "ipmi_dcmi found, not readable permission denied on /dev/ipmi0 Remedy: setfacl" in text
    assert "nvidia not on this machine no NVIDIA driver is loaded" in text


def test_a_source_whose_last_read_failed_is_not_called_readable():
    source = SourceState("rapl", found=True, readable=True)
    snapshot = Snapshot(TAKEN_AT, (exactly(q.SOURCE_UP, "rapl", value=0.0),), sources=(source,))

    assert "rapl the last read failed" in read(snapshot).text


def test_every_channel_has_its_power():
    assert "package-0 rapl · cpu · counted 88.4 W 4.51 kWh" in read(busy_server()).text


def test_a_channel_without_power_is_not_shown_with_zero():
    text = read(without(busy_server(), q.CHANNEL_POWER)).text

    assert "package-0 rapl · cpu · counted not known yet 4.51 kWh" in text


def test_the_factors_stand_by_dataset_and_fit():
    text = read(busy_server()).text

    assert "ember-2025 exact electricity:FR:2024" in text
    assert "uba-2021 generic memory_die, board uba-2021 inferred part or place cpu_base" in text


def test_an_unknown_figure_is_not_zero_and_says_why():
    problem = Problem("electricity", "location_unknown", "the location is not set", "set location in the config")
    snapshot = replace(without(busy_server(), q.GRID_LOCATION_BASED), problems=(problem,))

    assert "Grid not known yet The location is not set" in read(snapshot).text


@pytest.mark.parametrize(
    "quantity",
    [q.HOST_ENERGY, q.SCOPE2_LOCATION_BASED, q.SCOPE2_MARKET_BASED, q.ENERGY_UPSTREAM, q.EMBODIED_AMORTISED],
)
def test_a_period_without_a_figure_says_that_it_is_not_known(quantity):
    snapshot = busy_server()
    statements = tuple(
        replace(statement, figures=tuple(f for f in statement.figures if f.quantity != quantity))
        for statement in snapshot.statements
    )

    assert read(replace(snapshot, statements=statements)).text.count("not known yet") == 3


def test_without_an_inventory_the_hardware_is_not_known():
    snapshot = without(busy_server(), q.EMBODIED, q.EMBODIED_ADPE, q.EMBODIED_PRIMARY_ENERGY)

    assert "Climate change not known yet The memory modules cannot be read" in read(snapshot).text


def test_a_true_zero_is_a_zero():
    nothing = figure(q.HOST_POWER, "measured", at=(0.0, 0.0, 0.0))

    assert "0 W" in read(Snapshot(TAKEN_AT, (nothing,))).text


def test_before_the_first_snapshot_the_page_says_when():
    text = read(None).text

    assert "The first figures come in a few seconds" in text


def test_before_the_first_step_the_page_says_when_and_shows_the_sources():
    text = read(just_started()).text

    assert "The first figures come in a few seconds" in text
    assert "ipmi_dcmi found, not readable" in text


def test_the_age_of_the_figures_is_shown():
    assert "2026-03-14 15:09:26 UTC , 3 s ago" in read(busy_server(), TAKEN_AT + timedelta(seconds=3)).text


def test_old_figures_are_called_old():
    text = read(busy_server(), TAKEN_AT + timedelta(minutes=14)).text

    assert "These figures are 14 min old: the agent has stopped sampling" in text


def test_a_clock_set_back_gives_no_negative_age():
    assert ", 0 s ago" in read(busy_server(), TAKEN_AT - timedelta(hours=1)).text


def test_the_page_loads_nothing_and_runs_nothing():
    page = read(busy_server())

    assert set(page.addresses) == {"data:,", "/metrics"}
    assert not {"script", "img", "iframe", "object", "form"} & set(page.tags)
    assert "@import" not in landing_page(busy_server(), TAKEN_AT)
    assert "url(" not in landing_page(busy_server(), TAKEN_AT)


def test_the_page_comes_again_by_itself():
    assert '<meta http-equiv="refresh" content="10">' in landing_page(busy_server(), TAKEN_AT)


def test_no_word_praises_the_figures():
    assert not re.search("green|neutral|responsible", landing_page(busy_server(), TAKEN_AT), re.IGNORECASE)


def test_every_table_has_a_caption_and_scoped_headings():
    page = landing_page(busy_server(), TAKEN_AT)

    assert page.count("<table>") == page.count("<caption>") == 5
    assert "<th>" not in page


HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(1)>'


def test_text_from_the_machine_is_never_markup():
    estimate = figure(q.HOST_POWER, HOSTILE, at=(1.0, 2.0, 3.0))
    snapshot = busy_server()
    hostile = replace(
        snapshot,
        figures=(
            estimate,
            exactly(q.HOST, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
            exactly(q.BUILD, HOSTILE, HOSTILE),
            exactly(q.FACTOR, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
            exactly(q.CHANNEL_POWER, HOSTILE, HOSTILE, HOSTILE),
            exactly(q.CHANNEL_ENERGY, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
            replace(exactly(q.EMBODIED, HOSTILE), method=HOSTILE),
        ),
        problems=(Problem(HOSTILE, HOSTILE, HOSTILE, f"`{HOSTILE}`"),),
        sources=(
            SourceState(HOSTILE, found=True, readable=False, why_not=HOSTILE, remedy=HOSTILE, notes=(HOSTILE,)),
            SourceState(HOSTILE, found=True, readable=True, channels=(HOSTILE,)),
        ),
        statements=tuple(replace(statement, subject=HOSTILE) for statement in snapshot.statements),
    )

    page = read(hostile)

    assert not {"script", "img"} & set(page.tags)
    assert page.text.count("alert(") >= 30


def test_the_market_based_figure_never_stands_without_the_location_based_one():
    text = read(busy_server()).text

    assert text.index("Grid") < text.index("Market-based") < text.index("21.6")
    assert text.index("electricity, location-based") < text.index("electricity, market-based")


def test_idle_power_stands_beside_the_power_where_it_is_known():
    unknown = without(busy_server(), q.HOST_IDLE_POWER)
    known = replace(unknown, figures=(*unknown.figures, figure(q.HOST_IDLE_POWER, at=(90.0, 123.0, 170.0))))

    assert "Idle 123" in read(known).text
    assert "Idle" not in read(unknown).text


def test_the_facility_has_rows_where_its_energy_is_known():
    energy = figure(q.FACILITY_ENERGY, "measured", at=(3.6e6, 7.2e6, 9e6))
    emissions = exactly(q.FACILITY_SCOPE2_LOCATION_BASED, value=432.0)
    server = busy_server()
    statements = tuple(replace(one, figures=(*one.figures, energy, emissions)) for one in server.statements)

    assert "Facility" not in read(server).text
    text = read(replace(server, statements=statements)).text
    assert "Facility energy by its PUE" in text
    assert "432" in text
