# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import timedelta

import pytest

from agent.config_file import read_config
from agent.errors import ConfigError, ReadFailed


def config(tmp_path, text):
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return read_config(file)


def refusal(tmp_path, text):
    with pytest.raises(ConfigError) as error:
        config(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path}/config.yaml: ")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_without_a_grid_section_nobody_is_asked(tmp_path):
    assert config(tmp_path, "location: FR").grid is None


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("location: FR\ngrid: {provider: electricity_maps}", "FR"),
        ("location: us-cal-ciso\ngrid: {provider: electricity_maps}", "US-CAL-CISO"),
        ("location: US\ngrid: {provider: electricity_maps, zone: US-CAL-CISO}", "US-CAL-CISO"),
        ("grid: {provider: electricity_maps, zone: de}", "DE"),
        ("grid: {provider: rte_eco2mix}", "FR"),
        ("location: GB\ngrid: {provider: neso}", "GB"),
        ("location: GB\ngrid: {provider: neso, zone: 13}", "13"),
        ("grid: {provider: neso, zone: rg10}", "RG10"),
        ("location: DK-DK1\ngrid: {provider: energinet}", "DK1"),
        ("location: DK\ngrid: {provider: energinet, zone: DK2}", "DK2"),
    ],
)
def test_the_zone_is_the_one_given_or_that_of_the_location(tmp_path, text, zone):
    assert config(tmp_path, text).grid.zone == zone


@pytest.mark.parametrize(
    "text",
    [
        "grid: {provider: electricity_maps}",
        "grid: {provider: electricity_maps, zone: 13}",
        "location: DK\ngrid: {provider: energinet}",
        "grid: {provider: neso, zone: 18}",
        "grid: {provider: neso, zone: RG10 9QQ}",
        "grid: {provider: neso, zone: '../x'}",
    ],
)
def test_a_zone_that_the_provider_has_not_is_refused_with_those_it_has(tmp_path, text):
    assert "grid.zone: " in refusal(tmp_path, text)


def test_a_provider_of_another_country_is_refused(tmp_path):
    problem = refusal(tmp_path, "location: DE\ngrid: {provider: rte_eco2mix}")

    assert "RTE éCO2mix covers FR alone" in problem


def test_a_zone_outside_the_location_is_refused(tmp_path):
    problem = refusal(tmp_path, "location: FR\ngrid: {provider: electricity_maps, zone: DE}")

    assert "DE does not lie in FR" in problem


@pytest.mark.parametrize("name", ["watttime", "WattTime", "watt-time", "WATT_TIME"])
def test_a_marginal_signal_is_refused_with_the_reason(tmp_path, name):
    problem = refusal(tmp_path, f"grid: {{provider: {name}}}")

    assert "marginal" in problem
    assert "GHG Protocol" in problem
    assert "electricity_maps" in problem


def test_an_unknown_provider_is_refused_with_the_nearest(tmp_path):
    assert "did you mean 'electricity_maps'?" in refusal(tmp_path, "grid: {provider: electricitymaps}")


@pytest.mark.parametrize("section", ["[]", "electricity_maps", "", "{zone: FR}", "{provider: 3}"])
def test_a_section_of_another_shape_is_refused(tmp_path, section):
    assert "grid" in refusal(tmp_path, f"grid: {section}")


def test_a_boundary_that_the_provider_has_not_is_refused(tmp_path):
    problem = refusal(tmp_path, "grid: {provider: rte_eco2mix, boundary: life_cycle}")

    assert "has no life_cycle intensity; it has direct" in problem


def test_electricity_maps_has_two_boundaries(tmp_path):
    text = "grid: {provider: electricity_maps, zone: FR, boundary: direct}"

    assert config(tmp_path, text).grid.boundary == "direct"
    assert config(tmp_path, text.replace(", boundary: direct", "")).grid.boundary == "life_cycle"
    assert config(tmp_path, text).grid.provider().reported_boundary == "direct"


@pytest.mark.parametrize(
    "address", ["http://intensity.example.org", "https://user:word@intensity.example.org", "http://127.0.0.1@evil.org"]
)
def test_a_token_goes_over_no_open_line_and_an_address_holds_no_account(tmp_path, address):
    refusal(tmp_path, f"grid: {{provider: neso, address: '{address}'}}")


def test_a_proxy_is_used_if_it_is_given(tmp_path):
    text = "grid: {provider: neso, proxy: 'http://proxy.example.org:3128'}"

    assert config(tmp_path, text).grid.proxy == "http://proxy.example.org:3128"
    refusal(tmp_path, text.replace("proxy.example", "user:word@proxy.example"))


def test_a_value_is_stale_after_two_hours_or_as_late_as_the_provider_is(tmp_path):
    stale = {
        name: config(tmp_path, f"grid: {{provider: {name}, zone: {zone}}}").grid.stale_after
        for name, zone in [("electricity_maps", "FR"), ("rte_eco2mix", "FR"), ("neso", "GB"), ("energinet", "DK1")]
    }

    assert stale == {
        "electricity_maps": timedelta(hours=4),
        "rte_eco2mix": timedelta(hours=2, minutes=45),
        "neso": timedelta(hours=2),
        "energinet": timedelta(hours=2),
    }
    given = config(tmp_path, "grid: {provider: neso, stale_after_seconds: 3600}")
    assert given.grid.stale_after == timedelta(hours=1)


def with_token(tmp_path, **given):
    text = "".join(f", {key}: {value}" for key, value in given.items())
    return config(tmp_path, f"grid: {{provider: electricity_maps, zone: FR{text}}}").grid


def test_the_token_is_read_anew_from_its_file(tmp_path):
    file = tmp_path / "token"
    file.touch(0o600)
    settings = with_token(tmp_path, token_file=file)
    for token in ("first", "second"):
        file.write_text(f" {token}\n")

        assert settings.token() == token


def test_the_token_may_be_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("WATTPRINT_GRID_TOKEN", "usual")
    monkeypatch.setenv("OTHER_TOKEN", "other")

    assert with_token(tmp_path).token() == "usual"
    assert with_token(tmp_path, token_env="OTHER_TOKEN").token() == "other"  # noqa: S106 - a variable's name


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", "ümlaut".encode(), b"two words", b"two\nlines"])
def test_a_token_that_cannot_be_used_is_a_failure_with_its_remedy(tmp_path, content):
    file = tmp_path / "token"
    if content is not None:
        file.touch(0o600)
        file.write_bytes(content)
    with pytest.raises(ReadFailed) as failure:
        with_token(tmp_path, token_file=file).token()

    assert failure.value.reason == "unauthorized"
    assert "grid.token_file" in failure.value.remedy


def test_no_token_at_all_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.delenv("WATTPRINT_GRID_TOKEN", raising=False)
    with pytest.raises(ReadFailed, match="is not known"):
        with_token(tmp_path).token()


def test_a_provider_that_needs_no_token_asks_for_none(tmp_path):
    assert config(tmp_path, "grid: {provider: neso}").grid.token() == ""


def test_a_token_file_that_others_may_read_is_a_note(tmp_path):
    file = tmp_path / "token"
    file.touch(0o600)
    settings = with_token(tmp_path, token_file=file)

    assert settings.notes == ()
    file.chmod(0o644)
    [(what, remedy)] = settings.notes
    assert "others may read" in what
    assert remedy == f"sudo chmod o= {file}"


def test_corsica_is_not_on_the_grid_that_rte_reports(tmp_path):
    assert "grid.zone" in refusal(tmp_path, "location: FR-COR\ngrid: {provider: rte_eco2mix}")
