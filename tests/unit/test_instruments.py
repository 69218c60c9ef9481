# SPDX-License-Identifier: Apache-2.0
import re
from datetime import date
from pathlib import Path

import pytest
from market import hour

from agent.config_file import read_config
from agent.errors import ConfigError
from impacts.market_based.instruments import InstrumentKind

DOCUMENT = (Path(__file__).parents[2] / "docs" / "market-based.md").read_text(encoding="utf-8")

WIND = {
    "name": "wind-2026",
    "kind": "ppa",
    "from": "2026-01-01",
    "until": "2026-12-31",
    "volume_kwh": "800",
    "factor_gco2e_per_kwh": "11",
    "documentation": "'contract 7, annex 2'",
    "market": "[fr, DE]",
}


def config(tmp_path, *instruments):
    lines = ["market_based:", "  instruments:"]
    lines += ["    - {" + ", ".join(f"{key}: {value}" for key, value in one.items()) + "}" for one in instruments]
    (tmp_path / "config.yaml").write_text("\n".join(lines), encoding="utf-8")
    return read_config(tmp_path / "config.yaml").instruments


def changed(**changes):
    return {key: value for key, value in {**WIND, **changes}.items() if value is not None}


def refusal(tmp_path, *instruments):
    with pytest.raises(ConfigError) as error:
        config(tmp_path, *instruments)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(tmp_path))
    return str(error.value)


def test_without_the_section_there_are_no_instruments(tmp_path):
    (tmp_path / "config.yaml").write_text("location: FR")
    assert read_config(tmp_path / "config.yaml").instruments == ()


def test_an_instrument_is_read_as_it_is_written(tmp_path):
    (wind,) = config(tmp_path, changed(technology="wind"))
    assert (wind.name, wind.kind, wind.begins, wind.until) == (
        "wind-2026",
        InstrumentKind.PPA,
        date(2026, 1, 1),
        date(2026, 12, 31),
    )
    assert wind.volume_joules == pytest.approx(800 * 3.6e6)
    assert (wind.share, wind.markets, wind.delivery, wind.technology) == (1.0, ("FR", "DE"), None, "wind")
    factor = wind.factor.in_unit("gCO2e/kWh")
    assert (factor.low, factor.central, factor.high) == pytest.approx((11, 11, 11))


def test_the_factor_rests_on_the_document_and_the_place_in_the_config(tmp_path):
    (wind,) = config(tmp_path, WIND)
    assert str(wind.factor.grounds[0]) == ("ppa 'wind-2026': contract 7, annex 2, config, market_based.instruments[0]")


def test_a_factor_may_have_bounds(tmp_path):
    (wind,) = config(tmp_path, changed(factor_low_gco2e_per_kwh="7", factor_high_gco2e_per_kwh="16"))
    factor = wind.factor.in_unit("gCO2e/kWh")
    assert (factor.low, factor.central, factor.high) == pytest.approx((7, 11, 16))


def test_a_suppliers_rate_covers_everything_unless_a_share_is_set(tmp_path):
    whole, part = config(
        tmp_path,
        changed(name="a", kind="supplier_rate", volume_kwh=None),
        changed(name="b", kind="supplier_rate", volume_kwh=None, share="0.3"),
    )
    assert (whole.share, whole.volume_joules) == (1.0, float("inf"))
    assert part.share == 0.3


def test_an_instrument_without_documentation_is_kept_for_its_problem(tmp_path):
    without, blank = config(tmp_path, changed(name="a", documentation=None), changed(name="b", documentation="' '"))
    assert without.documentation == blank.documentation == ""


def test_hours_are_read_from_a_file_beside_the_config(tmp_path):
    (tmp_path / "wind.csv").write_text("hour,kwh\n2026-01-31T08:00Z,1.5\n2026-01-31T10:00+01:00,2\n")
    (wind,) = config(tmp_path, changed(matching="hourly", volume_kwh=None, delivery_file="wind.csv"))
    joules = [wind.joules_in(hour(f"2026-01-31T{clock}:00")) for clock in ("07", "08", "09", "10")]
    assert joules == pytest.approx([0, 1.5 * 3.6e6, 2 * 3.6e6, 0])


def test_a_constant_power_in_some_hours_of_the_day(tmp_path):
    (sun,) = config(
        tmp_path, changed(matching="hourly", volume_kwh=None, delivery_kw="0.2", delivery_hours_utc="[10, 11]")
    )
    joules = [sun.joules_in(hour(f"2026-06-01T{clock}:00")) for clock in ("09", "10", "11", "12")]
    assert joules == pytest.approx([0, 0.2 * 3.6e6, 0.2 * 3.6e6, 0])


def test_hours_of_the_day_alone_bound_a_share(tmp_path):
    (sun,) = config(tmp_path, changed(matching="hourly", volume_kwh=None, share="0.5", delivery_hours_utc="[10]"))
    assert sun.joules_in(hour("2026-06-01T10:00")) == float("inf")
    assert sun.joules_in(hour("2026-06-01T11:00")) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "pppa"}, ["instruments[0].kind", "did you mean 'ppa'?"]),
        ({"factor_gco2e_per_kwh": None}, ["'factor_gco2e_per_kwh' is missing"]),
        ({"factor_gco2e_per_kwh": "-1"}, ["-1 must be 0 or more"]),
        ({"volume_kw": "3"}, ["unknown key 'volume_kw'", "did you mean 'volume_kwh'?"]),
        ({"share": "40"}, ["40 must be 1 or less"]),
        ({"volume_kwh": None}, ["does not state how much it covers", "volume_kwh"]),
        ({"from": "2026-02-30"}, ["instruments[0].from", "'2026-02-30' is no day"]),
        ({"from": "01/02/2026"}, ["must be written like 2026-01-01"]),
        ({"until": "2025-12-31"}, ["lies before 2026-01-01"]),
        ({"market": "France"}, ["'FRANCE' must be a country like FR"]),
        ({"factor_low_gco2e_per_kwh": "12"}, ["12 <= 11 <= 11 does not hold"]),
        ({"delivery_kw": "1"}, ["hourly matching alone", "matching: hourly"]),
        ({"matching": "hourly"}, ["hourly matching needs the hours", "delivery_file"]),
        ({"matching": "hourly", "delivery_hours_utc": "[24]"}, ["24 must be 23 or less"]),
        ({"matching": "hourly", "delivery_file": "none.csv"}, ["none.csv: cannot be read: No such file"]),
        ({"name": "a/b"}, ["'a/b' must be written like wind-2026"]),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line_that_says_what_to_write(tmp_path, changes, words):
    message = refusal(tmp_path, changed(**changes))
    assert all(word in message for word in words), message


def test_two_instruments_of_one_name_are_refused(tmp_path):
    assert "'wind-2026' is there twice" in refusal(tmp_path, WIND, WIND)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("hour;kwh\n", ["row 1", "the column 'hour' is missing", "separated by commas"]),
        ("hour,kwh,note\n", ["row 1", "unknown column 'note'"]),
        ("hour,kwh,kwh\n", ["row 1", "'kwh' is there twice"]),
        ("hour,kwh\n", ["has no rows"]),
        ("", ["is empty", "write its rows below a header"]),
        ("hour,kwh\n2026-01-31T08:00Z\n", ["row 2", "has 1 cells, the header 2"]),
        ('hour,kwh\n2026-01-31T08:00Z,"1,5"\n', ["row 2, column kwh", "'1,5' is no number", "decimal point"]),
        ("hour,kwh\n2026-01-31T08:00Z,1,5\n", ["row 2", "has 3 cells", "quotation marks"]),
        ("hour,kwh\n2026-01-31T08:00Z,-1\n", ["row 2, column kwh", "between 0"]),
        ("hour,kwh\n2026-01-31T08:00Z,nan\n", ["row 2, column kwh", "between 0"]),
        ("hour,kwh\n2026-01-31T08:00Z,\n", ["row 2, column kwh", "is empty"]),
        ("hour,kwh\n2026-01-31T08:00,1\n", ["row 2, column hour", "has no offset"]),
        ("hour,kwh\n2026-01-31T08:30Z,1\n", ["row 2, column hour", "not the start of an hour"]),
        ("hour,kwh\nnoon,1\n", ["row 2, column hour", "'noon' is no time"]),
        ("hour,kwh\n2026-01-31T08:00Z,1\n\n2026-01-31T09:00+01:00,1\n", ["row 4, column hour", "is there twice"]),
        ('hour,kwh\n"2026-01-31T08:00Z,1\n', ["row 2", "correct the CSV"]),
    ],
)
def test_a_delivery_file_that_cannot_be_used_is_refused_by_row_and_column(tmp_path, rows, words):
    (tmp_path / "wind.csv").write_text(rows)
    message = refusal(tmp_path, changed(matching="hourly", delivery_file="wind.csv"))
    assert message.startswith(f"{tmp_path}/wind.csv")
    assert all(word in message for word in words), message


def test_a_delivery_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "wind.csv").write_bytes("hour,kwh\n2026-01-31T08:00Z,1 \xa0\n".encode("latin-1"))
    assert "is not UTF-8" in refusal(tmp_path, changed(matching="hourly", delivery_file="wind.csv"))


def test_the_documents_examples_can_be_used(tmp_path):
    whole, hourly = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    (tmp_path / "solar-2026.csv").write_text(re.search(r"```\n(hour,kwh\n.*?)```", DOCUMENT, re.DOTALL)[1])
    ppa = "      share: 0.4                          # of this host's energy\n"
    assert ppa in whole
    (tmp_path / "config.yaml").write_text(whole.replace(ppa, hourly))
    origin, solar, supplier = read_config(tmp_path / "config.yaml").instruments
    assert origin.volume_joules == pytest.approx(1500 * 3.6e6)
    assert solar.joules_in(hour("2026-06-01T09:00")) == pytest.approx(0.44 * 3.6e6)
    assert supplier.factor.in_unit("gCO2e/kWh").high == pytest.approx(260)


def test_the_document_names_every_kind():
    assert all(f"`{kind.value}`" in DOCUMENT for kind in InstrumentKind)
