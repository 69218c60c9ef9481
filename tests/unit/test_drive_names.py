# SPDX-License-Identifier: Apache-2.0
import pytest

from impacts.embodied.drive_names import capacity_in_name, ssd_class
from impacts.parts import Part


@pytest.mark.parametrize(
    ("model", "gb"),
    [
        ("SAMSUNG MZ7L33T8HBLT-00A07", 3840),
        ("SAMSUNG MZ7LH480HAHQ", 480),
        ("SAMSUNG MZVL2512HCJQ", 512),
        ("Micron_7450_MTFDKBA960TFR", 960),
        ("MTFDKCC3T8TFR", 3840),
        ("KCD61LUL3T84", 3840),
        ("KPM5XVUG960G", 960),
        ("INTEL SSDSC2KB960G8", 960),
        ("INTEL SSDPE2KX040T8", 4000),
        ("INTEL SSDPF2KX076TZ", 7680),
        ("XS1600LE10013", 1600),
        ("Dell Ent NVMe CM6 RI 3.84TB", 3840),
    ],
)
def test_a_name_states_its_capacity(model, gb):
    assert capacity_in_name(model) == gb


@pytest.mark.parametrize("model", [None, "", "PERC H730", "WUS4BB038D7P3E1", "Virtual 7777GB", "PM9A3"])
def test_a_name_that_states_no_size_on_sale_states_none(model):
    assert capacity_in_name(model) is None


@pytest.mark.parametrize(
    ("part", "client", "work"),
    [
        (Part("ssd", 1, capacity_gb=960), False, "read_intensive"),
        (Part("ssd", 1, capacity_gb=1600), False, "mixed_use"),
        (Part("ssd", 1, capacity_gb=1000), False, "client"),
        (Part("ssd", 1, model="Ent NVMe 6.4TB"), False, "mixed_use"),
        (Part("ssd", 1), False, "unknown"),
        (Part("ssd", 1, capacity_gb=960), True, "client"),
    ],
)
def test_the_size_that_is_sold_is_that_of_a_kind_of_work(part, client, work):
    assert ssd_class(part, client=client) == work
