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
        ("Intel(R) Xeon(R) CPU E7- 4870  @ 2.40GHz", "Xeon E7-4870"),
        ("Intel(R) Xeon(R) CPU E3-1240 V2 @ 3.40GHz", "Xeon E3-1240 v2"),
        ("Intel(R) Xeon(R) CPU E3-1265L V2 @ 2.50GHz", "Xeon E3-1265L v2"),
        ("Intel Xeon E5-2660V2", "Xeon E5-2660 v2"),
        ("Intel Xeon E5-2470 2.30 GHz", "Xeon E5-2470"),
        ("Intel Xeon Platinum 8280, 2.70 GHz", "Xeon Platinum 8280"),
        ("Six-Core AMD Opteron(tm) Processor 2435", "Opteron 2435"),
        ("AMD Opteron(tm) Processor 6176 SE", "Opteron 6176 SE"),
        ("AMD Opteron 2376HE", "Opteron 2376 HE"),
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
        ("Intel(R) Xeon(R) CPU           X5570  @ 2.93GHz", 95),
        ("Intel(R) Xeon(R) CPU E7- 4870  @ 2.40GHz", 130),
        ("Intel(R) Xeon(R) CPU E5-2680 0 @ 2.70GHz", 130),
        ("Intel(R) Xeon(R) CPU E3-1240L v5 @ 2.10GHz", 25),
        ("Intel(R) Xeon(R) Platinum 8280M CPU @ 2.70GHz", 205),  # as the 8280
        ("Intel(R) Xeon(R) Gold 6314U CPU @ 2.30GHz", 205),
        ("Intel(R) Xeon(R) Gold 6230T CPU @ 2.10GHz", 125),
        ("Intel(R) Xeon(R) Platinum 8471N", 300),
        ("Intel(R) Xeon(R) D-2776NT CPU @ 2.10GHz", 117),
        ("Intel(R) Xeon(R) w5-2455X", 200),
        ("Intel(R) Xeon(R) 6787P", 350),
        ("Quad-Core AMD Opteron(tm) Processor 2376 HE", 79),
        ("AMD Opteron(tm) Processor 6376", 115),
        ("AMD EPYC 8024P 8-Core Processor", 90),
        ("AMD EPYC 9965 192-Core Processor", 500),
    ],
)
def test_a_known_model_has_a_cited_tdp(book, model, watts):
    tdp = tdp_watts(book, model)
    assert (tdp.central, tdp.unit) == (watts, "W")
    assert tdp.grounds[0].dataset.endswith("-cpu-tdp")


@pytest.mark.parametrize(
    "model",
    ["Xeon Gold 623", "Xeon Gold 6230M", "Xeon 6230", "EPYC 7742P", "AMD EPYC Processor", "QEMU Virtual CPU", ""],
)
def test_another_model_number_never_matches(book, model):
    assert tdp_watts(book, model) is None
