# SPDX-License-Identifier: Apache-2.0
"""The ledger against a machine whose true energy is known.

One thing no arithmetic can see, and no test here asks for: a counter that starts anew without anyone saying so, at a
value that a wrap within the time elapsed would have led to as well. Then energy is booked that was not used, up to
the plausible power times the time. Sources therefore announce what they can: a new boot id, a counter created anew.

Time goes in 64ths of a second and power in whole watts: both are exact in floats and in microjoules.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clocks import HandClock
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.history.entries import Entries
from agent.history.writer import History
from agent.ledger import EnergyLedger, Outcome, advance
from agent.readings import Boundary, Channel, CounterReading, Method, PowerReading

TICKS = 64  # per second
MICROJOULES_PER_WATT_TICK = 1_000_000 // TICKS
PLAUSIBLE_WATTS = 200
WRAP = 20_000_000_123  # 100 s at the highest power
SLACK_TICKS = TICKS  # a second: what a read may be preempted for between its clock and its counter
PACKAGE = Channel("rapl", "package-0", "cpu", Boundary.COMPONENT, Method.COUNTED, plausible_watts=PLAUSIBLE_WATTS)


@dataclass
class Moment:
    """What is true at a reading: not what the counter tells, but what it ought to."""

    used_microjoules: int
    epoch: str
    at_ticks: int  # of all time, as stamped


@dataclass
class World:
    """A machine, its agent, and the truth about both."""

    clock: HandClock = field(default_factory=HandClock)
    ticks_of_all_time: int = 0
    used_microjoules: int = 0
    counter: int = 0
    boot: int = 0
    creation: int = 0
    moments: list[Moment] = field(default_factory=list)
    observed_ticks: float = 0

    def __post_init__(self):
        self.history = History.open(None, self.clock)
        self.ledger = self.history.ledger(self.boot_id)

    @property
    def boot_id(self):
        return f"boot-{self.boot}"

    @property
    def epoch(self):
        return f"{self.boot_id}#{self.creation}"

    def run(self, ticks, watts):
        self.clock.wait(ticks / TICKS)
        self.ticks_of_all_time += ticks
        energy = watts * ticks * MICROJOULES_PER_WATT_TICK
        self.used_microjoules += energy
        self.counter = (self.counter + energy) % WRAP

    def read(self, ticks, watts, late_ticks):
        """Work for a while, then read the clock and, perhaps preempted in between, the counter."""
        self.run(ticks, watts)
        at_seconds, at_ticks = self.clock.monotonic_seconds(), self.ticks_of_all_time
        self.run(late_ticks, watts)
        self.moments.append(Moment(self.used_microjoules, self.epoch, at_ticks))
        (step,) = self.ledger.record([CounterReading(PACKAGE, at_seconds, self.counter, WRAP, self.epoch)])
        self.observed_ticks += step.observed_seconds * TICKS

    def fail_to_read(self):
        self.ledger.record([])

    def create_counter_anew(self, counter):
        self.counter = counter
        self.creation += 1

    def restart_agent(self, ticks, watts):
        self._write()
        self.run(ticks, watts)
        self.ledger = self.history.ledger(self.boot_id)

    def reboot(self, ticks_off, counter, uptime_ticks, watts):
        self._write()
        self.run(ticks_off, watts)
        self.boot += 1
        self.counter, self.clock.monotonic = counter, 0.0
        self.run(uptime_ticks, watts)
        self.ledger = self.history.ledger(self.boot_id)

    def _write(self):
        self.history.write(self.ledger, Entries(), 0.0, self.clock.utc_now())


def explanations(before: Moment, after: Moment) -> list[int]:
    """Return every energy that fits what the counter said at both moments and what is plausible; the true one is in."""
    if before.epoch != after.epoch:
        return []
    residue = (after.used_microjoules - before.used_microjoules) % WRAP
    most = PLAUSIBLE_WATTS * (after.at_ticks - before.at_ticks + SLACK_TICKS) * MICROJOULES_PER_WATT_TICK
    found = list(range(residue, most + 1, WRAP))
    assert after.used_microjoules - before.used_microjoules in found
    return found


def check(world: World):
    """Compare the ledger with what could be known at best."""
    if not world.moments:
        assert not world.ledger.accounts
        return
    account = world.ledger.accounts[PACKAGE.key]
    known_microjoules = unknown_ticks = known_ticks = 0
    for before, after in zip(world.moments, world.moments[1:], strict=False):
        if len(explanations(before, after)) == 1:
            known_microjoules += after.used_microjoules - before.used_microjoules
            known_ticks += after.at_ticks - before.at_ticks
        else:
            unknown_ticks += after.at_ticks - before.at_ticks
    assert account.microjoules == known_microjoules
    assert account.microjoules <= world.used_microjoules - world.moments[0].used_microjoules
    assert world.observed_ticks == known_ticks
    assert account.unobserved_seconds * TICKS == unknown_ticks


watts = st.integers(0, PLAUSIBLE_WATTS)
short = st.integers(0, 20 * TICKS)
near_a_wrap = st.integers(95 * TICKS, 105 * TICKS)
long = st.integers(0, 1000 * TICKS)
counters = st.integers(0, WRAP - 1)
lateness = st.integers(0, SLACK_TICKS)
events = st.one_of(
    st.tuples(st.just(World.read), short, watts, lateness),
    st.tuples(st.just(World.read), near_a_wrap, st.just(PLAUSIBLE_WATTS), lateness),
    st.tuples(st.just(World.read), long, watts, lateness),
    st.tuples(st.just(World.fail_to_read)),
    st.tuples(st.just(World.create_counter_anew), counters),
    st.tuples(st.just(World.restart_agent), long, watts),
    st.tuples(st.just(World.reboot), long, counters, short, watts),
)


@settings(max_examples=400, deadline=None)
@given(counters, st.lists(events, min_size=5, max_size=40))
def test_the_total_is_the_truth_wherever_it_was_observable_and_never_more(counter, life):
    world = World(counter=counter)
    total = 0
    for act, *details in life:
        act(world, *details)
        check(world)
        account = world.ledger.accounts.get(PACKAGE.key)
        assert account is None or account.microjoules >= total
        total = account.microjoules if account else 0


@settings(deadline=None)
@given(counters, short | long, watts, short | long, watts)
def test_two_half_steps_are_one_step(counter, first_ticks, first_watts, second_ticks, second_watts):
    readings, at_ticks = [], 0
    for ticks, power in ((0, 0), (first_ticks, first_watts), (second_ticks, second_watts)):
        at_ticks += ticks
        counter = (counter + ticks * power * MICROJOULES_PER_WATT_TICK) % WRAP
        readings.append(CounterReading(PACKAGE, at_ticks / TICKS, counter, WRAP))
    start, _ = advance(None, readings[0])

    middle, first = advance(start, readings[1])
    end_by_halves, second = advance(middle, readings[2])
    end, whole = advance(start, readings[2])

    assert end == end_by_halves
    assume(whole.outcome is not Outcome.GAP)
    assert whole.microjoules == first.microjoules + second.microjoules
    assert whole.observed_seconds == first.observed_seconds + second.observed_seconds


readings_of_a_counter = st.lists(
    st.builds(
        CounterReading,
        st.sampled_from([PACKAGE, Channel("rapl", "dram-0", "dram", Boundary.COMPONENT, Method.COUNTED)]),
        st.floats(0, 1e7),
        st.integers(0, 2 * WRAP),
        st.sampled_from([None, WRAP]),
        st.sampled_from(["one boot", "another boot"]),
    ),
    max_size=30,
)
readings_of_a_power = st.lists(
    st.builds(
        PowerReading,
        st.just(Channel("hwmon", "power1", "host", Boundary.INLET, Method.INTEGRATED)),
        st.floats(0, 1e4),
        st.floats(),
        st.none() | st.floats(),
        st.sampled_from(["one boot", "another boot"]),
    ),
    max_size=30,
)


@given(readings_of_a_counter | readings_of_a_power)
def test_no_nonsense_makes_a_total_fall_or_rise_by_more_than_is_plausible(readings):
    ledger = EnergyLedger()
    for reading in readings:
        (step,) = ledger.record([reading])
        assert step.observed_seconds >= 0
        assert step.unobserved_seconds >= 0
        most = reading.channel.plausible_watts * (step.observed_seconds + 1) * 1e6
        assert 0 <= step.microjoules <= most


@given(st.lists(st.tuples(short, st.lists(watts, min_size=3, max_size=3)), max_size=10), st.randoms())
def test_the_order_of_channels_is_irrelevant(samples, dice):
    channels = [Channel("rapl", f"package-{n}", "cpu", Boundary.COMPONENT, Method.COUNTED) for n in range(3)]
    ordered, shuffled = EnergyLedger(), EnergyLedger()
    at_ticks, counters_now = 0, [0, 0, 0]
    for ticks, powers in samples:
        at_ticks += ticks
        counters_now = [
            (counter + ticks * power * MICROJOULES_PER_WATT_TICK) % WRAP
            for counter, power in zip(counters_now, powers, strict=True)
        ]
        readings = [
            CounterReading(channel, at_ticks / TICKS, counter, WRAP)
            for channel, counter in zip(channels, counters_now, strict=True)
        ]
        ordered.record(readings)
        shuffled.record(dice.sample(readings, 3))

    assert ordered == shuffled
