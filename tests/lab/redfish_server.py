# SPDX-License-Identifier: Apache-2.0
"""A Redfish service over HTTPS on 127.0.0.1 with the shapes of real BMCs and faults that can be switched on.

It counts what matters to a BMC: the sessions that are open, the logins, and the requests.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

SESSIONS = "/redfish/v1/SessionService/Sessions"


@dataclass
class Faults:
    """What goes wrong, until it is changed."""

    status: int = 0  # every answer but a logout has this status
    retry_after: str = ""
    stall_seconds: float = 0.0  # before every answer but a logout's
    stall_path: str = ""  # … only here
    truncate_path: str = ""  # half of the document, then the end
    body: dict[str, bytes] = field(default_factory=dict)  # path -> what is sent for it
    logout_status: int = 0  # of every logout, which ends nothing
    has_no_sessions: bool = False  # SessionService answers 404: basic authentication only
    forbids: str = ""  # a path that the account may not read
    wants_slash: bool = False  # answers paths without a slash at the end by a redirection, as iLO does
    login_status: int = 401  # of a wrong password; iLO 4 says 400
    most_sessions: int = 8


class RedfishServer:
    """`tree` maps paths to documents; a test changes it while the server runs."""

    def __init__(self, certificate, tree, user="monitor", password="") -> None:
        self.tree = tree
        self.user, self.password = user, password
        self.faults = Faults()
        self.sessions: dict[str, str] = {}  # path -> token
        self.logins = 0
        self.requests: list[tuple[str, str]] = []
        self.released = threading.Event()  # ends all stalls
        self._numbers = count(1)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        self._http = _Server(("127.0.0.1", 0), _handler(self))
        self._http.context = context
        self.address = f"https://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def open_session(self) -> tuple[str, str]:
        self.logins += 1
        number = next(self._numbers)
        path, token = f"{SESSIONS}/{number}", f"token-{number}-of-the-session"
        self.sessions[path] = token
        return path, token

    def expire_sessions(self) -> None:
        self.sessions.clear()

    def requested(self, method: str = "GET") -> list[str]:
        return [path for requested, path in self.requests if requested == method]

    def stop(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    context: ssl.SSLContext

    def finish_request(self, request, client_address) -> None:
        """Do the handshake in the connection's own thread."""
        try:
            with self.context.wrap_socket(request, server_side=True) as connection:
                super().finish_request(connection, client_address)
        except (ssl.SSLError, OSError):
            pass  # the client did not trust us, or has left


def _handler(server):  # noqa: C901 - a class made for one server
    faults = server.faults

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or the second half of an answer waits for the client to acknowledge the first

        def log_message(self, *arguments) -> None:
            pass

        def do_GET(self) -> None:
            server.requests.append(("GET", self.path))
            path = self.path.rstrip("/")
            if self._is_faulty(path):
                return
            if faults.wants_slash and not self.path.endswith("/"):
                self._answer(308, b"", {"Location": f"https://bmc.example{self.path}/"})
            elif path != "/redfish/v1" and not self._is_known():
                self._answer(401, _error("NoValidSession"))
            elif path == faults.forbids:
                self._answer(403, _error("InsufficientPrivilege"))
            elif path in faults.body:
                self._answer(200, faults.body[path])
            elif path in server.tree:
                self._answer(200, json.dumps(server.tree[path]).encode(), cut=path == faults.truncate_path)
            else:
                self._answer(404, _error("ResourceMissingAtURI"))

        def do_POST(self) -> None:
            server.requests.append(("POST", self.path))
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self._is_faulty(SESSIONS):
                return
            if faults.has_no_sessions or self.path.rstrip("/") != SESSIONS:
                self._answer(404, _error("ResourceMissingAtURI"))
            elif (given.get("UserName"), given.get("Password")) != (server.user, server.password):
                self._answer(faults.login_status, _error("NoValidSession"))
            elif len(server.sessions) >= faults.most_sessions:
                self._answer(503, _error("RAC0218"))
            else:
                path, token = server.open_session()
                session = {"@odata.id": path, "Id": path.rsplit("/", 1)[1], "UserName": server.user}
                self._answer(201, json.dumps(session).encode(), {"X-Auth-Token": token, "Location": path})

        def do_DELETE(self) -> None:
            server.requests.append(("DELETE", self.path))
            if faults.logout_status:
                self._answer(faults.logout_status, _error("GeneralError"))
                return
            if server.sessions.get(self.path) != self.headers.get("X-Auth-Token"):
                self._answer(401, _error("NoValidSession"))
                return
            server.sessions.pop(self.path)
            self._answer(200, b"{}")

        def _is_known(self) -> bool:
            pair = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
            is_basic = self.headers.get("Authorization") == f"Basic {pair}"
            return is_basic or self.headers.get("X-Auth-Token") in server.sessions.values()

        def _is_faulty(self, path) -> bool:
            if faults.stall_seconds and faults.stall_path in {"", path}:
                server.released.wait(faults.stall_seconds)
            if not faults.status:
                return False
            self._answer(faults.status, _error("ServiceTemporarilyUnavailable"))
            return True

        def _answer(self, status, body, headers=None, *, cut=False) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if faults.retry_after and status == 503:
                self.send_header("Retry-After", faults.retry_after)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = cut

    return Handler


def _error(message) -> bytes:
    return json.dumps({"error": {"code": f"Base.1.8.{message}", "message": message}}).encode()


def service(chassis, others=None):
    """The root, the collection of chassis and the chassis themselves, by their ids, and other documents."""
    tree = {
        "/redfish/v1": {
            "@odata.id": "/redfish/v1/",
            "@odata.type": "#ServiceRoot.v1_11_0.ServiceRoot",
            "Chassis": {"@odata.id": "/redfish/v1/Chassis"},
            "Links": {"Sessions": {"@odata.id": SESSIONS}},
        },
        "/redfish/v1/Chassis": {
            "@odata.type": "#ChassisCollection.ChassisCollection",
            "Members@odata.count": len(chassis),
            "Members": [linked(f"/redfish/v1/Chassis/{name}") for name in chassis],
        },
    }
    tree |= {f"/redfish/v1/Chassis/{name}": document for name, document in chassis.items()}
    return tree | (others or {})


def chassis(name, *resources, kind="RackMount", system="", contained_by="", contains=()):
    """A chassis with links to its resources: Power, EnvironmentMetrics, PowerSubsystem."""
    path = f"/redfish/v1/Chassis/{name}"
    links = {}
    if system:
        links["ComputerSystems"] = [linked(f"/redfish/v1/Systems/{one}") for one in system.split()]
    if contained_by:
        links["ContainedBy"] = linked(f"/redfish/v1/Chassis/{contained_by}")
    if contains:
        links["Contains"] = [linked(f"/redfish/v1/Chassis/{inner}") for inner in contains]
    document = {"@odata.id": path, "@odata.type": "#Chassis.v1_19_0.Chassis", "Id": name, "ChassisType": kind}
    return document | {"Links": links} | {resource: linked(f"{path}/{resource}") for resource in resources}


def linked(path):
    return {"@odata.id": path}


def power(path, *controls, supplies=()):
    """A Power resource of the older schema."""
    return {"@odata.id": path, "@odata.type": "#Power.v1_5_0.Power", "Id": "Power"} | {
        "PowerControl": list(controls),
        "PowerSupplies": list(supplies),
    }


def supply(output, *, shown=None, capacity=None, state="Enabled"):
    """A power supply of the older schema."""
    return {
        "LastPowerOutputWatts": output,
        "PowerInputWatts": shown,
        "PowerCapacityWatts": capacity,
        "Status": {"State": state, "Health": "OK"},
    }


def idrac():
    """Dell: many chassis, of which one tells; the supplies' PowerInputWatts are their ratings."""
    body = "/redfish/v1/Chassis/System.Embedded.1"
    control = {
        "MemberId": "PowerControl",
        "Name": "System Power Control",
        "PowerAllocatedWatts": 750,
        "PowerCapacityWatts": 902,
        "PowerConsumedWatts": 135,
        "PowerMetrics": {"AverageConsumedWatts": 137, "IntervalInMin": 1, "MaxConsumedWatts": 147},
    }
    rated = supply(None, shown=900) | {"InputRanges": [{"InputType": "AC", "OutputWattage": 750}]}
    return service(
        {
            "System.Embedded.1": chassis("System.Embedded.1", "Power", system="System.Embedded.1", contains=["Bay.1"]),
            "Bay.1": chassis("Bay.1", kind="StorageEnclosure", contained_by="System.Embedded.1"),
        },
        {f"{body}/Power": power(f"{body}/Power", control, supplies=[rated, rated])},
    )


def ilo():
    """HPE: the same total in the resource and in PowerControl; device chassis that tell nothing."""
    control = {"MemberId": "0", "PowerCapacityWatts": 1600, "PowerConsumedWatts": 93}
    control["PowerMetrics"] = {"AverageConsumedWatts": 92, "IntervalInMin": 20, "MaxConsumedWatts": 205}
    told = power("/redfish/v1/Chassis/1/Power/", control, supplies=[supply(45, capacity=800), supply(48, capacity=800)])
    told["PowerConsumedWatts"] = 93
    return service(
        {"1": chassis("1", "Power", system="1"), "DE00A000": chassis("DE00A000", kind="Enclosure", contained_by="1")},
        {"/redfish/v1/Chassis/1/Power": told},
    )


def xcc():
    """Lenovo: PowerControl names the server, then its CPUs and memory, which are parts of it; an enclosure of four."""
    controls = [
        {"Name": "Server Power Control", "MemberId": "0", "PowerConsumedWatts": 263, "PowerCapacityWatts": 1100},
        {"Name": "CPU Sub-system Power", "MemberId": "1", "PowerConsumedWatts": 155},
        {"Name": "Memory Sub-system Power", "MemberId": "2", "PowerConsumedWatts": 49},
    ]
    enclosure = {"Name": "Enclosure Power Control", "MemberId": "0", "PowerConsumedWatts": 1021}
    return service(
        {
            "1": chassis("1", "Power", kind="Blade", system="1", contained_by="2"),
            "2": chassis("2", "Power", kind="Enclosure", system="1", contains=["1"]),
        },
        {
            "/redfish/v1/Chassis/1/Power": power("/redfish/v1/Chassis/1/Power", *controls),
            "/redfish/v1/Chassis/2/Power": power("/redfish/v1/Chassis/2/Power", enclosure),
        },
    )


def supermicro():
    """Supermicro: PowerControl says nothing; the supplies of the Power resource tell their inputs, one bay is empty."""
    silent = {"MemberId": "0", "Name": "System Power Control", "PowerConsumedWatts": None, "PowerLimit": None}
    supplies = [
        supply(101, shown=112, capacity=1000),
        supply(None, state="Absent"),
        supply(96, shown=108.5, capacity=1000),
    ]
    path = "/redfish/v1/Chassis/1/Power"
    return service({"1": chassis("1", "Power", system="1")}, {path: power(path, silent, supplies=supplies)})


def openbmc():
    """OpenBMC: a baseboard and its supplies are chassis; the new schemas, with inputs in the supplies' metrics."""
    subsystem = "/redfish/v1/Chassis/chassis/PowerSubsystem"
    others = {
        f"{subsystem}": {"Id": "PowerSubsystem", "PowerSupplies": linked(f"{subsystem}/PowerSupplies")},
        f"{subsystem}/PowerSupplies": {"Members": [linked(f"{subsystem}/PowerSupplies/ps{n}") for n in range(3)]},
        "/redfish/v1/Chassis/chassis/EnvironmentMetrics": {"Id": "EnvironmentMetrics", "PowerWatts": {"Reading": None}},
    }
    for number, (state, watts) in enumerate([("Enabled", 204.5), ("Enabled", 199.25), ("Absent", None)]):
        path = f"{subsystem}/PowerSupplies/ps{number}"
        metrics = {"InputPowerWatts": {"Reading": watts}, "OutputPowerWatts": {"Reading": watts and watts - 12}}
        others |= {path: {"Status": {"State": state}, "Metrics": linked(f"{path}/Metrics")}, f"{path}/Metrics": metrics}
    return service(
        {
            "motherboard": chassis("motherboard", kind="Component", contained_by="chassis"),
            "chassis": chassis("chassis", "EnvironmentMetrics", "PowerSubsystem", system="system"),
        },
        others,
    )


def environment(watts, name="1", **links):
    """A service of one chassis that tells its power in EnvironmentMetrics."""
    path = f"/redfish/v1/Chassis/{name}/EnvironmentMetrics"
    metrics = {"Id": "EnvironmentMetrics", "PowerWatts": {"DataSourceUri": f"{path}#", "Reading": watts}}
    return service({name: chassis(name, "EnvironmentMetrics", system="1", **links)}, {path: metrics})


VENDORS = {"idrac": idrac, "ilo": ilo, "xcc": xcc, "supermicro": supermicro, "openbmc": openbmc}
