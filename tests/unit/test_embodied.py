# SPDX-License-Identifier: Apache-2.0
import math
import re
from dataclasses import replace
from datetime import date

import pytest
from books import shipped
from by_hand import redone

from impacts.datasets import read_datasets
from impacts.embodied.profiles import CRITERIA, PROFILES, embodied, in_readable_unit, transport_and_end_of_life
from impacts.factor_book import FactorBook
from impacts.parts import Inventory, ManufacturerFootprint, Part, Server
from impacts.values.derivations import render

UNKNOWN = Inventory(Server())
PARTS = (
    Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz", die_area_mm2=694),
    Part("memory", 12, capacity_gb=32, density_gb_per_cm2=1.79),
    Part("memory", 4, capacity_gb=16),
    Part("ssd", 2, capacity_gb=960),
    Part("hdd", 4, capacity_gb=14000),
    Part("psu", 2),
)
FULL = Inventory(Server(form="rack"), PARTS)
R740 = Server("Dell Inc.", "PowerEdge R740", "rack")
BLADE = Inventory(Server(form="blade"), PARTS)
TOWER = Inventory(Server(form="tower"), PARTS)


@pytest.fixture(scope="module")
def book():
    return shipped()


def kilograms(impact, criterion="gwp"):
    estimate = in_readable_unit(impact.total(criterion))
    return estimate.low, estimate.central, estimate.high


def reasons(impact):
    return [problem.reason for problem in impact.problems]


def component(impact, name, criterion="gwp"):
    (found,) = [each for each in impact.components(criterion) if each.name == name]
    return found


CORNERS = ("low", "central", "high")


@pytest.mark.parametrize("inventory", [UNKNOWN, FULL, BLADE, TOWER], ids=["unknown", "rack", "blade", "tower"])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_derivation_can_be_redone_from_its_own_text(book, inventory, profile):
    """Work the printed line out again, as a reader would, and come to the printed result."""
    impact = embodied(inventory, profile, book)
    derivations = [
        derivation for criterion in CRITERIA for each in impact.components(criterion) for derivation in each.derivations
    ]
    assert len(derivations) >= 3 * 5
    for derivation in derivations:
        text, result = render(derivation), derivation.result
        lines = [re.search(rf"^  {corner} +(.+) = (\S+) \S+$", text, re.MULTILINE) for corner in CORNERS]
        printed = [float(line[2]) for line in lines]
        assert printed == pytest.approx([result.low, result.central, result.high], rel=1e-5)
        assert redone(*(line[1] for line in lines)) == pytest.approx(printed, rel=1e-4)


@pytest.mark.parametrize("profile", PROFILES)
def test_components_are_the_sum_of_their_derivations(book, profile):
    impact = embodied(FULL, profile, book)
    for criterion in CRITERIA:
        for each in impact.components(criterion):
            summed = sum(derivation.result.central for derivation in each.derivations)
            assert in_readable_unit(each.estimate).central == pytest.approx(summed)


def test_parts_of_one_kind_are_one_component(book):
    memory = component(embodied(FULL, "default", book), "memory")
    assert (memory.count, memory.method, len(memory.derivations)) == (16, "bottom_up", 2)
    assert memory.parts == PARTS[1:3]


def test_components_come_in_the_order_of_kinds_and_only_for_what_is_there(book):
    impact = embodied(Inventory(Server(form="rack"), (Part("hdd", 1), Part("cpu", 1), Part("ssd", 0))), "default", book)
    assert [each.name for each in impact.components("gwp")] == ["cpu", "hdd", "fixed_part"]


@pytest.mark.parametrize("profile", PROFILES)
def test_an_order_of_parts_is_an_order_of_words(book, profile):
    forwards, backwards = (
        embodied(Inventory(Server(form="rack"), parts), profile, book) for parts in (PARTS, PARTS[::-1])
    )
    assert kilograms(forwards) == pytest.approx(kilograms(backwards))


class TestThePublishedProduct:
    def test_comes_to_its_published_figure_in_its_published_configuration(self, book):
        for product in book.products:
            impact = embodied(product.configuration, "default", book)
            assert kilograms(impact)[1] == pytest.approx(product.footprint.value.central / 1e3)
            assert component(impact, "fixed_part").method == "published_product"

    def test_stands_in_with_its_configuration_where_the_parts_are_not_known(self, book):
        impact = embodied(Inventory(R740), "default", book)
        assert kilograms(impact)[1] == pytest.approx(1313.3)
        assert "archetype" in reasons(impact)

    def test_is_adjusted_for_the_parts_that_differ(self, book):
        less = embodied(Inventory(R740, (Part("memory", 2, capacity_gb=16, year=2019),)), "default", book)
        more = embodied(Inventory(R740, (Part("memory", 24, capacity_gb=16, year=2019),)), "default", book)
        modules = component(more, "memory").estimate.in_unit("kgCO2e").central
        assert component(more, "fixed_part") == component(less, "fixed_part")
        assert kilograms(more)[1] - kilograms(less)[1] == pytest.approx(modules * 22 / 24)

    def test_is_named_in_the_derivation_with_its_row(self, book):
        text = render(component(embodied(Inventory(R740, PARTS), "default", book), "fixed_part").derivations[0])
        assert "published for the product: 1313.3 kgCO2e" in text
        assert "server_footprint:Dell PowerEdge R740" in text


class TestTheFixedPart:
    def test_is_the_makers_level_for_a_product_without_a_footprint(self, book):
        newer = Server("Dell Inc.", "PowerEdge R760", "rack", acquired=date(2023, 5, 1))
        impact = embodied(Inventory(newer, PARTS), "default", book)
        assert component(impact, "fixed_part").method == "manufacturer_level"
        assert "product_unpublished" in reasons(impact)

    def test_is_the_pooled_level_with_wider_bounds_for_another_maker(self, book):
        ours, theirs = (
            component(embodied(Inventory(Server(maker, "X", "rack"), PARTS), "default", book), "fixed_part").estimate
            for maker in ("Dell Inc.", "Nobody")
        )
        impact = embodied(Inventory(Server("Nobody", "X", "rack"), PARTS), "default", book)
        assert component(impact, "fixed_part").method == "pooled_level"
        assert theirs.high / theirs.low > ours.high / ours.low
        assert "manufacturer_unpublished" in reasons(impact)

    def test_follows_the_years_of_the_machine_or_else_of_its_cpus(self, book):
        cascade_lake = Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz")
        genoa = Part("cpu", 1, model="AMD EPYC 9354P 32-Core Processor")
        dell = Server("Dell Inc.", "PowerEdge X", "rack")
        older, newer = (
            component(embodied(Inventory(dell, (cpu,)), "default", book), "fixed_part").estimate.central
            for cpu in (cascade_lake, genoa)
        )
        assert older > 1.4 * newer
        bought_now = replace(dell, acquired=date(2025, 1, 1))
        dated = embodied(Inventory(bought_now, (cascade_lake,)), "default", book)
        assert component(dated, "fixed_part").estimate.central == pytest.approx(newer)

    def test_of_a_blade_is_heavier_by_what_is_published(self, book):
        rack, blade = (
            component(embodied(inventory, "default", book), "fixed_part").estimate.central
            for inventory in (FULL, BLADE)
        )
        assert blade > 1.2 * rack


class TestTheManufacturersFigure:
    def test_wins_for_greenhouse_gases_alone(self, book):
        footprint = ManufacturerFootprint(1300, "manufacturer's PCF, 2023-05")
        impact = embodied(Inventory(replace(R740, footprint=footprint), PARTS), "default", book)
        (server,) = impact.components("gwp")
        assert (server.name, server.method, kilograms(impact)) == ("server", "manufacturer", (650, 1300, 2600))
        assert "manufacturer's PCF, 2023-05" in str(server.grounds[0])
        assert len(impact.components("pe")) == len(impact.components("adpe")) == 6
        assert "footprint_without_bounds" in reasons(impact)

    def test_keeps_its_own_bounds(self, book):
        footprint = ManufacturerFootprint(1300, "PCF", low_kgco2e=600, high_kgco2e=2600)
        impact = embodied(Inventory(Server(footprint=footprint)), "default", book)
        assert kilograms(impact) == (600, 1300, 2600)
        assert "footprint_without_bounds" not in reasons(impact)

    def test_of_all_but_use_is_brought_to_the_factory_gate(self, book):
        footprint = ManufacturerFootprint(1036, "PCF", low_kgco2e=1036, high_kgco2e=1036, boundary="all_but_use")
        low, central, high = kilograms(embodied(Inventory(Server(footprint=footprint)), "default", book))
        # transport and end of life are 3.6 % (1 to 17 %) of manufacture
        assert (low, central, high) == pytest.approx((1036 / 1.17, 1000, 1036 / 1.01))

    def test_cannot_hold_a_part_that_came_later(self, book):
        footprint = ManufacturerFootprint(1300, "PCF", 1300, 1300)
        server = Server(footprint=footprint, acquired=date(2021, 3, 1))
        later = Part("gpu", 2, model="NVIDIA L4", acquired=date(2024, 1, 1))
        impact = embodied(Inventory(server, (*PARTS, later)), "default", book)
        assert [each.name for each in impact.components("gwp")] == ["server", "gpu"]

    def test_cannot_hold_a_part_that_a_former_owner_put_in(self, book):
        footprint = ManufacturerFootprint(1300, "PCF", 1300, 1300)
        server = Server(footprint=footprint, first_used=date(2018, 3, 1), acquired=date(2021, 3, 1))
        former_owners = Part("gpu", 2, model="NVIDIA L4", acquired=date(2019, 1, 1))
        impact = embodied(Inventory(server, (*PARTS, former_owners)), "default", book)
        assert [each.name for each in impact.components("gwp")] == ["server", "gpu"]

    def test_of_a_part_wins_for_this_part(self, book):
        own = Part(
            "gpu", 8, model="NVIDIA H100 PCIe", footprint=ManufacturerFootprint(150, "PCF of the card", 140, 160)
        )
        gpus = component(embodied(Inventory(Server(), (own,)), "default", book), "gpu")
        assert gpus.method == "manufacturer"
        assert gpus.estimate.in_unit("kgCO2e").central == 1200

    def test_is_left_aside_by_profile_boavizta_which_says_so(self, book):
        footprint = ManufacturerFootprint(1300, "PCF")
        given = embodied(Inventory(Server(form="rack", footprint=footprint), PARTS), "boavizta", book)
        assert kilograms(given) == kilograms(embodied(FULL, "boavizta", book))
        assert reasons(given)[0] == "footprint_ignored"


class TestParts:
    @pytest.mark.parametrize(
        ("known_more", "kind", "known_less"),
        [
            ({"density_gb_per_cm2": 2.4}, "memory", {"year": 2018}),
            ({"generation": "DDR4", "year": 2018}, "memory", {"generation": "DDR4"}),
            ({"generation": "DDR4"}, "memory", {}),
            ({"capacity_gb": 32}, "memory", {}),
            ({"year": 2020}, "ssd", {}),
            ({"year": 2020, "density_gb_per_cm2": 60}, "ssd", {"year": 2020}),
            ({"capacity_gb": 960}, "ssd", {"transport": "sata"}),
            ({"model": "MZQL21T9HCJR", "year": 2022}, "ssd", {"year": 2022}),
            ({"die_area_mm2": 694}, "cpu", {}),
            ({"model": "Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz"}, "cpu", {}),
            ({"rated_watts": 800}, "psu", {}),
            ({"mass_kg": 1.1}, "psu", {"rated_watts": 800}),
            ({"model": "NVIDIA H100 80GB HBM3"}, "gpu", {}),
            ({"model": "NVIDIA H100 PCIe"}, "gpu", {"model": "NVIDIA H100 80GB HBM3"}),
        ],
    )
    def test_what_is_known_narrows_the_bounds(self, book, known_more, kind, known_less):
        narrow, wide = (
            component(embodied(Inventory(Server(), (Part(kind, 1, **known),)), "default", book), kind).estimate
            for known in (known_more, known_less)
        )
        assert narrow.high / narrow.low < wide.high / wide.low

    def test_a_card_that_is_assessed_is_taken_from_its_assessment(self, book):
        card = component(
            embodied(Inventory(Server(), (Part("gpu", 2, model="Tesla P100-PCIE-16GB"),)), "default", book), "gpu"
        )
        assert card.method == "part_lca"
        # 66.628 kgCO2e in all, 1.36 of it end of life
        assert card.estimate.in_unit("kgCO2e").central == pytest.approx(2 * (66.628 - 1.36))

    def test_a_card_like_one_that_is_assessed_is_not_that_one(self, book):
        card = component(embodied(Inventory(Server(), (Part("gpu", 1, model="NVIDIA L40"),)), "default", book), "gpu")
        assert card.method == "bottom_up"

    def test_a_drive_that_is_assessed_is_taken_from_its_assessment(self, book):
        drive = component(
            embodied(
                Inventory(Server(), (Part("ssd", 1, model="SEAGATE XS1600LE10013", capacity_gb=1600),)), "default", book
            ),
            "ssd",
        )
        assert drive.method == "part_lca"
        # 11.6 kgCO2e for all but use, of which transport and end of life are 3.6 % of manufacture
        assert drive.estimate.in_unit("kgCO2e").central == pytest.approx(11.6 / 1.036, rel=1e-3)

    def test_a_drive_is_known_by_its_model_whatever_variant_its_firmware_names(self, book):
        named = Part("hdd", 1, model="ST8000AS0003-2HH188", capacity_gb=8000)
        other = Part("hdd", 1, model="ST8000AS0002-1NA17Z", capacity_gb=8000)
        drives = [component(embodied(Inventory(Server(), (part,)), "default", book), "hdd") for part in (named, other)]
        assert [drive.method for drive in drives] == ["part_lca", "bottom_up"]

    def test_modules_added_later_are_of_their_own_year(self, book):
        server = replace(R740, acquired=date(2018, 1, 1))
        old = Part("memory", 1, capacity_gb=32)
        first, later = (
            component(embodied(Inventory(server, (part,)), "default", book), "memory").estimate.central
            for part in (old, replace(old, acquired=date(2024, 1, 1)))
        )
        assert later < first

    def test_a_retired_part_is_still_what_was_manufactured(self, book):
        gone = tuple(replace(part, retired=date(2024, 1, 1)) for part in PARTS)
        assert kilograms(embodied(Inventory(R740, gone), "default", book)) == kilograms(
            embodied(Inventory(R740, PARTS), "default", book)
        )


class TestAGuest:
    GUEST = Inventory(Server(virtual=True), (Part("cpu", 4, cores=1), Part("memory", 1, capacity_gb=16)))

    def test_has_a_share_of_a_common_server_by_its_memory(self, book):
        impact = embodied(self.GUEST, "default", book)
        host = self.host(book)
        low, central, high = kilograms(impact)
        assert {each.method for each in impact.components("gwp")} == {"guest_share"}
        # 16 GB of 512 (128 to 2048)
        assert (low, central, high) == pytest.approx((host[0] * 16 / 2048, host[1] / 32, host[2] / 8))
        assert "guest_share_assumed" in reasons(impact)

    def test_has_the_share_that_the_inventory_says(self, book):
        given = replace(self.GUEST, server=Server(virtual=True, share_of_host=0.1))
        impact = embodied(given, "default", book)
        assert kilograms(impact) == pytest.approx([value / 10 for value in self.host(book)])
        assert reasons(impact) == []

    def test_is_never_more_than_the_whole(self, book):
        huge = replace(self.GUEST, parts=(Part("memory", 96, capacity_gb=128),))
        assert kilograms(embodied(huge, "default", book)) == pytest.approx(self.host(book))

    @staticmethod
    def host(book):
        """Return the server that a guest has a share of: what is wrong of the share is wrong of each component."""
        return kilograms(embodied(Inventory(Server(virtual=True, share_of_host=1.0)), "default", book))

    def test_has_a_share_of_eight_modules_of_32_gb_and_a_drive_of_1_tb(self, book):
        whole = embodied(Inventory(Server(virtual=True, share_of_host=1.0)), "default", book)
        modules, drive = (
            component(embodied(Inventory(Server(form="rack"), (part,)), "default", book), part.kind).estimate
            for part in (Part("memory", 8, capacity_gb=32), Part("ssd", 1, capacity_gb=1000))
        )
        memory = component(whole, "memory").estimate
        # 8 modules (6 to 10), whatever each holds
        low, high = math.log(modules.central / modules.low), math.log(modules.high / modules.central)
        assert memory.low == pytest.approx(modules.central / math.exp(math.hypot(low, math.log(8 / 6))))
        assert memory.high == pytest.approx(modules.central * math.exp(math.hypot(high, math.log(10 / 8))))
        assert component(whole, "ssd").estimate.central == pytest.approx(drive.central, rel=0.1)


def test_unknown_parts_are_an_archetype_and_say_so(book):
    impact = embodied(UNKNOWN, "default", book)
    assert {each.method for each in impact.components("gwp")} == {"archetype", "pooled_level"}
    assert component(impact, "memory").count == 8
    assert "archetype" in reasons(impact)


def test_no_parts_is_not_unknown_parts(book):
    impact = embodied(Inventory(Server(form="rack"), ()), "default", book)
    assert [each.name for each in impact.components("gwp")] == ["fixed_part"]
    assert "archetype" not in reasons(impact)


def test_every_default_is_a_problem_with_its_remedy(book):
    bare = Inventory(Server(), tuple(Part(kind, 1) for kind in ("cpu", "memory", "ssd", "hdd", "psu", "gpu")))
    impact = embodied(bare, "default", book)
    assert set(reasons(impact)) == {
        "manufacturer_unpublished",
        "form_unknown",
        "cpu_family_unknown",
        "memory_capacity_unknown",
        "memory_generation_unknown",
        "ssd_capacity_unknown",
        "ssd_year_unknown",
        "psu_rating_unknown",
        "gpu_unknown",
    }
    assert all(problem.remedy for problem in impact.problems)


def test_a_generation_without_a_density_of_its_own_is_a_problem_until_the_year_is_known(book):
    module = Part("memory", 4, capacity_gb=4, generation="DDR2")
    undated, dated = (
        reasons(embodied(Inventory(R740, (part,)), "default", book)) for part in (module, replace(module, year=2008))
    )
    assert "memory_generation_unknown" in undated
    assert "memory_generation_unknown" not in dated


def test_an_assumed_supply_is_not_a_second_problem_for_its_rating(book):
    found = reasons(embodied(Inventory(R740, (Part("psu", 2, assumed=True),)), "default", book))
    assert "psu_rating_unknown" not in found


def test_a_list_that_forgets_what_every_server_has_says_so(book):
    found = reasons(embodied(Inventory(R740, (Part("hdd", 2), Part("cpu", 0))), "default", book))
    assert {"cpu_absent", "memory_absent", "psu_absent"} <= set(found)
    assert "psu_absent" not in reasons(embodied(Inventory(replace(R740, form="blade"), ()), "default", book))


@pytest.mark.parametrize(
    "part",
    [
        Part("memory", 12, capacity_gb=32768),
        Part("psu", 2, mass_kg=900),
        Part("cpu", 2, die_area_mm2=5),
        Part("ssd", 1, capacity_gb=960_000),
    ],
)
def test_a_unit_that_was_mistaken_is_a_problem(book, part):
    assert "implausible" in reasons(embodied(Inventory(R740, (part,)), "default", book))


def test_a_guest_of_unknown_memory_is_a_share_all_the_same(book):
    low, central, high = kilograms(embodied(Inventory(Server(virtual=True)), "default", book))
    host = TestAGuest.host(book)
    # a module of 32 GB (4 to 256) of 512 (128 to 2048); 1 at most
    assert (low, central, high) == pytest.approx((host[0] * 4 / 2048, host[1] / 16, host[2]))


def test_a_server_of_which_all_is_known_has_no_problem(book):
    parts = (
        Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz"),
        Part("memory", 12, capacity_gb=32, generation="DDR4", year=2019),
        Part("ssd", 2, capacity_gb=960, year=2019),
        Part("gpu", 1, model="NVIDIA L4"),
        Part("psu", 2, rated_watts=750),
    )
    assert reasons(embodied(Inventory(R740, parts), "default", book)) == []


def test_the_defaults_that_problems_name_are_those_of_the_datasets(book):
    bare = Inventory(Server(), (Part("cpu", 1), Part("memory", 1), Part("ssd", 1)))
    named = " ".join(problem.what for problem in embodied(bare, "default", book).problems)
    area = book.find("cpu_dies_area", "attribute", on=date.max).factor.value
    module = book.find("memory_module_capacity", "attribute", on=date.max).factor.value
    drive = book.find("drive_capacity:ssd", "attribute", on=date.max).factor.value
    assert f"{area.low:g} to {area.high:g} mm2" in named
    assert f"{module.central:g} GB a module stand in" in named
    assert f"{drive.low:g} to {drive.high:g} GB in servers" in named


def test_transport_and_end_of_life_are_a_stage_of_their_own(book):
    impact = embodied(FULL, "default", book)
    later = transport_and_end_of_life(impact, book)
    whole = kilograms(impact)
    assert (later.result.low, later.result.central, later.result.high) == pytest.approx(
        (whole[0] * 0.01, whole[1] * 0.036, whole[2] * 0.17)
    )


def test_a_criterion_without_factors_is_absent_and_named():
    without = FactorBook(
        tuple(factor for dataset, factors in read_datasets() for factor in factors if dataset.criterion != "adpe"),
        shipped().products,
    )
    impact = embodied(FULL, "default", without)
    assert impact.total("adpe") is None
    assert impact.components("adpe") == ()
    assert impact.total("gwp") is not None
    (problem,) = [problem for problem in impact.problems if problem.reason == "factor_missing"]
    assert problem.what.startswith("adpe is left out")


def test_an_unknown_profile_is_refused(book):
    with pytest.raises(ValueError, match="profile 'best'"):
        embodied(FULL, "best", book)
