# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from datetime import date

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.inventory.file import read_inventory, schema, write_inventory
from impacts.machine_forms import COMPUTER_FORMS, SERVER_FORMS
from impacts.parts import KINDS, Inventory, ManufacturerFootprint, Part, Server

COMPLETE = """
server:
  manufacturer: Dell Inc.
  model: PowerEdge R740
  form: rack
  acquired: 2024-03-01
  service_life_years: 5
  footprint: {manufacturing_kgco2e: 1300, low_kgco2e: 650, high_kgco2e: 2600, source: "manufacturer's PCF, 2023-05"}
parts:
  - {kind: cpu, model: "Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz", count: 2, die_area_mm2: 694}
  - {kind: memory, count: 12, capacity_gb: 32, generation: DDR4, density_gb_per_cm2: 1.79}
  - {kind: ssd, count: 2, capacity_gb: 960, density_gb_per_cm2: 54.8, year: 2021}
  - {kind: hdd, count: 4, capacity_gb: 14000}
  - {kind: psu, count: 2, mass_kg: 2.99}
  - {kind: gpu, count: 8, model: "NVIDIA H100 80GB HBM3"}
"""

OF_EVERY_KIND = ("acquired", "retired", "footprint")
ATTRIBUTES = {
    "cpu": ("model", "die_area_mm2", "cores", "year", *OF_EVERY_KIND),
    "memory": (
        "model",
        "part_number",
        "capacity_gb",
        "generation",
        "speed_mts",
        "density_gb_per_cm2",
        "year",
        *OF_EVERY_KIND,
    ),
    "ssd": ("model", "capacity_gb", "density_gb_per_cm2", "year", "transport", *OF_EVERY_KIND),
    "hdd": ("model", "capacity_gb", "year", "transport", *OF_EVERY_KIND),
    "psu": ("model", "mass_kg", "rated_watts", "year", *OF_EVERY_KIND),
    "gpu": ("model", "capacity_gb", "die_area_mm2", "year", *OF_EVERY_KIND),
    "nic": ("model", "year", *OF_EVERY_KIND),
    "storage_controller": ("model", "year", *OF_EVERY_KIND),
}
TEXTS = st.text(min_size=1, max_size=30)
NUMBERS = st.floats(min_value=0.001, max_value=900) | st.integers(1, 900)
DAYS = st.dates(min_value=date(1000, 1, 1))
BOUNDARIES = st.sampled_from(["cradle_to_gate", "all_but_use"])
FOOTPRINTS = st.builds(ManufacturerFootprint, NUMBERS, TEXTS, boundary=BOUNDARIES)
VALUES = {
    "model": TEXTS,
    "part_number": TEXTS,
    "generation": TEXTS,
    "cores": st.integers(1, 900),
    "speed_mts": st.integers(1, 9000),
    "year": st.integers(1990, 2100),
    "transport": st.sampled_from(["sata", "sas", "nvme", "usb", "virtio"]),
    "acquired": DAYS,
    "retired": DAYS,
    "footprint": FOOTPRINTS,
}


@st.composite
def parts(draw) -> Part:
    kind = draw(st.sampled_from(KINDS))
    known = draw(st.lists(st.sampled_from(ATTRIBUTES[kind]), unique=True))
    return Part(kind, draw(st.integers(1, 100)), **{name: draw(VALUES.get(name, NUMBERS)) for name in known})


SERVERS = st.builds(
    Server,
    manufacturer=st.none() | TEXTS,
    model=st.none() | TEXTS,
    form=st.none() | st.sampled_from(["rack", "blade", "tower"]),
    acquired=st.none() | DAYS,
    first_used=st.none() | DAYS,
    service_life_years=st.none() | st.floats(min_value=0.5, max_value=50),
    footprint=st.none() | FOOTPRINTS,
    virtual=st.booleans(),
)
INVENTORIES = st.builds(Inventory, SERVERS, st.none() | st.lists(parts(), max_size=6).map(tuple))


def read(folder, text: str) -> Inventory:
    file = folder / "inventory.yaml"
    file.write_text(text, encoding="utf-8")
    return read_inventory(file)


def test_everything_that_can_be_said_is_read(tmp_path):
    inventory = read(tmp_path, COMPLETE)

    assert inventory.server == Server(
        manufacturer="Dell Inc.",
        model="PowerEdge R740",
        form="rack",
        acquired=date(2024, 3, 1),
        service_life_years=5,
        footprint=ManufacturerFootprint(1300, "manufacturer's PCF, 2023-05", 650, 2600),
    )
    assert inventory.parts is not None
    assert [part.kind for part in inventory.parts] == ["cpu", "memory", "ssd", "hdd", "psu", "gpu"]
    assert inventory.parts[1] == Part("memory", 12, capacity_gb=32, generation="DDR4", density_gb_per_cm2=1.79)


@given(inventory=INVENTORIES)
def test_what_is_written_reads_back_equal(tmp_path_factory, inventory):
    assert read(tmp_path_factory.mktemp("inventory", numbered=True), write_inventory(inventory)) == inventory


def test_a_file_for_people_has_one_line_for_a_part_and_no_needless_fraction():
    text = write_inventory(Inventory(Server(), (Part("ssd", 2, capacity_gb=960.0),)))

    assert text == "server: {}\nparts:\n  - {kind: ssd, count: 2, capacity_gb: 960}\n"


def test_parts_left_out_are_unknown_and_an_empty_list_is_none(tmp_path):
    assert read(tmp_path, "server: {}\n").parts is None
    assert read(tmp_path, "server: {}\nparts: []\n").parts == ()


def test_a_whole_number_may_be_written_with_a_fraction(tmp_path):
    (part,) = read(tmp_path, "parts: [{kind: cpu, count: 2.0}]\n").parts

    assert repr(part.count) == "2"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty; write at least"),
        ("{}", "must not be empty"),
        ("- cpu", "a list must be a group of keys"),
        ("parts: {}", "parts: a group of keys must be a list"),
        ("parts: [cpu]", "parts[0]: 'cpu' must be a group of keys"),
        ("parts: [{count: 1}]", "parts[0]: the key 'kind' is missing; add it"),
        ("parts: [{kind: cpu}]", "parts[0]: the key 'count' is missing; add it"),
        (
            "parts: [{kind: cpu, count: 1}, {kind: memori, count: 1}]",
            "parts[1].kind: 'memori' is unknown; did you mean 'memory'?",
        ),
        (
            "parts: [{kind: ram, count: 1}]",
            "parts[0].kind: 'ram' is unknown; must be one of cpu, memory, ssd, hdd, psu, gpu",
        ),
        (
            "parts: [{kind: ssd, count: 1, capacity: 960}]",
            "parts[0]: unknown key 'capacity'; did you mean 'capacity_gb'?",
        ),
        ("parts: [{kind: psu, count: 1, die_area_mm2: 3}]", "parts[0]: the key 'die_area_mm2' does not belong here"),
        ("parts: [{kind: cpu, count: two}]", "parts[0].count: 'two' must be a whole number"),
        ("parts: [{kind: cpu, count: -1}]", "parts[0].count: -1 must be 0 or more"),
        ("parts: [{kind: hdd, count: 1, capacity_gb: -1}]", "parts[0].capacity_gb: -1 must be more than 0"),
        ("parts: [{kind: hdd, count: 1, capacity_gb: 1e999}]", "parts[0].capacity_gb: inf must be 1000000000 or less"),
        ("servers: {}", "unknown key 'servers'; did you mean 'server'?"),
        ("server: {form: Rack}", "server.form: 'Rack' is unknown; did you mean 'rack'?"),
        ("server: {acquired: last year}", "server.acquired: 'last year' must be written like 2024-03-01"),
        ("server: {acquired: 2024-02-30}", "server.acquired: '2024-02-30' is no day"),
        ("server: {footprint: {source: x}}", "server.footprint: the key 'manufacturing_kgco2e' is missing"),
        (
            "server: {footprint: {source: x, manufacturing_kgco2e: 9, low_kgco2e: 10}}",
            "server.footprint: must have low_kgco2e",
        ),
        ("server: {}\nserver: {}", "line 2: the key 'server' is there twice"),
    ],
)
def test_an_error_is_one_line_that_names_file_place_and_remedy(tmp_path, text, says):
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        read(tmp_path, text)

    assert str(caught.value).startswith(f"{tmp_path}/inventory.yaml: ")
    assert "\n" not in str(caught.value)


def test_the_schema_is_one_and_shows_editors_what_each_key_means():
    jsonschema.Draft7Validator.check_schema(schema())

    for part_of_schema in (schema()["properties"]["server"], schema()["properties"]["parts"]["items"]):
        assert all(key["description"] for key in part_of_schema["properties"].values())


def test_the_schema_knows_the_kinds_forms_and_attributes_of_the_model():
    server = schema()["properties"]["server"]["properties"]
    part = schema()["properties"]["parts"]["items"]["properties"]

    assert part["kind"]["enum"] == list(KINDS)
    assert server["form"]["enum"] == [*SERVER_FORMS, *COMPUTER_FORMS]
    assert part["transport"]["enum"] == ["sata", "sas", "nvme", "usb", "virtio"]
    assert set(part) == set(Part.__slots__)
    assert set(server) == set(Server.__slots__)
    assert set(server["footprint"]["properties"]) == set(ManufacturerFootprint.__slots__)
