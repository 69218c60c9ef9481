# SPDX-License-Identifier: Apache-2.0
import re
from datetime import date

import pytest
from books import shipped

from impacts.embodied.boavizta import boavizta_components, boavizta_problems
from impacts.embodied.boavizta_gpu import area_on_wafer
from impacts.factor_book import FactorBook
from impacts.factors import FactorMissing
from impacts.parts import KINDS, Inventory, ManufacturerFootprint, Part, Server
from impacts.values.derivations import render
from impacts.values.estimates import Citation, Estimate

FOOTPRINT = ManufacturerFootprint(1300, "the manufacturer's sheet, 2023")
GIVEN = (
    Part("cpu", 2, die_area_mm2=694),
    Part("memory", 12, capacity_gb=32, density_gb_per_cm2=1.79),
    Part("ssd", 1, capacity_gb=400, density_gb_per_cm2=50.6),
    Part("psu", 2, mass_kg=2.99),
)
UNKNOWN = tuple(Part(kind, 1) for kind in KINDS)


@pytest.fixture(scope="module")
def book():
    return shipped()


def reasons(book, *parts, form="rack"):
    return [problem.reason for problem in boavizta_problems(Inventory(Server(form=form), parts), book)]


def millimetres(area_mm2, dies=None):
    citation = Citation("a test")
    count = Estimate.exact(dies, "unit", citation) if dies else None
    return area_on_wafer(Estimate.exact(area_mm2, "mm2/unit", citation), count).central


@pytest.mark.parametrize("form", ["rack", "blade", "tower", None])
@pytest.mark.parametrize("parts", [None, (), GIVEN, UNKNOWN], ids=["archetype", "none", "given", "unknown"])
def test_every_derivation_can_be_redone_from_its_own_text(book, form, parts):
    choose = {"low": min, "central": lambda first, _: first, "high": max}
    inventory = Inventory(Server(form=form), parts)
    components = [each for name in ("gwp", "adpe", "pe") for each in boavizta_components(inventory, book, name)]
    for derivation in [derivation for component in components for derivation in component.derivations]:
        for corner, either in choose.items():
            line = re.search(rf"^  {corner} +(.+) = (\S+) \S+$", render(derivation), re.MULTILINE)
            worked = eval(line[1].replace("×", "*").replace("÷", "/"), {"either": either})  # noqa: S307
            assert worked == pytest.approx(float(line[2]), rel=2e-5)


def test_what_is_fully_given_has_no_bounds_and_no_problem(book):
    for component in boavizta_components(Inventory(Server(form="rack"), GIVEN), book, "gwp"):
        assert component.estimate.low == component.estimate.high
    assert reasons(book, *GIVEN) == []


def test_each_derivation_has_its_part(book):
    parts = (*GIVEN, Part("memory", 4))
    (memory,) = [each for each in boavizta_components(Inventory(Server(), parts), book, "pe") if each.name == "memory"]
    assert memory.parts == (parts[1], parts[4])
    assert (memory.count, len(memory.derivations)) == (16, 2)


def test_every_default_is_a_problem(book):
    assert reasons(book, *UNKNOWN, form=None) == [
        "cpu_die_unknown",
        "memory_capacity_unknown",
        "memory_density_unknown",
        "ssd_capacity_unknown",
        "ssd_density_unknown",
        "psu_mass_unknown",
        "gpu_unknown",
        "parts_left_out",
        "form_unknown",
    ]


def test_the_defaults_that_problems_name_are_those_of_the_dataset(book):
    said = " ".join(problem.what for problem in boavizta_problems(Inventory(Server(), UNKNOWN), book))
    for subject in ("cpu_die_area", "memory_density", "ssd_density", "psu_mass", "archetype_ssd_capacity"):
        value = book.find(subject, "attribute", on=date.max).factor.value
        for number in (value.low, value.central, value.high):
            assert f"{number:.4g}" in said


def test_an_unknown_server_is_an_archetype_and_said_to_be(book):
    inventory = Inventory(Server())
    assert {each.method for each in boavizta_components(inventory, book, "gwp")} == {"archetype"}
    assert [problem.reason for problem in boavizta_problems(inventory, book)] == ["archetype", "form_unknown"]


@pytest.mark.parametrize("where", ["server", "part"])
def test_a_footprint_in_the_inventory_is_not_used_and_said_not_to_be(book, where):
    server = Server(form="rack", footprint=FOOTPRINT if where == "server" else None)
    part = Part("hdd", 1, footprint=FOOTPRINT if where == "part" else None)
    problems = boavizta_problems(Inventory(server, (part,)), book)
    assert [problem.reason for problem in problems] == ["footprint_ignored"]


def test_a_card_that_is_known_by_its_name_or_set_in_the_inventory_is_no_problem(book):
    assert reasons(book, Part("gpu", 8, model="NVIDIA H100 80GB HBM3")) == []
    assert reasons(book, Part("gpu", 8, model="NVIDIA L40S", die_area_mm2=609, capacity_gb=48)) == []
    assert reasons(book, Part("gpu", 8, model="NVIDIA H100")) == ["gpu_unknown"]
    assert reasons(book, Part("gpu", 8, model="NVIDIA L40S", capacity_gb=48)) == ["gpu_unknown"]


def test_parts_of_a_count_of_zero_are_not_there(book):
    inventory = Inventory(Server(form="rack"), (Part("cpu", 0), Part("nic", 0), Part("gpu", 0)))
    assert [each.name for each in boavizta_components(inventory, book, "gwp")] == ["board", "case", "assembly"]
    assert list(boavizta_problems(inventory, book)) == []


def test_a_missing_constant_is_an_error_and_no_zero():
    with pytest.raises(FactorMissing):
        boavizta_components(Inventory(Server(form="rack"), ()), FactorBook(()), "gwp")


def test_a_larger_die_wastes_more_of_the_wafer():
    small, large = millimetres(100) / 100, millimetres(800) / 800
    assert 1 < small < large


def test_silicon_that_no_exposure_can_print_is_several_dies():
    assert millimetres(1600) == pytest.approx(2 * millimetres(800))
    assert millimetres(60000, dies=6) > 60000


def test_dies_that_are_set_are_not_merged():
    assert millimetres(372, dies=12) == pytest.approx(12 * millimetres(31))
