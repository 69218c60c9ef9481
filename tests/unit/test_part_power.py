# SPDX-License-Identifier: Apache-2.0
"""The power of parts by their names, beside what published pages and meters show of products of the class."""

import pytest
from books import shipped

from impacts.part_power.cards import card_power
from impacts.part_power.controllers import controller_power
from impacts.part_power.drives import drive_power
from impacts.part_power.memory import module_power
from impacts.part_power.network import nic_power
from impacts.part_power.rows import of_class
from impacts.part_power.supplies import supply_loss
from impacts.parts import Part

BOOK = shipped()


def bounds(estimate):
    return (estimate.low, estimate.central, estimate.high)


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("NVIDIA H100 80GB HBM3", 700),
        ("NVIDIA H100 SXM5 80GB", 700),  # as pci.ids has it
        ("NVIDIA H100 PCIe", 350),
        ("NVIDIA H100 NVL", 400),
        ("NVIDIA A100-SXM4-80GB", 400),
        ("NVIDIA A100-PCIE-40GB", 250),
        ("NVIDIA A100 80GB PCIe", 300),
        ("Tesla V100-SXM2-32GB", 300),
        ("Tesla P100-PCIE-16GB", 250),
        ("Tesla T4", 70),
        ("NVIDIA T4", 70),
        ("NVIDIA L4", 72),
        ("NVIDIA L40S", 350),
        ("NVIDIA RTX A6000", 300),
        ("NVIDIA GeForce RTX 3090", 350),
        ("NVIDIA B200", 1000),
        ("AMD Instinct MI210", 300),
        ("AMD Instinct MI300X OAM", 750),
        ("AMD Instinct MI250X/MI250", 560),
        ("Intel Data Center GPU Max 1550", 600),
        ("Habana Gaudi2 AI Training Accelerator", 600),
    ],
)
def test_a_card_is_known_by_the_names_of_driver_and_pci_ids(model, limit):
    power = card_power(BOOK, model)

    assert power.limit.central == limit
    assert power.limit.unit == power.idle.unit == "W"
    assert power.idle.high < power.limit.low
    assert power.limit.grounds[0].dataset == "accelerator-power"


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("NVIDIA A100-SXM4-40GB", (43, 53)),
        ("NVIDIA H100 80GB HBM3", (66, 75)),
        ("Tesla V100-SXM2-16GB", (38, 45)),
        ("Tesla T4", (8, 27)),
        ("AMD Instinct MI300X", (120, 191)),
    ],
)
def test_what_idle_cards_show_lies_within_the_bounds(model, shown):
    idle = card_power(BOOK, model).idle

    assert idle.low <= min(shown)
    assert max(shown) <= idle.high


def test_a_chip_whose_form_is_not_named_spans_its_forms():
    assert bounds(card_power(BOOK, "NVIDIA A100").limit) == (250, 400, 500)
    assert bounds(card_power(BOOK, "NVIDIA H100").limit) == (350, 700, 700)


@pytest.mark.parametrize("model", ["NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA GeForce RTX 4099"])
def test_another_card_is_never_taken_for_one_that_is_known_but_its_series_is(model):
    limit = card_power(BOOK, model).limit

    assert limit.grounds[0].entry == "card_limit:GeForce series"
    assert bounds(limit) == (25, 220, 600)


@pytest.mark.parametrize("model", ["10de:2330", "Fancy 9000", "Matrox G200", ""])
def test_what_belongs_to_no_series_is_not_known(model):
    assert card_power(BOOK, model) is None


@pytest.mark.parametrize(
    ("model", "watts"),
    [
        ("Intel 82599ES 10-Gigabit SFI/SFP+ Network Connection", 4.5),  # X520-DA2, you21979
        ("Intel 82599ES 10-Gigabit SFI/SFP+ Network Connection", 8.6),  # X520-DA2, you21979
        ("Intel Ethernet Controller X710 for 10GbE SFP+", 5),  # X710-DA2, you21979
        ("Intel Ethernet Controller 10-Gigabit X540-AT2", 13),  # you21979
        ("Mellanox MT27710 Family [ConnectX-4 Lx]", 9.8),  # industrialmonitordirect.com
        ("Mellanox MT27700 Family [ConnectX-4]", 14.7),  # industrialmonitordirect.com
        ("Mellanox MT27800 Family [ConnectX-5]", 12.95),  # MCX542B, manual: typical, passive cables
        ("Mellanox MT27800 Family [ConnectX-5]", 18.55),  # MCX542B, manual: maximum, active cables
        ("Mellanox MT43244 BlueField-3 integrated ConnectX-7 network controller", 150),  # manual
    ],
)
def test_the_published_power_of_a_network_card_lies_within_the_bounds_of_its_class(model, watts):
    power = nic_power(BOOK, model)

    assert power.low <= watts <= power.high
    assert power.grounds[0].entry.startswith("nic_power:")


@pytest.mark.parametrize(
    ("model", "speed"),
    [
        ("Broadcom NetXtreme BCM5720 Gigabit Ethernet PCIe", "1G"),
        ("Intel I350 Gigabit Network Connection", "1G"),
        ("Broadcom BCM57416 NetXtreme-E Dual-Media 10G RDMA Ethernet Controller", "10G"),
        ("Emulex OneConnect 10Gb NIC (be3)", "10G"),
        ("Broadcom BCM57414 NetXtreme-E 10Gb/25Gb RDMA Ethernet Controller", "25G"),
        ("Broadcom BCM57508 NetXtreme-E 10Gb/25Gb/40Gb/50Gb/100Gb/200Gb Ethernet", "100G"),
        ("Mellanox MT2892 Family [ConnectX-6 Dx]", "100G"),
        ("Intel Ethernet Controller E810-C for QSFP", "100G"),
        ("Mellanox MT28908 Family [ConnectX-6]", "200G"),
        ("Mellanox MT2910 Family [ConnectX-7]", "400G"),
        ("Mellanox MT42822 BlueField-2 integrated ConnectX-6 Dx network controller", "dpu"),
        ("Fancy 9000 10/40/100GbE", "100G"),
    ],
)
def test_the_speed_of_a_network_card_is_in_its_name(model, speed):
    assert nic_power(BOOK, model).grounds[0].entry == f"nic_power:{speed}"


@pytest.mark.parametrize("model", ["15b3:1021", "Fancy 9000", None])
def test_a_network_card_that_states_no_speed_may_be_any(model):
    assert bounds(nic_power(BOOK, model)) == (2, 10, 75)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("Broadcom MegaRAID 12GSAS/PCIe Secure SAS39xx", ":raid"),
        ("Adaptec Smart Storage PQI SAS", ":raid"),
        ("Broadcom Fusion-MPT 12GSAS/PCIe Secure SAS38xx", ":sas"),
        ("QLogic ISP2722-based 16/32Gb Fibre Channel to PCIe Adapter", ":fc"),
        ("Marvell 88SE9230 PCIe 2.0 x2 4-port SATA 6 Gb/s RAID Controller", ":sata"),
        ("1000:10e2", ""),
        (None, ""),
    ],
)
def test_a_controllers_kind_is_in_its_name(model, kind):
    power = controller_power(BOOK, model)

    assert power.grounds[0].entry == f"storage_controller_power{kind}"
    assert 1 < power.low < power.central < power.high < 30


@pytest.mark.parametrize(
    ("drive", "idle", "busy"),
    [
        (Part("ssd", 1, capacity_gb=80, transport="sata"), 0.6, 2.2),  # Intel E 5410s
        (Part("ssd", 1, capacity_gb=400, transport="sata"), 0.6, 7.5),  # Micron P400m, at most
        (Part("ssd", 1, capacity_gb=1200, transport="nvme"), 4, 25),  # Intel P3500
        (Part("ssd", 1, capacity_gb=15360, transport="nvme"), 5, 25),  # Intel D5-P5316
        (Part("ssd", 1, capacity_gb=250, transport="nvme"), 0.07, 7.8),  # Samsung 970 EVO Plus
        (Part("hdd", 1, capacity_gb=3000, transport="sas"), 7.0, 10.9),  # Seagate Constellation ES.2
        (Part("hdd", 1, capacity_gb=14000, transport="sata"), 5.2, 6.2),  # HGST Hs14
        (Part("hdd", 1, capacity_gb=146, transport="sas"), 4.0, 6.6),  # Seagate Savvio 15K.2
        (Part("hdd", 1), 4.0, 10.9),
        (Part("ssd", 1), 0.6, 7.5),
    ],
)
def test_the_published_power_of_a_drive_lies_within_the_bounds_of_its_class(drive, idle, busy):
    power = drive_power(BOOK, drive)

    assert power.low <= idle <= power.central * 1.5
    assert power.central <= busy <= power.high


def test_the_virtual_disk_of_a_guest_is_no_drive():
    assert drive_power(BOOK, Part("hdd", 1, capacity_gb=100, transport="virtio")) is None


@pytest.mark.parametrize(
    ("module", "idle", "busy"),
    [
        (Part("memory", 1, capacity_gb=4, generation="DDR3"), 0.83, 3),  # TecChannel, 2009, at the plug
        (Part("memory", 1, capacity_gb=16, generation="DDR4"), 1.5, 4.2),  # SPECpower, regression
        (Part("memory", 1, capacity_gb=32, generation="DDR4"), 5.0, 11.5),  # AWS r5.metal, 24 modules: 119 W, 277 W
        (Part("memory", 1, capacity_gb=32), 1.6, 11.5),
    ],
)
def test_what_meters_show_of_a_module_lies_within_its_bounds(module, idle, busy):
    power = module_power(BOOK, module)

    assert power.idle.estimate.low <= idle <= power.idle.estimate.high
    assert power.busy.estimate.low <= busy <= power.busy.estimate.high
    assert power.idle.estimate.central < power.busy.estimate.central
    assert power.idle.estimate.unit == "W"


def test_a_module_of_unknown_capacity_has_no_power():
    assert module_power(BOOK, Part("memory", 1, generation="DDR4")) is None


# What the programme asks for at 230 V, redundant: level -> share of the rating -> efficiency.
LEVELS = {
    "bronze": {0.2: 0.81, 0.5: 0.85, 1: 0.81},
    "silver": {0.2: 0.85, 0.5: 0.89, 1: 0.85},
    "gold": {0.2: 0.88, 0.5: 0.92, 1: 0.88},
    "platinum": {0.2: 0.90, 0.5: 0.94, 1: 0.91},
    "titanium": {0.1: 0.90, 0.2: 0.94, 0.5: 0.96, 1: 0.91},
}


def marginal_efficiency(level=None):
    return of_class(BOOK, "psu_marginal_efficiency", level)


def efficiency(level, load):
    """Return low, central and high power out over power in, of one supply of 1 W at a share of its rating."""
    low, central, high = bounds(supply_loss(BOOK, [Part("psu", 1, rated_watts=1)], level).estimate)
    return [
        load * marginal / (load + constant)
        for marginal, constant in zip(bounds(marginal_efficiency(level)), (high, central, low), strict=True)
    ]


@pytest.mark.parametrize("level", LEVELS)
def test_up_to_half_of_its_rating_a_supply_has_at_least_the_efficiency_that_its_level_asks_for(level):
    for load, asked in LEVELS[level].items():
        if load <= 0.5:
            low, central, high = efficiency(level, load)

            assert central >= asked - 0.0005
            assert low <= asked + 0.0005 <= high + 0.001
            assert high < 1


def test_efficiency_falls_below_a_tenth_of_the_rating():
    at = [efficiency("platinum", load)[1] for load in (0.02, 0.05, 0.1, 0.2)]

    assert at == sorted(at)
    assert 0.55 < at[0] < 0.7
    assert 0.75 < at[1] < 0.86
    assert efficiency("titanium", 0.05)[1] > at[1]


def test_two_supplies_that_share_the_load_lose_twice_as_much_whatever_it_is():
    two = supply_loss(BOOK, [Part("psu", 2, rated_watts=800)], "platinum")

    # 0.0111 of 1600 W; by hand from (0.9, 0.94) and (0.94, 0.96), in the middle 0.92 and 0.95
    slope = (0.5 / 0.95 - 0.2 / 0.92) / 0.3
    assert marginal_efficiency("platinum").central == pytest.approx(1 / slope, abs=0.0001)
    assert two.estimate.central == pytest.approx((0.2 / 0.92 / slope - 0.2) * 1600, rel=0.01)
    power_in = (300 + two.estimate.central) / marginal_efficiency("platinum").central
    assert power_in == pytest.approx(327, abs=1)  # 92 % at 19 % of the rating


def test_of_several_supplies_some_may_sleep_and_a_single_one_never_does():
    one, two = (supply_loss(BOOK, [Part("psu", n, rated_watts=800 / n)], "gold").estimate for n in (1, 2))

    assert two.low == pytest.approx(one.low / 2)
    assert (two.central, two.high) == pytest.approx((one.central, one.high))


def test_without_level_or_rating_the_bounds_span_what_servers_have():
    loss = supply_loss(BOOK, [Part("psu", 2)])
    known = supply_loss(BOOK, [Part("psu", 2, rated_watts=1100)], "titanium")

    assert loss.estimate.unit == "W"
    assert loss.estimate.low < known.estimate.low
    assert known.estimate.high < loss.estimate.high
    assert marginal_efficiency().low < 0.95 < marginal_efficiency("titanium").low


def test_a_blade_has_no_supplies_of_its_own():
    assert supply_loss(BOOK, []) is None
