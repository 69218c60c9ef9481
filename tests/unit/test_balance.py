# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from agent.ledger import EnergyStep, Outcome
from agent.readings import Boundary, Channel, Method
from agent.wholehost.balance import HostBalance
from agent.wholehost.host_step import Basis
from agent.wholehost.ways import Overheads
from impacts.values.estimates import Citation, Estimate

GROUND = Citation("test")
OVERHEADS = Overheads(Estimate(1.0, 1.1, 1.2, "1", (GROUND,)), Estimate(0.8, 0.9, 0.96, "1", (GROUND,)))


def within_ratios(low, high):
    return Estimate(low, 1.0, high, "1", (GROUND,))


def counted(name, component="cpu", within=None, boundary=Boundary.COMPONENT):
    return Channel("rapl", name, component, boundary, Method.COUNTED, within, accuracy=within_ratios(0.95, 1.05))


def meter(source, name):
    return Channel(source, name, "host", Boundary.INLET, Method.INTEGRATED, accuracy=within_ratios(0.97, 1.03))


def modelled(name, component):
    return Channel("model", name, component, Boundary.COMPONENT, Method.MODELLED, accuracy=within_ratios(0.5, 2.0))


PACKAGE, PACKAGE_1, CORE, DRAM = (
    counted("package-0"),
    counted("package-1"),
    counted("core-0", within="package-0"),
    counted("dram-0", "dram"),
)
METER = meter("ipmi_dcmi", "inlet")
OTHER_METER = meter("redfish", "inlet")
PSYS = counted("psys", "host", boundary=Boundary.PLATFORM)
IN_PSYS = counted("package-0", within="psys")
MODEL = [modelled("cpu", "cpu"), modelled("memory", "dram"), modelled("ssd", "drive")]


class balance:  # noqa: N801 - reads as what it is in a test
    """A balance over the channels given and the model, whose ticks are a second apart unless said otherwise."""

    def __init__(self, *channels):
        self.channels = [*channels, *MODEL]
        self.of_host = HostBalance(OVERHEADS)
        self.at = 0.0

    def tick(self, steps, seconds=1.0):
        self.at += seconds
        return self.of_host.step(self.channels, steps, self.at)

    @property
    def problems(self):
        return self.of_host.problems


def at_inlet(counted=0.0, modelled=0.0):
    """Return the microjoules at the inlet: what is counted costs a tenth more to deliver, and the supplies pass on 0.9."""
    return pytest.approx((counted * 1.1 + modelled) / 0.9 * 1e6)


def step(channel, joules, seconds=1.0, outcome=Outcome.COUNTED):
    known = outcome in {Outcome.COUNTED, Outcome.INTEGRATED, Outcome.WRAPPED}
    return EnergyStep(
        channel, round(joules * 1e6) if known else 0, seconds if known else 0.0, 0.0 if known else seconds, outcome
    )


def model_steps(cpu=100, memory=20, ssd=8, seconds=1.0):
    return [
        step(channel, joules, seconds, Outcome.INTEGRATED)
        for channel, joules in zip(MODEL, (cpu, memory, ssd), strict=True)
    ]


def test_counted_components_replace_their_models_and_the_rest_is_modelled():
    made = balance(PACKAGE, DRAM).tick([step(PACKAGE, 90), step(DRAM, 10), *model_steps()])

    assert made.basis is Basis.PART_MODELLED
    assert made.microjoules.central == at_inlet(90 + 10, 8)
    assert made.measured_microjoules == 100_000_000


def test_bounds_take_every_low_and_every_high():
    made = balance(PACKAGE, DRAM).tick([step(PACKAGE, 90), step(DRAM, 10), *model_steps()])

    assert made.microjoules.low == pytest.approx((100 * 0.95 * 1.0 + 8 * 0.5) / 0.96 * 1e6)
    assert made.microjoules.high == pytest.approx((100 * 1.05 * 1.2 + 8 * 2.0) / 0.8 * 1e6)


def test_memory_without_a_counter_is_modelled():
    made = balance(PACKAGE).tick([step(PACKAGE, 90), *model_steps()])

    assert made.microjoules.central == at_inlet(90, 20 + 8)


def test_what_lies_within_another_channel_is_not_added():
    made = balance(PACKAGE, CORE, DRAM).tick([step(PACKAGE, 90), step(CORE, 60), step(DRAM, 10), *model_steps()])

    assert made.microjoules.central == at_inlet(90 + 10, 8)


def test_psys_alone_is_the_host_over_the_efficiency_of_its_supplies():
    made = balance(PSYS, IN_PSYS).tick([step(PSYS, 180), step(IN_PSYS, 90), *model_steps()])

    assert (made.microjoules.low, made.microjoules.central, made.microjoules.high) == (
        pytest.approx(180 * 0.95e6 / 0.96),
        pytest.approx(180e6 / 0.9),
        pytest.approx(180 * 1.05e6 / 0.8),
    )


def test_psys_below_its_packages_is_left_out_while_it_is_and_said_so_when_it_lasts():
    host = balance(PSYS, IN_PSYS)
    wrong = [step(PSYS, 30), step(IN_PSYS, 90), *model_steps()]
    first = host.tick(wrong)
    assert first.microjoules.central == at_inlet(90, 20 + 8)
    assert not host.problems

    for _ in range(61):
        host.tick(wrong)
    [problem] = host.problems
    assert (problem.origin, problem.reason) == ("rapl", "below_its_components")
    assert "30 W" in problem.what
    assert "90 W" in problem.what

    again = host.tick([step(PSYS, 180), step(IN_PSYS, 90), *model_steps()])
    assert again.microjoules.central == pytest.approx(180e6 / 0.9)
    assert not host.problems


@pytest.mark.parametrize(("shown", "is_believed"), [(95, True), (94.9, False)])
def test_a_meter_may_show_five_percent_less_than_what_it_contains(shown, is_believed):
    booked = balance(PSYS, IN_PSYS).tick([step(PSYS, shown), step(IN_PSYS, 100), *model_steps()])

    assert booked.measured_microjoules == (round(shown * 1e6) if is_believed else 100_000_000)


@pytest.mark.parametrize(("inside", "is_believed"), [(5, True), (5.1, False)])
def test_five_joules_or_less_do_not_condemn_psys(inside, is_believed):
    """A counter with steps of 1 J distinguishes nothing there."""
    booked = balance(PSYS, IN_PSYS).tick([step(PSYS, 1), step(IN_PSYS, inside), *model_steps()])

    assert booked.measured_microjoules == (1_000_000 if is_believed else 5_100_000)


def test_a_contradiction_lasts_once_it_has_been_there_for_more_than_a_minute():
    host, wrong = balance(PSYS, IN_PSYS), [step(PSYS, 30), step(IN_PSYS, 90), *model_steps()]
    host.at = 1000.0
    for _ in range(61):
        host.tick(wrong)
    assert not host.problems

    host.tick(wrong)
    assert [problem.reason for problem in host.problems] == ["below_its_components"]


def test_an_inlet_meter_below_its_components_is_left_out():
    booked = balance(METER, PACKAGE).tick([step(METER, 50), step(PACKAGE, 90), *model_steps()])

    assert booked.basis is Basis.PART_MODELLED


def test_where_psys_has_a_gap_the_components_stand():
    booked = balance(PSYS, IN_PSYS).tick([step(PSYS, 0, outcome=Outcome.GAP), step(IN_PSYS, 90), *model_steps()])

    assert booked.measured_microjoules == 90_000_000


def test_a_platform_counter_that_reports_seldom_is_waited_for():
    host = balance(PSYS, IN_PSYS)
    host.tick([step(PSYS, 180), step(IN_PSYS, 90), *model_steps()])
    for _ in range(9):
        assert host.tick([step(IN_PSYS, 90), *model_steps()]) is None
    booked = host.tick([step(PSYS, 1800, 10.0), step(IN_PSYS, 90), *model_steps()])

    assert (booked.seconds, booked.measured_microjoules) == (10.0, 1_800_000_000)


def test_without_counters_the_host_is_modelled():
    made = balance().tick(model_steps())

    assert made.basis is Basis.MODELLED
    assert made.microjoules.central == at_inlet(0, 128)
    assert made.measured_microjoules == 0


def test_a_first_reading_makes_no_step():
    first = [step(PACKAGE, 0, 0.0, Outcome.FIRST), *(step(channel, 0, 0.0, Outcome.FIRST) for channel in MODEL)]

    assert balance(PACKAGE).tick(first) is None


def test_all_energy_of_a_counter_that_misses_a_tick_counts_once_it_reports():
    """The modelled terms wait with it, so the stretch is counted once and whole."""
    host = balance(PACKAGE, DRAM)
    host.tick([step(PACKAGE, 90), step(DRAM, 10), *model_steps()])

    assert host.tick([step(DRAM, 10), *model_steps()]) is None
    made = host.tick([step(PACKAGE, 180, 2.0), step(DRAM, 10), *model_steps()])

    assert made.microjoules.central == at_inlet(180 + 20, 16)
    assert made.seconds == 2.0


def test_a_stretch_with_a_gap_in_its_counter_is_modelled():
    made = balance(PACKAGE).tick([step(PACKAGE, 0, outcome=Outcome.GAP), *model_steps()])

    assert made.basis is Basis.MODELLED
    assert made.microjoules.central == at_inlet(0, 128)


def test_a_silent_counter_is_waited_for_then_modelled_and_its_return_counts_nothing_twice():
    host = balance(PACKAGE)
    host.tick([step(PACKAGE, 90), *model_steps()])
    ticks = 35
    made = [host.tick(model_steps()) for _ in range(ticks)]

    assert made[:30] == [None] * 30
    assert sum(stretch.microjoules.central for stretch in made if stretch) == at_inlet(0, ticks * 128)

    # The counter comes back with the energy of all that time, which the model has counted but for the last second.
    returned = host.tick([step(PACKAGE, 90.0 * (ticks + 1), ticks + 1.0), *model_steps()])
    assert (returned.basis, returned.seconds) == (Basis.PART_MODELLED, 1.0)
    assert returned.measured_microjoules == 90_000_000


def test_after_a_pause_the_model_stands_in_for_all_the_time_that_the_counter_covers():
    """The counter recovers 180 s; the model, which cannot, reports the first second after them."""
    host = balance(PACKAGE, DRAM)
    back = [step(PACKAGE, 90 * 180, 180.0), step(DRAM, 10 * 180, 180.0)]

    assert host.tick([*back, *(step(channel, 0, 180.0, Outcome.GAP) for channel in MODEL)]) is None
    made = host.tick([step(PACKAGE, 90), step(DRAM, 10), *model_steps()])

    assert made.seconds == 181
    assert made.microjoules.central == at_inlet((90 + 10) * 181, 8 * 181)


def test_a_model_that_is_switched_off_holds_nothing_up():
    host = HostBalance(OVERHEADS)
    made = host.step([PACKAGE], [step(PACKAGE, 90)], 1.0)

    assert made.microjoules.central == at_inlet(90)


@pytest.mark.parametrize("first", [[], [EnergyStep(METER, 0, 0.0, 0.0, Outcome.FIRST)]], ids=["nothing", "a baseline"])
def test_a_meter_that_has_reported_no_step_yet_is_not_waited_for(first):
    host = balance(METER, PACKAGE)
    host.tick([*first, step(PACKAGE, 0, 0.0, Outcome.FIRST), *model_steps(seconds=0.0)])
    made = host.tick([step(PACKAGE, 90), *model_steps()])

    assert (made.basis, made.seconds) == (Basis.PART_MODELLED, 1.0)


def test_an_inlet_meter_measures_the_host_by_itself():
    host = balance(METER, PACKAGE)
    host.tick([step(METER, 0, 0.0, Outcome.FIRST), step(PACKAGE, 0, 0.0, Outcome.FIRST), *model_steps(seconds=0.0)])
    host.tick([step(METER, 200, 1.0, Outcome.INTEGRATED), step(PACKAGE, 90), *model_steps()])
    for _ in range(9):
        assert host.tick([step(PACKAGE, 90), *model_steps()]) is None
    made = host.tick([step(METER, 2000, 10.0, Outcome.INTEGRATED), step(PACKAGE, 90), *model_steps()])

    assert (made.basis, made.seconds) == (Basis.MEASURED, 10.0)
    assert made.microjoules.central == made.measured_microjoules == 2_000_000_000
    assert (made.microjoules.low, made.microjoules.high) == (1_940_000_000, 2_060_000_000)


def test_while_the_meter_is_silent_the_counters_count_and_the_switches_count_no_second_twice():
    """Truth: 200 W at the inlet, 90 W in the package. The meter reports every 10 s, and nothing for two minutes."""
    host = balance(METER, PACKAGE)
    host.tick([step(METER, 0, 0.0, Outcome.FIRST), step(PACKAGE, 0, 0.0, Outcome.FIRST), *model_steps(seconds=0.0)])
    seconds = {Basis.MEASURED: 0.0, Basis.PART_MODELLED: 0.0}
    last_reported = 0
    for second in range(1, 301):
        steps = [step(PACKAGE, 90), *model_steps()]
        if second % 10 == 0 and not 100 < second < 220:
            steps.append(step(METER, 200 * (second - last_reported), second - last_reported, Outcome.INTEGRATED))
            last_reported = second
        made = host.tick(steps)
        if made:
            seconds[made.basis] += made.seconds
            assert made.microjoules.central / made.seconds == pytest.approx(
                200e6 if made.basis is Basis.MEASURED else (90 * 1.1 + 28) / 0.9 * 1e6
            )

    assert sum(seconds.values()) == pytest.approx(300)
    # Until the meter has reported its first step, and from 30 s of silence on, less the steps that it was still waited for.
    assert seconds[Basis.PART_MODELLED] == pytest.approx(128)


def test_a_lost_card_leaves_the_processor_and_the_other_card_measured_and_is_named():
    one, two = (Channel("nvidia", name, "gpu", Boundary.COMPONENT, Method.COUNTED) for name in ("gpu-1", "gpu-2"))
    host = balance(PACKAGE, one, two)
    host.tick([step(PACKAGE, 90), step(one, 300), step(two, 200), *model_steps()])
    for _ in range(32):
        made = host.tick([step(PACKAGE, 90), step(one, 300), *model_steps()])

    assert made.measured_microjoules == 390_000_000
    assert [(problem.origin, problem.reason) for problem in host.problems] == [("nvidia", "silent")]


def test_a_silent_processor_is_modelled_and_the_memory_stays_measured():
    host = balance(PACKAGE, PACKAGE_1, DRAM)
    host.tick([step(PACKAGE, 90), step(PACKAGE_1, 80), step(DRAM, 10), *model_steps()])
    for _ in range(32):
        made = host.tick([step(PACKAGE, 90), step(DRAM, 10), *model_steps()])

    assert made.measured_microjoules == 10_000_000
    assert made.microjoules.central == at_inlet(10, 100 + 8)


def test_a_meter_that_reports_every_minute_is_waited_for():
    host = balance(METER, PACKAGE)
    host.tick([step(METER, 0, 0.0, Outcome.FIRST), step(PACKAGE, 0, 0.0, Outcome.FIRST), *model_steps(seconds=0.0)])
    bases = []
    for second in range(1, 241):
        reported = [step(METER, 12_000, 60.0, Outcome.INTEGRATED)] if second % 60 == 0 else []
        made = host.tick([*reported, step(PACKAGE, 90), *model_steps()])
        bases += [made.basis] if made and second > 60 else []

    assert bases == [Basis.MEASURED] * 3


def test_of_two_inlet_meters_the_first_of_the_table_counts_and_they_are_not_added():
    host = balance(METER, OTHER_METER, PACKAGE)
    made = host.tick([step(METER, 200), step(OTHER_METER, 220), step(PACKAGE, 90), *model_steps()])

    assert made.microjoules.central == 200_000_000


def test_the_inputs_of_several_power_supplies_make_one_meter():
    one, two = (meter("hwmon", name) for name in ("psu-1", "psu-2"))
    made = balance(one, two).tick([step(one, 100), step(two, 80), *model_steps()])

    assert (made.basis, made.microjoules.central) == (Basis.MEASURED, 180_000_000)


def test_two_sources_that_count_the_same_package_count_it_once():
    again = Channel("hwmon", "socket-0", "cpu", Boundary.COMPONENT, Method.COUNTED)
    made = balance(PACKAGE, again).tick([step(PACKAGE, 90), step(again, 91), *model_steps()])

    assert made.measured_microjoules == 90_000_000


def test_cards_add_to_the_components_whatever_source_reports_them():
    card, other = (
        Channel(source, "gpu-0", "gpu", Boundary.COMPONENT, Method.COUNTED) for source in ("nvidia", "hwmon")
    )
    made = balance(PACKAGE, card, other).tick([step(PACKAGE, 90), step(card, 300), step(other, 200), *model_steps()])

    assert made.measured_microjoules == 590_000_000


def test_one_silent_socket_leaves_the_other_ones_time_counted_once():
    host = balance(PACKAGE, PACKAGE_1)
    ticks = 31
    made = [host.tick([step(PACKAGE, 90), *model_steps()]) for _ in range(2 * ticks)]
    energy = sum(stretch.microjoules.central for stretch in made if stretch)

    assert energy == at_inlet(0, 2 * ticks * 128)


def test_when_nothing_reports_anything_there_is_no_step():
    assert HostBalance(OVERHEADS).step([], [], 1.0) is None


def test_the_measured_part_is_never_more_than_the_whole():
    made = balance(PACKAGE, DRAM).tick([step(PACKAGE, 90), step(DRAM, 10), *model_steps()])

    assert made.measured_microjoules <= made.microjoules.central
    assert made.microjoules.low <= made.microjoules.central <= made.microjoules.high


def test_a_channel_that_was_never_there_has_not_fallen_silent():
    host = balance(METER, PACKAGE)
    for _ in range(40):
        host.tick([step(PACKAGE, 90), *model_steps()])

    assert not host.problems


@pytest.mark.parametrize(("other", "reasons"), [(260, ["meters_disagree"]), (205, [])])
def test_the_inlet_meters_of_a_host_are_compared_with_one_another(other, reasons):
    """Over two windows of ten minutes, and not with the platform, which lies behind the supplies."""
    host = balance(METER, OTHER_METER, PSYS)
    for _ in range(122):
        host.tick([step(METER, 2000, 10.0), step(OTHER_METER, 10.0 * other, 10.0), step(PSYS, 1500, 10.0)], 10.0)

    assert [problem.reason for problem in host.problems] == reasons


def test_a_single_inlet_meter_is_compared_with_nothing():
    host = balance(METER, PACKAGE)
    for _ in range(122):
        host.tick([step(METER, 2000, 10.0), step(PACKAGE, 900, 10.0), *model_steps(seconds=10.0)], 10.0)

    assert not host.problems


PSU_1, PSU_2 = meter("psu_input", "psu-1"), meter("psu_input", "psu-2")


def test_a_meter_of_which_one_supply_is_not_known_is_no_meter_of_the_host():
    gap = step(PSU_2, 0, outcome=Outcome.GAP)
    for other in ([], [gap]):
        booked = balance(PSU_1, PSU_2, PACKAGE).tick([step(PSU_1, 100), *other, step(PACKAGE, 90), *model_steps()])

        assert booked.basis is Basis.PART_MODELLED


def test_a_meter_of_which_one_supply_has_fallen_silent_is_not_waited_for():
    host = balance(PSU_1, PSU_2, PACKAGE)
    host.tick([step(PSU_1, 100), step(PSU_2, 100), step(PACKAGE, 90), *model_steps()])
    for _ in range(32):
        booked = host.tick([step(PSU_1, 100), step(PACKAGE, 90), *model_steps()])

    assert (booked.basis, booked.seconds) == (Basis.PART_MODELLED, 1.0)


def test_counters_of_which_one_has_no_pace_yet_are_not_waited_for():
    host = balance(PACKAGE, PACKAGE_1)
    host.tick([step(PACKAGE, 0, 0.0, Outcome.FIRST), step(PACKAGE_1, 0, 0.0, Outcome.FIRST), *model_steps()])

    assert host.tick([step(PACKAGE, 90), *model_steps()]).basis is Basis.MODELLED


def test_a_gap_of_one_counter_is_not_waited_over_and_spoils_no_later_step():
    host = balance(PACKAGE, DRAM)
    host.tick([step(PACKAGE, 90), step(DRAM, 10), *model_steps()])
    host.tick([step(PACKAGE, 0, outcome=Outcome.GAP), step(DRAM, 10)])
    booked = host.tick([step(PACKAGE, 90), step(DRAM, 10), *model_steps()])

    assert (booked.basis, booked.seconds) == (Basis.PART_MODELLED, 1.0)


def test_a_model_that_is_not_heard_of_holds_nothing_up():
    booked = balance(PACKAGE).tick([step(PACKAGE, 90)])

    assert booked.microjoules.central == at_inlet(90)


def test_a_model_that_misses_a_tick_is_waited_for():
    host = balance(PACKAGE)
    host.tick([step(PACKAGE, 90), *model_steps()])

    assert host.tick([step(PACKAGE, 90), *model_steps()[:2]]) is None
