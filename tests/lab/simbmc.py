#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A simulated BMC with DCMI power readings and sensor records: in process, behind QEMU's /dev/ipmi0, and by RMCP+.

    simbmc.py --vm PORT     QEMU's ipmi-bmc-extern connects there (the "VM" protocol of OpenIPMI)
    simbmc.py --lan PORT    RMCP+ for ipmitool -I lanplus and ipmi-dcmi; needs pyghmi

With --control FILE it is changed while it runs: one `key value` per line, looked at before every answer.
Keys: watts, swing, dcmi on|off, measuring on|off, delay SECONDS, silent SECONDS (from when the file was written).
"""

from __future__ import annotations

import argparse
import math
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

INVALID_COMMAND, NO_SUCH_RECORD, TOO_MANY_BYTES, RESERVATION_LOST = b"\xc1", b"\xcb", b"\xca", b"\xc5"
WATTS, CELSIUS = 6, 1
POWER_SUPPLY, BOARD = 0x0A, 0x07
MOST_BYTES = 32  # of a record at once, as with many BMCs
CAPABILITIES = {  # by parameter, as DCMI 1.5 prints them
    1: bytes([0, 1, 7]),
    2: bytes([0, 0, 0, 1, 0]),
    3: bytes([0, 0]),
    4: bytes([1, 2, 3]),
    5: bytes([1, 1]),
}


@dataclass
class SimSensor:
    """A sensor, and the share of the machine's power it shows (or what it shows, when it shows something else)."""

    number: int
    name: str
    share: float = 0.0
    shows: float = 0.0
    unit: int = WATTS
    slope: int = 4
    offset: int = 0
    offset_exponent: int = 0
    result_exponent: int = 0
    signed: bool = False
    entity: int = BOARD
    instance: int = 1
    owner: int = 0x20
    available: bool = True
    linearization: int = 0

    def record(self, identity: int) -> bytes:
        kind = {WATTS: 0x0B, CELSIUS: 0x01}.get(self.unit, 0x0B)
        body = bytes([self.owner, 0, self.number, self.entity, self.instance, 0x7F, 0x40, kind, 0x01])
        body += bytes(6)  # no thresholds
        body += bytes([0x80 if self.signed else 0, self.unit, 0, self.linearization])
        body += bytes([self.slope & 0xFF, (self.slope >> 2) & 0xC0, self.offset & 0xFF, (self.offset >> 2) & 0xC0])
        body += bytes([0, (self.result_exponent & 0xF) << 4 | self.offset_exponent & 0xF])
        body += bytes([0, 0, 0, 0, 0xFF, 0]) + bytes(11)
        body += bytes([0xC0 | len(self.name)]) + self.name.encode("latin-1")
        return struct.pack("<HBBB", identity, 0x51, 0x01, len(body)) + body

    def raw(self, watts: float) -> int:
        value = self.shows if self.unit != WATTS or not self.share else self.share * watts
        steps = (value / 10**self.result_exponent - self.offset * 10**self.offset_exponent) / self.slope
        low, high = (-128, 127) if self.signed else (0, 255)
        return max(low, min(high, round(steps))) & 0xFF


def dell_like_sensors() -> list[SimSensor]:
    return [
        SimSensor(1, "Pwr Consumption", share=1.0),
        SimSensor(2, "PSU1 PIN", share=0.52, entity=POWER_SUPPLY, instance=1),
        SimSensor(3, "PSU2 PIN", share=0.48, entity=POWER_SUPPLY, instance=2),
        SimSensor(4, "PSU1 POUT", share=0.49, entity=POWER_SUPPLY, instance=1),
        SimSensor(5, "Inlet Temp", shows=23, unit=CELSIUS, slope=1),
    ]


@dataclass
class SimBmc:
    """What the BMC measures and how it behaves; `handle` answers one request."""

    watts: float = 187
    swing_watts: float = 0.0
    dcmi: bool = True
    announces: bool = True
    measuring: bool = True
    delay_seconds: float = 0.0
    silent_until: float = 0.0
    sensors: list[SimSensor] = field(default_factory=dell_like_sensors)
    control: Path | None = None
    began: float = field(default_factory=time.time)
    reservation: int = 0
    _control_written: float = 0.0

    def watts_now(self) -> float:
        return self.watts + self.swing_watts * math.sin((time.time() - self.began) / 10)

    def handle(self, netfn: int, command: int, data: bytes) -> bytes | None:
        """Return completion code and data; None is no answer."""
        self._look_at_control()
        if time.time() < self.silent_until:
            return None
        if self.delay_seconds:
            time.sleep(self.delay_seconds)
        answer = _FIXED.get((netfn, command))
        if answer is not None:
            return answer
        handler = {0x04: self._sensor, 0x0A: self._storage, 0x2C: self._group, 0x06: _application}.get(netfn)
        try:
            return handler(command, bytes(data)) if handler else INVALID_COMMAND
        except (IndexError, struct.error):
            return b"\xc7"  # wrong length

    def _sensor(self, command: int, data: bytes) -> bytes:
        if command != 0x2D:
            return b"\0" + bytes(7) if command in {0x25, 0x27} else INVALID_COMMAND
        sensor = next((sensor for sensor in self.sensors if sensor.number == data[0]), None)
        if sensor is None:
            return NO_SUCH_RECORD
        return bytes([0, sensor.raw(self.watts_now()), 0xC0 if sensor.available else 0xE0, 0xC0])

    def _storage(self, command: int, data: bytes) -> bytes:
        if command == 0x20:
            return b"\0" + struct.pack("<BHH", 0x51, len(self.sensors), 0xFFFF) + bytes(8) + b"\x02"
        if command == 0x22:
            self.reservation = self.reservation % 0xFFFF + 1
            return b"\0" + struct.pack("<H", self.reservation)
        if command == 0x23:
            return self._record(*struct.unpack("<HHBB", data[:6]))
        if command == 0x40:  # an empty event log
            return b"\0" + struct.pack("<BHH", 0x51, 0, 0xFFFF) + bytes(9)
        return INVALID_COMMAND

    def _record(self, reservation: int, identity: int, offset: int, count: int) -> bytes:
        position = max(0, identity - 1)  # records are numbered from 1; 0 is the first one
        if position >= len(self.sensors):
            return NO_SUCH_RECORD
        if offset and reservation != self.reservation:
            return RESERVATION_LOST
        record = self.sensors[position].record(position + 1)
        if count > MOST_BYTES:
            return TOO_MANY_BYTES
        following = position + 2 if position + 1 < len(self.sensors) else 0xFFFF
        return b"\0" + struct.pack("<H", following) + record[offset : offset + count]

    def _group(self, command: int, data: bytes) -> bytes:
        if not self.dcmi or data[0] != 0xDC:
            return INVALID_COMMAND
        if command == 0x01:
            capabilities = CAPABILITIES.get(data[1])
            if capabilities is not None and data[1] == 1 and not self.announces:
                capabilities = bytes([0, 0, 7])
            return b"\xc9" if capabilities is None else b"\0\xdc" + bytes([1, 5, 2]) + capabilities
        if command == 0x02:
            return self._power_reading()
        if command == 0x03:  # no limit is set
            return b"\x80\xdc" + bytes(14)
        return b"\0\xdc" + bytes([1, 1]) + struct.pack("<H", 4) if command == 0x07 else INVALID_COMMAND

    def _power_reading(self) -> bytes:
        watts = round(self.watts_now())
        swing = round(self.swing_watts)
        powers = (watts, max(0, round(self.watts) - swing), round(self.watts) + swing, round(self.watts))
        state = 0x40 if self.measuring else 0
        return b"\0\xdc" + struct.pack("<HHHHIIB", *powers, int(time.time()), 1000, state)

    def _look_at_control(self) -> None:
        if self.control is None or not self.control.exists():
            return
        written = self.control.stat().st_mtime
        if written == self._control_written:
            return
        self._control_written = written
        for line in self.control.read_text().splitlines():
            key, _, value = line.strip().partition(" ")
            if key:
                self._set(key, value.strip(), written)

    def _set(self, key: str, value: str, at: float) -> None:
        if key in {"dcmi", "measuring"}:
            setattr(self, key, value == "on")
        elif key == "silent":
            self.silent_until = at + float(value)
        else:
            setattr(self, {"watts": "watts", "swing": "swing_watts", "delay": "delay_seconds"}[key], float(value))


_FIXED = {
    (0x06, 0x01): b"\0" + bytes([0x20, 0x81, 0x02, 0x10, 0x02, 0xBF, 0xA2, 0x02, 0x00, 0x00, 0x01]) + bytes(4),
    (0x06, 0x37): b"\0" + bytes(range(16)),  # GUID
    (0x06, 0x2E): b"\0\0",  # global enables and message flags: what the kernel's driver asks at its start
    (0x06, 0x2F): b"\0\0",
    (0x06, 0x30): b"\0\0",
    (0x06, 0x31): b"\0\0",
    (0x00, 0x01): b"\0" + bytes([0x01, 0, 0]),  # chassis status: on
}


def _application(command: int, data: bytes) -> bytes:
    if command != 0x42:  # channel info
        return INVALID_COMMAND
    channel = data[0] & 0xF
    return (
        b"\0"
        + bytes([1 if channel == 0xE else channel, 4 if channel else 1, 1 if channel else 5, 0x80, 0xF2, 0x1B])
        + bytes(3)
    )


# QEMU's ipmi-bmc-extern: qemu/hw/ipmi/ipmi_bmc_extern.c
MESSAGE_END, COMMAND_END, ESCAPE = 0xA0, 0xA1, 0xAA
_VERSION = bytes([0xFF, 1, COMMAND_END])


def _checksum(message: bytes) -> int:
    return -sum(message) & 0xFF


def _escaped(message: bytes) -> bytes:
    special = (MESSAGE_END, COMMAND_END, ESCAPE)
    return b"".join(bytes([ESCAPE, byte | 0x10] if byte in special else [byte]) for byte in message)


def serve_vm(bmc: SimBmc, host: str, port: int) -> None:
    """Wait for QEMU: -chardev socket,id=ipmi0,host=127.0.0.1,port=PORT,reconnect=1 -device ipmi-bmc-extern,chardev=ipmi0."""
    server = socket.create_server((host, port), reuse_port=False)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=_serve_connection, args=(bmc, connection), daemon=True).start()


def _serve_connection(bmc: SimBmc, connection: socket.socket) -> None:
    connection.sendall(_VERSION)
    message, escaped = bytearray(), False
    while received := connection.recv(4096):
        for byte in received:
            if byte == MESSAGE_END:
                _answer(bmc, connection, bytes(message))
                message.clear()
            elif byte == COMMAND_END:  # what QEMU can do: of no interest
                message.clear()
            elif byte == ESCAPE:
                escaped = True
            else:
                message.append(byte & ~0x10 if escaped else byte)
                escaped = False


def _answer(bmc: SimBmc, connection: socket.socket, message: bytes) -> None:
    if len(message) < 4 or _checksum(message[:-1]) != message[-1]:
        return
    sequence, netfn_and_lun, command = message[:3]
    answer = bmc.handle(netfn_and_lun >> 2, command, message[3:-1])
    if answer is not None:
        told = bytes([sequence, netfn_and_lun | 4, command]) + answer
        connection.sendall(_escaped(told + bytes([_checksum(told)])) + bytes([MESSAGE_END]))


def serve_lan(bmc: SimBmc, host: str, port: int, user: str, password: str) -> None:
    """Answer by RMCP+. Session and privilege commands are of pyghmi's own layer."""
    from pyghmi.ipmi.bmc import Bmc  # noqa: PLC0415 - for this front only

    class Front(Bmc):
        def handle_raw_request(self, request, session):
            netfn, command = request["netfn"], request["command"]
            if netfn == 0x06 and command in {0x3B, 0x3C}:
                return super().handle_raw_request(request, session)
            answer = bmc.handle(netfn, command, bytes(request["data"]))
            if answer is not None:
                session.send_ipmi_response(code=answer[0], data=list(answer[1:]))
            return None

    Front({user: password}, port=port, address=host).listen(timeout=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--vm", type=int, metavar="PORT")
    parser.add_argument("--lan", type=int, metavar="PORT")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--watts", type=float, default=187)
    parser.add_argument("--swing", type=float, default=20, help="watts by which the power swings, over 63 s; 0: steady")
    parser.add_argument("--no-dcmi", action="store_true")
    parser.add_argument("--not-measuring", action="store_true")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="answer that late")
    parser.add_argument("--control", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    bmc = SimBmc(
        watts=chosen.watts,
        swing_watts=chosen.swing,
        dcmi=not chosen.no_dcmi,
        measuring=not chosen.not_measuring,
        delay_seconds=chosen.delay,
        control=chosen.control,
    )
    if chosen.vm:
        threading.Thread(target=serve_vm, args=(bmc, chosen.host, chosen.vm), daemon=True).start()
    if chosen.lan:
        serve_lan(bmc, chosen.host, chosen.lan, chosen.user, chosen.password)
    else:
        threading.Event().wait()


if __name__ == "__main__":
    main()
