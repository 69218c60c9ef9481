# SPDX-License-Identifier: Apache-2.0
"""The password and the session's token stand in no log, repr, error or figure."""

from __future__ import annotations

import base64
import logging
import traceback

import pytest
from bmcs import PASSWORD
from lab.redfish_server import VENDORS

from agent.config_file import read_config
from agent.errors import ConfigError, ReadFailed, SourceDenied
from agent.host import Host
from agent.sources.redfish_settings import redfish_settings
from agent.wiring import sampling
from agent.written.config import Config
from exporters import prometheus

PAIR = base64.b64encode(f"monitor:{PASSWORD}".encode()).decode()
SECRETS = (PASSWORD, repr(PASSWORD)[1:-1], PAIR, "-of-the-session")


def assert_secret(text):
    assert text
    assert not any(secret in text for secret in SECRETS)


@pytest.fixture
def everything_logged(caplog):
    """What all libraries log, too, at their most talkative."""
    with caplog.at_level(logging.DEBUG):
        yield lambda: "\n".join([caplog.text, *(repr(record.__dict__) for record in caplog.records)])


FAULTS = {
    "none": {},
    "busy": {"status": 503},
    "basic": {"has_no_sessions": True},
    "forbidden": {"forbids": "/redfish/v1/Chassis/1/Power"},
    "slow": {"stall_seconds": 5, "stall_path": "/redfish/v1/Chassis"},
    "cut": {"truncate_path": "/redfish/v1/Chassis/1/Power"},
    "full": {"most_sessions": 0},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_read_tells_a_secret(bmcs, everything_logged, fault):
    server = bmcs.start(VENDORS["ilo"]())
    source = bmcs.source(server, deadline_seconds=0.5 if fault == "slow" else 30)
    told = [repr(source), repr(vars(source)), repr(source._session), repr(source._settings)]  # noqa: SLF001
    for name, value in FAULTS[fault].items():
        setattr(server.faults, name, value)
    try:
        told.append(repr(source.read()))
    except ReadFailed as failure:
        told += traceback.format_exception(failure)
        told += [repr(failure), repr(vars(failure)), repr(failure.__cause__)]
    source.close()

    assert len(told) >= 5
    for text in (*told, everything_logged()):
        assert_secret(text)


def test_the_account_and_its_reply_hide_what_they_hold(bmcs):
    server = bmcs.start(VENDORS["ilo"]())
    account = redfish_settings(bmcs.settings(server)).account()

    assert account.password == PASSWORD
    assert_secret(repr(account))


def test_no_figure_or_problem_tells_a_secret(bmcs, everything_logged, tmp_path):
    server = bmcs.start(VENDORS["ilo"]())
    config = Config(sources={"redfish": bmcs.settings(server)})
    with sampling(Host(), config, None) as sampler:
        sampler.tick(10.0)
        server.faults.status = 500
        sampler.tick(10.0)
        snapshot = sampler.latest
        [watched] = [watched for watched in sampler.sources.watched if watched.entry.name == "redfish"]
        assert watched.failures == {"http_500": 1}
        texts = [repr(snapshot), repr(watched.state), repr(watched.problem), prometheus.text(snapshot).decode()]

    for text in (*texts, everything_logged()):
        assert_secret(text)
    assert server.sessions == {}


def test_an_account_in_the_address_is_refused_and_not_repeated(bmcs, tmp_path):
    server = bmcs.start(VENDORS["ilo"]())
    with pytest.raises(SourceDenied) as denial:
        bmcs.source(server, address=f"https://monitor:{PASSWORD}@127.0.0.1")

    assert_secret(f"{denial.value!r} {denial.value.remedy}")


@pytest.mark.parametrize("key", ["password", "passwort"])
def test_a_password_in_the_config_file_is_refused_and_not_repeated(tmp_path, key):
    file = tmp_path / "config.yaml"
    file.write_text(f"sources:\n  redfish:\n    address: https://10.0.0.5\n    {key}: '{PASSWORD}'\n")
    with pytest.raises(ConfigError) as error:
        read_config(file)

    assert "password_file" in str(error.value)
    assert_secret(str(error.value))
