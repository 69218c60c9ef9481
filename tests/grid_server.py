# SPDX-License-Identifier: Apache-2.0
"""Providers of live intensity on 127.0.0.1, with the answers that their documentation shows.

Electricity Maps: https://portal.electricitymaps.com/developer-hub/api/reference
RTE on ODRÉ: https://odre.opendatasoft.com/explore/dataset/eco2mix-national-tr/api/
NESO: https://carbon-intensity.github.io/api-definitions/
Energinet: https://www.energidataservice.dk/tso-electricity/CO2Emis
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from clocks import HandClock

from agent.grid.asker import Asker
from agent.grid.settings import grid_settings
from agent.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = "hush-0123456789-token"  # noqa: S105 - of a server that lives as long as a test


class GridServer:
    """Answers every request with `document`, or with the fault that is set."""

    def __init__(self, document: object = None) -> None:
        self.document = document
        self.answers: Callable[[str], object] | None = None  # by path; wins over the document
        self.body: bytes | None = None
        self.status = 200
        self.retry_after = ""
        self.stalls = False
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.asked = threading.Event()
        self.released = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.address = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()


def _handler(server):
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # or the second half of an answer waits for the client to acknowledge the first

        def log_message(self, *arguments) -> None:
            pass

        def do_GET(self) -> None:
            server.requests.append(self.path)
            server.headers.append(dict(self.headers))
            server.asked.set()
            if server.stalls:
                server.released.wait(60)
            document = server.document if server.answers is None else server.answers(self.path)
            body = json.dumps(document).encode() if server.body is None else server.body
            try:
                self.send_response(server.status)
                if server.retry_after:
                    self.send_header("Retry-After", server.retry_after)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the client has left

    return Handler


@dataclass(frozen=True)
class Answers:
    """A provider's settings, the documents it answers with, and what is to be made of them."""

    given: dict[str, Any]  # the config's `grid`
    minutes: int
    region: str
    boundary: str
    is_estimated: bool
    of: Callable[..., Any]  # (start, grams, zone) -> the newest value's document
    empty: Any
    other_zone: str | None  # None: its answers name no zone
    forms: tuple[Callable[[datetime], str], ...]  # of a time: as documented first, others that say the same
    location: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def iso_z(at):
    return f"{at:%Y-%m-%dT%H:%M:%S.000Z}"


def iso_minutes(at):
    return f"{at:%Y-%m-%dT%H:%MZ}"


def iso_bare(at):
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def iso_utc(at):
    return f"{iso_bare(at)}+00:00"


def iso_paris(at):
    return f"{iso_bare(at + timedelta(hours=2))}+02:00"


def iso_newfoundland(at):
    return f"{iso_bare(at - timedelta(minutes=150))}-02:30"


def electricity_maps(at, grams, zone="FR", form=iso_z):
    return {
        "zone": zone,
        "carbonIntensity": grams,
        "datetime": form(at),
        "updatedAt": "2026-03-02T10:07:21.002Z",
        "createdAt": "2026-02-27T09:51:14.123Z",
        "emissionFactorType": "lifecycle",
        "isEstimated": True,
        "estimationMethod": "TIME_SLICER_AVERAGE",
        "temporalGranularity": "hourly",
    }


def eco2mix(at, grams, zone="France", form=iso_utc):
    return [{"perimetre": zone, "nature": "Données temps réel", "date_heure": form(at), "taux_co2": grams}]


def half_hour(at, forecast, actual, form=iso_minutes):
    intensity = {"forecast": forecast, "actual": actual, "index": "moderate"}
    return {"from": form(at), "to": form(at + timedelta(minutes=30)), "intensity": intensity}


def neso(at, grams, zone="GB", form=iso_minutes):
    assert zone == "GB"
    return {"data": [half_hour(at, grams, None, form)]}


def neso_region(at, grams, zone="13", form=iso_minutes):
    row = {"from": form(at), "to": form(at + timedelta(minutes=30)), "intensity": {"forecast": grams, "index": "low"}}
    row["generationmix"] = [{"fuel": "gas", "perc": 43.6}, {"fuel": "wind", "perc": 6.8}]
    return {
        "data": {"regionid": int(zone), "dnoregion": "UKPN London", "shortname": "London", "data": [row]},
    }


def neso_postcode(at, grams, zone="RG10", form=iso_minutes):
    document = neso_region(at, grams, "12", form)
    return {"data": document["data"] | {"postcode": zone}}


def energinet(at, grams, zone="DK1", form=iso_bare):
    row = {"Minutes5UTC": form(at), "Minutes5DK": iso_bare(at + timedelta(hours=1)), "PriceArea": zone}
    return {"total": 1903306, "limit": 72, "dataset": "CO2Emis", "records": [row | {"CO2Emission": grams}]}


ANSWERS = {
    "electricity_maps": Answers(
        given={"provider": "electricity_maps", "zone": "FR"},
        minutes=60,
        region="FR",
        boundary="life_cycle",
        is_estimated=True,
        of=electricity_maps,
        empty={"zone": "FR", "history": []},
        other_zone="DE",
        forms=(iso_z, iso_utc, iso_paris, iso_newfoundland),
    ),
    "rte_eco2mix": Answers(
        given={"provider": "rte_eco2mix"},
        minutes=15,
        region="FR",
        boundary="direct",
        is_estimated=False,
        of=eco2mix,
        empty=[],
        other_zone="Bretagne",
        forms=(iso_utc, iso_z, iso_paris, iso_newfoundland),
    ),
    "neso": Answers(
        given={"provider": "neso"},
        minutes=30,
        region="GB",
        boundary="consumption",
        is_estimated=True,
        of=neso,
        empty={"data": []},
        other_zone=None,
        forms=(iso_minutes, iso_utc, iso_paris, iso_newfoundland),
    ),
    "neso, region": Answers(
        given={"provider": "neso", "zone": 13},
        minutes=30,
        region="GB",
        boundary="consumption",
        is_estimated=True,
        of=neso_region,
        empty={"data": {"regionid": 13, "shortname": "London", "data": []}},
        other_zone="12",
        forms=(iso_minutes, iso_utc, iso_paris, iso_newfoundland),
    ),
    "neso, postcode": Answers(
        given={"provider": "neso", "zone": "rg10"},
        minutes=30,
        region="GB",
        boundary="consumption",
        is_estimated=True,
        of=neso_postcode,
        empty={"data": {"regionid": 12, "postcode": "RG10", "data": []}},
        other_zone="SW1",
        forms=(iso_minutes, iso_utc, iso_paris, iso_newfoundland),
    ),
    "energinet": Answers(
        given={"provider": "energinet", "zone": "DK1"},
        minutes=5,
        region="DK-DK1",
        boundary="direct",
        is_estimated=False,
        of=energinet,
        empty={"total": 0, "limit": 72, "dataset": "CO2Emis", "records": []},
        other_zone="DK2",
        forms=(iso_bare, iso_utc, iso_z, iso_paris, iso_newfoundland),
    ),
}


@dataclass
class Grid:
    """A provider's server, and what asks it, by a clock that is moved by hand."""

    server: GridServer
    folder: Path
    clock: HandClock = field(default_factory=lambda: HandClock(utc=datetime.fromisoformat("2026-03-02T10:10:00Z")))

    @property
    def host(self):
        return Host(self.folder, self.clock)

    def settings(self, answers=ANSWERS["energinet"], **changes):
        """The settings of a provider, asked at this server."""
        file = self.folder / "grid-token"
        if not file.exists():
            file.touch(0o600)
            file.write_text(f"{TOKEN}\n")
        given = answers.given | {"address": self.server.address, "token_file": str(file)}
        return replace(grid_settings(given, answers.location, "config.yaml"), **changes)

    def asker(self, answers=ANSWERS["energinet"], **changes):
        settings = self.settings(answers, **changes)
        return Asker(self.host.web_client(settings.address, ca=True), settings, self.clock)

    def start_of(self, answers):
        """When the value that is valid now began."""
        return self.clock.utc.replace(minute=self.clock.utc.minute // answers.minutes * answers.minutes, second=0)
