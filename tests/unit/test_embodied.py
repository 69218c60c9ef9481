# SPDX-License-Identifier: Apache-2.0
import re
from datetime import date

import pytest

from impacts.datasets import load_book, read_datasets
from impacts.derivations import render
from impacts.embodied import CRITERIA, PROFILES, embodied, in_readable_unit
from impacts.factors import FactorBook
from impacts.parts import Inventory, ManufacturerFootprint, Part, Server

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
BLADE = Inventory(Server(form="blade"), PARTS)
TOWER = Inventory(Server(form="tower"), PARTS)


@pytest.fixture(scope="module")
def book():
    return load_book()


def kilograms(impact, criterion="gwp"):
    estimate = in_readable_unit(impact.total(criterion))
    return estimate.low, estimate.central, estimate.high


def reasons(impact):
    return [problem.reason for problem in impact.problems]


def component(impact, name, criterion="gwp"):
    (found,) = [each for each in impact.components(criterion) if each.name == name]
    return found


@pytest.mark.parametrize("inventory", [UNKNOWN, FULL, BLADE, TOWER], ids=["unknown", "rack", "blade", "tower"])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_derivation_can_be_redone_from_its_own_text(book, inventory, profile):
    """Work the printed line out again, as a reader would, and come to the printed result."""
    choose = {"low": min, "central": lambda first, _: first, "high": max}
    impact = embodied(inventory, profile, book)
    derivations = [
        derivation for criterion in CRITERIA for each in impact.components(criterion) for derivation in each.derivations
    ]
    assert len(derivations) >= 3 * 7
    for derivation in derivations:
        text = render(derivation)
        for corner, either in choose.items():
            line = re.search(rf"^  {corner} +(.+) = (\S+) \S+$", text, re.MULTILINE)
            sum_ = line[1].replace("×", "*").replace("÷", "/")
            assert eval(sum_, {"either": either}) == pytest.approx(float(line[2]), rel=2e-5)  # noqa: S307
            assert getattr(derivation.result, corner) == pytest.approx(float(line[2]), rel=1e-5)


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


def test_components_come_in_the_order_of_kinds_and_only_for_what_is_there(book):
    impact = embodied(Inventory(Server(form="rack"), (Part("hdd", 1), Part("cpu", 1), Part("ssd", 0))), "default", book)
    assert [each.name for each in impact.components("gwp")] == ["cpu", "hdd", "board", "case", "assembly"]


def test_the_capacity_of_a_hard_drive_plays_no_role(book):
    small, large = (
        embodied(Inventory(Server(form="rack"), (Part("hdd", 1, capacity_gb=capacity),)), "boavizta", book)
        for capacity in (300, 20000)
    )
    assert kilograms(small) == kilograms(large)


def test_the_default_profile_has_the_same_centre_and_wider_bounds(book):
    ours, theirs = kilograms(embodied(FULL, "default", book)), kilograms(embodied(FULL, "boavizta", book))
    assert ours[1] == pytest.approx(theirs[1])
    assert ours[0] < theirs[0]
    assert ours[2] > theirs[2]


def test_a_fully_known_server_has_no_bounds_in_profile_boavizta(book):
    parts = (Part("cpu", 2, die_area_mm2=694), Part("memory", 12, capacity_gb=32, density_gb_per_cm2=1.79))
    low, central, high = kilograms(embodied(Inventory(Server(form="rack"), parts), "boavizta", book))
    assert low == central == high
    assert central == pytest.approx(45.62 + 534.6 + 66.1 + 150 + 6.68, rel=1e-3)


def test_an_unknown_form_lies_between_rack_and_blade(book):
    case = component(embodied(UNKNOWN, "boavizta", book), "case").estimate.in_unit("kgCO2e")
    assert (case.low, case.central, case.high) == pytest.approx((85.9, 150, 150))


def test_unknown_parts_are_an_archetype_and_say_so(book):
    impact = embodied(UNKNOWN, "default", book)
    assert {each.method for each in impact.components("gwp")} == {"archetype"}
    assert component(impact, "memory").count == 8
    assert "archetype" in reasons(impact)


def test_no_parts_is_not_unknown_parts(book):
    impact = embodied(Inventory(Server(form="rack"), ()), "default", book)
    assert [each.name for each in impact.components("gwp")] == ["board", "case", "assembly"]
    assert "archetype" not in reasons(impact)


def test_the_manufacturers_footprint_wins_for_greenhouse_gases_alone(book):
    footprint = ManufacturerFootprint(1300, "manufacturer's PCF, 2023-05")
    impact = embodied(Inventory(Server(form="rack", footprint=footprint), PARTS), "default", book)
    (server,) = impact.components("gwp")
    assert (server.name, server.method, kilograms(impact)) == ("server", "manufacturer", (650, 1300, 2600))
    assert "manufacturer's PCF, 2023-05" in str(server.grounds[0])
    assert len(impact.components("pe")) == len(impact.components("adpe")) == 8
    assert "footprint_without_bounds" in reasons(impact)
    assert "not_calibrated" not in reasons(impact)


def test_a_manufacturers_bounds_are_kept(book):
    footprint = ManufacturerFootprint(1300, "PCF", low_kgco2e=600, high_kgco2e=2600)
    impact = embodied(Inventory(Server(footprint=footprint)), "default", book)
    assert kilograms(impact) == (600, 1300, 2600)
    assert "footprint_without_bounds" not in reasons(impact)


def test_profile_boavizta_leaves_the_manufacturers_footprint_aside_and_says_so(book):
    footprint = ManufacturerFootprint(1300, "PCF")
    given = embodied(Inventory(Server(form="rack", footprint=footprint), PARTS), "boavizta", book)
    assert kilograms(given) == kilograms(embodied(FULL, "boavizta", book))
    assert reasons(given)[0] == "footprint_ignored"


def test_a_gpu_is_left_out_and_said_to_be(book):
    with_gpu = embodied(
        Inventory(Server(form="rack"), (*PARTS, Part("gpu", 8, model="NVIDIA H100 80GB HBM3"))), "default", book
    )
    assert kilograms(with_gpu) == kilograms(embodied(FULL, "default", book))
    (problem,) = [problem for problem in with_gpu.problems if problem.reason == "gpu_unknown"]
    assert "NVIDIA H100 80GB HBM3" in problem.what


def test_every_default_is_a_problem_with_its_remedy(book):
    bare = Inventory(Server(), tuple(Part(kind, 1) for kind in ("cpu", "memory", "ssd", "hdd", "psu")))
    impact = embodied(bare, "default", book)
    assert set(reasons(impact)) == {
        "not_calibrated",
        "cpu_die_unknown",
        "memory_capacity_unknown",
        "memory_density_unknown",
        "ssd_capacity_unknown",
        "ssd_density_unknown",
        "psu_mass_unknown",
        "form_unknown",
    }
    assert all(problem.remedy for problem in impact.problems)


def test_the_defaults_that_problems_name_are_those_of_the_datasets(book):
    named = " ".join(
        problem.what
        for problem in embodied(Inventory(Server(), (Part("cpu", 1), Part("psu", 1))), "default", book).problems
    )
    area = book.find("cpu_die_area", "attribute", on=date.max).factor.value
    mass = book.find("psu_mass", "attribute", on=date.max).factor.value
    assert f"{area.central:g} mm2 stand in, between {area.low:.0f} and {area.high:g} mm2" in named
    assert f"{mass.central:g} kg each stand in, between {mass.low:g} and {mass.high:g} kg" in named


def test_each_narrowing_attribute_narrows_the_bounds(book):
    wide = embodied(Inventory(Server(form="rack"), (Part("memory", 1, capacity_gb=32),)), "default", book)
    narrow = embodied(
        Inventory(Server(form="rack"), (Part("memory", 1, capacity_gb=32, density_gb_per_cm2=1.24436),)),
        "default",
        book,
    )
    assert kilograms(wide)[0] < kilograms(narrow)[0]
    assert kilograms(wide)[2] > kilograms(narrow)[2]


def test_a_criterion_without_factors_is_absent_and_named():
    without = FactorBook(
        tuple(factor for dataset, factors in read_datasets() for factor in factors if dataset.criterion != "adpe")
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
