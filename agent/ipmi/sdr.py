# SPDX-License-Identifier: Apache-2.0
"""Sensor data records: which sensors a BMC has, their units and formulas (IPMI 2.0, sections 33, 35.14, 36.3 and 43.1).

Read in small pieces, since many BMCs refuse more than some thirty bytes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from agent.ipmi.messages import (
    RESERVATION_LOST,
    SENSOR_EVENT,
    STORAGE,
    Refused,
    Request,
    Transport,
    ask,
    garbage,
    not_measuring,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL_SENSOR = 0x01
_REPOSITORY_INFO = Request(STORAGE, 0x20)
_RESERVE = Request(STORAGE, 0x22)
_GET_RECORD = 0x23
_GET_READING = 0x2D

_FIRST, _END = 0x0000, 0xFFFF
_HEADER_BYTES = 5
_CHUNK_BYTES = 22
_MOST_RECORDS = 4096  # more than any repository holds: one that leads in a circle must not hold us
_MOST_RESERVATIONS = 10

_WATTS = 6  # the code of the base unit
_BMC_ADDRESS = 0x20
_FULL_RECORD_BYTES = 48  # up to the name
_UNITS = slice(20, 23)
_SIX_BIT = 2  # of the ways to write a name
_SCANNING, _UNAVAILABLE = 0x40, 0x20


class Format(IntEnum):
    """How a raw reading is a number."""

    UNSIGNED = 0
    ONES_COMPLEMENT = 1
    TWOS_COMPLEMENT = 2
    NONE = 3


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor that measures watts: watts = (raw · slope + offset), exponents applied."""

    number: int
    lun: int
    owner: int
    entity: int
    entity_instance: int
    name: str
    format: Format
    is_linear: bool
    slope_watts: float
    offset_watts: float

    @property
    def is_readable(self) -> bool:
        """Whether its reading can be asked for here and turned into watts."""
        return self.owner == _BMC_ADDRESS and self.is_linear and self.format is not Format.NONE

    def watts(self, raw: int) -> float:
        """Return what a raw reading means."""
        value = raw
        if self.format is not Format.UNSIGNED and raw & 0x80:
            value = raw - (0xFF if self.format is Format.ONES_COMPLEMENT else 0x100)
        return value * self.slope_watts + self.offset_watts


def watt_sensors(transport: Transport) -> list[Sensor]:
    """Return every sensor of the repository whose unit is the watt.

    Raises:
        Refused: the BMC has no repository.
        ReadFailed: it does not answer, or not as it should.
    """
    info = ask(transport, _REPOSITORY_INFO, least_bytes=3)
    if not int.from_bytes(info[1:3], "little"):
        return []
    found = (parse_full_sensor(record) for record in _Repository(transport).full_records())
    return [sensor for sensor in found if sensor is not None]


def read_sensor(transport: Transport, sensor: Sensor) -> float:
    """Return a sensor's watts.

    Raises:
        ReadFailed: no answer, the sensor has no reading, or a negative one.
    """
    data = ask(transport, Request(SENSOR_EVENT, _GET_READING, bytes([sensor.number]), sensor.lun), least_bytes=2)
    if not data[1] & _SCANNING or data[1] & _UNAVAILABLE:
        raise not_measuring(f"sensor {sensor.name} has no reading")
    watts = sensor.watts(data[0])
    if watts < 0:
        raise garbage(f"sensor {sensor.name} reports {watts:g} W")
    return watts


def parse_full_sensor(record: bytes) -> Sensor | None:
    """Return the sensor of a full sensor record with its header; None if it measures no watts.

    Raises:
        ReadFailed: the record is cut short.
    """
    if len(record) <= _UNITS.stop or not _is_in_watts(record[_UNITS]):
        return None
    if len(record) < _FULL_RECORD_BYTES:
        raise garbage(f"a sensor record ends after {len(record)} bytes")
    result_exponent, offset_exponent = _signed(record[29] >> 4, 4), _signed(record[29] & 0xF, 4)
    slope = _signed(record[24] | (record[25] & 0xC0) << 2, 10)
    offset = _signed(record[26] | (record[27] & 0xC0) << 2, 10)
    return Sensor(
        number=record[7],
        lun=record[6] & 0x03,
        owner=record[5],
        entity=record[8],
        entity_instance=record[9],
        name=parse_name(record[47], record[48:]) or f"sensor {record[7]}",
        format=Format(record[20] >> 6),
        is_linear=record[23] & 0x7F == 0,
        slope_watts=slope * 10.0**result_exponent,
        offset_watts=offset * 10.0 ** (offset_exponent + result_exponent),
    )


def parse_name(kind_and_length: int, text: bytes) -> str:
    """Return a record's name: Latin-1, or six bits for each character; printable and trimmed."""
    packed = text[: kind_and_length & 0x1F]
    decoded = _six_bit(packed) if kind_and_length >> 6 == _SIX_BIT else packed.decode("latin-1")
    return "".join(character for character in decoded if character.isprintable()).strip()


def _is_in_watts(units: bytes) -> bool:
    """Whether it is watts and nothing but: no percentage, no rate (per second …), no product with another unit."""
    return not units[0] & 0x3F and units[1] == _WATTS


def _six_bit(packed: bytes) -> str:
    bits = int.from_bytes(packed, "little")
    return "".join(chr(0x20 + (bits >> 6 * n & 0x3F)) for n in range(len(packed) * 8 // 6))


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


class _Repository:
    """The walk through a repository's records, under a reservation that others' may end at any time."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._reservations = 0
        self._reservation = self._reserve()

    def full_records(self) -> Iterator[bytes]:
        """Yield the full sensor records that measure watts, whole, and the others as far as their units."""
        identity = _FIRST
        for _ in range(_MOST_RECORDS):
            following, header = self._piece(identity, 0, _HEADER_BYTES)
            if header[3] == FULL_SENSOR:
                yield self._record(identity, header)
            if following in {_END, identity}:
                return
            identity = following
        raise garbage("the BMC's sensor records have no end")

    def _record(self, identity: int, header: bytes) -> bytes:
        length = _HEADER_BYTES + header[4]
        record = header
        while len(record) < length:
            count = min(_CHUNK_BYTES, length - len(record))
            record += self._piece(identity, len(record), count)[1]
            if len(record) > _UNITS.stop and not _is_in_watts(record[_UNITS]):
                return record
        return record

    def _piece(self, identity: int, offset: int, count: int) -> tuple[int, bytes]:
        """Return the next record's identity and `count` bytes of this one; reserve again where that was lost."""
        while True:
            where = identity.to_bytes(2, "little") + bytes([offset, count])
            request = Request(STORAGE, _GET_RECORD, self._reservation + where)
            try:
                answer = ask(self._transport, request, least_bytes=2 + count)
            except Refused as refusal:
                if refusal.code != RESERVATION_LOST or self._reservations >= _MOST_RESERVATIONS:
                    raise
                self._reservation = self._reserve()
                continue
            return int.from_bytes(answer[:2], "little"), answer[2 : 2 + count]

    def _reserve(self) -> bytes:
        self._reservations += 1
        try:
            return ask(self._transport, _RESERVE, least_bytes=2)[:2]
        except Refused as refusal:
            if refusal.is_passing:
                raise
            return bytes(2)  # a repository that nobody else changes needs no reservation
