# SPDX-License-Identifier: Apache-2.0
"""The installed agent on a kernel whose counters, ACPI meter and BMC show a power that we know. Run by `make lab`."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from itertools import cycle

import pytest
from lab.laboratory import Guest, Scrape, build, running_bmc, running_guest, wait_until

MOST_ERROR = 0.005
WRAPS = 3
SETTLE_TICKS = 3  # with all counters standing still, agent and truth can be compared without a clock


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guest")
    build(folder)
    return folder


@pytest.fixture
def boot(built, tmp_path):
    """Boot a guest by name of its CPU."""
    return lambda **options: running_guest(built, tmp_path / "console.log", **options)


class Accounts:
    """What agent and truth have booked since a moment at which nothing drew power."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._before = self._now()

    def _now(self) -> tuple[dict[str, float], dict[str, tuple[float, int]], Scrape]:
        self._guest.set_milliwatts(0, 0, 0, 0, 0)
        scrape = self._guest.wait_for_ticks(SETTLE_TICKS)
        return scrape.joules_by_channel("rapl"), self._guest.truth(), scrape

    def close(self, channels: set[str], title: str, *, wraps: int = 0) -> None:
        """Stop all power and compare."""
        told_before, truth_before, scrape_before = self._before
        told, truth, scrape = self._now()
        assert set(told) == channels
        print(f"\n{title}\n  {'channel':<12}{'agent J':>16}{'truth J':>16}{'error':>12}{'wraps':>7}")
        for name in sorted(channels):
            agent_joules, true_joules = told[name] - told_before[name], truth[name][0] - truth_before[name][0]
            error = agent_joules / true_joules - 1
            print(f"  {name:<12}{agent_joules:>16.3f}{true_joules:>16.3f}{error:>12.2e}{truth[name][1]:>7}")
            assert abs(error) <= MOST_ERROR
            assert truth[name][1] >= wraps
        ticks, missed = (
            scrape.one(n) - scrape_before.one(n) for n in ("sampler_ticks_total", "sampler_missed_ticks_total")
        )
        print(f"  ticks {ticks:.0f}, missed {missed:.0f}")


def _draw_until_wrapped(guest: Guest, powers: list[tuple[int, ...]], channels: set[str], most_seconds: float) -> None:
    """Change the power every few seconds until every counter has wrapped often enough."""
    until = time.monotonic() + most_seconds
    for milliwatts in cycle(powers):
        guest.set_milliwatts(*milliwatts)
        time.sleep(7)
        truth = guest.truth()
        if all(truth[name][1] >= WRAPS for name in channels):
            return
        assert time.monotonic() < until, f"the counters wrap too seldom: {truth}"


INTEL = {f"{domain}-{package}" for domain in ("package", "core", "uncore", "dram") for package in (0, 1)}


def test_every_counter_of_two_intel_packages_is_counted_over_its_wraps(boot):
    with boot() as guest:
        guest.load_counters(milliwatts="1,1,1,1", esu=19, wrap_in_mj=100_000)
        guest.start_agent()
        accounts = Accounts(guest)
        powers = [
            (950_000, 800_000, 140_000, 490_000),
            (610_000, 400_000, 200_000, 480_000),
            (990_000, 890_000, 90_000, 495_000),
        ]
        _draw_until_wrapped(guest, powers, INTEL, most_seconds=600)
        accounts.close(INTEL, "two Intel packages", wraps=WRAPS)


def test_amd_packages_are_counted_over_their_wraps(boot):
    with boot(cpu="EPYC") as guest:
        guest.load_counters(milliwatts="1,1,0,0,0", amd=1, esu=19, wrap_in_mj=100_000)
        guest.start_agent()
        accounts = Accounts(guest)
        packages = {"package-0", "package-1"}
        _draw_until_wrapped(guest, [(900_000, 10_000), (450_000, 20_000)], packages, most_seconds=300)
        accounts.close(packages, "two AMD packages (EPYC)", wraps=WRAPS)


def test_the_platform_is_counted_over_its_wraps_and_is_what_the_host_draws(boot):
    with boot() as guest:
        guest.load_counters(milliwatts="1,1,1,1,1", esu=14, wrap_in_mj=100_000)
        guest.start_agent()
        accounts = Accounts(guest)
        powers = [(400_000, 300_000, 20_000, 90_000, 9_000_000), (300_000, 200_000, 20_000, 90_000, 7_500_000)]
        _draw_until_wrapped(guest, powers, {"psys"}, most_seconds=300)
        accounts.close(INTEL | {"psys"}, "platform (psys) and what lies in it")


def test_counters_that_were_unloaded_and_loaded_again_are_reset_and_not_wrapped(boot):
    with boot() as guest:
        guest.load_counters(milliwatts="1,1,1,1", esu=19, wrap_in_mj=100_000)
        guest.start_agent()
        accounts = Accounts(guest)
        guest.set_milliwatts(300_000, 200_000, 50_000, 100_000)
        time.sleep(20)
        accounts.close(INTEL, "before the counters are unloaded")
        before = guest.wait_for_ticks(1)

        guest.unload_counters()
        without = guest.wait_for_ticks(8)
        assert sum(without.reasons("rapl").values()) > sum(before.reasons("rapl").values())
        assert without.joules_by_channel("rapl") == before.joules_by_channel("rapl")
        guest.load_counters(milliwatts="1,1,1,1", esu=19, wrap_in_mj=7_000_000)
        guest.set_milliwatts(0, 0, 0, 0, 0)
        back = guest.wait_for_ticks(SETTLE_TICKS)

        for name, joules in back.joules_by_channel("rapl").items():
            assert joules - before.joules_by_channel("rapl")[name] < 0.01, "the jump of the counter was booked"
            labels = {"source": "rapl", "channel": name}
            unobserved = [scrape.one("channel_unobserved_seconds_total", **labels) for scrape in (before, back)]
            assert unobserved[1] - unobserved[0] >= 7, f"{name}: the time without counters is not told"
        print(f"\nunloaded and loaded again: reasons {back.reasons('rapl')}, unobserved seconds {unobserved}")
        accounts = Accounts(guest)
        guest.set_milliwatts(500_000, 300_000, 80_000, 200_000)
        time.sleep(20)
        accounts.close(INTEL, "after the counters were loaded again")


def test_the_acpi_meter_tells_the_power_of_the_host(boot):
    with boot() as guest:
        guest.run("modprobe acpi_power_meter")
        guest.start_agent("sources: {ipmi_dcmi: {enabled: false}}")
        name = {"source": "acpi_power_meter"}
        wait_until(lambda: guest.scrape().all("channel_power_watts", **name), 60, "a power of the ACPI meter")
        for _ in range(5):
            guest.wait_for_ticks(5)
            shown = int(guest.run("cat /sys/class/hwmon/hwmon*/device/power1_average")) * 1e-6
            watts = guest.scrape().one("channel_power_watts", **name)
            print(f"\nACPI meter {shown:.0f} W, agent {watts:.1f} W", end="")
            assert 200 <= watts <= 299
            lag = (
                shown - watts
            ) % 100  # it rises by 1 W each second; the agent's power is the mean of its last interval
            assert lag < 25 or shown < 230, f"{shown} W shown, {watts} W told"
        host = guest.scrape()
        assert host.one("host_power_watts", basis="measured") == pytest.approx(watts, rel=0.2)
        assert host.one("host_measured_energy_ratio") == 1


IPMI = {"source": "ipmi_dcmi"}
IPMI_CONFIG = "sources: {ipmi_dcmi: {interval_seconds: 2, deadline_seconds: 5}, acpi_power_meter: {enabled: false}}"


@pytest.fixture
def boot_with_bmc(boot, tmp_path):
    """Boot a guest with a BMC and start the agent in it; give both."""

    @contextmanager
    def booted(*options: str):
        with running_bmc(tmp_path, *options) as bmc, boot(bmc=bmc) as guest:
            guest.run(
                "modprobe -a ipmi_si ipmi_devintf; for _ in $(seq 60); do [ -e /dev/ipmi0 ] && exit; sleep 1; done; false"
            )
            guest.load_counters(milliwatts="1,1,1,1")
            guest.set_milliwatts(95_000, 60_000, 2_000, 12_000)
            guest.start_agent(IPMI_CONFIG)
            guest.wait_for_ticks(SETTLE_TICKS)
            yield guest, bmc

    return booted


def _shown_by_ipmitool(guest: Guest) -> float:
    reading = guest.run("ipmitool dcmi power reading")
    return float(re.search(r"Instantaneous power reading:\s*(\d+) Watts", reading)[1])


def _has_power(guest: Guest) -> bool:
    return bool(guest.scrape().all("channel_power_watts", **IPMI))


def _shows(guest: Guest, watts: float) -> bool:
    """Whether this is the power; it comes as energy by time, so it is not the same to the last digit."""
    return guest.scrape().all("channel_power_watts", **IPMI) == [pytest.approx(watts, rel=1e-4)]


class Ticks:
    """That the sampler went on all the time, by its own count."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._before = guest.scrape()
        self._began = time.monotonic()

    def assert_none_missed(self, title: str) -> None:
        now = self._guest.scrape()
        seconds = time.monotonic() - self._began
        ticks, missed = (
            now.one(n) - self._before.one(n) for n in ("sampler_ticks_total", "sampler_missed_ticks_total")
        )
        print(
            f"\n{title}: {ticks:.0f} ticks in {seconds:.0f} s, missed {missed:.0f}; reasons {now.reasons('ipmi_dcmi')}"
        )
        assert missed == 0
        assert ticks >= seconds - 3


def test_dcmi_by_ioctl_is_what_ipmitool_reads(boot_with_bmc):
    with boot_with_bmc("--watts", "187") as (guest, bmc):
        wait_until(lambda: _has_power(guest), 60, "a power of the BMC")
        for watts in (187, 241, 1044):
            bmc.tell(f"watts {watts}")
            wait_until(lambda: _shows(guest, watts), 30, f"{watts} W")  # noqa: B023 - called at once
            assert _shown_by_ipmitool(guest) == watts
        print(
            f"\nDCMI by ioctl and by ipmitool: 187, 241, 1044 W; {guest.scrape().all('source_read_duration_seconds', **IPMI)} s"
        )
        assert guest.scrape().one("host_power_watts", basis="measured") == pytest.approx(1044, rel=0.01)


def test_a_bmc_that_is_not_measuring_gives_no_power_and_a_reason(boot_with_bmc):
    with boot_with_bmc("--not-measuring") as (guest, _):
        assert "deactivated" in guest.run("ipmitool dcmi power reading")
        ticks = Ticks(guest)
        wait_until(lambda: guest.scrape().reasons("ipmi_dcmi").get("not_measuring"), 60, "a reason")
        guest.wait_for_ticks(10)
        assert not _has_power(guest)
        assert guest.scrape().all("host_power_watts", basis="measured") == []
        ticks.assert_none_missed("--not-measuring")


def test_without_dcmi_the_sensors_are_read(boot_with_bmc):
    with boot_with_bmc("--no-dcmi", "--watts", "400") as (guest, _):
        wait_until(lambda: _has_power(guest), 60, "a power of the BMC's sensors")
        ticks = Ticks(guest)
        guest.wait_for_ticks(10)
        assert guest.scrape().total("channel_power_watts", **IPMI) == pytest.approx(400, abs=8)
        assert "sensor" in guest.run("wattprint doctor --config /etc/wattprint/config.yaml")
        ticks.assert_none_missed("--no-dcmi")


def test_a_bmc_that_is_silent_for_a_minute_delays_nobody_and_repeats_nothing(boot_with_bmc):
    with boot_with_bmc() as (guest, bmc):
        wait_until(lambda: _has_power(guest), 60, "a power of the BMC")
        ticks = Ticks(guest)
        bmc.tell("silent 60")
        wait_until(lambda: not _has_power(guest), 30, "the absence of its power")
        wait_until(lambda: guest.scrape().reasons("ipmi_dcmi"), 30, "a reason")
        for _ in range(4):
            guest.wait_for_ticks(8)
            assert not _has_power(guest)
        wait_until(lambda: _has_power(guest), 150, "its return")
        ticks.assert_none_missed("silent for 60 s")


def test_a_bmc_that_answers_late_is_not_believed(boot_with_bmc):
    with boot_with_bmc() as (guest, bmc):
        wait_until(lambda: _has_power(guest), 60, "a power of the BMC")
        ticks = Ticks(guest)
        bmc.tell("watts 900", "delay 5")
        wait_until(lambda: guest.scrape().reasons("ipmi_dcmi"), 60, "a reason")
        guest.wait_for_ticks(15)
        assert not _has_power(guest)
        bmc.tell("watts 300", "delay 0")
        wait_until(lambda: _has_power(guest), 150, "its return")
        wait_until(lambda: _shows(guest, 300), 30, "the power of now")
        ticks.assert_none_missed("answers 5 s late")


SLOW_IPMI_CONFIG = IPMI_CONFIG.replace("interval_seconds: 2", "interval_seconds: 5")
IDLE_WATTS, INLET_RATIO = 70, 1.25  # of this machine: what is drawn anyway, and what a watt inside costs at the inlet
SECOND_SOCKET = 0.9


class Inlet:
    """The guest's counters and the BMC's meter, moved together."""

    def __init__(self, guest: Guest, bmc) -> None:
        self._guest = guest
        self._bmc = bmc

    def draw(self, package: int, dram: int) -> float:
        """Have each package and its memory draw so many watts, the second socket a tenth less; return the inlet's watts."""
        inlet = IDLE_WATTS + INLET_RATIO * (1 + SECOND_SOCKET) * (package + dram)
        self._guest.set_milliwatts(package * 1000, package * 700, 2000, dram * 1000)
        self._bmc.tell(f"watts {inlet:.0f}")
        return inlet

    def joules(self, seconds: float) -> float:
        """Return the true energy at the inlet since the counters were loaded; the constant part by so many seconds."""
        inside = sum(
            joules for name, (joules, _) in self._guest.truth().items() if name.startswith(("package", "dram"))
        )
        return IDLE_WATTS * seconds + INLET_RATIO * inside


class Course:
    """What the agent reports and what is true of the energy since a moment."""

    def __init__(self, inlet: Inlet, guest: Guest) -> None:
        self._inlet, self._guest = inlet, guest
        self._began = time.monotonic()
        self._reported, self._true = self._now()

    def _now(self) -> tuple[dict[str, float], float]:
        scrape = self._guest.wait_for_ticks(1)
        reported = {
            s.labels["basis"]: s.value for s in scrape.samples if s.name == "wattprint_host_energy_joules_total"
        }
        return reported, self._inlet.joules(time.monotonic() - self._began)

    def so_far(self) -> tuple[dict[str, float], float]:
        """Return the joules by basis, and the true ones."""
        reported, true = self._now()
        assert all(reported.get(basis, 0.0) >= joules for basis, joules in self._reported.items()), "a total has fallen"
        since = {basis: joules - self._reported.get(basis, 0.0) for basis, joules in reported.items()}
        return {basis: joules for basis, joules in since.items() if joules}, true - self._true


LOADS = [(40, 6), (150, 20), (90, 9), (190, 30), (25, 5), (120, 24), (60, 8), (170, 12)]


def _go_through(inlet: Inlet, loads, seconds: float) -> None:
    """Change the load every few seconds."""
    until = time.monotonic() + seconds
    for package, dram in loads:
        inlet.draw(package, dram)
        time.sleep(17)
        if time.monotonic() > until:
            return


def test_inlet_and_counters_together_leave_no_jump_when_the_bmc_stops_and_comes_back(boot, tmp_path):
    with running_bmc(tmp_path) as bmc, boot(bmc=bmc) as guest:
        guest.run(
            "modprobe -a ipmi_si ipmi_devintf; for _ in $(seq 60); do [ -e /dev/ipmi0 ] && exit; sleep 1; done; false"
        )
        guest.load_counters(milliwatts="1,1,1,1", esu=19, wrap_in_mj=7_000_000)
        inlet = Inlet(guest, bmc)
        inlet.draw(*LOADS[0])
        guest.start_agent(SLOW_IPMI_CONFIG)
        wait_until(lambda: _has_power(guest), 60, "a power of the BMC")
        loads = cycle(LOADS)
        _go_through(inlet, loads, 180)

        with_meter = Course(inlet, guest)
        _go_through(inlet, loads, 60)
        reported, true = with_meter.so_far()
        print(f"\nthe BMC reports: {reported}, true {true:.0f} J")
        assert set(reported) == {"measured"}
        assert sum(reported.values()) == pytest.approx(true, rel=0.02)
        shown = inlet.draw(100, 15)
        guest.wait_for_ticks(4)
        assert guest.scrape().one("host_power_watts", basis="measured") == pytest.approx(shown, rel=0.05)

        silence = Course(inlet, guest)
        bmc.tell("silent 140")
        wait_until(lambda: not _has_power(guest), 60, "the absence of its power")
        _go_through(inlet, loads, 90)
        reported, true = silence.so_far()
        print(f"the BMC is silent: {reported}, true {true:.0f} J")
        assert reported["calibrated"] > reported["measured"]
        assert sum(reported.values()) == pytest.approx(true, rel=0.03)

        inlet.draw(*LOADS[1])
        wait_until(lambda: _has_power(guest), 200, "its return")
        _go_through(inlet, loads, 60)
        reported, true = silence.so_far()
        print(f"the BMC is back: {reported}, true {true:.0f} J")
        assert set(reported) == {"measured", "calibrated"}
        assert sum(reported.values()) == pytest.approx(true, rel=0.02)
