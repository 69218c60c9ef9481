# SPDX-License-Identifier: Apache-2.0
"""What every source keeps to, on every captured machine, so that a new one is tested before anyone writes a test."""

from __future__ import annotations

import importlib
import os
import pkgutil
from contextlib import suppress
from pathlib import Path

import pytest
from books import shipped
from opened_files import opened_files
from trees import machine

from agent import sources
from agent.config_file import read_config
from agent.errors import ConfigError, ReadFailed, SourceAbsent, SourceDenied, SourceError
from agent.inventory.detection import detect
from agent.loop.source_set import SourceSet
from agent.machine import Machine
from agent.readings import CounterReading
from agent.recording.capture import paths_to_record
from agent.recording.captured import open_root
from agent.sources.source import SourceEntry
from agent.sources.table import SOURCES
from impacts.factors import FactorMissing
from impacts.parts import Inventory, Server

HOSTS = sorted((Path(__file__).parent.parent / "hosts").iterdir())


# These read no file that a capture could record: a library, a device or a server answers them.
NOT_RECORDED = {"ipmi_dcmi", "redfish", "nvidia"}


def open_on(entry, host):
    return entry.open(Machine(host, detect(host)[0], shipped()))


def openings(captured):
    """Yield every source with what keeps it from being opened on a captured machine; None if nothing does."""
    with open_root(captured) as host:
        here = Machine(host, detect(host)[0], shipped())
        for entry in SOURCES:
            try:
                entry.open(here).close()
            except (SourceError, FactorMissing) as error:
                yield entry, error
            else:
                yield entry, None


OPENINGS = [(entry, captured, error) for captured in HOSTS for entry, error in openings(captured)]
PAIRS = [
    (entry, captured) for entry, captured, error in OPENINGS if not isinstance(error, SourceAbsent | FactorMissing)
]
each_source = pytest.mark.parametrize("entry", SOURCES, ids=lambda entry: entry.name)
on_each_host = pytest.mark.parametrize(("entry", "captured"), PAIRS, ids=lambda value: value.name)


@pytest.fixture
def host(captured):
    with open_root(captured) as opened:
        yield opened


@each_source
def test_on_an_empty_root_a_source_is_absent(entry, tmp_path):
    with pytest.raises(SourceAbsent) as absence:
        entry.open(machine(tmp_path))

    assert absence.value.what


@each_source
def test_a_config_file_can_switch_a_source_off(entry, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(f"sources: {{{entry.name}: {{enabled: false}}}}")

    switched_off = Machine(machine(tmp_path).host, Inventory(Server(), ()), shipped(), read_config(config).sources)
    assert switched_off.disabled == {entry.name}
    assert entry.name not in {watched.entry.name for watched in SourceSet(switched_off, [entry]).watched}


@each_source
def test_a_config_file_is_refused_what_a_source_does_not_offer(entry, tmp_path):
    """With the word that was meant. What it offers is each a schema of its own that says in words what it is for."""
    for misspelt, meant in (("enable: false", "enabled"), *((f"{key}x: 1", key) for key in entry.settings)):
        config = tmp_path / "config.yaml"
        config.write_text(f"sources: {{{entry.name}: {{{misspelt}}}}}")
        with pytest.raises(ConfigError, match=f"unknown key '.*'; did you mean '{meant}'"):
            read_config(config)

    assert all(setting["description"] for setting in entry.settings.values())


def test_a_source_that_is_not_in_the_table_is_refused_with_the_one_that_was_meant(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("sources: {raple: {enabled: false}}")

    with pytest.raises(ConfigError, match="sources: unknown key 'raple'; did you mean 'rapl'"):
        read_config(config)


@pytest.mark.parametrize("module", sorted(module.name for module in pkgutil.iter_modules(sources.__path__)))
def test_every_source_is_in_the_table(module):
    defined = vars(importlib.import_module(f"agent.sources.{module}")).values()
    missing = [one.name for one in defined if isinstance(one, SourceEntry) and one not in SOURCES]

    assert not missing, f"agent/sources/{module}.py: give {missing} a line in agent/sources/table.py"


@each_source
def test_every_source_is_on_some_captured_machine(entry):
    if entry.name in NOT_RECORDED:
        return
    assert entry.reads, f"{entry.name} has no READS: a capture would record nothing of it"
    assert any(other is entry for other, _, error in OPENINGS if not isinstance(error, SourceAbsent)), (
        f"no machine in tests/hosts has {entry.name}: capture one, or compose it in tests/compose_hosts.py"
    )


@each_source
def test_every_source_has_its_accuracy(entry):
    missing = [error for other, _, error in OPENINGS if other is entry and isinstance(error, FactorMissing)]

    assert not missing, f"{missing[0]}: add the row to impacts/data/wattprint-assumptions/factors.csv"


@on_each_host
def test_every_reading_is_of_a_channel_and_never_negative(entry, host):
    source = open_on(entry, host)
    for _ in range(2):
        readings = source.read()
        values = [r.microjoules if isinstance(r, CounterReading) else r.watts for r in readings]

        assert [reading.channel for reading in readings] == list(source.channels)
        assert min(values) >= 0
        host.clock.wait(1)
    source.close()


@on_each_host
def test_channels_are_unique_and_lie_within_channels_that_exist(entry, host):
    channels = {channel.name: channel for channel in open_on(entry, host).channels}

    assert len(channels) == len(open_on(entry, host).channels)
    assert {channel.within for channel in channels.values()} - {None} <= set(channels)
    assert all(channel.source == entry.name for channel in channels.values())


@on_each_host
def test_parts_of_a_channel_never_exceed_it(entry, host):
    source = open_on(entry, host)
    first = {reading.channel.name: reading for reading in source.read()}
    host.clock.wait(1)
    grown = {}
    for reading in source.read():
        if isinstance(reading, CounterReading):
            difference = reading.microjoules - first[reading.channel.name].microjoules
            wrap = reading.wraps_after_microjoules
            grown[reading.channel] = difference % wrap if wrap else difference
    for channel in source.channels:
        inside = sum(energy for other, energy in grown.items() if other.within == channel.name)
        assert inside <= grown.get(channel, inside)


@on_each_host
def test_a_source_reads_only_what_a_capture_records(entry, captured, host):
    """Every file beneath the root that is opened, be it for a moment, is one that `wattprint capture` records."""
    here = Machine(host, detect(host)[0], shipped())
    with opened_files() as opened:
        source = entry.open(here)
        source.read()
        source.close()
    read = {str(path.relative_to(host.root)) for path in opened if path.is_relative_to(host.root) and path.is_file()}

    unrecorded = read - set(paths_to_record(host))
    assert not unrecorded, f"{entry.name} reads what is not in its READS: {unrecorded}"
    assert any(Path(path).match(glob) for path in read for glob in entry.reads)


DAMAGE = {"garbage": b"\x00\xffgarbage", "empty": b"", "negative": b"-5\n", "too large": b"%d\n" % 2**64}


@on_each_host
@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_files_that_turn_to_nonsense_are_failed_reads(entry, host, content):
    source = open_on(entry, host)
    source.read()
    for path in read_files(entry, host):
        path.write_bytes(content)

    with pytest.raises(ReadFailed) as failure:
        source.read()

    assert failure.value.reason
    assert not failure.value.readings
    source.close()


@on_each_host
@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_files_that_are_nonsense_from_the_start_open_nothing_or_read_nothing(entry, host, content):
    for path in read_files(entry, host):
        path.write_bytes(content)

    try:
        source = open_on(entry, host)
    except SourceError:
        return
    with pytest.raises(ReadFailed):
        source.read()
    source.close()


@on_each_host
def test_files_that_vanish_between_listing_and_reading_raise_what_the_sampler_expects(entry, host):
    """Each file is taken away in turn: what remains may still be read, and nothing else may happen."""
    for path in read_files(entry, host):
        content = path.read_bytes()
        path.unlink()
        with suppress(SourceError):
            source = open_on(entry, host)
            source.read()
            source.close()
        path.write_bytes(content)


def read_files(entry, host):
    return [path for glob in entry.reads for path in host.root.glob(glob) if path.is_file()]


@pytest.mark.root
@on_each_host
def test_files_that_may_not_be_read_are_denied_or_absent_with_words(entry, host):
    found = detect(host)[0]
    for path in host.root.rglob("*"):
        if path.is_file() and any(path.relative_to(host.root).match(glob) for glob in entry.reads):
            path.chmod(0)
    host.root.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(SourceError) as error:
            entry.open(Machine(host, found, shipped()))
    finally:
        os.seteuid(0)

    assert isinstance(error.value, SourceDenied | SourceAbsent)
    assert error.value.what
    assert error.value.remedy or isinstance(error.value, SourceAbsent)
