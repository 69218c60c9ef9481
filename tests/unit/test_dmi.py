# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random
from typing import TYPE_CHECKING

import fuzz_smbios
import pytest
import smbios_tables as smbios
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ReadFailed
from agent.host import Host
from agent.inventory import dmi

if TYPE_CHECKING:
    from pathlib import Path


def table() -> bytes:
    written = smbios.Table()
    written.bios("Vendor")
    written.system("Dell Inc.", "PowerEdge R740")
    written.processor("CPU1", "Intel", "Xeon", cores=300)
    written.memory_module("A1", 32768, smbios.DDR4)
    written.memory_module("A2", 0, smbios.DDR4)
    return written.finished()


def test_structures_come_in_the_tables_order_with_their_strings():
    structures = dmi.parse(table())

    assert [structure.kind for structure in structures] == [0, 1, 4, 17, 17, 127]
    assert structures[1].text(0x05) == "PowerEdge R740"
    assert structures[2].number(0x2A, 2) == 300


def test_a_field_beyond_the_structure_is_unknown():
    (structure,) = dmi.parse(b"\x01\x05\0\0\x01Acme\0\0")

    assert structure.text(0x04) == "Acme"
    assert structure.number(0x05) is None
    assert structure.number(0x04, 2) is None
    assert structure.text(0x05) is None


def test_what_cannot_be_printed_is_left_out_of_a_text():
    (structure,) = dmi.parse(b"\x01\x05\0\0\x01 A\x1b\tcme\xff \0\0")

    assert structure.text(0x04) == "Acme\ufffd"


def test_what_follows_the_end_mark_is_not_read():
    assert dmi.parse(table() + b"\xff\x00garbage") == dmi.parse(table())


def test_encoding_gives_back_the_table():
    assert dmi.encode(dmi.parse(table())) == table()


@pytest.mark.parametrize("damaged", [b"\x11", b"\x11\x03\0\0\0\0", b"\x11\xff\0\0", table()[:40], table()[:-10]])
def test_a_damaged_table_is_a_failed_read(damaged):
    with pytest.raises(ReadFailed, match="damaged") as caught:
        dmi.parse(damaged)

    assert caught.value.reason == "smbios_damaged"


@given(st.binary(max_size=600))
def test_any_bytes_are_structures_or_a_failed_read(garbage):
    look_at_everything(garbage)


@given(st.data())
def test_a_table_with_any_bytes_changed_is_structures_or_a_failed_read(data):
    whole = bytearray(table())
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    look_at_everything(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


@given(st.integers(0, 2**32))
def test_whatever_befalls_the_table_of_a_real_machine_detection_is_sound(tmp_path_factory, seed):
    originals = fuzz_smbios.tables()
    chance = random.Random(seed)  # noqa: S311 -- repeatable
    root = fuzz_smbios.machine(tmp_path_factory.mktemp("fuzz"), with_cpuinfo=bool(seed % 2))

    fuzz_smbios.check(root, fuzz_smbios.damaged(chance.choice(originals), originals, chance))


@pytest.mark.parametrize(
    ("large", "structures"),
    [
        (b"\x11\x04\0\0\0\0" * 200_000, 200_000),
        (b"\x11\x04\0\0" + b"A\0" * 600_000 + b"\0", 1),
        (b"\x11\x04\0\0" + b"A" * 1_200_000 + b"\0\0", 1),
        (b"\x11\x04\0\0" + bytes(1_200_000), 1),
    ],
)
def test_a_large_table_is_read_in_one_go(large, structures):
    # Were the time to grow with the square of the size, this would not end today.
    assert len(dmi.parse(large)) == structures


def test_zeros_in_place_of_an_end_mark_are_the_end():
    without_end = table()[:-6]

    assert dmi.parse(without_end + bytes(500)) == dmi.parse(table())[:-1]
    assert dmi.parse(bytes(100)) == ()


@pytest.mark.parametrize(
    "text", ["To Be Filled By O.E.M.", "Default string", "0x0000", "FFFFFFFF", "xxxx", "O.E.M.", "None"]
)
def test_a_placeholder_is_no_name(text):
    (structure,) = dmi.parse(b"\x01\x05\0\0\x01" + text.encode() + b"\0\0")

    assert structure.text(0x04) == text
    assert structure.name(0x04) is None


@pytest.mark.parametrize("text", ["X11DPT-B", "0PJMDN", "PowerEdge R740", "Nonesuch", "OEMpower 3000", "0123-ABC"])
def test_a_name_that_begins_like_a_placeholder_is_a_name(text):
    assert dmi.named(text) == text


def look_at_everything(content: bytes) -> None:
    try:
        structures = dmi.parse(content)
    except ReadFailed:
        return
    assert dmi.parse(dmi.encode(structures)) == structures
    for structure in structures:
        for offset in range(70):
            assert structure.number(offset, 2) is None or 0 <= structure.number(offset, 2) < 2**16
            assert (structure.text(offset) or "x").isprintable()


def test_a_table_that_is_not_there_says_so(tmp_path):
    found = dmi.read_smbios(Host(tmp_path))

    assert found.structures == ()
    assert "has no" in found.why_not
    assert found.remedy


def test_a_damaged_table_is_a_reason_and_no_exception(tmp_path):
    write_table(tmp_path, b"\xff" * 100)

    found = dmi.read_smbios(Host(tmp_path))

    assert "damaged" in found.why_not
    assert "update the firmware" in found.remedy


def test_nothing_is_taken_from_a_table_that_is_damaged_at_its_end(tmp_path):
    write_table(tmp_path, table()[:-10])

    assert dmi.read_smbios(Host(tmp_path)).structures == ()


def test_a_table_in_place_of_which_is_a_directory_is_a_reason(tmp_path):
    (tmp_path / "sys/firmware/dmi/tables/DMI").mkdir(parents=True)

    assert "cannot be read" in dmi.read_smbios(Host(tmp_path)).why_not


def write_table(root: Path, content: bytes) -> None:
    path = root / "sys/firmware/dmi/tables/DMI"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
