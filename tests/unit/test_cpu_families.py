# SPDX-License-Identifier: Apache-2.0
"""The dies of CPUs by their names: real names with what is published of them, and names with one digit wrong."""

import csv
import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from books import shipped

from impacts.cpus.families import family_tdp_watts, power_family, resolve
from impacts.cpus.names import normalise, tdp_watts
from impacts.values.estimates import total

BOOK = shipped()
TABLE = tomllib.loads((resources.files("impacts.cpus") / "families.toml").read_text(encoding="utf-8"))
PRODUCTS = sorted(name.removeprefix("cpu_tdp:") for name in BOOK.subjects() if name.startswith("cpu_tdp:"))
with (Path(__file__).parents[1] / "contract/data/cpu_names.csv").open(encoding="utf-8", newline="") as file:
    NAMES = list(csv.DictReader(file))
KNOWN = [row for row in NAMES if row["family"]]
UNKNOWN = [row for row in NAMES if not row["family"]]

# What the manufacturers' number schemes alone say of a family: number -> the families it may be.
SCHEMES = [
    (r"Xeon E5-\d{4}\w? v3", {"Haswell-EP"}),
    (r"Xeon E5-\d{4}\w? v4", {"Broadwell-EP"}),
    (r"Xeon E7-\d{4}\w? v3", {"Haswell-EX"}),
    (r"Xeon E7-\d{4}\w? v4", {"Broadwell-EX"}),
    (r"Xeon E3-1\d{3}\w? v3", {"Haswell"}),
    (r"Xeon E3-1\d{3}\w? v4", {"Broadwell"}),
    (r"Xeon E3-1\d{3}\w? v5", {"Skylake", "Skylake with eDRAM"}),
    (r"Xeon E3-1\d{3}\w? v6", {"Kaby Lake", "Kaby Lake embedded"}),
    (r"Xeon D-1[56]\d\d\w*", {"Broadwell-DE"}),
    (r"Xeon D-21\d\d\w*", {"Skylake-D"}),
    (r"Xeon D-[12][78]\d\d\w*", {"Ice Lake-D"}),
    (r"Xeon E-2[12]\d\d\w*", {"Coffee Lake"}),
    (r"Xeon E-23\d\d\w*", {"Rocket Lake"}),
    (r"Xeon E-24\d\d\w*", {"Raptor Lake"}),
    (r"Xeon W-12\d\d\w{0,2}", {"Comet Lake"}),
    (r"Xeon W-13\d\d\w?", {"Rocket Lake"}),
    (r"Xeon W-(21|31)\d\d\w?", {"Skylake-W"}),
    (r"Xeon W-(22|32)\d\d\w?", {"Cascade Lake-W"}),
    (r"Xeon W-33\d\d\w?", {"Ice Lake-W"}),
    (r"Xeon w\d-[23][45]\d\dX?", {"Sapphire Rapids-W"}),
    (r"Xeon Platinum 92\d\d", {"Cascade Lake-AP"}),
    (r"Xeon (Platinum|Gold|Silver|Bronze) [3-8]1\d\d\w?", {"Skylake-SP"}),
    (r"Xeon (Platinum|Gold|Silver|Bronze) [3-8]2\d\d\w{0,2}", {"Cascade Lake-SP"}),
    (r"Xeon (Platinum|Gold) [5-8]3\d\dH\w?", {"Cooper Lake"}),
    (r"Xeon (Platinum|Gold|Silver) [4-8]3\d\d[A-GI-Z]?", {"Ice Lake-SP"}),
    (r"Xeon (Platinum|Gold|Silver|Bronze) [3-8]4\d\d\w{0,2}\+?", {"Sapphire Rapids"}),
    (r"Xeon (Platinum|Gold|Silver|Bronze) [3-8]5\d\d\w?\+?", {"Emerald Rapids"}),
    (r"Xeon Max 94\d\d", {"Sapphire Rapids HBM"}),
    (r"Xeon 63\d\dP", {"Raptor Lake"}),
    (r"Xeon 6[57]\d\dP", {"Granite Rapids-SP"}),
    (r"Xeon 67\d\dE", {"Sierra Forest"}),
    (r"Xeon 69\d\dP", {"Granite Rapids-AP"}),
    (r"Xeon 6[57]\d\dP-B", {"Granite Rapids-D"}),
    (r"Xeon [EHLX]?(30|33|51|52|53|54|72|73|74)\d\d|Xeon [ELX](31|32)\d\d|Xeon L3014", {"Core 2"}),
    (r"Xeon [ELWX](34|35|55)\d\d|Xeon [EL]C[35]5\d\d", {"Nehalem", "Westmere"}),
    (r"Xeon [ELWX](36|56)\d\d", {"Westmere"}),
    (r"Xeon [ELX][67]5\d\d", {"Nehalem-EX"}),
    (r"Xeon E7-\d{4}L?", {"Westmere-EX"}),
    (r"Xeon E3-1\d{3}\w?", {"Sandy Bridge"}),
    (r"Xeon E5-\d{4}\w?", {"Sandy Bridge-EP"}),
    (r"Xeon E3-1\d{3}\w? v2", {"Ivy Bridge"}),
    (r"Xeon E5-\d{4}\w? v2", {"Ivy Bridge-EP"}),
    (r"Xeon E7-\d{4}\w? v2", {"Ivy Bridge-EX"}),
    (r"Xeon Phi 72\d\dF?", {"Xeon Phi x200"}),
    (r"Opteron \d[34]\d\d( \wE)?", {"Opteron K10", "Piledriver"}),
    (r"Opteron \d1\d\d( \wE)?", {"Opteron K10"}),
    (r"Opteron \d2\d\d( \wE)?", {"Bulldozer"}),
    (r"Opteron \d3\d\d(P| \wE)?", {"Piledriver"}),
    (r"Opteron X\d{4}( APU)?", {"Opteron X"}),
    (r"EPYC 3\d\d1", {"Snowy Owl"}),
    (r"EPYC 4\d\d4PX?", {"Raphael"}),
    (r"EPYC 4\d\d5PX?", {"Granite Ridge"}),
    (r"EPYC 7[\dA-Z]\d1P?", {"Naples"}),
    (r"EPYC 7[\dA-Z][\dA-Z]2P?", {"Rome"}),
    (r"EPYC 7[\dA-Z][\dA-Z]3[PX]?", {"Milan"}),
    (r"EPYC 8\d\d4PN?", {"Siena"}),
    (r"EPYC 97\d4S?", {"Bergamo"}),
    (r"EPYC 9[\dA-Z]\d4X", {"Genoa-X"}),
    (r"EPYC 9[\dA-Z]\d4[FP]?", {"Genoa"}),
    (r"EPYC 9[\dA-Z]\d5[FP]?", {"Turin", "Turin dense", "Turin or Turin dense"}),
    (r"Altra Q\d\d-\d\d", {"Altra"}),
    (r"Altra Max M\d{2,3}-\d\d", {"Altra Max"}),
    (r"AmpereOne A\d{2,3}-\d\d[MX]", {"AmpereOne"}),
    (r"Grace A\d\d", {"Grace"}),
    (r"AWS Graviton2", {"Graviton2"}),
    (r"AWS Graviton3", {"Graviton3"}),
    (r"AWS Graviton4", {"Graviton4"}),
    (r"Ryzen [57] 1\d00X?", {"Zen 1 desktop"}),
    (r"Ryzen [579] 3\d{3}XT?", {"Matisse"}),
    (r"Ryzen [579] 3\d{3}", {"Matisse"}),
    (r"Ryzen [579] 5\d{3}(X|X3D)?", {"Vermeer"}),
    (r"Ryzen [579] 7\d{3}(X|X3D)?", {"Raphael"}),
    (r"Ryzen [579] 9\d{3}(X|X3D)?", {"Granite Ridge"}),
    (r"Core i[57]-6\d00[KT]?", {"Skylake"}),
    (r"Core i[57]-7\d00[KT]?", {"Kaby Lake"}),
    (r"Core i[579]-[89]\d00[KFST]*", {"Coffee Lake"}),
    (r"Core i[579]-10\d00[KF]*", {"Comet Lake"}),
    (r"Core i[579]-11\d00[KF]*", {"Rocket Lake"}),
    (r"Core i[579]-12\d00[KFS]*", {"Alder Lake"}),
    (r"Core i[579]-1[34]\d00[KFS]*", {"Raptor Lake"}),
]


def families_by_scheme(name):
    return next((families for scheme, families in SCHEMES if re.fullmatch(scheme, name, re.IGNORECASE)), set())


def die_area(family):
    """Return the area of all dies of one package."""
    return total(die.count * die.area for die in family.dies)


def of(row):
    return resolve(row["printed"], int(row["cores"]) if row["cores"] else None, BOOK)


def test_the_list_is_as_long_as_it_was_promised():
    assert len(KNOWN) >= 60
    assert len(UNKNOWN) >= 15


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: f"{row['printed']}, {row['cores'] or 'any'} cores")
def test_a_real_name_has_its_family_its_dies_and_about_the_published_area(row):
    family = of(row)

    assert family.name == row["family"]
    assert sum(die.count.central for die in family.dies) == int(row["dies"])
    if row["area_mm2"]:
        area = die_area(family)
        assert area.central == pytest.approx(float(row["area_mm2"]), rel=0.1)
        assert area.low * 0.97 <= float(row["area_mm2"]) <= area.high * 1.03


@pytest.mark.parametrize("row", UNKNOWN, ids=lambda row: row["printed"])
def test_a_name_that_is_no_product_of_the_table_has_no_family(row):
    assert of(row) is None


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_product_of_known_power_has_a_family_and_lies_within_its_range(product):
    tdp, family = tdp_watts(BOOK, product), family_tdp_watts(BOOK, product, None)

    assert power_family(product, None).name in families_by_scheme(product)
    assert family.low <= tdp.low <= tdp.high <= family.high


@pytest.mark.parametrize("name", [*PRODUCTS, *(row["printed"] for row in KNOWN)])
def test_with_one_digit_changed_it_is_never_of_another_scheme_nor_another_product(name):
    for changed in with_one_digit_changed(normalise(name)):
        family, tdp = resolve(changed, None, BOOK), tdp_watts(BOOK, changed)

        if family is not None:
            assert family.name in families_by_scheme(changed), changed
        if tdp is not None:
            assert tdp.grounds[0].entry.casefold() == f"cpu_tdp:{changed}".casefold()


def with_one_digit_changed(name):
    for found in re.finditer(r"\d", name):
        for digit in set("0123456789") - {found[0]}:
            yield name[: found.start()] + digit + name[found.end() :]


def test_the_generation_is_in_the_number_and_a_suffix_of_another_generation_does_not_match():
    assert resolve("Xeon Platinum 8380H", 28, BOOK).name == "Cooper Lake"
    assert resolve("Xeon Platinum 8380", 40, BOOK).name == "Ice Lake-SP"
    assert resolve("Xeon Platinum 8280H", 28, BOOK) is None
    assert resolve("Xeon Silver 8380", 40, BOOK) is None
    assert resolve("Xeon Gold 6930", 20, BOOK) is None
    assert resolve("Xeon 6980E", 128, BOOK) is None


@pytest.mark.parametrize(
    ("printed", "name", "watts"),
    [
        ("Intel(R) Xeon(R) CPU           X5670  @ 2.93GHz", "Westmere", (30, 80, 130)),
        ("Intel(R) Xeon(R) CPU E5-2699 v2 @ 2.30GHz", "Ivy Bridge-EP", (50, 95, 150)),
        ("AMD Opteron(tm) Processor 6174", "Opteron K10", (35, 115, 140)),
    ],
)
def test_a_family_whose_dies_nobody_has_measured_has_its_powers_but_no_dies(printed, name, watts):
    tdp = family_tdp_watts(BOOK, printed, None)

    assert power_family(printed, None).name == name
    assert (tdp.low, tdp.central, tdp.high) == watts
    assert resolve(printed, None, BOOK) is None


def test_more_cores_mean_a_larger_die_and_an_unknown_number_spans_them_all():
    small, large, any_of_them = (die_area(resolve("Xeon E5-2600 v4", cores, BOOK)) for cores in (8, 22, None))

    assert small.central < large.central
    assert any_of_them.low == small.low
    assert any_of_them.high == large.high


def test_one_large_die_or_four_tiles_span_both():
    (die,) = resolve("Xeon Gold 6430", 32, BOOK).dies

    assert die.name == "4 x Sapphire Rapids XCC tile or Sapphire Rapids MCC"
    assert (die.area.low, die.area.high) == (740, 4 * 410)
    assert die.area.central == pytest.approx(4 * 393.9)


def test_an_area_is_cited_by_its_own_row_and_the_count_by_the_table():
    ccd, io_die = resolve("EPYC 7742", 64, BOOK).dies

    assert (ccd.node, io_die.node) == ("7nm", "12nm")
    assert ccd.area.grounds[0].entry == "cpu_die_area:Zen 2 CCD"
    assert "level 3 cache" in ccd.count.grounds[0].title
    assert (ccd.count * ccd.area).unit == "mm2/unit"
    assert die_area(resolve("EPYC 7742", 64, BOOK)).central == 8 * 74 + 416


def test_a_family_has_a_range_of_powers_and_another_name_has_none():
    tdp = family_tdp_watts(BOOK, "Intel(R) Xeon(R) Gold 6399 CPU @ 2.00GHz", 24)

    assert (tdp.low, tdp.central, tdp.high, tdp.unit) == (105, 205, 300, "W")
    assert family_tdp_watts(BOOK, "Fancy 9000", 24) is None
    assert family_tdp_watts(BOOK, "AWS Graviton4", 96) is None  # its maker publishes none


def dies_in_use():
    for family in TABLE["family"]:
        for variant in family["variants"]:
            for choices in variant["dies"]:
                yield from (choice.rpartition(" x ")[2] for choice in choices.split("|"))


def test_every_die_has_an_area_and_a_node_whose_carbon_is_known_and_none_is_left_over():
    areas = {name.removeprefix("cpu_die_area:") for name in BOOK.subjects() if name.startswith("cpu_die_area:")}

    assert areas == set(TABLE["dies"]) == set(dies_in_use())
    assert {die["node"] for die in TABLE["dies"].values()} <= {f"{nm}nm" for nm in (3, 4, 5, 6, 7, 10, 12, 14, 16, 22)}
    assert all(die["process"] for die in TABLE["dies"].values())


def test_every_range_of_powers_is_of_a_family():
    families = {family["name"] for family in TABLE["family"]}
    ranges = {n.removeprefix("cpu_tdp_of_family:") for n in BOOK.subjects() if n.startswith("cpu_tdp_of_family:")}

    assert families - ranges == {"Graviton", "Graviton4"}
    assert ranges <= families


def test_the_choices_of_one_die_are_of_one_node_and_counts_are_in_order():
    for family in TABLE["family"]:
        assert 2005 < family["launched"] < 2030
        assert family["source"]
        for variant in family["variants"]:
            for choices, count in variant["dies"].items():
                nodes = {TABLE["dies"][choice.rpartition(" x ")[2]]["node"] for choice in choices.split("|")}
                assert len(nodes) == 1 or choices == "Zen 5 CCD|Zen 5c CCD"
                assert isinstance(count, int) or count == sorted(count)
