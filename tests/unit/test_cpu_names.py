# SPDX-License-Identifier: Apache-2.0
import pytest
from books import shipped

from impacts.cpus.names import normalise, tdp_watts


@pytest.fixture(scope="module")
def book():
    return shipped()


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz", "Xeon Gold 6226"),
        ("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "Xeon E5-2680 v4"),
        ("Intel(R) Xeon(R) CPU E5-2680 0 @ 2.70GHz", "Xeon E5-2680"),
        ("Intel(R) Xeon(R) Platinum 8480+", "Xeon Platinum 8480+"),
        ("AMD EPYC 7742 64-Core Processor", "EPYC 7742"),
        ("AMD Ryzen 7 PRO 6850U with Radeon Graphics", "Ryzen 7 PRO 6850U"),
        ("13th Gen Intel(R) Core(TM) i7-1370P", "Core i7-1370P"),
        ("Ampere(R) Altra(R) Processor Q80-30", "Altra Q80-30"),
        ("Intel Xeon E-2236", "Xeon E-2236"),
        ("  Xeon   Gold 6226 ", "Xeon Gold 6226"),
        ("AMD EPYC-Rome Processor", "EPYC-Rome"),
        ("", ""),
    ],
)
def test_vendor_marks_and_clock_are_stripped(printed, name):
    assert normalise(printed) == name
    assert normalise(name) == name


@pytest.mark.parametrize(
    ("model", "watts"),
    [
        ("Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", 125),
        ("INTEL(R) XEON(R) GOLD 6230", 125),
        ("AMD EPYC 7742 64-Core Processor", 225),
        ("Ampere(R) Altra(R) Processor Q80-30", 210),
    ],
)
def test_a_known_model_has_a_cited_tdp(book, model, watts):
    tdp = tdp_watts(book, model)
    assert (tdp.central, tdp.unit) == (watts, "W")
    assert tdp.grounds[0].dataset.endswith("-cpu-tdp")


@pytest.mark.parametrize(
    "model",
    ["Xeon Gold 623", "Xeon Gold 6230T", "Xeon 6230", "EPYC 7742P", "AMD EPYC Processor", "QEMU Virtual CPU", ""],
)
def test_another_model_number_never_matches(book, model):
    assert tdp_watts(book, model) is None
