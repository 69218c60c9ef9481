# SPDX-License-Identifier: Apache-2.0
"""The rules for every dataset: what it must state, and what each row must keep to. New folders are tested as they come."""

import re
from collections import Counter
from datetime import date
from importlib import resources

import pytest

from impacts.datasets import BOUNDARIES, COLUMNS, CRITERIA, PRODUCTS, WHOLES, read_dataset, read_datasets

# Each lets us pass the figures on; LicenseRef-cited-facts is for single figures, which no licence can cover.
ALLOWED_LICENCES = {
    "Apache-2.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "MIT",
    "ODbL-1.0",
    "OGL-Canada-2.0",
    "OGL-UK-3.0",
    "LicenseRef-cited-facts",
    "LicenseRef-US-public-domain",
}
# The datasets that the rest of the program names or stands on.
EXPECTED = {
    "uba-2021-gwp",
    "uba-2021-adpe",
    "uba-2021-pe",
    "electricitymaps-yearly",
    "ember-2025",
    "epa-egrid-2023",
    "china-mee-2023",
    "beis-2021-wtt",
    "beis-2021-td-losses",
    "wri-2020-water",
    "wattprint-grid-assumptions",
    "boaviztapi-2.5-defaults",
}

FOLDERS = sorted((resources.files("impacts") / "data").iterdir(), key=lambda folder: folder.name)
every_dataset = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def test_the_datasets_are_there():
    assert {folder.name for folder in FOLDERS} >= EXPECTED


@every_dataset
def test_a_folder_holds_a_description_and_rows_alone(folder):
    beside = {"configurations.csv"} if folder.name in {PRODUCTS, WHOLES} else set()
    assert {file.name for file in folder.iterdir()} == {"dataset.toml", "factors.csv", *beside}


@every_dataset
def test_its_licence_lets_us_pass_it_on(folder):
    assert read_dataset(folder)[0].licence in ALLOWED_LICENCES


@every_dataset
def test_it_says_who_published_what_and_when(folder):
    dataset, _ = read_dataset(folder)
    assert dataset.title
    assert dataset.derivation
    assert dataset.url.startswith("https://") or dataset.publisher == "wattprint"
    assert isinstance(dataset.retrieved, date)
    assert dataset.year <= dataset.retrieved.year
    assert re.fullmatch(r"([0-9a-f]{64})?", dataset.original_sha256)


@every_dataset
def test_its_indicator_boundary_and_bounds_are_known(folder):
    dataset, _ = read_dataset(folder)
    assert dataset.indicator in CRITERIA
    assert dataset.boundary in BOUNDARIES
    assert dataset.bounds == "publisher" or (0 < dataset.relative_bounds <= 1 and len(dataset.why_these_bounds) > 40)


@every_dataset
def test_it_has_rows_and_each_holds_to_its_bounds_and_can_be_looked_up(folder):
    dataset, factors = read_dataset(folder)
    assert factors
    for factor in factors:
        assert 0 <= factor.value.low <= factor.value.central <= factor.value.high
        assert factor.valid_from <= factor.valid_until
        assert factor.citation.locator
        assert factor.citation.dataset == dataset.id
        assert factor.subject


@every_dataset
def test_no_entry_stands_twice_and_each_begins_with_its_subject(folder):
    _, factors = read_dataset(folder)
    entries = Counter(factor.citation.entry for factor in factors)
    assert max(entries.values()) == 1
    assert all(factor.citation.entry.startswith(factor.subject) for factor in factors)


@every_dataset
def test_units_of_its_own_are_for_subjects_it_has(folder):
    dataset, factors = read_dataset(folder)
    assert set(dataset.units) <= {factor.subject.partition(":")[0] for factor in factors}


@every_dataset
def test_its_rows_stand_in_plain_columns(folder):
    header, *rows = (folder / "factors.csv").read_text(encoding="utf-8").splitlines()
    assert header.split(",") == COLUMNS
    assert not any(row != row.strip() for row in rows)


def test_one_subject_has_one_unit_per_criterion():
    units = {}
    for _, factors in read_datasets():
        for factor in factors:
            units.setdefault((factor.subject, factor.criterion), set()).add(factor.value.unit)
    assert {question: found for question, found in units.items() if len(found) > 1} == {}


def test_electricity_of_one_place_and_year_is_no_contradiction():
    """Where two publishers state the same place and year with the same boundary, their bounds mostly overlap."""
    values = {}
    for _, factors in read_datasets():
        for factor in factors:
            if factor.subject == "electricity":
                values.setdefault((factor.region, factor.valid_from, factor.boundary), []).append(factor.value)
    pairs = [found for found in values.values() if len(found) == 2]
    overlapping = [one for one in pairs if max(v.low for v in one) <= min(v.high for v in one)]
    assert len(pairs) > 150
    assert len(overlapping) / len(pairs) > 0.9
