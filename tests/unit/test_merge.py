# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import date

import pytest

from agent.inventory.merge import written_over
from impacts.parts import Inventory, Part, Server
from impacts.problems import Problem

CPU = Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6226", cores=12)
MEMORY = Part("memory", 12, capacity_gb=32, generation="DDR4", speed_mts=2933)
SSD = Part("ssd", 2, model="INTEL SSDSC2KG96", capacity_gb=960, transport="sata")
NVME = Part("ssd", 4, model="SAMSUNG MZQL23T8", capacity_gb=3840, transport="nvme")
VOLUME = Part("hdd", 1, model="MR9361-8i", capacity_gb=8000, assumed=True)
DETECTED = (CPU, MEMORY, SSD, NVME)


def problem(reason: str) -> Problem:
    return Problem("inventory", reason, "what", "remedy")


def merged(*written: Part, detected: tuple[Part, ...] | None = DETECTED) -> tuple[Part, ...]:
    parts = written_over(Inventory(Server(), written), Inventory(Server(), detected), ())[0].parts
    assert parts is not None
    return parts


def reasons(*found: str, written: tuple[Part, ...] | None = None) -> set[str]:
    problems = tuple(map(problem, found))
    left = written_over(Inventory(Server(), written), Inventory(Server(), DETECTED), problems)[1]
    return {problem.reason for problem in left}


def test_kinds_that_the_file_does_not_list_stay_as_detected():
    psu = Part("psu", 2, rated_watts=750)

    assert merged(psu) == (*DETECTED, psu)


@pytest.mark.parametrize("written", [None, ()])
def test_a_file_that_lists_nothing_changes_nothing(written):
    found = written_over(Inventory(Server(), written), Inventory(Server(), DETECTED), ())[0]

    assert found.parts == DETECTED


def test_a_kind_that_the_file_lists_is_the_files():
    assert merged(Part("ssd", 1, model="Another", capacity_gb=480))[2:] == (
        Part("ssd", 1, model="Another", capacity_gb=480),
    )


def test_a_count_of_0_is_none_of_the_kind():
    assert merged(Part("ssd", 0)) == (CPU, MEMORY)


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        (Part("ssd", 2, model="intel  ssdsc2kg96", year=2021), "INTEL SSDSC2KG96"),  # the same model
        (Part("ssd", 4, capacity_gb=3840, year=2021), "SAMSUNG MZQL23T8"),  # the same capacity
    ],
)
def test_what_the_file_leaves_out_is_filled_from_the_part_it_means(written, filled):
    (part,) = (part for part in merged(written) if part.kind == "ssd")
    (same,) = (part for part in DETECTED if part.model == filled)

    assert (part.capacity_gb, part.transport, part.year) == (same.capacity_gb, same.transport, 2021)
    assert part.model == (written.model or filled)


def test_the_only_one_of_its_kind_is_meant_without_a_name():
    assert merged(Part("cpu", 2, die_area_mm2=694))[0] == Part(
        "cpu", 2, model="Intel(R) Xeon(R) Gold 6226", cores=12, die_area_mm2=694
    )


def test_both_halves_of_a_kind_are_filled_from_its_only_one():
    later = Part("memory", 4, capacity_gb=32, acquired=date(2025, 1, 1))

    assert [part.speed_mts for part in merged(Part("memory", 8), later) if part.kind == "memory"] == [2933, 2933]


@pytest.mark.parametrize(
    "written",
    [
        Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6230"),  # another model
        Part("memory", 12, capacity_gb=64),  # another capacity
        Part("ssd", 6),  # two may be meant
    ],
)
def test_a_part_that_means_none_or_of_several_is_left_as_it_is_written(written):
    assert written in merged(written)


def test_a_guess_fills_nothing():
    guess = Part("memory", 12, capacity_gb=32, assumed=True)

    assert merged(Part("memory", 12, generation="DDR5"), detected=(CPU, guess)) == (
        CPU,
        Part("memory", 12, generation="DDR5"),
    )


def test_what_has_left_says_nothing_of_what_is_there():
    gone = Part("ssd", 1, model="INTEL SSDSC2KG96", retired=date(2025, 1, 1))

    assert set(merged(gone)) == {*DETECTED, gone}


def test_the_drives_of_a_file_take_the_place_of_the_volume_that_hid_them():
    drives = Part("ssd", 8, capacity_gb=1920)

    assert merged(drives, detected=(CPU, MEMORY, VOLUME)) == (CPU, MEMORY, drives)
    assert merged(Part("psu", 2), detected=(CPU, MEMORY, VOLUME)) == (CPU, MEMORY, VOLUME, Part("psu", 2))


def test_where_nothing_is_detected_the_parts_are_the_files_alone():
    assert merged(SSD, detected=None) == (SSD,)


def test_what_the_file_settles_is_no_problem_any_more():
    found = ("memory_assumed", "drives_behind_array", "psu_assumed", "persistent_memory")

    assert reasons(*found) == set(found)
    assert reasons(*found, written=(Part("memory", 12),)) == {"drives_behind_array", "psu_assumed", "persistent_memory"}
    assert reasons("psu_shared", written=(Part("psu", 1),)) == set()
    assert reasons(*found, written=(Part("hdd", 12),)) == {"memory_assumed", "psu_assumed", "persistent_memory"}


def test_parts_stay_unknown_until_the_file_lists_cpus_and_memory():
    assert reasons("parts_unknown", written=(CPU,)) == {"parts_unknown"}
    assert reasons("parts_unknown", written=(CPU, MEMORY)) == set()


def test_a_guess_that_the_file_repeats_is_still_one():
    assert reasons("memory_assumed", written=(Part("memory", 8, assumed=True),)) == {"memory_assumed"}


def test_what_the_file_says_of_the_server_goes_before():
    written = Server(model="R740", acquired=date(2024, 3, 1))
    found = written_over(Inventory(written), Inventory(Server("Dell Inc.", "PowerEdge", form="rack"), ()), ())[0]

    assert found.server == Server("Dell Inc.", "R740", form="rack", acquired=date(2024, 3, 1))


def test_a_guest_has_one_problem_for_what_its_figures_are_worth():
    guest = Server(virtual=True)
    (of_guest,) = written_over(Inventory(Server()), Inventory(guest, ()), (problem("other"),))[1][:1]
    again = written_over(Inventory(Server(), (CPU,)), Inventory(guest, ()), (of_guest, problem("other")))[1]

    assert [problem.reason for problem in again] == [of_guest.reason, "other"]
