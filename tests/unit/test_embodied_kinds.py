# SPDX-License-Identifier: Apache-2.0
"""Machines that are no common server: accelerators on a carrier board, computers, servers whose sheet states no parts."""

import pytest
from books import shipped

from impacts.embodied.profiles import embodied, in_readable_unit
from impacts.parts import Inventory, Part, Server

RACK = Server("HPE", "new", "rack")
PARTS = (
    Part("cpu", 2, model="AMD EPYC 7543 32-Core Processor", cores=32),
    Part("memory", 12, capacity_gb=32, generation="DDR4"),
    Part("psu", 2, rated_watts=800),
)


@pytest.fixture(scope="module")
def book():
    return shipped()


def kilograms(impact):
    estimate = in_readable_unit(impact.total("gwp"))
    return estimate.low, estimate.central, estimate.high


def reasons(impact):
    return [problem.reason for problem in impact.problems]


def named(impact):
    return {each.name: in_readable_unit(each.estimate) for each in impact.components("gwp")}


class TestAccelerators:
    @staticmethod
    def of(book, model, count=8, **known):
        return embodied(Inventory(Server(form="rack"), (Part("gpu", count, model=model, **known),)), "default", book)

    def each_kg(self, book, model, **known):
        return named(self.of(book, model, **known))["gpu"].central / 8

    def test_modules_have_their_carrier_board_and_a_case_of_their_own(self, book):
        eight, two = (self.of(book, "NVIDIA H100 80GB HBM3", count) for count in (8, 2))
        parts = named(eight)
        # NVIDIA, product carbon footprint of an HGX H100: 1312 kgCO2e for eight modules with their board
        assert parts["gpu"].central + parts["gpu_carrier"].central == pytest.approx(1312, rel=0.01)
        assert parts["gpu_chassis"].central == pytest.approx(300)
        assert "gpu_chassis_assumed" in reasons(eight)
        assert set(named(two)) == {"gpu", "fixed_part"}
        assert "gpu_chassis_assumed" not in reasons(two)

    @pytest.mark.parametrize(
        "model", ["NVIDIA H100 PCIe", "NVIDIA H100 NVL", "NVIDIA L40S", "AMD Instinct MI210", "HL-338"]
    )
    def test_cards_in_slots_have_no_carrier_board(self, book, model):
        assert "gpu_carrier" not in named(self.of(book, model))

    @pytest.mark.parametrize(
        ("model", "kg"),
        [
            # dies × 0.085 kg/mm2 + stacked memory × 0.6 kg/GB (GDDR 1.8) + 18
            ("AMD Instinct MI300X OAM", 2400 * 0.085 + 192 * 0.6 + 18),
            ("AMD Instinct MI325X", 2400 * 0.085 + 256 * 0.6 + 18),
            ("AMD Instinct MI355X", 2400 * 0.085 + 288 * 0.6 + 18),
            ("NVIDIA GB200", 1600 * 0.085 + 186 * 0.6 + 18),
            ("NVIDIA B300 SXM6 AC", 1600 * 0.085 + 270 * 0.6 + 18),
            ("HL-325L", 1640 * 0.085 + 128 * 0.6 + 18),
            ("NVIDIA H20", 814 * 0.085 + 96 * 0.6 + 18),
            ("NVIDIA L20", 609 * 0.085 + 48 * 1.8 + 18),
            ("NVIDIA L2", 294.5 * 0.085 + 24 * 1.8 + 18),
        ],
    )
    def test_without_an_assessment_their_dies_and_memory_count(self, book, model, kg):
        assert self.each_kg(book, model) == pytest.approx(kg)
        assert "gpu_unknown" not in reasons(self.of(book, model))

    @pytest.mark.parametrize(
        ("larger", "smaller"),
        [
            ("AMD Instinct MI325X", "AMD Instinct MI300X"),
            ("AMD Instinct MI355X", "AMD Instinct MI325X"),
            ("NVIDIA B300", "NVIDIA B200"),
            ("NVIDIA GB200", "NVIDIA B200"),
            ("NVIDIA H200", "NVIDIA H20"),
            ("NVIDIA H20", "NVIDIA H100 80GB HBM3"),
            ("Gaudi 3", "Gaudi 2"),
            ("NVIDIA L20", "NVIDIA L4"),
        ],
    )
    def test_none_is_below_its_smaller_sibling(self, book, larger, smaller):
        assert self.each_kg(book, larger) >= self.each_kg(book, smaller)

    def test_of_an_unknown_one_more_memory_stands_for_larger_dies(self, book):
        found = [self.each_kg(book, "new", capacity_gb=gb) for gb in (24, 48, 80, 141, 192, 288)]
        # 192 GB: 1500 mm2 and stacked memory; 24 GB: 450 mm2 and memory of any kind
        assert found[4] == pytest.approx(1500 * 0.085 + 192 * 0.6 + 18)
        assert found[0] == pytest.approx(450 * 0.085 + 24 * 0.8 + 18)
        assert found == sorted(found)


class TestAComputerThatIsNoServer:
    LAPTOP = Server("LENOVO", "20L8S00000", "laptop")
    PARTS = (Part("cpu", 1, model="Intel(R) Core(TM) i7-8650U"), Part("memory", 1, capacity_gb=16), Part("psu", 1))

    def test_has_the_level_of_its_kind_and_a_problem(self, book):
        impact = embodied(Inventory(self.LAPTOP), "default", book)
        low, central, high = kilograms(impact)
        # 195 laptops of Lenovo: geometric mean 238 kgCO2e for all but use, of which 5.9 % come later
        assert central == pytest.approx(238 / 1.059, rel=0.1)
        assert 100 < low < high < 500
        assert reasons(impact)[0] == "not_a_server"

    def test_has_its_power_supply_and_network_in_its_level(self, book):
        parts = (*self.PARTS, Part("nic", 1), Part("ssd", 1, capacity_gb=512))
        assert set(named(embodied(Inventory(self.LAPTOP, parts), "default", book))) == {
            "cpu",
            "memory",
            "ssd",
            "fixed_part",
        }

    def test_is_known_by_the_models_name_where_no_form_is_given(self, book):
        impact = embodied(Inventory(Server("Dell Inc.", "OptiPlex 9099 Tower"), self.PARTS), "default", book)
        assert reasons(impact)[0] == "not_a_server"

    def test_of_a_published_model_comes_to_its_sheet_where_its_parts_are_unknown(self, book):
        (sheet,) = [one for one in book.wholes if one.configuration.server.model == "Latitude 7490"]
        impact = embodied(Inventory(Server("Dell Inc.", "Latitude 7490")), "default", book)
        published = sheet.footprint.value.central / 1e3
        assert kilograms(impact)[1] == pytest.approx(published / 1.059, rel=0.05)

    def test_is_what_it_was_in_profile_boavizta(self, book):
        laptop, unknown = (
            kilograms(embodied(Inventory(Server(form=form), self.PARTS), "boavizta", book)) for form in ("laptop", None)
        )
        assert laptop == unknown


class TestASheetWithoutItsConfiguration:
    def test_stands_for_the_whole_where_no_parts_are_known(self, book):
        impact = embodied(Inventory(Server("Lenovo", "ThinkSystem SR645", "rack")), "default", book)
        # 13036 kgCO2e in all, 34 % of it use; 3.6 % of manufacture come later
        assert kilograms(impact)[1] == pytest.approx(13036 * 0.66 / 1.036, rel=1e-3)
        assert set(named(impact)) == {"server"}
        assert reasons(impact) == ["archetype"]

    def test_widens_what_its_maker_may_put_into_the_fixed_part(self, book):
        lenovo, other = (
            named(embodied(Inventory(Server(name, "new", "rack"), PARTS), "default", book))["fixed_part"]
            for name in ("Lenovo", "Acme")
        )
        assert (lenovo.low, lenovo.central) == (other.low, other.central)
        # the geometric mean of 554, 8604, 5733 and 6789 kgCO2e, less 3.6 % for later stages
        assert lenovo.high == pytest.approx((554 * 8604 * 5733 * 6789) ** 0.25 / 1.036, rel=1e-3)


def test_errors_of_one_kind_of_part_are_common(book):
    one, two = (
        named(embodied(Inventory(RACK, (Part("ssd", 12, capacity_gb=960),) * times), "default", book))["ssd"]
        for times in (1, 2)
    )
    assert (two.low, two.high) == pytest.approx((2 * one.low, 2 * one.high))


def test_errors_of_two_kinds_are_independent(book):
    impact = embodied(Inventory(RACK, PARTS), "default", book)
    parts = named(impact).values()
    low, central, high = kilograms(impact)
    assert central - low == pytest.approx(sum((part.central - part.low) ** 2 for part in parts) ** 0.5)
    assert high - central == pytest.approx(sum((part.high - part.central) ** 2 for part in parts) ** 0.5)


def test_24_drives_of_unknown_size_do_not_swamp_the_bounds(book):
    low, _, high = kilograms(embodied(Inventory(RACK, (*PARTS, Part("ssd", 24))), "default", book))
    assert high / low <= 12


@pytest.mark.parametrize(
    ("drive", "kg"),
    [
        # capacity × what is kept back × flash of the year and class + the rest of the drive
        (Part("ssd", 1, capacity_gb=960, year=2022), 960 * 1 * 0.028 + 6.3),
        (Part("ssd", 1, capacity_gb=800, year=2022), 800 * 1.2 * 0.028 + 6.3),
        (Part("ssd", 1, capacity_gb=1000, year=2016), 1000 * 0.96 * 0.09 + 4),
        (Part("ssd", 1, model="SAMSUNG MZQL21T9HCJR", year=2022), 1920 * 1 * 0.028 + 6.3),
    ],
)
def test_an_ssd_counts_by_its_size_class_and_year(book, drive, kg):
    assert named(embodied(Inventory(RACK, (drive,)), "default", book))["ssd"].central == pytest.approx(kg)
