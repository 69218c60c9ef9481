# SPDX-License-Identifier: Apache-2.0
"""Drives that come and go under a running agent."""

from __future__ import annotations

import threading

import pytest
from clocks import HandClock
from compose_hosts import meminfo
from one_package import OnePackage, one_package, ticks
from trees import write

from agent.host import Host
from agent.inventory.watch import difference, hardware_names
from agent.loop.hotplug import HardwareWatch
from agent.wiring import build_facts, renewed_facts
from agent.written.config import Config
from impacts.parts import Inventory, Part, Server

GB = 1_953_125  # sectors


@pytest.fixture
def root(tmp_path):
    root = one_package(tmp_path / "root")
    write(root, {"proc/meminfo": meminfo(65_000_000), "sys/devices/system/cpu/online": "0-3"})
    plug(root, "sda")
    return root


def plug(root, name: str, sectors: int = 960 * GB) -> None:
    at = f"sys/block/{name}"
    write(root, {f"{at}/size": sectors, f"{at}/queue/rotational": 0, f"{at}/device/model": "Disk"})


def unplug(root, name: str) -> None:
    for path in sorted((root / "sys/block" / name).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (root / "sys/block" / name).rmdir()


def watch(root, config=Config()) -> HardwareWatch:  # noqa: B008 -- frozen
    return HardwareWatch(build_facts(Host(root, HandClock()), config), lambda facts: renewed_facts(facts, config))


def after_a_look(hardware: HardwareWatch):
    hardware.facts.machine.host.clock.wait(60)
    hardware.changed_facts()
    hardware.finish(10)
    return hardware.changed_facts()


def drives(facts) -> int:
    return sum(part.count for part in facts.machine.inventory.of_kind("ssd"))


def test_a_new_drive_is_news_once(root, caplog):
    hardware = watch(root)
    plug(root, "sdb")

    news = after_a_look(hardware)
    assert news is not None
    assert drives(news) == 2
    assert hardware.changed_facts() is None
    assert after_a_look(hardware) is None
    assert "detected anew: 1 x ssd 960 GB Disk came" in caplog.text


def test_a_drive_that_is_gone_is_news(root, caplog):
    plug(root, "sdb")
    hardware = watch(root)
    unplug(root, "sdb")
    news = after_a_look(hardware)

    assert news is not None
    assert drives(news) == 1
    assert "1 x ssd 960 GB Disk went" in caplog.text


def test_nothing_is_looked_at_before_a_minute_has_passed(root):
    hardware = watch(root)
    plug(root, "sdb")
    hardware.facts.machine.host.clock.wait(59)
    hardware.changed_facts()
    hardware.finish(10)

    assert hardware.changed_facts() is None


def test_nothing_is_detected_anew_while_the_names_are_the_same(root):
    looks = []
    facts = build_facts(Host(root, HandClock()), Config())
    hardware = HardwareWatch(facts, lambda before: looks.append(before) or before)
    write(root, {"sys/block/sda/size": 480 * GB})
    after_a_look(hardware)

    assert looks == []


def test_what_comes_and_is_no_part_is_no_news(root):
    hardware = watch(root)
    plug(root, "sdb", sectors=0)  # a reader without a card
    write(root, {"sys/bus/pci/devices/0000:29:00.2/physfn/class": "0x020000"})

    assert after_a_look(hardware) is None


def test_a_drive_that_has_a_name_before_its_size_is_found_at_the_next_look(root):
    hardware = watch(root)
    plug(root, "sdb", sectors=0)
    assert after_a_look(hardware) is None
    plug(root, "sdb")
    news = after_a_look(hardware)

    assert news is not None
    assert drives(news) == 2


def test_a_slow_detection_is_not_waited_for(root):
    done = threading.Event()
    facts = build_facts(Host(root, HandClock()), Config())

    def rebuild(before):
        done.wait(10)
        return renewed_facts(before, Config())

    hardware = HardwareWatch(facts, rebuild)
    plug(root, "sdb")
    facts.machine.host.clock.wait(60)
    assert [hardware.changed_facts(), hardware.changed_facts()] == [None, None]
    done.set()
    hardware.finish(10)

    assert hardware.changed_facts() is not None


def test_an_inventory_file_broken_meanwhile_keeps_what_stood_and_is_complained_of_once(root, tmp_path, caplog):
    file = tmp_path / "inventory.yaml"
    file.write_text("server: {}\n")
    hardware = watch(root, Config(inventory_file=file))
    file.write_text("parts: [{kind: memry, count: 1}]\n")
    plug(root, "sdb")

    assert [after_a_look(hardware), after_a_look(hardware)] == [None, None]
    assert caplog.text.count("is not detected anew") == 1
    file.write_text("server: {}\n")
    news = after_a_look(hardware)
    assert news is not None
    assert drives(news) == 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sys/bus/pci/devices/0000:17:00.0/class", "0x010400"),
        ("sys/devices/system/memory/memory42/state", "online"),
        ("sys/devices/system/cpu/online", "0-1"),
    ],
)
def test_cards_memory_and_cpus_are_watched_too(root, path, value):
    before = hardware_names(Host(root))
    write(root, {path: value})

    assert hardware_names(Host(root)) != before


def test_what_is_mapped_or_mounted_is_not_watched(root):
    before = hardware_names(Host(root))
    for name in ("dm-0", "loop3", "zram0"):
        plug(root, name)

    assert hardware_names(Host(root)) == before


def test_a_difference_counts_pieces():
    before = Inventory(Server(), (Part("ssd", 4, capacity_gb=960.0), Part("gpu", 1, model="A")))
    after = Inventory(Server(), (Part("ssd", 6, capacity_gb=960.0),))

    assert difference(before, after) == "2 x ssd 960 GB came, 1 x gpu A went"
    assert difference(before, before) == ""


def ticks_and_looks(sampler, machine, count):
    for _ in range(count):
        snapshot = ticks(sampler, machine, 1)
        sampler._hardware.finish(10)  # noqa: SLF001 -- or the test would race with the look
    return snapshot


def central(snapshot, name: str, *labels: str) -> float:
    figures = snapshot.named(f"wattprint_{name}")
    return sum(f.estimate.central for f in figures if not labels or set(labels) & set(f.labels))


def test_the_agent_goes_on_with_the_new_parts_and_no_counter_jumps(root):
    machine = OnePackage(root)
    with machine.sampling(Config()) as sampler:
        before = ticks_and_looks(sampler, machine, 30)
        for number in range(9):
            plug(root, f"sd{chr(ord('b') + number)}")
        changed = ticks_and_looks(sampler, machine, 32)
        after = ticks_and_looks(sampler, machine, 30)

    ssd = "scope3_embodied_co2e_grams", "ssd"
    assert central(changed, *ssd) == pytest.approx(10 * central(before, *ssd))
    counters = ("host_energy_joules_total", "scope3_embodied_amortised_co2e_grams_total")
    for counter in counters:
        rate = central(before, counter) / 29
        assert 0.9 * rate <= (central(after, counter) - central(before, counter)) / 62 <= 5 * rate
    assert central(after, "channel_energy_joules_total", "package-0") == pytest.approx(91 * 100)
    assert central(after, "channel_power_watts", "ssd") == pytest.approx(
        10 * central(before, "channel_power_watts", "ssd")
    )
    assert central(after, "sampler_missed_ticks_total") == 0
    steps = [central(one, "host_energy_joules_total") for one in (before, changed, after)]
    assert steps == sorted(steps)
