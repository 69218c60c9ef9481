# SPDX-License-Identifier: Apache-2.0
"""Where a Redfish service (DMTF DSP0268) reports the host's inlet power: found once, by rule, then read again.

Within a chassis, in this order, the first that shows power:

1. EnvironmentMetrics: PowerWatts;
2. Power: the first PowerControl. The others are parts of it (CPU, memory) and never added;
3. PowerSubsystem: InputPowerWatts of every power supply;
4. Power: PowerInputWatts of every power supply. What exceeds the rated output is the rating of its input (iDRAC 7:
   900 W of a 750 W supply, telegraf#9575) and no reading.

Of several chassis one is taken: that of the computer system before others; that which contains others before what
is in it, for it shows their power too; but a node before the enclosure that it shares with other nodes.

A node of a shared chassis has no power supplies of its own: of ways 3 and 4 none is taken for it, nor the meter of an
enclosure or of several systems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.errors import ReadFailed
from agent.sources.redfish_session import ROOT, link, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Get = Callable[[str], "dict[str, Any] | None"]
Resource = dict[str, Any]
_Way = Callable[[Get, Resource], "Meter | None"]

INLET = "inlet"

# No host draws more; a sensor that shows a higher number has no reading.
MOST_WATTS = 100_000.0

# Not more chassis and power supplies than this are looked at: a BMC needs seconds for each.
MOST_MEMBERS = 64

_PARTS = frozenset({"Card", "Cartridge", "Component", "IPBasedDrive", "Module", "Zone"})
_NODES = frozenset({"Blade", "Node", "Sled"})
_NOT_THERE = frozenset({"Absent", "Disabled", "UnavailableOffline"})


@dataclass(frozen=True, slots=True)
class Tap:
    """Where one power is reported: a document and the steps to a number in it."""

    name: str  # of the channel
    path: str
    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """The taps whose sum is the host's inlet power, what they showed when they were found, and notes for doctor."""

    taps: tuple[Tap, ...]
    watts: tuple[float, ...]
    notes: tuple[str, ...] = ()
    shared: str = ""  # why it may show more than this host


@dataclass(frozen=True, slots=True)
class _Metered:
    """A chassis and its meter."""

    path: str
    chassis: Resource
    meter: Meter

    @property
    def total(self) -> float:
        return sum(self.meter.watts)


def find_meter(get: Get, *, of_node: bool = False) -> Meter | None:
    """Look through every chassis; None if none shows power, or none that of a node of a shared chassis.

    Raises:
        ReadFailed: the service cannot be read.
    """
    listed = members(get, link(get(ROOT) or {}, "Chassis") or f"{ROOT}Chassis")
    found = {path: chassis for path in listed if (chassis := get(path)) is not None}
    housings = {path: chassis for path, chassis in found.items() if _kind(chassis) not in _PARTS}
    ways = _OF_CHASSIS if of_node else _WAYS
    metered = list(_metered(get, housings, ways)) or list(_metered(get, found, ways))
    usable = [one for one in metered if not (of_node and _sharing(one.chassis))]
    if not usable:
        return None
    chosen = _chosen(usable, found)
    left_out = [f"{other.path} shows {other.total:g} W: not added" for other in metered if other.path != chosen.path]
    shared = _sharing(chosen.chassis)
    if of_node and _kind(chosen.chassis) not in _NODES:
        shared = "whether this meter is of this node or of the chassis that it shares is not stated"
    return Meter(chosen.meter.taps, chosen.meter.watts, (*chosen.meter.notes, *left_out), shared)


def read_taps(get: Get, taps: Sequence[Tap]) -> tuple[float | None, ...]:
    """Return what each tap shows now, None where it shows no power. Each document is got once.

    Raises:
        ReadFailed: the service cannot be read, or shows what is no power (reason `garbage`).
    """
    documents = {path: get(path) for path in dict.fromkeys(tap.path for tap in taps)}
    return tuple(power_at(documents[tap.path], tap) for tap in taps)


def power_at(document: object, tap: Tap) -> float | None:
    """Return the watts at a tap; None for null and for what is missing."""
    found = document
    for step in tap.steps:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    if found is None:
        return None
    # A comparison with NaN is false, and true is a number in Python.
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= MOST_WATTS:
        where = ".".join(map(str, tap.steps))
        what = f"{where} of {tap.path} is {str(found)[:40]!r}, which is no power in watts"
        raise ReadFailed(what, reason="garbage", remedy="restart the BMC or update its firmware")
    return float(found)


def members(get: Get, collection: str) -> list[str]:
    """Return the paths of a collection's members."""
    return list(dict.fromkeys(_paths((get(collection) or {}).get("Members"))))[:MOST_MEMBERS]


def _metered(get: Get, chassis: Mapping[str, Resource], ways: Sequence[_Way]) -> Iterator[_Metered]:
    """Yield each chassis that shows power. Nonsense in one is an error only if no other has a reading."""
    garbage: ReadFailed | None = None
    is_any = False
    for path, resource in chassis.items():
        try:
            meter = next((meter for way in ways if (meter := way(get, resource)) is not None), None)
        except ReadFailed as failure:
            if failure.reason != "garbage":
                raise
            garbage = failure
            continue
        if meter is not None:
            is_any = True
            yield _Metered(path, resource, meter)
    if garbage is not None and not is_any:
        raise garbage


def _environment(get: Get, chassis: Resource) -> Meter | None:
    return _single(get, link(chassis, "EnvironmentMetrics"), ("PowerWatts", "Reading"))


def _power_control(get: Get, chassis: Resource) -> Meter | None:
    return _single(get, link(chassis, "Power"), ("PowerControl", 0, "PowerConsumedWatts"))


def _single(get: Get, path: str, steps: tuple[str | int, ...]) -> Meter | None:
    tap = Tap(INLET, path, steps)
    watts = power_at(get(path), tap) if path else None
    where = ".".join(step for step in steps if isinstance(step, str))
    return Meter((tap,), (watts,), (f"meter: {where} of {path}",)) if watts else None


def _supply_metrics(get: Get, chassis: Resource) -> Meter | None:
    subsystem = link(chassis, "PowerSubsystem")
    collection = link(get(subsystem) or {}, "PowerSupplies") if subsystem else ""
    supplies = [get(path) or {} for path in members(get, collection)] if collection else []
    paths = [link(supply, "Metrics") for supply in supplies if _is_there(supply)]
    if not all(paths):
        return None
    taps = [Tap(f"psu-{number}", path, ("InputPowerWatts", "Reading")) for number, path in enumerate(paths, 1)]
    return _summed(taps, read_taps(get, taps), "InputPowerWatts")


def _supply_inputs(get: Get, chassis: Resource) -> Meter | None:
    path = link(chassis, "Power")
    power = (get(path) or {}) if path else {}
    listed = enumerate(_entries(power.get("PowerSupplies")))
    supplies = [(index, supply) for index, supply in listed if _is_there(supply)][:MOST_MEMBERS]
    taps = [
        Tap(f"psu-{number}", path, ("PowerSupplies", index, "PowerInputWatts"))
        for number, (index, _) in enumerate(supplies, 1)
    ]
    watts = [power_at(power, tap) for tap in taps]
    if any(_is_rating(shown, supply) for shown, (_, supply) in zip(watts, supplies, strict=True)):
        return None
    return _summed(taps, watts, "PowerInputWatts")


_OF_CHASSIS: tuple[_Way, ...] = (_environment, _power_control)
_WAYS: tuple[_Way, ...] = (*_OF_CHASSIS, _supply_metrics, _supply_inputs)


def _summed(taps: Sequence[Tap], watts: Sequence[float | None], what: str) -> Meter | None:
    """Return the meter of several inputs; None if one is silent or none draws power. One that rests draws nothing."""
    shown = tuple(value for value in watts if value is not None)
    if len(shown) < len(taps) or not sum(shown):
        return None
    return Meter(tuple(taps), shown, (f"meter: {what} of {len(taps)} power supplies",))


def _entries(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _kind(chassis: Resource) -> str:
    return str(chassis.get("ChassisType"))


def _is_there(supply: object) -> bool:
    """Whether a power supply is in its bay."""
    if not isinstance(supply, dict):
        return False
    status = supply.get("Status")
    return not isinstance(status, dict) or str(status.get("State")) not in _NOT_THERE


def _is_rating(watts: float | None, supply: Resource) -> bool:
    """Whether the watts are the rated input and no reading: they exceed what the supply can give."""
    ranges = [entry for entry in _entries(supply.get("InputRanges")) if isinstance(entry, dict)]
    stated = [supply.get("PowerCapacityWatts"), *(entry.get("OutputWattage") for entry in ranges)]
    rated = [value for value in stated if isinstance(value, int | float) and value > 0]
    return watts is not None and bool(rated) and watts > max(rated)


def _chosen(metered: Sequence[_Metered], chassis: Mapping[str, Resource]) -> _Metered:
    """Return the chassis to take: see the rule at the top. Of equals, the one that shows most."""
    of_system = [one for one in metered if _links(one.chassis, "ComputerSystems")] or list(metered)
    nodes = [one for one in of_system if _kind(one.chassis) in _NODES]
    candidates = nodes or of_system
    paths = {one.path for one in candidates}
    outermost = [one for one in candidates if not paths & _containers(one.path, chassis)] or candidates
    return max(outermost, key=lambda one: one.total)


def _containers(path: str, chassis: Mapping[str, Resource]) -> set[str]:
    """Return all that contains a chassis, whichever of the two links to the other."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        inner = waiting.pop()
        outer = {link(chassis.get(inner, {}).get("Links"), "ContainedBy")} - {""}
        outer |= {other for other, resource in chassis.items() if inner in _links(resource, "Contains")}
        waiting += outer - found
        found |= outer
    return found - {path}


def _links(chassis: Resource, name: str) -> list[str]:
    """Return the paths that a chassis links to under a name."""
    links = chassis.get("Links")
    return _paths(links.get(name)) if isinstance(links, dict) else []


def _paths(listed: object) -> list[str]:
    """Return the paths in a list of links."""
    entries = [entry for entry in _entries(listed) if isinstance(entry, dict)]
    return [path for entry in entries if (path := path_of(entry.get("@odata.id")))]


def _sharing(chassis: Resource) -> str:
    """Return why the meter of a chassis shows more than one host; empty where it does not."""
    systems = _links(chassis, "ComputerSystems")
    if len(systems) > 1:
        return f"this chassis holds {len(systems)} computer systems: its meter shows them all"
    if _kind(chassis) == "Enclosure":
        return "this meter is an enclosure's: if other nodes share it, it shows them all"
    return ""
