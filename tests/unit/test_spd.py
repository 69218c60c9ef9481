# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import spd_files
from clocks import HandClock
from hypothesis import given
from hypothesis import strategies as st

from agent.host import Host
from agent.inventory import spd
from agent.inventory.spd import Eeprom, read_eeproms


def read(root) -> tuple[Eeprom, ...]:
    return read_eeproms(Host(root, HandClock()))  # in 2026


def test_ddr4_and_ddr5_report_their_part_number_and_year(tmp_path):
    spd_files.write(tmp_path, "ee1004", "0-0050", spd_files.ddr4("M393A4K40DB3-CWE", 2021))
    spd_files.write(tmp_path, "spd5118", "1-0051", spd_files.ddr5("M321R8GA0BB0-CQKZJ", 2023))

    assert read(tmp_path) == (Eeprom("M393A4K40DB3-CWE", 2021), Eeprom("M321R8GA0BB0-CQKZJ", 2023))


@pytest.mark.parametrize(
    "year_and_week", [b"\0\0", b"\xff\xff", b"\x1a\x07", b"\x21\x54", b"\x21\x00", b"\x30\x07", b"\x11\x50"]
)
def test_a_year_that_was_not_written_or_cannot_be_true_is_unknown(tmp_path, year_and_week):
    content = bytearray(spd_files.ddr4("A", 2021))
    content[323:325] = year_and_week
    spd_files.write(tmp_path, "ee1004", "0-0050", bytes(content))

    assert read(tmp_path) == (Eeprom("A", None),)


@pytest.mark.parametrize("content", [b"", b"\x23\x11", bytes(512), b"\x92\x10\x0b" + bytes(253)])
def test_another_eeprom_is_no_module(tmp_path, content):
    spd_files.write(tmp_path, "ee1004", "0-0050", content)

    assert read(tmp_path) == ()


def test_an_eeprom_that_ends_early_reports_nothing(tmp_path):
    spd_files.write(tmp_path, "ee1004", "0-0050", spd_files.ddr4("A", 2021)[:300])

    assert read(tmp_path) == (Eeprom(None, None),)


def test_an_eeprom_that_cannot_be_read_takes_nothing_from_the_others(tmp_path):
    spd_files.write_ddr4(tmp_path, "0-0050", "A", 2021)
    (tmp_path / "sys/bus/i2c/drivers/ee1004/0-0051/eeprom").mkdir(parents=True)

    assert read(tmp_path) == (Eeprom("A", 2021),)


def test_what_a_recording_keeps_reports_the_same_without_the_serial_number(tmp_path):
    for number, content in enumerate((spd_files.ddr4("A", 2021), spd_files.ddr5("B", 2023))):
        kept = spd.without_serial(content)
        spd_files.write(tmp_path, "ee1004", f"0-005{number}", kept)
        assert spd_files.SERIAL not in kept

    assert read(tmp_path) == (Eeprom("A", 2021), Eeprom("B", 2023))


def test_a_recording_keeps_nothing_of_another_eeprom():
    assert spd.without_serial(b"\x00\xff\xff\xff\xff\xff\xff\x00 a monitor") == b""
    assert spd.without_serial(b"") == b""


@given(st.binary(max_size=560))
def test_any_bytes_are_a_module_or_none(tmp_path_factory, content):
    root = tmp_path_factory.mktemp("any")
    for kind in (0x0C, 0x12):
        spd_files.write(root, "ee1004", f"0-{kind}", content[:2] + bytes([kind]) + content[3:])
    for eeprom in read(root):
        assert eeprom.year is None or 2012 <= eeprom.year <= 2026
        assert eeprom.part_number is None or eeprom.part_number == eeprom.part_number.strip(" \0")
