# SPDX-License-Identifier: Apache-2.0
"""Two machines of inventory files: their power worked by hand, what both share, and what has to be said."""

from __future__ import annotations

from datetime import date

import pytest

from agent.answers.comparison import Question, compare
from agent.answers.running_machine import Given
from agent.errors import ConfigError
from impacts.lifetime.replacement import Verdict

TODAY = date(2026, 3, 2)
FOOTPRINT = "{manufacturing_kgco2e: 1000, low_kgco2e: 500, high_kgco2e: 2000, source: the maker}"
OLD = '{kind: cpu, count: 2, model: "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz"}, {kind: ssd, count: 2}'  # 125 W each
NEW = "{kind: cpu, count: 1, model: EPYC 9354P}, {kind: ssd, count: 2}"  # 280 W


@pytest.fixture
def asked(tmp_path):
    """Ask about an old and a new machine with these parts and options."""

    def ask(old=OLD, new=NEW, *, server="", **options):
        (tmp_path / "old.yaml").write_text(f"server: {{form: rack}}\nparts: [{old}]\n")
        (tmp_path / "new.yaml").write_text(f"server: {{form: rack, footprint: {FOOTPRINT}{server}}}\nparts: [{new}]\n")
        keep = Given("keep", tmp_path / "old.yaml", options.pop("load", None), options.pop("keep_watts", None))
        come = Given(
            "replace", tmp_path / "new.yaml", options.pop("replace_load", None), options.pop("replace_watts", None)
        )
        return compare(Question(keep, come, **options), TODAY)

    return ask


def reasons(comparison):
    return {problem.reason for problem in comparison.problems}


def bounds(estimate):
    return (estimate.low, estimate.central, estimate.high)


def test_the_power_of_a_machine_is_that_of_its_parts_at_the_load(asked):
    shown = asked(load=0.5)

    assert bounds(shown.outcome.keep) == bounds(shown.keep.model.power(0.5))
    assert bounds(shown.outcome.replace) == bounds(shown.replace.model.power(0.5))
    assert 100 < shown.outcome.keep.central < 200  # two of 125 W, half busy, with board, drives and supplies


def test_the_saving_is_what_lies_between_the_bounds_of_both(asked):
    shown = asked(load=0.5)
    keep, come, saving = shown.outcome.keep, shown.outcome.replace, shown.outcome.saving_watts

    assert saving.low == pytest.approx(keep.low - come.high)
    assert saving.high == pytest.approx(keep.high - come.low)


def test_a_load_that_is_not_known_is_the_same_in_both_and_its_bounds_are_carried(asked):
    """The default is 0.05, 0.20, 0.50. Measured without bounds, the old machine draws 200 W."""
    shown = asked(keep_watts=(200, 200, 200))
    model = shown.replace.model

    assert bounds(shown.outcome.replace) == pytest.approx(
        (model.power(0.05).low, model.power(0.2).central, model.power(0.5).high)
    )
    assert {"load_assumed", "replace_load_assumed"} <= reasons(shown)


def test_equal_machines_at_an_unknown_load_save_nothing_by_the_load_alone(asked):
    """What is left is what each may be off by itself at half load, not all that lies between an idle and a busy machine."""
    shown = asked(new=OLD)
    saving, at_most = shown.outcome.saving_watts, shown.keep.model.power(0.5)

    assert (saving.low, saving.central, saving.high) == pytest.approx(
        (at_most.low - at_most.high, 0, at_most.high - at_most.low)
    )


def test_bounds_hold_at_every_load_between_their_corners(asked):
    shown = asked(old=OLD + ", {kind: memory, count: 24, capacity_gb: 64}")
    saving = shown.outcome.saving_watts
    for hundredths in range(5, 51):
        old, new = (machine.model.power(hundredths / 100) for machine in (shown.keep, shown.replace))
        assert saving.low <= old.low - new.high + 1e-9
        assert old.high - new.low - 1e-9 <= saving.high


def test_the_new_machine_works_at_the_load_of_the_old_one_unless_its_own_is_given(asked):
    same, own = asked(load=0.5), asked(load=0.5, replace_load=0.1)

    assert same.outcome.replace.central == same.replace.model.power(0.5).central
    assert own.outcome.replace.central == own.replace.model.power(0.1).central
    assert own.outcome.keep == same.outcome.keep
    assert "replace_load_assumed" in reasons(same)
    assert "replace_load_assumed" not in reasons(own)


def test_several_old_machines_draw_as_many_times_as_much(asked):
    one, four = asked(load=0.5), asked(load=0.5, replaces=4)

    assert four.outcome.keep.central == pytest.approx(4 * one.outcome.keep.central)
    assert four.outcome.replace == one.outcome.replace


def test_measured_power_goes_before_the_model_with_the_accuracy_of_an_inlet_meter(asked):
    shown = asked(keep_watts=(300,), replace_watts=(100, 110, 150))

    assert bounds(shown.outcome.keep) == pytest.approx((285, 300, 315))
    assert bounds(shown.outcome.replace) == (100, 110, 150)
    assert not reasons(shown) & {"power_modelled", "load_assumed", "replace_load_assumed"}


def test_the_grid_of_a_country_decides_the_same_machines(asked):
    """100 W over 10 years: 8766 kWh against 500 to 2000 kg. France has less than 50 g/kWh, so at most 440 kg; Poland
    more than 300 g/kWh, so at least 2600 kg.
    """
    powers = {"keep_watts": (300, 300, 300), "replace_watts": (200, 200, 200), "server": ", service_life_years: 10"}

    assert asked(country="FR", **powers).outcome.verdict is Verdict.KEEP_LOWER
    assert asked(country="PL", **powers).outcome.verdict is Verdict.REPLACE_LOWER


def test_a_place_that_is_not_said_is_a_problem_whose_remedy_is_an_option_of_this_command(asked):
    remedies = [problem.remedy for problem in asked(load=0.3).problems if problem.reason == "location_unknown"]

    assert len(remedies) == 1
    assert "--country" in remedies[0]
    assert "config" not in remedies[0]
    assert "location_unknown" not in reasons(asked(load=0.3, country="FR"))


def test_the_service_life_of_the_new_machine_is_the_period(asked):
    given, default = asked(load=0.3, server=", service_life_years: 7"), asked(load=0.3)

    assert given.outcome.service_life_years == 7
    assert "service_life_assumed" not in reasons(given)
    assert "service_life_assumed" in reasons(default)


def test_a_part_that_has_left_the_machine_draws_nothing(asked):
    """Two SSDs of unknown transport draw 3 W each, over the supplies' 0.9711."""
    gone = OLD.replace("{kind: ssd, count: 2}", "{kind: ssd, count: 2, retired: 2025-01-01}")
    less = asked(load=0.5).outcome.keep.central - asked(old=gone, load=0.5).outcome.keep.central

    assert less == pytest.approx(6 / 0.9711)


def test_a_cpu_that_is_not_known_is_taken_by_its_cores_and_said_with_the_option_that_mends_it(asked):
    """16 cores of 2 threads at 3 W each: 96 W."""
    shown = asked(old="{kind: cpu, count: 1, model: Fancy 9000, cores: 16}", load=0.5)
    problem = next(problem for problem in shown.problems if problem.reason == "tdp_unknown")

    assert shown.keep.model.terms[0].full.estimate.central == pytest.approx(96)
    assert problem.what.startswith("keep: ")
    assert "--keep-watts" in problem.remedy


@pytest.mark.parametrize(
    ("new", "named"),
    [("{kind: cpu, count: 1, model: Fancy 9000}", "Fancy 9000"), ("{kind: ssd, count: 1}", "no CPU is listed")],
)
def test_a_machine_of_which_nothing_states_the_power_is_an_error_with_the_option_that_mends_it(asked, new, named):
    with pytest.raises(ConfigError, match=named) as error:
        asked(new=new)

    assert "--replace-watts" in str(error.value)
    assert asked(new=new, replace_watts=(100,)).outcome.replace.central == 100


def test_a_virtual_machine_is_not_compared(asked):
    with pytest.raises(ConfigError, match="virtual machine"):
        asked(server=", virtual: true")


def test_cards_and_memory_of_unknown_size_are_problems(asked):
    known = ", {kind: memory, count: 4, capacity_gb: 16}, {kind: psu, count: 2}"
    shown = asked(old=OLD + ", {kind: gpu, count: 2}, {kind: memory, count: 4}", load=0.2)
    whole = asked(old=OLD + known, new=NEW + known, load=0.2)

    assumed = {"gpu_unknown", "memory_power_unknown", "psu_power_unknown"}
    assert assumed <= reasons(shown)
    assert not assumed & reasons(whole)


def test_a_machine_that_was_used_before_is_counted_in_full_and_said_so(asked):
    assert "bought_used" in reasons(asked(load=0.2, server=", first_used: 2022-01-01, acquired: 2026-01-01"))


def test_modelled_power_rests_on_its_parts_the_supplies_and_the_load(asked):
    entries = {citation.entry for citation in asked().outcome.keep.grounds}

    assert {
        "cpu_tdp:Xeon Gold 6230",
        "drive_power:ssd",
        "psu_marginal_efficiency",
        "server_load",
        "cpu_load_curve:server:0.5",
    } <= entries
