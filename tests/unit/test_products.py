# SPDX-License-Identifier: Apache-2.0
import pytest
from books import shipped

from impacts.parts import Server
from impacts.products import maker, published_product


@pytest.fixture(scope="module")
def products():
    return shipped().products


@pytest.mark.parametrize(
    ("written", "known_as"),
    [
        ("Dell Inc.", "dell"),
        ("DELL", "dell"),
        ("Dell EMC", "dell"),
        ("HPE", "hpe"),
        ("HP", "hpe"),
        ("Hewlett Packard Enterprise", "hpe"),
        ("Hewlett-Packard Company", "hpe"),
        ("Lenovo", "lenovo"),
        ("Supermicro", "supermicro"),
        ("Super Micro Computer, Inc.", "supermicro"),
        ("FUJITSU", "fujitsu"),
        ("Some Maker Co., Ltd.", "some maker"),
        (None, ""),
    ],
)
def test_a_maker_is_known_whatever_its_spelling(written, known_as):
    assert maker(written) == known_as


@pytest.mark.parametrize(
    ("manufacturer", "model", "is_named"),
    [
        ("Dell Inc.", "PowerEdge R740", "PowerEdge R740"),
        ("Dell Inc.", "PowerEdge R740xd", "PowerEdge R740XD"),
        ("DELL", "R740", "PowerEdge R740"),
        ("HPE", "ProLiant DL580 Gen10", "ProLiant DL580 Gen10"),
        ("Hewlett Packard Enterprise", "ProLiant  DL580 Gen10", "ProLiant DL580 Gen10"),
    ],
)
def test_a_product_is_found_by_what_smbios_says(products, manufacturer, model, is_named):
    product = published_product(Server(manufacturer, model), products)

    assert product.configuration.server.model == is_named


@pytest.mark.parametrize(
    ("manufacturer", "model"),
    [
        ("Dell Inc.", "PowerEdge R750"),
        ("Dell Inc.", "PowerEdge R74"),
        ("Dell Inc.", "PowerEdge R740xd2"),
        ("HPE", "PowerEdge R740"),
        ("Dell Inc.", None),
        (None, "PowerEdge R740"),
        ("HPE", "ProLiant DL580 Gen9"),
    ],
)
def test_another_model_or_maker_never_matches(products, manufacturer, model):
    assert published_product(Server(manufacturer, model), products) is None


def test_every_published_footprint_has_its_configuration(products):
    assert len(products) == 47
    for product in products:
        server, kinds = product.configuration.server, {part.kind for part in product.configuration.parts}
        assert server.form in {"rack", "tower", "blade"}
        assert product.year in {2019, 2021}
        assert {"cpu", "memory"} <= kinds
        assert ("psu" in kinds) == (server.form != "blade")
        assert product.footprint.boundary == "cradle_to_gate"
        assert product.footprint.citation.licence == "ODbL-1.0"
        assert product.footprint.citation.locator.startswith("https://")
