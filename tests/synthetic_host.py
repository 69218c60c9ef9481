# SPDX-License-Identifier: Apache-2.0
"""A server that draws what no straight line gives: its true power at the inlet is known, and a slow meter shows it.

It shares nothing with the program's regression: power follows from temperatures, leakage, fan steps with hysteresis
and the losses of regulators and supplies, half a second at a time.
"""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass, field

from agent.ledger import EnergyLedger
from agent.readings import Boundary, Channel, CounterReading, Method, PowerReading
from agent.wholehost.balance import HostBalance
from agent.wholehost.calibration.calibrations import Kept
from agent.wholehost.ways import Overheads
from impacts.values.estimates import Citation, Estimate

GROUND = Citation("synthetic host")
OVERHEADS = Overheads(Estimate(1.2, 1.33, 1.6, "1", (GROUND,)), Estimate(0.8, 0.9, 0.96, "1", (GROUND,)))
PARTS_A_SECOND = 2  # what is computed between two ticks


def within(low, high):
    return Estimate(low, 1.0, high, "1", (GROUND,))


def counter(name, component, source="rapl"):
    return Channel(source, name, component, Boundary.COMPONENT, Method.COUNTED, accuracy=within(0.95, 1.05))


def modelled(name, component):
    return Channel("model", name, component, Boundary.COMPONENT, Method.MODELLED, accuracy=within(0.4, 2.5))


PACKAGES = (counter("package-0", "cpu"), counter("package-1", "cpu"))
DRAMS = (counter("dram-0", "dram"), counter("dram-1", "dram"))
CARD = counter("gpu-0", "gpu", "nvidia")
MODEL = (modelled("cpu", "cpu"), modelled("memory", "dram"), modelled("ssd", "drive"))
INLET = Channel(
    "ipmi_dcmi",
    "inlet",
    "host",
    Boundary.INLET,
    Method.INTEGRATED,
    plausible_watts=30_000,
    accuracy=within(0.95, 1.05),
)


@dataclass
class Workload:
    """How busy the machine is: phases of rest, steady work, bursts, ramps and noise, of random length."""

    random: random.Random
    busy: float = 0.05
    memory_share: float = 0.5
    _left: float = 0.0
    _kind: str = "rest"
    _goal: float = 0.05
    _until_flip: float = 0.0
    _is_on: bool = False

    def advance(self, seconds):
        self._left -= seconds
        if self._left <= 0:
            self._begin_phase()
        getattr(self, f"_{self._kind}")(seconds)
        self.busy = min(1.0, max(0.01, self.busy))

    def _begin_phase(self):
        self._left = self.random.uniform(20, 240)
        self._kind = self.random.choice(["rest", "steady", "bursts", "bursts", "ramp", "noise"])
        self._goal = self.random.uniform(0.15, 1.0)
        self.memory_share = self.random.uniform(0.2, 0.9)

    def _rest(self, _):
        self.busy = 0.02 + 0.02 * self.random.random()

    def _steady(self, _):
        self.busy = self._goal + 0.02 * self.random.gauss(0, 1)

    def _bursts(self, seconds):
        self._until_flip -= seconds
        if self._until_flip <= 0:
            self._is_on = not self._is_on
            self._until_flip = self.random.expovariate(1 / 8.0) + 1.0
        self.busy = self._goal if self._is_on else 0.06

    def _ramp(self, seconds):
        self.busy += (self._goal - self.busy) * seconds / 30.0

    def _noise(self, seconds):
        self.busy += (0.5 * self._goal - self.busy) * seconds / 6.0 + 0.07 * self.random.gauss(0, 1)


@dataclass
class Machine:
    """What it draws in each part, in W, and at the inlet."""

    random: random.Random
    has_card: bool = False
    sockets: int = 2
    die_celsius: float = 45.0
    fan_level: int = 2
    packages: list[float] = field(default_factory=lambda: [0.0, 0.0])
    drams: list[float] = field(default_factory=lambda: [0.0, 0.0])
    card: float = 0.0
    disk: float = 9.0
    inlet: float = 0.0

    def advance(self, seconds, work):
        for socket, share in enumerate((1.04, 0.96)):
            busy = min(1.0, work.busy * share)
            leakage = 9.0 * math.exp((self.die_celsius - 45.0) / 55.0)
            boost = 1.0 + 0.25 * (1.0 - busy)  # few busy cores run faster, at a higher voltage
            self.packages[socket] = 22.0 + leakage + 150.0 * busy**0.9 * boost
            self.drams[socket] = 5.0 + 26.0 * busy * work.memory_share
            if socket >= self.sockets:
                self.packages[socket] = self.drams[socket] = 0.0
        silicon = sum(self.packages)
        self.die_celsius += (32.0 + 0.125 * silicon - 2.0 * self.fan_level - self.die_celsius) * seconds / 50.0
        self._turn_fans()
        self.disk += (9.0 + 8.0 * work.busy * self.random.random() - self.disk) * seconds / 5.0
        self.card = (35.0 + 265.0 * min(1.0, 1.2 * work.busy)) if self.has_card else 0.0
        regulators = 6.0 + 0.05 * silicon + 0.00016 * silicon**2
        fans = 7.0 + 0.55 * self.fan_level**2.4
        board = silicon + sum(self.drams) + self.card + regulators + fans + self.disk + 31.0
        each = board / 2
        self.inlet = 2 * (each + 5.5 + 0.022 * each + 0.00011 * each**2)

    def _turn_fans(self):
        goal = (self.die_celsius - 38.0) / 5.0
        if goal > self.fan_level + 0.7:
            self.fan_level = min(8, self.fan_level + 1)
        elif goal < self.fan_level - 0.7:
            self.fan_level = max(1, self.fan_level - 1)


@dataclass
class HotMachine(Machine):
    """One whose fans take more than its memory, minutes after the load, and whose supplies are poor at low load."""

    air_watts: float = 100.0  # what the air has taken up
    network: float = 0.0

    def advance(self, seconds, work):
        super().advance(seconds, work)
        silicon = sum(self.packages)
        self.air_watts += (silicon - self.air_watts) * seconds / 90.0
        speed = min(1.0, 0.25 + 0.75 * max(0.0, self.air_watts - 90.0) / 330.0)
        if self.random.random() < seconds / 20.0:
            self.network = self.random.choice([0.0, 0.0, 8.0, 18.0])
        board = silicon + sum(self.drams) + self.card + self.disk + self.network + 40.0 + 0.0003 * silicon**2
        load = (board + 110.0 * speed**3) / 1600.0
        self.inlet = 1600.0 * load / (0.94 - 0.10 * math.exp(-load / 0.08) - 0.05 * load**2)


@dataclass
class Meter:
    """A BMC: shows the mean over a window, late, in whole steps; some of its answers are lost."""

    random: random.Random
    window_seconds: float
    delay_seconds: float
    quantum_watts: float = 1.0
    interval_seconds: float = 5.0
    lost_share: float = 0.05
    is_silent: bool = False
    scale: float = 1.0
    _past: deque[float] = field(default_factory=deque)

    def take(self, inlet):
        self._past.append(inlet)
        longest = int((self.window_seconds + self.delay_seconds) * PARTS_A_SECOND) + 2 * PARTS_A_SECOND
        while len(self._past) > longest:
            self._past.popleft()

    def answer(self, second):
        """Return what it shows and how many parts of a second before the tick it was asked; None where it does not answer."""
        if second % self.interval_seconds or self.is_silent or self.random.random() < self.lost_share:
            return None
        early = self.random.randrange(PARTS_A_SECOND)
        end = len(self._past) - early - round(self.delay_seconds * PARTS_A_SECOND)
        begin = max(0, end - max(1, round(self.window_seconds * PARTS_A_SECOND)))
        seen = list(self._past)[begin:end] or list(self._past)[:1]
        return round(self.scale * sum(seen) / len(seen) / self.quantum_watts) * self.quantum_watts, early


class SyntheticHost:
    """The machine, its meter and the balance that reads both, a second at a time."""

    def __init__(self, seed, meter_of, *, counters=True, has_card=False, machine=Machine):
        chance = random.Random(seed)  # noqa: S311 - its numbers are to be the same again
        self.work = Workload(chance)
        self.machine = machine(chance, has_card)
        self.meter = meter_of(random.Random(seed + 1))  # noqa: S311 - same
        self.has_counters = counters
        self.has_meter = True
        self.ledger = EnergyLedger()
        self.balance = HostBalance(OVERHEADS)
        self.second = 0
        self.at = 50_000.0
        self.joules = dict.fromkeys((c.key for c in (*PACKAGES, *DRAMS, CARD)), 1000.0)
        self.truth = []  # W, by second
        self.shown = []  # what the meter's last answer was, by second
        self.steps = []  # (the second that it ends with, step)

    @property
    def channels(self):
        sockets = self.machine.sockets
        card = [CARD] if self.machine.has_card else []
        counted = (*PACKAGES[:sockets], *DRAMS[:sockets], *card) if self.has_counters else ()
        return [*([INLET] if self.has_meter else []), *counted, *MODEL]

    def run(self, seconds, tick_seconds=1):
        for _ in range(0, seconds, tick_seconds):
            for _ in range(tick_seconds - 1):
                self._pass_second()
            self.tick()
        return self

    def restart(self, seconds_away=0):
        """Begin a new process with what the history kept; the machine goes on meanwhile."""
        states = self.balance.calibration_states
        for _ in range(seconds_away):
            self._pass_second()
        self.restart_with(states, seconds_away)

    def restart_with(self, states, age_seconds=0.0):
        """Begin a new process with such states in its history."""
        self.balance = HostBalance(OVERHEADS, {name: Kept(text, age_seconds) for name, text in states.items()})

    def suspend(self, seconds):
        """Draw nothing for a while: counters stand still, the clock runs on."""
        self.second += seconds
        self.at += seconds
        self.truth += [0.0] * seconds
        self.shown += [None] * seconds

    def tick(self):
        busy = self._pass_second()
        steps = self.ledger.record(self._readings(busy))
        step = self.balance.step(self.channels, steps, self.at)
        if step is not None:
            self.steps.append((self.second, step))
        return step

    def _pass_second(self):
        true = busy = 0.0
        for _ in range(PARTS_A_SECOND):
            self.work.advance(1 / PARTS_A_SECOND)
            self.machine.advance(1 / PARTS_A_SECOND, self.work)
            self.meter.take(self.machine.inlet)
            self._count(1 / PARTS_A_SECOND)
            true += self.machine.inlet / PARTS_A_SECOND
            busy += self.work.busy / PARTS_A_SECOND
        self.second += 1
        self.at += 1.0
        self.truth.append(true)
        self.shown.append(self.shown[-1] if self.shown else None)
        return busy

    def _count(self, seconds):
        machine = self.machine
        for channel, watts in zip(
            (*PACKAGES, *DRAMS, CARD), (*machine.packages, *machine.drams, machine.card), strict=True
        ):
            self.joules[channel.key] += watts * seconds

    def _readings(self, busy):
        shown, early = (self.meter.answer(self.second) if self.has_meter else None) or (None, 0)
        self.shown[-1] = self.shown[-1] if shown is None else shown
        readings = [] if shown is None else [PowerReading(INLET, self.at - early / PARTS_A_SECOND, shown)]
        readings += [
            CounterReading(channel, self.at, round(self.joules[channel.key] * 1e6))
            for channel in self.channels
            if channel.method is Method.COUNTED
        ]
        cpu = 270.0 * (0.12 + 0.9 * busy)
        return [
            *readings,
            *(
                PowerReading(channel, self.at, watts, 1.0)
                for channel, watts in zip(MODEL, (cpu, 20 + 8 * busy, 8), strict=True)
            ),
        ]


@dataclass(frozen=True)
class Score:
    """How near a host's steps come to the truth between two of its seconds."""

    energy_error: float  # relative, signed
    power_error: float  # mean absolute, second by second, relative to the mean power
    held_error: float  # the same of the meter's last answer
    covered: float  # share of the seconds whose truth lies within the bounds
    half_width: float  # the mean reach of the bounds, to either side, relative
    bases: frozenset[str]


def score(host, begin, end):
    """Compare the seconds from `begin` to `end`."""
    watts, lows, highs, bases = {}, {}, {}, set()
    for second, step in host.steps:
        begins = second - round(step.seconds)
        for one in range(begins, second):
            power = step.power.estimate
            watts[one], lows[one], highs[one] = power.central, power.low, power.high
            if begin <= one < end:
                bases.add(step.basis.value)
    times = [one for one in range(begin, end) if one in watts]
    true = [host.truth[one] for one in times]
    whole = sum(true)
    held = [(host.shown[one], host.truth[one]) for one in times if host.shown[one] is not None]
    return Score(
        energy_error=sum(watts[one] for one in times) / whole - 1,
        power_error=sum(abs(watts[one] - host.truth[one]) for one in times) / whole,
        held_error=sum(abs(shown - power) for shown, power in held) / sum(power for _, power in held),
        covered=sum(lows[one] <= host.truth[one] <= highs[one] for one in times) / len(times),
        half_width=sum((highs[one] - lows[one]) / 2 / watts[one] for one in times) / len(times),
        bases=frozenset(bases),
    )
